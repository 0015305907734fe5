/** One table of watches: which connection looks at which path, and in which modes (protocol.md section 7.1). */

/** How a watch lives. One connection may hold several modes on the same path. */
export const Mode = {
  /** Gone after the first event. */
  standard: 1,
  persistent: 2,
  /** Persistent, and for the whole subtree. */
  recursive: 4,
} as const;

/** Names a connection; the table does not know what it is. */
export type WatcherId = number;

/** Roughly the memory that a watch on this path takes. */
export function watchCost(path: string): number {
  return 256 + 2 * path.length;
}

/** What one connection looks at. */
class WatchedPaths extends Set<string> {
  cost = 0;
}

const NOBODY: ReadonlySet<WatcherId> = new Set();

export class WatchTable {
  readonly #byPath = new Map<string, Map<WatcherId, number>>();
  readonly #byWatcher = new Map<WatcherId, WatchedPaths>();
  /** Recursive watches in the table: while there are none, no ancestor is looked up. */
  #recursive = 0;
  #size = 0;

  /** Pairs of path and connection. */
  get size(): number {
    return this.#size;
  }

  /** Paths with at least one watch, with the connections. */
  get paths(): ReadonlyMap<string, ReadonlyMap<WatcherId, number>> {
    return this.#byPath;
  }

  /** Connections with at least one watch, with the paths. */
  get watchers(): ReadonlyMap<WatcherId, ReadonlySet<string>> {
    return this.#byWatcher;
  }

  /** Paths that a connection looks at. */
  countOf(watcher: WatcherId): number {
    return this.#byWatcher.get(watcher)?.size ?? 0;
  }

  /** What the watches of a connection cost together, see watchCost. */
  costOf(watcher: WatcherId): number {
    return this.#byWatcher.get(watcher)?.cost ?? 0;
  }

  add(path: string, watcher: WatcherId, mode: number): void {
    let entry = this.#byPath.get(path);
    if (entry === undefined) this.#byPath.set(path, (entry = new Map<WatcherId, number>()));
    const modes = entry.get(watcher) ?? 0;
    if (modes === 0) {
      this.#size++;
      let paths = this.#byWatcher.get(watcher);
      if (paths === undefined) this.#byWatcher.set(watcher, (paths = new WatchedPaths()));
      paths.add(path);
      paths.cost += watchCost(path);
    }
    if ((mode & ~modes & Mode.recursive) !== 0) this.#recursive++;
    entry.set(watcher, modes | mode);
  }

  /** True when the connection has one of `modes` on the path. */
  has(path: string, watcher: WatcherId, modes: number): boolean {
    return ((this.#byPath.get(path)?.get(watcher) ?? 0) & modes) !== 0;
  }

  /** Takes `modes` away. @returns whether any was there */
  remove(path: string, watcher: WatcherId, modes: number): boolean {
    const entry = this.#byPath.get(path);
    const before = entry?.get(watcher) ?? 0;
    if (entry === undefined || (before & modes) === 0) return false;
    const after = before & ~modes;
    if ((before & modes & Mode.recursive) !== 0) this.#recursive--;
    if (after !== 0) {
      entry.set(watcher, after);
      return true;
    }
    this.#size--;
    entry.delete(watcher);
    if (entry.size === 0) this.#byPath.delete(path);
    const paths = this.#byWatcher.get(watcher);
    if (paths?.delete(path) === true) paths.cost -= watchCost(path);
    if (paths?.size === 0) this.#byWatcher.delete(watcher);
    return true;
  }

  /** Takes away everything the connection had. */
  removeWatcher(watcher: WatcherId): void {
    for (const path of this.#byWatcher.get(watcher) ?? []) {
      this.remove(path, watcher, Mode.standard | Mode.persistent | Mode.recursive);
    }
  }

  /**
   * Who is to hear of an event at `path`, each once: watches on the path itself, and recursive ones on it or above.
   * Standard watches are used up by this.
   */
  take(path: string): ReadonlySet<WatcherId> {
    const entry = this.#byPath.get(path);
    if (entry === undefined && this.#recursive === 0) return NOBODY;
    const heard = new Set(entry?.keys());
    for (const watcher of heard) this.remove(path, watcher, Mode.standard);
    if (this.#recursive === 0) return heard;
    for (let at = path; at !== '/' && at !== '';) {
      const slash = at.lastIndexOf('/');
      at = slash <= 0 ? '/' : at.slice(0, slash);
      for (const [watcher, modes] of this.#byPath.get(at) ?? []) {
        if ((modes & Mode.recursive) !== 0) heard.add(watcher);
      }
    }
    return heard;
  }
}

/**
 * The watches of a client, by the server's paths. The server's own tables die with a connection, so this is the
 * memory from which they are set up again on the next one.
 */
import type { SetWatches2 } from '../codec/index.js';
import { EventType, type WatcherType, type Zxid } from '../types/index.js';
import type { Chroot } from './chroot.js';

/** Something happened to a znode. `zxid` is that of the txn, -1 from servers before 3.9 and after a reconnect. */
export type NodeEvent =
  | { readonly type: 'nodeCreated'; readonly path: string; readonly zxid: Zxid }
  | { readonly type: 'nodeDeleted'; readonly path: string; readonly zxid: Zxid }
  | { readonly type: 'nodeDataChanged'; readonly path: string; readonly zxid: Zxid }
  | { readonly type: 'nodeChildrenChanged'; readonly path: string; readonly zxid: Zxid };

/**
 * A persistent watch is back after a broken connection. Servers keep no account of what it missed: read again what
 * matters. `path` is the one watched. One-shot watches have no gaps, for them the server catches up.
 */
export interface GapEvent {
  readonly type: 'gap';
  readonly path: string;
}

/** No event will follow: the watch was removed, or the session is over. */
export interface WatchRemovedEvent {
  readonly type: 'watchRemoved';
  readonly path: string;
  readonly reason: 'removed' | EndReason;
}

/** Why a client is at its end. */
export type EndReason = 'expired' | 'authFailed' | 'closed';

/** All that a watch listener can be told. */
export type WatchEvent = NodeEvent | GapEvent | WatchRemovedEvent;

/**
 * Called within the turn that reads the event, before the replies behind it are seen. What it throws is an uncaught
 * exception of the process.
 */
export type WatchListener = (event: WatchEvent) => void;

/** Kinds of one-shot watches: `exist` waits for a znode that is missing. */
export type OneShotKind = 'data' | 'exist' | 'child';

/** The kinds that `removeWatches` and `checkWatches` tell apart. */
export type WatchKind = keyof typeof WatcherType;

/** Paths in one setWatches request take up to this many bytes, well below any server's limit for a frame. */
export const SET_WATCHES_BYTES_MAX = 128 * 1024;

/** A watch from addWatch. */
export class PersistentWatch {
  /** The server is known to have (or have had) it: what it missed is a gap. */
  active = false;

  /** @param path the server's name */
  constructor(
    readonly path: string,
    readonly recursive: boolean,
    readonly listener: WatchListener,
  ) {}
}

/** A one-shot watch on its way: takes effect with the reply to the read that asked for it. */
export class OneShotRegistration {
  constructor(
    readonly registry: WatchRegistry,
    readonly kind: 'data' | 'child',
    readonly path: string,
    readonly listener: WatchListener,
  ) {}

  /** @param present false when the znode is missing, which only an exists request survives */
  activate(present: boolean): void {
    this.registry.addOneShot(present ? this.kind : 'exist', this.path, this.listener);
  }
}

type Table<T> = Map<string, Set<T>>;

/** Which listeners wait for what. Handing out an event consumes the one-shot watches it concerns. */
export class WatchRegistry {
  readonly #chroot: Chroot;
  readonly #oneShot: { readonly [K in OneShotKind]: Table<WatchListener> } = {
    data: new Map(),
    exist: new Map(),
    child: new Map(),
  };
  readonly #persistent: Table<PersistentWatch> = new Map();
  readonly #recursive: Table<PersistentWatch> = new Map();

  constructor(chroot: Chroot) {
    this.#chroot = chroot;
  }

  addOneShot(kind: OneShotKind, path: string, listener: WatchListener): void {
    addTo(this.#oneShot[kind], path, listener);
  }

  addPersistent(watch: PersistentWatch): void {
    addTo(this.#tableOf(watch.recursive), watch.path, watch);
  }

  /** @returns true when no other watch of the same path and mode is left, so the server's can go too */
  removePersistent(watch: PersistentWatch): boolean {
    const table = this.#tableOf(watch.recursive);
    const set = table.get(watch.path);
    if (set === undefined || !set.delete(watch)) return false;
    if (set.size === 0) table.delete(watch.path);
    return set.size === 0;
  }

  /** True when any watch on the path is left. */
  has(path: string): boolean {
    const tables = [...Object.values(this.#oneShot), this.#persistent, this.#recursive];
    return tables.some((table) => table.has(path));
  }

  /**
   * Hands an event of the server to all listeners concerned. Types that no server sends are passed over.
   * @param first gets it before them, with the caller's path
   */
  dispatch(type: number, path: string, zxid: Zxid, first: (event: NodeEvent) => void): void {
    const name = eventName(type);
    if (name === undefined) return;
    const event: NodeEvent = { type: name, path: this.#chroot.toClient(path), zxid };
    first(event);
    const { data, exist, child } = this.#oneShot;
    const listeners = new Set<WatchListener>();
    if (type !== EventType.nodeChildrenChanged) {
      take(data, path, listeners);
      take(exist, path, listeners);
    }
    if (type === EventType.nodeChildrenChanged || type === EventType.nodeDeleted)
      take(child, path, listeners);
    collect(this.#persistent, path, listeners);
    if (type !== EventType.nodeChildrenChanged && this.#recursive.size > 0) {
      for (let at = path; ; at = parentOf(at)) {
        collect(this.#recursive, at, listeners);
        if (at === '/' || at === '') break;
      }
    }
    for (const listener of listeners) tell(listener, event);
  }

  /** The requests that set up all watches on a new connection; none when there are no watches. */
  setWatches(relativeZxid: Zxid): SetWatches2[] {
    const { data, exist, child } = this.#oneShot;
    const tables = [data, exist, child, this.#persistent, this.#recursive];
    const batches: string[][][] = [];
    let batch: string[][] = [];
    let bytes = Infinity;
    tables.forEach((table, index) => {
      for (const path of table.keys()) {
        const size = 4 + Buffer.byteLength(path);
        if (bytes + size > SET_WATCHES_BYTES_MAX) {
          batch = [[], [], [], [], []];
          batches.push(batch);
          bytes = 0;
        }
        bytes += size;
        batch[index]?.push(path);
      }
    });
    return batches.map(([dataWatches = [], existWatches = [], childWatches = [], ...persistent]) => {
      const [persistentWatches = [], persistentRecursiveWatches = []] = persistent;
      return {
        relativeZxid,
        dataWatches,
        existWatches,
        childWatches,
        persistentWatches,
        persistentRecursiveWatches,
      };
    });
  }

  /** The server has all watches again: persistent ones learn that they missed something. */
  restored(): void {
    for (const table of [this.#persistent, this.#recursive]) {
      for (const watch of [...table.values()].flatMap((set) => [...set])) {
        if (watch.active) tell(watch.listener, { type: 'gap', path: this.#chroot.toClient(watch.path) });
        watch.active = true;
      }
    }
  }

  /** Forgets the watches of a kind on a path, after the server has, and tells their listeners. */
  removed(kind: WatchKind, path: string): void {
    const { data, exist, child } = this.#oneShot;
    const listeners = new Set<WatchListener>();
    if (kind === 'data' || kind === 'any') {
      take(data, path, listeners);
      take(exist, path, listeners);
    }
    if (kind === 'children' || kind === 'any') take(child, path, listeners);
    if (kind === 'persistent' || kind === 'any') takeWatches(this.#persistent, path, listeners);
    if (kind === 'persistentRecursive' || kind === 'any') takeWatches(this.#recursive, path, listeners);
    const event: WatchEvent = { type: 'watchRemoved', path: this.#chroot.toClient(path), reason: 'removed' };
    for (const listener of listeners) tell(listener, event);
  }

  /** The session is over: every listener is told, once for each path, and forgotten. */
  end(reason: EndReason): void {
    const ended: [WatchListener, WatchEvent][] = [];
    const add = (path: string, listener: WatchListener): void => {
      ended.push([listener, { type: 'watchRemoved', path: this.#chroot.toClient(path), reason }]);
    };
    for (const table of Object.values(this.#oneShot)) {
      for (const [path, listeners] of table) for (const listener of listeners) add(path, listener);
      table.clear();
    }
    for (const table of [this.#persistent, this.#recursive]) {
      for (const [path, watches] of table) for (const watch of watches) add(path, watch.listener);
      table.clear();
    }
    for (const [listener, event] of ended) tell(listener, event);
  }

  #tableOf(recursive: boolean): Table<PersistentWatch> {
    return recursive ? this.#recursive : this.#persistent;
  }
}

/** Calls a listener so that what it throws is reported by the process and does not reach the connection. */
export function tell<T>(listener: (event: T) => void, event: T): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function eventName(type: number): NodeEvent['type'] | undefined {
  switch (type) {
    case EventType.nodeCreated:
      return 'nodeCreated';
    case EventType.nodeDeleted:
      return 'nodeDeleted';
    case EventType.nodeDataChanged:
      return 'nodeDataChanged';
    case EventType.nodeChildrenChanged:
      return 'nodeChildrenChanged';
    default:
      return undefined;
  }
}

function addTo<T>(table: Table<T>, path: string, item: T): void {
  const set = table.get(path);
  if (set === undefined) table.set(path, new Set([item]));
  else set.add(item);
}

function take(table: Table<WatchListener>, path: string, into: Set<WatchListener>): void {
  const set = table.get(path);
  if (set === undefined) return;
  table.delete(path);
  for (const listener of set) into.add(listener);
}

function takeWatches(table: Table<PersistentWatch>, path: string, into: Set<WatchListener>): void {
  collect(table, path, into);
  table.delete(path);
}

function collect(table: Table<PersistentWatch>, path: string, into: Set<WatchListener>): void {
  const set = table.get(path);
  if (set === undefined) return;
  for (const watch of set) into.add(watch.listener);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

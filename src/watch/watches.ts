/**
 * Watches: a change in, events out. The order of events is part of the contract with clients (protocol.md
 * section 7.2), and so is that a connection hears of a deletion once.
 */
import { AddWatchMode, EventType, WatcherType } from '../types/index.js';
import { Mode, WatchTable, watchCost, type WatcherId } from './table.js';

/** Receives the events of one change. */
export type EmitEvent = (watcher: WatcherId, type: EventType, path: string) => void;

/** What setWatches finds at a path. */
export interface NodeZxids {
  readonly mzxid: bigint;
  readonly pzxid: bigint;
}

/** The lists of a setWatches request; the last two are empty in its first version. */
export interface WatchLists {
  readonly relativeZxid: bigint;
  readonly dataWatches: readonly string[];
  readonly existWatches: readonly string[];
  readonly childWatches: readonly string[];
  readonly persistentWatches: readonly string[];
  readonly persistentRecursiveWatches: readonly string[];
}

/** How many paths the lists hold, and what their watches will cost at most. */
export function sizeOfLists(lists: WatchLists): { readonly count: number; readonly cost: number } {
  let count = 0;
  let cost = 0;
  const { dataWatches, existWatches, childWatches, persistentWatches, persistentRecursiveWatches } = lists;
  for (const paths of [
    dataWatches,
    existWatches,
    childWatches,
    persistentWatches,
    persistentRecursiveWatches,
  ]) {
    count += paths.length;
    for (const path of paths) cost += watchCost(path);
  }
  // A persistent watch stands in both tables.
  for (const path of persistentWatches) cost += watchCost(path);
  return { count, cost };
}

const ANY = Mode.standard | Mode.persistent | Mode.recursive;

export class Watches {
  /** Watches on data and existence; recursive ones stand here only. */
  readonly data = new WatchTable();
  /** Watches on the list of children. */
  readonly child = new WatchTable();

  /** Roughly the memory that the watches of a connection take. */
  costOf(watcher: WatcherId): number {
    return this.data.costOf(watcher) + this.child.costOf(watcher);
  }

  /** Watches of a connection; a persistent one counts twice, because it is about data and children. */
  countOf(watcher: WatcherId): number {
    return this.data.countOf(watcher) + this.child.countOf(watcher);
  }

  addData(path: string, watcher: WatcherId): void {
    this.data.add(path, watcher, Mode.standard);
  }

  addChild(path: string, watcher: WatcherId): void {
    this.child.add(path, watcher, Mode.standard);
  }

  /** @param mode one of AddWatchMode */
  addLasting(path: string, watcher: WatcherId, mode: number): void {
    if (mode === AddWatchMode.persistentRecursive) {
      this.data.add(path, watcher, Mode.recursive);
    } else {
      this.data.add(path, watcher, Mode.persistent);
      this.child.add(path, watcher, Mode.persistent);
    }
  }

  /** Nobody watches anything: no change needs to be told. */
  get isEmpty(): boolean {
    return this.data.size === 0 && this.child.size === 0;
  }

  /** A znode came: its data watches, then its parent's child watches. */
  created(path: string, parent: string, emit: EmitEvent): void {
    for (const watcher of this.data.take(path)) emit(watcher, EventType.nodeCreated, path);
    this.#childrenChanged(parent, emit);
  }

  /** A znode went: its data watches, its child watches of those not told yet, then its parent's child watches. */
  deleted(path: string, parent: string, emit: EmitEvent): void {
    const told = this.data.take(path);
    for (const watcher of told) emit(watcher, EventType.nodeDeleted, path);
    for (const watcher of this.child.take(path)) {
      if (!told.has(watcher)) emit(watcher, EventType.nodeDeleted, path);
    }
    this.#childrenChanged(parent, emit);
  }

  dataChanged(path: string, emit: EmitEvent): void {
    for (const watcher of this.data.take(path)) emit(watcher, EventType.nodeDataChanged, path);
  }

  #childrenChanged(parent: string, emit: EmitEvent): void {
    for (const watcher of this.child.take(parent)) emit(watcher, EventType.nodeChildrenChanged, parent);
  }

  /**
   * A client is back on a new connection: each watch fires at once when it would have fired meanwhile, else it is
   * registered again (protocol.md section 7.3).
   */
  reestablish(
    watcher: WatcherId,
    lists: WatchLists,
    find: (path: string) => NodeZxids | undefined,
    emit: EmitEvent,
  ): void {
    for (const path of lists.dataWatches) {
      const node = find(path);
      if (node === undefined) emit(watcher, EventType.nodeDeleted, path);
      else if (node.mzxid > lists.relativeZxid) emit(watcher, EventType.nodeDataChanged, path);
      else this.addData(path, watcher);
    }
    for (const path of lists.existWatches) {
      if (find(path) !== undefined) emit(watcher, EventType.nodeCreated, path);
      else this.addData(path, watcher);
    }
    for (const path of lists.childWatches) {
      const node = find(path);
      if (node === undefined) emit(watcher, EventType.nodeDeleted, path);
      else if (node.pzxid > lists.relativeZxid) emit(watcher, EventType.nodeChildrenChanged, path);
      else this.addChild(path, watcher);
    }
    for (const path of lists.persistentWatches) this.addLasting(path, watcher, AddWatchMode.persistent);
    for (const path of lists.persistentRecursiveWatches) {
      this.addLasting(path, watcher, AddWatchMode.persistentRecursive);
    }
  }

  /** @param type one of WatcherType */
  has(path: string, watcher: WatcherId, type: number): boolean {
    const { data, child } = modesOf(type);
    return this.data.has(path, watcher, data) || this.child.has(path, watcher, child);
  }

  /** @param type one of WatcherType @returns whether there was anything to remove */
  remove(path: string, watcher: WatcherId, type: number): boolean {
    const { data, child } = modesOf(type);
    const fromData = this.data.remove(path, watcher, data);
    const fromChild = this.child.remove(path, watcher, child);
    return fromData || fromChild;
  }

  /** The connection is gone, and its watches with it. */
  removeWatcher(watcher: WatcherId): void {
    this.data.removeWatcher(watcher);
    this.child.removeWatcher(watcher);
  }
}

/** Which modes in which table a WatcherType is about (protocol.md section 7.4). */
function modesOf(type: number): { data: number; child: number } {
  switch (type) {
    case WatcherType.children:
      return { data: 0, child: Mode.standard };
    case WatcherType.data:
      return { data: Mode.standard, child: 0 };
    case WatcherType.persistent:
      return { data: Mode.persistent, child: Mode.persistent };
    case WatcherType.persistentRecursive:
      return { data: Mode.recursive, child: 0 };
    default:
      return { data: ANY, child: ANY };
  }
}

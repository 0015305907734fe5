/** C4: a client hears of a change before it is shown it, once, and in order (zab.md 2.4). */
import type { SetWatches } from '../../../src/codec/index.js';
import { AddWatchMode, EventType, OpCode } from '../../../src/types/index.js';
import type { Link, Op } from '../history.js';
import type { ChangeKind, ModelChange, ModelNode } from '../model.js';
import { Checker, hex, type Reply, type WatchEvent } from './checker.js';

/** One-shot watches of a connection: the zxid of the state that was read when each was set. */
interface OneShots {
  readonly data: Map<string, bigint>;
  readonly child: Map<string, bigint>;
}

/** A recursive watch on the root. */
interface Recursive {
  /** Changes before this one (in the model's list) are told, or were before its time. */
  next: number;
  /** Events of the zxid that is being told; their order within it is not looked at. */
  readonly told: string[];
}

const TYPES: Readonly<Record<ChangeKind, number>> = {
  created: EventType.nodeCreated,
  deleted: EventType.nodeDeleted,
  dataChanged: EventType.nodeDataChanged,
  childrenChanged: EventType.nodeChildrenChanged,
};

/** No event: the watch waits on. */
const NONE = 0;

export class WatchBeforeRead extends Checker {
  readonly property = 'C4';
  readonly #oneShots = new Map<number, OneShots>();
  readonly #recursive = new Map<number, Recursive>();
  /** Events that setWatches brought so far, before its reply. */
  readonly #caughtUp = new Map<number, string[]>();

  override disconnected(link: Link): void {
    this.#caughtUp.delete(link.id);
    this.#oneShots.delete(link.id);
    this.#recursive.delete(link.id);
  }

  override replied(op: Op, reply: Reply): void {
    if (reply.zxid <= 0n) return;
    this.#nothingMissed(op, reply.zxid);
    this.#register(op, reply);
  }

  override watchEvent(link: Link, event: WatchEvent): void {
    // What came to pass while the client was away is told without a zxid.
    if (event.zxid === -1n)
      return void this.#caughtUp.set(link.id, [
        ...(this.#caughtUp.get(link.id) ?? []),
        `${event.type} ${event.path}`,
      ]);
    const recursive = this.#recursive.get(link.id);
    if (recursive !== undefined) return this.#lasting(link, recursive, event);
    const shots = this.#oneShots.get(link.id);
    const { path, type, zxid } = event;
    const inData = this.#fires(shots?.data.get(path), path, event, false);
    const inChild = this.#fires(shots?.child.get(path), path, event, true);
    if (!inData && !inChild)
      this.fail(
        `${link.client} is told ${type} of ${path} at ${hex(zxid)}, and no watch of it waits for that`,
      );
    // A deletion uses up both kinds, and is told once.
    if (inData) shots?.data.delete(path);
    if (inChild) shots?.child.delete(path);
  }

  /** Whether a watch set at `since` is to fire with this event. */
  #fires(since: bigint | undefined, path: string, event: WatchEvent, child: boolean): boolean {
    if (since === undefined) return false;
    const change = this.#firstTrigger(path, since, child);
    return change?.zxid === event.zxid && TYPES[change.kind] === event.type;
  }

  #firstTrigger(path: string, since: bigint, child: boolean): ModelChange | undefined {
    const changes = this.world.model.changesOf(path);
    let first: ModelChange | undefined;
    for (let at = changes.length - 1; at >= 0; at--) {
      const change = changes[at];
      if (change === undefined || change.zxid <= since) break;
      const { kind } = change;
      const fires = child ? kind === 'childrenChanged' || kind === 'deleted' : kind !== 'childrenChanged';
      if (fires) first = change;
    }
    return first;
  }

  #nothingMissed(op: Op, shown: bigint): void {
    const { link } = op;
    const shots = this.#oneShots.get(link.id);
    for (const [table, child] of [
      [shots?.data, false],
      [shots?.child, true],
    ] as const) {
      for (const [path, since] of table ?? []) {
        const change = this.#firstTrigger(path, since, child);
        if (change !== undefined && change.zxid <= shown)
          this.fail(
            `${link.client} is shown ${hex(shown)} and was not told that ${path} was ${change.kind} at ${hex(change.zxid)}`,
          );
      }
    }
    const recursive = this.#recursive.get(link.id);
    if (recursive === undefined) return;
    const due = this.world.model.changes[recursive.next];
    if (due !== undefined && due.zxid <= shown)
      this.fail(`${link.client} is shown ${hex(shown)} and was not told of ${due.path} at ${hex(due.zxid)}`);
  }

  #register(op: Op, { zxid, err }: Reply): void {
    const { request, link } = op;
    switch (request.type) {
      case OpCode.getData:
      case OpCode.getChildren2:
      case OpCode.exists: {
        const { path, watch } = request.record;
        if (!watch || (err !== 0 && request.type !== OpCode.exists)) return;
        const shots = this.#oneShots.get(link.id) ?? { data: new Map(), child: new Map() };
        this.#oneShots.set(link.id, shots);
        (request.type === OpCode.getChildren2 ? shots.child : shots.data).set(path, zxid);
        return;
      }
      case OpCode.setWatches:
        return this.#reestablish(link, request.record, zxid);
      case OpCode.addWatch: {
        if (request.record.mode !== AddWatchMode.persistentRecursive || err !== 0) return;
        const { changes } = this.world.model;
        let next = changes.length;
        while (next > 0 && (changes[next - 1]?.zxid ?? 0n) > zxid) next--;
        this.#recursive.set(link.id, { next, told: [] });
        return;
      }
      default:
        return;
    }
  }

  /** Watches that a client had on another connection: they fire at once for what it missed, or wait on. */
  #reestablish(link: Link, lists: SetWatches, zxid: bigint): void {
    const { model } = this.world;
    const expected: string[] = [];
    const shots: OneShots = { data: new Map(), child: new Map() };
    const look = (
      path: string,
      table: Map<string, bigint>,
      event: (node: ModelNode | undefined) => number,
    ): void => {
      const type = event(model.at(path, zxid));
      if (type === NONE) table.set(path, zxid);
      else expected.push(`${type} ${path}`);
    };
    const { relativeZxid } = lists;
    for (const path of lists.dataWatches)
      look(path, shots.data, (node) =>
        node === undefined
          ? EventType.nodeDeleted
          : node.mzxid > relativeZxid
            ? EventType.nodeDataChanged
            : NONE,
      );
    for (const path of lists.existWatches)
      look(path, shots.data, (node) => (node === undefined ? NONE : EventType.nodeCreated));
    for (const path of lists.childWatches)
      look(path, shots.child, (node) =>
        node === undefined
          ? EventType.nodeDeleted
          : node.pzxid > relativeZxid
            ? EventType.nodeChildrenChanged
            : NONE,
      );
    const told = this.#caughtUp.get(link.id) ?? [];
    this.#caughtUp.delete(link.id);
    if (told.sort().join() !== expected.sort().join())
      this.fail(
        `${link.client} comes back at ${hex(zxid)} and is told [${told.join()}], not [${expected.join()}]`,
      );
    this.#oneShots.set(link.id, shots);
  }

  #lasting(link: Link, recursive: Recursive, { type, path, zxid }: WatchEvent): void {
    // All changes of one zxid are expected together, in any order.
    const { changes } = this.world.model;
    const first = changes[recursive.next];
    const group: string[] = [];
    for (let at = recursive.next; changes[at] !== undefined && changes[at]?.zxid === first?.zxid; at++) {
      const change = changes[at];
      if (change !== undefined) group.push(`${TYPES[change.kind]} ${change.path}`);
    }
    const line = `${type} ${path}`;
    for (const told of recursive.told) group.splice(group.indexOf(told), 1);
    if (first?.zxid !== zxid || !group.includes(line))
      this.fail(
        `${link.client} is told ${line} at ${hex(zxid)}, next is ${first?.path ?? 'nothing'} at ${hex(first?.zxid)}`,
      );
    recursive.told.push(line);
    if (group.length > 1) return;
    recursive.next += recursive.told.length;
    recursive.told.length = 0;
  }
}

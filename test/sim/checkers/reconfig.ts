/** Who takes part: each configuration follows from the one before, and counts from its record on, everywhere. */
import { ErrorCode, OpCode } from '../../../src/types/index.js';
import type { LogMark } from '../../../src/zab/index.js';
import { isDeepStrictEqual } from 'node:util';
import type { Agreed } from '../canon.js';
import { electorateOf, type Electorate } from '../electorate.js';
import type { Op } from '../history.js';
import { Checker, hex, type Reply, type ServerView, type Traced } from './checker.js';

/** A server's configuration is the one that its state says (zab.md 1.9): the log is the only source of it. */
export class ConfigurationOfState extends Checker {
  readonly property = 'SM1';

  override applied(server: ServerView, { index }: LogMark): void {
    // A server is told of a record before it draws the conclusion.
    this.#check(server, index, [this.world.activeAt(index - 1), this.world.activeAt(index)]);
  }

  override restored(server: ServerView, { index }: LogMark): void {
    this.#check(server, index, [this.world.activeAt(index)]);
  }

  #check({ id, configVersion }: ServerView, index: number, possible: readonly Electorate[]): void {
    if (possible.some(({ version }) => version === configVersion)) return;
    this.fail(
      `server ${id} is at record ${index} and goes by configuration ${hex(configVersion)}, not ${hex(possible.at(-1)?.version)}`,
    );
  }
}

/** A reconfig changes what it was asked to change, from the version it named, and is refused for a reason. */
export class ReconfigAsAsked extends Checker {
  readonly property = 'C1';
  readonly #applied = new Map<number, number>();
  /** Up to where its leader had applied when it proposed a record, by the record's chain. */
  readonly #knew = new Map<bigint, number>();

  override booted({ id }: ServerView): void {
    this.#applied.delete(id);
  }

  override restored({ id }: ServerView, { index }: LogMark): void {
    this.#applied.set(id, index);
  }

  override applied({ id }: ServerView, { index }: LogMark): void {
    this.#applied.set(id, index);
  }

  override broadcast({ id }: ServerView, { mark }: Traced<'broadcast'>): void {
    this.#knew.set(mark.chain, this.#applied.get(id) ?? 0);
  }

  override agreed(entry: Agreed): void {
    const { index, zxid, header, txn } = entry;
    if (txn.type === OpCode.error && txn.record.err === ErrorCode.RECONFIGINPROGRESS) this.#refused(entry);
    if (txn.type !== OpCode.reconfig) return;
    const next = electorateOf(txn.record.data?.toString() ?? '');
    if (next.version !== zxid)
      this.fail(`record ${index} brings a configuration of version ${hex(next.version)}`);
    const before = this.world.activeAt(index - 1);
    const op = this.world.history.find(header.clientId, header.cxid);
    if (op?.request.type !== OpCode.reconfig) return;
    const { joiningServers, leavingServers, newMembers, curConfigId } = op.request.record;
    if (curConfigId !== -1n && curConfigId !== before.version)
      this.fail(`record ${index} changes version ${hex(before.version)}, asked for was ${hex(curConfigId)}`);
    const expected =
      newMembers !== null
        ? electorateOf(newMembers)
        : changed(before, joiningServers ?? '', leavingServers ?? '');
    if (!isDeepStrictEqual(shapeOf(next), shapeOf(expected)))
      this.fail(`record ${index} brings ${shapeOf(next)}, where ${shapeOf(expected)} was asked for`);
  }

  /** One at a time: but then there is one. */
  #refused({ index, chain }: Agreed): void {
    const { canon } = this.world;
    for (let at = (this.#knew.get(chain) ?? 0) + 1; at < index; at++)
      if (canon.at(at)?.txn.type === OpCode.reconfig) return;
    this.fail(`record ${index} refuses a reconfig because of one under way, and there is none`);
  }

  override replied(op: Op, { err, zxid }: Reply): void {
    if (op.request.type !== OpCode.reconfig || err !== ErrorCode.BADVERSION) return;
    const { curConfigId } = op.request.record;
    const entry = this.world.canon.byZxid(zxid);
    if (entry === undefined) return;
    if (curConfigId === -1n || curConfigId === this.world.activeAt(entry.index).version)
      this.fail(`a reconfig of ${hex(curConfigId)} is refused at ${hex(zxid)}, where that is the version`);
  }
}

function changed(before: Electorate, joining: string, leaving: string): Electorate {
  const weights = new Map(before.weights);
  const observers = new Set(before.observers);
  for (const id of leaving
    .split(',')
    .filter((word) => word !== '')
    .map(Number)) {
    weights.delete(id);
    observers.delete(id);
  }
  const { weights: voters, observers: others } = electorateOf(joining);
  for (const id of voters.keys()) {
    observers.delete(id);
    // A weight belongs to an id, whatever becomes of its server in between.
    weights.set(id, before.weights.get(id) ?? 1);
  }
  for (const id of others) {
    weights.delete(id);
    observers.add(id);
  }
  return { ...before, weights, observers };
}

function shapeOf({ weights, observers, groups }: Electorate): string {
  const sorted = [...weights].sort(([a], [b]) => a - b).map(([id, weight]) => `${id}*${weight}`);
  return `${sorted.join(' ')} | ${[...observers].sort((a, b) => a - b).join(' ')} | ${groups.map((ids) => ids.join(':')).join(' ')}`;
}

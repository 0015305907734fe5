/** Notices the situations of zab.md 4.4 as they come up. */
import { OpCode, errorName } from '../../src/types/index.js';
import type { LogMark, PeerMessage, PeerNote } from '../../src/zab/index.js';
import type { Agreed, Canon } from './canon.js';
import type { TraceEvent } from './core.js';
import type { Coverage } from './coverage.js';
import { votersOf, type Electorate } from './electorate.js';
import type { Reply } from './checkers/index.js';
import type { Op } from './history.js';
import { typeOf, type SimRecord } from './records.js';
import type { SimServer } from './server.js';

function epochOf(zxid: bigint): number {
  return Number(zxid >> 32n);
}

export class Situations {
  readonly #coverage: Coverage;
  readonly #canon: Canon;
  /** Epoch in which each server leads, while it does. */
  readonly #leading = new Map<number, number>();

  constructor(coverage: Coverage, canon: Canon) {
    this.#coverage = coverage;
    this.#canon = canon;
  }

  booted({ id, disk, incarnation }: SimServer): void {
    this.#leading.delete(id);
    if (incarnation === 1) return;
    if (epochOf(disk.tail.zxid) > disk.epochs.currentEpoch)
      this.#coverage.count('start with tail.epoch > currentEpoch');
    this.#coverage.count('restart');
  }

  /** A server dies with this on its way to the disk. */
  crashing(server: SimServer, power: boolean): void {
    const { disk } = server;
    if (disk.unsynced > 0) this.#coverage.count('crash with unsynced operations');
    for (const kind of disk.underWay) this.#coverage.count(`crash with unsynced ${kind}`);
    if (disk.staging === 'part') this.#coverage.count('crash amid a snapshot');
    if (disk.staging === 'all') this.#coverage.count('crash before a snapshot is installed');
    if (power) this.#coverage.count('power loss');
    if (this.#leading.has(server.id) && server.engine?.peer.isReconfiguring === true)
      this.#coverage.count('reconfig: pending at leader crash');
  }

  sending(server: SimServer, message: PeerMessage): void {
    const count = (what: string): void => this.#coverage.count(what);
    switch (message.kind) {
      case 'diff':
        return count(message.from.index === server.disk.tail.index ? 'DIFF empty' : 'DIFF with records');
      case 'trunc': {
        const next = server.disk.volatileAt(message.to.index + 1);
        const over = next !== undefined && epochOf(next.zxid) !== epochOf(message.to.zxid);
        return count(over ? 'TRUNC over an epoch boundary' : 'TRUNC same epoch');
      }
      case 'snap':
        return count('SNAP');
      case 'ackEpoch':
        return message.counts ? undefined : count('ACKEPOCH with counts=false');
      case 'followerInfo':
        if (message.blank) count('blank join');
        if (message.suspect) count('suspect join');
        return;
      case 'wantSnapshot':
        return count('snapshot wanted');
      case 'handOver':
        return count('hand-over');
      case 'request':
        return count('request forwarded');
      case 'sync':
        return count('sync forwarded');
      case 'revalidated':
        return count(message.valid ? 'session revalidated' : 'session revalidated in vain');
      default:
        return;
    }
  }

  wrote(_server: SimServer, kind: string): void {
    if (kind === 'read') this.#coverage.count('log read for a learner');
  }

  noted(_server: SimServer, note: PeerNote): void {
    switch (note.kind) {
      case 'alarm':
        if (note.what.includes('does not follow record')) this.#coverage.count('chain mismatch refused');
        return this.#coverage.count(`alarm: ${note.what.replace(/\d+/g, 'N')}`);
      case 'looking':
        if (note.why.startsWith('the zxids')) this.#coverage.count('rollover');
        if (note.why.endsWith('has a more recent history'))
          this.#coverage.count('leader gives up for a more recent follower');
        if (note.why === 'no quorum answered in time') this.#coverage.count('lease step-down');
        return this.#coverage.count(
          `looking: ${note.why.replace(/server \d+/g, 'a server').replace(/epoch \d+|\d+ was/g, 'an epoch')}`,
        );
      case 'learnerLost':
        return this.#coverage.count(`learner lost: ${note.why}`);
      default:
        return;
    }
  }

  truncated(_to: LogMark, removed: readonly SimRecord[]): void {
    if (removed.length > 0) this.#coverage.count('uncommitted tail discarded');
    if (removed.some((record) => typeOf(record) === OpCode.reconfig))
      this.#coverage.count('reconfig: discarded by TRUNC');
  }

  traced({ id, disk }: SimServer, event: TraceEvent, servers: readonly SimServer[]): void {
    switch (event.kind) {
      case 'role':
        if (event.role !== 'leading' && this.#leading.delete(id)) this.#coverage.count('leader looks again');
        return;
      case 'established':
        this.#coverage.count('established');
        if (event.tail.index > this.#canon.length) this.#coverage.count('uncommitted tail kept');
        if (this.#leading.size > (this.#leading.has(id) ? 1 : 0))
          this.#coverage.count('two servers believe to lead');
        this.#leading.set(id, event.epoch);
        if (servers.length > 1 && disk.blank) this.#coverage.count('blank leader');
        return;
      default:
        return;
    }
  }

  /** @param before the configuration that counted so far @param leader of the moment, if there is one */
  reconfigured(before: Electorate, after: Electorate, leader: number | undefined): void {
    const [were, are] = [new Set(votersOf(before)), new Set(votersOf(after))];
    const joined = [...are].filter((id) => !were.has(id));
    const left = [...were].filter((id) => !are.has(id));
    if (joined.length > 0) this.#coverage.count('reconfig: add');
    if (left.some((id) => id === leader)) this.#coverage.count('reconfig: remove leader');
    if (left.some((id) => id !== leader)) this.#coverage.count('reconfig: remove follower');
    if (joined.length > 0 && left.length > 0) this.#coverage.count('reconfig: replace');
    if ([...after.weights].some(([id, weight]) => weight === 0 && were.has(id)))
      this.#coverage.count('reconfig: weight taken');
    if (after.groups.length > 0) this.#coverage.count('reconfig: groups');
  }

  replied({ request }: Op, { err }: Reply): void {
    if (request.type !== OpCode.reconfig || err === 0) return;
    this.#coverage.count(`reconfig: ${errorName(err)}`);
  }

  agreed({ header, txn }: Agreed): void {
    if (txn.type === OpCode.closeSession && header.cxid === 0) this.#coverage.count('session expired');
    if (txn.type === OpCode.error) this.#coverage.count('failed write');
  }
}

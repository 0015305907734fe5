/** DUR1 to DUR6: what is on disk, and stays there (zab.md 2.2), by looking at the simulated disks. */
import type { LogMark, PeerMessage } from '../../../src/zab/index.js';
import { chainAfter, type SimRecord } from '../records.js';
import { isQuorum, votersOf } from '../electorate.js';
import { Checker, holds, type Reply, type ServerView, type Traced } from './checker.js';
import type { Op } from '../history.js';

/** What a message promises is on disk before it is sent (zab.md 7.1). */
export class AckMeansDisk extends Checker {
  readonly property = 'DUR1';
  /** Epoch that the leader proposed on a link, by the learner's end of it. */
  readonly #proposed = new Map<number, number>();

  override received(_server: ServerView, link: number, message: PeerMessage): void {
    if (message.kind === 'leaderInfo') this.#proposed.set(link, message.epoch);
  }

  override sending(server: ServerView, link: number, message: PeerMessage): void {
    const { disk, id } = server;
    switch (message.kind) {
      case 'ack':
        if (message.index > disk.tail.index)
          this.fail(`server ${id} acknowledges ${message.index}, its disk ends at ${disk.tail.index}`);
        return;
      case 'ackNewLeader':
        if (disk.epochs.currentEpoch !== message.epoch)
          this.fail(`server ${id} is in epoch ${disk.epochs.currentEpoch} on disk, not ${message.epoch}`);
        return;
      case 'ackEpoch': {
        const proposed = this.#proposed.get(link) ?? 0;
        if (disk.epochs.acceptedEpoch < proposed)
          this.fail(`server ${id} accepts epoch ${proposed}, its disk knows ${disk.epochs.acceptedEpoch}`);
        if (message.currentEpoch !== disk.epochs.currentEpoch)
          this.fail(`server ${id} says epoch ${message.currentEpoch}, not ${disk.epochs.currentEpoch}`);
        if (message.tail.index !== disk.tail.index || message.tail.chain !== disk.tail.chain)
          this.fail(`server ${id} says that its log ends at ${message.tail.index}, not ${disk.tail.index}`);
        return;
      }
      case 'leaderInfo':
        if (disk.epochs.acceptedEpoch < message.epoch)
          this.fail(`server ${id} proposes ${message.epoch}, its disk knows ${disk.epochs.acceptedEpoch}`);
        return;
      case 'newLeader':
        if (disk.epochs.currentEpoch !== message.epoch)
          this.fail(`server ${id} leads ${message.epoch}, its disk is in ${disk.epochs.currentEpoch}`);
        return;
      default:
        return;
    }
  }
}

/** What is committed is on the disks of a quorum. */
export class CommitOnQuorum extends Checker {
  readonly property = 'DUR2';
  #checked = 0;

  override committed(server: ServerView, index: number): void {
    const { canon, servers } = this.world;
    for (; this.#checked < index; this.#checked++) {
      const entry = canon.at(this.#checked + 1);
      if (entry === undefined) return;
      const has = (id: number): boolean => {
        const disk = servers.find((other) => other.id === id)?.disk;
        if (this.world.destroyed(id) >= entry.index) return true;
        return disk !== undefined && holds(disk, entry) !== false;
      };
      for (const electorate of this.world.governing(entry.index))
        if (!isQuorum(electorate, has))
          this.fail(`server ${server.id} commits ${entry.index}, which is not on the disks of a quorum`);
    }
  }
}

/** Whatever was answered with success is in the agreed history. */
export class CommittedSurvives extends Checker {
  readonly property = 'DUR3';
  #promised = 0;

  override replied(_op: Op, reply: Reply): void {
    const entry = this.world.canon.byZxid(reply.zxid);
    if (entry !== undefined) this.#promised = Math.max(this.#promised, entry.index);
  }

  override established(server: ServerView, { epoch, tail }: Traced<'established'>): void {
    // What a later epoch brought is not for this one to have.
    const promised = Math.min(this.#promised, this.world.canon.lastUpTo(epoch)?.index ?? 0);
    if (tail.index < promised)
      this.fail(`epoch ${epoch} begins at ${tail.index}, answered was up to ${promised}`);
    const entry = this.world.canon.at(promised);
    if (entry !== undefined && holds(server.disk, entry) === false)
      this.fail(`server ${server.id} leads epoch ${epoch} with another record ${promised}`);
  }
}

/** Nothing agreed is removed from a disk that has it. */
export class NoTruncationOfCommitted extends Checker {
  readonly property = 'DUR4';
  readonly #applied = new Map<number, number>();
  /** What disks held of the agreed history when a snapshot took its place: they hold it again once that is done. */
  readonly #replaced = new Map<number, number>();

  override applied({ id }: ServerView, mark: LogMark): void {
    this.#applied.set(id, mark.index);
  }

  override booted(server: ServerView): void {
    this.#applied.delete(server.id);
    this.#looksComplete(server);
  }

  override crashed(server: ServerView): void {
    this.#looksComplete(server);
  }

  override disowned({ id }: ServerView): void {
    this.#replaced.delete(id);
  }

  override truncated({ id }: ServerView, to: LogMark, removed: readonly SimRecord[]): void {
    for (const { index, chain } of removed) {
      if (this.world.canon.at(index)?.chain !== chain) break;
      // What an observer has of records that were not committed when its leader looked counts for nobody.
      const counts = this.world.governing(index).some((electorate) => votersOf(electorate).includes(id));
      if (counts) this.fail(`server ${id} drops record ${index}, which is committed`);
    }
    const applied = this.#applied.get(id) ?? 0;
    if (applied > to.index) this.fail(`server ${id} goes back to ${to.index}, applied is ${applied}`);
  }

  override installed({ id, disk }: ServerView, base: LogMark, before: LogMark): void {
    const applied = this.#applied.get(id) ?? 0;
    if (applied > base.index)
      this.fail(`server ${id} takes a snapshot of ${base.index}, applied is ${applied}`);
    const entry = this.world.canon.at(base.index);
    if (base.index > 0 && entry?.chain !== base.chain)
      this.fail(`server ${id} takes a snapshot of ${base.index}, which is not committed`);
    // What follows the base comes in the same write, which is not over yet.
    const isAgreed = this.world.canon.at(before.index)?.chain === before.chain;
    if (isAgreed && !disk.suspect) this.#replaced.set(id, before.index);
  }

  override epochsDurable(server: ServerView): void {
    this.#looksComplete(server);
  }

  #looksComplete({ id, disk }: ServerView): void {
    const replaced = this.#replaced.get(id);
    if (replaced === undefined) return;
    this.#replaced.delete(id);
    if (disk.tail.index < replaced && !disk.suspect)
      this.fail(`server ${id} had ${replaced}, which is committed, and has ${disk.tail.index} now`);
  }
}

/**
 * Within one process the log only grows unless it is cut, commit and applied only grow, and what is applied is committed
 * and on the own disk.
 */
export class Monotony extends Checker {
  readonly property = 'DUR5';
  readonly #durable = new Map<number, number>();
  readonly #committed = new Map<number, number>();
  readonly #applied = new Map<number, number>();
  /** By any leader. */
  #highest = 0;

  override booted({ id }: ServerView): void {
    this.#durable.delete(id);
    this.#committed.delete(id);
    this.#applied.delete(id);
  }

  override recordsDurable({ id }: ServerView, records: readonly SimRecord[]): void {
    const last = this.#durable.get(id) ?? 0;
    const index = records.at(-1)?.index ?? last;
    if (index < last) this.fail(`the log of server ${id} ends at ${index} after ${last}`);
    this.#durable.set(id, index);
  }

  override truncated({ id }: ServerView, to: LogMark): void {
    this.#durable.set(id, to.index);
  }

  override installed({ id }: ServerView, base: LogMark): void {
    this.#durable.set(id, base.index);
  }

  override committed({ id }: ServerView, index: number): void {
    const last = this.#committed.get(id) ?? 0;
    if (index < last) this.fail(`server ${id} commits ${index} after ${last}`);
    this.#committed.set(id, index);
    this.#highest = Math.max(this.#highest, index);
  }

  override applied({ id, disk }: ServerView, mark: LogMark): void {
    const last = this.#applied.get(id) ?? 0;
    if (mark.index <= last) this.fail(`server ${id} applies ${mark.index} after ${last}`);
    if (mark.index > disk.tail.index)
      this.fail(`server ${id} applies ${mark.index}, its disk ends at ${disk.tail.index}`);
    // A server alone needs nobody to tell it what is committed.
    const isAlone = this.world
      .governing(mark.index)
      .every(({ weights, observers }) => weights.size + observers.size === 1);
    if (mark.index > this.#highest && !isAlone)
      this.fail(`server ${id} applies ${mark.index}, committed is ${this.#highest}`);
    this.#applied.set(id, mark.index);
  }
}

/** Indices on a disk are contiguous, and the chain goes on. */
export class Contiguity extends Checker {
  readonly property = 'DUR6';

  override recordsDurable({ id, disk }: ServerView, records: readonly SimRecord[]): void {
    for (const record of records) {
      const previous = record.index - 1 === disk.logStart.index ? disk.logStart : disk.at(record.index - 1);
      if (previous === undefined || disk.at(record.index) !== record)
        this.fail(`the log of server ${id} has record ${record.index} in the wrong place`);
      if (previous.zxid >= record.zxid) this.fail(`the zxids of server ${id} fall at ${record.index}`);
      if (chainAfter(previous.chain, record) !== record.chain)
        this.fail(`the chain of server ${id} breaks at ${record.index}`);
    }
  }
}

/** Servers find nothing wrong with each other: what they send follows, is in order, and is what the chain says. */
export class NoAlarm extends Checker {
  readonly property = 'alarm';

  override alarmed({ id }: ServerView, what: string): void {
    // Disks are full, and snapshots break off.
    if (!what.startsWith('the snapshot cannot be stored')) this.fail(`server ${id}: ${what}`);
  }
}

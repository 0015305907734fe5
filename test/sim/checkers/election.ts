/** E1 to E5: epochs and who may lead in them (zab.md 2.1). */
import type { Epochs, PeerMessage } from '../../../src/zab/index.js';
import { votersOf } from '../electorate.js';
import { Checker, holds, type ServerView, type Traced } from './checker.js';

/** At most one server leads in an epoch. */
export class OneLeaderPerEpoch extends Checker {
  readonly property = 'E1';
  readonly #leaders = new Map<number, number>();

  override established(server: ServerView, { epoch }: Traced<'established'>): void {
    this.#leads(server.id, epoch);
  }

  override sending(server: ServerView, _link: number, message: PeerMessage): void {
    // NEWLEADER follows a full quorum of ACKEPOCHs.
    if (message.kind === 'newLeader') this.#leads(server.id, message.epoch);
  }

  #leads(id: number, epoch: number): void {
    const other = this.#leaders.get(epoch);
    if (other !== undefined && other !== id) this.fail(`servers ${other} and ${id} both lead epoch ${epoch}`);
    this.#leaders.set(epoch, id);
  }
}

/** Epochs never fall, over restarts too. */
export class EpochMonotony extends Checker {
  readonly property = 'E2';
  readonly #last = new Map<number, Epochs>();

  override epochsDurable(server: ServerView, _before: Epochs, after: Epochs): void {
    this.#check(server.id, after);
  }

  override booted(server: ServerView): void {
    this.#check(server.id, server.disk.epochs);
  }

  override disowned(server: ServerView): void {
    this.#last.delete(server.id);
  }

  #check(id: number, epochs: Epochs): void {
    const { acceptedEpoch, currentEpoch } = epochs;
    const last = this.#last.get(id);
    if (currentEpoch > acceptedEpoch)
      this.fail(`server ${id} has epoch ${currentEpoch} and promised only ${acceptedEpoch}`);
    if (last !== undefined && (acceptedEpoch < last.acceptedEpoch || currentEpoch < last.currentEpoch))
      this.fail(`the epochs of server ${id} fall to ${acceptedEpoch}/${currentEpoch}`);
    this.#last.set(id, epochs);
  }
}

/**
 * An established leader has everything that was agreed, up to its epoch: a leader that was slow to hear so may find out that
 * it is one when a later one is at work already. It can commit nothing any more.
 */
export class LeaderCompleteness extends Checker {
  readonly property = 'E3';

  override established(server: ServerView, { epoch }: Traced<'established'>): void {
    const last = this.world.canon.lastUpTo(epoch);
    if (last !== undefined && holds(server.disk, last) === false)
      this.fail(`server ${server.id} leads epoch ${epoch} without record ${last.index}`);
  }
}

/** Leaders are voters with a weight, and none that may have lost what it acknowledged. */
export class Electable extends Checker {
  readonly property = 'E4';

  override established(server: ServerView, { epoch }: Traced<'established'>): void {
    // Of two that count, one is enough: who goes, or comes, with a pending one may be the only one to have it.
    const votes = this.world.effective(server).some((electorate) => votersOf(electorate).includes(server.id));
    if (!votes) this.fail(`server ${server.id} leads epoch ${epoch} and may not vote`);
    if (server.disk.suspect) this.fail(`server ${server.id} leads epoch ${epoch} and is suspect`);
    if (server.disk.tail.index === 0 && this.world.canon.lastUpTo(epoch) !== undefined)
      this.fail(`server ${server.id} leads epoch ${epoch} and is blank`);
  }
}

/** Who accepted an epoch takes and acknowledges nothing of lower ones. */
export class PromiseKept extends Checker {
  readonly property = 'E5';

  override sending(server: ServerView, _link: number, message: PeerMessage): void {
    if (message.kind !== 'ack' && message.kind !== 'ackNewLeader') return;
    const { acceptedEpoch } = server.disk.epochs;
    if (message.epoch < acceptedEpoch)
      this.fail(`server ${server.id} promised ${acceptedEpoch} and acknowledges in ${message.epoch}`);
  }

  override epochsDurable(server: ServerView, before: Epochs, after: Epochs): void {
    if (after.currentEpoch !== before.currentEpoch && after.currentEpoch < before.acceptedEpoch)
      this.fail(`server ${server.id} promised ${before.acceptedEpoch} and enters ${after.currentEpoch}`);
  }
}

/**
 * Whether a leader still leads: a quorum that answered a ping followed it when that ping was sent (zab.md 1.7). Syncs
 * wait for exactly that, and a leader without it steps down.
 */
import { isQuorum, type PeerContext } from './context.js';
import type { LearnerHandler } from './learnerHandler.js';
import type { ServerId } from './messages.js';

interface PendingSync {
  readonly token: number;
  /** Confirmed by a quorum that answers this ping ... */
  readonly beat: number;
  /** ... or by the commit of a later record than this one, which was the last when the sync came. */
  readonly index: number;
}

export class Lease {
  readonly #context: PeerContext;
  /** When pings left: from the last one that a quorum answered, or that some learner has not got beyond. */
  #beats: { readonly beat: number; readonly at: number }[] = [];
  #beat = 0;
  #sentAt: number;
  #confirmedBeat = 0;
  #confirmedAt: number;
  #syncs: PendingSync[] = [];

  constructor(context: PeerContext) {
    this.#context = context;
    this.#sentAt = this.#confirmedAt = context.now;
  }

  /** Number of the last ping. */
  get beat(): number {
    return this.#beat;
  }

  get pendingSyncs(): number {
    return this.#syncs.length;
  }

  /** No quorum answered for too long. */
  get isOver(): boolean {
    return this.#context.now - this.#confirmedAt > this.#context.settings.leaseMs;
  }

  get isPingDue(): boolean {
    return this.#context.now - this.#sentAt >= this.#context.settings.heartbeatMs;
  }

  /** @returns the number of the ping that leaves now */
  ping(): number {
    this.#beat += 1;
    this.#sentAt = this.#context.now;
    this.#beats.push({ beat: this.#beat, at: this.#sentAt });
    return this.#beat;
  }

  /** A learner answered. @param handlers all of them */
  confirm(handlers: Iterable<LearnerHandler>, committed: number): void {
    const beats = new Map<ServerId, number>([[this.#context.settings.id, this.#beat]]);
    let oldest = this.#beat;
    for (const { peer, synced, votes, upToDate, lastBeat } of handlers) {
      if (synced && votes) beats.set(peer, lastBeat);
      if (upToDate) oldest = Math.min(oldest, lastBeat);
    }
    const confirmed = quorumValue(this.#context, beats);
    if (confirmed > this.#confirmedBeat) {
      this.#confirmedBeat = confirmed;
      this.#confirmedAt = this.#sentAtOf(confirmed) ?? this.#context.now;
    }
    const needed = Math.min(oldest, confirmed);
    while (this.#beats.length > 0 && (this.#beats[0]?.beat ?? Infinity) < needed) this.#beats.shift();
    this.confirmSyncs(committed);
  }

  /** @param index the last record so far @param token comes back with `confirmed` */
  sync(token: number, index: number): void {
    this.#syncs.push({ token, index, beat: this.#beat + 1 });
  }

  /** Answers what is confirmed. @param committed index of the last committed record */
  confirmSyncs(committed: number): void {
    if (this.#syncs.length === 0) return;
    const pending = this.#syncs;
    this.#syncs = [];
    for (const sync of pending) {
      if (sync.beat <= this.#confirmedBeat || sync.index < committed)
        this.#context.state.confirmed(sync.token, sync.index);
      else this.#syncs.push(sync);
    }
  }

  /** Ms since when every learner has told which clients it heard of; Infinity while one has told nothing. */
  reportLagMs(handlers: Iterable<LearnerHandler>): number {
    let oldest = this.#context.now;
    for (const { upToDate, lastBeat } of handlers)
      if (upToDate) oldest = Math.min(oldest, this.#sentAtOf(lastBeat) ?? -Infinity);
    return this.#context.now - oldest;
  }

  #sentAtOf(beat: number): number | undefined {
    return this.#beats.find((sent) => sent.beat === beat)?.at;
  }
}

/** The greatest of these values that a quorum has reached; 0 if none. */
export function quorumValue(context: PeerContext, values: ReadonlyMap<ServerId, number>): number {
  const descending = [...values.values()].sort((a, b) => b - a);
  for (const value of descending)
    if (isQuorum(context, (id) => (values.get(id) ?? -1) >= value)) return value;
  return 0;
}

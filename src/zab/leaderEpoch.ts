/**
 * The epoch of a leader: discovery (zab.md 1.4), which finds one that a quorum promises to follow, and what later ends
 * it: zxids that run out, and a follower that has promised a higher one.
 */
import { epochOf } from '../types/index.js';
import { disk, EPOCH_STEP_MAX, isQuorum, isVoter, note, type PeerContext } from './context.js';
import type { LearnerHandler } from './learnerHandler.js';
import type { Learners } from './learners.js';
import type { ServerId, ToLeader } from './messages.js';
import type { Token } from './ports.js';

/** An epoch is not begun anew for a follower that promised a higher one more often than this (zab.md V7). */
const RESTART_MS_MIN = 10_000;

type Phase =
  /** Waits for a quorum of followerInfos. */
  | 'discovery'
  /** acceptedEpoch is on its way to disk. */
  | 'choosing'
  /** Waits for a quorum of ackEpochs. */
  | 'promises'
  /** currentEpoch is on its way to disk. */
  | 'entering'
  | 'entered';

/** What the leader does and its epoch asks for. */
export interface EpochHost {
  /** True once a quorum has the leader's history. */
  readonly established: boolean;
  /** A quorum has promised, and the leader's disk knows it: the history may be handed over. */
  entered(): void;
  /** A learner has promised after that. */
  promised(handler: LearnerHandler): void;
  drop(handler: LearnerHandler, why: string): void;
  outOfOrder(handler: LearnerHandler, message: ToLeader): void;
  /** Ends the leadership, so that another epoch begins. */
  handOver(why: string): void;
}

export class LeaderEpoch {
  readonly #context: PeerContext;
  readonly #learners: Learners;
  readonly #host: EpochHost;
  /** Before it had an epoch. */
  readonly #wasBlank: boolean;
  #isUnanimous = false;
  #phase: Phase = 'discovery';
  #epoch = 0;
  #nextEpoch: number | undefined;
  #token: Token | undefined;
  #restartedAt: number;

  /** @param restartedAt when this server last began an epoch anew; -Infinity if never */
  constructor(context: PeerContext, learners: Learners, host: EpochHost, restartedAt: number) {
    this.#context = context;
    this.#learners = learners;
    this.#host = host;
    this.#wasBlank = context.blank;
    this.#restartedAt = restartedAt;
  }

  /** 0 until one is chosen. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The next one is on its way to disk. */
  get hasNext(): boolean {
    return this.#nextEpoch !== undefined;
  }

  /** When this server last began an epoch anew for a follower that had promised a higher one; -Infinity if never. */
  get restartedAt(): number {
    return this.#restartedAt;
  }

  // --- discovery -------------------------------------------------------------------------------------------------

  followerInfo(handler: LearnerHandler, info: Extract<ToLeader, { kind: 'followerInfo' }>): void {
    if (info.acceptedEpoch > this.#context.epochs.acceptedEpoch + EPOCH_STEP_MAX) {
      note(this.#context, {
        kind: 'alarm',
        what: `server ${handler.peer} promised epoch ${info.acceptedEpoch}`,
      });
      return this.#host.drop(handler, 'its epoch is absurd');
    }
    handler.info = info;
    handler.phase = 'known';
    if (this.#phase === 'discovery') return this.choose();
    if (this.#phase !== 'choosing') this.#leaderInfo(handler);
  }

  /** Chooses an epoch once a quorum is here. */
  choose(): void {
    const known = (id: ServerId): boolean =>
      this.#learners.isSelf(id) || (this.#learners.voter(id)?.info ?? undefined) !== undefined;
    if (!isQuorum(this.#context, known)) return;
    let highest = this.#context.epochs.acceptedEpoch;
    for (const { votes, info } of this.#learners)
      if (votes && info !== undefined) highest = Math.max(highest, info.acceptedEpoch);
    this.#epoch =
      Math.max(highest, this.#context.epochs.currentEpoch, epochOf(this.#context.history.tail.zxid)) + 1;
    this.#phase = 'choosing';
    // Alone, there is nobody whose promise could be waited for.
    const alone = isQuorum(this.#context, (id) => this.#learners.isSelf(id));
    this.#save(this.#epoch, alone ? this.#epoch : this.#context.epochs.currentEpoch);
  }

  #save(acceptedEpoch: number, currentEpoch: number): void {
    this.#token = this.#context.newToken();
    disk(this.#context, { kind: 'epochs', token: this.#token, epochs: { acceptedEpoch, currentEpoch } });
  }

  /** The epochs of `token` are on disk. @returns whether another epoch of a leadership that goes on begins */
  durable(token: Token): boolean {
    if (token !== this.#token) return false;
    if (this.#phase === 'choosing') {
      this.#phase = 'promises';
      for (const handler of this.#learners.list) if (handler.phase === 'known') this.#leaderInfo(handler);
      this.#countPromises();
    } else if (this.#phase === 'entering') this.#enter();
    else if (this.#host.established && this.#nextEpoch !== undefined) {
      this.#epoch = this.#nextEpoch;
      this.#nextEpoch = undefined;
      return true;
    }
    return false;
  }

  #leaderInfo(handler: LearnerHandler): void {
    const accepted = handler.info?.acceptedEpoch ?? 0;
    if (accepted > this.#epoch) return this.#overtaken(handler, accepted);
    handler.phase = 'asked';
    handler.say({ kind: 'leaderInfo', epoch: this.#epoch });
  }

  ackEpoch(handler: LearnerHandler, message: Extract<ToLeader, { kind: 'ackEpoch' }>): void {
    if (handler.phase !== 'asked') return this.#host.outOfOrder(handler, message);
    // Who lost its link to this leader and comes back is in this epoch already, and may have records of it; or of another
    // candidate's that chose the same number and was faster. That cannot be once a quorum has promised it to this one.
    const highest = this.#phase === 'entering' ? this.#epoch - 1 : this.#epoch;
    // Nobody has records of an epoch that it never promised; but a suspect server may have lost its promises.
    const promised = handler.info?.suspect === true ? highest : (handler.info?.acceptedEpoch ?? 0);
    if (Math.max(message.currentEpoch, epochOf(message.tail.zxid)) > Math.min(highest, promised))
      return this.#host.outOfOrder(handler, message);
    handler.ackEpoch = message;
    handler.phase = 'promised';
    if (this.#phase === 'promises') {
      const { epochs, history } = this.#context;
      const own = { epoch: epochs.currentEpoch, zxid: history.tail.zxid };
      const isAhead =
        message.currentEpoch > own.epoch ||
        (message.currentEpoch === own.epoch && message.tail.zxid > own.zxid);
      if (handler.votes && isAhead)
        return this.#context.leave(`server ${handler.peer} has a more recent history`);
      this.#countPromises();
    } else this.#host.promised(handler);
  }

  #countPromises(): void {
    const promised = (id: ServerId): boolean => {
      if (this.#learners.isSelf(id)) return true;
      const handler = this.#learners.voter(id);
      return handler?.ackEpoch?.counts === true && this.isWitness(handler);
    };
    this.#isUnanimous = this.#everyonePromised();
    if (!isQuorum(this.#context, promised)) return;
    this.#phase = 'entering';
    if (this.#context.epochs.currentEpoch === this.#epoch) return this.#enter();
    this.#save(this.#epoch, this.#epoch);
  }

  #enter(): void {
    this.#phase = 'entered';
    this.#host.entered();
  }

  /**
   * A server that never had data cannot vouch for what was committed (zab.md 7.4), unless this leader never had any
   * either, or has none and everyone promised to follow it.
   */
  isWitness({ info }: LearnerHandler): boolean {
    if (info?.blank !== true) return true;
    return this.#context.history.tail.index === 0 && (this.#wasBlank || this.#isUnanimous);
  }

  /** Everyone has promised; remembered once the epoch is entered, whoever is lost after that. */
  #everyonePromised(): boolean {
    return this.#context.configurations.every(({ voters }) =>
      voters.every((id) => this.#learners.isSelf(id) || this.#learners.voter(id)?.ackEpoch?.counts === true),
    );
  }

  // --- its end ---------------------------------------------------------------------------------------------------

  /** It promised a higher epoch to somebody who failed. Only an epoch above that brings it back (zab.md V7). */
  #overtaken(handler: LearnerHandler, accepted: number): void {
    this.#host.drop(handler, `it promised epoch ${accepted}, this one is ${this.#epoch}`);
    if (!this.#host.established || this.#context.now - this.#restartedAt < RESTART_MS_MIN) return;
    if (!isVoter(this.#context, handler.peer)) return;
    this.#restartedAt = this.#context.now;
    this.#save(accepted, this.#context.epochs.currentEpoch);
    this.#host.handOver(`server ${handler.peer} promised epoch ${accepted}: an epoch above it begins`);
  }

  /** Alone, the next epoch begins without an end of the leadership, as soon as the disk knows it (zab.md 1.8). */
  beginNext(): void {
    this.#nextEpoch = this.#epoch + 1;
    this.#save(this.#nextEpoch, this.#nextEpoch);
  }
}

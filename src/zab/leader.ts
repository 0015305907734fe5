/**
 * A leader, from the vote to its end (zab.md 1.4 to 1.8): finds an epoch that a quorum promises to follow, hands its
 * history to a quorum, then numbers txns and commits what a quorum has on disk. It leads only as long as a quorum
 * answers its pings.
 */
import { epochOf, makeZxid, type Zxid } from '../types/index.js';
import type { Writer } from '../codec/index.js';
import type { Configuration } from './configuration.js';
import { Broadcast } from './broadcast.js';
import { disk, EPOCH_STEP_MAX, isQuorum, isVoter, note, trace, type PeerContext } from './context.js';
import { ownCopy } from './records.js';
import { Lease, quorumValue } from './lease.js';
import { LearnerHandler, type LeaderView } from './learnerHandler.js';
import type { LogMark } from './mark.js';
import type { ServerId, ToLeader, ToLearner } from './messages.js';
import type { DiskInput, LinkId, Token } from './ports.js';
import type { Asker } from './stateMachine.js';

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
  /** Waits for a quorum of ackNewLeaders. */
  | 'synchronisation'
  | 'established';

export class Leader implements LeaderView {
  readonly #context: PeerContext;
  readonly #startedAt: number;
  /** Before it had an epoch. */
  readonly #wasBlank: boolean;
  #isUnanimous = false;
  readonly #handlers = new Map<ServerId, LearnerHandler>();
  /** Voters that look for another leader, in a newer round than this leader's. */
  readonly #deserters = new Set<ServerId>();
  #phase: Phase = 'discovery';
  #epoch = 0;
  #token: Token | undefined;
  #broadcast: Broadcast | undefined;
  #tail: LogMark;
  #committed: LogMark;
  #lease: Lease;
  #pingDue = false;
  #restartedAt = -Infinity;
  #nextEpoch: number | undefined;
  #stopping = false;

  constructor(context: PeerContext, restartedAt: number) {
    this.#context = context;
    this.#startedAt = context.now;
    this.#wasBlank = context.blank;
    this.#tail = context.history.tail;
    this.#committed = context.history.tail;
    this.#restartedAt = restartedAt;
    this.#lease = new Lease(context);
    this.#chooseEpoch();
  }

  get epoch(): number {
    return this.#epoch;
  }

  get established(): boolean {
    return this.#phase === 'established';
  }

  /** The last committed record. */
  get committed(): LogMark {
    return this.#committed;
  }

  get handlers(): Iterable<LearnerHandler> {
    return this.#handlers.values();
  }

  get pendingSyncs(): number {
    return this.#lease.pendingSyncs;
  }

  targetFor(observer: boolean): LogMark {
    return observer ? this.#committed : this.#context.history.tail;
  }

  // --- links -----------------------------------------------------------------------------------------------------

  linkUp(link: LinkId, peer: ServerId): void {
    const former = this.#handlers.get(peer);
    if (former !== undefined) this.drop(former, 'it connected again');
    this.#handlers.set(peer, new LearnerHandler(this.#context, this, link, peer));
  }

  linkDown(link: LinkId): void {
    const handler = this.#handlerOf(link);
    if (handler !== undefined) this.#forget(handler, 'it closed the link');
  }

  drop(handler: LearnerHandler, why: string): void {
    this.#context.out.links.push({ kind: 'close', link: handler.link });
    this.#forget(handler, why);
  }

  #forget(handler: LearnerHandler, why: string): void {
    if (this.#handlers.get(handler.peer) !== handler) return;
    const { synced } = handler;
    handler.close();
    this.#handlers.delete(handler.peer);
    if (synced) note(this.#context, { kind: 'learnerLost', learner: handler.peer, why });
    const isHere = (id: ServerId): boolean => this.#isSelf(id) || this.#voterHandler(id) !== undefined;
    if (this.#phase === 'synchronisation' && !isQuorum(this.#context, isHere))
      return this.#context.leave('no quorum is left to follow');
    if (!this.established || !synced) return;
    // Those left are no quorum: nothing can be committed, and nothing would be gained by waiting for the lease to end.
    if (!isQuorum(this.#context, (id) => this.#isSyncedVoter(id)))
      this.#context.leave('no quorum follows any more');
  }

  #handlerOf(link: LinkId): LearnerHandler | undefined {
    for (const handler of this.#handlers.values()) if (handler.link === link) return handler;
    return undefined;
  }

  close(): void {
    for (const handler of this.#handlers.values()) {
      handler.close();
      this.#context.out.links.push({ kind: 'close', link: handler.link });
    }
    this.#handlers.clear();
  }

  // --- messages --------------------------------------------------------------------------------------------------

  receive(link: LinkId, message: ToLeader): void {
    const handler = this.#handlerOf(link);
    if (handler === undefined) return;
    handler.heardAt = this.#context.now;
    switch (message.kind) {
      case 'followerInfo':
        return this.#followerInfo(handler, message);
      case 'ackEpoch':
        return this.#ackEpoch(handler, message);
      case 'wantSnapshot':
        if (!handler.wantSnapshot()) return this.#protocolError(handler, message);
        return;
      case 'chunkStaged':
        if (!handler.chunkStaged()) return this.#protocolError(handler, message);
        return;
      case 'ackNewLeader':
        if (message.epoch !== this.#epoch || !handler.acknowledgeNewLeader())
          return this.#protocolError(handler, message);
        return this.#learnerSynced(handler);
      case 'ack':
        if (message.epoch !== this.#epoch || !handler.acknowledge(message.index))
          return this.#protocolError(handler, message);
        if (handler.votes) this.#advance();
        return;
      case 'pong':
        if (!handler.synced || message.beat > this.#lease.beat) return this.#protocolError(handler, message);
        handler.lastBeat = Math.max(handler.lastBeat, message.beat);
        if (message.touched.length > 0) this.#context.state.touched(message.touched);
        this.#lease.confirm(this.handlers, this.#committed.index);
        return;
      case 'request':
      case 'revalidate':
      case 'sync':
        if (!handler.upToDate) return this.#protocolError(handler, message);
        if (this.#stopping) return;
        return this.#context.state.forwarded(
          { learner: handler.peer, link, request: message.request },
          message,
        );
    }
  }

  #protocolError(handler: LearnerHandler, { kind }: ToLeader): void {
    note(this.#context, {
      kind: 'alarm',
      what: `server ${handler.peer} sent ${kind} while it was ${handler.phase}`,
    });
    this.drop(handler, `it sent ${kind} out of order`);
  }

  // --- discovery -------------------------------------------------------------------------------------------------

  #followerInfo(handler: LearnerHandler, info: Extract<ToLeader, { kind: 'followerInfo' }>): void {
    if (handler.phase !== 'new') return this.#protocolError(handler, info);
    if (info.acceptedEpoch > this.#context.epochs.acceptedEpoch + EPOCH_STEP_MAX) {
      note(this.#context, {
        kind: 'alarm',
        what: `server ${handler.peer} promised epoch ${info.acceptedEpoch}`,
      });
      return this.drop(handler, 'its epoch is absurd');
    }
    handler.info = info;
    handler.phase = 'known';
    this.#deserters.delete(handler.peer);
    if (this.#phase === 'discovery') return this.#chooseEpoch();
    if (this.#phase !== 'choosing') this.#leaderInfo(handler);
  }

  #chooseEpoch(): void {
    const known = (id: ServerId): boolean =>
      this.#isSelf(id) || (this.#voterHandler(id)?.info ?? undefined) !== undefined;
    if (!isQuorum(this.#context, known)) return;
    let highest = this.#context.epochs.acceptedEpoch;
    for (const { votes, info } of this.#handlers.values())
      if (votes && info !== undefined) highest = Math.max(highest, info.acceptedEpoch);
    this.#epoch =
      Math.max(highest, this.#context.epochs.currentEpoch, epochOf(this.#context.history.tail.zxid)) + 1;
    this.#phase = 'choosing';
    // Alone, there is nobody whose promise could be waited for.
    const alone = isQuorum(this.#context, (id) => this.#isSelf(id));
    this.#saveEpochs(alone ? this.#epoch : this.#context.epochs.currentEpoch);
  }

  #saveEpochs(currentEpoch: number): void {
    this.#token = this.#context.newToken();
    disk(this.#context, {
      kind: 'epochs',
      token: this.#token,
      epochs: { acceptedEpoch: this.#epoch, currentEpoch },
    });
  }

  #epochsDurable(): void {
    if (this.#phase === 'choosing') {
      this.#phase = 'promises';
      for (const handler of [...this.#handlers.values()])
        if (handler.phase === 'known') this.#leaderInfo(handler);
      this.#countPromises();
    } else if (this.#phase === 'entering') this.#enter();
    else if (this.established && this.#nextEpoch !== undefined) {
      this.#epoch = this.#nextEpoch;
      this.#nextEpoch = undefined;
      this.#broadcast?.beginEpoch(this.#epoch);
    }
  }

  #leaderInfo(handler: LearnerHandler): void {
    const accepted = handler.info?.acceptedEpoch ?? 0;
    if (accepted > this.#epoch) return this.#overtaken(handler, accepted);
    handler.phase = 'asked';
    handler.say({ kind: 'leaderInfo', epoch: this.#epoch });
  }

  /** It promised a higher epoch to somebody who failed. Only an epoch above that brings it back (zab.md V7). */
  #overtaken(handler: LearnerHandler, accepted: number): void {
    this.drop(handler, `it promised epoch ${accepted}, this one is ${this.#epoch}`);
    if (!this.established || this.#context.now - this.#restartedAt < RESTART_MS_MIN) return;
    if (!isVoter(this.#context, handler.peer)) return;
    this.#restartedAt = this.#context.now;
    this.#token = this.#context.newToken();
    disk(this.#context, {
      kind: 'epochs',
      token: this.#token,
      epochs: { acceptedEpoch: accepted, currentEpoch: this.#context.epochs.currentEpoch },
    });
    this.handOver(`server ${handler.peer} promised epoch ${accepted}: an epoch above it begins`);
  }

  get restartedAt(): number {
    return this.#restartedAt;
  }

  #ackEpoch(handler: LearnerHandler, message: Extract<ToLeader, { kind: 'ackEpoch' }>): void {
    if (handler.phase !== 'asked') return this.#protocolError(handler, message);
    // Who lost its link to this leader and comes back is in this epoch already, and may have records of it.
    const highest = this.#phase === 'synchronisation' || this.established ? this.#epoch : this.#epoch - 1;
    // Nobody has records of an epoch that it never promised; but a suspect server may have lost its promises.
    const promised = handler.info?.suspect === true ? highest : (handler.info?.acceptedEpoch ?? 0);
    if (Math.max(message.currentEpoch, epochOf(message.tail.zxid)) > Math.min(highest, promised))
      return this.#protocolError(handler, message);
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
    } else this.#synchronise(handler);
  }

  #countPromises(): void {
    const promised = (id: ServerId): boolean => {
      if (this.#isSelf(id)) return true;
      const handler = this.#voterHandler(id);
      return handler?.ackEpoch?.counts === true && this.#isWitness(handler);
    };
    this.#isUnanimous = this.#everyonePromised();
    if (!isQuorum(this.#context, promised)) return;
    this.#phase = 'entering';
    if (this.#context.epochs.currentEpoch === this.#epoch) return this.#enter();
    this.#saveEpochs(this.#epoch);
  }

  /**
   * A server that never had data cannot vouch for what was committed (zab.md 7.4), unless this leader never had any
   * either, or has none and everyone promised to follow it.
   */
  #isWitness({ info }: LearnerHandler): boolean {
    if (info?.blank !== true) return true;
    return this.#context.history.tail.index === 0 && (this.#wasBlank || this.#isUnanimous);
  }

  /** Everyone has promised; remembered once the epoch is entered, whoever is lost after that. */
  #everyonePromised(): boolean {
    return this.#context.configurations.every(({ voters }) =>
      voters.every((id) => this.#isSelf(id) || this.#voterHandler(id)?.ackEpoch?.counts === true),
    );
  }

  // --- synchronisation -------------------------------------------------------------------------------------------

  #enter(): void {
    this.#phase = 'synchronisation';
    this.#tail = this.#context.history.tail;
    for (const handler of [...this.#handlers.values()]) this.#synchronise(handler);
    this.#establish();
  }

  #synchronise(handler: LearnerHandler): void {
    if (this.#phase !== 'synchronisation' && !this.established) return;
    // Nobody learns from a history that is not sure to stay, but those who make it so.
    if (!this.established && (!handler.votes || !this.#isWitness(handler))) return;
    handler.synchronise();
  }

  #learnerSynced(handler: LearnerHandler): void {
    if (this.established) {
      this.#upToDate(handler);
      this.#advance();
    } else this.#establish();
  }

  #establish(): void {
    if (this.#phase !== 'synchronisation' || !isQuorum(this.#context, (id) => this.#isSyncedVoter(id)))
      return;
    this.#phase = 'established';
    const { history, state, election, settings } = this.#context;
    this.#broadcast = new Broadcast(history.tail, this.#epoch, settings.counterStart);
    this.#committed = this.#tail;
    this.#lease = new Lease(this.#context);
    trace(this.#context, { kind: 'established', epoch: this.#epoch, tail: this.#tail });
    trace(this.#context, { kind: 'commit', index: this.#tail.index });
    election.established(this.#epoch);
    state.commit(this.#tail.index);
    history.trim(state.appliedIndex);
    state.serve('leading', this.#epoch);
    note(this.#context, { kind: 'leading', epoch: this.#epoch, leader: settings.id });
    for (const handler of [...this.#handlers.values()]) {
      if (handler.synced) this.#upToDate(handler);
      else this.#synchronise(handler);
    }
    this.#pingDue = true;
  }

  #upToDate(handler: LearnerHandler): void {
    handler.upToDate = true;
    handler.commitSent = this.#committed.index;
    handler.say({ kind: 'upToDate', commit: this.#committed.index });
  }

  // --- broadcast -------------------------------------------------------------------------------------------------

  get lastProposed(): LogMark {
    return this.#broadcast?.lastProposed ?? this.#context.history.tail;
  }

  get nextZxid(): Zxid {
    return this.#broadcast?.nextZxid ?? makeZxid(this.#epoch, 1);
  }

  /** Numbers a txn; it leaves for the disks at the end of the turn. @param asker who waits for it, if a learner does */
  propose(type: number, writePayload: (w: Writer) => void, asker: Asker | undefined): LogMark {
    const broadcast = this.#broadcast;
    if (broadcast === undefined) throw new Error('a txn is proposed before the leader is established');
    const mark = broadcast.propose(type, writePayload);
    if (broadcast.nearlyExhausted && this.#isAlone) this.#rollOver();
    trace(this.#context, { kind: 'broadcast', epoch: this.#epoch, mark });
    if (asker !== undefined) {
      const handler = this.#handlers.get(asker.learner);
      if (handler?.link === asker.link) handler.willAnswer({ index: mark.index, request: asker.request });
    }
    return mark;
  }

  /** Tells a learner the answer to what was not a write. */
  tell(asker: Asker, message: ToLearner): void {
    const handler = this.#handlers.get(asker.learner);
    if (handler?.link === asker.link) handler.say(message);
  }

  /** The end of a turn: what was proposed leaves for all disks at once; commits and pings go along. */
  endTurn(): void {
    const { history } = this.#context;
    const batch = this.#broadcast?.takeBatch();
    if (batch !== undefined) {
      history.append({ ...batch, bytes: this.#isAlone ? batch.bytes : Buffer.from(batch.bytes) });
      disk(this.#context, {
        kind: 'append',
        batch: this.#isAlone ? { ...batch, bytes: ownCopy(batch.bytes) } : batch,
      });
    }
    if (this.#pingDue) this.#ping();
    if (this.#broadcast?.nearlyExhausted === true && !this.#isAlone) return this.#rollOver();
    for (const handler of this.#handlers.values()) {
      handler.pump();
      if (handler.upToDate && handler.commitSent < this.#committed.index) {
        const index = Math.min(this.#committed.index, handler.cursor);
        if (index <= handler.commitSent) continue;
        handler.commitSent = index;
        handler.say({ kind: 'commit', index });
      }
    }
  }

  get #isAlone(): boolean {
    return this.#context.configurations.every(({ members }) => members.size <= 1);
  }

  /** Own records are on disk. */
  persisted(): void {
    this.#advance();
  }

  /** Commits what a quorum has, in order; of earlier epochs nothing, that was done when this one was established. */
  #advance(): void {
    if (!this.established) return;
    const { history, state } = this.#context;
    const index = this.#quorumMatch();
    if (index > this.#committed.index) {
      const mark = history.markAt(index);
      if (mark === undefined) throw new Error(`record ${index} is acknowledged and not in memory`);
      this.#committed = mark;
      trace(this.#context, { kind: 'commit', index });
      this.#lease.confirmSyncs(index);
    }
    state.commit(Math.min(this.#committed.index, history.durable.index));
    history.trim(Math.min(state.appliedIndex, this.#committed.index));
  }

  /** The greatest index that a quorum has on disk. */
  #quorumMatch(): number {
    const matches = new Map<ServerId, number>();
    const { settings, history } = this.#context;
    if (isVoter(this.#context, settings.id)) matches.set(settings.id, history.durable.index);
    for (const handler of this.#handlers.values())
      if (handler.synced && handler.votes) matches.set(handler.peer, handler.match);
    return quorumValue(this.#context, matches);
  }

  /** The counter comes to its end (zab.md 1.8). */
  #rollOver(): void {
    if (this.#nextEpoch !== undefined || this.#stopping) return;
    if (!this.#isAlone) return this.handOver('the zxids of this epoch come to their end');
    this.#nextEpoch = this.#epoch + 1;
    this.#token = this.#context.newToken();
    const epochs = { acceptedEpoch: this.#nextEpoch, currentEpoch: this.#nextEpoch };
    disk(this.#context, { kind: 'epochs', token: this.#token, epochs });
  }

  // --- leadership ------------------------------------------------------------------------------------------------

  tick(): void {
    const { now, settings } = this.#context;
    if (!this.established) {
      const limit = this.#phase === 'synchronisation' ? settings.syncStallMs : settings.discoveryTimeoutMs;
      const progress = this.#phase === 'synchronisation' ? this.#lastHeard() : this.#startedAt;
      if (now - progress > limit) return this.#context.leave('no quorum followed in time');
    } else {
      if (!this.#isAlone && this.#lease.isOver) return this.#context.leave('no quorum answered in time');
      if (this.#lease.isPingDue) this.#pingDue = true;
    }
    for (const handler of [...this.#handlers.values()]) {
      const silentMax = handler.synced ? settings.peerTimeoutMs : settings.syncStallMs;
      const oldest = handler.oldestUnacked;
      if (this.#handlers.get(handler.peer) !== handler) continue;
      if (now - handler.heardAt > silentMax) this.drop(handler, 'it is silent');
      else if (
        handler.synced &&
        oldest !== undefined &&
        now - oldest > Math.max(settings.peerTimeoutMs, settings.syncStallMs)
      )
        this.drop(handler, 'it acknowledges nothing');
      else handler.tick(now);
    }
  }

  #lastHeard(): number {
    let last = this.#startedAt;
    for (const { heardAt, votes } of this.#handlers.values()) if (votes) last = Math.max(last, heardAt);
    return last;
  }

  #ping(): void {
    this.#pingDue = false;
    if (!this.established) return;
    const beat = this.#lease.ping();
    for (const handler of this.#handlers.values()) {
      if (!handler.upToDate) continue;
      const commit = Math.min(this.#committed.index, handler.cursor);
      handler.commitSent = Math.max(handler.commitSent, commit);
      handler.pump();
      handler.say({ kind: 'ping', beat, commit });
    }
    this.#lease.confirm(this.handlers, this.#committed.index);
  }

  /**
   * Asks a quorum whether this server still leads. All that ask in one turn share a ping.
   * @param token comes back with `confirmed`
   */
  sync(token: number): void {
    const { index } = this.lastProposed;
    if (this.#isAlone) return this.#context.state.confirmed(token, index);
    this.#pingDue = true;
    this.#lease.sync(token, index);
  }

  /** Ms since when every learner has told which clients it heard of. */
  get reportLagMs(): number {
    return this.#lease.reportLagMs(this.handlers);
  }

  /** A voter asks for votes: if it does so in a newer round, it does not wait for this leader. */
  deserted(peer: ServerId, round: number): void {
    if (this.established || round <= this.#context.election.round || !isVoter(this.#context, peer)) return;
    this.#deserters.add(peer);
    if (!isQuorum(this.#context, (id) => !this.#deserters.has(id)))
      this.#context.leave('too many look for another leader');
  }

  /** Takes nothing more; what is proposed is committed first. */
  beginStop(): void {
    this.#stopping = true;
  }

  get drained(): boolean {
    return this.#committed.index >= this.lastProposed.index;
  }

  /** Everyone elects at once, without waiting to notice. */
  handOver(why: string): void {
    for (const handler of this.#handlers.values()) {
      handler.pump();
      if (handler.upToDate) {
        handler.say({ kind: 'commit', index: Math.min(this.#committed.index, handler.cursor) });
        handler.say({ kind: 'handOver' });
      }
    }
    this.#context.leave(why);
  }

  done(input: DiskInput): void {
    if (input.kind === 'epochsDurable') {
      if (input.token === this.#token) this.#epochsDurable();
    } else if (input.kind === 'persisted') this.persisted();
    else for (const handler of [...this.#handlers.values()]) handler.done(input);
  }

  isQuorumSynced(configuration: Configuration): boolean {
    return configuration.isQuorum((id) => this.#isSelf(id) || this.#handlers.get(id)?.synced === true);
  }

  #isSelf(id: ServerId): boolean {
    return id === this.#context.settings.id;
  }

  #voterHandler(id: ServerId): LearnerHandler | undefined {
    const handler = this.#handlers.get(id);
    return handler?.votes === true ? handler : undefined;
  }

  #isSyncedVoter(id: ServerId): boolean {
    return this.#isSelf(id) || this.#voterHandler(id)?.synced === true;
  }
}

/**
 * A leader, from the vote to its end (zab.md 1.4 to 1.8): with an epoch that a quorum promised to follow, hands its
 * history to a quorum, then numbers txns and commits what a quorum has on disk. It leads only as long as a quorum
 * answers its pings.
 */
import { makeZxid, type Zxid } from '../types/index.js';
import type { Writer } from '../codec/index.js';
import type { Configuration } from './configuration.js';
import { Broadcast } from './broadcast.js';
import { disk, isQuorum, isVoter, note, trace, type PeerContext } from './context.js';
import { ownCopy } from './records.js';
import { LeaderEpoch, type EpochHost } from './leaderEpoch.js';
import { Learners } from './learners.js';
import { Lease, quorumValue } from './lease.js';
import { LearnerHandler, type LeaderView } from './learnerHandler.js';
import type { LogMark } from './mark.js';
import type { ServerId, ToLeader, ToLearner } from './messages.js';
import type { DiskInput, LinkId } from './ports.js';
import type { Asker } from './stateMachine.js';

type Phase =
  /** See `LeaderEpoch`. */
  | 'discovery'
  /** Waits for a quorum of ackNewLeaders. */
  | 'synchronisation'
  | 'established';

export class Leader implements LeaderView, EpochHost {
  readonly #context: PeerContext;
  readonly #startedAt: number;
  readonly #learners: Learners;
  readonly #leaderEpoch: LeaderEpoch;
  /** Voters that look for another leader, in a newer round than this leader's. */
  readonly #deserters = new Set<ServerId>();
  #phase: Phase = 'discovery';
  #broadcast: Broadcast | undefined;
  #tail: LogMark;
  #committed: LogMark;
  #lease: Lease;
  #pingDue = false;
  #stopping = false;

  constructor(context: PeerContext, restartedAt: number) {
    this.#context = context;
    this.#startedAt = context.now;
    this.#tail = context.history.tail;
    this.#committed = context.history.tail;
    this.#lease = new Lease(context);
    this.#learners = new Learners(context);
    this.#leaderEpoch = new LeaderEpoch(context, this.#learners, this, restartedAt);
    this.#leaderEpoch.choose();
  }

  get epoch(): number {
    return this.#leaderEpoch.epoch;
  }

  get established(): boolean {
    return this.#phase === 'established';
  }

  /** The last committed record. */
  get committed(): LogMark {
    return this.#committed;
  }

  get handlers(): Iterable<LearnerHandler> {
    return this.#learners;
  }

  get pendingSyncs(): number {
    return this.#lease.pendingSyncs;
  }

  targetFor(observer: boolean): LogMark {
    return observer ? this.#committed : this.#context.history.tail;
  }

  // --- links -----------------------------------------------------------------------------------------------------

  linkUp(link: LinkId, peer: ServerId): void {
    const former = this.#learners.get(peer);
    if (former !== undefined) this.drop(former, 'it connected again');
    this.#learners.add(new LearnerHandler(this.#context, this, link, peer));
  }

  linkDown(link: LinkId): void {
    const handler = this.#learners.at(link);
    if (handler !== undefined) this.#forget(handler, 'it closed the link');
  }

  drop(handler: LearnerHandler, why: string): void {
    this.#context.out.links.push({ kind: 'close', link: handler.link });
    this.#forget(handler, why);
  }

  #forget(handler: LearnerHandler, why: string): void {
    if (!this.#learners.has(handler)) return;
    const { synced } = handler;
    handler.close();
    this.#learners.remove(handler);
    if (synced) note(this.#context, { kind: 'learnerLost', learner: handler.peer, why });
    const isHere = (id: ServerId): boolean =>
      this.#learners.isSelf(id) || this.#learners.voter(id) !== undefined;
    if (this.#phase === 'synchronisation' && !isQuorum(this.#context, isHere))
      return this.#context.leave('no quorum is left to follow');
    if (!this.established || !synced) return;
    // Those left are no quorum: nothing can be committed, and nothing would be gained by waiting for the lease to end.
    if (!isQuorum(this.#context, (id) => this.#learners.isSyncedVoter(id)))
      this.#context.leave('no quorum follows any more');
  }

  close(): void {
    for (const handler of this.#learners) {
      handler.close();
      this.#context.out.links.push({ kind: 'close', link: handler.link });
    }
    this.#learners.clear();
  }

  // --- messages --------------------------------------------------------------------------------------------------

  receive(link: LinkId, message: ToLeader): void {
    const handler = this.#learners.at(link);
    if (handler === undefined) return;
    handler.heardAt = this.#context.now;
    switch (message.kind) {
      case 'followerInfo':
        return this.#followerInfo(handler, message);
      case 'ackEpoch':
        return this.#leaderEpoch.ackEpoch(handler, message);
      case 'wantSnapshot':
        if (!handler.wantSnapshot()) return this.outOfOrder(handler, message);
        return;
      case 'chunkStaged':
        if (!handler.chunkStaged()) return this.outOfOrder(handler, message);
        return;
      case 'ackNewLeader':
        if (message.epoch !== this.epoch || !handler.acknowledgeNewLeader())
          return this.outOfOrder(handler, message);
        return this.#learnerSynced(handler);
      case 'ack':
        if (message.epoch !== this.epoch || !handler.acknowledge(message.index))
          return this.outOfOrder(handler, message);
        if (handler.votes) this.#advance();
        return;
      case 'pong':
        if (!handler.synced || message.beat > this.#lease.beat) return this.outOfOrder(handler, message);
        handler.lastBeat = Math.max(handler.lastBeat, message.beat);
        if (message.touched.length > 0) this.#context.state.touched(message.touched);
        this.#lease.confirm(this.handlers, this.#committed.index);
        return;
      case 'request':
      case 'revalidate':
      case 'sync':
        if (!handler.upToDate) return this.outOfOrder(handler, message);
        if (this.#stopping) return;
        return this.#context.state.forwarded(
          { learner: handler.peer, link, request: message.request },
          message,
        );
    }
  }

  /** A learner said something that has no place where it stands: its link is given up. */
  outOfOrder(handler: LearnerHandler, { kind }: ToLeader): void {
    note(this.#context, {
      kind: 'alarm',
      what: `server ${handler.peer} sent ${kind} while it was ${handler.phase}`,
    });
    this.drop(handler, `it sent ${kind} out of order`);
  }

  // --- discovery -------------------------------------------------------------------------------------------------

  #followerInfo(handler: LearnerHandler, info: Extract<ToLeader, { kind: 'followerInfo' }>): void {
    if (handler.phase !== 'new') return this.outOfOrder(handler, info);
    this.#leaderEpoch.followerInfo(handler, info);
    if (handler.info !== undefined) this.#deserters.delete(handler.peer);
  }

  get restartedAt(): number {
    return this.#leaderEpoch.restartedAt;
  }

  // --- synchronisation -------------------------------------------------------------------------------------------

  /** The epoch is on disk, and a quorum has promised to follow it. */
  entered(): void {
    this.#phase = 'synchronisation';
    this.#tail = this.#context.history.tail;
    for (const handler of this.#learners.list) this.#synchronise(handler);
    this.#establish();
  }

  /** One more learner has promised. */
  promised(handler: LearnerHandler): void {
    this.#synchronise(handler);
  }

  #synchronise(handler: LearnerHandler): void {
    if (this.#phase !== 'synchronisation' && !this.established) return;
    // Nobody learns from a history that is not sure to stay, but those who make it so.
    if (!this.established && (!handler.votes || !this.#leaderEpoch.isWitness(handler))) return;
    handler.synchronise();
  }

  #learnerSynced(handler: LearnerHandler): void {
    if (this.established) {
      this.#upToDate(handler);
      this.#advance();
    } else this.#establish();
  }

  #establish(): void {
    if (
      this.#phase !== 'synchronisation' ||
      !isQuorum(this.#context, (id) => this.#learners.isSyncedVoter(id))
    )
      return;
    this.#phase = 'established';
    const { history, state, election, settings } = this.#context;
    this.#broadcast = new Broadcast(history.tail, this.epoch, settings.counterStart);
    this.#committed = this.#tail;
    this.#lease = new Lease(this.#context);
    trace(this.#context, { kind: 'established', epoch: this.epoch, tail: this.#tail });
    trace(this.#context, { kind: 'commit', index: this.#tail.index });
    election.established(this.epoch);
    state.commit(this.#tail.index);
    history.trim(state.appliedIndex);
    state.serve('leading', this.epoch);
    note(this.#context, { kind: 'leading', epoch: this.epoch, leader: settings.id });
    for (const handler of this.#learners.list) {
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
    return this.#broadcast?.nextZxid ?? makeZxid(this.epoch, 1);
  }

  /** Numbers a txn; it leaves for the disks at the end of the turn. @param asker who waits for it, if a learner does */
  propose(type: number, writePayload: (w: Writer) => void, asker: Asker | undefined): LogMark {
    const broadcast = this.#broadcast;
    if (broadcast === undefined) throw new Error('a txn is proposed before the leader is established');
    const mark = broadcast.propose(type, writePayload);
    if (broadcast.nearlyExhausted && this.#isAlone) this.#rollOver();
    this.#context.settings.trace?.({ kind: 'broadcast', epoch: this.epoch, mark });
    if (asker !== undefined) {
      const handler = this.#learners.get(asker.learner);
      if (handler?.link === asker.link) handler.willAnswer({ index: mark.index, request: asker.request });
    }
    return mark;
  }

  /** Tells a learner the answer to what was not a write. */
  tell(asker: Asker, message: ToLearner): void {
    const handler = this.#learners.get(asker.learner);
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
    for (const handler of this.#learners) {
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
    for (const handler of this.#learners)
      if (handler.synced && handler.votes) matches.set(handler.peer, handler.match);
    return quorumValue(this.#context, matches);
  }

  /** The counter comes to its end (zab.md 1.8). */
  #rollOver(): void {
    if (this.#leaderEpoch.hasNext || this.#stopping) return;
    if (!this.#isAlone) return this.handOver('the zxids of this epoch come to their end');
    this.#leaderEpoch.beginNext();
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
    for (const handler of this.#learners.list) {
      const silentMax = handler.synced ? settings.peerTimeoutMs : settings.syncStallMs;
      const oldest = handler.oldestUnacked;
      if (!this.#learners.has(handler)) continue;
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
    for (const { heardAt, votes } of this.#learners) if (votes) last = Math.max(last, heardAt);
    return last;
  }

  #ping(): void {
    this.#pingDue = false;
    if (!this.established) return;
    const beat = this.#lease.ping();
    for (const handler of this.#learners) {
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
    for (const handler of this.#learners) {
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
      if (this.#leaderEpoch.durable(input.token)) this.#broadcast?.beginEpoch(this.epoch);
    } else if (input.kind === 'persisted') this.persisted();
    else for (const handler of this.#learners.list) handler.done(input);
  }

  isQuorumSynced(configuration: Configuration): boolean {
    return configuration.isQuorum((id) => this.#learners.isSynced(id));
  }
}

/**
 * One server's part in the ensemble: looks for a leader, leads or follows until that ends, and looks again. A role
 * begins only when everything that the one before gave to the disk has arrived there (the fence), so that a vote
 * never hides a record, and no late write lands in a log that was cut meanwhile (zab.md 1.3, 1.8).
 */
import type { Writer } from '../codec/index.js';
import type { Zxid } from '../types/index.js';
import { assert } from '../util/index.js';
import type { Configuration } from './configuration.js';
import { Configurations } from './configurations.js';
import { isVoter } from './context.js';
import { EarlyLearners } from './earlyLearners.js';
import { Election, type Candidate } from './election.js';
import { History } from './history.js';
import { Leader } from './leader.js';
import { Learner } from './learner.js';
import type { LearnerHandler } from './learnerHandler.js';
import { LOG_START, type Epochs, type LogBatch, type LogMark } from './mark.js';
import {
  isToLeader,
  type Notification,
  type PeerMessage,
  type ServerId,
  type ToLeader,
  type ToLearner,
} from './messages.js';
import type { Boot, DiskInput, LinkId, NetworkInput, PeerOutput, Token } from './ports.js';
import { recordsIn } from './records.js';
import { ServerContext } from './serverContext.js';
import type { PeerSettings } from './settings.js';
import type { Asker, StateMachine } from './stateMachine.js';

/** What an operator sees as `Mode:`, and two states in between. */
export type PeerRole = 'stopped' | 'looking' | 'leading' | 'following' | 'observing';

/** Outstanding writes of a leader that is told to stop may take so long. */
const HAND_OVER_MS_MAX = 300;

export class QuorumPeer {
  readonly settings: PeerSettings;
  readonly history: History;
  readonly #state: StateMachine;
  readonly #election: Election;
  readonly #context: ServerContext;
  /** What came while there was no vote to answer with. */
  readonly #unheard = new Map<ServerId, Notification>();
  readonly #early: EarlyLearners;
  readonly #configurations: Configurations;
  #role: PeerRole = 'stopped';
  #leader: Leader | undefined;
  #learner: Learner | undefined;
  #fence: Token | undefined;
  #why = '';
  #lookingSince = 0;
  #electionMs = 0;
  #restartedAt = -Infinity;
  #stopAt: number | undefined;
  #leaving = false;
  #reconfigured = false;
  /** The last one that somebody told of in this election. */
  #toldConfig: string | undefined;

  /** @param output collects the effects of the step that is under way */
  constructor(settings: PeerSettings, state: StateMachine, output: () => PeerOutput) {
    this.settings = settings;
    this.#state = state;
    const configurations = new Configurations(settings.configuration);
    this.#configurations = configurations;
    this.history = new History(settings.cacheBytes);
    this.#election = new Election({
      id: settings.id,
      get configurations() {
        return configurations.effective;
      },
      finalizeWaitMs: settings.finalizeWaitMs,
      notify: (to, notification) => output().notifications.push({ to, notification }),
      elected: (vote) => this.#elected(vote),
    });
    this.#context = new ServerContext({
      settings,
      history: this.history,
      state,
      election: this.#election,
      configurations,
      output,
      leave: (why) => this.#leave(why),
    });
    this.#early = new EarlyLearners(output);
  }

  get role(): PeerRole {
    return this.#role;
  }

  /** The epoch that this server leads or follows; 0 while it does neither. */
  get epoch(): number {
    return this.#leader?.epoch ?? this.#learner?.epoch ?? 0;
  }

  /** Who leads, as far as this server knows. */
  get leaderId(): ServerId | undefined {
    return this.#leader !== undefined ? this.settings.id : this.#learner?.leader;
  }

  get epochs(): Epochs {
    return this.#context.epochs;
  }

  /** How long the last election took, in ms, up to the vote. */
  get electionMs(): number {
    return this.#electionMs;
  }

  /** Since when this server looks for a leader; undefined while it has one. */
  get lookingSince(): number | undefined {
    return this.#role === 'looking' ? this.#lookingSince : undefined;
  }

  get configurations(): readonly Configuration[] {
    return this.#configurations.effective;
  }

  /** Nobody else takes part: what is on this disk is committed. */
  get isAlone(): boolean {
    return this.#context.alone;
  }

  /** There is no state to show: the tree was lost, and no snapshot has taken its place. */
  get isStateless(): boolean {
    return this.#context.needsSnapshot;
  }

  /** What the leader knows of its learners; empty elsewhere. */
  get learners(): readonly LearnerHandler[] {
    return this.#leader === undefined ? [] : [...this.#leader.handlers];
  }

  get pendingSyncs(): number {
    return this.#leader?.pendingSyncs ?? 0;
  }

  // --- start-up --------------------------------------------------------------------------------------------------

  /** The state is as of `mark`; what the log holds behind it follows with `known`. */
  restored(mark: LogMark): void {
    // A snapshot that a leader sent is in the history already, with what follows it.
    if (this.#role !== 'stopped') return;
    this.history.restart(LOG_START, mark);
    this.#configurations.truncated(mark.index);
  }

  /** Records of the own log, in order. */
  known(batch: LogBatch): void {
    this.history.append(batch);
    for (const record of recordsIn(batch.bytes)) this.#context.logged(record);
  }

  /** As a server alone, which needs nobody to say so: records up to here are applied. */
  forgetApplied(index: number): void {
    this.history.trim(index);
  }

  // --- inputs ----------------------------------------------------------------------------------------------------

  start(boot: Boot): void {
    assert(this.#role === 'stopped', 'a term begins while another one lasts');
    this.#context.boot(boot);
    this.#why = 'start';
    this.#look();
  }

  tick(now: number): void {
    this.#context.now = now;
    this.#leader?.tick();
    this.#learner?.tick();
    if (this.#role === 'looking' && this.#fence === undefined) this.#election.tick(now);
    this.#goOnStopping();
  }

  network(input: NetworkInput): void {
    switch (input.kind) {
      case 'notification':
        return this.#notified(input.from, input.notification);
      case 'electionLink':
        return this.#election.linkChanged(input.peer, input.up);
      case 'linkUp':
        return this.#linkUp(input.link, input.peer, input.dialled);
      case 'linkDown':
        return this.#linkDown(input.link);
      case 'dialFailed':
        if (this.#learner?.leader === input.peer) this.#learner.dialFailed();
        return;
      case 'packet':
        return this.#packet(input.link, input.message);
    }
  }

  disk(input: DiskInput): void {
    switch (input.kind) {
      case 'logFailed':
        return this.#logFailed();
      case 'fenced':
        if (input.token === this.#fence) this.#fenced(input.tail);
        return;
      case 'persisted':
        if (this.#role === 'stopped') return;
        this.history.persisted(input.mark);
        break;
      case 'epochsDurable':
        this.#context.epochsSaved(input.epochs);
        break;
      case 'synchronised':
        this.#context.synchronised(input.token);
        break;
      default:
        break;
    }
    this.#leader?.done(input);
    this.#learner?.done(input);
  }

  /** The process is to end: a leader lets what is proposed be committed, then says that it goes (zab.md 1.8). */
  stop(): void {
    if (this.#stopAt !== undefined) return;
    this.#stopAt = this.#context.now + HAND_OVER_MS_MAX;
    this.#leader?.beginStop();
    this.#goOnStopping();
  }

  /** True when `stop` has done all it can. */
  get hasStopped(): boolean {
    return this.#stopAt !== undefined && this.#role === 'stopped';
  }

  endTurn(): void {
    this.#leader?.endTurn();
    this.#assumePart();
  }

  // --- for the engine --------------------------------------------------------------------------------------------

  /** Zxid of the next proposal of this leader. */
  get nextZxid(): Zxid {
    return this.#leading.nextZxid;
  }

  propose(type: number, writePayload: (w: Writer) => void, asker: Asker | undefined): LogMark {
    return this.#leading.propose(type, writePayload, asker);
  }

  /** As leader: see `Leader.sync`. */
  sync(token: number): void {
    this.#leading.sync(token);
  }

  /** A configuration is in the log and not committed: there can be no other. */
  get isReconfiguring(): boolean {
    return this.#configurations.isPending;
  }

  /** The last committed configuration. */
  get configuration(): Configuration {
    return this.#configurations.active;
  }

  /** As leader: whether a quorum of `configuration` is here and has the log. */
  isQuorumSynced(configuration: Configuration): boolean {
    return this.#leading.isQuorumSynced(configuration);
  }

  /** As leader: the record that was just proposed brings a configuration. */
  reconfigure(index: number, configuration: Configuration): void {
    this.#configurations.logged(index, configuration);
  }

  /** The state was put back as of a time when this configuration was active. */
  configurationRestored(configuration: Configuration): void {
    this.#configurations.restored(configuration);
  }

  /** The record is applied: if it brought a configuration, that one counts alone now. */
  configurationApplied(index: number): void {
    if (!this.#configurations.applied(index)) return;
    this.#reconfigured = true;
  }

  /** Behind the step that committed it, with everything answered: who has another part now begins it. */
  #assumePart(): void {
    if (!this.#reconfigured) return;
    this.#reconfigured = false;
    const votes = isVoter(this.#context, this.settings.id);
    if (this.#leader?.established === true && !votes)
      return this.#leader.handOver('this server does not vote in the new configuration');
    if (this.#learner !== undefined && votes !== (this.#role === 'following'))
      this.#leave('the new configuration gives this server another part');
  }

  tell(asker: Asker, message: ToLearner): void {
    this.#leader?.tell(asker, message);
  }

  /** To the leader. @returns false when there is no way to it */
  forward(message: ToLeader): boolean {
    return this.#learner?.send(message) ?? false;
  }

  /** Ms since when every learner has told which clients it heard of. */
  get reportLagMs(): number {
    return this.#leader?.reportLagMs ?? 0;
  }

  get #leading(): Leader {
    if (this.#leader === undefined) throw new Error('this server does not lead');
    return this.#leader;
  }

  // --- roles -----------------------------------------------------------------------------------------------------

  /** Ends the role. The election begins behind the fence. */
  #leave(why: string): void {
    if (this.#leaving || (this.#leader === undefined && this.#learner === undefined)) return;
    this.#leaving = true;
    if (this.#leader !== undefined) this.#restartedAt = this.#leader.restartedAt;
    // What was proposed in this turn is part of the log already: it goes to the disk with the rest, or the log would
    // differ from what learners were sent.
    this.#leader?.endTurn();
    this.#leader?.close();
    this.#learner?.close();
    this.#leader = this.#learner = undefined;
    this.#state.stop(this.#stopAt === undefined);
    this.#leaving = false;
    this.#why = why;
    if (this.#stopAt !== undefined) return this.#end();
    this.#configurations.forget();
    this.#toldConfig = undefined;
    this.#look();
  }

  #look(): void {
    this.#setRole('looking');
    this.#lookingSince = this.#context.now;
    this.#fence = this.#context.newToken();
    this.#output.disk.push({ kind: 'fence', token: this.#fence });
  }

  #fenced(tail: LogMark): void {
    this.#fence = undefined;
    this.history.settle(this.history.logStart, tail);
    // What a synchronisation brought that was given up is not in the log.
    this.#configurations.truncated(tail.index);
    const own: Candidate = {
      leader: this.settings.id,
      zxid: tail.zxid,
      peerEpoch: this.#context.epochs.currentEpoch,
      blank: this.#context.blank,
    };
    const mayVote =
      isVoter(this.#context, this.settings.id) && !this.#context.suspect && !this.#context.needsSnapshot;
    this.#output.peerNotes.push({ kind: 'looking', round: this.#election.round + 1, why: this.#why });
    this.#election.start(this.#context.now, own, mayVote);
    const unheard = [...this.#unheard];
    this.#unheard.clear();
    for (const [from, notification] of unheard) this.#notified(from, notification);
  }

  #elected(vote: Candidate): void {
    this.#electionMs = this.#context.now - this.#lookingSince;
    this.#output.peerNotes.push({ kind: 'elected', leader: vote.leader, tookMs: this.#electionMs });
    if (vote.leader === this.settings.id) {
      this.#election.settle('leading');
      this.#setRole('leading');
      const leader = new Leader(this.#context, this.#restartedAt);
      this.#leader = leader;
      for (const { link, peer, messages } of this.#early.take()) {
        leader.linkUp(link, peer);
        for (const message of messages) leader.receive(link, message);
      }
    } else {
      const role = isVoter(this.#context, this.settings.id) ? 'following' : 'observing';
      this.#election.settle(role);
      this.#setRole(role);
      this.#early.close();
      this.#learner = new Learner(this.#context, vote.leader);
    }
  }

  #setRole(role: PeerRole): void {
    if (this.#role === role) return;
    this.#role = role;
    this.settings.trace?.({ kind: 'role', role });
  }

  #logFailed(): void {
    if (this.#role === 'stopped') return;
    this.#leader?.close();
    this.#learner?.close();
    this.#leader = this.#learner = undefined;
    this.#fence = undefined;
    this.#election.settle('looking');
    this.#context.forgetSaving();
    this.#early.close();
    this.#setRole('stopped');
    this.#state.stop(false);
  }

  #goOnStopping(): void {
    if (this.#stopAt === undefined || this.#role === 'stopped') return;
    if (this.#leader === undefined || !this.#leader.established) {
      if (this.#leader !== undefined || this.#learner !== undefined) this.#leave('the server stops');
      else this.#end();
      return;
    }
    if (this.#leader.drained || this.#context.now >= this.#stopAt) this.#leader.handOver('the server stops');
  }

  #end(): void {
    this.#election.settle('looking');
    this.#early.close();
    this.#setRole('stopped');
    // Whoever waits here for the next leader waits in vain.
    this.#state.stop(false);
  }

  // --- network ---------------------------------------------------------------------------------------------------

  #notified(from: ServerId, notification: Notification): void {
    if (this.#role === 'stopped') return;
    if (this.#fence !== undefined) {
      this.#unheard.set(from, notification);
      return;
    }
    if (this.#isNews(from, notification)) {
      // Who votes is another question now, also for this server and its candidate.
      this.#unheard.set(from, notification);
      this.#why = `server ${from} has news of the configuration`;
      return this.#look();
    }
    this.#election.receive(from, notification);
    if (notification.state === 'looking') this.#leader?.deserted(from, notification.round);
  }

  /**
   * Whether a member tells this server, which looks for a leader, something about configurations: that the one that its
   * log holds is committed, or that there is one it does not have. Without that, votes of those that left with it would
   * count here, and nowhere else, and those that join with it would be unknown (zab.md 1.3).
   */
  #isNews(from: ServerId, { configVersion, config }: Notification): boolean {
    if (this.#role !== 'looking') return false;
    const { effective } = this.#configurations;
    if (!effective.some(({ members }) => members.has(from))) return false;
    if (this.#configurations.committed(configVersion)) return true;
    // Everybody says the same all the time.
    if (config === undefined || config === this.#toldConfig) return false;
    this.#toldConfig = config;
    const told = this.#state.configurationIn(config);
    if (told === undefined) return false;
    // One that is not in force only asks for more votes: the election goes on.
    const inForce = told.version === configVersion;
    return this.#configurations.heard(told, inForce) && inForce;
  }

  #linkUp(link: LinkId, peer: ServerId, dialled: boolean): void {
    if (dialled) {
      if (this.#learner?.leader === peer) this.#learner.linkUp(link);
      else this.#output.links.push({ kind: 'close', link });
      return;
    }
    if (this.#leader !== undefined) return this.#leader.linkUp(link, peer);
    if (this.#role !== 'looking') {
      this.#output.links.push({ kind: 'close', link });
      return;
    }
    this.#early.linkUp(link, peer);
  }

  #linkDown(link: LinkId): void {
    this.#early.linkDown(link);
    this.#leader?.linkDown(link);
    this.#learner?.linkDown(link);
  }

  #packet(link: LinkId, message: PeerMessage): void {
    if (isToLeader(message)) {
      if (this.#leader !== undefined) return this.#leader.receive(link, message);
      return this.#early.receive(link, message);
    }
    this.#learner?.receive(link, message);
  }

  get #output(): PeerOutput {
    return this.#context.out;
  }
}

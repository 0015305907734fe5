/**
 * One server's part in the ensemble: looks for a leader, leads or follows until that ends, and looks again. A role
 * begins only when everything that the one before gave to the disk has arrived there (the fence), so that a vote
 * never hides a record, and no late write lands in a log that was cut meanwhile (zab.md 1.3, 1.8).
 */
import type { LogRecord, Writer } from '../codec/index.js';
import { OpCode, type Zxid } from '../types/index.js';
import { assert } from '../util/index.js';
import type { Configuration } from './configuration.js';
import { Configurations } from './configurations.js';
import { isVoter, type PeerContext } from './context.js';
import { Election, type Candidate } from './election.js';
import { History } from './history.js';
import { Leader } from './leader.js';
import { Learner } from './learner.js';
import type { LearnerHandler } from './learnerHandler.js';
import { LOG_START, type Epochs, type LogBatch, type LogMark } from './mark.js';
import type { Notification, PeerMessage, ServerId, ToLeader, ToLearner } from './messages.js';
import type { Boot, DiskInput, LinkId, NetworkInput, PeerOutput, Token } from './ports.js';
import { recordsIn } from './records.js';
import type { PeerSettings } from './settings.js';
import type { Asker, StateMachine } from './stateMachine.js';

/** What an operator sees as `Mode:`, and two states in between. */
export type PeerRole = 'stopped' | 'looking' | 'leading' | 'following' | 'observing';

/** Outstanding writes of a leader that is told to stop may take so long. */
const HAND_OVER_MS_MAX = 300;

/** A learner that found its leader before the leader knew. */
interface Early {
  readonly link: LinkId;
  readonly messages: ToLeader[];
}

export class QuorumPeer {
  readonly settings: PeerSettings;
  readonly history: History;
  readonly #state: StateMachine;
  readonly #outputOf: () => PeerOutput;
  readonly #election: Election;
  readonly #context: PeerContext;
  readonly #saving = new Map<Token, Epochs>();
  /** What came while there was no vote to answer with. */
  readonly #unheard = new Map<ServerId, Notification>();
  readonly #early = new Map<ServerId, Early>();
  readonly #configurations: Configurations;
  #epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  #suspect = false;
  #trustBlank = false;
  #role: PeerRole = 'stopped';
  #leader: Leader | undefined;
  #learner: Learner | undefined;
  #fence: Token | undefined;
  #why = '';
  #nextToken: Token = 1;
  #now = 0;
  #lookingSince = 0;
  #electionMs = 0;
  #restartedAt = -Infinity;
  #stopAt: number | undefined;
  #leaving = false;
  #reconfigured = false;
  #alone: boolean;

  /** @param output collects the effects of the step that is under way */
  constructor(settings: PeerSettings, state: StateMachine, output: () => PeerOutput) {
    this.#outputOf = output;
    this.settings = settings;
    this.#state = state;
    const configurations = new Configurations(settings.configuration);
    this.#configurations = configurations;
    this.#alone =
      settings.configuration.isQuorum((id) => id === settings.id) && settings.configuration.members.size <= 1;
    this.history = new History(settings.cacheBytes);
    this.#election = new Election({
      id: settings.id,
      get configurations() {
        return configurations.effective;
      },
      finalizeWaitMs: settings.finalizeWaitMs,
      notify: (to, notification) => this.#output.notifications.push({ to, notification }),
      elected: (vote) => this.#elected(vote),
    });
    this.#context = this.#makeContext();
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
    return this.#epochs;
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
    return this.#alone;
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
    if (this.#role === 'stopped') this.history.restart(LOG_START, mark);
  }

  /** Records of the own log, in order. */
  known(batch: LogBatch): void {
    this.history.append(batch);
    for (const record of recordsIn(batch.bytes)) this.#logged(record);
  }

  /** As a server alone, which needs nobody to say so: records up to here are applied. */
  forgetApplied(index: number): void {
    this.history.trim(index);
  }

  // --- inputs ----------------------------------------------------------------------------------------------------

  start(boot: Boot): void {
    assert(this.#role === 'stopped', 'a term begins while another one lasts');
    this.#epochs = boot.epochs;
    this.#suspect = boot.suspect;
    this.#trustBlank = boot.trustBlank;
    this.#context.secret = boot.secret;
    this.#context.needsSnapshot = boot.needsSnapshot ?? false;
    this.#now = boot.now;
    this.history.settle(boot.logStart, boot.tail);
    this.#why = 'start';
    this.#look();
  }

  tick(now: number): void {
    this.#now = now;
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
        this.#epochsSaved(input.epochs);
        break;
      case 'synchronised':
        this.#epochsSaved(this.#saving.get(input.token) ?? this.#epochs);
        this.#saving.delete(input.token);
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
    this.#stopAt = this.#now + HAND_OVER_MS_MAX;
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
    this.#look();
  }

  #look(): void {
    this.#setRole('looking');
    this.#lookingSince = this.#now;
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
      peerEpoch: this.#epochs.currentEpoch,
      blank: this.#isBlank,
    };
    const mayVote =
      isVoter(this.#context, this.settings.id) &&
      (!this.#suspect || this.#alone) &&
      !this.#context.needsSnapshot;
    this.#output.peerNotes.push({ kind: 'looking', round: this.#election.round + 1, why: this.#why });
    this.#election.start(this.#now, own, mayVote);
    const unheard = [...this.#unheard];
    this.#unheard.clear();
    for (const [from, notification] of unheard) this.#notified(from, notification);
  }

  #elected(vote: Candidate): void {
    this.#electionMs = this.#now - this.#lookingSince;
    this.#output.peerNotes.push({ kind: 'elected', leader: vote.leader, tookMs: this.#electionMs });
    if (vote.leader === this.settings.id) {
      this.#election.settle('leading');
      this.#setRole('leading');
      const leader = new Leader(this.#context, this.#restartedAt);
      this.#leader = leader;
      for (const [peer, { link, messages }] of this.#early) {
        leader.linkUp(link, peer);
        for (const message of messages) leader.receive(link, message);
      }
    } else {
      const role = isVoter(this.#context, this.settings.id) ? 'following' : 'observing';
      this.#election.settle(role);
      this.#setRole(role);
      this.#closeEarly();
      this.#learner = new Learner(this.#context, vote.leader);
    }
    this.#early.clear();
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
    this.#saving.clear();
    this.#closeEarly();
    this.#setRole('stopped');
    this.#state.stop(false);
  }

  /** Learners that took this server for a leader wait for one that will not be. */
  #closeEarly(): void {
    for (const { link } of this.#early.values()) this.#output.links.push({ kind: 'close', link });
    this.#early.clear();
  }

  #goOnStopping(): void {
    if (this.#stopAt === undefined || this.#role === 'stopped') return;
    if (this.#leader === undefined || !this.#leader.established) {
      if (this.#leader !== undefined || this.#learner !== undefined) this.#leave('the server stops');
      else this.#end();
      return;
    }
    if (this.#leader.drained || this.#now >= this.#stopAt) this.#leader.handOver('the server stops');
  }

  #end(): void {
    this.#election.settle('looking');
    this.#closeEarly();
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
    this.#election.receive(from, notification);
    if (notification.state === 'looking') this.#leader?.deserted(from, notification.round);
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
    const former = this.#early.get(peer);
    if (former !== undefined) this.#output.links.push({ kind: 'close', link: former.link });
    this.#early.set(peer, { link, messages: [] });
  }

  #linkDown(link: LinkId): void {
    for (const [peer, early] of this.#early) if (early.link === link) this.#early.delete(peer);
    this.#leader?.linkDown(link);
    this.#learner?.linkDown(link);
  }

  #packet(link: LinkId, message: PeerMessage): void {
    if (isToLeader(message)) {
      if (this.#leader !== undefined) return this.#leader.receive(link, message);
      for (const early of this.#early.values())
        if (early.link === link && early.messages.length < 4) early.messages.push(message);
      return;
    }
    this.#learner?.receive(link, message);
  }

  // --- the rest --------------------------------------------------------------------------------------------------

  /** It never had an epoch's history, so it cannot know what others acknowledged with it. */
  get #isBlank(): boolean {
    return this.#epochs.currentEpoch === 0 && this.history.tail.index === 0 && !this.#trustBlank;
  }

  #logged(record: LogRecord): void {
    if (record.type !== OpCode.reconfig) return;
    const configuration = this.#state.configurationOf(record);
    if (configuration !== undefined) this.#configurations.logged(Number(record.index), configuration);
  }

  #epochsSaved(epochs: Epochs): void {
    if (epochs.currentEpoch > this.#epochs.currentEpoch) this.#suspect = false;
    this.#epochs = epochs;
  }

  get #output(): PeerOutput {
    return this.#outputOf();
  }

  #makeContext(): PeerContext {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- getters of an object literal have a `this` of their own
    const peer = this;
    return {
      settings: this.settings,
      history: this.history,
      state: this.#state,
      election: this.#election,
      secret: Buffer.alloc(0),
      needsSnapshot: false,
      get configurations() {
        return peer.#configurations.effective;
      },
      get epochs() {
        return peer.#epochs;
      },
      get blank() {
        return peer.#isBlank;
      },
      get suspect() {
        return peer.#suspect && !peer.#alone;
      },
      get now() {
        return peer.#now;
      },
      get out() {
        return peer.#output;
      },
      savingEpochs: (token, epochs) => peer.#saving.set(token, epochs),
      logged: (record) => peer.#logged(record),
      truncated: (index) => peer.#configurations.truncated(index),
      newToken: () => peer.#nextToken++,
      leave: (why) => peer.#leave(why),
    };
  }
}

/** Neither side is believed about which way a message goes. */
function isToLeader(message: PeerMessage): message is ToLeader {
  switch (message.kind) {
    case 'followerInfo':
    case 'ackEpoch':
    case 'wantSnapshot':
    case 'chunkStaged':
    case 'ackNewLeader':
    case 'ack':
    case 'pong':
    case 'request':
    case 'revalidate':
    case 'sync':
      return true;
    default:
      return false;
  }
}

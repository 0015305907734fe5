/**
 * The state machine of a server: requests in, log records and frames out. It composes ZAB, tree, sessions and watches
 * and knows no clock, disk or socket; the host loop and the simulator drive the same code.
 *
 * A write is prepared by the leader against the outstanding state, proposed, and applied by everyone once it is
 * committed; then its events leave, then its reply. A read is answered from the tree, after the connection's own earlier
 * writes.
 */
import { Reader, type LogRecord } from '../codec/index.js';
import type { Sessions } from '../session/index.js';
import { CONFIG, type Tree } from '../tree/index.js';
import {
  NO_SESSION,
  OpCode,
  ZXID_ZERO,
  isTxnType,
  readTxn,
  sessionIdOf,
  typeOfTxn,
  type SessionId,
  type Zxid,
} from '../types/index.js';
import { assert } from '../util/index.js';
import type { Watches } from '../watch/index.js';
import {
  Configuration,
  QuorumPeer,
  aloneSettings,
  type Answer,
  type Asker,
  type Boot,
  type FromLeader,
  type FromLearner,
  type LogBatch,
  type PeerSettings,
  type StateMachine,
} from '../zab/index.js';
import { Applier } from './applier.js';
import { Clients } from './clients.js';
import type { DigestLog } from './digestLog.js';
import { encodeFlush } from './flush.js';
import { Forwarder } from './forwarder.js';
import { Handshake, type HandshakeParts, type Service } from './handshake.js';
import { LocalSessions } from './localSessions.js';
import type { ConnectInput, ConnectionId, Input, Output } from './messages.js';
import type { LogMark } from './ports.js';
import type { ProposalStats } from './proposalStats.js';
import { Proposer } from './proposer.js';
import { Requests } from './requests.js';
import type { EngineSettings } from './settings.js';
import { State } from './state.js';
import { WaitingConnects } from './waitingConnects.js';

/** Sessions do not grow older by more than this between two ticks: a server that was paused expires nobody for it. */
const CLOCK_STEP_MS_MAX = 1000;

export class Engine implements StateMachine {
  readonly peer: QuorumPeer;
  readonly #settings: EngineSettings;
  readonly #peerSettings: PeerSettings;
  readonly #state: State;
  readonly #clients: Clients;
  readonly #proposer: Proposer;
  readonly #forwarder: Forwarder;
  readonly #local: LocalSessions;
  readonly #handshake: Handshake;
  readonly #requests: Requests;
  readonly #waiting: WaitingConnects;
  readonly #applier: Applier;
  #service: Service = 'none';
  #clock = 0;
  #now: number | undefined;
  #time = 0n;
  #out: Output | undefined;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
    const id = settings.serverId;
    const peer = settings.peer ?? aloneSettings(id, new Configuration([{ id, role: 'participant' }]));
    const { counterStart } = settings;
    this.#peerSettings = counterStart === undefined ? peer : { ...peer, counterStart };
    const output = (): Output => this.#output;
    this.#state = new State(settings.tickMs, settings.configText, settings.hashSeed);
    this.peer = new QuorumPeer(this.#peerSettings, this, output);
    this.#clients = new Clients(this.#state, settings, output);
    this.#proposer = new Proposer(this.#state, settings, () => this.peer, output);
    this.#forwarder = new Forwarder(() => this.peer);
    this.#local = new LocalSessions(settings.tickMs);
    this.#waiting = new WaitingConnects(this.#peerSettings.peerTimeoutMs);
    this.#applier = new Applier({
      state: this.#state,
      clients: this.#clients,
      proposer: this.#proposer,
      forwarder: this.#forwarder,
      history: this.peer.history,
      clock: () => this.#clock,
      reconfigured: (mark) => this.peer.configurationApplied(mark.index),
      trace: this.#peerSettings.trace,
    });
    const parts: HandshakeParts = {
      settings,
      serverId: this.#peerSettings.id,
      state: this.#state,
      clients: this.#clients,
      proposer: this.#proposer,
      forwarder: this.#forwarder,
      local: this.#local,
      service: () => this.#service,
      clock: () => this.#clock,
    };
    this.#handshake = new Handshake(parts);
    this.#requests = new Requests({ ...parts, handshake: this.#handshake, peer: this.peer });
  }

  // --- what may be looked at ---------------------------------------------------------------------------------------

  get tree(): Tree {
    return this.#state.tree;
  }

  /** Global sessions, as of the last applied record. */
  get sessions(): Sessions {
    return this.#state.sessions;
  }

  /** Sessions that only this server knows. */
  get localSessions(): LocalSessions {
    return this.#local;
  }

  /** The membership as clients read it. */
  get configText(): string {
    return this.tree.get(CONFIG)?.data?.toString() ?? '';
  }

  get watches(): Watches {
    return this.#clients.watches;
  }

  get digests(): DigestLog {
    return this.#state.digests;
  }

  /** True while clients are served, if only with reads. */
  get serving(): boolean {
    return this.#service !== 'none';
  }

  get service(): Service {
    return this.#service;
  }

  /** Zxid of the last applied txn; epoch and 0 before the first one of an epoch. */
  get lastZxid(): Zxid {
    return this.#state.lastZxid;
  }

  /** Where the log stood after the last applied txn. */
  get applied(): LogMark {
    return this.#state.applied;
  }

  get appliedIndex(): number {
    return this.#state.applied.index;
  }

  /** Writes under way. */
  get outstanding(): number {
    return this.#proposer.length + this.#forwarder.length;
  }

  /** What it proposed as leader. */
  get proposalStats(): ProposalStats {
    return this.#proposer.stats;
  }

  /** Bytes of their records. */
  get outstandingBytes(): number {
    return this.#proposer.bytes;
  }

  /** Connections that are through their handshake. */
  get connected(): number {
    return this.#clients.connected;
  }

  /** True while the connection has a request that waits for the disk, or for one that does. */
  isWaiting(connection: ConnectionId): boolean {
    return (this.#clients.get(connection)?.waiting.length ?? 0) > 0;
  }

  /** Milliseconds on the clock by which sessions expire. */
  get sessionClock(): number {
    return this.#clock;
  }

  /** Which session a connection speaks for; NO_SESSION before its handshake. */
  sessionOf(connection: ConnectionId): SessionId {
    return this.#clients.get(connection)?.session ?? NO_SESSION;
  }

  // --- start-up ----------------------------------------------------------------------------------------------------

  /** Forgets tree and sessions: their rows follow, then `restored`. */
  beginRestore(): void {
    this.#state.clear();
    this.#proposer.reset();
  }

  /** Puts back a session as `tree.db` kept it. */
  restoreSession(id: bigint, timeOut: number): void {
    this.#state.sessions.open(sessionIdOf(id), timeOut, this.#clock);
  }

  /** What `tree.db` holds was put back into tree and sessions: the log goes on behind `mark`. */
  restored(mark: LogMark): void {
    this.#state.restored(mark);
    this.#proposer.reset();
    this.peer.restored(mark);
    // Where no txn brought it, it is this server's own.
    if ((this.tree.get(CONFIG)?.mzxid ?? ZXID_ZERO) === ZXID_ZERO) return;
    const configuration = this.#settings.memberships?.parse(this.configText);
    if (configuration !== undefined) this.peer.configurationRestored(configuration);
  }

  /** The log failed and can be written again: its records behind what is applied follow, then `start`. */
  rejoin(): void {
    this.peer.restored(this.applied);
  }

  /**
   * Records of the own log, in order. They are applied once a leader says that they are committed; a server that is
   * alone needs nobody to say so.
   * @param batch stays in memory until then
   */
  replay(batch: LogBatch): void {
    this.peer.known(batch);
    if (!this.peer.isAlone) return;
    this.#applier.commit(batch.last.index);
    this.peer.forgetApplied(batch.last.index);
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  /** Takes one input; adds what follows from it to `out`. */
  step(input: Input, out: Output): void {
    this.#out = out;
    switch (input.kind) {
      case 'request':
        this.#requests.request(input);
        break;
      case 'connect':
        this.#connect(input);
        break;
      case 'tick':
        this.#tick(input.now, input.time);
        break;
      case 'identities': {
        const connection = this.#clients.get(input.connection);
        if (connection !== undefined) connection.identities = input.identities;
        break;
      }
      case 'disconnect':
        this.#waiting.forget(input.connection);
        this.#clients.forget(input.connection);
        break;
      case 'room':
        this.#proposer.hasRoom = input.hasRoom;
        break;
      case 'reap':
        if (this.#service === 'leading') this.#proposer.reap(input.time, input.most);
        break;
      case 'start':
        this.#start(input);
        break;
      case 'stop':
        this.peer.stop();
        break;
      case 'notification':
      case 'electionLink':
      case 'linkUp':
      case 'linkDown':
      case 'dialFailed':
      case 'packet':
        this.peer.network(input);
        break;
      default:
        this.peer.disk(input);
    }
    this.#out = undefined;
  }

  /** Ends a turn: what was proposed in it leaves for the disks, in one batch. */
  endTurn(out: Output): void {
    this.#out = out;
    this.peer.endTurn();
    this.#out = undefined;
  }

  /** Changes since the last call as a jute `TreeFlush` for `tree.db`; undefined when there are none. */
  takeFlush(): Buffer | undefined {
    return encodeFlush(this.applied, this.tree, this.sessions);
  }

  /** Znodes and sessions that the next flush will hold. */
  get unflushed(): number {
    return this.tree.changesCount + this.sessions.changesCount;
  }

  // --- roles -------------------------------------------------------------------------------------------------------

  #start(boot: Boot): void {
    this.#now = boot.now;
    this.#time = boot.time;
    this.#handshake.start(boot.time);
    this.peer.start(boot);
  }

  serve(role: 'leading' | 'following' | 'observing', epoch: number): void {
    this.#endReadOnly();
    this.#state.epochBegan(epoch);
    this.#proposer.reset();
    this.#forwarder.reset();
    if (role === 'leading') this.sessions.restart(this.#clock);
    this.#service = role;
    this.#output.notes.push({ kind: 'serving', role, epoch });
    for (const input of this.#waiting.end()) this.#handshake.connect(input);
  }

  stop(goesOn: boolean): void {
    if (this.#service !== 'none') this.#output.notes.push({ kind: 'notServing' });
    this.#service = 'none';
    this.#proposer.reset();
    this.#forwarder.reset();
    this.#requests.reset();
    this.#local.clear();
    // Those who wait for a leader go on waiting. The others have requests in flight of which nobody knows what came, or
    // may be elsewhere already, which the next leader does not know.
    if (!goesOn) this.#waiting.end();
    this.#clients.closeAll('leadership lost', (id) => this.#waiting.has(id));
  }

  #endReadOnly(): void {
    if (this.#service !== 'readOnly') return;
    this.#service = 'none';
    this.#local.clear();
    this.#clients.closeAll('read-only mode ended');
  }

  #connect(input: ConnectInput): void {
    this.#clients.open(input.connection, input.identities);
    const isLooking = this.#service === 'none' && this.peer.role !== 'stopped';
    if (isLooking) this.#waiting.add(input, this.#clock);
    else this.#handshake.connect(input);
  }

  // --- between servers ---------------------------------------------------------------------------------------------

  confirmed(token: number, index: number): void {
    this.#requests.confirmed(token, index);
  }

  forwarded(asker: Asker, message: FromLearner): void {
    this.#requests.forwarded(asker, message, this.#time);
  }

  touched(sessions: readonly SessionId[]): void {
    for (const session of sessions) this.sessions.touch(session, this.#clock);
  }

  takeTouched(): SessionId[] {
    return this.#forwarder.takeTouched();
  }

  answers(answers: readonly Answer[]): void {
    this.#forwarder.answers(answers);
  }

  answered(message: FromLeader): void {
    this.#requests.answered(message);
  }

  configurationIn(text: string): Configuration | undefined {
    try {
      return this.#settings.memberships?.parse(text);
    } catch {
      // It came from another server: what cannot be read says nothing.
      return undefined;
    }
  }

  isReadable(record: LogRecord): boolean {
    const { type, payload } = record;
    // Of what has no say before it is applied only the type: to read all of it twice would slow every follower down.
    if (!isTxnType(type) || typeOfTxn(payload) !== type) return false;
    if (type !== OpCode.reconfig || this.#settings.memberships === undefined) return true;
    try {
      return this.configurationOf(record) !== undefined;
    } catch {
      return false;
    }
  }

  configurationOf(record: LogRecord): Configuration | undefined {
    const { txn } = readTxn(Reader.over(record.payload));
    if (txn.type !== OpCode.reconfig) return undefined;
    return this.#settings.memberships?.parse(txn.record.data?.toString() ?? '');
  }

  replaced(): void {
    // Watches would be told nothing of what lies between the two states.
    this.#endReadOnly();
  }

  commit(index: number): void {
    // There is a leader: who was shown what may be old hears of what is new in another session.
    this.#endReadOnly();
    this.#applier.commit(index);
  }

  // --- time --------------------------------------------------------------------------------------------------------

  #tick(now: number, time: bigint): void {
    this.#clock += Math.min(now - (this.#now ?? now), CLOCK_STEP_MS_MAX);
    this.#now = now;
    this.#time = time;
    this.peer.tick(now);
    for (const session of this.#local.expired(this.#clock)) {
      this.#output.notes.push({ kind: 'sessionExpired', sessionId: session });
      this.#local.end(session);
      const owner = this.#clients.ownerOf(session);
      if (owner !== undefined) this.#clients.close(owner, 'session expired');
    }
    if (this.#service === 'leading') this.#proposer.expire(this.#clock - this.peer.reportLagMs, time);
    else if (this.#service === 'none') {
      for (const id of this.#waiting.takeOverdue(this.#clock)) this.#clients.close(id, 'not serving');
      this.#maybeReadOnly(now);
    }
  }

  #maybeReadOnly(now: number): void {
    const { lookingSince, isStateless } = this.peer;
    if (this.#settings.readOnlyMode !== true || lookingSince === undefined || isStateless) return;
    if (now - lookingSince < Math.max(READ_ONLY_AFTER_MS, this.#peerSettings.peerTimeoutMs)) return;
    this.#service = 'readOnly';
    this.#output.notes.push({ kind: 'serving', role: 'readOnly', epoch: 0 });
  }

  get #output(): Output {
    assert(this.#out !== undefined, 'an effect outside of a step');
    return this.#out;
  }
}

/** So long without a leader, and reads are better than nothing (zab.md 1.10). */
const READ_ONLY_AFTER_MS = 2000;

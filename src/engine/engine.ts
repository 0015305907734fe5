/**
 * The state machine of a server: requests in, log records and frames out. It composes ZAB, tree, sessions and watches
 * and knows no clock, disk or socket; the host loop and the simulator drive the same code.
 *
 * A write is prepared against the outstanding state, proposed, and applied once it is committed; then its events
 * leave, then its reply. A read is answered from the tree, after the connection's own earlier writes.
 */
import type { TxnHeader } from '../codec/index.js';
import { Sessions } from '../session/index.js';
import {
  Outstanding,
  Tree,
  applyTxn,
  parentOf,
  permits,
  prepare,
  type Change,
  type Identity,
  type InternalRequest,
  type OpResult,
  type PrepareContext,
} from '../tree/index.js';
import {
  KeeperError,
  NO_SESSION,
  OpCode,
  Perms,
  isWrite,
  sessionIdOf,
  writeTxn,
  zxidOf,
  type EventType,
  type ReadRequest,
  type SessionId,
  type Txn,
  type WriteRequest,
  type Zxid,
} from '../types/index.js';
import { Queue, assert, unreachable } from '../util/index.js';
import { Watches } from '../watch/index.js';
import { Broadcast, type LogBatch } from '../zab/index.js';
import { ClientConnection, type Waiting } from './connection.js';
import { DigestLog } from './digestLog.js';
import { encodeFlush } from './flush.js';
import type {
  CloseReason,
  ConnectInput,
  ConnectionId,
  Input,
  Output,
  ReplyBody,
  RequestInput,
} from './messages.js';
import { LOG_START, type LogMark } from './ports.js';
import { executeRead, type ReadState } from './reads.js';
import type { EngineSettings } from './settings.js';
import { bodyOf, mayGrow, type Proposal } from './writes.js';

/** What a reply to an op code without meaning carries. */
const UNKNOWN_ZXID = zxidOf(-1n);

const WRITE: Waiting = { kind: 'write' };

/** Sessions do not grow older by more than this between two ticks: a server that was paused expires nobody for it. */
const CLOCK_STEP_MS_MAX = 1000;

export class Engine {
  readonly tree = new Tree();
  readonly sessions: Sessions;
  readonly watches = new Watches();
  readonly digests = new DigestLog();

  readonly #settings: EngineSettings;
  readonly #outstanding = new Outstanding(this.tree);
  readonly #proposals = new Queue<Proposal>();
  readonly #connections = new Map<ConnectionId, ClientConnection>();
  /** Which connection speaks for a session. */
  readonly #owners = new Map<SessionId, ConnectionId>();
  readonly #syncs = new Queue<{ readonly index: number; readonly connection: ConnectionId }>();
  readonly #reads: ReadState;
  #broadcast: Broadcast | undefined;
  #serving = false;
  #applied: LogMark = LOG_START;
  #outstandingBytes = 0;
  #lastZxid: Zxid = LOG_START.zxid;
  #nextSession = 0n;
  #epochAsked = 0;
  #hasRoom = true;
  #clock = 0;
  #now: number | undefined;
  #out: Output | undefined;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
    this.sessions = new Sessions(settings.tickMs);
    this.#reads = {
      tree: this.tree,
      watches: this.watches,
      acl: settings.prepare.acl,
      multiReadBytesMax: settings.multiReadBytesMax ?? 16 * 1024 * 1024,
      // Catch-up events carry no zxid, as in ZooKeeper.
      emitCatchUp: (connection, type, path) => this.#emit(connection, type, path, -1n),
      spend: (entries) => (this.#output.effort += entries),
    };
  }

  /** True while clients are served. */
  get serving(): boolean {
    return this.#serving;
  }

  /** Zxid of the last applied txn; epoch and 0 before the first one of an epoch. */
  get lastZxid(): Zxid {
    return this.#lastZxid;
  }

  /** Where the log stood after the last applied txn. */
  get applied(): LogMark {
    return this.#applied;
  }

  /** Writes that wait for the disk. */
  get outstanding(): number {
    return this.#proposals.length;
  }

  /** Bytes of their records. */
  get outstandingBytes(): number {
    return this.#outstandingBytes;
  }

  /** Connections that are through their handshake. */
  get connected(): number {
    return this.#owners.size;
  }

  /** True while the connection has a request that waits for the disk, or for one that does. */
  isWaiting(connection: ConnectionId): boolean {
    return (this.#connections.get(connection)?.waiting.length ?? 0) > 0;
  }

  /** Milliseconds on the clock by which sessions expire. */
  get sessionClock(): number {
    return this.#clock;
  }

  /** Which session a connection speaks for; NO_SESSION before its handshake. */
  sessionOf(connection: ConnectionId): SessionId {
    return this.#connections.get(connection)?.session ?? NO_SESSION;
  }

  /** Applies a record of the own log at start-up. @param payload as `writeTxn` wrote it */
  replay(mark: LogMark, header: TxnHeader, txn: Txn): void {
    assert(mark.index === this.#applied.index + 1, `record ${mark.index} follows ${this.#applied.index}`);
    this.#apply(mark, header, txn, []);
  }

  /** Puts back a session as `tree.db` kept it. */
  restoreSession(id: bigint, timeOut: number): void {
    this.sessions.open(sessionIdOf(id), timeOut, this.#clock);
  }

  /** What `tree.db` holds was put back into tree and sessions: the log goes on behind `mark`. */
  restored(mark: LogMark): void {
    this.tree.restored();
    this.sessions.takeChanges();
    this.#applied = mark;
    this.#lastZxid = mark.zxid;
  }

  /** Takes one input; adds what follows from it to `out`. */
  step(input: Input, out: Output): void {
    this.#out = out;
    switch (input.kind) {
      case 'request':
        this.#request(input);
        break;
      case 'connect':
        this.#connect(input);
        break;
      case 'persisted':
        this.#persisted(input.index);
        break;
      case 'tick':
        this.#tick(input.now, input.time);
        break;
      case 'identities': {
        const connection = this.#connections.get(input.connection);
        if (connection !== undefined) connection.identities = input.identities;
        break;
      }
      case 'disconnect':
        this.#forget(input.connection);
        break;
      case 'room':
        this.#hasRoom = input.hasRoom;
        break;
      case 'reap':
        this.#reap(input.time, input.most);
        break;
      case 'lead':
        this.#lead(input);
        break;
      case 'epochsDurable':
        this.#epochDurable(input.epochs.currentEpoch);
        break;
      case 'logFailed':
        this.#logFailed();
        break;
      default:
        unreachable(input);
    }
    this.#out = undefined;
  }

  /** The records proposed since the last call: to be written to the log before the turn's frames leave. */
  takeBatch(): LogBatch | undefined {
    return this.#broadcast?.takeBatch();
  }

  /** Changes since the last call as a jute `TreeFlush` for `tree.db`; undefined when there are none. */
  takeFlush(): Buffer | undefined {
    return encodeFlush(this.#applied, this.tree, this.sessions);
  }

  /** Znodes and sessions that the next flush will hold. */
  get unflushed(): number {
    return this.tree.changesCount + this.sessions.changesCount;
  }

  // --- leading ---------------------------------------------------------------------------------------------------

  #lead({ epochs, tail, time }: Extract<Input, { kind: 'lead' }>): void {
    assert(this.#broadcast === undefined, 'a term begins while another one lasts');
    // What reached the disk before the log failed is committed: this server is the quorum.
    this.#applyTo(tail.index);
    this.#proposals.clear();
    this.#outstandingBytes = 0;
    this.#outstanding.clear();
    assert(
      this.#applied.index === tail.index,
      `the log ends at ${tail.index}, applied is ${this.#applied.index}`,
    );
    const epoch = Math.max(epochs.acceptedEpoch, epochs.currentEpoch) + 1;
    this.#broadcast = new Broadcast(tail, epoch, this.#settings.counterStart);
    this.#askForEpoch(epoch);
    // (server id, 40 bits of the clock, 16 bits to count in): ids of earlier terms are never given again.
    this.#nextSession = BigInt.asIntN(
      64,
      (BigInt(this.#settings.serverId) << 56n) | ((time & 0xff_ffff_ffffn) << 16n),
    );
  }

  #askForEpoch(epoch: number): void {
    this.#epochAsked = epoch;
    this.#output.epochs = { acceptedEpoch: epoch, currentEpoch: epoch };
  }

  #epochDurable(epoch: number): void {
    if (this.#broadcast === undefined || epoch !== this.#epochAsked) return;
    this.#broadcast.beginEpoch(epoch);
    if (this.#serving) return;
    this.#serving = true;
    this.#lastZxid = this.#broadcast.epochStart;
    this.sessions.restart(this.#clock);
    this.#output.notes.push({ kind: 'serving', epoch });
  }

  #logFailed(): void {
    this.#serving = false;
    this.#broadcast = undefined;
    this.#outstanding.clear();
    for (const id of [...this.#connections.keys()]) this.#close(id, 'leadership lost');
    this.#syncs.clear();
  }

  // --- connections -----------------------------------------------------------------------------------------------

  #connect(input: ConnectInput): void {
    const { connection: id, sessionId } = input;
    const connection = new ClientConnection(id, input.identities);
    this.#connections.set(id, connection);
    if (!this.#serving) return this.#close(id, 'not serving');
    // Not an invalid session: the client is to try another server and keep what it has (monotonic reads).
    if (input.lastZxidSeen > this.#lastZxid) return this.#close(id, 'client has seen a later zxid');
    const { sessionTimeoutMsMin, sessionTimeoutMsMax } = this.#settings;
    const timeOut = Math.min(Math.max(input.timeOut, sessionTimeoutMsMin), sessionTimeoutMsMax);
    if (sessionId === NO_SESSION) {
      const opened = this.#newSessionId();
      this.#propose(opened, 0, { type: OpCode.createSession, timeOut }, input.time, connection);
      return;
    }
    if (!input.passwordValid || !this.sessions.isOpen(sessionId)) {
      this.#forget(id);
      this.#connected(id, NO_SESSION, 0);
      return;
    }
    const former = this.#owners.get(sessionId);
    if (former !== undefined) this.#close(former, 'session moved to another connection');
    this.sessions.touch(sessionId, this.#clock, timeOut);
    this.#attach(connection, sessionId, timeOut);
  }

  #newSessionId(): SessionId {
    const id = sessionIdOf(this.#nextSession);
    this.#nextSession = BigInt.asIntN(64, this.#nextSession + 1n);
    return id;
  }

  #attach(connection: ClientConnection, session: SessionId, timeOut: number): void {
    connection.session = session;
    this.#owners.set(session, connection.id);
    this.#connected(connection.id, session, timeOut);
  }

  #close(id: ConnectionId, reason: CloseReason): void {
    this.#forget(id);
    this.#output.clients.push({ kind: 'close', connection: id, reason });
  }

  #forget(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    this.watches.removeWatcher(id);
    if (this.#owners.get(connection.session) === id) this.#owners.delete(connection.session);
  }

  // --- requests --------------------------------------------------------------------------------------------------

  #request({ connection: id, xid, request, time }: RequestInput): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.closing || connection.session === NO_SESSION) return;
    this.sessions.touch(connection.session, this.#clock);
    if (isWrite(request)) {
      this.#propose(connection.session, xid, request, time, connection);
      connection.waiting.push(WRITE);
      if (request.type === OpCode.closeSession) connection.closing = true;
    } else if (request.type === OpCode.sync) {
      const index = this.#broadcast?.lastProposed.index ?? 0;
      connection.waiting.push({ kind: 'sync', xid, path: request.record.path, index });
      this.#syncs.push({ index, connection: id });
      this.#syncsUpTo(this.#applied.index);
    } else if (connection.waiting.length === 0) {
      this.#answer(connection, connection.identities, xid, request);
    } else {
      connection.waiting.push({ kind: 'read', xid, request, identities: connection.identities });
    }
  }

  #answer(
    connection: ClientConnection,
    identities: readonly Identity[],
    xid: number,
    request: ReadRequest,
  ): void {
    let body: ReplyBody | undefined;
    let err = 0;
    try {
      body = executeRead(this.#reads, { connection, identities }, request);
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      err = error.wireCode;
    }
    const unknown = request.type === 'unknown';
    this.#reply(connection.id, xid, unknown ? UNKNOWN_ZXID : this.#lastZxid, err, body);
    if (unknown) this.#close(connection.id, 'unknown request');
    // Clients do not look at this error: one that went on would wait for events that never come.
    const watchesLost = request.type === OpCode.setWatches || request.type === OpCode.setWatches2;
    if (watchesLost && err !== 0) this.#close(connection.id, 'too many watches');
  }

  /** Answers what had to wait, up to the next write that is not applied. */
  #drain(connection: ClientConnection): void {
    const { waiting } = connection;
    for (let head = waiting.peek(); head !== undefined; head = waiting.peek()) {
      if (head.kind === 'write' || (head.kind === 'sync' && head.index > this.#applied.index)) return;
      waiting.shift();
      if (head.kind === 'read') this.#answer(connection, head.identities, head.xid, head.request);
      else this.#reply(connection.id, head.xid, this.#lastZxid, 0, { kind: 'path', path: head.path });
      // An unknown request ends the connection: what was pipelined behind it is not answered, and watches nothing.
      if (!this.#connections.has(connection.id)) return;
    }
  }

  #syncsUpTo(index: number): void {
    for (
      let next = this.#syncs.peek();
      next !== undefined && next.index <= index;
      next = this.#syncs.peek()
    ) {
      this.#syncs.shift();
      const connection = this.#connections.get(next.connection);
      if (connection !== undefined) this.#drain(connection);
    }
  }

  #propose(
    session: SessionId,
    cxid: number,
    request: WriteRequest | InternalRequest,
    time: bigint,
    connection: ClientConnection | undefined,
  ): void {
    const broadcast = this.#broadcast;
    assert(broadcast !== undefined, 'a write is proposed while nobody leads');
    const zxid = broadcast.nextZxid;
    this.#outstanding.zxid = zxid;
    const txn = this.#prepare(session, request, connection);
    const header: TxnHeader = { clientId: session, cxid, zxid, time, type: txn.type };
    let bytes = 0;
    const mark = broadcast.propose(txn.type, (w) => {
      const start = w.length;
      writeTxn(w, header, txn);
      bytes = w.length - start;
    });
    this.#outstandingBytes += bytes;
    this.#proposals.push({
      mark,
      header,
      txn,
      bytes,
      connection: connection?.id,
      xid: cxid,
      op: request.type,
    });
    if (request.type === OpCode.closeSession) this.sessions.markClosing(session);
    if (broadcast.nearlyExhausted && this.#epochAsked === broadcast.epoch)
      this.#askForEpoch(broadcast.epoch + 1);
  }

  /** A write that fails its checks is a txn too: it is answered in order, from confirmed state (design D14). */
  #prepare(
    session: SessionId,
    request: WriteRequest | InternalRequest,
    connection: ClientConnection | undefined,
  ): Txn {
    const context: PrepareContext = {
      tree: this.tree,
      settings: this.#settings.prepare,
      session,
      identities: connection?.identities ?? [],
      onQuotaExceeded: (prefix, what) => this.#output.notes.push({ kind: 'quotaExceeded', prefix, what }),
    };
    try {
      if (
        request.type !== OpCode.createSession &&
        connection !== undefined &&
        !this.sessions.isOpen(session)
      ) {
        throw new KeeperError('SESSIONEXPIRED');
      }
      if (!this.#hasRoom && mayGrow(request))
        throw new KeeperError('SYSTEMERROR', undefined, 'the disk is nearly full');
      return prepare(this.#outstanding, request, context);
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      return { type: OpCode.error, record: { err: error.wireCode } };
    }
  }

  // --- applying --------------------------------------------------------------------------------------------------

  #persisted(index: number): void {
    if (this.#broadcast !== undefined) this.#applyTo(this.#broadcast.persisted(index));
  }

  #applyTo(index: number): void {
    for (
      let next = this.#proposals.peek();
      next !== undefined && next.mark.index <= index;
      next = this.#proposals.peek()
    ) {
      this.#proposals.shift();
      this.#outstandingBytes -= next.bytes;
      this.#deliver(next);
      // Now, and not after the last: the next record may be a write that stands behind such a sync.
      this.#syncsUpTo(next.mark.index);
    }
  }

  /** Applies a committed proposal: first its events, then its reply, then what waited behind it. */
  #deliver(proposal: Proposal): void {
    const { mark, header, txn } = proposal;
    const connection =
      proposal.connection === undefined ? undefined : this.#connections.get(proposal.connection);
    const results: OpResult[] | undefined = connection === undefined ? undefined : [];
    const changes: Change[] = [];
    this.#apply(mark, header, txn, changes, results);
    this.#outstanding.applied(mark.zxid);
    for (const change of changes) this.#trigger(change, mark.zxid);
    if (txn.type === OpCode.createSession) {
      if (connection !== undefined)
        this.#attach(connection, sessionIdOf(header.clientId), txn.record.timeOut);
      return;
    }
    if (connection !== undefined && results !== undefined) {
      const waited = connection.waiting.shift();
      assert(waited?.kind === 'write', 'a write is answered out of its order');
      const [first] = results;
      const err = txn.type === OpCode.multi ? 0 : (first?.err ?? 0);
      const body = err === 0 ? bodyOf(proposal.op, txn, results) : undefined;
      this.#reply(connection.id, proposal.xid, mark.zxid, err, body);
    }
    if (txn.type === OpCode.closeSession) {
      const owner = this.#owners.get(sessionIdOf(header.clientId));
      if (owner !== undefined)
        this.#close(owner, owner === proposal.connection ? 'session closed' : 'session expired');
    } else if (connection !== undefined) {
      this.#drain(connection);
    }
  }

  #apply(mark: LogMark, header: TxnHeader, txn: Txn, changes: Change[], results?: OpResult[]): void {
    applyTxn(this.tree, header, txn, changes, results);
    const session = sessionIdOf(header.clientId);
    if (txn.type === OpCode.createSession) this.sessions.open(session, txn.record.timeOut, this.#clock);
    else if (txn.type === OpCode.closeSession) this.sessions.end(session);
    this.#applied = mark;
    this.#lastZxid = zxidOf(header.zxid);
    this.digests.note(mark.zxid, this.tree);
  }

  #trigger(change: Change, zxid: Zxid): void {
    const { path, acl, parentAcl } = change;
    // Whoever may not read what changed does not hear of it, though its watch is used up.
    const emit = (watcher: ConnectionId, type: EventType, at: string): void => {
      const connection = this.#connections.get(watcher);
      if (connection === undefined) return;
      const guard = at === path ? acl : parentAcl;
      if (permits(guard, Perms.read, connection.identities, this.#settings.prepare.acl)) {
        this.#emit(watcher, type, at, zxid);
      }
    };
    switch (change.kind) {
      case 'created':
        return this.watches.created(path, parentOf(path), emit);
      case 'deleted':
        return this.watches.deleted(path, parentOf(path), emit);
      case 'dataChanged':
        return this.watches.dataChanged(path, emit);
      default:
        return unreachable(change.kind);
    }
  }

  // --- time ------------------------------------------------------------------------------------------------------

  #tick(now: number, time: bigint): void {
    this.#clock += Math.min(now - (this.#now ?? now), CLOCK_STEP_MS_MAX);
    this.#now = now;
    if (!this.#serving) return;
    for (const session of this.sessions.expired(this.#clock)) {
      this.#output.notes.push({ kind: 'sessionExpired', sessionId: session });
      this.#propose(session, 0, { type: OpCode.closeSession }, time, undefined);
    }
  }

  #reap(time: bigint, most: number): void {
    if (!this.#serving) return;
    const neverUsedMsMax = BigInt(this.#settings.containerNeverUsedMsMax);
    for (const path of this.tree.reapable(time, neverUsedMsMax, most)) {
      // Something about it is under way: used again, refreshed or going. The next sweep will see what came of it.
      if (this.#outstanding.node(path) !== this.tree.node(path)) continue;
      this.#propose(NO_SESSION, 0, { type: OpCode.deleteContainer, path }, time, undefined);
    }
  }

  // --- effects ---------------------------------------------------------------------------------------------------

  get #output(): Output {
    assert(this.#out !== undefined, 'an effect outside of a step');
    return this.#out;
  }

  #emit(connection: ConnectionId, type: EventType, path: string, zxid: bigint): void {
    this.#output.clients.push({ kind: 'event', connection, type, path, zxid });
  }

  #connected(connection: ConnectionId, sessionId: SessionId, timeOut: number): void {
    this.#output.clients.push({ kind: 'connected', connection, sessionId, timeOut, zxid: this.#lastZxid });
  }

  #reply(connection: ConnectionId, xid: number, zxid: Zxid, err: number, body: ReplyBody | undefined): void {
    this.#output.clients.push({ kind: 'reply', connection, xid, zxid, err, body });
  }
}

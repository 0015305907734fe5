/**
 * The connections of this server's clients: who speaks for which session, what waits for its turn, and the frames that
 * leave. Replies leave in the order of requests; a read behind the connection's own write waits for it.
 */
import { permits, parentOf, type Change, type Identity } from '../tree/index.js';
import {
  KeeperError,
  NO_SESSION,
  OpCode,
  Perms,
  zxidOf,
  type EventType,
  type ReadRequest,
  type SessionId,
  type Zxid,
} from '../types/index.js';
import { Queue, unreachable } from '../util/index.js';
import { Watches } from '../watch/index.js';
import { ClientConnection, type WaitingSync } from './connection.js';
import type { CloseReason, ConnectionId, Output, ReplyBody } from './messages.js';
import { executeRead, type ReadState } from './reads.js';
import type { EngineSettings } from './settings.js';
import type { State } from './state.js';

/** What a reply to an op code without meaning carries. */
const UNKNOWN_ZXID = zxidOf(-1n);

export class Clients {
  readonly watches = new Watches();
  readonly #state: State;
  readonly #settings: EngineSettings;
  readonly #output: () => Output;
  readonly #connections = new Map<ConnectionId, ClientConnection>();
  /** Which connection speaks for a session. */
  readonly #owners = new Map<SessionId, ConnectionId>();
  /** Confirmed syncs that wait for a record to be applied, in its order. */
  readonly #syncs = new Queue<{ readonly index: number; readonly connection: ConnectionId }>();
  readonly #reads: ReadState;

  constructor(state: State, settings: EngineSettings, output: () => Output) {
    this.#state = state;
    this.#settings = settings;
    this.#output = output;
    this.#reads = {
      get tree() {
        return state.tree;
      },
      watches: this.watches,
      acl: settings.prepare.acl,
      multiReadBytesMax: settings.multiReadBytesMax ?? 16 * 1024 * 1024,
      longListBytes: settings.longListBytes ?? Infinity,
      noteLongList: (path, { length, encoded }) =>
        output().notes.push({ kind: 'longList', path, children: length, bytes: encoded.byteLength }),
      watchesMax: settings.watchesPerSessionMax ?? Infinity,
      // Catch-up events carry no zxid, as in ZooKeeper.
      emitCatchUp: (connection, type, path) => this.emit(connection, type, path, -1n),
      spend: (entries) => (output().effort += entries),
    };
  }

  /** Connections that are through their handshake. */
  get connected(): number {
    return this.#owners.size;
  }

  get(id: ConnectionId): ClientConnection | undefined {
    return this.#connections.get(id);
  }

  ownerOf(session: SessionId): ConnectionId | undefined {
    return this.#owners.get(session);
  }

  open(id: ConnectionId, identities: readonly Identity[]): ClientConnection {
    const connection = new ClientConnection(id, identities);
    this.#connections.set(id, connection);
    return connection;
  }

  attach(connection: ClientConnection, session: SessionId, timeOut: number): void {
    const former = this.#owners.get(session);
    if (former !== undefined) this.close(former, 'session moved to another connection');
    connection.session = session;
    this.#owners.set(session, connection.id);
    this.#connectedEffect(connection.id, session, timeOut, connection.readOnly);
  }

  /** The session cannot be had: it is over, or never was. */
  refuse(id: ConnectionId): void {
    this.forget(id);
    this.#connectedEffect(id, NO_SESSION, 0, false);
  }

  close(id: ConnectionId, reason: CloseReason): void {
    this.forget(id);
    this.#output().clients.push({ kind: 'close', connection: id, reason });
  }

  /** @param stays which connections are kept all the same @default none */
  closeAll(reason: CloseReason, stays: (id: ConnectionId) => boolean = () => false): void {
    for (const id of [...this.#connections.keys()]) if (!stays(id)) this.close(id, reason);
    this.#syncs.clear();
  }

  forget(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    this.watches.removeWatcher(id);
    if (this.#owners.get(connection.session) === id) this.#owners.delete(connection.session);
  }

  // --- answers ---------------------------------------------------------------------------------------------------

  answer(
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
    this.reply(connection.id, xid, unknown ? UNKNOWN_ZXID : this.#state.lastZxid, err, body);
    if (unknown) this.close(connection.id, 'unknown request');
    // Clients do not look at this error: one that went on would wait for events that never come.
    const watchesLost = request.type === OpCode.setWatches || request.type === OpCode.setWatches2;
    if (watchesLost && err !== 0) this.close(connection.id, 'too many watches');
  }

  /** Answers what had to wait, up to the next write that is not applied. */
  drain(connection: ClientConnection): void {
    const { waiting } = connection;
    for (let head = waiting.peek(); head !== undefined; head = waiting.peek()) {
      if (head.kind === 'write') return;
      if (head.kind === 'sync' && (head.index ?? Infinity) > this.#state.applied.index) return;
      waiting.shift();
      if (head.kind === 'read') this.answer(connection, head.identities, head.xid, head.request);
      else this.reply(connection.id, head.xid, this.#state.lastZxid, 0, { kind: 'path', path: head.path });
      // An unknown request ends the connection: what was pipelined behind it is not answered, and watches nothing.
      if (!this.#connections.has(connection.id)) return;
    }
  }

  /** A sync was confirmed: it is answered once `index` is applied. */
  syncConfirmed(connection: ConnectionId, sync: WaitingSync, index: number): void {
    sync.index = index;
    this.#syncs.push({ index, connection });
    this.syncsUpTo(this.#state.applied.index);
  }

  syncsUpTo(index: number): void {
    for (
      let next = this.#syncs.peek();
      next !== undefined && next.index <= index;
      next = this.#syncs.peek()
    ) {
      this.#syncs.shift();
      const connection = this.#connections.get(next.connection);
      if (connection !== undefined) this.drain(connection);
    }
  }

  // --- effects ---------------------------------------------------------------------------------------------------

  /** Sends the events of a change. */
  trigger(change: Change, zxid: Zxid): void {
    if (this.watches.isEmpty) return;
    const { path, acl, parentAcl } = change;
    // Whoever may not read what changed does not hear of it, though its watch is used up.
    const emit = (watcher: ConnectionId, type: EventType, at: string): void => {
      const connection = this.#connections.get(watcher);
      if (connection === undefined) return;
      const guard = at === path ? acl : parentAcl;
      if (permits(guard, Perms.read, connection.identities, this.#settings.prepare.acl)) {
        this.emit(watcher, type, at, zxid);
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

  emit(connection: ConnectionId, type: EventType, path: string, zxid: bigint): void {
    this.#output().clients.push({ kind: 'event', connection, type, path, zxid });
  }

  reply(connection: ConnectionId, xid: number, zxid: Zxid, err: number, body: ReplyBody | undefined): void {
    this.#output().clients.push({ kind: 'reply', connection, xid, zxid, err, body });
  }

  #connectedEffect(connection: ConnectionId, sessionId: SessionId, timeOut: number, readOnly: boolean): void {
    const zxid = this.#state.lastZxid;
    this.#output().clients.push({ kind: 'connected', connection, sessionId, timeOut, zxid, readOnly });
  }
}

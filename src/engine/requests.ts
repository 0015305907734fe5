/**
 * What becomes of a request. A write is proposed by the leader and goes to it from elsewhere; a sync asks the leader as
 * well; a read is answered here, behind the connection's own earlier writes. What a learner forwards ends up as what
 * clients of the leader ask.
 */
import { Reader } from '../codec/index.js';
import type { InternalRequest } from '../tree/index.js';
import {
  KeeperError,
  NO_SESSION,
  OpCode,
  isWrite,
  readRequest,
  serverOf,
  type Request,
  type SessionId,
  type WriteRequest,
} from '../types/index.js';
import { assert } from '../util/index.js';
import type { Asker, FromLeader, FromLearner, QuorumPeer } from '../zab/index.js';
import type { ClientConnection, WaitingSync } from './connection.js';
import type { Handshake, HandshakeParts } from './handshake.js';
import { LocalSessions } from './localSessions.js';
import type { ConnectionId, RequestInput } from './messages.js';

/** Parts of the engine that a request touches. */
export interface RequestsParts extends HandshakeParts {
  readonly handshake: Handshake;
  readonly peer: QuorumPeer;
}

/** Who asked for a sync: a client here, or a learner. */
type SyncAsker =
  { readonly connection: ConnectionId; readonly sync: WaitingSync } | { readonly asker: Asker };

export class Requests {
  readonly #own: RequestsParts;
  /** As leader: those that a quorum has to confirm, by token. */
  readonly #syncs = new Map<number, SyncAsker>();
  #nextSync = 1;

  constructor(parts: RequestsParts) {
    this.#own = parts;
  }

  /** The role is over: no sync will be confirmed. */
  reset(): void {
    this.#syncs.clear();
  }

  /** A client of this server asks. Requests of connections that are closing, or have no session yet, are dropped. */
  request(input: RequestInput): void {
    const { connection: id, xid, request } = input;
    const connection = this.#own.clients.get(id);
    if (connection === undefined || connection.closing || connection.session === NO_SESSION) return;
    this.#touch(connection);
    if (connection.readOnly && (isWrite(request) || request.type === OpCode.sync))
      return this.#refuseReadOnly(connection, xid, request);
    if (isWrite(request)) return this.#write(connection, input, request);
    if (request.type === OpCode.sync) {
      const sync: WaitingSync = { kind: 'sync', xid, path: request.record.path, index: undefined };
      connection.waiting.push(sync);
      if (this.#own.service() === 'leading') this.#sync({ connection: id, sync });
      else this.#own.forwarder.sync(id, sync);
    } else if (connection.waiting.length === 0) {
      this.#own.clients.answer(connection, connection.identities, xid, request);
    } else {
      connection.waiting.push({ kind: 'read', xid, request, identities: connection.identities });
    }
  }

  #touch({ session, local }: ClientConnection): void {
    if (local) this.#own.local.touch(session, this.#own.clock());
    else if (this.#own.service() === 'leading') this.#own.state.sessions.touch(session, this.#own.clock());
    else this.#own.forwarder.touch(session);
  }

  #refuseReadOnly(connection: ClientConnection, xid: number, request: Request): void {
    if (request.type === OpCode.closeSession) return this.#closeLocal(connection, xid);
    const { wireCode } = new KeeperError('NOTREADONLY');
    this.#own.clients.reply(connection.id, xid, this.#own.state.lastZxid, wireCode, undefined);
  }

  #write(connection: ClientConnection, input: RequestInput, request: WriteRequest): void {
    const { xid, time, raw } = input;
    if (connection.local) {
      if (request.type === OpCode.closeSession) return this.#closeLocal(connection, xid);
      if (LocalSessions.needsGlobal(request)) {
        const timeOut = this.#own.local.timeoutOf(connection.session);
        if (this.#own.settings.localSessionsUpgrading !== true || timeOut === undefined) {
          const { wireCode } = new KeeperError('EPHEMERALONLOCALSESSION');
          return this.#own.clients.reply(connection.id, xid, this.#own.state.lastZxid, wireCode, undefined);
        }
        // The session stays what it is for its client; from now on everybody knows it.
        this.#own.local.end(connection.session);
        connection.local = false;
        this.#own.handshake.createSession(connection, connection.session, timeOut, time);
      }
    }
    connection.waiting.push({ kind: 'write' });
    if (this.#own.service() === 'leading') this.#propose(connection.session, xid, request, time, connection);
    else {
      assert(raw !== undefined, 'a write that has to be forwarded comes without its bytes');
      this.#own.forwarder.request(connection, xid, request.type, raw.op, raw.body);
    }
    if (request.type === OpCode.closeSession) connection.closing = true;
  }

  #closeLocal(connection: ClientConnection, xid: number): void {
    this.#own.local.end(connection.session);
    this.#own.clients.reply(connection.id, xid, this.#own.state.lastZxid, 0, undefined);
    this.#own.clients.close(connection.id, 'session closed');
  }

  #propose(
    session: SessionId,
    cxid: number,
    request: WriteRequest | InternalRequest,
    time: bigint,
    { id, identities, local }: ClientConnection,
  ): void {
    this.#own.proposer.propose(session, cxid, request, time, {
      identities,
      connection: id,
      asker: undefined,
      localSession: local,
    });
  }

  #sync(asker: SyncAsker): void {
    const token = this.#nextSync++;
    this.#syncs.set(token, asker);
    this.#own.peer.sync(token);
  }

  /** As leader: a quorum confirmed the sync `token`; it is answered once the record `index` is applied. */
  confirmed(token: number, index: number): void {
    const sync = this.#syncs.get(token);
    this.#syncs.delete(token);
    if (sync === undefined) return;
    if ('asker' in sync)
      this.#own.peer.tell(sync.asker, { kind: 'synced', request: sync.asker.request, index });
    else this.#own.clients.syncConfirmed(sync.connection, sync.sync, index);
  }

  // --- of learners -------------------------------------------------------------------------------------------------

  /** As leader: a learner asks for one of its clients. @param time wall clock, ms since 1970 */
  forwarded(asker: Asker, message: FromLearner, time: bigint): void {
    if (message.kind === 'sync') return this.#sync({ asker });
    const { session } = message;
    if (message.kind === 'revalidate') {
      const valid = this.#own.handshake.revalidate(
        session,
        this.#own.handshake.negotiate(message.timeoutMs),
        asker.learner,
      );
      return this.#own.peer.tell(asker, { kind: 'revalidated', request: asker.request, valid });
    }
    const reader = Reader.over(message.body);
    let request: Request | InternalRequest;
    // Not a client's bytes, which its server has looked at: nobody did that with these.
    if (message.op === OpCode.createSession && reader.remaining === 4)
      request = { type: OpCode.createSession, timeOut: this.#own.handshake.negotiate(reader.int()) };
    else request = readRequest(message.op, reader);
    if (request.type !== OpCode.createSession && !isWrite(request))
      request = { type: OpCode.error, code: 'MARSHALLINGERROR' };
    this.#own.state.sessions.touch(session, this.#own.clock());
    this.#own.proposer.propose(session, message.cxid, request, time, {
      identities: message.identities,
      connection: undefined,
      asker,
      localSession: this.#isLocalOf(session, asker),
    });
  }

  /** A learner vouches for sessions that it alone knows. */
  #isLocalOf(session: SessionId, { learner }: Asker): boolean {
    const enabled = this.#own.settings.localSessions === true;
    return enabled && serverOf(session) === learner && !this.#own.state.sessions.has(session);
  }

  // --- as learner --------------------------------------------------------------------------------------------------

  /** The leader answers what no record answers. */
  answered(message: FromLeader): void {
    const answered = this.#own.forwarder.answered(message);
    if (answered === undefined) return;
    if (answered.kind === 'sync')
      return this.#own.clients.syncConfirmed(answered.connection, answered.sync, answered.index);
    const connection = this.#own.clients.get(answered.connection);
    if (connection === undefined) return;
    if (message.kind === 'revalidated' && message.valid)
      this.#own.clients.attach(connection, answered.session, answered.timeOut);
    else this.#own.clients.refuse(answered.connection);
  }
}

/** How a client gets its session: a new one, the one it had, or a local one; and when it has to go elsewhere. */
import { NO_SESSION, OpCode, sessionIdOf, type SessionId } from '../types/index.js';
import type { Clients } from './clients.js';
import type { ClientConnection } from './connection.js';
import type { Forwarder } from './forwarder.js';
import type { LocalSessions } from './localSessions.js';
import type { ConnectInput } from './messages.js';
import type { Proposer } from './proposer.js';
import type { EngineSettings } from './settings.js';
import type { State } from './state.js';

/** How clients are served: not at all, by a member of a quorum, or with reads only, without one (zab.md 1.10). */
export type Service = 'none' | 'leading' | 'following' | 'observing' | 'readOnly';

/** Parts of the engine that a handshake touches. */
export interface HandshakeParts {
  readonly settings: EngineSettings;
  readonly serverId: number;
  readonly state: State;
  readonly clients: Clients;
  readonly proposer: Proposer;
  readonly forwarder: Forwarder;
  readonly local: LocalSessions;
  readonly service: () => Service;
  /** By which sessions expire. */
  readonly clock: () => number;
}

export class Handshake {
  readonly #own: HandshakeParts;
  #nextSession = 0n;

  constructor(parts: HandshakeParts) {
    this.#own = parts;
  }

  /** @param time wall clock: (server id, 40 bits of it, 16 bits to count in), so that no id is ever given again */
  start(time: bigint): void {
    const id = BigInt(this.#own.settings.serverId);
    this.#nextSession = BigInt.asIntN(64, (id << 56n) | ((time & 0xff_ffff_ffffn) << 16n));
  }

  /** A client, whose connection is open, says whose session it wants. */
  connect(input: ConnectInput): void {
    const { connection: id, sessionId } = input;
    const connection = this.#own.clients.get(id);
    if (connection === undefined) return;
    if (this.#own.service() === 'none') return this.#own.clients.close(id, 'not serving');
    if (this.#own.service() === 'leading' && this.#own.settings.leaderServes === false)
      return this.#own.clients.close(id, 'not serving');
    if (this.#own.service() === 'readOnly') return this.#connectReadOnly(connection, input);
    // Not an invalid session: the client is to try another server and keep what it has (monotonic reads).
    if (input.lastZxidSeen > this.#own.state.lastZxid)
      return this.#own.clients.close(id, 'client has seen a later zxid');
    const timeOut = this.negotiate(input.timeOut);
    if (sessionId === NO_SESSION) return this.#openSession(connection, timeOut, input.time);
    if (!input.passwordValid) return this.#own.clients.refuse(id);
    if (this.#own.local.has(sessionId)) {
      this.#own.local.touch(sessionId, this.#own.clock(), timeOut);
      connection.local = true;
      return this.#own.clients.attach(connection, sessionId, timeOut);
    }
    if (this.#own.service() !== 'leading') return this.#own.forwarder.revalidate(id, sessionId, timeOut);
    if (!this.revalidate(sessionId, timeOut, this.#own.serverId)) return this.#own.clients.refuse(id);
    this.#own.clients.attach(connection, sessionId, timeOut);
  }

  /** Brings a session timeout into its bounds, ms. */
  negotiate(timeOut: number): number {
    const { sessionTimeoutMsMin, sessionTimeoutMsMax } = this.#own.settings;
    return Math.min(Math.max(timeOut, sessionTimeoutMsMin), sessionTimeoutMsMax);
  }

  #openSession(connection: ClientConnection, timeOut: number, time: bigint): void {
    const session = this.#newSessionId();
    if (this.#own.settings.localSessions === true) {
      connection.local = true;
      this.#own.local.open(session, timeOut, this.#own.clock());
      this.#own.clients.attach(connection, session, timeOut);
    } else this.createSession(connection, session, timeOut, time);
  }

  /** Makes the session known to the ensemble. */
  createSession(connection: ClientConnection, session: SessionId, timeOut: number, time: bigint): void {
    if (this.#own.service() !== 'leading')
      return this.#own.forwarder.createSession(connection, session, timeOut);
    this.#own.proposer.propose(session, 0, { type: OpCode.createSession, timeOut }, time, {
      identities: connection.identities,
      connection: connection.id,
      asker: undefined,
      localSession: false,
    });
  }

  /** As leader: whether the session lives; then its client speaks through `server` from now on. */
  revalidate(session: SessionId, timeOut: number, server: number): boolean {
    if (!this.#own.proposer.isOpen(session)) return false;
    this.#own.state.sessions.touch(session, this.#own.clock(), timeOut);
    this.#own.proposer.speaksThrough(session, server);
    return true;
  }

  #connectReadOnly(connection: ClientConnection, input: ConnectInput): void {
    const { id } = connection;
    if (input.readOnly !== true) return this.#own.clients.close(id, 'not serving');
    if (input.lastZxidSeen > this.#own.state.lastZxid)
      return this.#own.clients.close(id, 'client has seen a later zxid');
    const known =
      input.sessionId !== NO_SESSION && input.passwordValid && this.#own.local.has(input.sessionId);
    // A session of the ensemble keeps its ephemerals: it is not answered for without a quorum.
    if (input.sessionId !== NO_SESSION && !known) return this.#own.clients.close(id, 'not serving');
    const timeOut = this.negotiate(input.timeOut);
    const session = known ? input.sessionId : this.#newSessionId();
    connection.local = connection.readOnly = true;
    this.#own.local.open(session, timeOut, this.#own.clock());
    this.#own.clients.attach(connection, session, timeOut);
  }

  #newSessionId(): SessionId {
    const id = sessionIdOf(this.#nextSession);
    this.#nextSession = BigInt.asIntN(64, this.#nextSession + 1n);
    return id;
  }
}

/**
 * The life of a session over any number of connections: finding a server, keeping the session alive, setting up
 * identities and watches again after a break, and the end.
 *
 * What goes out on each new connection, in this order:
 *   1. ConnectRequest; the answer is awaited, because only it says whether there is a session;
 *   2. the SASL login, if asked for, answer by answer;
 *   3. all identities, so that whatever follows is judged by them;
 *   4. setWatches, so that the catch-up events come before any reply that shows a newer state;
 *   5. the requests that waited, in the order in which they were made.
 */
import type { ConnectResponse } from '../codec/index.js';
import { KeeperError, sessionIdOf, Xid, ZXID_ZERO, type SessionId, type Zxid } from '../types/index.js';
import type { Chroot } from './chroot.js';
import { about, Connection, type ConnectionHandler } from './connection.js';
import { asError, connectionLoss } from './errors.js';
import { Emitter, type ClientEvents, type ClientState, type StateEvent } from './events.js';
import { Heartbeat } from './heartbeat.js';
import { operations } from './operations.js';
import type { AuthInfo, ClientConfig } from './options.js';
import { acceptsWrites } from './probe.js';
import { Request, type Operation, type Pending } from './request.js';
import { login } from './sasl.js';
import { formatAddress, ServerList } from './serverList.js';
import { WaitingRequests } from './waiting.js';
import { WatchRegistry, type EndReason } from './watches.js';

type Phase =
  /** Between two attempts. */
  | { readonly kind: 'waiting' }
  /** TCP, handshake or SASL under way. */
  | { readonly kind: 'opening'; readonly connection: Connection }
  | {
      readonly kind: 'open';
      readonly connection: Connection;
      readonly heartbeat: Heartbeat;
      readonly sinceMs: number;
    }
  | { readonly kind: 'ended'; readonly reason: EndReason };

/** An identity and, until a server has accepted it for the first time, whoever waits for that. */
interface AuthEntry {
  readonly info: AuthInfo;
  settle: { resolve(): void; reject(error: Error): void } | undefined;
}

/** A connection that breaks sooner than this after its handshake counts as a failed attempt: no tight loops. */
const SHORT_LIFE_MS = 1000;
/** Longest pause between two rounds of attempts, as a share of the session timeout. */
const SESSION_PAUSE_SHARE = 1 / 4;

export class Session implements ConnectionHandler {
  readonly chroot: Chroot;
  readonly watches: WatchRegistry;
  readonly events = new Emitter<ClientEvents>();
  sessionId: SessionId;
  /** 16 bytes that prove the ownership of the session. */
  password: Buffer;
  /** As negotiated; what was asked for until then. */
  timeoutMs: number;
  lastZxidSeen: Zxid;
  state: ClientState = 'connecting';

  readonly #config: ClientConfig;
  readonly #servers: ServerList;
  #auth: AuthEntry[];
  /** Made while there was no connection, oldest first. */
  readonly #waiting: WaitingRequests;
  #phase: Phase = { kind: 'waiting' };
  /** Attempts since a connection last did well. */
  #failedAttempts = 0;
  #lastError: Error = new Error('no server has been tried yet');
  /** A server that accepts writes has confirmed the session at some time. */
  #established = false;
  /** There was a connection before: watches may have to be set up again. */
  #started = false;
  #closing: Promise<void> | undefined;
  /** The next attempt, the end of the present one, or the next look for a server that accepts writes. */
  #timer: NodeJS.Timeout | undefined;

  constructor(config: ClientConfig) {
    this.#config = config;
    this.chroot = config.chroot;
    this.watches = new WatchRegistry(config.chroot);
    this.#servers = new ServerList(config.servers, config.shuffle ? config.random : undefined);
    this.sessionId = config.session?.sessionId ?? sessionIdOf(0n);
    this.password = Buffer.from(config.session?.password ?? Buffer.alloc(16));
    this.lastZxidSeen = config.session?.lastZxidSeen ?? ZXID_ZERO;
    this.timeoutMs = config.sessionTimeoutMs;
    // Beyond the timeout the servers have most likely ended the session.
    this.#waiting = new WaitingRequests(
      () => (this.#established ? this.timeoutMs : config.connectTimeoutMs),
      (request) => request.fail(connectionLoss(request.path, this.#lastError)),
    );
    this.#auth = config.auth.map((info) => ({ info, settle: undefined }));
    this.#attempt();
  }

  /** True while requests go straight to a server. */
  get isOpen(): boolean {
    return this.#phase.kind === 'open';
  }

  /** Expired, refused or closed. */
  get hasEnded(): boolean {
    return this.#phase.kind === 'ended';
  }

  /** The server connected to, `host:port`. */
  get server(): string | undefined {
    return this.#phase.kind === 'open' ? formatAddress(this.#phase.connection.server) : undefined;
  }

  /** Requests sent and not answered plus those that wait for a connection. */
  get outstanding(): number {
    const sent = this.#phase.kind === 'open' ? this.#phase.connection.outstanding : 0;
    return sent + this.#waiting.length;
  }

  /** Why the last connection or attempt failed. */
  get lastError(): Error {
    return this.#lastError;
  }

  /** Sends a request now, or as soon as there is a connection. */
  submit(request: Pending, xid?: number): void {
    if (this.#closing !== undefined) {
      request.fail(this.endError(request.path));
      return;
    }
    this.#submit(request, xid);
  }

  /** As `submit`, for callers that want the result. */
  call<A, T>(
    operation: Operation<A, T>,
    args: A,
    path: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const request = new Request(operation, args, path);
    if (signal !== undefined) request.abortBy(signal);
    this.submit(request);
    return request.promise;
  }

  /** Adds an identity, for this and all later connections. */
  addAuth(info: AuthInfo): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.endError(undefined));
    return new Promise((resolve, reject) => {
      const entry: AuthEntry = { info, settle: { resolve, reject } };
      this.#auth.push(entry);
      if (this.#phase.kind === 'open') this.#authenticate(this.#phase.connection, entry);
    });
  }

  /**
   * Ends the session behind all requests made so far.
   * @param keepSession leave it to the servers, to be resumed or to expire
   */
  close(keepSession: boolean): Promise<void> {
    this.#closing ??= this.#close(keepSession);
    return this.#closing;
  }

  async #close(keepSession: boolean): Promise<void> {
    if (this.#phase.kind === 'ended') return;
    const hopeless = this.#phase.kind === 'waiting' && this.#failedAttempts >= this.#servers.length;
    const unused = this.sessionId === 0n && this.#waiting.length === 0;
    if (keepSession || hopeless || unused) {
      if (this.#phase.kind === 'open') this.#phase.connection.flush();
      this.#end({ type: 'closed' });
      return;
    }
    const request = new Request(operations.closeSession, undefined, undefined);
    this.#submit(request);
    const limit = setTimeout(() => request.fail(this.endError(undefined)), this.#config.closeTimeoutMs);
    // Whatever goes wrong now, the client is closed; without a reply the session is left to expire.
    await request.promise.catch(() => undefined);
    clearTimeout(limit);
    this.#end({ type: 'closed' });
  }

  onOpen(connection: Connection): void {
    connection.greet({
      protocolVersion: 0,
      lastZxidSeen: this.lastZxidSeen,
      timeOut: this.#config.sessionTimeoutMs,
      // The id that a read-only server hands out means nothing to the others.
      sessionId: this.#established || this.#config.session !== undefined ? this.sessionId : 0n,
      passwd: this.password,
      readOnly: this.#config.readOnly,
    });
  }

  onConnectResponse(connection: Connection, response: ConnectResponse): void {
    if (response.timeOut <= 0) {
      this.#end({ type: 'expired' });
      return;
    }
    const resumed = this.sessionId !== 0n && response.sessionId === this.sessionId;
    this.sessionId = sessionIdOf(response.sessionId);
    this.password = Buffer.from(response.passwd ?? Buffer.alloc(16));
    this.timeoutMs = response.timeOut;
    const readOnly = response.readOnly === true;
    if (this.#config.sasl === undefined) this.#start(connection, readOnly, resumed);
    else void this.#login(connection, readOnly, resumed);
  }

  onWatchEvent(type: number, path: string, zxid: Zxid): void {
    this.watches.dispatch(type, path, zxid, (event) => this.events.emit('watchEvent', event));
  }

  onZxid(zxid: Zxid): void {
    if (zxid > this.lastZxidSeen) this.lastZxidSeen = zxid;
  }

  onClosed(connection: Connection, error: Error, unanswered: Pending[]): void {
    const phase = this.#phase;
    if (phase.kind === 'ended') {
      for (const request of unanswered) request.fail(this.endError(request.path));
      return;
    }
    const cause = about(connection.server, error);
    this.#lastError = cause;
    clearTimeout(this.#timer);
    this.#phase = { kind: 'waiting' };
    if (phase.kind === 'open') {
      phase.heartbeat.stop();
      this.#failedAttempts = performance.now() - phase.sinceMs < SHORT_LIFE_MS ? this.#failedAttempts + 1 : 0;
    } else {
      this.#failedAttempts++;
    }
    for (const request of unanswered) request.fail(connectionLoss(request.path, cause));
    if (phase.kind === 'open') {
      this.#tell({ type: 'disconnected', server: formatAddress(connection.server), error: cause });
    } else {
      this.events.emit('attemptFailed', { server: formatAddress(connection.server), error: cause });
    }
    this.#retry();
  }

  #submit(request: Pending, xid?: number): void {
    const phase = this.#phase;
    if (phase.kind === 'open') {
      phase.connection.send(request, xid);
      return;
    }
    if (phase.kind === 'ended') {
      request.fail(this.endError(request.path));
      return;
    }
    this.#waiting.push(request, xid);
  }

  /** Tries the next server. */
  #attempt(): void {
    const connection = new Connection(this.#servers.next(), this.#config, this);
    this.#phase = { kind: 'opening', connection };
    const limitMs = this.#config.attemptTimeoutMs;
    this.#timer = setTimeout(() => connection.destroy(new Error(`no answer in ${limitMs} ms`)), limitMs);
  }

  /**
   * At once while there are servers not tried in this round, then after a pause that doubles with each round. With a
   * session to lose the pause stays well below its timeout: servers that come back give every session its full timeout
   * again, and a client that slept through it would have lost its session to its own patience.
   */
  #retry(): void {
    const round = Math.floor(this.#failedAttempts / this.#servers.length);
    if (round > 0 && this.#closing !== undefined) {
      // Closing, and every server has failed: the session is left to expire.
      this.#end({ type: 'closed' });
      return;
    }
    const { retryDelayMsMin, retryDelayMsMax, random } = this.#config;
    const sessionPauseMs = this.sessionId === 0n ? Infinity : this.timeoutMs * SESSION_PAUSE_SHARE;
    const startsRound = round > 0 && this.#failedAttempts % this.#servers.length === 0;
    const fullMs = startsRound
      ? Math.min(retryDelayMsMax, sessionPauseMs, retryDelayMsMin * 2 ** Math.min(round - 1, 30))
      : 0;
    this.#timer = setTimeout(() => this.#attempt(), fullMs * (0.5 + random() / 2));
  }

  async #login(connection: Connection, readOnly: boolean, resumed: boolean): Promise<void> {
    const { sasl } = this.#config;
    if (sasl === undefined) return;
    try {
      await login(sasl, (token) => {
        const request = new Request(operations.sasl, { token }, undefined);
        connection.send(request);
        return request.promise;
      });
    } catch (error) {
      if (!this.#isCurrent(connection)) return;
      const refused = error instanceof KeeperError && error.code !== 'CONNECTIONLOSS';
      if (refused) this.#end({ type: 'authFailed', error });
      else connection.destroy(asError(error));
      return;
    }
    if (this.#isCurrent(connection)) this.#start(connection, readOnly, resumed);
  }

  #isCurrent(connection: Connection): boolean {
    return this.#phase.kind === 'opening' && this.#phase.connection === connection;
  }

  /** The connection is good for requests. See the order in the header. */
  #start(connection: Connection, readOnly: boolean, resumed: boolean): void {
    clearTimeout(this.#timer);
    const heartbeat = new Heartbeat(connection, this.timeoutMs);
    this.#phase = { kind: 'open', connection, heartbeat, sinceMs: performance.now() };
    for (const entry of this.#auth) this.#authenticate(connection, entry);
    if (this.#started) this.#restoreWatches(connection);
    this.#started = true;
    if (!readOnly) this.#established = true;
    this.#waiting.drain((request, xid) => connection.send(request, xid));
    if (readOnly) this.#lookForWriter(connection);
    const server = formatAddress(connection.server);
    this.#tell({ type: readOnly ? 'readOnly' : 'connected', server, sessionId: this.sessionId, resumed });
  }

  #authenticate(connection: Connection, entry: AuthEntry): void {
    const { scheme, auth } = entry.info;
    const request = new Request(operations.auth, { type: 0, scheme, auth: Buffer.from(auth) }, undefined);
    connection.send(request, Xid.auth);
    request.promise.then(
      () => {
        entry.settle?.resolve();
        entry.settle = undefined;
      },
      (thrown: unknown) => {
        const error = asError(thrown);
        const code = error instanceof KeeperError ? error.code : undefined;
        // A lost connection says nothing about the identity: the next one tries it again.
        if (code === 'CONNECTIONLOSS') return;
        if (code === 'AUTHFAILED') this.#end({ type: 'authFailed', error });
        entry.settle?.reject(error);
        entry.settle = undefined;
        this.#auth = this.#auth.filter((other) => other !== entry);
      },
    );
  }

  #restoreWatches(connection: Connection): void {
    const batches = this.watches.setWatches(this.lastZxidSeen);
    batches.forEach((batch, index) => {
      // Servers before 3.6 know the older request only.
      const old = batch.persistentWatches.length === 0 && batch.persistentRecursiveWatches.length === 0;
      const request = new Request(old ? operations.setWatches : operations.setWatches2, batch, undefined);
      connection.send(request, Xid.setWatches);
      request.promise.then(
        () => {
          if (index === batches.length - 1) this.watches.restored();
        },
        (error: unknown) => connection.destroy(asError(error)),
      );
    });
  }

  /** While the server has lost its quorum: looks for one that accepts writes, and moves there. */
  #lookForWriter(connection: Connection): void {
    const { retryDelayMsMax, attemptTimeoutMs, tls } = this.#config;
    this.#timer = setTimeout(() => {
      const candidate = this.#servers.next();
      void acceptsWrites(candidate, tls, attemptTimeoutMs).then((writes) => {
        if (this.#phase.kind !== 'open' || this.#phase.connection !== connection) return;
        if (!writes) {
          this.#lookForWriter(connection);
          return;
        }
        this.#servers.prefer(candidate);
        connection.destroy(new Error('left for a server that accepts writes'));
      });
    }, retryDelayMsMax);
  }

  #end(event: StateEvent & { type: EndReason }): void {
    const phase = this.#phase;
    if (phase.kind === 'ended') return;
    clearTimeout(this.#timer);
    this.#closing ??= Promise.resolve();
    this.#phase = { kind: 'ended', reason: event.type };
    if (event.type === 'authFailed') this.#lastError = event.error;
    if (phase.kind === 'open') phase.heartbeat.stop();
    if (phase.kind === 'open' || phase.kind === 'opening') {
      phase.connection.destroy(new Error('the client has ended'));
    }
    this.#waiting.drain((request) => request.fail(this.endError(request.path)));
    for (const entry of this.#auth) entry.settle?.reject(this.endError(undefined));
    this.watches.end(event.type);
    this.#tell(event);
  }

  /** What requests get that come after the end. */
  endError(path: string | undefined): KeeperError {
    const reason = this.#phase.kind === 'ended' ? this.#phase.reason : 'closed';
    switch (reason) {
      case 'expired':
        return new KeeperError('SESSIONEXPIRED', path);
      case 'authFailed': {
        const error = new KeeperError('AUTHFAILED', path);
        error.cause = this.#lastError;
        return error;
      }
      case 'closed':
        return new KeeperError('SESSIONEXPIRED', path, 'the client is closed');
    }
  }

  #tell(event: StateEvent): void {
    this.state = event.type;
    this.events.emit('state', event);
  }
}

/**
 * One client's connection: four-letter word or handshake first, then requests. Turns bytes into the engine's inputs
 * and its effects into frames; answers itself only what never waits its turn (auth, SASL, refusals).
 */
import type { Socket } from 'node:net';
import {
  DecodeError,
  FrameError,
  FrameSplitter,
  Reader,
  readConnectRequest,
  readRequestHeader,
  type ConnectRequest,
} from '../codec/index.js';
import type { ClientEffect, ConnectionId } from '../engine/index.js';
import { ClientSocket } from '../net/index.js';
import {
  ErrorCode,
  NO_SESSION,
  OpCode,
  Xid,
  ZXID_ZERO,
  isWrite,
  isWriteOp,
  readRequest,
  sessionIdOf,
  zxidOf,
  type SessionId,
  type Zxid,
} from '../types/index.js';
import { Queue, unreachable } from '../util/index.js';
import type { Asker, AuditTrail } from './audit.js';
import { Authenticator } from './authenticator.js';
import { InFlight } from './inFlight.js';
import { NO_PASSWORD } from './passwords.js';
import { writeAuthReply, writeBareReply, writeConnected, writeEvent, writeReply } from './replies.js';
import type { ConnectionHost } from './connectionHost.js';
import type { ConnectionStatus } from './status.js';
import { Summary } from './stats.js';

/** Above this much unsent the connection is not read and its replies wait as values. */
const UNSENT_BYTES_HIGH = 1024 * 1024;
/** Roughly what an effect that waits costs. */
const EFFECT_BYTES = 128;
/** A client that lets this much pile up is cut off (zab.md section 8). */
const BACKLOG_BYTES_MAX = 64 * 1024 * 1024;
/** And so is one that takes nothing for this long while something waits. */
const STALLED_MS_MAX = 30_000;
/** Requests in progress; what comes behind so many is not looked at yet. */
const OUTSTANDING_MAX = 10_000;
/** A ConnectRequest has 45 bytes, and whoever sends one is still a stranger. */
const CONNECT_BYTES_MAX = 64 * 1024;
const REQUEST_HEADER_BYTES = 8;

type Phase =
  /** Nothing understood yet: a four-letter word or a ConnectRequest. */
  | 'new'
  /** A four-letter word is being answered. */
  | 'word'
  /** The ConnectRequest is with the engine; what follows it waits. */
  | 'connecting'
  | 'established'
  /** Nothing more is taken from the client. */
  | 'done';

export class Connection {
  readonly id: ConnectionId;
  readonly socket: ClientSocket;
  readonly establishedAt: number;

  readonly #host: ConnectionHost;
  readonly #frames: FrameSplitter;
  readonly #reader = new Reader();
  readonly #openedAt: number;
  readonly #inFlight = new InFlight();
  readonly #backlog = new Queue<ClientEffect>();
  readonly #latency = new Summary();
  /** When the last bytes came; while a request has to wait, no more come. */
  #chunkAt = 0;
  #attached: Buffer | undefined;
  #phase: Phase = 'new';
  #connectSent = false;
  #opening: Buffer = Buffer.alloc(0);
  /** The first four bytes, for the message about what this is not. */
  #beginning = '';
  readonly #auth: Authenticator;
  /** Undefined unless changes are to be recorded. */
  readonly #trail: AuditTrail | undefined;
  #sendsReadOnly = false;
  #sessionId: SessionId = NO_SESSION;
  #sessionTimeoutMs = 0;
  #throttled = false;
  /** The frame under the reader has to wait, and with it whatever follows it. */
  #held = false;
  #stalledSince: number | undefined;
  #received = 0;
  #sent = 0;
  #lastOp: number | undefined;
  #lastCxid: number | undefined;
  #lastZxid: Zxid = ZXID_ZERO;
  #lastResponseAt = 0;
  #lastLatency = 0;

  /** @param subject of the client's certificate; undefined without one */
  constructor(id: ConnectionId, socket: Socket, host: ConnectionHost, subject?: string) {
    this.id = id;
    this.#host = host;
    this.#openedAt = host.now;
    this.establishedAt = host.wallMs;
    this.#frames = new FrameSplitter(Math.min(CONNECT_BYTES_MAX, host.config.maxFrameBytes));
    this.socket = new ClientSocket(socket, {
      chunk: (bytes) => this.#chunk(bytes),
      drained: () => this.goOn(),
      // nc closes its side at once and waits: a word's answer is still due. Nothing else is owed to who is gone.
      ended: () => {
        if (this.#phase !== 'word') this.#finish();
      },
      closed: () => this.#closed(),
    });
    this.#trail = host.audit?.trail();
    this.#auth = new Authenticator(host.config.auth, this.socket.address, subject);
  }

  get sessionId(): SessionId {
    return this.#sessionId;
  }

  /** See `SessionLoad`. */
  get identity(): string {
    return this.#auth.name;
  }

  /** Requests received and not answered. */
  get outstanding(): number {
    return this.#inFlight.length;
  }

  // --- bytes in --------------------------------------------------------------------------------------------------

  #chunk(bytes: Buffer): void {
    this.#host.stats.bytesReceived += bytes.byteLength;
    this.#chunkAt = this.#host.now;
    switch (this.#phase) {
      case 'new':
        return this.#open(bytes);
      case 'established':
      case 'connecting':
        this.#frames.feed(bytes);
        return this.#takeFrames();
      case 'word':
      case 'done':
        return;
      default:
        return unreachable(this.#phase);
    }
  }

  /** The first four bytes decide between a four-letter word and a frame's length. */
  #open(bytes: Buffer): void {
    const opening = this.#opening.byteLength === 0 ? bytes : Buffer.concat([this.#opening, bytes]);
    if (opening.byteLength < 4) {
      this.#opening = opening;
      return;
    }
    const word = this.#host.words.find(opening.readInt32BE(0));
    if (word !== undefined) {
      const argumentBytes = this.#host.words.isAllowed(word, this.#host.status) ? word.argumentBytes : 0;
      if (opening.byteLength < 4 + argumentBytes) {
        this.#opening = opening;
        return;
      }
      this.#phase = 'word';
      this.#received++;
      this.#host.stats.packetsReceived++;
      this.#host.answerWord(this, word, opening.subarray(4, 4 + argumentBytes));
      return;
    }
    this.#beginning = JSON.stringify(opening.toString('latin1', 0, 4));
    this.#opening = Buffer.alloc(0);
    this.#phase = 'connecting';
    this.#frames.feed(opening);
    this.#takeConnectRequest();
  }

  #takeConnectRequest(): void {
    if (!this.#nextFrame()) {
      // Not whole yet: the chunks to come go through #takeFrames, which comes back here.
      return;
    }
    let request: ConnectRequest;
    try {
      request = readConnectRequest(this.#reader);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#abort('its connect request cannot be decoded');
    }
    this.#sendsReadOnly = request.readOnly !== undefined;
    this.#connectSent = true;
    // What the client has already sent behind its ConnectRequest waits for the answer to it.
    this.socket.pause();
    this.#noteRequest(0, OpCode.createSession);
    this.#host.stats.connectRequests++;
    const sessionId = sessionIdOf(request.sessionId);
    this.#host.submit({
      kind: 'connect',
      connection: this.id,
      sessionId,
      passwordValid: sessionId !== NO_SESSION && this.#host.passwords.matches(sessionId, request.passwd),
      timeOut: request.timeOut,
      lastZxidSeen: zxidOf(request.lastZxidSeen),
      identities: this.#auth.identities,
      readOnly: request.readOnly === true,
      time: this.#host.time,
    });
  }

  #takeFrames(): void {
    if (this.#phase === 'connecting' && !this.#connectSent) return this.#takeConnectRequest();
    // Once is enough: what this chunk asks for is sent when the turn ends.
    let isBehind: boolean | undefined;
    while (this.#phase === 'established' && (this.#held || this.#nextFrame())) {
      isBehind ??= this.#isBehind();
      this.#held = isBehind || this.#mustWait();
      if (!this.#held) this.#takeRequest();
      if (this.#held) return this.#readOrPause();
    }
  }

  /**
   * Whether the client has to take what it was sent before it is asked what else it wants. Answers are made when they
   * can be sent: some of them are larger than the request by a factor of a hundred thousand.
   */
  #isBehind(): boolean {
    if (this.#backlog.length === 0 && !this.#isCongested) return false;
    this.#stalledSince ??= this.#host.now;
    return true;
  }

  /** Whether the next request, whatever it is, has to wait. */
  #mustWait(): boolean {
    if (this.#inFlight.length >= OUTSTANDING_MAX) return true;
    if (!this.#host.turnIsFull) return false;
    this.#host.goOnLater(this);
    return true;
  }

  /** Whether a request of this kind has to wait for those before it. */
  #mustWaitFor(type: number): boolean {
    if (this.#inFlight.length === 0) return false;
    switch (type) {
      // Their answers grow with the tree, an access list or the number of operations: each is made when it can be sent.
      case OpCode.getChildren:
      case OpCode.getChildren2:
      case OpCode.getEphemerals:
      case OpCode.getAllChildrenNumber:
      case OpCode.getACL:
      case OpCode.multiRead:
        return this.#host.isWaiting(this);
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
      case OpCode.delete:
      case OpCode.setData:
      case OpCode.setACL:
      case OpCode.multi:
        return this.#host.isOverloaded;
      default:
        return false;
    }
  }

  /** Moves the reader to the next whole frame. */
  #nextFrame(): boolean {
    const frames = this.#frames;
    try {
      if (!frames.next()) return false;
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#abort(
        this.#phase === 'established'
          ? `${error.message} The limit is jute.maxbuffer.`
          : `it does not speak ZooKeeper's protocol, nor is it a four-letter word: it begins with ${this.#beginning}.`,
      );
      return false;
    }
    if (frames.bytes !== this.#attached) {
      this.#attached = frames.bytes;
      this.#reader.attach(frames.bytes);
    }
    this.#reader.seek(frames.start, frames.end);
    return true;
  }

  #takeRequest(): void {
    const reader = this.#reader;
    if (reader.remaining < REQUEST_HEADER_BYTES) return this.#abort('a request is shorter than its header');
    const { xid, type } = readRequestHeader(reader);
    if (this.#mustWaitFor(type)) {
      reader.seek(this.#frames.start, this.#frames.end);
      this.#held = true;
      return;
    }
    if (type === OpCode.auth || type === OpCode.sasl) return this.#takeAuth(xid, type);
    this.#noteRequest(xid, type);
    if (!this.#auth.mayAsk) return this.#refuse(xid, ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH, ZXID_ZERO);
    const request = readRequest(type, reader);
    const writes = isWrite(request);
    if (writes) {
      this.#host.stages.times.queue.note(this.#host.now - this.#chunkAt);
      this.#trail?.asked(xid, request, this.#asker);
    }
    const forwarded = writes && this.#host.forwards;
    if (request.type === 'undecodable' || request.type === 'unknown') this.#host.stats.requestsMalformed++;
    this.#host.submit({
      kind: 'request',
      connection: this.id,
      xid: type === OpCode.ping ? Xid.ping : xid,
      request,
      ...(forwarded ? { raw: { op: type, body: this.#frameBody() } } : {}),
      time: writes ? this.#host.time : 0n,
    });
    if (type === OpCode.closeSession) this.#phase = 'done';
  }

  get #asker(): Asker {
    const { identities } = this.#auth;
    return { sessionId: this.#sessionId, address: this.socket.address, identities };
  }

  /** What follows the header of the frame under the reader; valid until the turn ends. */
  #frameBody(): Buffer {
    const { bytes, start, end } = this.#frames;
    return bytes.subarray(start + REQUEST_HEADER_BYTES, end);
  }

  #noteRequest(xid: number, type: number): void {
    this.#received++;
    this.#host.stats.packetsReceived++;
    this.#lastOp = type;
    if (xid >= 0) this.#lastCxid = xid;
    const { now } = this.#host;
    this.#inFlight.push(this.#chunkAt, now, type);
  }

  // --- who is it -------------------------------------------------------------------------------------------------

  /** Auth and SASL are answered at once, and may overtake replies that wait, as in ZooKeeper. */
  #takeAuth(xid: number, type: number): void {
    this.#host.stats.packetsReceived++;
    const { failures } = this.#auth;
    const answer =
      type === OpCode.auth ? this.#auth.takeAuth(this.#reader) : this.#auth.takeSasl(this.#reader);
    this.#host.stats.authFailures += this.#auth.failures - failures;
    if (answer.kind === 'abort') return this.#abort(answer.why);
    const { identities } = this.#auth;
    this.#host.submit({ kind: 'identities', connection: this.id, identities });
    this.#sayNow(() => writeAuthReply(this.socket.writer(), xid, answer.err, answer.token));
    if (answer.close) this.#finish();
  }

  /** Answers out of turn; these replies may overtake others, as in ZooKeeper. */
  #sayNow(write: () => void): void {
    if (this.socket.finished) return;
    write();
    this.#sent++;
    this.#host.stats.packetsSent++;
    this.#host.touch(this);
  }

  /** Answers with an error and closes: nothing after it is taken. */
  #refuse(xid: number, err: number, zxid: Zxid): void {
    this.#sayNow(() => writeBareReply(this.socket.writer(), xid, zxid, err));
    this.#finish();
  }

  // --- effects out -----------------------------------------------------------------------------------------------

  /** Takes an effect of the engine. What cannot be sent yet waits as a value, so that memory stays bounded. */
  deliver(effect: ClientEffect): void {
    if (this.socket.finished) return;
    if (this.#backlog.length > 0 || this.#isCongested) {
      this.#backlog.push(effect);
      this.#stalledSince ??= this.#host.now;
      this.#readOrPause();
      if (this.#backlog.length * EFFECT_BYTES > BACKLOG_BYTES_MAX)
        this.#abort('it does not read its replies');
      return;
    }
    this.#perform(effect);
  }

  /** @param waitedForClient it could not be sent when it was made */
  #perform(effect: ClientEffect, waitedForClient = false): void {
    switch (effect.kind) {
      case 'reply': {
        const w = this.socket.writer();
        const before = w.length;
        writeReply(w, effect);
        this.#trail?.answered(effect.xid, effect.err, effect.body);
        this.#noteResponse(w.length - before, effect.zxid, waitedForClient);
        return;
      }
      case 'event':
        writeEvent(this.socket.writer(), effect);
        this.#sent++;
        this.#host.stats.packetsSent++;
        return;
      case 'connected':
        return this.#connected(effect);
      case 'close':
        if (effect.reason !== 'session closed') {
          this.#host.log.debug(
            { address: this.socket.address, port: this.socket.port },
            `Closed: ${effect.reason}.`,
          );
        }
        return this.#finish();
      default:
        return unreachable(effect);
    }
  }

  #connected({ sessionId, timeOut, zxid, readOnly }: Extract<ClientEffect, { kind: 'connected' }>): void {
    const w = this.socket.writer();
    const before = w.length;
    const password = sessionId === NO_SESSION ? NO_PASSWORD : this.#host.passwords.of(sessionId);
    writeConnected(w, { sessionId, timeOut }, password, this.#sendsReadOnly ? readOnly : undefined);
    this.#noteResponse(w.length - before, zxid, false);
    if (sessionId === NO_SESSION) return this.#finish();
    this.#sessionId = sessionId;
    this.#sessionTimeoutMs = timeOut;
    this.#phase = 'established';
    this.#frames.accept(this.#host.config.maxFrameBytes);
    // Requests that came along with the ConnectRequest come first; only then may the next chunk be read.
    this.#takeFrames();
    this.#readOrPause();
  }

  #noteResponse(size: number, zxid: Zxid, waitedForClient: boolean): void {
    const { now, stats } = this.#host;
    const inFlight = this.#inFlight;
    const known = inFlight.shift();
    const latency = known ? now - inFlight.arrivedAt : 0;
    this.#sent++;
    this.#lastLatency = latency;
    this.#lastResponseAt = now;
    if (zxid > 0n) this.#lastZxid = zxid;
    this.#latency.note(latency);
    const writes = isWriteOp(inFlight.op);
    stats.noteResponse(size, latency, writes);
    if (known && latency > this.#host.slowRequestMs) this.#tellSlow(now, zxid, writes, waitedForClient);
  }

  /** Of the request that was answered last. */
  #tellSlow(now: number, zxid: Zxid, writes: boolean, waitedForClient: boolean): void {
    const { op, arrivedAt, takenAt } = this.#inFlight;
    this.#host.slowRequests.note({
      op,
      session: this.#sessionId,
      address: this.socket.address,
      arrivedAt,
      takenAt,
      now,
      write: writes && !waitedForClient ? this.#host.stages.of(zxid) : undefined,
      waitedForClient,
    });
  }

  /** Ends a turn: everything written leaves. */
  flush(): void {
    this.socket.flush();
    // Where the system took all of it at once, nothing else tells that there is room.
    if ((this.#held || this.#backlog.length > 0) && !this.#isCongested) this.#host.goOnLater(this);
  }

  /** Sends what has waited, as far as there is room for it, then takes up the requests that were held back. */
  goOn(): void {
    let performed = false;
    for (
      let next = this.#backlog.peek();
      next !== undefined && !this.#isCongested;
      next = this.#backlog.peek()
    ) {
      this.#backlog.shift();
      this.#perform(next, true);
      performed = true;
    }
    if (this.#backlog.length === 0 && !this.#isCongested) this.#stalledSince = undefined;
    else if (performed) this.#stalledSince = this.#host.now;
    if (this.#backlog.length === 0) this.#takeFrames();
    if (performed) this.#host.touch(this);
    this.#readOrPause();
  }

  /** The client has not taken much of what it was sent. */
  get #isCongested(): boolean {
    return this.socket.unsent > UNSENT_BYTES_HIGH;
  }

  /** Pauses or resumes reading because the whole server has too much to do (globalOutstandingLimit). */
  throttle(on: boolean): void {
    if (this.#throttled === on) return;
    this.#throttled = on;
    this.#readOrPause();
  }

  get #reading(): boolean {
    return !this.#throttled && !this.#held && this.#backlog.length === 0 && this.#phase !== 'connecting';
  }

  #readOrPause(): void {
    if (this.socket.finished) return;
    if (this.#reading) this.socket.resume();
    else this.socket.pause();
  }

  // --- the end ---------------------------------------------------------------------------------------------------

  /** Closes connections that never get past the handshake, and those that take nothing. */
  checkDeadlines(): void {
    const { now, config } = this.#host;
    const early = this.#phase === 'new' || this.#phase === 'connecting';
    if (early && now - this.#openedAt > config.sessionlessTimeoutMs) {
      this.#abort(`no session within ${config.sessionlessTimeoutMs} ms`);
    } else if (this.#stalledSince !== undefined && now - this.#stalledSince > STALLED_MS_MAX) {
      this.#abort(`it has not read its replies for ${STALLED_MS_MAX} ms`);
    }
  }

  /** Sends a four-letter word's answer and closes. */
  finishWith(text: string): void {
    this.socket.writer().raw(Buffer.from(text));
    this.#finish();
  }

  /** Sends what is written, then closes. */
  #finish(): void {
    this.#phase = 'done';
    this.socket.finish();
  }

  /** Closes without a word, as ZooKeeper does where a client breaks the protocol. */
  #abort(why: string): void {
    if (this.#phase === 'done' && this.socket.finished) return;
    this.#phase = 'done';
    this.#host.noteBadInput(this, why);
    this.flush();
    this.socket.destroy();
  }

  /** The server stops. */
  destroy(): void {
    this.#phase = 'done';
    this.socket.destroy();
  }

  #closed(): void {
    this.#phase = 'done';
    this.#backlog.clear();
    this.#trail?.abandoned();
    this.#host.gone(this);
  }

  // --- for operators ---------------------------------------------------------------------------------------------

  get status(): ConnectionStatus {
    const { min, avg, max } = this.#latency;
    return {
      address: this.socket.address,
      port: this.socket.port,
      sessionId: this.#sessionId,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      queued: this.outstanding,
      received: this.#received,
      sent: this.#sent,
      // Nothing more is taken from whoever asked a word.
      reading: this.#reading && this.#phase !== 'word',
      lastOp: this.#lastOp,
      establishedAt: this.establishedAt,
      lastCxid: this.#lastCxid,
      lastZxid: this.#lastZxid,
      lastResponseAt: this.#lastResponseAt,
      lastLatency: this.#lastLatency,
      latency: { min, avg, max },
    };
  }

  resetStats(): void {
    this.#received = 0;
    this.#sent = 0;
    this.#latency.reset();
    this.#lastLatency = 0;
    this.#lastOp = undefined;
    this.#lastCxid = undefined;
    this.#lastZxid = ZXID_ZERO;
  }
}

/**
 * One connection of the load. It must cost far less than the server it drives, so requests are made once, as bytes, and
 * sent again and again with another xid; of a reply only the header is read.
 */
import type { RecordableHistogram } from 'node:perf_hooks';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { FrameSplitter, Reader, Writer, readConnectResponse, writeConnectRequest } from '../codec/index.js';
import { OpCode } from '../types/index.js';

/** Where a server listens. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** What `tls.connect` gets; without it the connection is plain. */
  readonly tls?: {
    readonly ca?: string | string[];
    readonly cert?: string;
    readonly key?: string;
  };
}

/** Requests as bytes, to be sent over and over: whole frames one behind the other. */
export interface Cycle {
  readonly bytes: Buffer;
  /** Where each frame begins; one more than there are frames, the last is the length of all. */
  readonly offsets: readonly number[];
  /**
   * What distinguishes one request from the next beyond its xid: called for each with the frame's place in `bytes`
   * and how many went before.
   */
  patch?(bytes: Buffer, at: number, nth: number): void;
}

const FRAME_LENGTH_MAX = 16 * 1024 * 1024;
/** xids above this are for the client itself (pings, authentication) or wrap. */
const XID_MAX = 0x7fff0000;
const PING_XID = -2;
const EVENT_XID = -1;
const REPLY_HEADER_BYTES = 16;
/** Of more requests outstanding than one, every so many is timed: timing all would be half of the load's work. */
const TIMED_OF = 8;

/** A lane that lost its connection or got a reply that it cannot place. */
export class LaneError extends Error {
  override readonly name = 'LaneError';
}

/** A session that was opened and the connection that carries it. */
export class Lane {
  /** Replies so far, of requests sent by `run`. */
  replies = 0;
  /** Those of them that carried an error. */
  errors = 0;
  /** Code of the first error. */
  firstError = 0;
  /** Called for each watch event. */
  onEvent: (() => void) | undefined;
  /** Called when the connection is gone although nobody closed it. */
  onLost: ((error: LaneError) => void) | undefined;
  /** Times of replies in microseconds; not recorded while undefined. */
  histogram: RecordableHistogram | undefined;

  readonly #socket: Socket;
  readonly #target: Target;
  readonly #frames = new FrameSplitter(FRAME_LENGTH_MAX);
  readonly #reader = new Reader();
  #cycle: Cycle | undefined;
  #depth = 0;
  #left = 0;
  #nth = 0;
  #xidSent = 0;
  #xidSeen = 0;
  #sentAt = new Float64Array(1);
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #waiting: ((err: number) => void) | undefined;
  #onDone: (() => void) | undefined;
  #onOpen: ((sessionId: bigint) => void) | undefined;
  #closed = false;

  private constructor(socket: Socket, target: Target) {
    this.#socket = socket;
    this.#target = target;
    socket.on('data', (chunk: Buffer) => this.#chunk(chunk));
    socket.on('error', (error) => this.#lost(error.message));
    socket.on('close', () => this.#lost('closed by the server'));
  }

  /**
   * Opens a session.
   * @param sessionTimeoutMs what is asked for; pings are the caller's business (`ping`)
   * @throws LaneError when the server cannot be reached or refuses the session
   */
  static open(target: Target, sessionTimeoutMs: number): Promise<Lane> {
    return new Promise((resolve, reject) => {
      const { host, port, tls } = target;
      const socket =
        tls === undefined ? connect({ host, port, noDelay: true }) : connectTls({ ...tls, host, port });
      socket.setNoDelay(true);
      const lane = new Lane(socket, target);
      lane.onLost = reject;
      lane.#onOpen = (sessionId): void => {
        lane.onLost = undefined;
        if (sessionId === 0n) reject(new LaneError(`${lane.#name} refused the session.`));
        else resolve(lane);
      };
      const w = new Writer();
      const mark = w.startFrame();
      writeConnectRequest(w, {
        protocolVersion: 0,
        lastZxidSeen: 0n,
        timeOut: sessionTimeoutMs,
        sessionId: 0n,
        passwd: Buffer.alloc(16),
        readOnly: false,
      });
      w.endFrame(mark);
      socket.write(w.take());
    });
  }

  /** Sends one request outside the load, whose frame has room for an xid at its beginning; settles with its error code. */
  ask(frame: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      const lost = this.onLost;
      this.onLost = (error): void => {
        reject(error);
        lost?.(error);
      };
      this.#waiting = (err): void => {
        this.onLost = lost;
        resolve(err);
      };
      frame.writeInt32BE(this.#nextXid(), 4);
      this.#socket.write(frame);
    });
  }

  /**
   * Keeps `depth` requests outstanding until `total` were answered, or until `stop`.
   * @param total Infinity if missing
   */
  run(cycle: Cycle, depth: number, total = Infinity): Promise<void> {
    this.#cycle = cycle;
    this.#depth = depth;
    this.#left = total;
    this.#nth = 0;
    let slots = 1;
    while (slots < depth) slots *= 2;
    if (this.#sentAt.length < slots) this.#sentAt = new Float64Array(slots);
    return new Promise((resolve) => {
      this.#onDone = resolve;
      this.#fill();
    });
  }

  /** Sends nothing more; `run` settles when everything outstanding is answered. */
  stop(): void {
    this.#left = 0;
    if (this.#xidSeen === this.#xidSent) this.#done();
  }

  /** Tells the server that the session lives. */
  ping(): void {
    const frame = Buffer.alloc(12);
    frame.writeInt32BE(8, 0);
    frame.writeInt32BE(PING_XID, 4);
    frame.writeInt32BE(OpCode.ping, 8);
    this.#socket.write(frame);
  }

  /** Ends the session and waits until the server has closed the connection. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closed = true;
      this.#socket.once('close', () => resolve());
      const frame = Buffer.alloc(12);
      frame.writeInt32BE(8, 0);
      frame.writeInt32BE(this.#nextXid(), 4);
      frame.writeInt32BE(OpCode.closeSession, 8);
      this.#socket.write(frame);
    });
  }

  /** Drops the connection, the session is left to expire. */
  destroy(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #fill(): void {
    const cycle = this.#cycle;
    if (cycle === undefined) return;
    const count = Math.min(this.#depth - (this.#xidSent - this.#xidSeen), this.#left);
    if (count <= 0) return;
    const { offsets } = cycle;
    const frames = offsets.length - 1;
    const mask = this.#sentAt.length - 1;
    const now = performance.now();
    let length = 0;
    for (let i = 0; i < count; i++) {
      const nth = this.#nth++;
      const at = offsets[nth % frames] ?? 0;
      const end = offsets[(nth % frames) + 1] ?? 0;
      if (length + end - at > this.#buffer.byteLength) this.#grow(length + end - at);
      cycle.bytes.copy(this.#buffer, length, at, end);
      cycle.patch?.(this.#buffer, length, nth);
      const xid = this.#nextXid();
      this.#buffer.writeInt32BE(xid, length + 4);
      this.#sentAt[xid & mask] = now;
      length += end - at;
    }
    this.#left -= count;
    this.#socket.write(this.#buffer.subarray(0, length));
    // What the kernel did not take at once is still read from this memory.
    if (this.#socket.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(this.#buffer.byteLength);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.byteLength * 2));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }

  #nextXid(): number {
    if (this.#xidSent >= XID_MAX) throw new LaneError('This lane has used up its xids.');
    return ++this.#xidSent;
  }

  #chunk(chunk: Buffer): void {
    const frames = this.#frames;
    frames.feed(chunk);
    if (this.#onOpen !== undefined) {
      if (!frames.next()) return;
      const opened = this.#onOpen;
      this.#onOpen = undefined;
      this.#reader.attach(frames.bytes);
      this.#reader.seek(frames.start, frames.end);
      opened(readConnectResponse(this.#reader).sessionId);
    }
    const now = this.histogram === undefined ? 0 : performance.now();
    while (frames.next()) {
      if (frames.end - frames.start < REPLY_HEADER_BYTES) {
        this.#lost('a reply without a header');
        return;
      }
      this.#reply(frames.bytes.readInt32BE(frames.start), frames.bytes.readInt32BE(frames.start + 12), now);
    }
    if (this.#left > 0) this.#fill();
    else if (this.#xidSeen === this.#xidSent) this.#done();
  }

  #reply(xid: number, err: number, now: number): void {
    if (xid === PING_XID) return;
    if (xid === EVENT_XID) {
      this.onEvent?.();
      return;
    }
    if (xid !== this.#xidSeen + 1) {
      this.#lost(`reply ${xid} where ${this.#xidSeen + 1} was due`);
      return;
    }
    this.#xidSeen = xid;
    if (this.#waiting !== undefined) {
      const done = this.#waiting;
      this.#waiting = undefined;
      done(err);
      return;
    }
    this.replies++;
    if (err !== 0) {
      this.errors++;
      if (this.firstError === 0) this.firstError = err;
    }
    if (this.histogram === undefined || (this.#depth > 1 && xid % TIMED_OF !== 0)) return;
    const sentAt = this.#sentAt[xid & (this.#sentAt.length - 1)] ?? now;
    this.histogram.record(Math.max(1, Math.round((now - sentAt) * 1000)));
  }

  #done(): void {
    const done = this.#onDone;
    this.#onDone = undefined;
    this.#cycle = undefined;
    done?.();
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.onLost?.(new LaneError(`The connection to ${this.#name} was lost: ${why}.`));
  }

  get #name(): string {
    return `${this.#target.host}:${this.#target.port}`;
  }
}

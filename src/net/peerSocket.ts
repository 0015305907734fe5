/**
 * A socket to another server: frames in, frames out, and one report when it is gone, as soon as that can be known. Who
 * listens to it changes when the hello is over; frames that came in one chunk with it go to the new listener.
 */
import type { Socket } from 'node:net';
import { FrameError, FrameSplitter } from '../codec/index.js';

export interface PeerSocketHandler {
  /** A whole frame without its length. A view that is valid only now. */
  frame(payload: Buffer): void;
  /** Called once, never from within `close`. @param why a clause for the log */
  closed(why: string): void;
}

/** How long the peer may take to close its side once we have closed ours. */
const LINGER_MS = 1000;
/** TCP probes an idle connection after so long. */
const KEEP_ALIVE_MS = 1000;

export class PeerSocket {
  handler: PeerSocketHandler;
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  /** Set as soon as nothing more is to be handled or sent. */
  #why: string | undefined;
  #reported = false;

  /** @param lengthMax bytes of the longest frame that may come, see `accept` */
  constructor(socket: Socket, lengthMax: number, handler: PeerSocketHandler) {
    this.#socket = socket;
    this.#splitter = new FrameSplitter(lengthMax);
    this.handler = handler;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (chunk: Buffer) => this.#chunk(chunk));
    // A peer that sends no more is gone; what we still have for it is of no use to it.
    socket.on('end', () => this.destroy('it closed the connection'));
    socket.on('error', (error) => this.destroy(error.message));
    socket.on('close', () => this.#report('it is closed'));
  }

  /** Of the peer, IPv4 in its own form; empty before it is connected. */
  get address(): string {
    return plainAddress(this.#socket.remoteAddress ?? '');
  }

  /** Bytes that the peer has not taken. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  get open(): boolean {
    return this.#why === undefined;
  }

  /** Changes the length of the longest frame that may come. */
  accept(lengthMax: number): void {
    this.#splitter.accept(lengthMax);
  }

  /** Sends one frame. @param sent called when the system has taken it */
  writeFrame(payload: Buffer, sent?: () => void): void {
    const frame = Buffer.allocUnsafe(4 + payload.byteLength);
    frame.writeInt32BE(payload.byteLength);
    frame.set(payload, 4);
    if (this.open) this.#socket.write(frame, () => sent?.());
  }

  /** Sends frames that have their lengths already. They must not change any more. */
  write(chunks: readonly Buffer[]): void {
    if (!this.open) return;
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  /** Sends what was written, then closes. Nothing is handled any more but `closed`, in a later turn. */
  close(why: string): void {
    if (!this.open) return;
    this.#why = why;
    this.#socket.end();
    this.#socket.resume();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(linger));
    setImmediate(() => this.#report(why));
  }

  /** Closes at once, without sending anything more. */
  destroy(why: string): void {
    this.#why ??= why;
    this.#socket.destroy();
  }

  #chunk(chunk: Buffer): void {
    if (!this.open) return;
    this.#splitter.feed(chunk);
    // The handler may close the socket in the middle of a chunk; the rest of it is nobody's.
    while (this.#nextFrame()) {
      const { bytes, start, end } = this.#splitter;
      this.handler.frame(bytes.subarray(start, end));
    }
  }

  #nextFrame(): boolean {
    if (!this.open) return false;
    try {
      return this.#splitter.next();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.destroy(error.message);
      return false;
    }
  }

  #report(why: string): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#why ??= why;
    this.handler.closed(this.#why);
  }
}

/** An address as the system tells it, IPv4 in its own form also on a socket that serves both, without a zone. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

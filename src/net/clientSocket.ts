/**
 * One client's socket: chunks in, whole turns of frames out in one write, and no opinion about what they mean. Keeps
 * count of what the peer has not taken yet, so that the room above can stop reading from one that does not listen.
 */
import type { Socket } from 'node:net';
import { Writer } from '../codec/index.js';

export interface ClientSocketHandler {
  /** Bytes arrived. They are never written into again, but pin a whole chunk: copy what you keep. */
  chunk(bytes: Buffer): void;
  /** The peer has taken what was written: `unsent` is small again. */
  drained(): void;
  /** The peer sends no more; it may still read. */
  ended(): void;
  /** The socket is gone, for whatever reason. Called once. */
  closed(): void;
}

/** Up to this size a turn's frames are copied out of the writer; larger ones leave together with its memory. */
const COPY_BYTES_MAX = 32 * 1024;
const WRITER_BYTES = 4 * 1024;
/** Writers are only needed from the first frame of a turn to its end: a few serve all connections. */
const POOL_MAX = 64;
/** How long a peer may take to close its side once we have closed ours. */
const LINGER_MS = 2000;

const pool: Writer[] = [];

export class ClientSocket {
  /** Address of the peer, IPv4 in its own form also on a socket that listens on both. */
  readonly address: string;
  readonly port: number;
  /** The port of this server that it came in by. */
  readonly localPort: number;
  readonly #socket: Socket;
  #writer: Writer | undefined;
  #finished = false;

  constructor(socket: Socket, handler: ClientSocketHandler) {
    this.#socket = socket;
    this.address = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
    this.port = socket.remotePort ?? 0;
    this.localPort = socket.localPort ?? 0;
    socket.on('data', (chunk: Buffer) => {
      // After `finish` the peer may go on talking; reading it away lets our last bytes reach it.
      if (!this.#finished) handler.chunk(chunk);
    });
    socket.on('drain', () => handler.drained());
    socket.on('end', () => handler.ended());
    // What is wrong with a client's socket is no news: the close that follows is all that matters.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#releaseWriter();
      handler.closed();
    });
  }

  /** Bytes written and not taken by the peer, including those of this turn. */
  get unsent(): number {
    return this.#socket.writableLength + (this.#writer?.length ?? 0);
  }

  /** True once no more will be sent. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Where this turn's frames are written; they leave with `flush`. */
  writer(): Writer {
    return (this.#writer ??= pool.pop() ?? new Writer(WRITER_BYTES));
  }

  /** Sends everything written in this turn, in one write. */
  flush(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    if (writer.length > 0 && this.#socket.writable) {
      this.#socket.write(writer.length <= COPY_BYTES_MAX ? writer.copy() : writer.take(WRITER_BYTES));
    }
    this.#releaseWriter();
  }

  /** Stops reading: what the peer sends stays in its and our socket buffers. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends what was written, then closes. Bytes that still come in are dropped. */
  finish(): void {
    if (this.#finished) return;
    this.flush();
    this.#finished = true;
    this.#socket.end();
    this.#socket.resume();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    linger.unref();
    this.#socket.once('close', () => clearTimeout(linger));
  }

  /** Closes at once, without sending anything more. */
  destroy(): void {
    this.#finished = true;
    this.#socket.destroy();
  }

  #releaseWriter(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    // One that holds a long reply which found no socket any more has grown with it.
    if (writer === undefined || pool.length >= POOL_MAX || writer.length > COPY_BYTES_MAX) return;
    writer.reset();
    pool.push(writer);
  }
}

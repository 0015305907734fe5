/**
 * Why this file exists: the tests of this folder say to a server what no client library would say, and look at every
 * frame that comes back. A Wire is a socket with a handshake at most; reading it can be stopped, which is what a
 * client does that the server has to protect itself from.
 */
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { Reader, readConnectResponse, readReplyHeader, type ConnectResponse } from '../../src/codec/index.js';
import { Xid } from '../../src/types/index.js';
import { connectRequest, type ConnectFields } from './frames.js';

/** No wait of these tests is longer, unless it says so. */
export const WAIT_MS_MAX = 5000;

/** A frame behind its header. */
export interface Reply {
  readonly xid: number;
  readonly zxid: bigint;
  readonly err: number;
  /** What follows the header. */
  readonly body: Reader;
}

export class Wire implements AsyncDisposable {
  /** The answer to the ConnectRequest that `connect` sent. */
  session: ConnectResponse = { protocolVersion: 0, timeOut: 0, sessionId: 0n, passwd: null };
  /** Bytes received so far. */
  received = 0;
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.received += chunk.byteLength;
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** Opens a connection and says nothing. */
  static async open(port: number): Promise<Wire> {
    const socket = connectSocket({ host: '127.0.0.1', port });
    await once(socket, 'connect', { signal: AbortSignal.timeout(WAIT_MS_MAX) });
    return new Wire(socket);
  }

  /** Opens a connection with a session. */
  static async connect(port: number, fields: ConnectFields = {}): Promise<Wire> {
    const wire = await Wire.open(port);
    wire.send(connectRequest(fields));
    wire.session = readConnectResponse(Reader.over(await wire.frame()));
    return wire;
  }

  /** A wire to a session that exists, with the right password. */
  static resume(port: number, { session }: Wire, fields: ConnectFields = {}): Promise<Wire> {
    return Wire.connect(port, { sessionId: session.sessionId, passwd: session.passwd, ...fields });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that the system has not taken from us yet. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** Sends bytes as they are; on a closed connection they go nowhere. */
  send(...parts: readonly Uint8Array[]): void {
    if (this.#closed || !this.#socket.writable) return;
    this.#socket.write(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
  }

  /** Sends bytes and waits until the system has taken them all. @returns false when it does not within the limit */
  async sendAll(bytes: Uint8Array, limitMs = WAIT_MS_MAX): Promise<boolean> {
    this.send(bytes);
    const deadline = Date.now() + limitMs;
    while (!this.#closed && this.#socket.writableLength > 0) {
      if (Date.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return !this.#closed;
  }

  /** Reads no more until `listen`: what the server says stays in the system's buffers, and then in the server. */
  deaf(): void {
    this.#socket.pause();
  }

  listen(): void {
    this.#socket.resume();
  }

  /** The next frame without its length. @throws Error when there is none in time */
  async frame(limitMs = WAIT_MS_MAX): Promise<Buffer> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const frame = this.#takeFrame();
      if (frame !== undefined) return frame;
      if (this.#closed) throw new Error('the server has closed the connection');
      await this.#change(deadline, 'no frame');
    }
  }

  /** The next frame as a reply. */
  async reply(limitMs = WAIT_MS_MAX): Promise<Reply> {
    const body = Reader.over(await this.frame(limitMs));
    return { ...readReplyHeader(body), body };
  }

  /** The next so many replies; events in between are left out. */
  async replies(count: number, limitMs = WAIT_MS_MAX): Promise<Reply[]> {
    const replies: Reply[] = [];
    while (replies.length < count) {
      const reply = await this.reply(limitMs);
      if (reply.xid !== Xid.watchEvent) replies.push(reply);
    }
    return replies;
  }

  /** Sends a request and waits for its reply. */
  call(request: Uint8Array): Promise<Reply> {
    this.send(request);
    return this.reply();
  }

  /** Waits until the server has closed. @returns what it had said before */
  async end(limitMs = WAIT_MS_MAX): Promise<Buffer> {
    const deadline = Date.now() + limitMs;
    while (!this.#closed) await this.#change(deadline, 'the server has not closed the connection');
    return Buffer.concat(this.#chunks.splice(0));
  }

  /** Drops the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    while (!this.#closed) await this.#change(Date.now() + WAIT_MS_MAX, 'the socket does not close');
  }

  #takeFrame(): Buffer | undefined {
    let [first] = this.#chunks;
    if (first === undefined) return undefined;
    let have = 0;
    for (const chunk of this.#chunks) have += chunk.byteLength;
    if (have < 4) return undefined;
    if (first.byteLength < 4) this.#chunks = [(first = Buffer.concat(this.#chunks))];
    const length = first.readInt32BE(0);
    if (have < 4 + length) return undefined;
    if (first.byteLength < 4 + length) this.#chunks = [(first = Buffer.concat(this.#chunks))];
    if (first.byteLength === 4 + length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(4 + length);
    return first.subarray(4, 4 + length);
  }

  /** Waits for the next thing to happen. */
  async #change(deadline: number, failure: string): Promise<void> {
    const leftMs = deadline - Date.now();
    if (leftMs <= 0) throw new Error(`${failure} in time`);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, leftMs);
      this.#wake = resolve;
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

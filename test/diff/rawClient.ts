/**
 * A socket and nothing above it. The differential suite must be able to send what no client library would send
 * (half records, wrong lengths, xids out of order) and to see what a library hides (a close without a byte, an
 * event before a reply), so it talks to the servers through this and cuts the frames itself.
 */
import * as net from 'node:net';

/** What a wait came back with. */
export type Received =
  | { readonly kind: 'frame'; readonly payload: Buffer }
  /** The peer closed; `rest` are bytes that make no whole frame. */
  | { readonly kind: 'closed'; readonly rest: Buffer }
  | { readonly kind: 'silence' };

export const LOOPBACK = '127.0.0.1';

/** No wait of the suite is longer, unless its row says so. */
export const WAIT_LIMIT_MS = 5000;

const LENGTH_BYTES = 4;

export class RawClient implements Disposable {
  readonly #socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    // A reset is as good as a close to a client; what it had received stays readable.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
    this.#closed = socket.destroyed;
  }

  /** Rejects when nobody listens; a server that accepts and resets at once is a connection which is closed. */
  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: LOOPBACK, port });
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`no connection to port ${port} within ${WAIT_LIMIT_MS} ms`));
      }, WAIT_LIMIT_MS);
      socket.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        // Only a refusal says that there is no server: a reset can overtake the news of the connection.
        if (error.code === 'ECONNREFUSED') reject(error);
        else resolve(new RawClient(socket));
      });
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(new RawClient(socket));
      });
    });
  }

  /** True once the peer has closed and every frame was taken. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends bytes as they are. On a closed connection they go nowhere, as they would from any client. */
  send(bytes: Uint8Array): void {
    if (!this.#closed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Closes our side for writing only, as `nc` does at the end of its input. */
  end(): void {
    this.#socket.end();
  }

  /** The next frame; a close is reported only when the frames before it have been taken. */
  async next(limitMs = WAIT_LIMIT_MS): Promise<Received> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const payload = this.#takeFrame();
      if (payload !== undefined) return { kind: 'frame', payload };
      if (this.#closed) return { kind: 'closed', rest: this.#takeAll() };
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) return { kind: 'silence' };
      await this.#change(remainingMs);
    }
  }

  /** Everything until the peer closes, undefined when it does not. */
  async untilClosed(limitMs = WAIT_LIMIT_MS): Promise<Buffer | undefined> {
    const deadline = Date.now() + limitMs;
    while (!this.#closed) {
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) return undefined;
      await this.#change(remainingMs);
    }
    return this.#takeAll();
  }

  /** Drops the connection without a word to the protocol. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #takeAll(): Buffer {
    return Buffer.concat(this.#chunks.splice(0));
  }

  #takeFrame(): Buffer | undefined {
    const bytes = this.#takeAll();
    if (bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + bytes.readInt32BE(0);
      if (end >= LENGTH_BYTES && bytes.length >= end) {
        if (bytes.length > end) this.#chunks.push(bytes.subarray(end));
        return bytes.subarray(LENGTH_BYTES, end);
      }
    }
    if (bytes.length > 0) this.#chunks.push(bytes);
    return undefined;
  }

  #change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#wake = done;
    });
  }
}

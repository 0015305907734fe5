/**
 * The load of a benchmark, as a process of its own: connections that keep a window of requests outstanding. It counts
 * reply frames and does not decode them, so that what is measured is the server.
 * Arguments: host ports op connections window seconds size; with several ports,
 * separated by commas, the connections are spread over them. Prints one JSON object.
 */
import { connect, type Socket } from 'node:net';
import {
  FrameSplitter,
  Reader,
  Writer,
  readReplyHeader,
  writeConnectRequest,
} from '../../src/codec/index.js';
import { OPEN_ACL, OpCode } from '../../src/types/index.js';
import { writeACL } from '../../src/codec/index.js';

export type Op = 'get' | 'set' | 'create';

export interface LoadResult {
  readonly op: Op;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** Replies that were checked to be replies in order: a hash of the work. */
  readonly replies: number;
}

const REQUESTS_PER_WRITE = 64;

/** One connection: handshake, one znode of its own, then requests. */
class LoadConnection {
  readonly #socket: Socket;
  readonly #frames = new FrameSplitter(8 * 1024 * 1024);
  readonly #reader = new Reader();
  readonly #path: string;
  readonly #op: Op;
  readonly #data: Buffer;
  readonly #sentAt: number[] = [];
  #xid = 0;
  #outstanding = 0;
  replies = 0;
  errors = 0;
  latencies: number[] = [];
  running = true;
  #onReply: (() => void) | undefined;

  constructor(socket: Socket, path: string, op: Op, size: number) {
    this.#socket = socket;
    this.#path = path;
    this.#op = op;
    this.#data = Buffer.alloc(size, 'x');
    socket.on('data', (chunk: Buffer) => this.#chunk(chunk));
  }

  static async open(host: string, port: number, path: string, op: Op, size: number): Promise<LoadConnection> {
    const socket = connect({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new LoadConnection(socket, path, op, size);
    const w = new Writer();
    const mark = w.startFrame();
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen: 0n,
      timeOut: 30_000,
      sessionId: 0n,
      passwd: Buffer.alloc(16),
      readOnly: false,
    });
    w.endFrame(mark);
    await connection.#ask(w.take());
    await connection.#ask(connection.#create(path));
    return connection;
  }

  #ask(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#onReply = resolve;
      this.#socket.write(bytes);
    });
  }

  #create(path: string): Buffer {
    const w = new Writer();
    this.#writeCreate(w, path);
    return w.take();
  }

  #writeCreate(w: Writer, path: string): void {
    const mark = w.startFrame();
    w.int(++this.#xid);
    w.int(OpCode.create);
    w.ustring(path);
    w.buffer(this.#data);
    w.vector(OPEN_ACL, writeACL);
    w.int(0);
    w.endFrame(mark);
  }

  /** Fills the window. */
  fill(window: number): void {
    while (this.running && this.#outstanding < window) {
      const w = new Writer(64 * 1024);
      const now = performance.now();
      const count = Math.min(window - this.#outstanding, REQUESTS_PER_WRITE);
      for (let i = 0; i < count; i++) {
        this.#writeRequest(w);
        this.#sentAt.push(now);
      }
      this.#outstanding += count;
      this.#socket.write(w.take());
    }
  }

  #writeRequest(w: Writer): void {
    if (this.#op === 'create') return this.#writeCreate(w, `${this.#path}/${this.#xid}`);
    const mark = w.startFrame();
    w.int(++this.#xid);
    w.int(this.#op === 'get' ? OpCode.getData : OpCode.setData);
    w.ustring(this.#path);
    if (this.#op === 'get') w.boolean(false);
    else {
      w.buffer(this.#data);
      w.int(-1);
    }
    w.endFrame(mark);
  }

  #chunk(chunk: Buffer): void {
    this.#frames.feed(chunk);
    const now = performance.now();
    let attached: Buffer | undefined;
    while (this.#frames.next()) {
      if (this.#onReply !== undefined) {
        const done = this.#onReply;
        this.#onReply = undefined;
        done();
        continue;
      }
      if (attached !== this.#frames.bytes) this.#reader.attach((attached = this.#frames.bytes));
      this.#reader.seek(this.#frames.start, this.#frames.end);
      const { err } = readReplyHeader(this.#reader);
      if (err !== 0) this.errors++;
      this.replies++;
      this.#outstanding--;
      const sentAt = this.#sentAt[this.replies - 1];
      if (sentAt !== undefined && this.replies % 16 === 0) this.latencies.push(now - sentAt);
    }
    this.refill();
  }

  refill: () => void = () => undefined;

  get outstanding(): number {
    return this.#outstanding;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Runs the load and returns what was measured, warm-up (a quarter of the time) left out. */
export async function load(
  host: string,
  ports: readonly number[],
  op: Op,
  connections: number,
  window: number,
  seconds: number,
  size: number,
): Promise<LoadResult> {
  const run = `/bench-${process.pid}-${op}`;
  const all: LoadConnection[] = [];
  for (let i = 0; i < connections; i++) {
    const port = ports[i % ports.length] ?? 0;
    all.push(await LoadConnection.open(host, port, `${run}-${i}`, op, size));
  }
  for (const connection of all) {
    connection.refill = (): void => {
      if (connection.outstanding <= window / 2) connection.fill(window);
    };
    connection.fill(window);
  }
  await sleep(seconds * 250);
  const before = all.reduce((sum, c) => sum + c.replies, 0);
  for (const connection of all) connection.latencies = [];
  const startedAt = performance.now();
  await sleep(seconds * 1000);
  const replies = all.reduce((sum, c) => sum + c.replies, 0) - before;
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const latencies = all.flatMap((c) => c.latencies).sort((a, b) => a - b);
  const errors = all.reduce((sum, c) => sum + c.errors, 0);
  for (const connection of all) {
    connection.running = false;
    connection.close();
  }
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  return {
    op,
    perSecond: Math.round(replies / tookSeconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    errors,
    replies,
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (process.argv[1]?.endsWith('load.js') === true) {
  const [host = '', ports = '', op = '', ...numbers] = process.argv.slice(2);
  const [connections = 1, window = 1, seconds = 1, size = 100] = numbers.map(Number);
  if (op !== 'get' && op !== 'set' && op !== 'create') throw new Error(`Unknown operation ${op}.`);
  const result = await load(host, ports.split(',').map(Number), op, connections, window, seconds, size);
  console.log(JSON.stringify(result));
}

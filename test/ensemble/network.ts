/**
 * The network between servers on one machine: a TCP proxy per directed pair of servers and port, so that what one
 * server can say to another is decided here, in each direction on its own.
 *
 * A connection from A to B carries bytes both ways: those towards B obey the passage from A to B, the others the one
 * from B to A. A TCP proxy cannot lose a SYN: where a passage is held, a new connection is taken and then hears
 * nothing, and it is reset when the passage opens again. What was under way on old connections arrives late.
 */
import { once } from 'node:events';
import * as net from 'node:net';
import { LOOPBACK } from '../interop/network.js';

export type ServerId = number;

/** Changes the first bytes that the dialling side sends; undefined while there are too few to tell. */
export type FirstBytes = (bytes: Buffer) => Buffer | undefined;

/** Bytes held in one direction before its source is no longer read. */
const HELD_BYTES_MAX = 1024 * 1024;

interface Passage {
  held: boolean;
  delayMs: number;
}

export class Network implements AsyncDisposable {
  readonly #passages = new Map<string, Passage>();
  /** Pairs between which connections are reset, `lower-higher`. */
  readonly #cut = new Set<string>();
  readonly #links: Link[] = [];

  /** Opens a proxy for what `from` says to a port of `to`, and returns the port to tell `from`. */
  async link(from: ServerId, to: ServerId, port: number, firstBytes?: FirstBytes): Promise<number> {
    const link = await Link.open(this, from, to, port, firstBytes);
    this.#links.push(link);
    return link.port;
  }

  /** Resets connections between two servers, old and new ones. */
  cut(a: ServerId, b: ServerId): void {
    this.#cut.add(pair(a, b));
    for (const link of this.#linksBetween(a, b)) link.reset();
  }

  /** Nothing that `from` says reaches `to` any more, and nobody is told. */
  hold(from: ServerId, to: ServerId): void {
    this.#change(from, to, { held: true });
  }

  /** Whatever `from` says takes so long to reach `to`. */
  delay(from: ServerId, to: ServerId, delayMs: number): void {
    this.#change(from, to, { delayMs });
  }

  /** Cuts a server off from all others. */
  isolate(id: ServerId, how: 'reset' | 'silent' | 'silent-outwards' | 'silent-inwards'): void {
    for (const other of this.#othersOf(id)) {
      if (how === 'reset') this.cut(id, other);
      if (how === 'silent' || how === 'silent-outwards') this.hold(id, other);
      if (how === 'silent' || how === 'silent-inwards') this.hold(other, id);
    }
  }

  /** Everything passes again, at once. */
  heal(): void {
    this.#cut.clear();
    this.#passages.clear();
    for (const link of this.#links) link.passagesChanged();
  }

  isCut(a: ServerId, b: ServerId): boolean {
    return this.#cut.has(pair(a, b));
  }

  passage(from: ServerId, to: ServerId): Readonly<Passage> {
    return this.#passages.get(`${from}>${to}`) ?? { held: false, delayMs: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }

  #change(from: ServerId, to: ServerId, change: Partial<Passage>): void {
    this.#passages.set(`${from}>${to}`, { ...this.passage(from, to), ...change });
    for (const link of this.#linksBetween(from, to)) link.passagesChanged();
  }

  #linksBetween(a: ServerId, b: ServerId): Link[] {
    return this.#links.filter(({ from, to }) => pair(from, to) === pair(a, b));
  }

  #othersOf(id: ServerId): Set<ServerId> {
    return new Set(this.#links.filter(({ from }) => from === id).map(({ to }) => to));
  }
}

function pair(a: ServerId, b: ServerId): string {
  return `${Math.min(a, b)}-${Math.max(a, b)}`;
}

/** The proxy of one port for one server. */
class Link {
  readonly from: ServerId;
  readonly to: ServerId;
  readonly port: number;
  readonly #network: Network;
  readonly #server: net.Server;
  readonly #wires = new Set<Wire>();
  /** Taken while a passage was held: never connected to anything. */
  readonly #unheard = new Set<net.Socket>();

  private constructor(network: Network, from: ServerId, to: ServerId, server: net.Server, port: number) {
    this.#network = network;
    this.from = from;
    this.to = to;
    this.#server = server;
    this.port = port;
  }

  static async open(
    network: Network,
    from: ServerId,
    to: ServerId,
    target: number,
    firstBytes: FirstBytes | undefined,
  ): Promise<Link> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP server');
    const link = new Link(network, from, to, server, address.port);
    server.on('connection', (socket) => link.#accept(socket, target, firstBytes));
    return link;
  }

  reset(): void {
    for (const wire of this.#wires) wire.reset();
    this.#resetUnheard();
  }

  passagesChanged(): void {
    for (const wire of this.#wires) wire.pump();
    if (!this.#isHeld) this.#resetUnheard();
  }

  async close(): Promise<void> {
    this.reset();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get #isHeld(): boolean {
    const { from, to } = this;
    return this.#network.passage(from, to).held || this.#network.passage(to, from).held;
  }

  #resetUnheard(): void {
    for (const socket of this.#unheard) socket.resetAndDestroy();
  }

  #accept(socket: net.Socket, target: number, firstBytes: FirstBytes | undefined): void {
    socket.on('error', () => undefined);
    if (this.#network.isCut(this.from, this.to)) {
      socket.resetAndDestroy();
      return;
    }
    if (this.#isHeld) {
      socket.pause();
      this.#unheard.add(socket);
      socket.once('close', () => this.#unheard.delete(socket));
      return;
    }
    const upstream = net.connect({ host: LOOPBACK, port: target, allowHalfOpen: true, noDelay: true });
    upstream.on('error', () => undefined);
    const { from, to } = this;
    const wire = new Wire(
      new Direction(socket, upstream, () => this.#network.passage(from, to), firstBytes),
      new Direction(upstream, socket, () => this.#network.passage(to, from), undefined),
    );
    this.#wires.add(wire);
    socket.once('close', () => this.#wires.delete(wire));
  }
}

/** One connection through a proxy. */
class Wire {
  readonly #directions: readonly [Direction, Direction];

  constructor(...directions: [Direction, Direction]) {
    this.#directions = directions;
  }

  pump(): void {
    for (const direction of this.#directions) direction.pump();
  }

  reset(): void {
    for (const direction of this.#directions) direction.source.resetAndDestroy();
  }
}

/** What travels one way. Its end and its reset wait in line behind the bytes. */
class Direction {
  readonly source: net.Socket;
  readonly #sink: net.Socket;
  readonly #passage: () => Readonly<Passage>;
  readonly #line: { readonly due: number; readonly what: Buffer | 'end' | 'reset' }[] = [];
  #firstBytes: FirstBytes | undefined;
  #first = Buffer.alloc(0);
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    source: net.Socket,
    sink: net.Socket,
    passage: () => Readonly<Passage>,
    firstBytes: FirstBytes | undefined,
  ) {
    this.source = source;
    this.#sink = sink;
    this.#passage = passage;
    this.#firstBytes = firstBytes;
    source.on('data', (chunk: Buffer) => this.#data(chunk));
    source.on('end', () => this.#put('end'));
    source.on('close', () => this.#put('reset'));
    sink.on('drain', () => this.pump());
    sink.on('close', () => clearTimeout(this.#timer));
  }

  #data(chunk: Buffer): void {
    if (this.#firstBytes === undefined) return this.#put(chunk);
    this.#first = Buffer.concat([this.#first, chunk]);
    const changed = this.#firstBytes(this.#first);
    if (changed === undefined) return;
    this.#firstBytes = undefined;
    this.#put(changed);
  }

  #put(what: Buffer | 'end' | 'reset'): void {
    if (typeof what !== 'string') this.#heldBytes += what.length;
    this.#line.push({ due: performance.now() + this.#passage().delayMs, what });
    this.pump();
  }

  /** Lets through whatever may pass now. */
  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#passage().held && !this.#sink.writableNeedDrain) {
      const [next] = this.#line;
      if (next === undefined) break;
      const waitMs = next.due - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(waitMs));
        break;
      }
      this.#line.shift();
      this.#deliver(next.what);
    }
    if (this.#heldBytes > HELD_BYTES_MAX) this.source.pause();
    else if (this.source.isPaused()) this.source.resume();
  }

  #deliver(what: Buffer | 'end' | 'reset'): void {
    if (what === 'end') this.#sink.end();
    else if (what === 'reset') this.#sink.destroy();
    else {
      this.#heldBytes -= what.length;
      if (!this.#sink.destroyed) this.#sink.write(what);
    }
  }
}

/**
 * The first message on an election connection of Apache's tells where to call back, and the server with the greater id
 * does: past the proxies, unless they put their own address there.
 */
export function apacheCallback(port: number): FirstBytes {
  const HEADER_BYTES = 20;
  return (bytes) => {
    if (bytes.length < HEADER_BYTES) return undefined;
    const length = bytes.readInt32BE(16);
    if (length < 0 || length > 2048) return bytes;
    if (bytes.length < HEADER_BYTES + length) return undefined;
    const address = Buffer.from(`${LOOPBACK}:${port}`);
    const header = Buffer.from(bytes.subarray(0, HEADER_BYTES));
    header.writeInt32BE(address.length, 16);
    return Buffer.concat([header, address, bytes.subarray(HEADER_BYTES + length)]);
  };
}

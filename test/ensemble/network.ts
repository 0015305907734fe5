/**
 * The network between servers on one machine: a TCP proxy per directed pair of servers and port, so that what one
 * server can say to another is decided here, in each direction on its own.
 *
 * A connection from A to B carries bytes both ways: those towards B obey the passage from A to B, the others the one
 * from B to A. A TCP proxy cannot lose a SYN: where a passage is held, a new connection is taken and then hears
 * nothing, and it is reset when the passage opens again. What was under way on old connections arrives late.
 */
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { freePort, LOOPBACK } from '../interop/network.js';

export type ServerId = number;

/** Changes the first bytes that the dialling side sends; undefined while there are too few to tell. */
export type FirstBytes = (bytes: Buffer) => Buffer | undefined;

/** Bytes held in one direction before its source is no longer read. */
const HELD_BYTES_MAX = 1024 * 1024;

/** How often the ports behind the proxies are looked at. */
const LOOK_MS = 10;

interface Passage {
  held: boolean;
  delayMs: number;
  /** Of all connections that way together. */
  bytesPerSecond: number;
}

/** One direction between two servers, over all connections. */
interface Way {
  passage(): Readonly<Passage>;
  /** When the last of so many bytes arrives that leave now, behind what left before. */
  dueAt(bytes: number): number;
}

const OPEN: Readonly<Passage> = { held: false, delayMs: 0, bytesPerSecond: Infinity };

export class Network implements AsyncDisposable {
  readonly #passages = new Map<string, Passage>();
  /** Of throttled ways, when they are free again. */
  readonly #busyUntil = new Map<string, number>();
  /** Pairs between which connections are reset, `lower-higher`. */
  readonly #cut = new Set<string>();
  readonly #links: Link[] = [];
  readonly #timer = setInterval(() => this.#look(), LOOK_MS);

  /** Opens a proxy for what `from` says to a port of `to`, and returns the port to tell `from`. */
  async link(from: ServerId, to: ServerId, port: number, firstBytes?: FirstBytes): Promise<number> {
    const link = new Link(this, { from, to, target: port, port: await freePort(), firstBytes });
    this.#links.push(link);
    return link.port;
  }

  /** Resets connections between two servers, old and new ones. */
  cut(a: ServerId, b: ServerId): void {
    this.#cut.add(pair(a, b));
    this.#look();
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

  /** So much of what `from` says reaches `to` in a second. */
  throttle(from: ServerId, to: ServerId, bytesPerSecond: number): void {
    this.#change(from, to, { bytesPerSecond });
  }

  /** For what carries bytes that way. */
  way(from: ServerId, to: ServerId): Way {
    return {
      passage: () => this.passage(from, to),
      dueAt: (bytes) => this.#dueAt(from, to, bytes),
    };
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
    this.#busyUntil.clear();
    this.#look();
    for (const link of this.#links) link.passagesChanged();
  }

  isCut(a: ServerId, b: ServerId): boolean {
    return this.#cut.has(pair(a, b));
  }

  passage(from: ServerId, to: ServerId): Readonly<Passage> {
    return this.#passages.get(`${from}>${to}`) ?? OPEN;
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const link of this.#links) link.close();
    return Promise.resolve();
  }

  #dueAt(from: ServerId, to: ServerId, bytes: number): number {
    const { bytesPerSecond, delayMs } = this.passage(from, to);
    const now = performance.now();
    if (bytesPerSecond === Infinity) return now + delayMs;
    const way = `${from}>${to}`;
    const through = Math.max(now, this.#busyUntil.get(way) ?? 0) + (1000 * bytes) / bytesPerSecond;
    this.#busyUntil.set(way, through);
    return through + delayMs;
  }

  #look(): void {
    const open = listeningPorts();
    for (const link of this.#links) link.listen(open.has(link.target) && !this.isCut(link.from, link.to));
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

/** Ports with a listener on this machine. */
function listeningPorts(): Set<number> {
  const LISTEN = '0A';
  const ports = new Set<number>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const [, local = '', , state] = line.trim().split(/ +/);
      if (state === LISTEN) ports.add(parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
    }
  }
  return ports;
}

interface LinkOptions {
  readonly from: ServerId;
  readonly to: ServerId;
  readonly target: number;
  readonly port: number;
  readonly firstBytes: FirstBytes | undefined;
}

/** The proxy of one port for one server. */
class Link {
  readonly from: ServerId;
  readonly to: ServerId;
  /** The port behind the proxy, and its own. */
  readonly target: number;
  readonly port: number;
  readonly #network: Network;
  readonly #firstBytes: FirstBytes | undefined;
  #server: net.Server | undefined;
  readonly #wires = new Set<Wire>();
  /** Taken while a passage was held: never connected to anything. */
  readonly #unheard = new Set<net.Socket>();

  constructor(network: Network, { from, to, target, port, firstBytes }: LinkOptions) {
    this.#network = network;
    this.from = from;
    this.to = to;
    this.target = target;
    this.port = port;
    this.#firstBytes = firstBytes;
  }

  /** Connections under way go on either way. */
  listen(open: boolean): void {
    if (open === (this.#server !== undefined)) return;
    this.#server?.close();
    this.#server = undefined;
    if (!open) return;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    this.#server.listen(this.port, LOOPBACK);
  }

  reset(): void {
    for (const wire of this.#wires) wire.reset();
    this.#resetUnheard();
  }

  passagesChanged(): void {
    for (const wire of this.#wires) wire.pump();
    if (!this.#isHeld) this.#resetUnheard();
  }

  close(): void {
    this.reset();
    this.listen(false);
  }

  get #isHeld(): boolean {
    const { from, to } = this;
    return this.#network.passage(from, to).held || this.#network.passage(to, from).held;
  }

  #resetUnheard(): void {
    for (const socket of this.#unheard) socket.resetAndDestroy();
  }

  #accept(socket: net.Socket): void {
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
    const upstream = net.connect({ host: LOOPBACK, port: this.target, allowHalfOpen: true, noDelay: true });
    upstream.on('error', () => undefined);
    const { from, to } = this;
    const wire = new Wire(
      new Direction(socket, upstream, this.#network.way(from, to), this.#firstBytes),
      new Direction(upstream, socket, this.#network.way(to, from), undefined),
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
  readonly #way: Way;
  readonly #line: { readonly due: number; readonly what: Buffer | 'end' | 'reset' }[] = [];
  #firstBytes: FirstBytes | undefined;
  #first = Buffer.alloc(0);
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: net.Socket, sink: net.Socket, way: Way, firstBytes: FirstBytes | undefined) {
    this.source = source;
    this.#sink = sink;
    this.#way = way;
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
    this.#line.push({ due: this.#way.dueAt(typeof what === 'string' ? 0 : what.length), what });
    this.pump();
  }

  /** Lets through whatever may pass now. */
  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#way.passage().held && !this.#sink.writableNeedDrain) {
      const [next] = this.#line;
      if (next === undefined) break;
      const { delayMs, bytesPerSecond } = this.#way.passage();
      const healed = delayMs === 0 && bytesPerSecond === Infinity;
      const waitMs = healed ? 0 : next.due - performance.now();
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

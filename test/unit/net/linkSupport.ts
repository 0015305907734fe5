/** Links over real sockets, peers that misbehave, and waiting for what they do. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameSplitter } from '../../../src/codec/index.js';
import { decodeHello, encodeHello } from '../../../src/net/electionCodec.js';
import {
  PeerLinks,
  type Hello,
  type PeerAddress,
  type PeerChannel,
  type PeerLinksOptions,
  type PeerMember,
} from '../../../src/net/index.js';
import { makeZxid } from '../../../src/types/index.js';
import type { LinkId, NetworkInput, Notification, ServerId } from '../../../src/zab/index.js';
import { framed } from '../helpers/bytes.js';

export const HOST = '127.0.0.1';
const WAIT_MS = 5000;

/** Resolves when `holds` returns something; polls, since what comes may come from anywhere. */
export async function until<T>(what: string, holds: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const value = holds();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${WAIT_MS} ms for ${what}.`);
    await sleep(2);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function vote(round: number): Notification {
  return {
    state: 'looking',
    leader: 1,
    zxid: makeZxid(1, 2),
    peerEpoch: 1,
    round,
    configVersion: makeZxid(0, 0),
    blank: false,
    leaderBlank: false,
  };
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, HOST));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The links of one server, and everything that came out of them. */
export class Node {
  readonly inputs: NetworkInput[] = [];
  readonly lines: string[] = [];
  readonly alarms: string[] = [];
  readonly links: PeerLinks;
  /** Called with what comes out, after it was recorded. */
  onInput: (input: NetworkInput) => void = () => undefined;

  constructor(
    readonly id: ServerId,
    members: () => readonly PeerMember[],
    options: Partial<PeerLinksOptions>,
  ) {
    const note = (line: string): void => void this.lines.push(line);
    this.links = new PeerLinks(
      {
        self: id,
        members,
        ensembleId: () => undefined,
        version: 'test',
        listenOnAllIps: false,
        bindRetries: 1,
        log: { info: note, warn: note, error: (line) => void this.alarms.push(line) },
        ...options,
      },
      (input) => {
        this.inputs.push(input);
        this.onInput(input);
      },
    );
  }

  of<K extends NetworkInput['kind']>(kind: K): Extract<NetworkInput, { kind: K }>[] {
    return this.inputs.filter((input): input is Extract<NetworkInput, { kind: K }> => input.kind === kind);
  }

  /** What was reported of the election link with a peer, in order. */
  upAndDown(peer: ServerId): boolean[] {
    return this.of('electionLink')
      .filter((input) => input.peer === peer)
      .map(({ up }) => up);
  }

  rounds(from: ServerId): number[] {
    return this.of('notification')
      .filter((input) => input.from === from)
      .map(({ notification }) => notification.round);
  }

  /** Dials and waits for the link. */
  async dial(peer: ServerId): Promise<LinkId> {
    const before = this.of('linkUp').length;
    this.links.dial(peer);
    const up = await until(`a link with server ${peer}`, () =>
      this.of('linkUp')
        .slice(before)
        .find((input) => input.peer === peer && input.dialled),
    );
    return up.link;
  }
}

/** Some servers on this machine, of which as many run as were started. */
export class Ensemble implements AsyncDisposable {
  readonly nodes = new Map<ServerId, Node>();
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(public members: PeerMember[]) {}

  /** @param count of servers; their ids are 1, 2, ... */
  static async of(count: number): Promise<Ensemble> {
    const ports = await freePorts(2 * count);
    return new Ensemble(
      Array.from({ length: count }, (_, i) => ({
        id: i + 1,
        addresses: [{ host: HOST, quorumPort: ports[2 * i]!, electionPort: ports[2 * i + 1]! }],
      })),
    );
  }

  async start(id: ServerId, options: Partial<PeerLinksOptions> = {}): Promise<Node> {
    const node = new Node(id, () => this.members, options);
    this.nodes.set(id, node);
    this.#closers.push(() => node.links.stop());
    await node.links.start();
    return node;
  }

  address(id: ServerId): PeerAddress {
    return this.members.find((member) => member.id === id)!.addresses[0]!;
  }

  port(id: ServerId, channel: PeerChannel): number {
    const { quorumPort, electionPort } = this.address(id);
    return channel === 'quorum' ? quorumPort : electionPort;
  }

  /** Calls a server, and says hello for `from`, or nothing. */
  async call(to: ServerId, channel: PeerChannel, hello?: Partial<Hello>): Promise<FakeLink> {
    const link = new FakeLink(connect(this.port(to, channel), HOST));
    this.#closers.push(() => link.destroy());
    await until('a connection', () => link.connected || link.closed);
    if (hello !== undefined) link.hello({ channel, to, ...hello });
    return link;
  }

  /** Listens in the place of a server that does not run. */
  async pose(as: ServerId, channel: PeerChannel): Promise<FakeServer> {
    const server = new FakeServer();
    this.#closers.push(() => server.stop());
    await server.listen(this.port(as, channel));
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** A connection that does what a test wants. */
export class FakeLink {
  readonly frames: Buffer[] = [];
  connected = false;
  closed = false;

  constructor(readonly socket: Socket) {
    const splitter = new FrameSplitter(64 * 1024 * 1024);
    this.connected = !socket.connecting;
    socket.on('connect', () => (this.connected = true));
    socket.on('data', (chunk: Buffer) => {
      splitter.feed(chunk);
      while (splitter.next()) {
        this.frames.push(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)));
      }
    });
    socket.on('end', () => (this.closed = true));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  /** Says hello; what is not given is right between servers 1 and 2. */
  hello(hello: Partial<Hello>): void {
    this.socket.write(helloFrame(hello));
  }

  send(payload: Uint8Array): void {
    this.socket.write(framed(payload));
  }

  /** Frames that say something, behind the hello. */
  get said(): Buffer[] {
    return this.frames.slice(1).filter((frame) => frame.byteLength > 0);
  }

  async heardHello(): Promise<Hello> {
    return decodeHello(await until('a hello', () => this.frames[0]));
  }

  async ended(): Promise<void> {
    await until('the end of the connection', () => this.closed);
  }

  async destroy(): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}

export function helloFrame(hello: Partial<Hello>): Buffer {
  const defaults: Hello = {
    channel: 'election',
    from: 1,
    to: 2,
    ensembleId: undefined,
    version: 'fake',
    capabilities: [],
  };
  return framed(encodeHello({ ...defaults, ...hello }));
}

export class FakeServer {
  readonly links: FakeLink[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => this.links.push(new FakeLink(socket)));
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, HOST);
    await once(this.#server, 'listening');
  }

  /** The connection with this number, from 0. */
  link(number: number): Promise<FakeLink> {
    return until(`connection ${number}`, () => this.links[number]);
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const link of this.links) await link.destroy();
  }
}

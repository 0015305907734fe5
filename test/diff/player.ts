/**
 * Plays one case against one server and writes down everything that came back, in order: what was sent, the
 * frames in front of its reply, the reply, closes. At the end every open connection is pinged once, so that an
 * event nobody asked for shows too, and every session of the case is closed, so that none expires into a later one.
 */
import {
  Reader,
  readConnectResponse,
  writeConnectRequest,
  Writer,
  writeRequestHeader,
} from '../../src/codec/index.js';
import type { ReplyHeader } from '../../src/codec/index.js';
import { ErrorCode, OpCode, Xid } from '../../src/types/index.js';
import { Normaliser } from './normaliser.js';
import { RawClient, WAIT_LIMIT_MS } from './rawClient.js';
import { connectedText, eventText, headerOf, isEvent, replyText } from './replies.js';
import { closeSession, create, ping, type Request } from './requests.js';

/** A request is sent and its reply awaited; anything else says itself what it does. */
export type Step = Request | ((player: Player) => Promise<void> | void);

export interface Hello {
  readonly protocolVersion?: number;
  readonly lastZxidSeen?: bigint;
  readonly timeOut?: number;
  readonly sessionId?: bigint;
  readonly passwd?: Buffer | null;
  readonly readOnly?: boolean;
}

const ZERO_PASSWORD = Buffer.alloc(16);
/** Without the readOnly byte. */
const CONNECT_RESPONSE_BYTES_MIN = 36;
const DEFAULT_TIMEOUT_MS = 30_000;
/** The largest frame that a row sends. */
const FRAME_BYTES_MAX = 1_100_000;

/** A connection of the case, with what must be remembered to read its replies. */
export class Link {
  readonly name: string;
  readonly client: RawClient;
  nextXid = 1;
  sessionId = 0n;
  /** The peer has closed, and the transcript says so; what is sent now goes nowhere. */
  gone = false;
  /** What the server said must be followed by its close; a ping before that might be answered, or not. */
  closing = false;
  /** Requests without a reply yet, in the order in which they were sent. */
  readonly pending: { readonly xid: number; readonly type: number }[] = [];

  constructor(name: string, client: RawClient) {
    this.name = name;
    this.client = client;
  }
}

export interface Target {
  readonly port: number;
  /** Sent before anything else on connections that are not part of the case, where a server demands it. */
  readonly hello: readonly Request[];
}

export class Player {
  readonly lines: string[] = [];
  readonly names: Normaliser;
  /** The connection that the next step uses. */
  current = 'A';
  readonly #target: Target;
  readonly #links = new Map<string, Link>();
  readonly #passwords = new Map<bigint, Buffer>();
  /** The session each connection name had last, for reattaching. */
  readonly #sessionOf = new Map<string, bigint>();
  readonly #writer = new Writer(FRAME_BYTES_MAX);

  private constructor(target: Target, names: Normaliser) {
    this.#target = target;
    this.names = names;
  }

  /** Plays the steps below `root`, which is created first, and returns the transcript. */
  static async play(target: Target, root: string, steps: readonly Step[]): Promise<string[]> {
    const base = await prepare(target, root);
    const player = new Player(target, new Normaliser(root, base));
    try {
      for (const step of steps) await player.step(step);
      await player.#finish();
    } finally {
      await player.#cleanUp();
    }
    return player.lines;
  }

  get port(): number {
    return this.#target.port;
  }

  say(line: string): void {
    this.lines.push(line);
  }

  async step(step: Step): Promise<void> {
    if (typeof step === 'function') await step(this);
    else await this.exchange(step);
  }

  /** The current connection, opened with a new session when there is none yet. */
  async link(): Promise<Link> {
    const known = this.#links.get(this.current);
    if (known !== undefined) return known;
    // A row that goes on with a connection it has dropped says something it does not mean.
    if (this.#sessionOf.has(this.current)) throw new Error(`connection ${this.current} was dropped`);
    const link = await this.attach(this.current);
    link.client.send(framed(greeting({})));
    const payload = await this.#frame(link);
    if (payload === undefined) throw new Error(`no session for connection ${link.name}`);
    this.#remember(link, payload);
    return link;
  }

  /** A new TCP connection under this name; an earlier one of that name is dropped. */
  async attach(name: string): Promise<Link> {
    this.#links.get(name)?.client[Symbol.dispose]();
    const link = new Link(name, await RawClient.connect(this.port));
    this.#links.set(name, link);
    return link;
  }

  drop(name: string): void {
    this.#links.get(name)?.client[Symbol.dispose]();
    this.#links.delete(name);
  }

  sessionOf(name: string): bigint {
    return this.#sessionOf.get(name) ?? 0n;
  }

  passwordOf(sessionId: bigint): Buffer {
    return this.#passwords.get(sessionId) ?? ZERO_PASSWORD;
  }

  /** What answers a ConnectRequest: a ConnectResponse, or a close. */
  async welcome(link: Link): Promise<void> {
    const payload = await this.#frame(link);
    if (payload === undefined) return;
    if (payload.length < CONNECT_RESPONSE_BYTES_MIN) {
      this.#note(link, payload);
      return;
    }
    this.say(`${link.name} < ${this.#remember(link, payload)}`);
  }

  /** Encodes a request as a frame and notes that its reply is due. */
  encode(link: Link, request: Request): Buffer {
    const xid = request.xid ?? link.nextXid++;
    link.pending.push({ xid, type: request.type });
    this.#writer.reset();
    const mark = this.#writer.startFrame();
    writeRequestHeader(this.#writer, { xid, type: request.type });
    request.write(this.#writer, this.names);
    this.#writer.endFrame(mark);
    return this.#writer.copy();
  }

  /** Sends one request and waits for its reply; returns the reply's payload unless the connection closed. */
  async exchange(request: Request): Promise<Buffer | undefined> {
    const link = await this.link();
    this.say(`${link.name} > ${request.text}`);
    link.client.send(this.encode(link, request));
    return this.replies(link, 1);
  }

  /** Takes frames until `count` replies have come, or the connection closed; returns the last reply. */
  async replies(link: Link, count: number, limitMs = WAIT_LIMIT_MS): Promise<Buffer | undefined> {
    let last: Buffer | undefined;
    for (let seen = 0; seen < count;) {
      const payload = await this.#frame(link, limitMs);
      if (payload === undefined) return undefined;
      if (this.#note(link, payload)) {
        seen += 1;
        last = payload;
      }
    }
    return last;
  }

  /** As replies, but silence is an answer too. */
  async replyOrSilence(link: Link, limitMs: number): Promise<void> {
    const received = await link.client.next(limitMs);
    if (received.kind === 'frame') this.#note(link, received.payload);
    else if (received.kind === 'closed') this.#noteClose(link, received.rest);
    else this.say(`${link.name} < nothing`);
  }

  /** Takes this many frames of any kind. */
  async frames(link: Link, count: number, limitMs = WAIT_LIMIT_MS): Promise<void> {
    for (let seen = 0; seen < count; seen += 1) {
      const payload = await this.#frame(link, limitMs);
      if (payload === undefined) return;
      this.#note(link, payload);
    }
  }

  /** Waits until the peer closes and notes what came before that. */
  async closes(link: Link, limitMs = WAIT_LIMIT_MS): Promise<void> {
    for (let payload = await this.#frame(link, limitMs); payload !== undefined;) {
      this.#note(link, payload);
      payload = await this.#frame(link, limitMs);
    }
  }

  /** Everything sent to this connection before now has arrived when this returns. */
  async settle(link: Link): Promise<void> {
    if (link.closing) {
      await this.closes(link);
      return;
    }
    link.client.send(this.encode(link, ping()));
    for (;;) {
      const payload = await this.#frame(link);
      if (payload === undefined) return;
      const header = headerOf(payload);
      const index = link.pending.findIndex(({ type }) => type === OpCode.ping);
      if (header?.xid === Xid.ping && header.err === 0 && index >= 0) {
        link.pending.splice(index, 1);
        return;
      }
      this.#note(link, payload);
    }
  }

  linkNamed(name: string): Link | undefined {
    return this.#links.get(name);
  }

  /** The next frame; a close is noted and ends the connection. Silence is never an answer: it ends the case. */
  async #frame(link: Link, limitMs = WAIT_LIMIT_MS): Promise<Buffer | undefined> {
    if (link.gone) return undefined;
    const received = await link.client.next(limitMs);
    if (received.kind === 'frame') return received.payload;
    if (received.kind === 'silence') {
      throw new Error(
        `connection ${link.name}: nothing within ${limitMs} ms after\n${this.lines.join('\n')}`,
      );
    }
    this.#noteClose(link, received.rest);
    return undefined;
  }

  #noteClose(link: Link, rest: Buffer): void {
    this.say(`${link.name} closed${rest.length === 0 ? '' : ` after ${rest.length} bytes`}`);
    link.gone = true;
  }

  /** Notes a frame; true when it is a reply. */
  #note(link: Link, payload: Buffer): boolean {
    if (isEvent(payload)) {
      this.say(`${link.name} < ${eventText(payload, this.names)}`);
      return false;
    }
    const xid = headerOf(payload)?.xid;
    const index = link.pending.findIndex((request) => request.xid === xid || isPing(request, xid));
    if (index < 0) this.say(`${link.name} < unasked ${replyText(payload, 0, this.names)}`);
    for (const { type } of link.pending.splice(index, index < 0 ? 0 : 1)) {
      this.say(`${link.name} < ${replyText(payload, type, this.names)}`);
      if (endsConnection(type, headerOf(payload))) link.closing = true;
    }
    return true;
  }

  /** Learns the session from a ConnectResponse and returns its text. */
  #remember(link: Link, payload: Buffer): string {
    const { text, sessionId, passwd } = connectedText(payload, this.names, (id) => this.#passwords.get(id));
    if (sessionId !== 0n) {
      link.sessionId = sessionId;
      this.#sessionOf.set(link.name, sessionId);
      this.#passwords.set(sessionId, Buffer.from(passwd));
    }
    if (sessionId === 0n) link.closing = true;
    return text;
  }

  async #finish(): Promise<void> {
    for (const link of this.#links.values()) {
      if (link.closing || (link.sessionId !== 0n && !link.gone)) await this.settle(link);
    }
  }

  /** Closes what the case left behind; on fresh connections, because a case may leave its own in any state. */
  async #cleanUp(): Promise<void> {
    for (const link of this.#links.values()) {
      const intact = link.sessionId !== 0n && !link.gone && this.#target.hello.length === 0;
      if (intact && (await closeOn(link.client, []))) this.#passwords.delete(link.sessionId);
      link.client[Symbol.dispose]();
    }
    for (const [sessionId, passwd] of this.#passwords) {
      using client = await RawClient.connect(this.port);
      client.send(framed(greeting({ sessionId, passwd })));
      if ((await client.next()).kind === 'frame') await closeOn(client, this.#target.hello);
    }
  }
}

/** Replies behind which a server closes the connection. */
function endsConnection(type: number, header: ReplyHeader | undefined): boolean {
  if (header === undefined) return false;
  const { err, zxid } = header;
  if (err === ErrorCode.UNIMPLEMENTED) return zxid === -1n;
  if (err === ErrorCode.AUTHFAILED || err === ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH) return true;
  return type === OpCode.closeSession && err === ErrorCode.OK;
}

/** Pings are answered with their own xid whatever was asked. */
function isPing(request: { readonly type: number }, xid: number | undefined): boolean {
  return request.type === OpCode.ping && xid === Xid.ping;
}

export function framed(payload: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(payload.byteLength);
  return Buffer.concat([length, payload]);
}

/** A ConnectRequest for a new session, but for what is said otherwise. */
export function greeting(hello: Hello): Buffer {
  const w = new Writer();
  writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: 0n,
    timeOut: DEFAULT_TIMEOUT_MS,
    sessionId: 0n,
    passwd: ZERO_PASSWORD,
    ...hello,
  });
  return w.copy();
}

const PLAIN_NAMES = { path: (text: string): string => text, zxidAt: BigInt };

function encodePlain(request: Request, xid: number): Buffer {
  const w = new Writer();
  writeRequestHeader(w, { xid: request.xid ?? xid, type: request.type });
  request.write(w, PLAIN_NAMES);
  return framed(w.bytes());
}

/** Sends requests one after the other on a connection outside of the case; false when it closed. */
async function sendPlain(client: RawClient, requests: readonly Request[]): Promise<Buffer | undefined> {
  let last: Buffer | undefined;
  for (const [index, request] of requests.entries()) {
    client.send(encodePlain(request, 1_000_000 + index));
    do {
      const received = await client.next();
      if (received.kind !== 'frame') return undefined;
      last = received.payload;
    } while (isEvent(last));
  }
  return last;
}

/** Closes the session of a connection; true when the server confirmed by closing. */
async function closeOn(client: RawClient, hello: readonly Request[]): Promise<boolean> {
  const reply = await sendPlain(client, [...hello, closeSession()]);
  if (reply === undefined) return false;
  return (await client.untilClosed()) !== undefined;
}

/** Creates the case's parent and returns the zxid of the last txn before the case. */
async function prepare(target: Target, root: string): Promise<bigint> {
  using client = await RawClient.connect(target.port);
  client.send(framed(greeting({})));
  const welcome = await client.next();
  if (welcome.kind !== 'frame') throw new Error('no session to prepare the case');
  if (readConnectResponse(Reader.over(welcome.payload)).timeOut === 0) throw new Error('no session granted');
  const made = await sendPlain(client, [...target.hello, create(root)]);
  if (made === undefined || headerOf(made)?.err !== 0) throw new Error(`cannot create ${root}`);
  const closed = await sendPlain(client, [closeSession()]);
  const zxid = closed === undefined ? undefined : headerOf(closed)?.zxid;
  if (zxid === undefined) throw new Error(`cannot close the session that made ${root}`);
  await client.untilClosed();
  return zxid;
}

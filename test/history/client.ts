/**
 * A client that hides nothing from the history: every connection, request, answer and event is written down as it is
 * met on the wire, with the server's zxid. It asks for one thing at a time, takes the next server when one is silent,
 * keeps its session as long as it can, and begins another one when it is over. Its xids go on rising from one
 * connection to the next, so that (session, xid) names a request for ever.
 */
import * as net from 'node:net';
import {
  FrameSplitter,
  Reader,
  readConnectResponse,
  Writer,
  writeConnectRequest,
} from '../../src/codec/index.js';
import { OpCode, Xid } from '../../src/types/index.js';
import type { Random } from '../helpers/random.js';
import type { Answer, Call } from './history.js';
import type { Recorder } from './recorder.js';
import { readAnswer, writeCall } from './wire.js';

export interface ServerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export interface ClientOptions {
  readonly name: string;
  /** The first one is tried first. */
  readonly servers: readonly ServerAddress[];
  readonly sessionTimeoutMs: number;
  readonly random: Random;
  readonly recorder: Recorder;
  /** Called on each new connection before anything else is asked. */
  readonly greet?: () => readonly Call[];
}

/** A server that has not answered for so long counts as gone. */
const PATIENCE_MS = 1500;
const ATTEMPT_MS_MAX = 1000;
const FRAME_BYTES_MAX = 16 * 1024 * 1024;

interface Pending {
  readonly xid: number;
  readonly call: Call;
  readonly resolve: (answer: Answer | undefined) => void;
}

export class RecordingClient {
  readonly name: string;
  session = 0n;
  /** Sessions that came to their end without our asking. */
  readonly expired: { readonly session: bigint; readonly toldAt: number; readonly heardAt: number }[] = [];
  readonly #options: ClientOptions;
  #password = Buffer.alloc(16);
  #lastZxid = 0n;
  #xid = 0;
  #turn = 0;
  #socket: net.Socket | undefined;
  #link = 0;
  #open = false;
  #pending: Pending[] = [];
  #sentAt = 0;
  /** When a request was sent that was answered: until then a server has heard of us. */
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #retired = false;
  #waiters: (() => void)[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
    this.name = options.name;
    this.#connect();
  }

  get connected(): boolean {
    return this.#open;
  }

  /** Of the server it is connected to. */
  get server(): number {
    return this.#options.servers[this.#turn % this.#options.servers.length]?.id ?? 0;
  }

  /** Waits for a connection. @returns whether there is one */
  async ready(limitMs: number): Promise<boolean> {
    if (this.#open || this.#retired) return this.#open;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return this.#open;
  }

  /** Asks. @returns undefined if nobody knows what came of it, or if there is no connection */
  call(call: Call): Promise<Answer | undefined> {
    const socket = this.#socket;
    if (!this.#open || socket === undefined) return Promise.resolve(undefined);
    const xid = ++this.#xid;
    const w = new Writer();
    const mark = w.startFrame();
    w.int(xid);
    writeCall(w, call);
    w.endFrame(mark);
    this.#options.recorder.record({ kind: 'call', link: this.#link, xid, call });
    this.#sentAt = performance.now();
    socket.write(w.take());
    return new Promise((resolve) => {
      this.#pending.push({ xid, call, resolve });
      this.#expectAnswer();
    });
  }

  /** Leaves the connection, and with it the session to its fate. */
  abandonSession(): void {
    this.#forgetSession();
    this.#drop();
  }

  /** Ends the session and goes on with another one. */
  async closeSession(): Promise<void> {
    const answer = await this.call({ op: 'close' });
    if (answer !== undefined) this.#forgetSession();
    this.#drop();
  }

  /** Goes to the next server. */
  move(): void {
    this.#drop();
  }

  /** Closes the session, if it has a connection, and is of no more use. */
  async retire(): Promise<void> {
    if (this.#open) await this.call({ op: 'close' });
    this.#retired = true;
    this.#drop();
  }

  #forgetSession(): void {
    this.session = 0n;
    this.#password = Buffer.alloc(16);
    this.#lastZxid = 0n;
    this.#xid = 0;
  }

  #connect(): void {
    if (this.#retired) return;
    const { servers, recorder, name, sessionTimeoutMs } = this.#options;
    const target = servers[this.#turn % servers.length];
    if (target === undefined) throw new Error('no servers');
    const socket = net.connect({ host: target.host, port: target.port, noDelay: true });
    this.#socket = socket;
    const link = recorder.nextLink();
    this.#link = link;
    recorder.record({
      kind: 'connect',
      link,
      client: name,
      server: target.id,
      session: this.session,
      lastZxidSeen: this.#lastZxid,
    });
    const splitter = new FrameSplitter(FRAME_BYTES_MAX);
    socket.on('connect', () => {
      const w = new Writer();
      const mark = w.startFrame();
      writeConnectRequest(w, {
        protocolVersion: 0,
        lastZxidSeen: this.#lastZxid,
        timeOut: sessionTimeoutMs,
        sessionId: this.session,
        passwd: this.#password,
        readOnly: false,
      });
      w.endFrame(mark);
      socket.write(w.take());
    });
    socket.on('data', (chunk: Buffer) => {
      splitter.feed(chunk);
      while (socket === this.#socket && splitter.next())
        this.#frame(Reader.over(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end))));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (socket === this.#socket) this.#drop();
    });
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#drop(), ATTEMPT_MS_MAX);
  }

  /** The connection is over, whoever ended it; what is unanswered stays so. */
  #drop(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    clearTimeout(this.#deadline);
    clearInterval(this.#timer);
    this.#socket = undefined;
    this.#open = false;
    socket.destroy();
    this.#options.recorder.record({ kind: 'disconnect', link: this.#link });
    const pending = this.#pending;
    this.#pending = [];
    for (const { resolve } of pending) resolve(undefined);
    this.#turn++;
    if (!this.#retired) setTimeout(() => this.#connect(), 10 + this.#options.random.int(40));
  }

  #expectAnswer(): void {
    clearTimeout(this.#deadline);
    if (this.#pending.length === 0) return;
    // Behind the sockets: answers that came while this process was busy are read before the server is judged by them.
    this.#deadline = setTimeout(() => {
      const [first] = this.#pending;
      setImmediate(() => {
        if (first !== undefined && this.#pending[0] === first) this.#drop();
      });
    }, PATIENCE_MS);
  }

  #frame(r: Reader): void {
    const { recorder } = this.#options;
    if (!this.#open) return this.#greeted(r);
    const xid = r.int();
    const zxid = r.long();
    const err = r.int();
    if (xid === Xid.ping) {
      this.#heardAt = Math.max(this.#heardAt, this.#sentAt);
      return;
    }
    if (xid === Xid.watchEvent) {
      const type = r.int();
      r.int();
      recorder.record({ kind: 'watch', link: this.#link, type, path: r.ustring(), zxid });
      return;
    }
    const pending = this.#pending.shift();
    if (pending === undefined) throw new Error(`${this.name} is answered ${xid} and asked nothing`);
    const answer = readAnswer(r, pending.call, zxid, err);
    this.#heardAt = this.#sentAt;
    recorder.record({ kind: 'answer', link: this.#link, xid, answer });
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    this.#expectAnswer();
    pending.resolve(answer);
  }

  #greeted(r: Reader): void {
    const { recorder, sessionTimeoutMs, greet } = this.#options;
    const { sessionId, passwd, timeOut } = readConnectResponse(r);
    recorder.record({ kind: 'connected', link: this.#link, session: sessionId, timeoutMs: timeOut });
    if (timeOut <= 0) {
      this.expired.push({ session: this.session, toldAt: performance.now(), heardAt: this.#heardAt });
      this.#forgetSession();
      return this.#drop();
    }
    clearTimeout(this.#deadline);
    this.session = sessionId;
    this.#password = Buffer.from(passwd ?? Buffer.alloc(16));
    this.#open = true;
    this.#sentAt = performance.now();
    this.#heardAt = this.#sentAt;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#ping(), sessionTimeoutMs / 6);
    for (const call of greet?.() ?? []) void this.call(call);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #ping(): void {
    if (!this.#open || this.#pending.length > 0) return;
    const w = new Writer();
    const mark = w.startFrame();
    w.int(Xid.ping);
    w.int(OpCode.ping);
    w.endFrame(mark);
    this.#sentAt = performance.now();
    this.#socket?.write(w.take());
  }
}

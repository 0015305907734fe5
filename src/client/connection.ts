/**
 * One TCP or TLS connection to one server: frames out, frames in, and the matching of replies with requests. It
 * knows the order of things on the wire and nothing of sessions that outlive it.
 */
import net from 'node:net';
import tls from 'node:tls';
import { FrameSplitter, Reader, Writer } from '../codec/index.js';
import {
  readConnectResponse,
  writeConnectRequest,
  type ConnectRequest,
  type ConnectResponse,
} from '../codec/index.js';
import { KeeperError, Xid, zxidOf, type Zxid } from '../types/index.js';
import { Queue } from '../util/index.js';
import type { Chroot } from './chroot.js';
import { asError } from './errors.js';
import type { Pending } from './request.js';
import { formatAddress, type ServerAddress } from './serverList.js';

/** What a connection reports. After `onClosed` it reports nothing more. */
export interface ConnectionHandler {
  /** TCP (and TLS) stand: the first frame can be sent. */
  onOpen(connection: Connection): void;
  /** The server's answer to the ConnectRequest. */
  onConnectResponse(connection: Connection, response: ConnectResponse): void;
  /** A watch event, in its place among the replies. */
  onWatchEvent(type: number, path: string, zxid: Zxid): void;
  /** A reply to an ordinary request carried this zxid, which is positive. */
  onZxid(zxid: Zxid): void;
  /** It is gone. What had been sent and not answered is in `unanswered`. */
  onClosed(connection: Connection, error: Error, unanswered: Pending[]): void;
}

/** The options of a connection. */
export interface ConnectionConfig {
  readonly chroot: Chroot;
  readonly replyBytesMax: number;
  readonly requestBytesMax: number;
  readonly tls: tls.ConnectionOptions | undefined;
}

/** Memory of the outgoing buffer that is kept from one turn to the next. */
const KEPT_BYTES_MAX = 256 * 1024;

/** The largest xid before counting starts again; those below 1 have meanings of their own. */
const XID_MAX = 0x7fffffff;

/** Replies must come in the order of the requests; anything else ends the connection. */
export class Connection {
  readonly server: ServerAddress;
  /** When bytes last arrived or left, ms of a monotonic clock. */
  lastReceivedMs = performance.now();
  lastSentMs = performance.now();

  readonly #handler: ConnectionHandler;
  readonly #config: ConnectionConfig;
  readonly #socket: net.Socket;
  readonly #splitter: FrameSplitter;
  readonly #reader = new Reader();
  readonly #writer = new Writer(4096);
  readonly #sent = new Queue<Pending>();
  /** Requests with an xid below zero: each such xid has an order of its own. */
  readonly #special = new Map<number, Queue<Pending>>();
  #xid = 0;
  #flushing = false;
  #greeted = false;
  #closed = false;

  constructor(server: ServerAddress, config: ConnectionConfig, handler: ConnectionHandler) {
    this.server = server;
    this.#config = config;
    this.#handler = handler;
    this.#splitter = new FrameSplitter(config.replyBytesMax);
    const open = (): void => {
      if (!this.#closed) handler.onOpen(this);
    };
    const target = { host: server.host, port: server.port };
    if (config.tls === undefined) {
      this.#socket = net.connect({ ...target, noDelay: true }, open);
    } else {
      const servername = net.isIP(server.host) === 0 ? { servername: server.host } : {};
      const socket = tls.connect({ ...servername, ...config.tls, ...target }, open);
      socket.setNoDelay(true);
      this.#socket = socket;
    }
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.destroy(error));
    this.#socket.on('close', () => this.destroy(new Error('the server closed the connection')));
  }

  /** Sends the first frame. */
  greet(request: ConnectRequest): void {
    const mark = this.#writer.startFrame();
    writeConnectRequest(this.#writer, request);
    this.#writer.endFrame(mark);
    this.#scheduleFlush();
  }

  /**
   * Takes a request into this turn's write. A request that cannot be encoded or is too large fails at once.
   * @param xid one of `Xid`; undefined for the next ordinary one
   */
  send(request: Pending, xid?: number): void {
    if (request.settled) return;
    const writer = this.#writer;
    const mark = writer.startFrame();
    const ordinary = xid === undefined;
    request.xid = ordinary ? this.#nextXid() : xid;
    try {
      writer.int(request.xid);
      writer.int(request.type);
      request.write(writer);
      const bytes = writer.length - mark - 4;
      if (bytes > this.#config.requestBytesMax) throw tooLarge(request, bytes, this.#config.requestBytesMax);
    } catch (error) {
      writer.reset(mark);
      if (ordinary) this.#xid = request.xid - 1;
      request.fail(asError(error));
      return;
    }
    writer.endFrame(mark);
    if (ordinary) this.#sent.push(request);
    else this.#queueOf(xid).push(request);
    if (!this.#flushing) this.#scheduleFlush();
  }

  /** Requests sent and not answered, pings and the like included. */
  get outstanding(): number {
    let count = this.#sent.length;
    for (const queue of this.#special.values()) count += queue.length;
    return count;
  }

  /** Ends the connection at once. */
  destroy(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    const unanswered: Pending[] = [];
    for (const queue of [...this.#special.values(), this.#sent]) {
      for (let request = queue.shift(); request !== undefined; request = queue.shift())
        unanswered.push(request);
    }
    this.#handler.onClosed(this, error, unanswered);
  }

  #nextXid(): number {
    this.#xid = this.#xid >= XID_MAX ? 1 : this.#xid + 1;
    return this.#xid;
  }

  #queueOf(xid: number): Queue<Pending> {
    const queue = this.#special.get(xid) ?? new Queue<Pending>();
    this.#special.set(xid, queue);
    return queue;
  }

  /** A tick that is asked for by promise callbacks runs after all of them: their requests leave in one write. */
  #scheduleFlush(): void {
    this.#flushing = true;
    process.nextTick(flush, this);
  }

  /** Writes what the turn has gathered. */
  flush(): void {
    this.#flushing = false;
    if (this.#closed || this.#writer.length === 0) return;
    this.lastSentMs = performance.now();
    const large = this.#writer.length > KEPT_BYTES_MAX;
    this.#socket.write(large ? this.#writer.take(4096) : this.#writer.copy());
    this.#writer.reset();
  }

  #receive(chunk: Buffer): void {
    this.lastReceivedMs = performance.now();
    const splitter = this.#splitter;
    const reader = this.#reader;
    let attached: Buffer | undefined;
    try {
      splitter.feed(chunk);
      while (!this.#closed && splitter.next()) {
        if (splitter.bytes !== attached) {
          attached = splitter.bytes;
          reader.attach(attached);
        }
        reader.seek(splitter.start, splitter.end);
        this.#frame(reader);
      }
    } catch (error) {
      this.destroy(asError(error));
    }
  }

  #frame(reader: Reader): void {
    if (!this.#greeted) {
      this.#greeted = true;
      this.#handler.onConnectResponse(this, readConnectResponse(reader));
      return;
    }
    const xid = reader.int();
    const zxid = zxidOf(reader.long());
    const err = reader.int();
    if (xid > 0) {
      const request = this.#sent.shift();
      if (request === undefined || request.xid !== xid) {
        // Put it back: like all others behind it, it gets its answer from the end of the connection.
        const expected = request === undefined ? 'none' : String(request.xid);
        if (request !== undefined) this.#queueOf(0).push(request);
        throw new Error(`a reply to request ${xid} arrived, expected was ${expected}`);
      }
      if (zxid > 0n) this.#handler.onZxid(zxid);
      request.reply(err, reader, this.#config.chroot);
    } else if (xid === Xid.watchEvent) {
      const type = reader.int();
      reader.int();
      this.#handler.onWatchEvent(type, reader.ustring(), zxid);
    } else {
      const request = this.#special.get(xid)?.shift();
      if (request === undefined) throw new Error(`an unexpected reply with xid ${xid} arrived`);
      request.reply(err, reader, this.#config.chroot);
    }
  }
}

function flush(connection: Connection): void {
  connection.flush();
}

function tooLarge(request: Pending, bytes: number, bytesMax: number): KeeperError {
  return new KeeperError(
    'BADARGUMENTS',
    request.path,
    `a request of ${bytes} bytes; at most ${bytesMax} are sent`,
  );
}

/** An error that says which server it was about. */
export function about(server: ServerAddress, error: Error): Error {
  return new Error(`${formatAddress(server)}: ${error.message}`, { cause: error });
}

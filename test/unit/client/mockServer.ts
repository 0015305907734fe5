/**
 * A server of a few lines for the client's tests. It speaks the wire with the codec of the project, answers what is
 * asked in the plainest way, keeps what it was sent, and does whatever a test tells it to do instead.
 */
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import * as codec from '../../../src/codec/index.js';
import { FrameSplitter, Reader, Writer, type ConnectRequest, type Stat } from '../../../src/codec/index.js';
import { OpCode, Xid } from '../../../src/types/index.js';

/** A Stat to put into replies. */
export const STAT: Stat = {
  czxid: 0x100000001n,
  mzxid: 0x100000002n,
  ctime: 1_700_000_000_000n,
  mtime: 1_700_000_000_001n,
  version: 3,
  cversion: 2,
  aversion: 1,
  ephemeralOwner: 0n,
  dataLength: 5,
  numChildren: 2,
  pzxid: 0x100000003n,
};

/** A request as it arrived. */
export interface MockRequest {
  readonly xid: number;
  readonly type: number;
  /** Behind the header; a copy. */
  readonly body: Buffer;
}

/** Decides about a request: true when it has dealt with it, false for the plain answer. */
export type MockHandler = (request: MockRequest, connection: MockConnection) => boolean;

/** One client's connection. */
export class MockConnection {
  connectRequest: ConnectRequest | undefined;
  /** All requests in the order of arrival, pings left out. */
  readonly requests: MockRequest[] = [];
  pings = 0;
  readonly #splitter = new FrameSplitter(64 * 1024 * 1024);

  constructor(
    readonly server: MockServer,
    readonly socket: net.Socket,
  ) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (this.connectRequest === undefined && chunk.toString('latin1') === 'isro') {
        socket.end(server.isReadOnly ? 'ro' : 'rw');
        return;
      }
      this.#splitter.feed(chunk);
      while (this.#splitter.next()) {
        const { bytes, start, end } = this.#splitter;
        this.#frame(Buffer.from(bytes.subarray(start, end)));
      }
    });
  }

  /** Sends one frame. */
  frame(write: (w: Writer) => void): void {
    this.socket.write(frameOf(write));
  }

  reply(request: MockRequest, body: (w: Writer) => void = nothing, zxid = this.server.zxid): void {
    this.frame((w) => {
      codec.writeReplyHeader(w, { xid: request.xid, zxid, err: 0 });
      body(w);
    });
  }

  replyError(request: MockRequest, err: number): void {
    this.frame((w) => codec.writeReplyHeader(w, { xid: request.xid, zxid: this.server.zxid, err }));
  }

  event(type: number, path: string, zxid = -1n): void {
    this.frame((w) => {
      codec.writeReplyHeader(w, { xid: Xid.watchEvent, zxid, err: 0 });
      codec.writeWatcherEvent(w, { type, state: 3, path });
    });
  }

  /** Sends it away without a word. */
  drop(): void {
    this.socket.destroy();
  }

  /** The op codes of the requests so far. */
  get types(): number[] {
    return this.requests.map(({ type }) => type);
  }

  /** The requests of one kind, decoded. */
  decoded<T>(type: number, read: (r: Reader) => T): T[] {
    return this.requests
      .filter((request) => request.type === type)
      .map(({ body }) => read(Reader.over(body)));
  }

  #frame(bytes: Buffer): void {
    const reader = Reader.over(bytes);
    if (this.connectRequest === undefined) {
      this.connectRequest = codec.readConnectRequest(reader);
      this.server.onConnect(this.connectRequest, this);
      return;
    }
    const { xid, type } = codec.readRequestHeader(reader);
    const request = { xid, type, body: bytes.subarray(8) };
    if (type === OpCode.ping) this.pings++;
    else this.requests.push(request);
    if (!this.server.onRequest(request, this)) plainAnswer(request, this);
  }
}

export function frameOf(write: (w: Writer) => void): Buffer {
  const writer = new Writer();
  const mark = writer.startFrame();
  write(writer);
  writer.endFrame(mark);
  return writer.copy();
}

export class MockServer implements AsyncDisposable {
  /** The last zxid, in the header of replies. */
  zxid = 0x100000005n;
  sessionTimeoutMs: number | undefined;
  /** What it says when it is asked `isro`. */
  isReadOnly = false;
  nextSessionId = 0x1234500000001n;
  /** All connections that were ever made. */
  readonly connections: MockConnection[] = [];
  /** What to do with requests; by default the plain answer to each. */
  onRequest: MockHandler = () => false;
  /** What to do with a ConnectRequest; by default there is a session, the old one if it was named. */
  onConnect: (request: ConnectRequest, connection: MockConnection) => void = (request, connection) =>
    this.accept(request, connection);
  readonly #server = net.createServer((socket) => this.connections.push(new MockConnection(this, socket)));

  static async start(port = 0): Promise<MockServer> {
    const server = new MockServer();
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    const address: string | AddressInfo | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the mock server does not listen');
    return address.port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The newest connection. */
  get connection(): MockConnection {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error('nobody has connected');
    return last;
  }

  accept(request: ConnectRequest, connection: MockConnection, readOnly = false): void {
    const sessionId = request.sessionId === 0n ? this.nextSessionId++ : request.sessionId;
    connection.frame((w) =>
      codec.writeConnectResponse(w, {
        protocolVersion: 0,
        timeOut: this.sessionTimeoutMs ?? request.timeOut,
        sessionId,
        passwd: Buffer.alloc(16, 7),
        readOnly,
      }),
    );
  }

  /** The answer to a session that is no more. */
  expire(connection: MockConnection): void {
    const invalid = {
      protocolVersion: 0,
      timeOut: 0,
      sessionId: 0n,
      passwd: Buffer.alloc(16),
      readOnly: false,
    };
    connection.frame((w) => codec.writeConnectResponse(w, invalid));
    connection.socket.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function nothing(): void {
  // no body
}

/** The path that most requests begin with. */
export function pathOf(request: MockRequest): string {
  return Reader.over(request.body).ustring();
}

function plainAnswer(request: MockRequest, connection: MockConnection): void {
  const path = (): string => pathOf(request);
  switch (request.type) {
    case OpCode.create: {
      connection.reply(request, (w) => codec.writeCreateResponse(w, { path: path() }));
      return;
    }
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      connection.reply(request, (w) => codec.writeCreate2Response(w, { path: path(), stat: STAT }));
      return;
    }
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL: {
      connection.reply(request, (w) => codec.writeStat(w, STAT));
      return;
    }
    case OpCode.getData: {
      connection.reply(request, (w) =>
        codec.writeGetDataResponse(w, { data: Buffer.from(path()), stat: STAT }),
      );
      return;
    }
    case OpCode.getChildren2: {
      connection.reply(request, (w) =>
        codec.writeGetChildren2Response(w, { children: ['b', 'a'], stat: STAT }),
      );
      return;
    }
    case OpCode.sync: {
      connection.reply(request, (w) => codec.writeSyncResponse(w, { path: path() }));
      return;
    }
    case OpCode.addWatch: {
      connection.reply(request, (w) => codec.writeErrorResponse(w, { err: 0 }));
      return;
    }
    case OpCode.ping: {
      connection.reply({ ...request, xid: Xid.ping });
      return;
    }
    case OpCode.auth: {
      connection.reply(request, nothing, 0n);
      return;
    }
    case OpCode.delete:
    case OpCode.setWatches:
    case OpCode.setWatches2:
    case OpCode.removeWatches:
    case OpCode.checkWatches: {
      connection.reply(request);
      return;
    }
    case OpCode.closeSession:
      connection.reply(request);
      connection.socket.end();
      return;
    default:
      connection.replyError(request, -6);
  }
}

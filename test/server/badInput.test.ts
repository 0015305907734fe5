/**
 * Why this file exists: everybody who can reach the client port can send any bytes to it. What is no frame, no
 * ConnectRequest or no request gets the reaction that zab.md section 8 (and, where a real server is known to do
 * something else, protocol.md) writes down, and nobody else notices.
 */
import { expect } from 'chai';
import { startServer, type RunningServer } from '../../src/index.js';
import { ErrorCode, OpCode, Xid } from '../../src/types/index.js';
import { Bystander, MemoryWatch } from './bystander.js';
import { connectRequest, create, exists, frame, getData, ping, request, setData } from './frames.js';
import { Wire } from './wire.js';

const FRAME_BYTES_MAX = 0xfffff;

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

describe('bytes that are no client', () => {
  let server: RunningServer;
  let bystander: Bystander;
  before(async () => {
    server = await startServer({ properties: { 'nio.sessionlessCnxnTimeout': '400' } });
    bystander = await Bystander.start(server.port);
  });
  after(async () => {
    await bystander[Symbol.asyncDispose]();
    await server.close();
  });
  afterEach(() => bystander.undisturbed());

  /** Sends it as the first bytes of a connection. @returns what the server said before it closed */
  async function answerTo(...parts: readonly Uint8Array[]): Promise<string> {
    await using wire = await Wire.open(server.port);
    wire.send(...parts);
    return (await wire.end()).toString('latin1');
  }

  const strangers: [claim: string, bytes: Buffer][] = [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a TLS hello', Buffer.from('16030100c6010000c20303', 'hex')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['a length of -1', int(-1)],
    ['the lowest length', int(-0x80000000)],
    ['the highest length', int(0x7fffffff)],
    ['a length above jute.maxbuffer', int(FRAME_BYTES_MAX + 1)],
    ['an empty frame', int(0)],
    ['a word that is none', Buffer.from('kill')],
    ['ones', Buffer.alloc(4096, 0xff)],
    ['zeros', Buffer.alloc(4096)],
  ];
  for (const [claim, bytes] of strangers) {
    it(`${claim} is closed at once without a byte`, async () => {
      const startedAt = Date.now();
      expect(await answerTo(bytes)).to.equal('');
      expect(Date.now() - startedAt, 'ms until closed').to.be.lessThan(380);
    });
  }

  it('a length above what a ConnectRequest can need is not waited for', async () => {
    expect(await answerTo(int(64 * 1024 + 1), Buffer.alloc(1000))).to.equal('');
  });

  it('silence ends with the handshake deadline', async () => {
    const startedAt = Date.now();
    expect(await answerTo()).to.equal('');
    expect(Date.now() - startedAt, 'ms until closed').to.be.within(390, 2500);
  });

  it('one byte at a time does not push the handshake deadline back', async () => {
    await using wire = await Wire.open(server.port);
    const bytes = connectRequest();
    const startedAt = Date.now();
    // All but the last byte, in so many pieces that the deadline passes meanwhile.
    for (let at = 0; at < bytes.byteLength - 1 && !wire.closed; at++) {
      wire.send(bytes.subarray(at, at + 1));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await wire.end()).byteLength).to.equal(0);
    expect(Date.now() - startedAt, 'ms until closed').to.be.within(390, 2500);
  });

  it('a client that is slow, byte by byte, is served all the same', async () => {
    await using wire = await Wire.open(server.port);
    for (const byte of connectRequest()) {
      wire.send(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect((await wire.frame()).byteLength).to.equal(37);
    for (const byte of exists(1, '/')) {
      wire.send(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((await wire.reply()).err).to.equal(0);
  });

  it('a length that is only announced costs no memory', async () => {
    const memory = new MemoryWatch();
    const wires = await Promise.all(Array.from({ length: 100 }, () => Wire.connect(server.port)));
    for (const wire of wires) wire.send(int(FRAME_BYTES_MAX), Buffer.alloc(8));
    await new Promise((resolve) => setTimeout(resolve, 100));
    memory.expectGrowth({ peakMib: 40, leftMib: 10 });
    for (const wire of wires) await wire[Symbol.asyncDispose]();
  });

  describe('frames of a client with a session', () => {
    const endings: [claim: string, bytes: Buffer][] = [
      ['a length of -1', int(-1)],
      ['a length above jute.maxbuffer', int(FRAME_BYTES_MAX + 1)],
      ['an empty frame', int(0)],
      ['a frame that is shorter than a header', frame((w) => w.raw(Buffer.alloc(7)))],
      ['a four-letter word', Buffer.from('ruok')],
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ];
    for (const [claim, bytes] of endings) {
      it(`${claim} closes the connection without a byte`, async () => {
        await using wire = await Wire.connect(server.port);
        wire.send(bytes);
        expect((await wire.end()).byteLength).to.equal(0);
      });
    }

    it('the longest frame is taken, and one byte more is not', async () => {
      await using wire = await Wire.connect(server.port);
      await wire.call(create(1, '/longest'));
      const overhead = setData(2, '/longest', '').byteLength - 4;
      const longest = setData(2, '/longest', Buffer.alloc(FRAME_BYTES_MAX - overhead));
      expect(longest.readInt32BE(0)).to.equal(FRAME_BYTES_MAX);
      expect((await wire.call(longest)).err).to.equal(0);
      wire.send(setData(3, '/longest', Buffer.alloc(FRAME_BYTES_MAX - overhead + 1)));
      expect((await wire.end()).byteLength).to.equal(0);
      await using after = await Wire.connect(server.port);
      expect((await after.call(getData(1, '/longest'))).body.buffer().byteLength).to.equal(
        FRAME_BYTES_MAX - overhead,
      );
    });

    it('the session of a connection that was closed for its frames can be resumed', async () => {
      await using wire = await Wire.connect(server.port);
      wire.send(int(-1));
      await wire.end();
      await using again = await Wire.resume(server.port, wire);
      expect(again.session.sessionId).to.equal(wire.session.sessionId);
    });

    it('a second ConnectRequest is an unknown request: -6, then the connection is closed', async () => {
      await using wire = await Wire.connect(server.port);
      wire.send(connectRequest(), getData(1, '/'));
      const reply = await wire.reply();
      expect(reply).to.include({ xid: 0, zxid: -1n, err: ErrorCode.UNIMPLEMENTED });
      expect((await wire.end()).byteLength).to.equal(0);
    });

    it('bytes behind a record are ignored', async () => {
      await using wire = await Wire.connect(server.port);
      const more = request(1, OpCode.exists, (w) => {
        w.ustring('/');
        w.boolean(false);
        w.raw(Buffer.alloc(1000, 0x7f));
      });
      expect((await wire.call(more)).err).to.equal(0);
    });

    it('xids are opaque: repeated, falling, negative, and those with a meaning of their own', async () => {
      await using wire = await Wire.connect(server.port);
      const xids = [5, 5, 4, 0, 0x7fffffff, -0x80000000, -3, Xid.auth, Xid.setWatches, Xid.watchEvent];
      wire.send(...xids.map((xid) => getData(xid, '/')));
      for (const xid of xids) expect(await wire.reply()).to.include({ xid, err: 0 });
      wire.send(request(77, OpCode.ping), ping());
      expect((await wire.reply()).xid, 'of a ping with another xid').to.equal(Xid.ping);
      expect((await wire.reply()).xid).to.equal(Xid.ping);
    });
  });

  describe('a ConnectRequest', () => {
    const requests: [claim: string, bytes: Buffer][] = [
      ['a short request instead of one', getData(1, '/')],
      ['a ping instead of one', ping()],
      ['one that ends before its password', frame((w) => w.raw(Buffer.alloc(24)))],
      ['one whose password is longer than the frame', connectWithPasswordLength(17)],
      ['one whose password has an absurd length', connectWithPasswordLength(0x7fffffff)],
      ['one whose password has a negative length', connectWithPasswordLength(-2)],
    ];
    for (const [claim, bytes] of requests) {
      it(`${claim} is closed without a byte, and makes no session`, async () => {
        const { sessionsCount } = server.status;
        expect(await answerTo(bytes)).to.equal('');
        expect(server.status.sessionsCount).to.equal(sessionsCount);
      });
    }

    it('a long request instead of one makes no session', async () => {
      const { sessionsCount } = server.status;
      await answerTo(create(1, '/before-the-handshake', { data: 'some data' }));
      await answerTo(setData(7, '/before-the-handshake', Buffer.alloc(2000, 1)));
      expect(server.status.sessionsCount).to.equal(sessionsCount);
    });
  });
});

function connectWithPasswordLength(length: number): Buffer {
  return frame((w) => {
    w.int(0);
    w.long(0n);
    w.int(10_000);
    w.long(0n);
    w.int(length);
    w.raw(Buffer.alloc(16));
  });
}

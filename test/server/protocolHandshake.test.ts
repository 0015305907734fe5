/**
 * Why this file exists: the handshake as clients of every age do it, to the byte. Which of the two refusals a client
 * gets (a silent close, or an answer that says its session is over) decides whether it keeps its ephemerals.
 */
import { expect } from 'chai';
import { startServer, type RunningServer } from '../../src/index.js';
import { Reader, readConnectResponse } from '../../src/codec/index.js';
import { ErrorCode, OpCode, Xid } from '../../src/types/index.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

const NO_PASSWORD = Buffer.alloc(16);

describe('the handshake', () => {
  let server: RunningServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.close());

  /** The answer to a ConnectRequest, as bytes. */
  async function answerTo(request: Buffer): Promise<Buffer> {
    await using wire = await Wire.open(server.port);
    wire.send(request);
    return await wire.frame();
  }

  describe('of a new session', () => {
    it('takes 45 bytes and answers with 37', async () => {
      const request = frames.connectRequest({ readOnly: false });
      expect(request.byteLength).to.equal(4 + 45);
      expect((await answerTo(request)).byteLength).to.equal(37);
    });

    it('takes the 44 bytes of an old client and answers with 36', async () => {
      const request = frames.connectRequest({ readOnly: undefined });
      expect(request.byteLength).to.equal(4 + 44);
      expect((await answerTo(request)).byteLength).to.equal(36);
    });

    it('gives an id with the server in its first byte, and a password of 16 bytes', async () => {
      const answer = readConnectResponse(Reader.over(await answerTo(frames.connectRequest())));
      expect(answer).to.include({ protocolVersion: 0, timeOut: 10_000, readOnly: false });
      expect(answer.sessionId >> 56n).to.equal(1n);
      expect(answer.passwd).to.have.length(16);
      expect(answer.passwd?.equals(NO_PASSWORD)).to.equal(false);
    });

    const timeouts: [asked: number, given: number][] = [
      [-0x80000000, 4000],
      [-1, 4000],
      [0, 4000],
      [3999, 4000],
      [4001, 4001],
      [40_000, 40_000],
      [40_001, 40_000],
      [0x7fffffff, 40_000],
    ];
    for (const [asked, given] of timeouts) {
      it(`gives a timeout of ${given} ms to who asks for ${asked}`, async () => {
        await using wire = await Wire.connect(server.port, { timeOut: asked });
        expect(wire.session.timeOut).to.equal(given);
      });
    }

    const oddities: [claim: string, request: Buffer][] = [
      ['a null password', frames.connectRequest({ passwd: null })],
      ['an empty password', frames.connectRequest({ passwd: Buffer.alloc(0) })],
      ['a password for no session', frames.connectRequest({ passwd: Buffer.alloc(16, 7) })],
      ['a later version of the protocol', frames.connectRequest({ protocolVersion: 77 })],
      ['a negative version', frames.connectRequest({ protocolVersion: -1 })],
      ['a zxid of -1', frames.connectRequest({ lastZxidSeen: -1n })],
      ['readOnly', frames.connectRequest({ readOnly: true })],
      ['a field that only a later client knows', frames.connectRequest({}, Buffer.alloc(8, 1))],
    ];
    for (const [claim, request] of oddities) {
      it(`does not mind ${claim}`, async () => {
        const answer = readConnectResponse(Reader.over(await answerTo(request)));
        expect(answer.sessionId).not.to.equal(0n);
        expect(answer.readOnly).to.equal(false);
      });
    }
  });

  describe('of a session that is not', () => {
    let wire: Wire;
    beforeEach(async () => {
      wire = await Wire.connect(server.port);
    });
    afterEach(() => wire[Symbol.asyncDispose]());

    const changes: [claim: string, change: (was: frames.ConnectFields) => frames.ConnectFields][] = [
      ['an unknown id', (was) => ({ ...was, sessionId: (was.sessionId ?? 0n) + 1000n })],
      ['the lowest id', (was) => ({ ...was, sessionId: -(1n << 63n) })],
      ['a password with one bit wrong', (was) => ({ ...was, passwd: flipped(was.passwd ?? NO_PASSWORD) })],
      ['no password', (was) => ({ ...was, passwd: null })],
      ['an empty password', (was) => ({ ...was, passwd: Buffer.alloc(0) })],
      ['half a password', (was) => ({ ...was, passwd: (was.passwd ?? NO_PASSWORD).subarray(0, 8) })],
      [
        'a longer password',
        (was) => ({ ...was, passwd: Buffer.concat([was.passwd ?? NO_PASSWORD, NO_PASSWORD]) }),
      ],
      ['a password of zeros', (was) => ({ ...was, passwd: NO_PASSWORD })],
    ];
    for (const [claim, change] of changes) {
      for (const [readOnly, length] of [
        [false, 37],
        [undefined, 36],
      ] as const) {
        it(`${claim}: ${length} bytes that say so, then a close`, async () => {
          const { sessionId, passwd } = wire.session;
          await using stranger = await Wire.open(server.port);
          stranger.send(frames.connectRequest({ ...change({ sessionId, passwd }), readOnly }), frames.ping());
          const answer = await stranger.frame();
          expect(answer.byteLength).to.equal(length);
          expect(readConnectResponse(Reader.over(answer))).to.deep.include({
            protocolVersion: 0,
            timeOut: 0,
            sessionId: 0n,
            passwd: NO_PASSWORD,
          });
          expect((await stranger.end()).byteLength, 'nothing behind it is answered').to.equal(0);
          // Whoever guesses does not throw out who is there.
          expect((await wire.call(frames.exists(1, '/'))).err).to.equal(0);
        });
      }
    }

    it('one that was closed', async () => {
      await wire.call(frames.closeSession(1));
      await using again = await Wire.resume(server.port, wire);
      expect(again.session).to.deep.include({ timeOut: 0, sessionId: 0n, passwd: NO_PASSWORD });
      await again.end();
    });
  });

  describe('of a client that has seen a later zxid', () => {
    const ahead = 1n << 62n;

    it('is a close without a byte, and makes no session', async () => {
      const { sessionsCount } = server.status;
      await using wire = await Wire.open(server.port);
      wire.send(frames.connectRequest({ lastZxidSeen: ahead }));
      expect((await wire.end()).byteLength).to.equal(0);
      expect(server.status.sessionsCount).to.equal(sessionsCount);
    });

    it('does not end its session', async () => {
      await using wire = await Wire.connect(server.port);
      const { sessionId, passwd } = wire.session;
      await using early = await Wire.open(server.port);
      early.send(frames.connectRequest({ sessionId, passwd, lastZxidSeen: ahead }));
      expect((await early.end()).byteLength).to.equal(0);
      await using late = await Wire.resume(server.port, wire, { lastZxidSeen: server.status.lastZxid });
      expect(late.session.sessionId).to.equal(sessionId);
    });

    it('begins with the very next zxid', async () => {
      await using wire = await Wire.open(server.port);
      wire.send(frames.connectRequest({ lastZxidSeen: server.status.lastZxid + 1n }));
      expect((await wire.end()).byteLength).to.equal(0);
      await using level = await Wire.connect(server.port, { lastZxidSeen: server.status.lastZxid });
      expect(level.session.timeOut).to.equal(10_000);
    });
  });

  describe('with requests pipelined behind it', () => {
    const behind = Buffer.concat([
      frames.connectRequest(),
      frames.auth('digest', 'me:secret'),
      frames.setWatches(0n, { data: [], exist: ['/pipelined'] }),
      frames.create(1, '/pipelined', { data: 'x' }),
      frames.getData(2, '/pipelined'),
      frames.request(3, OpCode.whoAmI),
      frames.del(4, '/pipelined'),
      frames.ping(),
    ]);

    async function expectAnswers(wire: Wire): Promise<void> {
      expect(readConnectResponse(Reader.over(await wire.frame())).sessionId).not.to.equal(0n);
      expect(await wire.reply()).to.include({ xid: Xid.auth, err: 0 });
      expect(await wire.reply()).to.include({ xid: Xid.setWatches, err: 0 });
      expect((await wire.reply()).xid, 'the event of the create').to.equal(Xid.watchEvent);
      expect(await wire.reply()).to.include({ xid: 1, err: 0 });
      const read = await wire.reply();
      expect(read.body.buffer().toString()).to.equal('x');
      expect((await wire.reply()).body.int(), 'identities').to.equal(2);
      expect(await wire.reply()).to.include({ xid: 4, err: 0 });
      expect(await wire.reply()).to.include({ xid: Xid.ping, err: 0 });
    }

    it('in one piece', async () => {
      await using wire = await Wire.open(server.port);
      wire.send(behind);
      await expectAnswers(wire);
    });

    it('byte by byte', async () => {
      await using wire = await Wire.open(server.port);
      for (const byte of behind) {
        wire.send(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expectAnswers(wire);
    });

    it('cut in two at any place', async () => {
      for (let at = 1; at < behind.byteLength; at += 7) {
        await using wire = await Wire.open(server.port);
        wire.send(behind.subarray(0, at));
        await new Promise((resolve) => setImmediate(resolve));
        wire.send(behind.subarray(at));
        await expectAnswers(wire);
      }
    });

    it('ten thousand of them', async () => {
      await using wire = await Wire.open(server.port);
      const xids = Array.from({ length: 10_000 }, (_, i) => i);
      wire.send(frames.connectRequest(), ...xids.map((xid) => frames.exists(xid, '/')));
      await wire.frame();
      expect((await wire.replies(xids.length)).map(({ xid }) => xid)).to.deep.equal(xids);
    });

    it('of a session that is not: none is done', async () => {
      await using wire = await Wire.open(server.port);
      wire.send(frames.connectRequest({ sessionId: 12345n }), frames.create(1, '/never'));
      await wire.frame();
      expect((await wire.end()).byteLength).to.equal(0);
      await using other = await Wire.connect(server.port);
      expect((await other.call(frames.exists(1, '/never'))).err).to.equal(ErrorCode.NONODE);
    });
  });
});

function flipped(password: Buffer): Buffer {
  const changed = Buffer.from(password);
  changed.writeUInt8(changed.readUInt8(15) ^ 1, 15);
  return changed;
}

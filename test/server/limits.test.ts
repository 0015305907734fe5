/**
 * Why this file exists: the limits that an operator can set, and those that are always there. Beyond a limit on
 * connections a new one is closed; beyond a limit on requests the server reads later; nothing is dropped or reordered.
 */
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { pino } from 'pino';
import { startServer, type RunningServer } from '../../src/index.js';
import { ErrorCode, OpCode } from '../../src/types/index.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

/** Messages that the server logged, one line each. */
class Lines extends Writable {
  readonly lines: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.lines.push(...chunk.toString().trim().split('\n'));
    done();
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }
}

async function until(condition: () => boolean, limitMs = 3000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function refusesWords(port: number): Promise<boolean> {
  await using wire = await Wire.open(port);
  wire.send(Buffer.from('ruok'));
  return (await wire.end()).byteLength === 0;
}

describe('limits on connections', () => {
  for (const key of ['maxClientCnxns', 'maxCnxns']) {
    it(`${key}=3 closes the fourth at once, words included, until one of the three is gone`, async () => {
      const log = new Lines();
      await using server = await startServer({
        properties: { [key]: '3' },
        log: pino({ level: 'warn' }, log),
      });
      const wires = await Promise.all([1, 2, 3].map(() => Wire.connect(server.port)));
      for (let i = 0; i < 20; i++) expect(await refusesWords(server.port)).to.equal(true);
      expect(server.status.connectionsRejected).to.equal(20);
      expect(log.count(new RegExp(`${key}=3 is reached`)), 'lines in a second').to.be.within(1, 3);
      for (const [xid, wire] of wires.entries())
        expect((await wire.call(frames.exists(xid, '/'))).err).to.equal(0);

      await wires[0]?.[Symbol.asyncDispose]();
      await until(() => server.status.connectionsCount === 2);
      expect(await refusesWords(server.port)).to.equal(false);
      for (const wire of wires) await wire[Symbol.asyncDispose]();
    });
  }

  it('maxClientCnxns=0 means no limit', async () => {
    await using server = await startServer({ properties: { maxClientCnxns: '0' } });
    const wires = await Promise.all(Array.from({ length: 100 }, () => Wire.connect(server.port)));
    expect(server.status.connectionsCount).to.equal(100);
    for (const wire of wires) await wire[Symbol.asyncDispose]();
  });

  it('a client that drops its connections frees their places', async () => {
    await using server = await startServer({ properties: { maxClientCnxns: '2' } });
    for (let i = 0; i < 50; i++) {
      await using wire = await Wire.connect(server.port);
      wire.destroy();
      await until(() => server.status.connectionsCount === 0);
    }
  });
});

describe('limits on requests', () => {
  it('globalOutstandingLimit=5 slows a flood of writes, and drops and reorders nothing', async () => {
    await using server = await startServer({ properties: { globalOutstandingLimit: '5' } });
    await using wire = await Wire.connect(server.port);
    await using other = await Wire.connect(server.port);
    await wire.call(frames.create(0, '/flood', { data: '' }));
    const xids = Array.from({ length: 10_000 }, (_, i) => i);
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, server.status.outstanding)), 1);
    wire.send(...xids.map((xid) => frames.setData(xid, '/flood', String(xid), xid)));
    // Whoever has nothing outstanding goes on.
    for (let i = 0; i < 20; i++) expect((await other.call(frames.getData(i, '/flood'))).err).to.equal(0);
    const replies = await wire.replies(xids.length);
    clearInterval(watching);
    expect(replies.map(({ xid }) => xid)).to.deep.equal(xids);
    // Each names the version that the one before left, so that all zeros mean: all in order.
    expect(replies.filter(({ err }) => err !== 0)).to.have.lengthOf(0);
    expect(most, 'writes in progress').to.be.at.most(6);
  });

  it('more than ten thousand requests of one connection wait their turn', async () => {
    await using server = await startServer();
    await using wire = await Wire.connect(server.port);
    const xids = Array.from({ length: 40_000 }, (_, i) => i);
    wire.send(
      ...xids.map((xid) =>
        xid % 100 === 0 ? frames.setData(xid, '/zookeeper', null) : frames.exists(xid, '/'),
      ),
    );
    expect((await wire.replies(xids.length)).map(({ xid }) => xid)).to.deep.equal(xids);
  });

  it('jute.maxbuffer=4096 is the longest frame, and the longest ConnectRequest', async () => {
    await using server = await startServer({ properties: { 'jute.maxbuffer': '4096' } });
    await using wire = await Wire.connect(server.port);
    const room = 4096 - (frames.create(1, '/a', { data: '' }).byteLength - 4);
    expect((await wire.call(frames.create(1, '/a', { data: Buffer.alloc(room) }))).err).to.equal(0);
    wire.send(frames.create(2, '/b', { data: Buffer.alloc(room + 1) }));
    expect((await wire.end()).byteLength).to.equal(0);
    await using stranger = await Wire.open(server.port);
    stranger.send(frames.connectRequest({}, Buffer.alloc(5000)));
    expect((await stranger.end()).byteLength).to.equal(0);
  });

  it('jute.maxbuffer above the default lets larger data in and out again', async () => {
    await using server = await startServer({ properties: { 'jute.maxbuffer': String(8 * 1024 * 1024) } });
    await using wire = await Wire.connect(server.port);
    const data = Buffer.alloc(7_000_000, 0x61);
    expect((await wire.call(frames.create(1, '/large', { data }))).err).to.equal(0);
    expect((await wire.call(frames.getData(2, '/large'))).body.buffer().equals(data)).to.equal(true);
    const twice = await wire.call(
      frames.multiRead(3, [frames.op.getData('/large'), frames.op.getData('/large')]),
    );
    expect(twice.body.remaining).to.be.greaterThan(14_000_000);
  });
});

describe('who does not read', () => {
  let server: RunningServer;
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  before(async () => {
    // The server's clock, so that half a minute passes at once.
    performance.now = () => now() + aheadMs;
    server = await startServer();
  });
  after(async () => {
    await server.close();
    performance.now = now;
  });

  it('is cut off half a minute later, and its session goes on', async () => {
    await using writer = await Wire.connect(server.port);
    await writer.call(frames.create(1, '/large', { data: Buffer.alloc(1_000_000) }));
    await using wire = await Wire.connect(server.port);
    wire.deaf();
    wire.send(...Array.from({ length: 50 }, (_, xid) => frames.getData(xid, '/large')));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(server.status.connectionsCount, 'after a second').to.equal(2);
    aheadMs += 31_000;
    await until(() => server.status.connectionsCount === 1, 3000);
    await using again = await Wire.resume(server.port, wire);
    expect(again.session.sessionId).to.equal(wire.session.sessionId);
  });

  it('but takes something now and then, is not', async () => {
    await using wire = await Wire.connect(server.port, { timeOut: 40_000 });
    wire.deaf();
    wire.send(...Array.from({ length: 100 }, (_, xid) => frames.getData(xid, '/large')));
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      wire.listen();
      await wire.replies(8);
      wire.deaf();
      aheadMs += 20_000;
    }
    wire.listen();
    expect(await wire.replies(68)).to.have.lengthOf(68);
  });
});

describe('limits on what is logged', () => {
  it('a quota that is exceeded again and again is a line a second', async () => {
    const log = new Lines();
    await using server = await startServer({ log: pino({ level: 'warn' }, log) });
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.create(1, '/q'));
    await wire.call(frames.create(1, '/zookeeper/quota/q'));
    await wire.call(frames.create(1, '/zookeeper/quota/q/zookeeper_limits', { data: 'count=1,bytes=-1' }));
    await wire.call(frames.create(1, '/zookeeper/quota/q/zookeeper_stats'));
    const xids = Array.from({ length: 2000 }, (_, i) => i);
    wire.send(...xids.map((xid) => frames.create(xid, `/q/n${xid}`)));
    for (const { err } of await wire.replies(xids.length)) expect(err).to.equal(0);
    expect(log.count(/Quota of \/q exceeded/), 'lines').to.be.within(1, 5);
  });

  it('so are connections that say nonsense', async () => {
    const log = new Lines();
    await using server = await startServer({ log: pino({ level: 'warn' }, log) });
    for (let i = 0; i < 200; i++) {
      await using wire = await Wire.open(server.port);
      wire.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
      await wire.end();
    }
    expect(log.count(/Closed the connection of 127\.0\.0\.1/), 'lines').to.be.within(1, 5);
    expect(server.status.requestsMalformed).to.equal(200);
  });

  it('a path with control characters cannot forge a line, because no znode has one', async () => {
    await using server = await startServer();
    await using wire = await Wire.connect(server.port);
    expect((await wire.call(frames.create(1, '/a\nb'))).err).to.equal(ErrorCode.BADARGUMENTS);
    expect((await wire.call(frames.pathOnly(2, OpCode.sync, '/a\nb'))).err).to.equal(0);
  });
});

/**
 * Why this file exists: single requests that are legal and cheap to send, and whose answers or traces in the server
 * are large. Whoever asks for much and takes nothing waits; everybody else is served, and memory stays bounded.
 */
import { expect } from 'chai';
import { startServer, type RunningServer } from '../../src/index.js';
import { readMultiHeader, readStat, type Reader } from '../../src/codec/index.js';
import { CreateMode, ErrorCode, OpCode, Xid } from '../../src/types/index.js';
import { Bystander, MemoryWatch } from './bystander.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

const CHILDREN = 100_000;
const MEGABYTE = Buffer.alloc(1_000_000, 0x78);

/** The same request many times, as one piece of bytes. */
function times(count: number, request: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => request));
}

/** Creates `count` children with as few requests as possible. */
async function createChildren(wire: Wire, parent: string, count: number, flags = 0): Promise<void> {
  await wire.call(frames.create(1, parent));
  for (let from = 0; from < count; from += 10_000) {
    const ops = Array.from({ length: Math.min(10_000, count - from) }, (_, i) =>
      frames.op.create(`${parent}/n${from + i}`, { flags }),
    );
    const { err, body } = await wire.call(frames.multi(2, ops));
    expect([err, readMultiHeader(body).type]).to.deep.equal([0, OpCode.create]);
  }
}

/** The first strings of a vector. */
function countOf(body: Reader): number {
  return body.int();
}

describe('small requests with large consequences', () => {
  let server: RunningServer;
  let bystander: Bystander;
  before(async function () {
    this.timeout(20_000);
    server = await startServer();
    await using wire = await Wire.connect(server.port);
    await createChildren(wire, '/many', CHILDREN);
    await wire.call(frames.create(1, '/large', { data: MEGABYTE }));
    bystander = await Bystander.start(server.port);
  });
  after(async () => {
    await bystander[Symbol.asyncDispose]();
    await server.close();
  });
  afterEach(() => bystander.undisturbed());

  /** Sends many of a request to a server whose answers nobody reads. */
  async function pipelineUnread(requests: Buffer, peakMib: number): Promise<Wire> {
    const wire = await Wire.connect(server.port);
    const memory = new MemoryWatch();
    wire.deaf();
    wire.send(requests);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await bystander.undisturbed();
    memory.expectGrowth({ peakMib, leftMib: 20 });
    return wire;
  }

  describe('pipelined by a client that does not read', () => {
    it('getChildren of 100,000 names, 2000 times', async () => {
      await using wire = await pipelineUnread(times(2000, frames.getChildren(1, '/many')), 100);
      wire.listen();
      for (const { err, body } of await wire.replies(3)) {
        expect(err).to.equal(0);
        expect(countOf(body)).to.equal(CHILDREN);
      }
    });

    it('getChildren of 100,000 names behind a write each, 500 times', async () => {
      const pairs = Array.from({ length: 500 }, (_, i) => [
        frames.create(2 * i, `/many/x${i}`),
        frames.getChildren(2 * i + 1, '/many'),
      ]);
      await using wire = await pipelineUnread(Buffer.concat(pairs.flat()), 120);
      wire.listen();
      for (let i = 0; i < 3; i++) {
        const [created, listed] = await wire.replies(2);
        expect([created?.xid, created?.err, listed?.xid, listed?.err]).to.deep.equal([
          2 * i,
          0,
          2 * i + 1,
          0,
        ]);
        // What was written before is in it.
        expect(listed === undefined ? 0 : countOf(listed.body)).to.be.at.least(CHILDREN + i + 1);
      }
    });

    it('getAllChildrenNumber of 100,000 znodes, 200 times', async () => {
      const counts = times(200, frames.pathOnly(1, OpCode.getAllChildrenNumber, '/many'));
      await using wire = await pipelineUnread(counts, 60);
      wire.listen();
      for (const { err } of await wire.replies(5)) expect(err).to.equal(0);
    });

    it('getEphemerals of 20,000 ephemerals, 2000 times', async () => {
      await using wire = await Wire.connect(server.port);
      await createChildren(wire, '/mine', 20_000, CreateMode.ephemeral);
      const memory = new MemoryWatch();
      wire.deaf();
      wire.send(times(2000, frames.pathOnly(1, OpCode.getEphemerals, '/')));
      await new Promise((resolve) => setTimeout(resolve, 300));
      memory.expectGrowth({ peakMib: 60, leftMib: 20 });
    });

    it('getData of a megabyte, 5000 times', async () => {
      await using wire = await pipelineUnread(times(5000, frames.getData(1, '/large')), 60);
      wire.listen();
      for (const { body } of await wire.replies(5))
        expect(body.buffer().byteLength).to.equal(MEGABYTE.byteLength);
    });

    const endless: [claim: string, request: Buffer][] = [
      ['pings', frames.ping()],
      ['auth, which is answered out of turn', frames.auth('ip', Buffer.alloc(0))],
      ['SASL tokens, which nobody here wants', frames.sasl(1, Buffer.alloc(0))],
      ['requests that cannot be decoded', frames.request(1, OpCode.getData)],
    ];
    for (const [claim, request] of endless) {
      it(`${claim}: the server stops reading`, async () => {
        await using wire = await Wire.connect(server.port);
        const memory = new MemoryWatch();
        wire.deaf();
        const bytes = times(Math.ceil(1_000_000 / request.byteLength), request);
        let sent = 0;
        while (sent < 60 && (await wire.sendAll(bytes, 500))) sent++;
        expect(sent, 'megabytes sent before the server stopped reading').to.be.lessThan(60);
        expect(wire.closed).to.equal(false);
        await bystander.undisturbed();
        memory.expectGrowth({ peakMib: 60, leftMib: 10 });
      });
    }
  });

  it('answers everything in order to a client that reads late', async () => {
    await using wire = await Wire.connect(server.port);
    wire.deaf();
    const kinds = [
      (xid: number) => frames.getData(xid, '/large'),
      (xid: number) => frames.getChildren(xid, '/many'),
      (xid: number) => frames.setData(xid, '/many', String(xid)),
      (xid: number) => frames.pathOnly(xid, OpCode.sync, '/'),
      (xid: number) => frames.exists(xid, '/missing'),
      (xid: number) => frames.pathOnly(xid, OpCode.getACL, '/'),
      (xid: number) => frames.multiRead(xid, [frames.op.getChildren('/'), frames.op.getData('/many')]),
    ];
    const xids = Array.from({ length: 70 }, (_, i) => i + 1);
    wire.send(...xids.map((xid) => kinds[xid % kinds.length]?.(xid) ?? Buffer.alloc(0)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    wire.listen();
    expect((await wire.replies(xids.length)).map(({ xid }) => xid)).to.deep.equal(xids);
  });

  describe('multiRead', () => {
    it('of a megabyte 10,000 times gives some of them, and an error for the rest', async () => {
      await using wire = await Wire.connect(server.port);
      const memory = new MemoryWatch();
      const reads = Array.from({ length: 10_000 }, () => frames.op.getData('/large'));
      const { err, body } = await wire.call(frames.multiRead(1, reads));
      expect(err).to.equal(0);
      const results = { data: 0, errors: 0 };
      for (let header = readMultiHeader(body); !header.done; header = readMultiHeader(body)) {
        if (header.type === -1) {
          expect(body.int()).to.equal(ErrorCode.MARSHALLINGERROR);
          results.errors++;
        } else {
          expect(results.errors, 'errors come last').to.equal(0);
          body.buffer();
          readStat(body);
          results.data++;
        }
      }
      expect(results.data).to.be.within(4, 6);
      expect(results.data + results.errors).to.equal(10_000);
      memory.expectGrowth({ peakMib: 60, leftMib: 10 });
    });

    it('of 100,000 names 10,000 times is answered', async () => {
      await using wire = await Wire.connect(server.port);
      const memory = new MemoryWatch();
      const reads = Array.from({ length: 10_000 }, () => frames.op.getChildren('/many'));
      const { err } = await wire.call(frames.multiRead(1, reads));
      expect(err).to.equal(0);
      memory.expectGrowth({ peakMib: 100, leftMib: 20 });
    });
  });

  describe('watches', () => {
    it('80,000 in one setWatches, and those of a connection that is gone cost nothing', async () => {
      const memory = new MemoryWatch();
      const wire = await Wire.connect(server.port);
      const exist = Array.from({ length: 80_000 }, (_, i) => `/w${i}`);
      expect((await wire.call(frames.setWatches(0n, { data: [], exist }))).err).to.equal(0);
      expect(server.status.watches.total).to.equal(80_000);
      await wire[Symbol.asyncDispose]();
      while (server.status.watches.total > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      memory.expectGrowth({ peakMib: 150, leftMib: 20 });
    });

    it('80,000 that fire at once are events before the reply', async () => {
      await using wire = await Wire.connect(server.port);
      const data = Array.from({ length: 80_000 }, (_, i) => `/g${i}`);
      wire.send(frames.setWatches(0n, { data, exist: [] }));
      let events = 0;
      let reply = await wire.reply();
      for (; reply.xid === Xid.watchEvent; reply = await wire.reply()) events++;
      expect(reply).to.include({ xid: Xid.setWatches, err: 0 });
      expect(events).to.equal(80_000);
    });

    it('without end: refused one by one, refused in setWatches, and others may still watch', async () => {
      const memory = new MemoryWatch();
      const wire = await Wire.connect(server.port);
      const path = (i: number): string => `/${i}${'w'.repeat(500_000)}`;
      let watches = 0;
      while (watches < 300 && (await wire.call(frames.addWatch(1, path(watches), 1))).err === 0) watches++;
      expect(watches, 'watches of half a megabyte').to.be.within(100, 200);
      expect((await wire.call(frames.getData(2, '/large', true))).err).to.equal(ErrorCode.SYSTEMERROR);
      expect((await wire.call(frames.getData(3, '/large'))).err).to.equal(0);
      await using other = await Wire.connect(server.port);
      expect((await other.call(frames.getData(1, '/large', true))).err).to.equal(0);
      // A client does not look at this error, so its connection ends.
      wire.send(frames.setWatches(0n, { data: [], exist: ['/a'] }));
      expect(await wire.reply()).to.include({ xid: Xid.setWatches, err: ErrorCode.SYSTEMERROR });
      await wire.end();
      await wire[Symbol.asyncDispose]();
      memory.expectGrowth({ peakMib: 350, leftMib: 20 });
    });
  });

  it('an access list of a thousand addresses does not slow the others down', async () => {
    await using wire = await Wire.connect(server.port);
    const acl = Array.from({ length: 1000 }, (_, i) => ({
      perms: 31,
      id: { scheme: 'ip', id: i === 999 ? '127.0.0.1' : `10.1.${i >> 8}.${i & 255}` },
    }));
    expect((await wire.call(frames.create(1, '/guarded', { acl }))).err).to.equal(0);
    wire.send(times(2000, frames.getData(2, '/guarded')));
    for (const { err } of await wire.replies(2000)) expect(err).to.equal(0);
  });

  it('a quota text of a megabyte does not slow down the writes below it', async () => {
    await using wire = await Wire.connect(server.port);
    for (const path of ['/limited', '/zookeeper/quota/limited']) await wire.call(frames.create(1, path));
    const limits = '/zookeeper/quota/limited/zookeeper_limits';
    const garbage = Buffer.from(',a'.repeat(500_000));
    expect((await wire.call(frames.create(2, limits, { data: garbage }))).err).to.equal(0);
    await wire.call(frames.create(3, '/zookeeper/quota/limited/zookeeper_stats'));
    const startedAt = performance.now();
    wire.send(...Array.from({ length: 500 }, (_, i) => frames.create(i, `/limited/n${i}`)));
    for (const { err } of await wire.replies(500)) expect(err).to.equal(0);
    expect(performance.now() - startedAt, 'ms').to.be.lessThan(3000);
  });

  it('megabyte after megabyte from twenty writers is paced, not gathered', async () => {
    const wires = await Promise.all(Array.from({ length: 20 }, () => Wire.connect(server.port)));
    const memory = new MemoryWatch();
    const write = frames.setData(1, '/large', MEGABYTE);
    for (const wire of wires) for (let i = 0; i < 8; i++) wire.send(write);
    for (const wire of wires) for (const { err } of await wire.replies(8, 15_000)) expect(err).to.equal(0);
    memory.expectGrowth({ peakMib: 400, leftMib: 20 });
    for (const wire of wires) await wire[Symbol.asyncDispose]();
  });

  it('2000 connections that come and go, at every stage of a handshake', async () => {
    const memory = new MemoryWatch();
    const before = server.status.connectionsCount;
    const connectRequest = frames.connectRequest();
    for (let batch = 0; batch < 20; batch++) {
      const wires = await Promise.all(Array.from({ length: 100 }, () => Wire.open(server.port)));
      for (const [i, wire] of wires.entries()) {
        if (i % 4 === 1) wire.send(connectRequest.subarray(0, 20));
        if (i % 4 === 2) wire.send(connectRequest);
        if (i % 4 === 3) wire.send(connectRequest, frames.getData(1, '/'), frames.closeSession(2));
      }
      await Promise.all(wires.map((wire) => wire[Symbol.asyncDispose]()));
    }
    const deadline = Date.now() + 5000;
    while (server.status.connectionsCount > before && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(server.status.connectionsCount).to.equal(before);
    memory.expectGrowth({ peakMib: 150, leftMib: 30 });
  });
});

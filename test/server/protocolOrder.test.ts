/**
 * Why this file exists: what a client may conclude from the order in which frames come. Replies stand in the order of
 * requests, a read shows the writes before it, an event comes before the reply that would show the change, and no
 * frame carries a zxid that takes back an earlier one.
 */
import { expect } from 'chai';
import { startServer, type RunningServer } from '../../src/index.js';
import { readMultiHeader, readStat, readWatcherEvent } from '../../src/codec/index.js';
import { AddWatchMode, CreateMode, ErrorCode, EventType, OpCode, Xid } from '../../src/types/index.js';
import { Random } from '../helpers/random.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

describe('the order of frames', () => {
  let server: RunningServer;
  let wire: Wire;
  before(async () => {
    server = await startServer();
  });
  after(() => server.close());
  beforeEach(async () => {
    wire = await Wire.connect(server.port);
  });
  afterEach(() => wire[Symbol.asyncDispose]());

  it('is that of the requests, whatever their kind, and zxids never fall', async () => {
    const random = new Random(4711);
    await wire.call(frames.create(0, '/mix', { data: '' }));
    const kinds: ((xid: number) => Buffer)[] = [
      (xid) => frames.create(xid, `/mix/n${xid}`),
      (xid) => frames.create(xid, '/mix/s-', { flags: CreateMode.persistentSequential }),
      (xid) => frames.create(xid, '/mix/missing/child'),
      (xid) => frames.setData(xid, '/mix', String(xid)),
      (xid) => frames.setData(xid, '/mix', 'x', 1_000_000),
      (xid) => frames.del(xid, '/mix/none'),
      (xid) => frames.getData(xid, '/mix'),
      (xid) => frames.getChildren(xid, '/mix'),
      (xid) => frames.exists(xid, '/none'),
      (xid) => frames.pathOnly(xid, OpCode.sync, '/'),
      (xid) => frames.multi(xid, [frames.op.check('/mix'), frames.op.delete('/none')]),
      (xid) => frames.multi(xid, []),
      (xid) => frames.multiRead(xid, [frames.op.getData('/mix'), frames.op.getData('/none')]),
      (xid) => frames.request(xid, OpCode.getData),
      (xid) => frames.request(xid, OpCode.whoAmI),
      () => frames.ping(),
    ];
    const requests = Array.from({ length: 3000 }, (_, i) => random.pick(kinds)(i + 1));
    wire.send(...requests);
    let zxid = 0n;
    for (const request of requests) {
      const reply = await wire.reply();
      expect(reply.xid).to.equal(request.readInt32BE(4));
      expect(reply.zxid >= zxid, `${reply.zxid} after ${zxid}`).to.equal(true);
      zxid = reply.zxid;
    }
  });

  it('a read behind a write shows it, and not yet the one behind', async () => {
    await wire.call(frames.create(1, '/seen', { data: '0' }));
    const xids = Array.from({ length: 500 }, (_, i) => i + 1);
    wire.send(
      ...xids.flatMap((xid) => [frames.setData(xid, '/seen', String(xid)), frames.getData(xid, '/seen')]),
    );
    for (const xid of xids) {
      const [written, read] = await wire.replies(2);
      expect([written?.xid, written?.err]).to.deep.equal([xid, 0]);
      expect(read?.body.buffer().toString()).to.equal(String(xid));
      expect(read?.zxid).to.equal(written?.zxid);
    }
  });

  it('failed writes take a zxid each, reads take none', async () => {
    const last = await wire.call(frames.create(1, '/counted'));
    const failed = await wire.call(frames.create(2, '/counted'));
    expect(failed).to.include({ err: ErrorCode.NODEEXISTS, zxid: last.zxid + 1n });
    expect((await wire.call(frames.getData(3, '/counted'))).zxid).to.equal(failed.zxid);
    expect((await wire.call(frames.ping())).zxid).to.equal(failed.zxid);
    expect((await wire.call(frames.pathOnly(4, OpCode.sync, '/'))).zxid).to.equal(failed.zxid);
    const undecodable = await wire.call(frames.request(5, OpCode.multi));
    expect(undecodable).to.include({ err: ErrorCode.MARSHALLINGERROR, zxid: failed.zxid + 1n });
    expect((await wire.call(frames.del(6, '/counted'))).zxid).to.equal(failed.zxid + 2n);
  });

  it('the event of an own write comes before its reply, with its zxid', async () => {
    await wire.call(frames.exists(1, '/own', true));
    wire.send(frames.create(2, '/own'), frames.getData(3, '/own', true), frames.setData(4, '/own', 'x'));
    const event = await wire.reply();
    const created = await wire.reply();
    expect([event.xid, created.xid]).to.deep.equal([Xid.watchEvent, 2]);
    expect(event.zxid).to.equal(created.zxid);
    expect(readWatcherEvent(event.body)).to.include({ type: EventType.nodeCreated, path: '/own', state: 3 });
    expect((await wire.reply()).xid).to.equal(3);
    expect(readWatcherEvent((await wire.reply()).body).type).to.equal(EventType.nodeDataChanged);
    expect((await wire.reply()).xid).to.equal(4);
  });

  it('another client hears of a change before it can read it', async () => {
    await using writer = await Wire.connect(server.port);
    await writer.call(frames.create(1, '/told', { data: '0' }));
    for (let version = 0; version < 100; version++) {
      expect((await wire.call(frames.getData(1, '/told', true))).xid).to.equal(1);
      writer.send(frames.setData(version, '/told', 'x'));
      // Reads until one shows the change: by then the event must have come.
      let told = false;
      for (let seen = version; seen === version;) {
        wire.send(frames.getData(2, '/told'));
        let reply = await wire.reply();
        if (reply.xid === Xid.watchEvent) {
          told = true;
          reply = await wire.reply();
        }
        reply.body.buffer();
        seen = readStat(reply.body).version;
        expect(seen > version && !told, 'seen before it was told').to.equal(false);
      }
      await writer.reply();
    }
  });

  it('events of a persistent recursive watch are those of the log: in order, none left out', async () => {
    await wire.call(frames.addWatch(1, '/', AddWatchMode.persistentRecursive));
    const writers = await Promise.all([1, 2, 3].map(() => Wire.connect(server.port)));
    for (const [w, writer] of writers.entries()) {
      writer.send(...Array.from({ length: 200 }, (_, i) => frames.create(i, `/order-${w}-${i}`)));
    }
    const zxids: bigint[] = [];
    const paths = new Set<string>();
    while (paths.size < 600) {
      const event = await wire.reply();
      zxids.push(event.zxid);
      paths.add(readWatcherEvent(event.body).path);
    }
    expect(zxids).to.deep.equal([...zxids].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(zxids).size).to.equal(600);
    for (const writer of writers) await writer[Symbol.asyncDispose]();
  });

  it('a request has the identities of the moment it was sent, also when it waits behind a write', async () => {
    const acl = [{ perms: 31, id: { scheme: 'auth', id: '' } }];
    wire.send(
      frames.create(1, '/before', { acl }),
      frames.auth('digest', 'me:secret'),
      frames.create(2, '/after', { acl }),
      frames.getData(3, '/after'),
    );
    const byXid = new Map((await wire.replies(4)).map((reply) => [reply.xid, reply.err]));
    expect(byXid.get(1)).to.equal(ErrorCode.INVALIDACL);
    expect(byXid.get(Xid.auth)).to.equal(0);
    expect(byXid.get(2)).to.equal(0);
    expect(byXid.get(3)).to.equal(0);
  });

  it('sync gives its path back, null too', async () => {
    const path = await wire.call(frames.pathOnly(1, OpCode.sync, '/not/there'));
    expect(path.body.ustring()).to.equal('/not/there');
    const none = await wire.call(frames.request(2, OpCode.sync, (w) => w.ustring(null)));
    expect([none.err, none.body.ustringOrNull()]).to.deep.equal([0, null]);
  });

  it('null data and empty data are two things', async () => {
    await wire.call(frames.create(1, '/null', { data: null }));
    await wire.call(frames.create(2, '/empty', { data: '' }));
    expect((await wire.call(frames.getData(3, '/null'))).body.bufferOrNull()).to.equal(null);
    expect((await wire.call(frames.getData(4, '/empty'))).body.bufferOrNull()).to.have.length(0);
  });

  it('of a multi that fails nothing is done: 0 before the fault, its code, -2 behind it', async () => {
    await wire.call(frames.create(1, '/half'));
    const { err, body } = await wire.call(
      frames.multi(2, [
        frames.op.create('/half/a'),
        frames.op.setData('/half', Buffer.from('x')),
        frames.op.check('/half', 7),
        frames.op.create('/half/b'),
      ]),
    );
    const codes: number[] = [];
    for (let header = readMultiHeader(body); !header.done; header = readMultiHeader(body)) {
      expect(header.type).to.equal(-1);
      codes.push(body.int());
    }
    expect(err).to.equal(0);
    expect(codes).to.deep.equal([0, 0, ErrorCode.BADVERSION, ErrorCode.RUNTIMEINCONSISTENCY]);
    const { body: read } = await wire.call(frames.getData(3, '/half'));
    expect(read.bufferOrNull()).to.equal(null);
    expect(readStat(read)).to.include({ version: 0, numChildren: 0, cversion: 0 });
  });
});

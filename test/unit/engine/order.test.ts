/** Replies leave in the order of requests, reads behind own writes, events before replies (protocol.md section 10). */
import { expect } from 'chai';
import { OpCode, type Request } from '../../../src/types/index.js';
import { bodyOf } from '../helpers/client.js';
import { Host } from '../helpers/host.js';
import {
  check,
  create,
  create2,
  del,
  exists,
  getChildren,
  getData,
  multi,
  ping,
  setData,
  sync,
} from '../helpers/requests.js';

const undecodable: Request = { type: 'undecodable' };
const undecodableMulti: Request = { type: OpCode.error, code: 'MARSHALLINGERROR' };
const unknown: Request = { type: 'unknown' };

describe('reply', () => {
  it('to a write waits for the disk, and so does what the write changes', () => {
    const host = Host.serving();
    const [writer, reader] = [host.connect(), host.connect()];
    writer.send(create('/a'));
    expect(writer.take()).to.deep.equal([]);
    reader.send(exists('/a'));
    expect(reader.take()).to.deep.equal(['reply 1 NONODE']);
    host.persist();
    expect(writer.take()).to.deep.equal(['reply 1 OK']);
    reader.send(exists('/a'));
    expect(reader.take()).to.deep.equal(['reply 2 OK']);
  });

  it('to a read is immediate when nothing of the connection is in progress', () => {
    const host = Host.serving();
    const [writer, reader] = [host.connect(), host.connect()];
    writer.send(create('/a'));
    reader.send(getData('/'));
    reader.send(ping);
    expect(reader.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK']);
  });

  it('to a read behind an own write waits for it, and shows it', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a', { data: 'new' }));
    const read = client.send(getData('/a'));
    client.send(ping);
    client.send(undecodable);
    expect(client.take()).to.deep.equal([]);
    host.persist();
    expect(client.take()).to.deep.equal([
      'reply 1 OK',
      'reply 2 OK',
      'reply 3 OK',
      'reply 4 MARSHALLINGERROR',
    ]);
    expect(bodyOf(client.replyTo(read), 'data').data?.toString()).to.equal('new');
  });

  it('to a read waits for the writes before it only, and shows none behind it', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/a', { data: '0' }));
    const reads: number[] = [];
    for (const data of ['1', '2', '3']) {
      client.send(setData('/a', data));
      reads.push(client.send(getData('/a')));
    }
    host.persist(1);
    expect(client.take()).to.deep.equal(['reply 2 OK', 'reply 3 OK']);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 4 OK', 'reply 5 OK', 'reply 6 OK', 'reply 7 OK']);
    const shown = reads.map((xid) => bodyOf(client.replyTo(xid), 'data').data?.toString());
    expect(shown).to.deep.equal(['1', '2', '3']);
  });

  it('to a write that fails comes in its turn, and does not hold up the next', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(del('/nowhere'));
    client.send(create('/a'));
    client.send(check('/a', 7));
    client.send(getData('/a'));
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 NONODE', 'reply 2 OK', 'reply 3 BADVERSION', 'reply 4 OK']);
  });

  it('has the layout of its request', () => {
    const client = Host.serving().connect();
    const layouts: [request: Request, layout: string][] = [
      [create('/a'), 'path'],
      [create2('/b'), 'pathStat'],
      [setData('/a'), 'stat'],
      [del('/b'), 'none'],
      [multi(create('/c')), 'multi'],
      [getData('/a'), 'data'],
      [exists('/a'), 'stat'],
      [getChildren('/'), 'names'],
      [sync('/x'), 'path'],
      [ping, 'none'],
      [create('/a'), 'none'],
    ];
    for (const [request, layout] of layouts) {
      expect(client.call(request).body?.kind ?? 'none', String(request.type)).to.equal(layout);
    }
  });

  it('to a client that is gone is left out; its write is done all the same', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(getData('/a'));
    client.disconnect();
    host.persist();
    expect(host.engine.tree.get('/a')).not.to.equal(undefined);
  });
});

describe('sync', () => {
  it('is immediate when nothing is outstanding, and echoes its path', () => {
    const client = Host.serving().connect();
    const xid = client.send(sync('no path at all'));
    expect(client.take()).to.deep.equal(['reply 1 OK']);
    expect(bodyOf(client.replyTo(xid), 'path').path).to.equal('no path at all');
    expect(bodyOf(client.call(sync(null)), 'path').path).to.equal(null);
  });

  it('waits for the writes of others that were there before it', () => {
    const host = Host.serving();
    const [writer, reader] = [host.connect(), host.connect()];
    writer.send(create('/a'));
    writer.send(create('/b'));
    reader.send(sync());
    reader.send(exists('/b'));
    writer.send(create('/c'));
    host.persist(1);
    expect(reader.take()).to.deep.equal([]);
    host.persist(1);
    expect(reader.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK']);
  });

  it('waits for own writes, and lets what is behind it wait', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(sync());
    client.send(getData('/a'));
    client.send(setData('/a'));
    client.send(sync());
    host.persist(1);
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK', 'reply 3 OK']);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 4 OK', 'reply 5 OK']);
  });

  it('that waits for the write of another stays before an own write behind it, though both are on disk at once', () => {
    const host = Host.serving();
    const [other, client] = [host.connect(), host.connect()];
    other.send(create('/a'));
    client.send(sync());
    client.send(setData('/a'));
    client.send(getData('/a'));
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK', 'reply 3 OK']);
    expect(client.replyTo(1)?.zxid).to.equal(client.replyTo(2)!.zxid - 1n);
  });

  it('behind an own write waits for the write of another that came between', () => {
    const host = Host.serving();
    const [other, client] = [host.connect(), host.connect()];
    client.send(create('/a'));
    other.send(create('/b'));
    client.send(sync());
    client.send(exists('/b'));
    host.persist(1);
    expect(client.take()).to.deep.equal(['reply 1 OK']);
    host.persist(1);
    expect(client.take()).to.deep.equal(['reply 2 OK', 'reply 3 OK']);
  });

  it('of several clients is answered to each', () => {
    const host = Host.serving();
    const [writer, one, two] = [host.connect(), host.connect(), host.connect()];
    writer.send(create('/a'));
    one.send(sync());
    two.send(sync());
    one.send(sync());
    two.disconnect();
    host.persist();
    expect(one.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK']);
  });

  it('consumes no zxid and writes nothing to the log', () => {
    const host = Host.serving();
    const client = host.connect();
    const before = host.engine.lastZxid;
    client.call(sync());
    expect(host.engine.lastZxid).to.equal(before);
    expect(host.inFlight).to.deep.equal([]);
  });
});

describe('event', () => {
  it('comes before the reply to the write that caused it, for the writer too', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(exists('/a', true));
    client.send(create('/a'));
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 NONODE', 'event nodeCreated /a', 'reply 2 OK']);
  });

  it('comes before any reply that shows the change', () => {
    const host = Host.serving();
    const [writer, watcher] = [host.connect(), host.connect()];
    watcher.send(exists('/a', true));
    writer.send(create('/a'));
    watcher.send(create('/b'));
    watcher.send(exists('/a'));
    host.persist();
    expect(watcher.take()).to.deep.equal([
      'reply 1 NONODE',
      'event nodeCreated /a',
      'reply 2 OK',
      'reply 3 OK',
    ]);
  });

  it('of later changes comes behind the replies of earlier ones', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/a'));
    client.send(getData('/a', true));
    client.send(create('/b'));
    client.send(setData('/a'));
    host.persist();
    expect(client.take()).to.deep.equal([
      'reply 2 OK',
      'reply 3 OK',
      'event nodeDataChanged /a',
      'reply 4 OK',
    ]);
  });
});

describe('zxid', () => {
  it('of a write is that of its txn, and a failed write has one of its own', () => {
    const host = Host.serving();
    const client = host.connect();
    const start = host.engine.lastZxid;
    const requests = [
      create('/a'),
      create('/a'),
      setData('/a', '', 9),
      multi(),
      multi(del('/x')),
      undecodableMulti,
    ];
    const zxids = requests.map((request) => client.call(request).zxid);
    expect(zxids).to.deep.equal(requests.map((_, i) => start + BigInt(i) + 1n));
    expect(host.disk.at(-1)?.mark.zxid).to.equal(zxids.at(-1));
  });

  it('of a read, a ping and an undecodable request is that of the last applied txn', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    host.persist();
    const { lastZxid } = host.engine;
    host.connect().send(create('/b'));
    for (const request of [getData('/a'), exists('/nowhere'), ping, undecodable]) {
      const xid = client.send(request);
      expect(client.replyTo(xid)?.zxid, String(request.type)).to.equal(lastZxid + 1n);
    }
    expect(host.inFlight).to.have.length(1);
  });

  it('before the first txn of an epoch is the epoch with counter 0', () => {
    expect(Host.serving().engine.lastZxid).to.equal(0x1_0000_0000n);
  });
});

describe('error', () => {
  it('of an undecodable request is -5, and the connection stays', () => {
    const client = Host.serving().connect();
    expect(client.call(undecodable)).to.include({ err: -5, body: undefined });
    expect(client.call(ping).err).to.equal(0);
  });

  it('of an undecodable multi is -5 in its turn', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(undecodableMulti);
    client.send(create('/b'));
    expect(client.take()).to.deep.equal([]);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 MARSHALLINGERROR', 'reply 3 OK']);
  });

  it('within a multi stands in its results: the header says 0', () => {
    const client = Host.serving().connect();
    const reply = client.call(multi(create('/a'), del('/nowhere'), create('/b')));
    expect(reply.err).to.equal(0);
    expect(bodyOf(reply, 'multi').results.map(({ err }) => err)).to.deep.equal([0, -101, -2]);
  });

  it('of reconfig on a single server is RECONFIGDISABLED, in the order of writes', () => {
    const record = { joiningServers: null, leavingServers: null, newMembers: null, curConfigId: -1n };
    expect(Host.serving().connect().call({ type: OpCode.reconfig, record }).err).to.equal(-123);
  });
});

describe('an op code that clients may not send', () => {
  it('is answered -6 with zxid -1, then the connection is closed', () => {
    const client = Host.serving().connect();
    const xid = client.send(unknown);
    expect(client.replyTo(xid)).to.include({ err: -6, zxid: -1n, body: undefined });
    expect(client.take()).to.deep.equal(['reply 1 UNIMPLEMENTED', 'close unknown request']);
  });

  it('is answered in its turn, and nothing behind it', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(unknown);
    client.send(getData('/a', true));
    client.send(sync());
    client.send(getData('/a'));
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 UNIMPLEMENTED', 'close unknown request']);
    expect(host.engine.watches.data.size).to.equal(0);
  });

  it('does not end the session', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(unknown);
    const again = host.connect({ session: client.session });
    expect(again.session).to.equal(client.session);
  });
});

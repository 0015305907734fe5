/** What the engine does for the operator: refuses growth when the disk is full, reaps, keeps a log of digests. */
import { expect } from 'chai';
import { DigestLog } from '../../../src/engine/digestLog.js';
import { Tree } from '../../../src/tree/index.js';
import { makeZxid, type Request } from '../../../src/types/index.js';
import { Host } from '../helpers/host.js';
import {
  check,
  closeSession,
  create,
  createContainer,
  createTtl,
  del,
  everyone,
  getData,
  multi,
  setAcl,
  setData,
  sync,
} from '../helpers/requests.js';

const FULL: [what: string, request: Request, err: number][] = [
  ['create', create('/new'), -1],
  ['setData', setData('/a'), -1],
  ['setACL', setAcl('/a', everyone('cdrwa')), -1],
  ['a multi with a create', multi(del('/a'), create('/new')), -1],
  ['delete', del('/a'), 0],
  ['a multi of deletes', multi(del('/a'), del('/b')), 0],
  ['a multi that checks before it deletes', multi(check('/a', 0), del('/a', 0)), 0],
  ['a read', getData('/a'), 0],
  ['sync', sync(), 0],
  ['closeSession', closeSession, 0],
];

describe('without room on the disk', () => {
  for (const [what, request, err] of FULL) {
    it(`${what} ${err === 0 ? 'goes on' : 'is refused as SYSTEMERROR'}`, () => {
      const host = Host.serving();
      const client = host.connect().given(create('/a'), create('/b'));
      host.step({ kind: 'room', hasRoom: false });
      expect(client.call(request).err).to.equal(err);
    });
  }

  it('sessions come and expire', () => {
    const host = Host.serving();
    host.step({ kind: 'room', hasRoom: false });
    const client = host.connect({ timeOut: 4000 });
    host.wait(7000);
    host.persist();
    expect(client.closed).to.equal('session expired');
    expect(host.engine.sessions.size).to.equal(0);
  });

  it('containers are reaped', () => {
    const host = Host.serving();
    host.connect().given(createContainer('/c'), create('/c/x'), del('/c/x'));
    host.step({ kind: 'room', hasRoom: false });
    host.reap();
    host.persist();
    expect(host.engine.tree.get('/c')).to.equal(undefined);
  });

  it('nothing of a refused write is done, and everything goes on once there is room again', () => {
    const host = Host.serving();
    const client = host.connect();
    host.step({ kind: 'room', hasRoom: false });
    client.call(create('/a'));
    expect(host.engine.tree.get('/a')).to.equal(undefined);
    host.step({ kind: 'room', hasRoom: true });
    expect(client.call(create('/a')).err).to.equal(0);
  });
});

describe('reaping', () => {
  it('deletes what has had its time, in txns of its own', () => {
    const host = Host.serving();
    host
      .connect()
      .given(createContainer('/c'), create('/c/x'), del('/c/x'), createTtl('/t', 100n), create('/stays'));
    host.now += 101;
    host.reap();
    expect(host.inFlight.map(({ txn, header }) => [txn.type, header.clientId])).to.deep.equal([
      [20, 0n],
      [20, 0n],
    ]);
    host.persist();
    expect([...host.engine.tree.childrenOf('/')].sort()).to.deep.equal(['stays', 'zookeeper']);
  });

  it('proposes nothing twice, and nothing for a znode that is used again or gone by then', () => {
    const host = Host.serving();
    const client = host.connect();
    for (const path of ['/c', '/used', '/gone'])
      client.given(createContainer(path), create(`${path}/x`), del(`${path}/x`));
    client.send(create('/used/y'));
    client.send(del('/gone'));
    const before = host.inFlight.length;
    host.reap();
    host.reap();
    expect(host.inFlight).to.have.length(before + 1);
    host.persist();
    host.reap();
    expect(host.inFlight).to.deep.equal([]);
    expect([...host.engine.tree.childrenOf('/')].sort()).to.deep.equal(['used', 'zookeeper']);
  });

  it('takes no more than it is told', () => {
    const host = Host.serving();
    const client = host.connect();
    for (const path of ['/a', '/b', '/c']) client.given(createTtl(path, 1n));
    host.now += 100;
    host.reap(2);
    expect(host.inFlight).to.have.length(2);
  });

  it('waits until somebody leads', () => {
    const host = Host.serving();
    host.connect().given(createTtl('/t', 1n));
    host.failLog();
    host.now += 100;
    host.reap();
    expect(host.inFlight).to.deep.equal([]);
  });

  it('spares containers that were never used, unless the settings say how long', () => {
    for (const [containerNeverUsedMsMax, reaped] of [
      [0, 0],
      [1000, 1],
    ] as const) {
      const host = Host.serving({ containerNeverUsedMsMax });
      host.connect().given(createContainer('/c'));
      host.now += 1001;
      host.reap();
      expect(host.inFlight, String(containerNeverUsedMsMax)).to.have.length(reaped);
    }
  });
});

describe('notes for the operator', () => {
  it('tell of a quota that a write exceeds', () => {
    const host = Host.serving();
    host
      .connect()
      .given(
        create('/q'),
        create('/zookeeper/quota/q'),
        create('/zookeeper/quota/q/zookeeper_limits', { data: 'count=1,bytes=-1' }),
        create('/zookeeper/quota/q/zookeeper_stats'),
        create('/q/x'),
      );
    expect(host.notes).to.deep.include({ kind: 'quotaExceeded', prefix: '/q', what: 'count limit 1' });
  });
});

describe('log of digests', () => {
  it('has one entry per 128 zxids, each the digest at that zxid', () => {
    const host = Host.serving();
    const client = host.connect();
    const digests = new Map<bigint, bigint>();
    for (let i = 0; i < 300; i++) {
      client.call(setData('/', String(i)));
      digests.set(host.engine.lastZxid, host.engine.tree.digest);
    }
    const { entries } = host.engine.digests;
    expect(entries.map(({ zxid }) => zxid & 0xffffffffn)).to.deep.equal([128n, 256n]);
    for (const { zxid, digest } of entries) expect(digest).to.equal(digests.get(zxid));
  });

  it('keeps the last 1024 entries', () => {
    const log = new DigestLog();
    const tree = new Tree();
    for (let i = 1; i <= 1030; i++) log.note(makeZxid(1, i * 128), tree);
    expect(log.entries).to.have.length(1024);
    expect(log.entries[0]?.zxid).to.equal(makeZxid(1, 7 * 128));
    expect(log.entries.at(-1)).to.deep.equal({ zxid: makeZxid(1, 1030 * 128), digest: tree.digest });
  });
});

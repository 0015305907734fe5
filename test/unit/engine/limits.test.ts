/** What one client may cost the others: watches, answers of many znodes, records on their way to the disk. */
import { expect } from 'chai';
import {
  AddWatchMode,
  CreateMode,
  OpCode,
  type MultiReadOp,
  type Request,
} from '../../../src/types/index.js';
import { bodyOf } from '../helpers/client.js';
import { Host } from '../helpers/host.js';
import {
  addWatch,
  closeSession,
  create,
  del,
  everyone,
  exists,
  getAcl,
  getChildren,
  getData,
  multiRead,
  ping,
  setAcl,
  setData,
  sync,
} from '../helpers/requests.js';
import { defaultSettings, digestAcl } from '../helpers/world.js';

/** A path so long that a watch on it takes more than 32 MiB. */
const longPath = (name: string): string => `/${name}${'x'.repeat(17 * 1024 * 1024)}`;

describe('watches of one connection', () => {
  it('are refused beyond 128 MiB, those of others are not', () => {
    const host = Host.serving();
    const [greedy, modest] = [host.connect(), host.connect()];
    const errors = ['a', 'b', 'c', 'd', 'e'].map(
      (name) => greedy.call(addWatch(longPath(name), AddWatchMode.persistentRecursive)).err,
    );
    expect(errors).to.deep.equal([0, 0, 0, 0, -1]);
    for (const request of [getData('/', true), exists('/nowhere', true), getChildren('/', true)]) {
      expect(greedy.call(request).err).to.equal(-1);
      expect(modest.call(request).err).not.to.equal(-1);
    }
    expect(greedy.call(getData('/')).err).to.equal(0);
    expect(host.engine.watches.data.size).to.equal(6);
  });

  it('may come again once others went', () => {
    const client = Host.serving().connect();
    const paths = ['a', 'b', 'c', 'd'].map(longPath);
    for (const path of paths) client.call(addWatch(path, AddWatchMode.persistentRecursive));
    expect(client.call(getData('/', true)).err).to.equal(-1);
    client.given({ type: OpCode.removeWatches, record: { path: paths[0] ?? '', type: 3 } });
    expect(client.call(getData('/', true)).err).to.equal(0);
  });

  it('that are too many in setWatches end the connection: its client would wait in vain', () => {
    const host = Host.serving();
    const client = host.connect();
    const path = longPath('a');
    const lists = { dataWatches: [], existWatches: [], childWatches: ['/'], persistentRecursiveWatches: [] };
    const record = { relativeZxid: 0n, ...lists, persistentWatches: [path, path] };
    client.send({ type: OpCode.setWatches2, record });
    expect(client.take()).to.deep.equal(['reply 1 SYSTEMERROR', 'close too many watches']);
    expect([host.engine.watches.data.size, host.engine.watches.child.size]).to.deep.equal([0, 0]);
  });
});

describe('watches of one session, where they are limited', () => {
  it('are refused beyond the limit, but for those that it has', () => {
    const host = Host.serving({ watchesPerSessionMax: 3 });
    const [greedy, modest] = [host.connect(), host.connect()];
    expect(greedy.call(addWatch('/a', AddWatchMode.persistent)).err).to.equal(0);
    expect(greedy.call(getData('/', true)).err).to.equal(0);
    for (const request of [getData('/zookeeper', true), addWatch('/b', AddWatchMode.persistent)])
      expect(greedy.call(request).err).to.equal(-125);
    expect(greedy.call(getData('/', true)).err).to.equal(0);
    expect(greedy.call(getData('/zookeeper')).err).to.equal(0);
    expect(modest.call(getData('/zookeeper', true)).err).to.equal(0);
    expect([host.engine.watches.data.size, host.engine.watches.child.size]).to.deep.equal([3, 1]);
  });

  it('that are too many in setWatches end the connection', () => {
    const host = Host.serving({ watchesPerSessionMax: 2 });
    const client = host.connect();
    const lists = { dataWatches: ['/', '/a', '/b'], existWatches: [], childWatches: [] };
    const record = { relativeZxid: 0n, ...lists, persistentWatches: [], persistentRecursiveWatches: [] };
    client.send({ type: OpCode.setWatches2, record });
    expect(client.take()).to.deep.equal(['reply 1 QUOTAEXCEEDED', 'close too many watches']);
    expect(host.engine.watches.data.size).to.equal(0);
  });
});

describe('ephemerals of one session, where they are limited', () => {
  it('are refused beyond the limit, and may come again once others went', () => {
    const host = Host.serving({ prepare: { ...defaultSettings, ephemeralsPerSessionMax: 2 } });
    const [greedy, modest] = [host.connect(), host.connect()];
    const ephemeral = (path: string): Request => create(path, { flags: CreateMode.ephemeral });
    const errors = ['/a', '/b', '/c'].map((path) => greedy.call(ephemeral(path)).err);
    expect(errors).to.deep.equal([0, 0, -125]);
    expect(greedy.call(create('/c')).err).to.equal(0);
    expect(modest.call(ephemeral('/d')).err).to.equal(0);
    expect(greedy.call(del('/a')).err).to.equal(0);
    expect(greedy.call(ephemeral('/a')).err).to.equal(0);
  });
});

describe('multiRead', () => {
  it('fails from the operation on that goes beyond 16 MiB of data', () => {
    const client = Host.serving()
      .connect()
      .given(create('/big', { data: 'x'.repeat(1024 * 1024) }));
    const op: MultiReadOp = { type: OpCode.getData, record: { path: '/big', watch: false } };
    const { results } = bodyOf(client.call(multiRead(...Array.from({ length: 20 }, () => op))), 'multiRead');
    const kinds = results.map((result) => (result.kind === 'error' ? result.code : result.kind));
    expect(kinds.slice(0, 16)).to.deep.equal(Array.from({ length: 16 }, () => 'data'));
    expect(kinds.slice(17)).to.deep.equal(Array.from({ length: 3 }, () => 'MARSHALLINGERROR'));
  });
});

describe('multiRead with a limit of its own', () => {
  it('fails from the operation on that goes beyond it', () => {
    const client = Host.serving({ multiReadBytesMax: 10 })
      .connect()
      .given(create('/a', { data: '123456' }));
    const op: MultiReadOp = { type: OpCode.getData, record: { path: '/a', watch: false } };
    const { results } = bodyOf(client.call(multiRead(op, op, op)), 'multiRead');
    expect(results.map(({ kind }) => kind)).to.deep.equal(['data', 'data', 'error']);
  });
});

describe('a list of children', () => {
  it('is noted when it comes near to what clients can read, and answered', () => {
    const host = Host.serving({ longListBytes: 3 * (4 + 4) + 4 });
    const client = host
      .connect()
      .given(create('/p'), create('/p/1234'), create('/p/2345'), create('/p/3456'));
    expect(bodyOf(client.call(getChildren('/p')), 'names').names).to.have.length(3);
    expect(host.notes.filter(({ kind }) => kind === 'longList')).to.deep.equal([]);
    client.given(create('/p/4567'));
    expect(bodyOf(client.call(getChildren('/p')), 'names').names).to.have.length(4);
    expect(host.notes.filter(({ kind }) => kind === 'longList')).to.deep.equal([
      { kind: 'longList', path: '/p', children: 4, bytes: 36 },
    ]);
  });
});

describe('multiRead of children', () => {
  it('fails from the operation on that goes beyond 16 MiB of names', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/p'));
    for (let i = 0; i < 1024; i++) client.send(create(`/p/${'n'.repeat(1020)}${1000 + i}`));
    host.persist();
    const op: MultiReadOp = { type: OpCode.getChildren, record: { path: '/p', watch: false } };
    const { results } = bodyOf(client.call(multiRead(...Array.from({ length: 20 }, () => op))), 'multiRead');
    const kinds = results.map(({ kind }) => kind);
    expect(kinds.slice(0, 16)).to.deep.equal(Array.from({ length: 16 }, () => 'names'));
    expect(kinds.slice(17)).to.deep.equal(Array.from({ length: 3 }, () => 'error'));
  });
});

describe('effort of a read', () => {
  const list = [digestAcl('ann', 'r'), digestAcl('bob', 'r'), ...everyone('cdrwa')];
  const setWatches: Request = {
    type: OpCode.setWatches,
    record: { relativeZxid: 0n, dataWatches: ['/a', '/b'], existWatches: ['/c'], childWatches: [] },
  };
  const rows: [what: string, request: Request, effort: number][] = [
    ['getData', getData('/p'), 0],
    ['ping', ping, 0],
    ['getChildren', getChildren('/p'), 3],
    ['getACL', getAcl('/p'), 3],
    ['getAllChildrenNumber', { type: OpCode.getAllChildrenNumber, record: { path: '/p' } }, 4],
    ['getEphemerals', { type: OpCode.getEphemerals, record: { prefixPath: '/nowhere' } }, 1],
    ['setWatches', setWatches, 3],
    ['multiRead', multiRead({ type: OpCode.getChildren, record: { path: '/p', watch: false } }), 3],
  ];
  for (const [what, request, effort] of rows) {
    it(`${what} is ${effort} for so many names, entries or watches`, () => {
      const host = Host.serving();
      const client = host
        .connect()
        .given(
          create('/p'),
          create('/p/a'),
          create('/p/b'),
          create('/p/c', { mode: 'ephemeral' }),
          create('/p/a/x'),
        );
      client.given(setAcl('/p', list));
      const before = host.effort;
      client.send(request);
      expect(host.effort - before).to.equal(effort);
    });
  }
});

describe('what waits', () => {
  it('is counted in bytes until it is applied', () => {
    const host = Host.serving();
    const client = host.connect();
    expect(host.engine.outstandingBytes).to.equal(0);
    client.send(create('/a', { data: 'x'.repeat(1000) }));
    const one = host.engine.outstandingBytes;
    expect(one).to.be.within(1000, 1200);
    client.send(create('/b', { data: 'x'.repeat(1000) }));
    expect(host.engine.outstandingBytes).to.equal(2 * one);
    host.persist(1);
    expect([host.engine.outstanding, host.engine.outstandingBytes]).to.deep.equal([1, one]);
    host.persist();
    expect([host.engine.outstanding, host.engine.outstandingBytes]).to.deep.equal([0, 0]);
  });

  it('is nothing any more in a new term', () => {
    const host = Host.serving();
    const client = host.connect();
    for (const path of ['/a', '/b', '/c']) client.send(create(path));
    host.failLog(1);
    host.lead();
    expect([host.engine.outstanding, host.engine.outstandingBytes]).to.deep.equal([0, 0]);
  });

  it('is known of each connection', () => {
    const host = Host.serving();
    const [writer, reader] = [host.connect(), host.connect()];
    writer.send(create('/a'));
    reader.send(getData('/'));
    expect([writer, reader].map(({ id }) => host.engine.isWaiting(id))).to.deep.equal([true, false]);
    reader.send(sync());
    expect(host.engine.isWaiting(reader.id)).to.equal(true);
    host.persist();
    expect([writer, reader].map(({ id }) => host.engine.isWaiting(id))).to.deep.equal([false, false]);
    expect(host.engine.isWaiting(99)).to.equal(false);
  });

  it('does not include connections that are gone: those that are through their handshake are counted', () => {
    const host = Host.serving();
    const [one, two] = [host.connect(), host.connect()];
    host.connecting();
    expect(host.engine.connected).to.equal(2);
    one.disconnect();
    two.send(setData('/'));
    two.send(closeSession);
    host.persist();
    expect(host.engine.connected).to.equal(1);
  });
});

/** What a Stat says after each kind of change (protocol.md section 4). */
import { expect } from 'chai';
import type { Stat } from '../../../src/codec/index.js';
import { OpCode, type WriteRequest } from '../../../src/types/index.js';
import {
  closeSession,
  create,
  create2,
  createContainer,
  createTtl,
  del,
  everyone,
  multi,
  setAcl,
  setData,
} from '../helpers/requests.js';
import { dump, takeChanges } from '../helpers/treeDump.js';
import { World } from '../helpers/world.js';

/** What a write changes in the Stat of a znode. `zxid` and `time` stand for those of the write. */
type Expected = { readonly [field in keyof Stat]?: number | bigint | 'zxid' | 'time' };

const STAGE: WriteRequest[] = [
  create('/n', { data: 'four' }),
  create('/n/child'),
  create('/n/child/grandchild'),
  create('/n/leaf'),
];

const ROWS: [what: string, request: WriteRequest, changes: Expected][] = [
  ['setData', setData('/n', 'longer'), { version: 1, mzxid: 'zxid', mtime: 'time', dataLength: 6 }],
  ['setData with null', setData('/n', null), { version: 1, mzxid: 'zxid', mtime: 'time', dataLength: 0 }],
  ['setACL', setAcl('/n', everyone('cdrwa')), { aversion: 1 }],
  ['a child that comes', create('/n/new'), { cversion: 3, numChildren: 3, pzxid: 'zxid' }],
  ['a child that goes', del('/n/leaf'), { cversion: 3, numChildren: 1, pzxid: 'zxid' }],
  ['a grandchild that comes', create('/n/leaf/new'), {}],
  ['a grandchild that goes', del('/n/child/grandchild'), {}],
  ['data of a child', setData('/n/leaf', 'x'), {}],
  ['the list of a child', setAcl('/n/leaf', everyone('r')), {}],
  ['a write that fails', setData('/n', 'x', 7), {}],
  ['a create that fails', create('/n/leaf'), {}],
  ['a delete that fails', del('/n/child'), {}],
  ['a multi that fails', multi(setData('/n', 'x'), create('/n/new'), del('/nowhere')), {}],
  [
    'a multi of all kinds',
    multi(setData('/n', 'x'), create('/n/new'), del('/n/leaf'), setData('/n', 'yz')),
    { version: 2, mzxid: 'zxid', mtime: 'time', dataLength: 2, cversion: 4, pzxid: 'zxid' },
  ],
  [
    'children that come and go in one multi',
    multi(create('/n/x'), del('/n/x')),
    { cversion: 4, pzxid: 'zxid' },
  ],
];

function expectChanged(world: World, path: string, before: Stat, changes: Expected): void {
  const words = { zxid: world.zxid, time: world.time };
  const resolved = Object.entries(changes).map(([field, value]) => [
    field,
    value === 'zxid' || value === 'time' ? words[value] : value,
  ]);
  expect(world.stat(path)).to.deep.equal({ ...before, ...Object.fromEntries(resolved) });
}

describe('Stat', () => {
  it('of a new znode has one zxid, one time, and versions of 0', () => {
    const world = new World().given(create('/n', { data: 'four' }));
    expect(world.stat('/n')).to.deep.equal({
      czxid: world.zxid,
      mzxid: world.zxid,
      pzxid: world.zxid,
      ctime: world.time,
      mtime: world.time,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 4,
      numChildren: 0,
    });
  });

  for (const [what, request, changes] of ROWS) {
    const fields = Object.keys(changes);
    it(`${what} changes ${fields.length === 0 ? 'nothing' : fields.join(', ')}`, () => {
      const world = new World().given(...STAGE);
      const before = world.stat('/n');
      world.write(request);
      expectChanged(world, '/n', before, changes);
    });
  }

  it('of the root and the system znodes, before any txn, is that of ZooKeeper', () => {
    const nothing = { czxid: 0n, mzxid: 0n, pzxid: 0n, ctime: 0n, mtime: 0n, version: 0, ephemeralOwner: 0n };
    const world = new World();
    const stats = ['/', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'].map((path) =>
      world.stat(path),
    );
    expect(stats).to.deep.equal([
      { ...nothing, cversion: -1, aversion: 0, dataLength: 0, numChildren: 1 },
      { ...nothing, cversion: -2, aversion: 0, dataLength: 0, numChildren: 2 },
      { ...nothing, cversion: 0, aversion: -1, dataLength: 0, numChildren: 0 },
      { ...nothing, cversion: 0, aversion: 0, dataLength: 0, numChildren: 0 },
    ]);
  });

  it('has a cversion of creates plus deletes, which is 2 x creates - children', () => {
    const world = new World().given(create('/n'));
    for (const name of ['a', 'b', 'c']) world.given(create(`/n/${name}`));
    world.given(del('/n/a'), del('/n/b'));
    expect(world.stat('/n')).to.include({ cversion: 5, numChildren: 1 });
    expect(world.stat('/')).to.include({ cversion: 0, numChildren: 2 });
  });

  it('of the parent counts the ephemerals that a session leaves behind, with the zxid of its end', () => {
    const world = new World().given(create('/n'), create('/n/keeps'));
    world.write(create('/n/e1', { mode: 'ephemeral' }), { session: 9n });
    world.write(create('/n/e2', { mode: 'ephemeral' }), { session: 9n });
    const before = world.stat('/n');
    world.write(closeSession, { session: 9n });
    expectChanged(world, '/n', before, { cversion: 5, numChildren: 1, pzxid: 'zxid' });
  });

  it('names the owner of an ephemeral, and none for containers and TTL znodes', () => {
    const world = new World();
    world.write(create('/e', { mode: 'ephemeral' }), { session: -(1n << 62n) });
    world.given(createContainer('/c'), createTtl('/t', 1000n));
    expect(world.stat('/e').ephemeralOwner).to.equal(-(1n << 62n));
    expect(world.stat('/c').ephemeralOwner).to.equal(0n);
    expect(world.stat('/t').ephemeralOwner).to.equal(0n);
  });

  it('in the results of a multi is the state right after each operation', () => {
    const world = new World();
    const { results } = world.write(
      multi(
        create2('/n', { data: 'a' }),
        create2('/n/x'),
        setData('/n', 'bc'),
        del('/n/x'),
        setData('/n', ''),
      ),
    );
    const stats = results.map(
      ({ stat }) => stat && [stat.version, stat.dataLength, stat.numChildren, stat.cversion],
    );
    expect(stats).to.deep.equal([[0, 1, 0, 0], [0, 0, 0, 0], [1, 2, 1, 1], undefined, [2, 0, 0, 2]]);
    expect(new Set(results.map(({ stat }) => stat?.czxid ?? world.zxid))).to.deep.equal(
      new Set([world.zxid]),
    );
  });
});

describe('version', () => {
  /** A world whose znode /n has had 2^31-1 or more changes of its data and list: a row of tree.db says so. */
  function changedOften(version: number): World {
    const world = new World().given(create('/n'));
    const row = takeChanges(world.tree).znodes.find(({ path }) => path === '/n')!;
    world.tree.restore({ ...row, stat: { ...row.stat, version, aversion: version } });
    world.tree.restored();
    return world;
  }

  const WRAPS: [from: number, to: number][] = [
    [2147483647, -2147483648],
    [-2, -1],
    [-1, 0],
  ];

  for (const [from, to] of WRAPS) {
    it(`goes from ${from} to ${to}, and so does aversion`, () => {
      const world = changedOften(from).given(setData('/n'), setAcl('/n', everyone('cdrwa')));
      expect(world.stat('/n')).to.include({ version: to, aversion: to });
    });
  }

  it('-1 in a request means any, also for a znode whose version is -1', () => {
    expect(changedOften(-1).write(setData('/n', 'x', -1)).error).to.equal('OK');
    expect(changedOften(5).write(setData('/n', 'x', -1)).error).to.equal('OK');
  });

  it('-2 in a request is a version like any other', () => {
    expect(changedOften(-2).write(setData('/n', 'x', -2)).error).to.equal('OK');
    expect(changedOften(5).write(setData('/n', 'x', -2)).error).to.equal('BADVERSION');
  });
});

describe('replaying a txn', () => {
  it('that was applied already changes nothing of the parent twice', () => {
    const world = new World().given(create('/n'));
    const { header, txn } = world.write(create('/n/x'));
    const before = world.stat('/n');
    const again = world.apply(header, txn);
    expect(world.stat('/n')).to.deep.equal(before);
    expect(again.changes).to.deep.equal([]);
  });

  it('of the last create does not take back the pzxid of a later delete', () => {
    const world = new World().given(create('/n'), create('/n/x'));
    const { header, txn } = world.write(create('/n/y'));
    world.given(del('/n/x'));
    const before = world.stat('/n');
    world.apply(header, txn);
    expect(world.stat('/n')).to.deep.equal(before);
  });

  it('of a create that does not say the count of children counts one more', () => {
    const world = new World().given(create('/n'), create('/n/x'));
    const header = { clientId: 1n, cxid: 0, zxid: world.zxid + 1n, time: 0n, type: OpCode.create };
    const record = { path: '/n/y', data: null, acl: null, ephemeral: false, parentCVersion: -1 };
    world.apply(header, { type: OpCode.create, record });
    expect(world.tree.get('/n')).to.include({ childCreates: 2, pzxid: header.zxid });
  });

  it('of a delete whose znode is gone already raises pzxid alone, and tells no one', () => {
    const world = new World().given(create('/n'), create('/n/x'));
    const before = world.stat('/n');
    const header = { clientId: 1n, cxid: 0, zxid: world.zxid + 5n, time: world.time, type: OpCode.delete };
    const { changes } = world.apply(header, { type: OpCode.delete, record: { path: '/n/missing' } });
    expect(world.stat('/n')).to.deep.equal({ ...before, pzxid: header.zxid });
    expect(changes).to.deep.equal([]);
  });

  it('with an older zxid does not take pzxid back', () => {
    const world = new World().given(create('/n'), create('/n/x'), create('/n/y'));
    const before = world.stat('/n');
    const header = { clientId: 1n, cxid: 0, zxid: 1n, time: 0n, type: OpCode.delete };
    world.apply(header, { type: OpCode.delete, record: { path: '/n/missing' } });
    expect(world.stat('/n')).to.deep.equal(before);
  });

  it('of a create whose parent is gone changes nothing', () => {
    const world = new World();
    const before = dump(world.tree);
    const header = { clientId: 1n, cxid: 0, zxid: 5n, time: 0n, type: OpCode.create };
    const record = { path: '/gone/x', data: null, acl: null, ephemeral: false, parentCVersion: 1 };
    expect(world.apply(header, { type: OpCode.create, record }).changes).to.deep.equal([]);
    expect(dump(world.tree)).to.deep.equal(before);
  });

  it('of a setACL whose znode is gone changes nothing', () => {
    const world = new World();
    const before = dump(world.tree);
    const header = { clientId: 1n, cxid: 0, zxid: 5n, time: 0n, type: OpCode.setACL };
    world.apply(header, { type: OpCode.setACL, record: { path: '/gone', acl: null, version: 1 } });
    expect(dump(world.tree)).to.deep.equal(before);
  });

  it('of a setData whose znode is gone changes nothing', () => {
    const world = new World();
    const before = world.tree.digest;
    const header = { clientId: 1n, cxid: 0, zxid: 5n, time: 0n, type: OpCode.setData };
    const record = { path: '/gone', data: null, version: 3 };
    expect(world.apply(header, { type: OpCode.setData, record }).changes).to.deep.equal([]);
    expect(world.tree.digest).to.equal(before);
  });
});

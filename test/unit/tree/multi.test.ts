/** All or nothing (protocol.md section 8). */
import { expect } from 'chai';
import { ErrorCode, OpCode, sessionIdOf } from '../../../src/types/index.js';
import {
  check,
  closeSession,
  create,
  createContainer,
  createTtl,
  del,
  everyone,
  multi,
  setAcl,
  setData,
} from '../helpers/requests.js';
import { World, digestAcl } from '../helpers/world.js';
import { dump } from '../helpers/treeDump.js';

describe('multi', () => {
  it('that is empty succeeds and changes nothing', () => {
    const world = new World();
    const before = dump(world.tree);
    const { error, results, changes, txn } = world.write(multi());
    expect({ error, results, changes, txn }).to.deep.equal({
      error: 'OK',
      results: [],
      changes: [],
      txn: { type: OpCode.multi, txns: [] },
    });
    expect(dump(world.tree)).to.deep.equal(before);
  });

  it('shows each operation what the ones before it did', () => {
    const world = new World();
    const { error } = world.write(
      multi(
        create('/a'),
        create('/a/b', { data: '1' }),
        setData('/a/b', '2', 0),
        check('/a/b', 1),
        del('/a/b', 1),
        create('/a/b', { mode: 'ephemeral' }),
        check('/a/b', 0),
      ),
    );
    expect(error).to.equal('OK');
    expect(world.stat('/a')).to.include({ numChildren: 1, cversion: 3 });
  });

  it('checks access against lists that it made itself', () => {
    const world = new World();
    const { error } = world.write(multi(create('/a', { acl: everyone('cr') }), setData('/a')));
    expect(error).to.equal('NOAUTH');
  });

  it('reports 0 before the failing operation, its code, and -2 after it', () => {
    const world = new World().given(create('/a'));
    const { results } = world.write(
      multi(setData('/a'), create('/b'), del('/nowhere'), create('/c'), check('/a')),
    );
    expect(results.map(({ type }) => type)).to.deep.equal([-1, -1, -1, -1, -1]);
    expect(results.map(({ err }) => err)).to.deep.equal([
      0,
      0,
      ErrorCode.NONODE,
      ErrorCode.RUNTIMEINCONSISTENCY,
      ErrorCode.RUNTIMEINCONSISTENCY,
    ]);
  });

  it('that fails changes nothing and tells no one', () => {
    const world = new World().given(create('/a'), create('/e', { mode: 'ephemeral' }));
    const before = dump(world.tree);
    const { changes } = world.write(multi(setData('/a', 'x'), create('/a/b'), del('/e'), create('/a')));
    expect(changes).to.deep.equal([]);
    expect(dump(world.tree)).to.deep.equal(before);
  });

  it('that fails leaves nothing behind for the writes prepared after it', () => {
    const world = new World().given(create('/a'));
    world.prepare(multi(setData('/a', 'x'), create('/a/b'), create('/a')));
    expect(world.outstanding.size).to.equal(0);
    expect(world.prepare(setData('/a', 'y', 0)).type).to.equal(OpCode.setData);
    expect(world.prepare(del('/a')).type).to.equal(OpCode.delete);
  });

  it('keeps the real txns of the operations before the failing one, as ZooKeeper logs it', () => {
    const txn = new World().prepare(multi(create('/a'), del('/nowhere'), create('/b')));
    expect(txn.type === OpCode.multi && txn.txns.map((sub) => sub.type)).to.deep.equal([1, -1, -1]);
  });

  it('gives all its changes one zxid and one time', () => {
    const world = new World();
    world.write(multi(create('/a'), create('/b'), setData('/a', 'x')));
    for (const path of ['/a', '/b']) {
      const { czxid, mzxid, ctime, mtime } = world.stat(path);
      expect([czxid, mzxid, ctime, mtime]).to.deep.equal([world.zxid, world.zxid, world.time, world.time]);
    }
  });

  it('reports its changes operation by operation', () => {
    const world = new World().given(create('/a'));
    const { changes } = world.write(multi(create('/a/b'), setData('/a'), del('/a/b'), setData('/a')));
    expect(changes.map(({ kind, path }) => `${kind} ${path}`)).to.deep.equal([
      'created /a/b',
      'dataChanged /a',
      'deleted /a/b',
      'dataChanged /a',
    ]);
  });

  it('takes containers and TTL znodes', () => {
    const world = new World();
    const { results } = world.write(multi(createContainer('/c'), createTtl('/t', 5n)));
    expect(results.map(({ type, path, err }) => [type, path, err])).to.deep.equal([
      [OpCode.createContainer, '/c', 0],
      [OpCode.createTTL, '/t', 0],
    ]);
  });

  it('takes back what an ephemeral was: a znode that replaces it outlives the session', () => {
    for (const applied of [true, false]) {
      const world = new World();
      const owner = { session: 5n };
      world.prepare(create('/e', { mode: 'ephemeral' }), owner);
      if (applied) world.applyNext();
      world.prepare(multi(del('/e'), create('/e', { data: 'lasting' })));
      world.write(closeSession, owner);
      expect(world.data('/e'), `ephemeral ${applied ? 'applied' : 'outstanding'}`).to.equal('lasting');
    }
  });

  it('takes back what an ephemeral was also from one that replaces it for another session', () => {
    const world = new World();
    world.write(create('/e', { mode: 'ephemeral' }), { session: 5n });
    world.prepare(multi(del('/e'), create('/e', { mode: 'ephemeral' })), { session: 6n });
    world.prepare(closeSession, { session: 5n });
    world.prepare(setData('/e', 'still there'));
    while (world.applyNext() !== undefined);
    expect(world.data('/e')).to.equal('still there');
    expect(world.stat('/e').ephemeralOwner).to.equal(6n);
  });
});

describe('write behind writes that are not applied', () => {
  const user = { identities: [{ scheme: 'digest', id: 'ann:hash' }] };

  it('sees them: versions, children, lists, znodes that come and go', () => {
    const world = new World().given(create('/a'), create('/gone'));
    world.prepare(setData('/a'));
    world.prepare(create('/a/b'));
    world.prepare(del('/gone'));
    world.prepare(setAcl('/a', [digestAcl('ann', 'r'), digestAcl('bob', 'w')]));
    const types = [
      world.prepare(check('/a', 1), user),
      world.prepare(check('/a', 0), user),
      world.prepare(del('/a')),
      world.prepare(setData('/gone')),
      world.prepare(setData('/a'), user),
      world.prepare(create('/gone')),
    ].map((txn) => (txn.type === OpCode.error ? txn.record.err : 0));
    expect(types).to.deep.equal([
      0,
      ErrorCode.BADVERSION,
      ErrorCode.NOTEMPTY,
      ErrorCode.NONODE,
      ErrorCode.NOAUTH,
      0,
    ]);
  });

  it('counts children that come and go', () => {
    const world = new World().given(create('/a'));
    world.prepare(create('/a/b'));
    expect(world.prepare(del('/a')).type).to.equal(OpCode.error);
    world.prepare(del('/a/b'));
    expect(world.prepare(del('/a')).type).to.equal(OpCode.delete);
  });

  it('counts the ephemerals that go with their session', () => {
    const world = new World().given(create('/a'));
    world.prepare(create('/a/e', { mode: 'ephemeral' }), { session: 7n });
    world.prepare(closeSession, { session: 7n });
    expect(world.prepare(del('/a')).type).to.equal(OpCode.delete);
  });

  it('knows nothing of ephemerals that were only outstanding once they are forgotten', () => {
    const world = new World();
    world.prepare(create('/e', { mode: 'ephemeral' }), { session: 7n });
    world.outstanding.clear();
    expect(world.outstanding.ephemeralsOf(sessionIdOf(7n)).size).to.equal(0);
  });

  it('sees the tree again once leadership is lost and they are forgotten', () => {
    const world = new World().given(create('/a'));
    world.prepare(setData('/a'));
    world.prepare(create('/e', { mode: 'ephemeral' }));
    world.outstanding.clear();
    expect(world.outstanding.size).to.equal(0);
    expect(world.prepare(check('/a', 0)).type).to.equal(OpCode.check);
    expect(world.prepare(create('/e')).type).to.equal(OpCode.create);
  });
});

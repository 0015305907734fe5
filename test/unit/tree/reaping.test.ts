/** Containers and TTL znodes: whose time has come, and what their end looks like (protocol.md section 5). */
import { expect } from 'chai';
import { OpCode, type WriteRequest } from '../../../src/types/index.js';
import { create, createContainer, createTtl, del, setAcl, setData, everyone } from '../helpers/requests.js';
import { World } from '../helpers/world.js';

/** What may be reaped so long after the last write. */
function reapableAfter(world: World, ms: bigint, neverUsedMsMax = 0n): string[] {
  return world.tree.reapable(world.time + ms, neverUsedMsMax, 100).sort();
}

function reap(world: World, path: string): ReturnType<World['write']> {
  return world.write({ type: OpCode.deleteContainer, path }, { session: 0n });
}

const CONTAINER: [what: string, requests: WriteRequest[], reapable: boolean][] = [
  ['that was never used', [], false],
  ['with a child', [create('/c/x')], false],
  ['whose last child went', [create('/c/x'), del('/c/x')], true],
  ['that was used again', [create('/c/x'), del('/c/x'), create('/c/y')], false],
  ['that only got data', [setData('/c', 'x')], false],
];

describe('container', () => {
  for (const [what, requests, reapable] of CONTAINER) {
    it(`${what} is ${reapable ? '' : 'not '}reaped`, () => {
      const world = new World().given(createContainer('/c'), ...requests);
      expect(reapableAfter(world, 1_000_000n)).to.deep.equal(reapable ? ['/c'] : []);
    });
  }

  it('that was never used is reaped after the time that is set, counted from its mtime', () => {
    const world = new World().given(createContainer('/c'));
    expect(reapableAfter(world, 50n, 50n)).to.deep.equal([]);
    expect(reapableAfter(world, 51n, 50n)).to.deep.equal(['/c']);
    world.given(create('/later1'), create('/later2'), setData('/c', 'x'));
    expect(reapableAfter(world, 50n, 50n)).to.deep.equal([]);
  });

  it('is not looked at any more once it is deleted', () => {
    const world = new World().given(createContainer('/c'), create('/c/x'), del('/c/x'), del('/c'));
    expect(reapableAfter(world, 0n)).to.deep.equal([]);
    world.given(create('/c'), create('/c/x'), del('/c/x'));
    expect(reapableAfter(world, 0n)).to.deep.equal([]);
  });
});

describe('TTL znode', () => {
  it('is reaped when it has been untouched for longer than its TTL', () => {
    const world = new World().given(createTtl('/t', 100n));
    expect(reapableAfter(world, 100n)).to.deep.equal([]);
    expect(reapableAfter(world, 101n)).to.deep.equal(['/t']);
  });

  it('is refreshed by setData', () => {
    const world = new World().given(createTtl('/t', 2n), create('/a'), create('/b'), setData('/t', 'x'));
    expect(reapableAfter(world, 2n)).to.deep.equal([]);
  });

  it('is not refreshed by setACL or by children that come and go', () => {
    const world = new World().given(
      createTtl('/t', 2n),
      setAcl('/t', everyone('cdrwa')),
      create('/t/x'),
      del('/t/x'),
    );
    expect(reapableAfter(world, 0n)).to.deep.equal(['/t']);
  });

  it('stays while it has children', () => {
    const world = new World().given(createTtl('/t', 1n), create('/t/x'));
    expect(reapableAfter(world, 1_000n)).to.deep.equal([]);
    world.given(del('/t/x'));
    expect(reapableAfter(world, 1_000n)).to.deep.equal(['/t']);
  });

  it('may live for the longest TTL there is', () => {
    const world = new World().given(createTtl('/t', 0xffffffffffn));
    expect(reapableAfter(world, 0xffffffffffn)).to.deep.equal([]);
    expect(reapableAfter(world, 0x10000000000n)).to.deep.equal(['/t']);
  });
});

describe('reaping', () => {
  it('takes no more than asked for', () => {
    const world = new World();
    for (const i of [1, 2, 3]) world.given(createTtl(`/t${i}`, 1n), createContainer(`/c${i}`));
    for (const most of [0, 1, 2, 3, 4, 5, 6]) {
      expect(world.tree.reapable(world.time + 100n, 1n, most)).to.have.length(most);
    }
  });

  it('deletes as any delete does: the znode goes, its parent changes', () => {
    const world = new World().given(create('/p'), createTtl('/p/t', 1n));
    const { error, changes } = reap(world, '/p/t');
    expect(error).to.equal('OK');
    expect(changes.map(({ kind, path }) => [kind, path])).to.deep.equal([['deleted', '/p/t']]);
    expect(world.stat('/p')).to.include({ pzxid: world.zxid, cversion: 2, numChildren: 0 });
  });

  it('asks for no rights', () => {
    const world = new World().given(create('/p', { acl: everyone('rc') }), createTtl('/p/t', 1n));
    expect(reap(world, '/p/t').error).to.equal('OK');
  });

  const faults: [what: string, path: string, error: string][] = [
    ['a znode that is gone', '/gone', 'NONODE'],
    ['a znode that is used again', '/used', 'NOTEMPTY'],
    ['a znode that somebody made of another kind meanwhile', '/plain', 'BADVERSION'],
    ["a session's ephemeral", '/e', 'BADVERSION'],
    ['a system znode', '/zookeeper/quota', 'BADARGUMENTS'],
  ];
  for (const [what, path, error] of faults) {
    it(`spares ${what}`, () => {
      const world = new World().given(
        createContainer('/used'),
        create('/used/x'),
        create('/plain'),
        create('/e', { mode: 'ephemeral' }),
      );
      const before = world.tree.digest;
      expect(reap(world, path).error).to.equal(error);
      expect(world.tree.digest).to.equal(before);
    });
  }
});

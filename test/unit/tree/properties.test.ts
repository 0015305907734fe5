/** What holds after any writes: the digest, the naive tree, what goes to disk and back, and the layered view. */
import { expect } from 'chai';
import type { ZnodeRow } from '../../../src/codec/index.js';
import fc from 'fast-check';
import { Tree } from '../../../src/tree/index.js';
import { OpCode, sessionIdOf, type Txn, type WriteRequest } from '../../../src/types/index.js';
import { NaiveTree } from '../helpers/naiveTree.js';
import { closeSession, create, del, multi } from '../helpers/requests.js';
import { dump, paths, recomputedDigest, takeChanges } from '../helpers/treeDump.js';
import { World, digestUser, type Outcome, type Who } from '../helpers/world.js';
import { arbitraryWrite, stage } from '../helpers/writes.js';

interface Step extends Who {
  readonly session: bigint;
  readonly request: WriteRequest;
  /** How many of the outstanding writes are applied after this one is prepared. */
  readonly applied: number;
}

const arbitrarySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    session: fc.constantFrom(1n, 2n, 3n),
    identities: fc.constantFrom([], [digestUser('ann')]),
    request: arbitraryWrite,
    applied: fc.constantFrom(0, 0, 0, 1, 1, 3, Infinity),
  }),
  { maxLength: 60, size: 'max' },
);

function play(steps: readonly Step[]): World {
  const world = new World().given(...stage);
  for (const step of steps) world.write(step.request, step);
  return world;
}

/** The order in which the ephemerals of a session go is nobody's business. */
function normal({ header, txn, error, results, changes }: Outcome): unknown {
  return {
    header,
    txn: sorted(txn),
    error,
    results,
    changes: txn.type === OpCode.closeSession ? changes.map(({ path }) => path).sort() : changes,
  };
}

function sorted(txn: Txn): unknown {
  return txn.type === OpCode.closeSession ? [...(txn.record.paths2Delete ?? [])].sort() : txn;
}

function expectNothingOutstanding({ tree, outstanding }: World): void {
  expect(outstanding.size).to.equal(0);
  for (const session of [1n, 2n, 3n].map(sessionIdOf)) {
    // The tree's own set: nothing is kept beside it.
    expect(outstanding.ephemeralsOf(session)).to.equal(tree.ephemeralsOf(session));
  }
}

describe('tree after any writes', () => {
  it('has the digest that its znodes add up to', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const { tree } = play(steps);
        expect(tree.digest).to.equal(recomputedDigest(tree));
      }),
    );
  });

  it('holds what the naive tree holds, and reports the same Stats', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const world = new World();
        const naive = new NaiveTree();
        for (const step of [...stage.map((request) => ({ request, session: 1n })), ...steps]) {
          const { header, txn } = world.write(step.request, step);
          naive.apply(header, txn);
        }
        expect(paths(world.tree).sort()).to.deep.equal(naive.paths);
        for (const path of naive.paths) {
          expect(world.tree.get(path)?.stat(), path).to.deep.equal(naive.stat(path));
          expect(world.tree.get(path)?.data, path).to.deep.equal(naive.data(path));
          expect(world.children(path), path).to.deep.equal(naive.children(path));
        }
      }),
    );
  });

  it('counts what it holds', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const { tree } = play(steps);
        const all = paths(tree);
        const sizes = all.map((path) => path.length + (tree.get(path)?.dataLength ?? 0));
        expect(tree.nodeCount).to.equal(all.length);
        expect(tree.descendantsOf('/')).to.equal(all.length - 1);
        expect(tree.descendantsOf('')).to.equal(all.length - 1);
        expect(tree.descendantsOf('/zookeeper')).to.equal(2);
        expect(tree.approximateDataSize).to.equal(sizes.reduce((a, b) => a + b, 0));
        const owned = all.filter((path) => tree.get(path)?.stat().ephemeralOwner !== 0n);
        expect([...tree.ephemerals.values()].flatMap((set) => [...set]).sort()).to.deep.equal(owned.sort());
        expect(tree.ephemeralsCount).to.equal(owned.length);
      }),
    );
  });

  it('comes back from its rows as it was, in whatever parts and order they were written', () => {
    fc.assert(
      fc.property(arbitrarySteps, fc.integer({ min: 1, max: 20 }), (steps, flushEvery) => {
        const world = new World().given(...stage);
        const disk = new Map<string, ZnodeRow>();
        const flush = (): void => {
          const { znodes, deletedPaths } = takeChanges(world.tree);
          for (const path of deletedPaths) disk.delete(path);
          for (const row of znodes) disk.set(row.path, row);
          expect(world.tree.changesCount).to.equal(0);
        };
        for (const [i, step] of steps.entries()) {
          world.write(step.request, step);
          if (i % flushEvery === 0) flush();
        }
        flush();
        const restored = new Tree();
        for (const row of [...disk.values()].reverse()) restored.restore(row);
        restored.restored();
        expect(dump(restored)).to.deep.equal(dump(world.tree));
        expect(restored.changesCount).to.equal(0);
      }),
    );
  });
});

describe('layered view', () => {
  it('gives each write the txn, the result and the tree that it would have had alone', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const eager = new World().given(...stage);
        const lazy = new World().given(...stage);
        const expected: unknown[] = [];
        const found: unknown[] = [];
        const applyNext = (): boolean => {
          const outcome = lazy.applyNext();
          if (outcome !== undefined) found.push(normal(outcome));
          return outcome !== undefined;
        };
        for (const step of steps) {
          const outcome = eager.write(step.request, step);
          expected.push(normal(outcome));
          // At once, and not only in the end: the first difference is the one to look at.
          expect(sorted(lazy.prepare(step.request, step))).to.deep.equal(sorted(outcome.txn));
          for (let i = 0; i < step.applied && applyNext(); i++);
        }
        while (applyNext());
        expect(found).to.deep.equal(expected);
        expect(dump(lazy.tree)).to.deep.equal(dump(eager.tree));
        expectNothingOutstanding(lazy);
      }),
      { numRuns: 300 },
    );
  });

  it('holds nothing once everything is applied', () => {
    const world = new World();
    world.prepare(create('/a'));
    world.prepare(
      multi(create('/a/e', { mode: 'ephemeral' }), del('/a/e'), create('/a/e', { mode: 'ephemeral' })),
    );
    world.prepare(closeSession);
    expect(world.outstanding.size).to.be.greaterThan(0);
    while (world.applyNext() !== undefined);
    expectNothingOutstanding(world);
  });

  it('keeps the later of two outstanding changes when the earlier one is applied', () => {
    const world = new World();
    world.prepare(create('/a'));
    world.prepare(del('/a'));
    world.applyNext();
    expect(world.tree.get('/a')).not.to.equal(undefined);
    expect(world.outstanding.node('/a')).to.equal(undefined);
    world.applyNext();
    expect(world.outstanding.node('/a')).to.equal(undefined);
  });
});

describe('restoring', () => {
  it('refuses rows whose parent is missing', () => {
    const world = new World().given(create('/a'), create('/a/b'));
    const orphan = takeChanges(world.tree).znodes.find(({ path }) => path === '/a/b')!;
    const tree = new Tree();
    tree.restore(orphan);
    expect(() => tree.restored()).to.throw('/a/b');
  });

  it('hands the system znodes of a new tree to the disk', () => {
    const rows = takeChanges(new Tree()).znodes.map(({ path }) => path);
    expect(rows.sort()).to.deep.equal(['/', '/zookeeper', '/zookeeper/config', '/zookeeper/quota']);
  });

  it('counts an ephemeral once, though its row comes twice', () => {
    const world = new World();
    world.write(create('/e', { mode: 'ephemeral' }), { session: 9n });
    const rows = takeChanges(world.tree).znodes;
    const tree = new Tree();
    for (const row of [...rows, ...rows]) tree.restore(row);
    tree.restored();
    expect(tree.ephemeralsCount).to.equal(1);
    expect([...tree.ephemeralsOf(sessionIdOf(9n))]).to.deep.equal(['/e']);
    expect(tree.approximateDataSize).to.equal(world.tree.approximateDataSize);
  });

  it('finds the quotas again', () => {
    const world = new World().given(
      create('/q'),
      create('/zookeeper/quota/q'),
      create('/zookeeper/quota/q/zookeeper_limits', { data: 'count=1,bytes=1' }),
    );
    const tree = new Tree();
    for (const row of takeChanges(world.tree).znodes) tree.restore(row);
    tree.restored();
    expect(tree.quotaPrefix('/q/x')).to.equal('/q');
    expect(tree.quotaPrefix('/qq')).to.equal(undefined);
  });
});

describe('digest sum', () => {
  it('is the sum over all znodes, however often it is asked for on the way', () => {
    fc.assert(
      fc.property(arbitrarySteps, fc.integer({ min: 1, max: 20 }), (steps, askEvery) => {
        const often = new World().given(...stage);
        steps.forEach((step, i) => {
          often.write(step.request, step);
          if (i % askEvery === 0) expect(often.tree.digest).to.equal(recomputedDigest(often.tree));
        });
        expect(often.tree.digest).to.equal(play(steps).tree.digest);
      }),
    );
  });

  it('does not count what lies below /zookeeper', () => {
    const world = new World();
    const before = world.tree.digest;
    world.given(create('/zookeeper/quota/x', { data: 'y' }));
    expect(world.tree.digest).to.equal(before);
  });
});

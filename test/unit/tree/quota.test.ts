/** Quotas (protocol.md section 11): what is counted where, and when a write is refused. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LIMITS_NAME, parseQuota, quotaTarget } from '../../../src/tree/quota.js';
import { closeSession, create, del, everyone, multi, setAcl, setData } from '../helpers/requests.js';
import { paths, takeChanges } from '../helpers/treeDump.js';
import { World } from '../helpers/world.js';
import { arbitraryUpdate, stage } from '../helpers/writes.js';

/** Gives `prefix` a quota as setQuota of a client does. */
function limit(world: World, prefix: string, limits: string, stats = 'count=0,bytes=0'): World {
  let at = '/zookeeper/quota';
  for (const part of prefix.slice(1).split('/')) {
    at += `/${part}`;
    if (world.tree.get(at) === undefined) world.given(create(at));
  }
  return world.given(
    create(`${at}/zookeeper_limits`, { data: limits }),
    create(`${at}/zookeeper_stats`, { data: stats }),
  );
}

function usage(world: World, prefix: string): string | null | undefined {
  return world.data(`/zookeeper/quota${prefix}/zookeeper_stats`);
}

function limited(limits: string): World {
  const world = new World({ enforceQuota: true }).given(
    create('/q', { data: 'abc' }),
    create('/q/x', { data: 'de' }),
  );
  return limit(world, '/q', limits);
}

const HARD = 'count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=4';

const TEXTS: [what: string, text: string, expected: Partial<ReturnType<typeof parseQuota>>][] = [
  [
    'soft limits alone',
    'count=10,bytes=100',
    { count: 10, bytes: 100, countHardLimit: -1, byteHardLimit: -1 },
  ],
  [
    'all limits',
    'count=10,bytes=100=;byteHardLimit=7;countHardLimit=20',
    { count: 10, bytes: 100, byteHardLimit: 7, countHardLimit: 20 },
  ],
  ['limits of -1', 'count=-1,bytes=-1', { count: -1, bytes: -1 }],
  ['runs of separators', 'count=1,,;bytes=2', { count: 1, bytes: 2 }],
  ['missing limits', 'bytes=2', { count: -1, bytes: 2 }],
  ['garbage as no limit', 'what is this', { count: -1, bytes: -1, countHardLimit: -1, byteHardLimit: -1 }],
  ['numbers that are none as no limit', 'count=ten,bytes=1e9', { count: -1, bytes: -1 }],
  ['nothing as no limit', '', { count: -1, bytes: -1 }],
];

describe('quota text', () => {
  for (const [what, text, expected] of TEXTS) {
    it(`says ${what}`, () => {
      expect(parseQuota(Buffer.from(text))).to.include(expected);
    });
  }

  it('is not looked at beyond its first 1024 bytes', () => {
    const text = `count=1,${' '.repeat(2000)},bytes=2`;
    expect(parseQuota(Buffer.from(text))).to.include({ count: 1, bytes: -1 });
  });

  it('that is null says nothing', () => {
    expect(parseQuota(null)).to.deep.equal({ count: -1, bytes: -1, countHardLimit: -1, byteHardLimit: -1 });
  });
});

const TARGETS: [path: string, target: string | undefined][] = [
  ['/zookeeper/quota/a/zookeeper_limits', '/a'],
  ['/zookeeper/quota/a/b/zookeeper_limits', '/a/b'],
  ['/zookeeper/quota/zookeeper_limits', undefined],
  ['/zookeeper/quota/a/zookeeper_stats', undefined],
  ['/zookeeper/quota/a/zookeeper_limits/x', undefined],
  ['/zookeeper/quota/a', undefined],
  ['/somewhere/else/altogether/zookeeper_limits', undefined],
  ['/zookeeper/quotas/a/zookeeper_limits', undefined],
];

describe('limits znode', () => {
  for (const [path, target] of TARGETS) {
    it(`${path} is ${target === undefined ? 'about nothing' : `about ${target}`}`, () => {
      expect(quotaTarget(path, LIMITS_NAME)).to.equal(target);
    });
  }

  it('for /zookeeper is about nothing either: what lies there is not counted', () => {
    const world = limit(new World(), '/zookeeper', 'count=1,bytes=1');
    expect(world.tree.quotaPrefix('/zookeeper/quota/x')).to.equal(undefined);
    expect(world.tree.quotaPrefix('/zookeeper')).to.equal(undefined);
  });
});

describe('quota usage', () => {
  it('is counted anew when the stats znode comes, the quota root included', () => {
    expect(usage(limited(HARD), '/q')).to.equal('count=2,bytes=5');
  });

  it('follows creates, deletes and changes of data', () => {
    const world = limited(HARD).given(create('/q/y', { data: 'f' }));
    expect(usage(world, '/q')).to.equal('count=3,bytes=6');
    world.given(setData('/q/y', 'fgh'), setData('/q', null));
    expect(usage(world, '/q')).to.equal('count=3,bytes=5');
    world.given(del('/q/x'));
    expect(usage(world, '/q')).to.equal('count=2,bytes=3');
  });

  it('follows the ephemerals that a session leaves behind', () => {
    const world = limited(HARD);
    world.write(create('/q/e', { data: 'xyz', mode: 'ephemeral' }), { session: 4n });
    expect(usage(world, '/q')).to.equal('count=3,bytes=8');
    world.write(closeSession, { session: 4n });
    expect(usage(world, '/q')).to.equal('count=2,bytes=5');
  });

  it('does not follow what lies beside its root', () => {
    const world = limited(HARD).given(create('/qq', { data: 'many bytes' }), create('/other'));
    expect(usage(world, '/q')).to.equal('count=2,bytes=5');
  });

  it('is booked on the deepest root alone', () => {
    const world = limit(limited(HARD), '/q/x', 'count=9,bytes=9');
    world.given(create('/q/x/deep', { data: 'z' }), create('/q/y'));
    expect(usage(world, '/q/x')).to.equal('count=2,bytes=3');
    expect(usage(world, '/q')).to.equal('count=3,bytes=5');
  });

  it('is booked without version, mzxid, mtime or watch event', () => {
    const world = limited('count=9,bytes=99');
    const stats = '/zookeeper/quota/q/zookeeper_stats';
    const before = world.stat(stats);
    const { changes } = world.write(create('/q/new', { data: 'longer' }));
    expect(world.stat(stats)).to.deep.equal({ ...before, dataLength: 'count=3,bytes=11'.length });
    expect(changes.map(({ path }) => path)).to.deep.equal(['/q/new']);
  });

  it('goes to the disk with the change that it counts', () => {
    const world = limited(HARD);
    takeChanges(world.tree);
    world.given(create('/q/y'));
    const rows = takeChanges(world.tree).znodes.map(({ path, data }) => [path, data?.toString()]);
    expect(rows).to.deep.include(['/zookeeper/quota/q/zookeeper_stats', 'count=3,bytes=5']);
  });

  it('is left alone once the limits are gone, and goes on when they are back', () => {
    const world = limited(HARD).given(del('/zookeeper/quota/q/zookeeper_limits'), create('/q/y'));
    expect(usage(world, '/q')).to.equal('count=2,bytes=5');
    world.given(create('/zookeeper/quota/q/zookeeper_limits', { data: HARD }), create('/q/z'));
    expect(usage(world, '/q')).to.equal('count=3,bytes=5');
  });

  it('does not come back by itself when the stats znode is deleted', () => {
    const world = limited(HARD).given(del('/zookeeper/quota/q/zookeeper_stats'), create('/q/y'));
    expect(usage(world, '/q')).to.equal(undefined);
  });

  it('is kept for a root that is deleted and comes again', () => {
    const world = limited(HARD).given(del('/q/x'), del('/q'));
    expect(usage(world, '/q')).to.equal('count=0,bytes=0');
    world.given(create('/q', { data: '1' }));
    expect(usage(world, '/q')).to.equal('count=1,bytes=1');
  });

  it('equals a count from scratch after any writes', () => {
    fc.assert(
      fc.property(fc.array(arbitraryUpdate, { maxLength: 40, size: 'max' }), (requests) => {
        const world = limit(new World().given(...stage), '/a', 'count=5,bytes=5');
        for (const request of requests) world.write(request);
        const within = paths(world.tree).filter((path) => path === '/a' || path.startsWith('/a/'));
        const bytes = within.reduce((sum, path) => sum + world.stat(path).dataLength, 0);
        expect(usage(world, '/a')).to.equal(`count=${within.length},bytes=${bytes}`);
        const sizes = paths(world.tree).map((path) => path.length + world.stat(path).dataLength);
        expect(world.tree.approximateDataSize).to.equal(sizes.reduce((a, b) => a + b, 0));
      }),
      { numRuns: 60 },
    );
  });
});

describe('hard limit', () => {
  it('of the count refuses the first znode too many', () => {
    const world = limited(HARD).given(create('/q/3'), create('/q/4'));
    expect(world.write(create('/q/5')).error).to.equal('QUOTAEXCEEDED');
    expect(world.exceeded).to.deep.equal(['/q: hard count limit 4']);
  });

  it('of the bytes refuses data beyond it, and takes data up to it', () => {
    const world = limited(HARD);
    expect(world.write(create('/q/y', { data: '123456' })).error).to.equal('QUOTAEXCEEDED');
    expect(world.write(setData('/q', '123456789')).error).to.equal('QUOTAEXCEEDED');
    expect(world.write(setData('/q', '12345678')).error).to.equal('OK');
  });

  it('does not hinder what needs no more: deletes, lists, data that shrinks or stays as long', () => {
    const world = limited(HARD).given(setData('/q', '12345678'));
    world.given(
      setData('/zookeeper/quota/q/zookeeper_limits', 'count=-1,bytes=-1=;byteHardLimit=1;countHardLimit=1'),
    );
    const writes = [setData('/q', '87654321'), setAcl('/q', everyone('cdrwa')), del('/q/x')];
    expect(writes.map((request) => world.write(request).error)).to.deep.equal(['OK', 'OK', 'OK']);
  });

  it('is held against what is applied: creates of one multi do not add up', () => {
    const world = limited(HARD).given(create('/q/3'));
    expect(world.write(multi(create('/q/4'), create('/q/5'))).error).to.equal('OK');
    expect(world.write(create('/q/6')).error).to.equal('QUOTAEXCEEDED');
  });

  it('is only held against a root whose usage is known', () => {
    const world = limited(HARD).given(del('/zookeeper/quota/q/zookeeper_stats'));
    expect(world.write(create('/q/y', { data: 'far too many bytes' })).error).to.equal('OK');
  });

  it('of -1 allows everything, and one of 0 nothing', () => {
    const free = limited('count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=-1');
    expect(free.write(create('/q/y', { data: 'far too many bytes' })).error).to.equal('OK');
    const closed = limited('count=-1,bytes=-1=;countHardLimit=0');
    expect(closed.write(create('/q/y')).error).to.equal('QUOTAEXCEEDED');
  });

  it('of garbage does not hinder writes, unlike in ZooKeeper', () => {
    expect(limited('garbage').write(create('/q/y')).error).to.equal('OK');
  });

  it('is ignored unless quotas are enforced', () => {
    const world = limit(new World().given(create('/q')), '/q', HARD);
    expect(world.write(create('/q/y', { data: 'far too many bytes' })).error).to.equal('OK');
  });
});

describe('soft limit', () => {
  it('lets the write pass and tells the operator', () => {
    const world = limited('count=2,bytes=5');
    expect(world.write(create('/q/y', { data: 'x' })).error).to.equal('OK');
    expect(world.exceeded).to.deep.equal(['/q: count limit 2', '/q: bytes limit 5']);
  });

  it('is quiet while it is kept', () => {
    const world = limited('count=3,bytes=6').given(create('/q/y', { data: 'x' }));
    expect(world.exceeded).to.deep.equal([]);
  });
});

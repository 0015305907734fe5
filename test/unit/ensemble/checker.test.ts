/**
 * Why this file exists: the ensemble's tests are worth what their checker is worth. It must pass histories that a correct
 * service can produce, however operations overlap, and name the broken promise in those that it cannot.
 */
import { expect } from 'chai';
import { check, longestGap, type Rule } from '../../ensemble/checker.js';
import type { FinalNode, FinalState, Op, Run, SessionEnd } from '../../ensemble/history.js';
import { Random } from '../../helpers/random.js';

/** `at` is [call, ret] or [call] for an outcome that nobody learnt. */
type At = readonly [number, number?];

const times = ([call, ret = Infinity]: At): { call: number; ret: number } => ({ call, ret });

function set(session: string, at: At, value: string, version: number, zxid: number, expected?: number): Op {
  const result = at[1] === undefined ? 'unknown' : { zxid: BigInt(zxid), version };
  return { kind: 'set', session, ...times(at), key: '/k', value, expected, result };
}

function refused(session: string, at: At, expected: number): Op {
  return {
    kind: 'set',
    session,
    ...times(at),
    key: '/k',
    value: `x${at[0]}`,
    expected,
    result: 'bad version',
  };
}

function read(session: string, at: At, value: string, version: number, zxid: number, synced = true): Op {
  return {
    kind: 'read',
    session,
    ...times(at),
    key: '/k',
    synced,
    result: { zxid: BigInt(zxid), version, value },
  };
}

function create(session: string, at: At, path: string, zxid: number): Op {
  const result = at[1] === undefined ? 'unknown' : { zxid: BigInt(zxid) };
  return { kind: 'create', session, ...times(at), path, result };
}

function remove(session: string, at: At, path: string): Op {
  return { kind: 'delete', session, ...times(at), path, result: at[1] === undefined ? 'unknown' : 'ok' };
}

function node(value: string, version: number, mzxid: number, more: Partial<FinalNode> = {}): FinalNode {
  return { czxid: 1n, mzxid: BigInt(mzxid), version, value, ephemeralOwner: 0n, ...more };
}

function final(server: string, nodes: Readonly<Record<string, FinalNode>>): FinalState {
  return { server, nodes: new Map(Object.entries(nodes)) };
}

/** A run whose servers all have `nodes` in the end. */
function run(ops: Op[], nodes: Readonly<Record<string, FinalNode>>, sessions: SessionEnd[] = []): Run {
  return { ops, finals: [final('A', nodes), final('B', nodes)], sessions, firstVersion: 0 };
}

const owner: SessionEnd = { session: 's', sessionId: 7n, ephemeral: '/e', expired: false };

describe('the checker of ensemble histories', () => {
  const good: [claim: string, run: Run][] = [
    ['nothing at all', run([], {})],
    [
      'writes and reads one after the other',
      run([set('a', [0, 1], 'x', 1, 11), read('b', [2, 3], 'x', 1, 11), set('a', [4, 5], 'y', 2, 12)], {
        '/k': node('y', 2, 12),
      }),
    ],
    [
      'overlapping writes in either order',
      run([set('a', [0, 9], 'x', 2, 12), set('b', [1, 8], 'y', 1, 11)], { '/k': node('x', 2, 12) }),
    ],
    [
      'a synced read that overlaps a write and does not see it',
      run([set('a', [0, 5], 'x', 1, 11), read('b', [1, 9], 'first', 0, 1)], { '/k': node('x', 1, 11) }),
    ],
    [
      'an old read without a sync',
      run([set('a', [0, 1], 'x', 1, 11), read('b', [2, 3], 'first', 0, 1, false)], {
        '/k': node('x', 1, 11),
      }),
    ],
    [
      'a write of unknown outcome that happened',
      run([set('a', [0], 'x', 0, 0), read('b', [5, 6], 'x', 1, 11)], { '/k': node('x', 1, 11) }),
    ],
    [
      'a write of unknown outcome that did not happen',
      run([set('a', [0], 'x', 0, 0), set('b', [1, 2], 'y', 1, 11)], { '/k': node('y', 1, 11) }),
    ],
    [
      'a write of unknown outcome that happened late',
      run([set('a', [0], 'x', 0, 0), set('b', [1, 2], 'y', 1, 11)], { '/k': node('x', 2, 12) }),
    ],
    [
      'a refusal while somebody else’s write is under way',
      run([set('a', [0, 1], 'x', 1, 11), set('b', [2, 9], 'y', 2, 12), refused('a', [3, 4], 1)], {
        '/k': node('y', 2, 12),
      }),
    ],
    [
      'a refusal by a write of unknown outcome',
      run([set('a', [0, 1], 'x', 1, 11), set('b', [2], 'y', 0, 0), refused('a', [3, 4], 1)], {
        '/k': node('y', 2, 12),
      }),
    ],
    [
      'created, deleted, and perhaps deleted znodes',
      run(
        [
          create('a', [0, 1], '/c1', 11),
          create('a', [2, 3], '/c2', 12),
          remove('a', [4, 5], '/c1'),
          create('a', [6, 7], '/c3', 14),
          remove('a', [8], '/c3'),
          create('a', [9], '/c4', 0),
        ],
        { '/c2': node('', 0, 12, { czxid: 12n }), '/c4': node('', 0, 16, { czxid: 16n }) },
      ),
    ],
    ['a session that lives', run([], { '/e': node('', 0, 2, { ephemeralOwner: 7n }) }, [owner])],
  ];
  for (const [claim, history] of good) {
    it(`passes ${claim}`, () => expect(check(history)).to.deep.equal([]));
  }

  const x = set('a', [0, 1], 'x', 1, 11);
  const y = set('b', [2, 3], 'y', 2, 12);
  const afterX = { '/k': node('x', 1, 11) };
  const afterY = { '/k': node('y', 2, 12) };
  const bad: [claim: string, rule: Rule, run: Run][] = [
    ['an acknowledged write that is gone', 'lost', run([x, y], afterX)],
    ['a key that is gone', 'lost', run([x], {})],
    [
      'an update lost between two of the same version',
      'lost',
      run([x, set('b', [2, 3], 'y', 1, 12)], { '/k': node('y', 1, 12) }),
    ],
    ['a write that took place twice', 'lost', run([x], { '/k': node('x', 2, 12) })],
    [
      'a conditional write on another version',
      'lost',
      run([x, set('b', [2, 3], 'y', 3, 13, 1)], { '/k': node('y', 3, 13) }),
    ],
    ['a created znode that is gone', 'lost', run([create('a', [0, 1], '/c', 11)], {})],
    [
      'a created znode that was created by another txn',
      'lost',
      run([create('a', [0, 1], '/c', 11)], { '/c': node('', 0, 12, { czxid: 12n }) }),
    ],
    [
      'a deleted znode that is back',
      'lost',
      run([create('a', [0, 1], '/c', 11), remove('a', [2, 3], '/c')], {
        '/c': node('', 0, 11, { czxid: 11n }),
      }),
    ],
    [
      'servers that differ',
      'diverged',
      { ...run([x], afterX), finals: [final('A', afterX), final('B', { '/k': node('x', 1, 12) })] },
    ],
    [
      'a server that has more',
      'diverged',
      { ...run([x], afterX), finals: [final('A', afterX), final('B', { ...afterX, '/z': node('', 0, 9) })] },
    ],
    [
      'a later write with a smaller zxid',
      'order',
      run([create('a', [0, 1], '/c', 12), create('b', [2, 3], '/d', 11)], {
        '/c': node('', 0, 12, { czxid: 12n }),
        '/d': node('', 0, 11, { czxid: 11n }),
      }),
    ],
    [
      'two writes with one zxid',
      'order',
      run([create('a', [0, 9], '/c', 12), create('b', [2, 3], '/d', 12)], {
        '/c': node('', 0, 12, { czxid: 12n }),
        '/d': node('', 0, 12, { czxid: 12n }),
      }),
    ],
    [
      'a synced read that misses an acknowledged write',
      'stale',
      run([x, read('b', [2, 3], 'first', 0, 1)], afterX),
    ],
    [
      'a synced read that misses what another one saw',
      'stale',
      run(
        [set('a', [0], 'x', 0, 0), read('b', [1, 2], 'x', 1, 11), read('c', [3, 4], 'first', 0, 1)],
        afterX,
      ),
    ],
    [
      'a session that sees an older state than before',
      'backwards',
      run([x, read('b', [2, 3], 'x', 1, 11, false), read('b', [4, 5], 'first', 0, 1, false)], afterX),
    ],
    [
      'a session that does not see its own write',
      'backwards',
      run([x, read('a', [2, 3], 'first', 0, 1, false)], afterX),
    ],
    ['a value that nobody wrote', 'invented', run([x, read('b', [2, 3], 'z', 2, 12)], afterX)],
    [
      'a value seen before it was written',
      'invented',
      run([read('b', [0, 1], 'y', 1, 11), set('a', [2, 3], 'y', 1, 11)], { '/k': node('y', 1, 11) }),
    ],
    [
      'a value of a write that was refused',
      'invented',
      run([x, y, refused('a', [4, 5], 1), read('b', [6, 7], 'x4', 3, 13)], afterY),
    ],
    [
      'a value with the zxid of another write',
      'invented',
      run([x, y, read('c', [4, 5], 'x', 2, 12)], afterY),
    ],
    [
      'a value in the end that nobody wrote',
      'invented',
      run([set('a', [0], 'x', 0, 0)], { '/k': node('z', 1, 11) }),
    ],
    [
      'a refusal without a reason',
      'refused',
      run([x, refused('c', [2, 3], 1), set('b', [4, 5], 'y', 2, 12)], afterY),
    ],
    ['a session that expired', 'expired', run([], {}, [{ ...owner, expired: true }])],
    ['a session that lost what it owns', 'expired', run([], {}, [owner])],
    [
      'an ephemeral of somebody else',
      'expired',
      run([], { '/e': node('', 0, 2, { ephemeralOwner: 8n }) }, [owner]),
    ],
  ];
  for (const [claim, rule, history] of bad) {
    it(`catches ${claim}: ${rule}`, () => {
      expect(check(history).map((fault) => fault.rule)).to.include(rule);
    });
  }

  it('passes whatever a correct service does, and catches each single lie about it', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const honest = correctRun(random);
      expect(check(honest), `seed ${seed}`).to.deep.equal([]);
      const lied = lie(honest, random);
      if (lied === undefined) continue;
      expect(check(lied.run), `seed ${seed}: ${lied.what}`).to.not.deep.equal([]);
    }
  });

  it('measures the longest gap, the ends of the window included', () => {
    expect(longestGap([10, 20, 50], 0, 60)).to.equal(30);
    expect(longestGap([50, 20, 10], 15, 100)).to.equal(50);
    expect(longestGap([], 5, 12)).to.equal(7);
  });
});

/** Sessions that overlap; each operation takes place at one moment between its call and its return, or never. */
function correctRun(random: Random): Run {
  const ops: Op[] = [];
  const moments: { at: number; act: () => void }[] = [];
  let [zxid, version, value, mzxid, serial] = [100, 0, 'first', 1, 0];
  for (const session of ['a', 'b', 'c', 'd']) {
    let now = random.next() * 5;
    for (let i = 0; i < 30; i++) {
      const call = now;
      const at = call + random.next() * 5;
      const ret = at + random.next() * 5;
      now = ret + random.next();
      const unknown = random.chance(0.1);
      const slot = ops.push(read(session, [call, ret], '', 0, 0)) - 1;
      const mine = `v${serial++}`;
      moments.push({
        at,
        act: () => {
          if (random.chance(0.4)) {
            ops[slot] = read(session, [call, ret], value, version, mzxid);
            return;
          }
          const expected = random.chance(0.5) ? version - (random.chance(0.3) ? 1 : 0) : undefined;
          const refusal = expected !== undefined && expected !== version;
          if (refusal) {
            ops[slot] = refused(session, [call, ret], expected);
            return;
          }
          if (!unknown || random.chance(0.5))
            [zxid, version, value, mzxid] = [zxid + 1, version + 1, mine, zxid + 1];
          ops[slot] = set(session, unknown ? [call] : [call, ret], mine, version, zxid, expected);
        },
      });
    }
  }
  moments.sort((a, b) => a.at - b.at);
  for (const { act } of moments) act();
  // A session reports its operations in its order, all of them in the order of their returns.
  ops.sort((a, b) => a.call - b.call);
  return run(ops, { '/k': node(value, version, mzxid) });
}

/** Changes one thing so that no correct service could have done it. */
function lie(honest: Run, random: Random): { run: Run; what: string } | undefined {
  const [state] = honest.finals;
  const key = state?.nodes.get('/k');
  if (key === undefined) return undefined;
  const acknowledged = honest.ops.filter((op) => op.kind === 'set' && typeof op.result === 'object');
  switch (random.int(3)) {
    case 0: {
      const what = 'the end is that of the beginning';
      return acknowledged.length === 0
        ? undefined
        : { run: run([...honest.ops], { '/k': node('first', 0, 1) }), what };
    }
    case 1: {
      const victim = random.pick(acknowledged);
      const ops = honest.ops.map((op) =>
        op === victim && op.kind === 'set' && typeof op.result === 'object'
          ? { ...op, result: { ...op.result, version: op.result.version - 1 } }
          : op,
      );
      // The version before may have been made by a write of unknown outcome.
      const taken = acknowledged.some(
        (op) =>
          op.kind === 'set' &&
          typeof op.result === 'object' &&
          victim.kind === 'set' &&
          typeof victim.result === 'object' &&
          op.result.version === victim.result.version - 1,
      );
      return taken ? { run: { ...honest, ops }, what: 'one version was given twice' } : undefined;
    }
    default: {
      const other = { '/k': { ...key, version: key.version + 1 } };
      return {
        run: { ...honest, finals: [...honest.finals, final('C', other)] },
        what: 'one server has more',
      };
    }
  }
}

/**
 * Why this file exists: the search takes short cuts, and one that is wrong would pass what it should not. It is held
 * against the obvious way, all orders tried one after the other, on thousands of small random histories.
 */
import { expect } from 'chai';
import { Random } from '../helpers/random.js';
import type { Answer, Call, Op } from './history.js';
import {
  CLIENTS_MAX,
  linearize,
  Linearizability,
  OPS_MAX,
  registerOp,
  type Register,
  type RegisterOp,
} from './linearizable.js';

const STAT = {
  czxid: 1n,
  mzxid: 1n,
  ctime: 0n,
  mtime: 0n,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 1,
  numChildren: 0,
  pzxid: 1n,
};
const START: Register = { version: 0, value: 'a' };

/** Tries every order of all operations whose outcome is known, with any of the others among them. */
function obvious(ops: readonly RegisterOp[], state: Register): boolean {
  if (ops.every(({ to }) => to === Infinity)) return true;
  return ops.some((op, i) => {
    const rest = ops.filter((_, j) => j !== i);
    // Somebody was answered before this one was called: that one comes first.
    if (rest.some(({ to }) => to < op.from)) return false;
    const next = op.step(state);
    return next !== undefined && obvious(rest, next);
  });
}

function randomHistory(random: Random, count: number): RegisterOp[] {
  return Array.from({ length: count }, (_, i): RegisterOp => {
    const from = random.int(20);
    const to = random.chance(0.2) ? Infinity : from + 1 + random.int(10);
    const version = random.int(4);
    const value = random.pick(['a', 'b', 'c']);
    const kind = random.int(3);
    const step = (state: Register): Register | undefined => {
      if (kind === 0) return state.version === version ? state : undefined;
      if (kind === 1) return { version: state.version + 1, value };
      return state.version === version ? { version: version + 1, value } : undefined;
    };
    const needs = kind === 1 ? undefined : version;
    return {
      client: `c${i}`,
      from,
      to,
      needs: to === Infinity ? undefined : needs,
      step,
      tell: () => `op ${i}`,
    };
  });
}

function op(call: Call, from: number, to: number, answer?: Partial<Answer>, syncedAt?: number): Op {
  const told = answer === undefined ? undefined : { zxid: 0n, err: 0, ...answer };
  return { client: 'a', server: 1, link: 1, xid: 1, call, from, to, answer: told, syncedAt };
}

describe('the search for an order', () => {
  it('finds one exactly when trying all of them does', () => {
    const random = new Random(1);
    const verdicts = { linearizable: 0, not: 0 };
    for (let round = 0; round < 4000; round++) {
      const ops = randomHistory(random, 1 + random.int(6));
      const verdict = linearize(ops, START);
      const expected = obvious(ops, START) ? 'linearizable' : 'not';
      expect(verdict.kind, `round ${round}`).to.equal(expected);
      verdicts[expected]++;
    }
    expect(Math.min(verdicts.linearizable, verdicts.not)).to.be.greaterThan(500);
  });

  it('says that it cannot tell when there is too much, or too little time', () => {
    const write = (i: number, client: string, length = 1): RegisterOp => ({
      client,
      from: i,
      to: i + length,
      needs: undefined,
      step: (state) => ({ version: state.version + 1, value: String(i) }),
      tell: () => String(i),
    });
    const many = Array.from({ length: OPS_MAX + 1 }, (_, i) => write(i, 'a'));
    expect(linearize(many, START).kind).to.equal('undecided');
    expect(linearize(many.slice(1), START).kind).to.equal('linearizable');
    const clients = Array.from({ length: CLIENTS_MAX + 1 }, (_, i) => write(i, `c${i}`));
    expect(linearize(clients, START).kind).to.equal('undecided');
    // Twenty at once and a read that fits none of their orders: more sets of them than there is time for.
    const never: RegisterOp = {
      client: 'c0',
      from: 200,
      to: 201,
      needs: undefined,
      step: () => undefined,
      tell: () => 'never',
    };
    const atOnce = Array.from({ length: CLIENTS_MAX }, (_, i) => write(i, `c${i}`, 100));
    expect(linearize([...atOnce, never], START, 50).kind).to.equal('undecided');
  });

  it('is not led astray by hundreds of writes whose outcome nobody knows', () => {
    const unknown = Array.from({ length: 300 }, (_, i) =>
      registerOp(op({ op: 'set', path: '/k', data: `u${i}`, version: -1 }, i, Infinity), '/k'),
    );
    const stat = { ...STAT, version: 0 };
    const reads = Array.from({ length: 100 }, (_, i) =>
      registerOp(
        op({ op: 'get', path: '/k', watch: false }, 400 + i, 400.5 + i, { data: 'a', stat }, 400 + i),
        '/k',
      ),
    );
    const all = [...unknown, ...reads].filter((each) => each !== undefined);
    expect(all).to.have.lengthOf(400);
    expect(linearize(all, START, 5000).kind).to.equal('linearizable');
    const later = { ...STAT, version: 1 };
    const last = registerOp(
      op({ op: 'get', path: '/k', watch: false }, 600, 601, { data: 'u7', stat: later }, 600),
      '/k',
    );
    expect(linearize([...all, ...(last === undefined ? [] : [last])], START, 5000).kind).to.equal(
      'linearizable',
    );
  });

  it('takes a write for what its client was told', () => {
    const set = { op: 'set', path: '/k', data: 'x', version: 0 } as const;
    const refused = registerOp(op(set, 0, 1, { err: -103 }), '/k');
    expect(refused?.step(START)).to.equal(undefined);
    expect(refused?.step({ version: 1, value: 'b' })).to.deep.equal({ version: 1, value: 'b' });
    const unknown = registerOp(op(set, 0, Infinity), '/k');
    expect([unknown?.to, unknown?.step(START)]).to.deep.equal([Infinity, { version: 1, value: 'x' }]);
    const failed = registerOp(op(set, 0, 1, { err: -1 }), '/k');
    expect(failed?.to, 'a system error does not say whether it was done').to.equal(Infinity);
    expect(registerOp(op({ op: 'get', path: '/k', watch: false }, 0, 1, { data: 'a' }), '/k')).to.equal(
      undefined,
    );
  });

  it('lets a write of unknown outcome take effect in the piece behind its own, and not later', () => {
    const late = op({ op: 'set', path: '/k', data: 'x', version: -1 }, 0, Infinity);
    const ends = new Map([['/k', START]]);
    const changed = new Map([['/k', { version: 1, value: 'x' }]]);
    const keys = new Linearizability();
    keys.track('/k', START);
    expect(keys.feed([late], ends)).to.deep.equal([]);
    expect(keys.feed([], changed)).to.deep.equal([]);
    const others = new Linearizability();
    others.track('/k', START);
    for (const piece of [[late], []]) expect(others.feed(piece, ends)).to.deep.equal([]);
    expect(others.feed([], changed).map(({ rule }) => rule)).to.deep.equal(['linearizable']);
  });
});

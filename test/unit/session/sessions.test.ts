/** Sessions: when they expire, and what brings that forward or puts it off (protocol.md section 9). */
import { expect } from 'chai';
import fc from 'fast-check';
import { Sessions } from '../../../src/session/index.js';
import { sessionIdOf, type SessionId } from '../../../src/types/index.js';

const TICK = 2000;
const A = sessionIdOf(0x100_0000n);
const B = sessionIdOf(-5n);

/** The first moment at which the session counts as expired, looked for in steps of `stepMs`. */
function expiryOf(sessions: Sessions, id: SessionId, from: number, stepMs = 1): number {
  for (let now = from; now < from + 100_000; now += stepMs)
    if (sessions.expired(now).includes(id)) return now;
  throw new Error('It never expires.');
}

function opened(timeoutMs: number, now: number): Sessions {
  const sessions = new Sessions(TICK);
  sessions.open(A, timeoutMs, now);
  return sessions;
}

/** (floor((now + timeout) / tick) + 1) x tick */
const BUCKETS: [now: number, timeoutMs: number, expiry: number][] = [
  [0, 4000, 6000],
  [1, 4000, 6000],
  [1999, 4000, 6000],
  [2000, 4000, 8000],
  [2001, 4000, 8000],
  [500, 4500, 6000],
  [0, 5999, 6000],
  [0, 6000, 8000],
];

describe('expiry of a session', () => {
  for (const [now, timeoutMs, expiry] of BUCKETS) {
    it(`touched at ${now} with a timeout of ${timeoutMs} is at ${expiry}`, () => {
      const sessions = opened(timeoutMs, now);
      expect(sessions.buckets).to.deep.equal([{ at: expiry, ids: [A] }]);
      expect(sessions.expired(expiry - 1)).to.deep.equal([]);
      expect(sessions.expired(expiry)).to.deep.equal([A]);
    });
  }

  it('lies behind the timeout, and no more than a tick', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 40_000 }), (now, timeoutMs) => {
        const [bucket] = opened(timeoutMs, now).buckets;
        expect(bucket!.at).to.be.greaterThan(now + timeoutMs);
        expect(bucket!.at).to.be.at.most(now + timeoutMs + TICK);
      }),
    );
  });

  it('is put off by each touch', () => {
    const sessions = opened(4000, 0);
    sessions.touch(A, 3000);
    expect(sessions.expired(7999)).to.deep.equal([]);
    sessions.touch(A, 7999);
    expect(expiryOf(sessions, A, 8000)).to.equal(12_000);
  });

  it('is not brought forward by a touch', () => {
    const sessions = opened(4000, 5000);
    sessions.touch(A, 1000);
    expect(sessions.buckets).to.deep.equal([{ at: 10_000, ids: [A] }]);
  });

  it('follows a timeout that was negotiated anew, up and down', () => {
    const sessions = opened(10_000, 0);
    sessions.touch(A, 0, 4000);
    expect(sessions.buckets).to.deep.equal([{ at: 6000, ids: [A] }]);
    sessions.touch(A, 0, 30_000);
    expect(sessions.buckets).to.deep.equal([{ at: 32_000, ids: [A] }]);
    sessions.touch(A, 1000);
    expect(sessions.buckets).to.deep.equal([{ at: 32_000, ids: [A] }]);
    expect([...sessions]).to.deep.equal([{ id: A, timeoutMs: 30_000 }]);
  });

  it('is found although a later session was looked at before', () => {
    const sessions = opened(40_000, 0);
    expect(sessions.expired(10_000)).to.deep.equal([]);
    sessions.open(B, 4000, 10_000);
    expect(sessions.expired(16_000)).to.deep.equal([B]);
  });

  it('is found at once for all sessions whose time is over, however late somebody looks', () => {
    const sessions = opened(4000, 0);
    sessions.open(B, 8000, 0);
    expect(sessions.expired(50_000).sort()).to.deep.equal([A, B].sort());
  });

  it('is told until the end is proposed', () => {
    const sessions = opened(4000, 0);
    expect(sessions.expired(6000)).to.deep.equal([A]);
    expect(sessions.expired(8000)).to.deep.equal([A]);
    sessions.markClosing(A);
    expect(sessions.expired(10_000)).to.deep.equal([]);
    expect(sessions.has(A)).to.equal(true);
  });

  it('does not happen to a session that ended', () => {
    const sessions = opened(4000, 0);
    expect(sessions.end(A)).to.equal(true);
    expect(sessions.expired(100_000)).to.deep.equal([]);
    expect(sessions.buckets).to.deep.equal([]);
    expect(sessions.end(A)).to.equal(false);
  });
});

describe('session', () => {
  it('is open until its end is proposed, and there until its end is applied', () => {
    const sessions = opened(4000, 0);
    expect([sessions.has(A), sessions.isOpen(A), sessions.size]).to.deep.equal([true, true, 1]);
    sessions.markClosing(A);
    expect([sessions.has(A), sessions.isOpen(A), sessions.size]).to.deep.equal([true, false, 1]);
    sessions.end(A);
    expect([sessions.has(A), sessions.isOpen(A), sessions.size]).to.deep.equal([false, false, 0]);
  });

  it('that is unknown is touched, closed and ended without effect', () => {
    const sessions = new Sessions(TICK);
    sessions.touch(A, 0, 4000);
    sessions.markClosing(A);
    expect(sessions.end(A)).to.equal(false);
    expect(sessions.size).to.equal(0);
    expect(sessions.changesCount).to.equal(0);
  });

  it('that is opened again counts once', () => {
    const sessions = opened(4000, 0);
    sessions.markClosing(A);
    sessions.open(A, 8000, 0);
    expect(sessions.isOpen(A)).to.equal(true);
    expect(sessions.buckets).to.deep.equal([{ at: 10_000, ids: [A] }]);
  });

  it('gets its full timeout again when a leader begins, and its end is undecided again', () => {
    const sessions = opened(4000, 0);
    sessions.open(B, 10_000, 0);
    sessions.markClosing(A);
    sessions.restart(100_000);
    expect(sessions.isOpen(A)).to.equal(true);
    expect(sessions.buckets).to.deep.equal([
      { at: 106_000, ids: [A] },
      { at: 112_000, ids: [B] },
    ]);
    expect(sessions.expired(105_999)).to.deep.equal([]);
    expect(sessions.expired(106_000)).to.deep.equal([A]);
  });
});

describe('changes of the session table', () => {
  it('are what opened and what ended, each once', () => {
    const sessions = opened(4000, 0);
    sessions.open(B, 8000, 0);
    sessions.end(B);
    sessions.touch(A, 1000);
    expect(sessions.changesCount).to.equal(2);
    expect(sessions.takeChanges()).to.deep.equal({ opened: [{ sessionId: A, timeOut: 4000 }], ended: [B] });
    expect(sessions.changesCount).to.equal(0);
    expect(sessions.takeChanges()).to.deep.equal({ opened: [], ended: [] });
  });

  it('tell of the end of a session that the disk knows', () => {
    const sessions = opened(4000, 0);
    sessions.takeChanges();
    sessions.end(A);
    expect(sessions.changesCount).to.equal(1);
    expect(sessions.takeChanges()).to.deep.equal({ opened: [], ended: [A] });
  });

  it('do not include touches and ends that are only proposed', () => {
    const sessions = opened(4000, 0);
    sessions.takeChanges();
    sessions.touch(A, 1000);
    sessions.markClosing(A);
    sessions.restart(0);
    expect(sessions.changesCount).to.equal(0);
  });
});

// --- against a model -----------------------------------------------------------------------------------------------

type Step = { readonly now: number; readonly id: SessionId } & (
  | { readonly kind: 'open'; readonly timeoutMs: number }
  | { readonly kind: 'renegotiate'; readonly timeoutMs: number }
  | { readonly kind: 'touch' | 'end' | 'close' | 'restart' | 'look' }
);

const id = fc.constantFrom(1n, 2n, 3n, 4n).map(sessionIdOf);
const timeoutMs = fc.integer({ min: 1, max: 9000 });
const ahead = fc.nat(3000);

/** Steps on a clock that only goes forward. */
const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('open' as const, 'renegotiate' as const),
        now: ahead,
        id,
        timeoutMs,
      }),
      fc.record({
        kind: fc.constantFrom('touch' as const, 'touch' as const, 'look' as const),
        now: ahead,
        id,
      }),
      fc.record({
        kind: fc.constantFrom('end' as const, 'close' as const, 'restart' as const),
        now: ahead,
        id,
      }),
    ),
    { maxLength: 60, size: 'max' },
  )
  .map((list) => {
    let now = 0;
    return list.map((step) => ({ ...step, now: (now += step.now) }));
  });

/** A table that looks at every session each time. */
class NaiveSessions {
  readonly #all = new Map<SessionId, { timeoutMs: number; deadline: number; closing: boolean }>();

  play(step: Step): SessionId[] {
    const { now } = step;
    const session = this.#all.get(step.id);
    const deadline = (timeout: number): number => Math.floor((now + timeout) / TICK) * TICK + TICK;
    switch (step.kind) {
      case 'open':
        this.#all.set(step.id, {
          timeoutMs: step.timeoutMs,
          deadline: deadline(step.timeoutMs),
          closing: false,
        });
        break;
      case 'renegotiate':
        if (session !== undefined) {
          session.timeoutMs = step.timeoutMs;
          session.deadline = deadline(step.timeoutMs);
        }
        break;
      case 'touch':
        if (session !== undefined) session.deadline = Math.max(session.deadline, deadline(session.timeoutMs));
        break;
      case 'end':
        this.#all.delete(step.id);
        break;
      case 'close':
        if (session !== undefined) session.closing = true;
        break;
      case 'restart':
        for (const other of this.#all.values()) {
          other.deadline = deadline(other.timeoutMs);
          other.closing = false;
        }
        break;
      case 'look':
        return [...this.#all].filter(([, s]) => !s.closing && s.deadline <= now).map(([key]) => key);
    }
    return [];
  }

  get deadlines(): [number, SessionId][] {
    return [...this.#all].map(([key, { deadline }]) => [deadline, key]);
  }
}

function play(sessions: Sessions, step: Step): SessionId[] {
  switch (step.kind) {
    case 'open':
      sessions.open(step.id, step.timeoutMs, step.now);
      break;
    case 'renegotiate':
      sessions.touch(step.id, step.now, step.timeoutMs);
      break;
    case 'touch':
      sessions.touch(step.id, step.now);
      break;
    case 'end':
      sessions.end(step.id);
      break;
    case 'close':
      sessions.markClosing(step.id);
      break;
    case 'restart':
      sessions.restart(step.now);
      break;
    case 'look': {
      // As the engine does: whoever is told of an expiry proposes the end at once.
      const expired = sessions.expired(step.now);
      for (const one of expired) sessions.markClosing(one);
      return expired;
    }
  }
  return [];
}

describe('session table', () => {
  it('agrees with one that looks at every session each time', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const sessions = new Sessions(TICK);
        const naive = new NaiveSessions();
        for (const step of list) {
          const expired = naive.play(step);
          expect(play(sessions, step).sort()).to.deep.equal([...expired].sort());
          for (const one of expired) naive.play({ kind: 'close', now: step.now, id: one });
        }
        const deadlines = sessions.buckets.flatMap(({ at, ids }) => ids.map((one) => [at, one]));
        expect(deadlines.sort()).to.deep.equal(naive.deadlines.sort());
      }),
      { numRuns: 300 },
    );
  });
});

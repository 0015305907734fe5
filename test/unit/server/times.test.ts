/** Why this file exists: what is told of times must be true although it is counted in a few numbers and seldom measured. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { BOUNDS_MS, Distribution } from '../../../src/server/distribution.js';
import { InFlight } from '../../../src/server/inFlight.js';
import { SlowRequests, type AnsweredRequest } from '../../../src/server/slowRequests.js';
import { WRITE_STAGES, WriteStages } from '../../../src/server/writeStages.js';
import { OpCode, sessionIdOf } from '../../../src/types/index.js';
import type { LogBatch } from '../../../src/zab/index.js';

describe('a distribution of times', () => {
  const times = fc.array(fc.double({ min: 0, max: 30_000, noNaN: true }), { minLength: 1, maxLength: 200 });

  it('has for each bound how many took at most so long', () => {
    fc.assert(
      fc.property(times, (list) => {
        const found = new Distribution();
        for (const ms of list) found.note(ms);
        const expected = [...BOUNDS_MS, Infinity].map((bound) => list.filter((ms) => ms <= bound).length);
        expect(found.cumulated).to.deep.equal(expected);
        expect(found.count).to.equal(list.length);
        expect(found.min).to.equal(Math.min(...list));
        expect(found.max).to.equal(Math.max(...list));
      }),
    );
  });

  it('guesses a quantile within the bucket in which it lies', () => {
    fc.assert(
      fc.property(times, fc.constantFrom(0.5, 0.9, 0.99, 0.999), (list, part) => {
        const found = new Distribution();
        for (const ms of list) found.note(ms);
        const exact = list.toSorted((a, b) => a - b)[Math.ceil(list.length * part) - 1] ?? NaN;
        const at = BOUNDS_MS.findIndex((bound) => exact <= bound);
        const upper = at < 0 ? found.max : (BOUNDS_MS[at] ?? 0);
        const lower = at < 0 ? 10_000 : (BOUNDS_MS[at - 1] ?? 0);
        expect(found.quantile(part)).to.be.within(lower, upper);
      }),
    );
  });

  it('has quantiles of late alone, and sums of all times', () => {
    const found = new Distribution();
    found.note(5000, 10);
    found.age();
    expect(found.quantile(0.5)).to.be.greaterThan(2000);
    found.note(1);
    found.age();
    expect(found.quantile(0.5)).to.be.at.most(1);
    found.age();
    expect(found.quantile(0.5)).to.equal(undefined);
    expect([found.count, found.sum, found.max]).to.deep.equal([11, 50_001, 5000]);
  });

  it('begins anew after a reset', () => {
    const found = new Distribution();
    found.note(5);
    found.age();
    found.reset();
    expect([found.count, found.sum, found.min, found.max]).to.deep.equal([0, 0, 0, 0]);
    expect(found.quantile(0.5)).to.equal(undefined);
  });
});

describe('requests in flight', () => {
  it('come out in the order in which they went in, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 6000 }), (pushes) => {
        const queue = new InFlight();
        const naive: number[] = [];
        for (const [at, push] of pushes.entries()) {
          if (push) {
            queue.push(at, at + 0.5, -1 - at);
            naive.push(at);
            continue;
          }
          const expected = naive.shift();
          expect(queue.shift()).to.equal(expected !== undefined);
          if (expected === undefined) continue;
          expect([queue.arrivedAt, queue.takenAt, queue.op]).to.deep.equal([
            expected,
            expected + 0.5,
            -1 - expected,
          ]);
        }
        expect(queue.length).to.equal(naive.length);
      }),
    );
  });

  it('come out in order after the ring has grown and was given back', () => {
    const queue = new InFlight();
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 3000; at++) queue.push(at, at, at);
      for (let at = 0; at < 3000; at++) {
        expect(queue.shift()).to.equal(true);
        expect(queue.op).to.equal(at);
      }
      expect(queue.shift()).to.equal(false);
    }
  });
});

/** A clock that is set by hand. */
function stagesAt(): { readonly stages: WriteStages; readonly at: { now: number } } {
  const at = { now: 0 };
  return { stages: new WriteStages(() => at.now), at };
}

function batch(index: number, count: number): LogBatch {
  return {
    bytes: Buffer.alloc(0),
    count,
    last: { index, zxid: BigInt(index) as LogBatch['last']['zxid'], chain: 0n },
  };
}

describe('the stages of a write', () => {
  it('share out the time between its turns, once for each record', () => {
    const { stages, at } = stagesAt();
    // Two records are prepared in a turn from 100 to 103.
    at.now = 103;
    stages.turnEnds(0, 100);
    stages.handed(batch(2, 2), 100);
    stages.turnEnded();
    // The disk has them at 110, a quorum at 150; that turn applies until 152 and answers until 155.
    expect(stages.durable(2, 110)).to.equal(7);
    at.now = 152;
    stages.turnEnds(2, 150);
    expect(stages.of(1n)).to.deep.equal({
      begunAt: 100,
      handedAt: 103,
      durableAt: 110,
      committedAt: 150,
      appliedAt: 152,
    });
    at.now = 155;
    stages.turnEnded();
    const { queue, ...rest } = stages.times;
    expect(queue.count).to.equal(0);
    for (const { count } of Object.values(rest)) expect(count).to.equal(2);
    expect(WRITE_STAGES.map((stage) => stages.times[stage].max)).to.deep.equal([0, 3, 7, 40, 2, 3]);
    expect(stages.of(1n)).to.equal(undefined);
  });

  it('say nothing of records that a failed disk or another history has swallowed', () => {
    const { stages } = stagesAt();
    stages.handed(batch(5, 1), 0);
    stages.handed(batch(3, 1), 0);
    expect(stages.durable(3, 0)).to.equal(0);
    stages.turnEnds(5, 0);
    expect(stages.times.fsync.count).to.equal(1);
    expect(stages.times.quorum.count).to.equal(1);
    stages.handed(batch(4, 1), 0);
    stages.clear();
    expect(stages.durable(4, 0)).to.equal(undefined);
  });

  it('cost no look at the clock in a turn without writes', () => {
    let looks = 0;
    const stages = new WriteStages(() => ++looks);
    stages.turnEnds(7, 0);
    stages.turnEnded();
    expect(looks).to.equal(0);
  });
});

describe('slow requests', () => {
  const request: AnsweredRequest = {
    op: OpCode.setData,
    session: sessionIdOf(0x1234n),
    address: '127.0.0.1',
    arrivedAt: 1000,
    takenAt: 1010,
    now: 1800,
    write: { begunAt: 1010, handedAt: 1013, durableAt: 1700, committedAt: 1800, appliedAt: 1800 },
    waitedForClient: false,
  };

  function logged(): { readonly log: Logger; readonly lines: unknown[] } {
    const lines: unknown[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    return { log, lines };
  }

  it('are told of with where their time went', () => {
    const { log, lines } = logged();
    new SlowRequests(log).note(request);
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include({
      level: 40,
      op: 'setData',
      ms: 800,
      queueMs: 10,
      prepareMs: 3,
      fsyncMs: 687,
      quorumMs: 100,
      msg:
        'A setData of session 0x1234 (127.0.0.1) took 800 ms: 10 ms before it was taken up, 3 ms in preparation, ' +
        '687 ms until it was on this disk, 100 ms until it was on the disks of a quorum.',
    });
    expect(lines[0]).not.to.have.any.keys('forwardMs', 'applyMs');
  });

  it('are told of once a second, and the others are counted', () => {
    const { log, lines } = logged();
    const slow = new SlowRequests(log);
    for (const now of [1800, 1900, 2700, 2800]) slow.note({ ...request, now });
    expect(slow.count).to.equal(4);
    expect(lines).to.have.lengthOf(2);
    expect(lines[1]).to.include({ others: 2 });
    expect((lines[1] as { msg: string }).msg).to.match(/ So did 2 more since the last such line\.$/);
  });

  it('that read waited behind others, or for their client', () => {
    const { log, lines } = logged();
    const read = { ...request, op: OpCode.getData, write: undefined };
    new SlowRequests(log).note(read);
    new SlowRequests(log).note({ ...read, waitedForClient: true });
    expect(lines[0]).to.include({ op: 'getData', queueMs: 10, waitMs: 790 });
    expect(lines[1]).to.include({ queueMs: 10, replyMs: 790 });
  });
});

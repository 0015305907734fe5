/** The end of the log in memory, against an array that does the same. */
import { expect } from 'chai';
import fc from 'fast-check';
import { AssertionError } from '../../../src/util/index.js';
import { History, LOG_START, markOf, type LogMark } from '../../../src/zab/index.js';
import { batchOf, log, rec, recordsOf, type Rec } from '../helpers/peerLines.js';

/** What the history stands for: all records there are, and which of them it still holds. */
class Model {
  records: Rec[] = [];
  /** Records before it were forgotten. */
  start = 0;

  get tail(): LogMark {
    return this.markAt(this.records.length);
  }

  markAt(index: number): LogMark {
    return this.records[index - 1]?.mark ?? LOG_START;
  }
}

type Step = (history: History, model: Model) => void;

const append = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.boolean())
  .map(([count, newEpoch]): Step => (history, model) => {
    const batch: Rec[] = [];
    let last = model.tail;
    for (let i = 0; i < count; i++) {
      const epoch = Number(last.zxid >> 32n) + (i === 0 && newEpoch ? 1 : 0) || 1;
      const counter = i === 0 && newEpoch ? 1 : Number(last.zxid & 0xffffffffn) + 1;
      const record = rec(`${epoch}:${counter}`, last);
      batch.push(record);
      last = record.mark;
    }
    history.append(batchOf(batch));
    model.records.push(...batch);
  });

const truncate = fc.nat(100).map((to): Step => (history, model) => {
  const index = model.start + (to % (model.records.length - model.start + 1));
  history.truncate(model.markAt(index));
  model.records = model.records.slice(0, index);
});

const trim = fc.nat(100).map((to): Step => (history, model) => {
  history.trim(to % (model.records.length + 1));
  // How much it forgets is its own business, but never more than it was told.
  expect(history.start.index).to.be.within(
    model.start,
    Math.max(model.start, to % (model.records.length + 1)),
  );
  model.start = history.start.index;
});

const persist = fc.nat(100).map((to): Step => (history, model) => {
  history.persisted(model.markAt(to % (model.records.length + 1)));
});

const restart = fc.nat(100).map((to): Step => (history, model) => {
  const index = to % (model.records.length + 1);
  history.restart(LOG_START, model.markAt(index));
  model.records = model.records.slice(0, index);
  model.start = index;
});

const step = fc.oneof(
  { weight: 8, arbitrary: append },
  { weight: 2, arbitrary: truncate },
  { weight: 3, arbitrary: trim },
  { weight: 3, arbitrary: persist },
  { weight: 1, arbitrary: restart },
);

function check(history: History, model: Model): void {
  const { records, start } = model;
  expect(history.tail).to.deep.equal(model.tail);
  expect(history.start).to.deep.equal(model.markAt(start));
  expect(history.durable.index).to.be.at.most(history.tail.index);
  for (let index = 0; index <= records.length + 1; index++) {
    const held = index >= start && index <= records.length;
    expect(history.markAt(index), `markAt ${index}`).to.deep.equal(held ? model.markAt(index) : undefined);
    const zxid = model.markAt(index).zxid;
    if (held) expect(history.find(zxid), `find ${index}`).to.deep.equal(model.markAt(index));
    if (index < start) expect(history.find(zxid)).to.equal(undefined);
  }
  const all = [...history.records(start, records.length)].map((record) => markOf(record));
  expect(all).to.deep.equal(records.slice(start).map(({ mark }) => mark));
}

describe('history', () => {
  it('is an array of which only the end is kept, whatever is done to it', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.constantFrom(0, 200, 100_000),
        (steps, cacheBytes) => {
          const history = new History(cacheBytes);
          const model = new Model();
          for (const act of steps) {
            act(history, model);
            check(history, model);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('gives out what it holds in batches that begin and end where they were asked to', () => {
    fc.assert(
      fc.property(
        fc.array(append, { minLength: 1, maxLength: 8 }),
        fc.nat(40),
        fc.nat(40),
        (steps, from, to) => {
          const history = new History(0);
          const model = new Model();
          for (const act of steps) act(history, model);
          const after = from % model.records.length;
          const upTo = after + 1 + (to % (model.records.length - after));
          const batch = history.after(after, upTo)!;
          expect(batch.last.index).to.be.within(after + 1, upTo);
          expect(recordsOf(batch)).to.deep.equal(model.records.slice(after, batch.last.index));
          expect(batch.last).to.deep.equal(model.markAt(batch.last.index));
        },
      ),
    );
  });

  it('finds the last record that is not beyond a zxid', () => {
    const history = new History(0);
    history.append(batchOf(log('1:1 1:2 1:5 3:1')));
    const rows: [at: [number, number], index: number][] = [
      [[0, 9], 0],
      [[1, 1], 1],
      [[1, 4], 2],
      [[1, 5], 3],
      [[2, 7], 3],
      [[3, 1], 4],
      [[9, 9], 4],
    ];
    for (const [[epoch, counter], index] of rows) {
      const [{ mark }] = log(`${epoch}:${counter}`) as [Rec];
      expect(history.find(mark.zxid)?.index, `${epoch}:${counter}`).to.equal(index);
    }
  });

  it('has nothing after its tail, nor before its start', () => {
    const history = new History(0);
    history.append(batchOf(log('1:1 1:2')));
    history.trim(2);
    history.append(batchOf(log('1:3', history.tail)));
    expect([history.start.index, history.tail.index]).to.deep.equal([2, 3]);
    expect(history.after(3, 9)).to.equal(undefined);
    expect(history.after(1, 3)).to.equal(undefined);
    expect(history.after(2, 9)?.count).to.equal(1);
  });

  it('keeps for learners that lag what fits into its cache', () => {
    const history = new History(1_000_000);
    history.append(batchOf(log('1:1 1:2')));
    history.trim(2);
    expect(history.start.index).to.equal(0);
  });

  it('that is cut is on disk up to the cut at most', () => {
    const history = new History(0);
    const records = log('1:1 1:2 1:3');
    history.append(batchOf(records));
    history.persisted(records[2]!.mark);
    history.truncate(records[0]!.mark);
    expect(history.durable).to.deep.equal(records[0]!.mark);
    history.append(batchOf(log('2:1', records[0]!.mark)));
    expect(history.durable.index).to.equal(1);
  });

  it('never lets the disk go back', () => {
    const history = new History(0);
    const records = log('1:1 1:2');
    history.append(batchOf(records));
    history.persisted(records[1]!.mark);
    history.persisted(records[0]!.mark);
    expect(history.durable.index).to.equal(2);
  });

  it('refuses what does not follow, and a cut of what it does not hold', () => {
    const history = new History(0);
    const records = log('1:1 1:2 1:3');
    expect(() => history.append(batchOf(records.slice(1)))).to.throw(AssertionError);
    history.append(batchOf(records));
    history.trim(3);
    expect(() => history.truncate(records[1]!.mark)).to.throw(AssertionError);
    expect(() => [...history.records(1, 3)]).to.throw(AssertionError);
  });

  it('refuses a disk that ends elsewhere', () => {
    const history = new History(0);
    history.append(batchOf(log('1:1 1:2')));
    expect(() => history.settle(LOG_START, log('1:1')[0]!.mark)).to.throw(AssertionError);
  });
});

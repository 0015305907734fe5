/** Broadcast: how txns are numbered, chained and committed, and when an epoch must end. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Reader, readLogRecord, type LogRecord } from '../../../src/codec/index.js';
import { ZXID_ZERO, counterOf, epochOf, makeZxid } from '../../../src/types/index.js';
import { AssertionError } from '../../../src/util/index.js';
import { Broadcast, chainOf, expectedChain, type LogBatch, type LogMark } from '../../../src/zab/index.js';
import { bytes } from '../helpers/bytes.js';

const START: LogMark = { index: 0, zxid: ZXID_ZERO, chain: 0n };

function propose(broadcast: Broadcast, payload = 'payload', type = 5): LogMark {
  return broadcast.propose(type, (w) => w.raw(Buffer.from(payload)));
}

function recordsOf(batch: LogBatch | undefined): LogRecord[] {
  const records: LogRecord[] = [];
  const reader = Reader.over(batch?.bytes ?? Buffer.alloc(0));
  while (reader.remaining > 0) records.push(readLogRecord(reader));
  return records;
}

describe('proposing', () => {
  it('numbers records without a gap, zxids from counter 1 of the epoch', () => {
    const broadcast = new Broadcast(START, 3);
    const marks = [propose(broadcast), propose(broadcast), propose(broadcast)];
    expect(marks.map(({ index }) => index)).to.deep.equal([1, 2, 3]);
    expect(marks.map(({ zxid }) => zxid)).to.deep.equal([makeZxid(3, 1), makeZxid(3, 2), makeZxid(3, 3)]);
    expect(broadcast.lastProposed).to.deep.equal(marks[2]);
  });

  it('goes on behind the tail of the log', () => {
    const tail: LogMark = { index: 41, zxid: makeZxid(2, 77), chain: 5n };
    const mark = propose(new Broadcast(tail, 4));
    expect(mark).to.include({ index: 42, zxid: makeZxid(4, 1) });
  });

  it('says the next zxid before it is used', () => {
    const broadcast = new Broadcast(START, 1);
    for (let i = 0; i < 3; i++) {
      const { nextZxid } = broadcast;
      expect(propose(broadcast).zxid).to.equal(nextZxid);
    }
  });

  it('refuses an epoch that the log has seen', () => {
    const tail: LogMark = { index: 1, zxid: makeZxid(4, 1), chain: 0n };
    for (const epoch of [3, 4]) expect(() => new Broadcast(tail, epoch)).to.throw(AssertionError);
    expect(() => new Broadcast(tail, 5)).not.to.throw();
  });
});

describe('batch', () => {
  it('holds the records of a turn, as they were proposed', () => {
    const broadcast = new Broadcast(START, 1);
    propose(broadcast, 'first', 1);
    const last = propose(broadcast, '', -11);
    const batch = broadcast.takeBatch();
    expect(batch).to.include({ count: 2, last });
    expect(
      recordsOf(batch).map(({ index, zxid, type, payload }) => [index, zxid, type, payload.toString()]),
    ).to.deep.equal([
      [1n, makeZxid(1, 1), 1, 'first'],
      [2n, makeZxid(1, 2), -11, ''],
    ]);
  });

  it('has the layout of a LogRecord', () => {
    const broadcast = new Broadcast(START, 1);
    const { chain } = propose(broadcast, 'ab', 7);
    const expected = bytes().long(chain).long(1n).long(makeZxid(1, 1)).int(7).buffer(Buffer.from('ab')).built;
    expect(broadcast.takeBatch()?.bytes.equals(expected)).to.equal(true);
  });

  it('is taken once', () => {
    const broadcast = new Broadcast(START, 1);
    expect(broadcast.takeBatch()).to.equal(undefined);
    propose(broadcast);
    expect(broadcast.takeBatch()?.count).to.equal(1);
    expect(broadcast.takeBatch()).to.equal(undefined);
  });

  it('owns its bytes: later proposals do not show in it', () => {
    const broadcast = new Broadcast(START, 1);
    propose(broadcast, 'x'.repeat(100));
    const taken = broadcast.takeBatch();
    const before = taken?.bytes.toString('hex');
    for (let i = 0; i < 50; i++) propose(broadcast, 'y'.repeat(1000));
    expect(taken?.bytes.toString('hex')).to.equal(before);
  });
});

describe('chain', () => {
  it('of each record follows from the one before, however turns are cut', () => {
    const turns = fc.array(fc.array(fc.string({ maxLength: 30 }), { maxLength: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(turns, (list) => {
        const broadcast = new Broadcast(START, 1);
        let previous = 0n;
        let index = 0n;
        for (const turn of list) {
          for (const payload of turn) propose(broadcast, payload);
          const batch = broadcast.takeBatch();
          for (const record of recordsOf(batch)) {
            expect(record.index).to.equal(++index);
            expect(record.chain).to.equal(expectedChain(previous, record));
            previous = record.chain;
          }
          if (batch !== undefined) expect(batch.last.chain).to.equal(previous);
        }
      }),
    );
  });

  const record: LogRecord = {
    chain: 0n,
    index: 9n,
    zxid: makeZxid(1, 9),
    type: 1,
    payload: Buffer.from('data'),
  };
  const changes: [what: string, other: LogRecord, previous: bigint][] = [
    ['the chain before', record, 2n],
    ['the index', { ...record, index: 10n }, 1n],
    ['the zxid', { ...record, zxid: makeZxid(2, 9) }, 1n],
    ['the type', { ...record, type: 2 }, 1n],
    ['the payload', { ...record, payload: Buffer.from('dat4') }, 1n],
  ];
  for (const [what, other, previous] of changes) {
    it(`depends on ${what}`, () => {
      expect(expectedChain(previous, other)).not.to.equal(expectedChain(1n, record));
    });
  }

  it('does not depend on the chain that the record claims', () => {
    expect(expectedChain(1n, { ...record, chain: 77n })).to.equal(expectedChain(1n, record));
  });

  it('is XXH64, seeded with the chain before', () => {
    expect(chainOf(0n, Buffer.alloc(0))).to.equal(BigInt.asIntN(64, 0xef46db3751d8e999n));
    expect(chainOf(-1n, Buffer.from('a'))).not.to.equal(chainOf(0n, Buffer.from('a')));
  });

  it('is signed, as jute and SQLite keep it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const chain = chainOf(0n, data);
        expect(BigInt.asIntN(64, chain)).to.equal(chain);
      }),
    );
  });
});

describe('end of an epoch', () => {
  it('is due from counter 0xffff0000 on', () => {
    const broadcast = new Broadcast(START, 1, 0xfffeffff);
    expect(broadcast.nearlyExhausted).to.equal(false);
    expect(counterOf(propose(broadcast).zxid)).to.equal(0xfffeffff);
    expect(broadcast.nearlyExhausted).to.equal(false);
    expect(counterOf(propose(broadcast).zxid)).to.equal(0xffff0000);
    expect(broadcast.nearlyExhausted).to.equal(true);
  });

  it('comes when the next one is on disk: proposals before it keep the old one', () => {
    const broadcast = new Broadcast(START, 1, 0xffff0000);
    propose(broadcast);
    expect(propose(broadcast).zxid).to.equal(makeZxid(1, 0xffff0001));
    broadcast.beginEpoch(2);
    expect(broadcast.nearlyExhausted).to.equal(false);
    expect(broadcast.nextZxid).to.equal(makeZxid(2, 0xffff0000));
    expect(propose(broadcast)).to.include({ index: 3, zxid: makeZxid(2, 0xffff0000) });
  });

  it('starts again at 1 outside of tests', () => {
    const broadcast = new Broadcast({ index: 1, zxid: makeZxid(1, 0xffffffff), chain: 0n }, 2);
    expect(propose(broadcast).zxid).to.equal(makeZxid(2, 1));
  });

  it('is never passed: the zxid behind the last one is refused', () => {
    const broadcast = new Broadcast(START, 1, 0xffffffff);
    expect(counterOf(propose(broadcast).zxid)).to.equal(0xffffffff);
    expect(() => propose(broadcast)).to.throw(AssertionError);
    broadcast.beginEpoch(2);
    expect(epochOf(propose(broadcast).zxid)).to.equal(2);
  });

  it('is not that of the one it began with: the word for it may come after the first proposal', () => {
    const broadcast = new Broadcast(START, 5);
    propose(broadcast);
    broadcast.beginEpoch(5);
    expect(broadcast.nextZxid).to.equal(makeZxid(5, 2));
  });

  it('does not go back to an earlier one', () => {
    expect(() => new Broadcast(START, 5).beginEpoch(4)).to.throw(AssertionError);
  });
});

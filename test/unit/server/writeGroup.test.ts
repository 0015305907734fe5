import { expect } from 'chai';
import { WriteGroup } from '../../../src/server/writeGroup.js';
import { zxidOf } from '../../../src/types/index.js';
import type { LogBatch } from '../../../src/zab/index.js';

function batch(count: number): LogBatch {
  return { bytes: Buffer.alloc(0), count, last: { index: count, zxid: zxidOf(1n), chain: 0n } };
}

describe('a write group', () => {
  let now = 0;
  let group: WriteGroup;
  beforeEach(() => {
    now = 0;
    group = new WriteGroup(() => now);
  });

  /** Writes one group of so many records. */
  function former(records: number): void {
    group.add(batch(records));
    group.take();
    group.waits();
  }

  it('that is the first does not wait', () => {
    group.add(batch(1));
    expect(group.waits()).to.be.false;
    expect(group.take()).to.have.length(1);
    expect(group.isEmpty).to.be.true;
  });

  it('waits while turns bring more, until it is as large as the one before', () => {
    former(4);
    group.add(batch(2));
    expect(group.waits()).to.be.true;
    group.add(batch(1));
    expect(group.waits()).to.be.true;
    group.add(batch(1));
    expect(group.waits()).to.be.false;
    expect(group.take().map(({ count }) => count)).to.deep.equal([2, 1, 1]);
  });

  it('does not wait after a turn that brought nothing', () => {
    former(4);
    group.add(batch(2));
    expect(group.waits()).to.be.true;
    expect(group.waits()).to.be.false;
  });

  it('does not wait longer than a disk takes', () => {
    former(100);
    group.add(batch(1));
    expect(group.waits()).to.be.true;
    now = 0.31;
    group.add(batch(1));
    expect(group.waits()).to.be.false;
  });

  it('measures itself by the last one alone', () => {
    former(100);
    former(1);
    group.add(batch(1));
    expect(group.waits()).to.be.false;
  });

  it('that will not be written is empty', () => {
    group.add(batch(3));
    group.clear();
    expect(group.isEmpty).to.be.true;
    expect(group.take()).to.be.empty;
  });
});

/** The writer: what it writes is the naive writer's, whatever its memory went through. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Reader, Writer } from '../../../src/codec/index.js';
import { bytes } from '../helpers/bytes.js';

const LENGTHS = [0, 1, 47, 48, 49, 50, 300];

describe('Writer', () => {
  for (const length of LENGTHS) {
    it(`writes strings of ${length} characters as UTF-8, wherever the first wide one stands`, () => {
      for (const wide of ['é', '€', '😀', 'z']) {
        for (const at of [0, 1, length - 1].filter((i) => i >= 0 && i < length)) {
          const text = 'a'.repeat(at) + wide + 'b'.repeat(length - at - 1);
          const w = new Writer(1);
          w.ustring(text);
          expect(w.bytes().toString('hex')).to.equal(bytes().ustring(text).built.toString('hex'));
        }
      }
    });
  }

  it('writes any text as Node encodes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const w = new Writer(1);
        w.ustring(text);
        w.ustring(text);
        expect(w.bytes().equals(bytes().ustring(text).ustring(text).built)).to.equal(true);
      }),
    );
  });

  it('writes a lone surrogate as the replacement character, and goes on behind it', () => {
    const w = new Writer();
    w.ustring('/a\ud800b');
    w.int(7);
    const r = Reader.over(w.copy());
    expect(r.ustring()).to.equal('/a\ufffdb');
    expect(r.int()).to.equal(7);
  });

  it('keeps what it wrote when its memory grows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (ints, capacity) => {
          const w = new Writer(capacity);
          const expected = bytes();
          for (const value of ints) {
            w.int(value);
            w.long(BigInt(value));
            w.boolean(value > 0);
            expected
              .int(value)
              .long(BigInt(value))
              .boolean(value > 0);
          }
          expect(w.bytes().equals(expected.built)).to.equal(true);
          expect(w.length).to.equal(expected.built.byteLength);
        },
      ),
    );
  });

  it('fills in the length of each frame, also when memory grew inside it', () => {
    const w = new Writer(2);
    for (const payload of ['', 'ab', 'c'.repeat(100)]) {
      const mark = w.startFrame();
      w.raw(Buffer.from(payload));
      w.endFrame(mark);
    }
    const expected = bytes().ustring('').ustring('ab').ustring('c'.repeat(100)).built;
    expect(w.bytes().equals(expected)).to.equal(true);
  });

  it('overwrites what was written before without moving on', () => {
    const w = new Writer(4);
    w.long(0n);
    w.int(0);
    w.int(3);
    w.patchLong(0, -1n);
    w.patchInt(8, 2);
    expect(w.bytes().equals(bytes().long(-1n).int(2).int(3).built)).to.equal(true);
  });

  it('forgets from a length on', () => {
    const w = new Writer();
    w.int(1);
    w.int(2);
    w.reset(4);
    w.int(3);
    expect(w.bytes().equals(bytes().int(1).int(3).built)).to.equal(true);
    w.reset();
    expect(w.length).to.equal(0);
  });

  it('gives its bytes away for good: what it writes afterwards stands elsewhere', () => {
    const w = new Writer(64);
    w.int(1);
    const taken = w.take(8);
    w.int(2);
    w.long(3n);
    expect(taken.equals(bytes().int(1).built)).to.equal(true);
    expect(w.bytes().equals(bytes().int(2).long(3n).built)).to.equal(true);
  });

  it('copies where a copy is asked for', () => {
    const w = new Writer();
    w.int(1);
    const copy = w.copy();
    w.reset();
    w.int(2);
    expect(copy.equals(bytes().int(1).built)).to.equal(true);
  });
});

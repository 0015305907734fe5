/** The reader on input that lies about its lengths. */
import { expect } from 'chai';
import { DecodeError, Reader } from '../../../src/codec/index.js';
import { bytes } from '../helpers/bytes.js';

const LENGTHS: [what: string, length: number][] = [
  ['one more than remains', 5],
  ['-2', -2],
  ['the least int', -(2 ** 31)],
  ['the greatest int', 2 ** 31 - 1],
];

describe('Reader', () => {
  for (const [what, length] of LENGTHS) {
    const hostile = bytes().int(length).raw(Buffer.alloc(4)).built;

    it(`refuses a buffer of length ${what}`, () => {
      expect(() => Reader.over(hostile).buffer()).to.throw(DecodeError);
      expect(() => Reader.over(hostile).bufferOrNull()).to.throw(DecodeError);
    });

    it(`refuses a string of length ${what}`, () => {
      expect(() => Reader.over(hostile).ustring()).to.throw(DecodeError);
      expect(() => Reader.over(hostile).ustringOrNull()).to.throw(DecodeError);
    });

    it(`looks at no element of a vector of length ${what}`, () => {
      let elements = 0;
      const count = (): number => elements++;
      for (const read of [(r: Reader) => r.vector(1, count), (r: Reader) => r.vectorOrNull(1, count)]) {
        // To ZooKeeper's Java reader a count below -1 means none.
        if (length < 0) expect(read(Reader.over(hostile))).to.deep.equal([]);
        else expect(() => read(Reader.over(hostile))).to.throw(DecodeError);
      }
      expect(elements).to.equal(0);
    });
  }

  it('holds a count against the least size of its elements', () => {
    const two = bytes().int(2).raw(Buffer.alloc(15)).built;
    let elements = 0;
    expect(() => Reader.over(two).vector(8, () => elements++)).to.throw(DecodeError);
    expect(elements).to.equal(0);
    expect(Reader.over(two).vector(7, (r) => r.boolean())).to.deep.equal([false, false]);
  });

  it('takes a length that uses up exactly what remains', () => {
    const exact = bytes().buffer(Buffer.from('abcd')).built;
    expect(Reader.over(exact).buffer().toString()).to.equal('abcd');
    expect(Reader.over(exact).ustring()).to.equal('abcd');
  });

  it('reads length -1 as null where null is legal, and refuses it where it is not', () => {
    const nothing = bytes().int(-1).built;
    expect(Reader.over(nothing).bufferOrNull()).to.equal(null);
    expect(Reader.over(nothing).ustringOrNull()).to.equal(null);
    expect(Reader.over(nothing).vectorOrNull(4, (r) => r.int())).to.equal(null);
    expect(() => Reader.over(nothing).buffer()).to.throw(DecodeError);
    expect(() => Reader.over(nothing).ustring()).to.throw(DecodeError);
    expect(() => Reader.over(nothing).vector(4, (r) => r.int())).to.throw(DecodeError);
  });

  it('does not read past the end of the part it was sent to', () => {
    const r = Reader.over(bytes().int(1).int(2).int(3).built);
    r.seek(4, 8);
    expect(r.int()).to.equal(2);
    expect(r.remaining).to.equal(0);
    expect(() => r.boolean()).to.throw(DecodeError);
    r.seek(4, 10);
    expect(() => r.long()).to.throw(DecodeError);
  });

  it('does not take a string from beyond its part either', () => {
    const r = Reader.over(bytes().ustring('abcdef').built);
    r.seek(0, 7);
    expect(() => r.ustring()).to.throw(DecodeError);
  });

  it('goes on with other bytes from their start', () => {
    const r = Reader.over(bytes().int(1).int(2).built);
    r.int();
    r.attach(bytes().int(3).built);
    expect(r.remaining).to.equal(4);
    expect(r.int()).to.equal(3);
  });

  it('may be sent to all of its bytes, to none of them, and back', () => {
    const r = Reader.over(bytes().int(1).int(2).built);
    r.seek(0, 8);
    expect([r.int(), r.int()]).to.deep.equal([1, 2]);
    r.seek(8, 8);
    expect(r.remaining).to.equal(0);
    r.seek(4, 4);
    expect(() => r.boolean()).to.throw(DecodeError);
    r.seek(0, 4);
    expect(r.int()).to.equal(1);
  });

  it('refuses to be sent outside of its bytes', () => {
    const r = Reader.over(Buffer.alloc(8));
    for (const [start, end] of [
      [-1, 4],
      [5, 4],
      [0, 9],
    ] as const) {
      expect(() => r.seek(start, end), `${start}..${end}`).to.throw(RangeError);
    }
  });

  it('reads from a view that does not start at the beginning of its memory', () => {
    const memory = Buffer.concat([Buffer.alloc(5), bytes().long(-3n).ustring('ü').built]);
    const r = Reader.over(memory.subarray(5));
    expect(r.long()).to.equal(-3n);
    expect(r.ustring()).to.equal('ü');
  });

  it('says nothing about the bytes in its message', () => {
    const secret = bytes().int(100).raw(Buffer.from('topsecret')).built;
    expect(() => Reader.over(secret).buffer()).to.throw(DecodeError, /^(?!.*topsecret)/);
  });
});

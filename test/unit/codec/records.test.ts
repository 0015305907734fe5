/** Every record of the schema, through the generated reader and writer and past a naive encoder. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DecodeError, Reader, Writer } from '../../../src/codec/index.js';
import {
  arbitraryRecord,
  classes,
  encode,
  readerOf,
  smallest,
  writerOf,
  type JuteRecord,
} from '../helpers/jute.js';

const RUNS = { numRuns: 25 };

/** What an action throws; undefined when it throws nothing. */
function faultOf(action: () => void): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

for (const c of classes) {
  const read = readerOf(c.name);
  const write = writerOf(c.name);
  const trailing = c.fields.at(-1)?.trailing === true ? c.fields.at(-1)?.name : undefined;

  /** Length without the field that may be absent: there, too, a record may end. */
  function lengthWithoutTrailing(value: JuteRecord): number | undefined {
    if (trailing === undefined || value[trailing] === undefined) return undefined;
    const rest = Object.entries(value).filter(([name]) => name !== trailing);
    return encode(c, Object.fromEntries(rest)).byteLength;
  }

  describe(`record ${c.name}`, () => {
    it('is written as the schema says', () => {
      fc.assert(
        fc.property(arbitraryRecord(c), (value) => {
          const w = new Writer(1);
          write(w, value);
          expect(w.bytes().toString('hex')).to.equal(encode(c, value).toString('hex'));
        }),
        RUNS,
      );
    });

    it('is read back as it was written, and no byte further', () => {
      fc.assert(
        fc.property(arbitraryRecord(c), (value) => {
          // Bytes behind a whole record would be taken for the field that may be absent.
          const behind = trailing !== undefined && value[trailing] === undefined ? 0 : 3;
          const r = Reader.over(Buffer.concat([encode(c, value), Buffer.alloc(behind, 0xaa)]));
          expect(read(r)).to.deep.equal(value);
          expect(r.remaining).to.equal(behind);
        }),
        RUNS,
      );
    });

    it('throws DecodeError wherever it is cut off', () => {
      fc.assert(
        fc.property(arbitraryRecord(c), (value) => {
          const whole = encode(c, value);
          const also = lengthWithoutTrailing(value);
          for (let length = 0; length < whole.byteLength; length++) {
            const fault = faultOf(() => read(Reader.over(whole.subarray(0, length))));
            // chai is too slow to be asked thousands of times.
            if (length === also ? fault !== undefined : !(fault instanceof DecodeError))
              expect.fail(`${length} of ${whole.byteLength} bytes: ${String(fault)}`);
          }
        }),
        { numRuns: 10 },
      );
    });

    it('throws DecodeError and nothing else on bytes that mean nothing', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => {
          const fault = faultOf(() => read(Reader.over(Buffer.from(junk))));
          if (fault !== undefined) expect(fault).to.be.instanceOf(DecodeError);
        }),
        RUNS,
      );
    });

    if (c.fields.some((f) => f.type.kind === 'vector')) {
      it('accepts vectors of the smallest elements there can be', () => {
        const value = smallest(c, 5);
        expect(read(Reader.over(encode(c, value)))).to.deep.equal(value);
      });
    }
  });
}

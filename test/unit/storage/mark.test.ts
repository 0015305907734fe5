/** The mark: what is read is the last thing written or, if that was torn, the last thing synced. */
import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_START } from '../../../src/engine/ports.js';
import { MarkFile, readMark, type MarkState } from '../../../src/storage/mark.js';
import { makeZxid } from '../../../src/types/index.js';
import { Directory } from './support.js';

const FIRST: MarkState = {
  serverId: 200,
  dataId: '000102030405060708090a0b0c0d0e0f',
  epochs: { acceptedEpoch: 0, currentEpoch: 0 },
  acked: LOG_START,
  suspect: false,
};

function stateAt(n: number): MarkState {
  return {
    ...FIRST,
    epochs: { acceptedEpoch: 0x7fffffff - n, currentEpoch: n },
    acked: { index: 2 ** 40 + n, zxid: makeZxid(n, 0xffffffff), chain: -BigInt(n) },
    suspect: n % 2 === 1,
  };
}

describe('the mark', () => {
  it('is what was written last, also after it was opened again', () => {
    using directory = new Directory();
    const file = join(directory.path, 'mark');
    expect(readMark(file)).to.deep.equal({ kind: 'absent' });
    MarkFile.create(file, FIRST).close();
    expect(readMark(file)).to.deep.equal({ kind: 'valid', state: FIRST });
    for (let n = 1; n < 6; n++) {
      const mark = MarkFile.open(file);
      mark.write(stateAt(n));
      mark.close();
      expect(readMark(file)).to.deep.equal({ kind: 'valid', state: stateAt(n) });
    }
  });

  it('survives one torn slot', () => {
    const step = fc.constantFrom('write', 'sync', 'reopen');
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.nat(79),
        fc.constantFrom(0, 4096),
        (steps, at, slot) => {
          using directory = new Directory();
          const file = join(directory.path, 'mark');
          let mark = MarkFile.create(file, FIRST);
          let written = FIRST;
          let synced = FIRST;
          let syncedBefore = FIRST;
          let n = 0;
          for (const what of steps) {
            if (what === 'write') mark.write((written = stateAt(++n)));
            else {
              mark.sync();
              if (written !== synced) [synced, syncedBefore] = [written, synced];
            }
            if (what !== 'reopen') continue;
            mark.close();
            mark = MarkFile.open(file);
          }
          mark.close();
          const bytes = readFileSync(file);
          bytes[slot + at]! ^= 0x10;
          writeFileSync(file, bytes);
          const found = readMark(file);
          // Each slot has one of these two, and one slot is left.
          const possible = written === synced ? [synced, syncedBefore] : [written, synced];
          expect(found.kind).to.equal('valid');
          if (found.kind === 'valid') expect(possible).to.deep.include(found.state);
          bytes[(slot ^ 4096) + at]! ^= 0x10;
          writeFileSync(file, bytes);
          expect(readMark(file)).to.deep.equal({ kind: 'damaged' });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps what was synced when a later write is torn', () => {
    using directory = new Directory();
    const file = join(directory.path, 'mark');
    const mark = MarkFile.create(file, FIRST);
    mark.write(stateAt(1));
    mark.sync();
    const before = readFileSync(file);
    mark.write(stateAt(2));
    mark.write(stateAt(3));
    mark.close();
    const after = readFileSync(file);
    const changed = after.findIndex((byte, i) => byte !== before[i]);
    // Half of the new slot reached the disk.
    after.copy(before, changed, changed, changed + 20);
    writeFileSync(file, before);
    expect(readMark(file)).to.deep.equal({ kind: 'valid', state: stateAt(1) });
  });
});

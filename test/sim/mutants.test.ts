/** Mutants are edits of compiled text: a change of the core that one of them no longer fits is noticed here, at once. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXCEPTED, MUTANTS } from './mutants/table.js';

const DIST = resolve(import.meta.dirname, '../..');
/** Rows of zab.md section 5. */
const ROWS = Array.from({ length: 58 }, (_, i) => `M${String(i + 1).padStart(2, '0')}`);

describe('the edits of the mutants', () => {
  for (const { id, what, edits, given = [] } of MUTANTS)
    it(`of ${id} (${what}) fit exactly one place each`, () => {
      for (const { file, find } of [...given, ...edits])
        expect(readFileSync(join(DIST, file), 'utf8').split(find), `${file}: ${find}`).to.have.length(2);
    });

  it('stand for every row of the specification, but for those that are excepted', () => {
    const rows = [...MUTANTS, ...EXCEPTED].map(({ id }) => id.slice(0, 3));
    expect([...new Set(rows)].sort()).to.deep.equal(ROWS);
    for (const { id } of EXCEPTED) expect(MUTANTS.map((mutant) => mutant.id)).not.to.include(id);
  });
});

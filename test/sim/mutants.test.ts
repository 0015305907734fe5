/** Mutants are edits of compiled text: a change of the core that one of them no longer fits is noticed here, at once. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MUTANTS } from './mutants/table.js';

const DIST = resolve(import.meta.dirname, '../..');

describe('the edits of the mutants', () => {
  for (const { id, what, edits } of MUTANTS)
    it(`of ${id} (${what}) fit exactly one place each`, () => {
      for (const { file, find } of edits)
        expect(readFileSync(join(DIST, file), 'utf8').split(find), `${file}: ${find}`).to.have.length(2);
    });
});

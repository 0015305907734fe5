/** Mutants are edits of compiled text: a change of the core that one of them no longer fits is noticed here, at once. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Mutant } from './mutants/mutant.js';
import { linesOf, markdownOf, type Judgement } from './mutants/report.js';
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

describe('what came of the mutants', () => {
  const mutant = (id: string, of: Partial<Mutant> = {}): Mutant => ({
    id,
    what: `something | ${id}`,
    edits: [],
    caughtBy: ['E1', 'DUR2'],
    seeds: 100,
    ...of,
  });
  const judgements: readonly Judgement[] = [
    {
      mutant: mutant('M01', { because: 'one thing leads to another' }),
      ...{ outcome: 'caught', property: 'E1', seed: 7, tried: 7, others: ['C1 with seed 3'] },
    },
    { mutant: mutant('M02'), outcome: 'survived', tried: 100, givenUpAfter: undefined, others: [] },
    { mutant: mutant('M03'), outcome: 'survived', tried: 40, givenUpAfter: 300, others: [] },
    { mutant: mutant('M04', { needs: 'a storm' }), outcome: 'waits', others: [] },
  ];

  it('is a line each for the terminal, with what else failed', () => {
    const lines = linesOf(judgements);
    expect(lines[0]).to.match(/^M01 +7 of 100 +E1 .*expected: E1, DUR2 \(not as expected: C1 with seed 3\)$/);
    expect(lines[1]).to.match(/^M02 +100 of 100 +SURVIVED /);
    expect(lines[2]).to.match(/^M03 +40 of 100 +SURVIVED 300 s/);
    expect(lines[3]).to.match(/^M04 +- of 100 +waits for a storm/);
  });

  it('is a table for the docs, with reasons and exceptions behind it', () => {
    const excepted = [{ id: 'M05', what: 'nothing', reason: 'there is no such thing' }];
    const lines = markdownOf(judgements, excepted).split('\n');
    expect(lines[0]).to.equal('| id | what is wrong | expected | caught by | seeds | limit |');
    expect(lines[2]).to.equal('| M01 | something \\| M01 | E1, DUR2 | E1 | 7 | 100 |');
    expect(lines).to.include.members([
      '- M01: one thing leads to another.',
      '- M05, nothing: there is no such thing.',
    ]);
  });
});

/** What came of the mutants, for a terminal and for docs. */
import type { Excepted, Mutant } from './mutant.js';

/** What came of one mutant. */
export type Judgement = {
  readonly mutant: Mutant;
  /** Properties that failed beside those expected, with their seeds. */
  readonly others: readonly string[];
} & (
  | { readonly outcome: 'caught'; readonly property: string; readonly seed: number; readonly tried: number }
  /** @field givenUpAfter seconds, when not all of its seeds were run */
  | { readonly outcome: 'survived'; readonly tried: number; readonly givenUpAfter: number | undefined }
  /** For what it needs of the world. */
  | { readonly outcome: 'waits' }
);

const HEADS = ['id', 'what is wrong', 'expected', 'caught by', 'seeds', 'limit'] as const;

/** One line per mutant: id, seeds needed of those allowed, what was seen, what is wrong. */
export function linesOf(judgements: readonly Judgement[]): string[] {
  return judgements.map((judgement) => {
    const { mutant, others } = judgement;
    const [, what, expected, caughtBy, tried, limit] = rowOf(judgement);
    const beside = others.length === 0 ? '' : ` (not as expected: ${others.join(', ')})`;
    const head = `${mutant.id.padEnd(5)} ${tried.padStart(5)} of ${limit.padEnd(5)}`;
    return `${head} ${caughtBy.padEnd(14)} ${what}; expected: ${expected}${beside}`;
  });
}

/** A table of all rows, and what each of the exceptions is for. */
export function markdownOf(judgements: readonly Judgement[], excepted: readonly Excepted[]): string {
  const lines = (rows: readonly (readonly string[])[]): string[] =>
    rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  const becauses = judgements.flatMap(({ mutant: { id, because } }) =>
    because === undefined ? [] : [`- ${id}: ${because}.`],
  );
  const exceptions = excepted.map(({ id, what, reason }) => `- ${id}, ${what}: ${reason}.`);
  return [
    ...lines([HEADS, HEADS.map(() => '---'), ...judgements.map(rowOf)]),
    '',
    'Seeds are counted up to the first that shows the mutant and passes without it. Why other properties are expected than',
    'the specification names:',
    '',
    ...becauses,
    '',
    'Rows without a mutant:',
    '',
    ...exceptions,
    '',
  ].join('\n');
}

function rowOf(judgement: Judgement): [string, string, string, string, string, string] {
  const { mutant } = judgement;
  const { id, what, caughtBy, needs, seeds } = mutant;
  const row = (seen: string, tried: string): [string, string, string, string, string, string] => [
    id,
    what,
    caughtBy.join(', '),
    seen,
    tried,
    String(seeds),
  ];
  switch (judgement.outcome) {
    case 'caught':
      return row(judgement.property, String(judgement.tried));
    case 'survived': {
      const { givenUpAfter, tried } = judgement;
      return row(givenUpAfter === undefined ? 'SURVIVED' : `SURVIVED ${givenUpAfter} s`, String(tried));
    }
    case 'waits':
      return row(needs === undefined ? 'not run' : `waits for ${needs}`, '-');
  }
}

/**
 * `npm run sim:mutants -- [--only M01,M02] [--seed N] [--table FILE]`: breaks a copy of the compiled core in one place
 * after the other and says whether the simulator noticed. Exits 1 when it did not, and when a seed fails on the unbroken
 * core as well: that is a bug of the core, which no mutant has to do with.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Build, replayOf } from './build.js';
import type { Mutant } from './mutant.js';
import { linesOf, markdownOf, type Judgement } from './report.js';
import { EXCEPTED, MUTANTS } from './table.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Mutants at a time. */
    jobs: { type: 'string', default: '2' },
    /** Seconds after which a mutant is given up. */
    seconds: { type: 'string', default: '300' },
    /** Those as well that need what the simulated world does not have yet. */
    all: { type: 'boolean', default: false },
    /** Writes what came of it as Markdown. */
    table: { type: 'string' },
  },
});

const first = Number(values.seed);
const msMax = Number(values.seconds) * 1000;
const only = values.only?.split(',');
const chosen = MUTANTS.filter(({ id, needs }) => only?.includes(id) ?? (values.all || needs === undefined));
const judgements: Judgement[] = MUTANTS.filter(
  (mutant) => !chosen.includes(mutant) && only === undefined,
).map((mutant) => ({ mutant, outcome: 'waits', others: [] }));
/** What the core does wrong without being broken, and how to see it. */
const bugs: string[] = [];
const waiting = [...chosen];
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const judgement = await judge(next);
      judgements.push(judgement);
      for (const line of linesOf([judgement])) console.log(line);
    }
  }),
);
judgements.sort((a, b) => (a.mutant.id < b.mutant.id ? -1 : 1));
console.log(['', ...linesOf(judgements)].join('\n'));
for (const { id, what, reason } of only === undefined ? EXCEPTED : [])
  console.log(`${id}  excepted: ${what}; ${reason}`);
const survivors = judgements.filter(({ outcome }) => outcome === 'survived').map(({ mutant }) => mutant.id);
console.log(
  survivors.length === 0 ? 'No mutant survived.' : `${survivors.length} survived: ${survivors.join(', ')}.`,
);
for (const bug of bugs) console.log(bug);
if (values.table !== undefined) writeFileSync(values.table, markdownOf(judgements, EXCEPTED));
process.exitCode = survivors.length === 0 && bugs.length === 0 ? 0 : 1;

/** Runs seeds until a property fails that this mutant is expected to break. */
async function judge(mutant: Mutant): Promise<Judgement> {
  const { id, given = [], edits, caughtBy, seeds } = mutant;
  const end = first + seeds;
  const until = performance.now() + msMax;
  /** Properties that failed and are not expected to. Any change may show as any of them one day: that proves nothing. */
  const others: string[] = [];
  using broken = Build.broken(id, [...given, ...edits]);
  using unbroken = given.length === 0 ? Build.unbroken() : Build.broken(`${id}-given`, given);
  for (let next = first; ;) {
    const verdict = await broken.run(next, end - next, until - performance.now());
    if (verdict.kind === 'held') {
      const tried = next - first + verdict.seeds;
      const givenUpAfter = verdict.inTime ? undefined : Number(values.seconds);
      return { mutant, outcome: 'survived', tried, givenUpAfter, others };
    }
    const { seed, property } = verdict;
    const without = await failsWithout(unbroken, seed);
    if (without === undefined) {
      if (caughtBy.includes(property))
        return { mutant, outcome: 'caught', property, seed, tried: seed - first + 1, others };
    } else if (given.length === 0 || caughtBy.includes(without))
      bugs.push(
        `A BUG OF THE UNBROKEN CORE: it fails ${without} with seed ${seed}, which was to show ${id}.`,
        replayOf(seed),
      );
    others.push(`${property} with seed ${seed}${without === undefined ? '' : `, and ${without} without it`}`);
    next = seed + 1;
  }
}

/**
 * A seed shows a mutant only if it shows nothing without it: otherwise it found a bug of the core, which would pass for
 * a mutant that is caught. @returns what fails all the same
 */
async function failsWithout(unbroken: Build, seed: number): Promise<string | undefined> {
  const verdict = await unbroken.run(seed, 1, msMax);
  if (verdict.kind === 'failed') return verdict.property;
  return verdict.inTime ? undefined : 'to come to its end';
}

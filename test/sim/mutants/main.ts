/**
 * `npm run sim:mutants -- [--only M01,M02] [--seed N]`: breaks a copy of the compiled core in one place after the other
 * and says whether the simulator noticed. Exits 1 when it did not, and when a seed fails on the unbroken core as well:
 * that is a bug of the core, which no mutant has to do with.
 */
import { parseArgs } from 'node:util';
import { Build, replayOf } from './build.js';
import { MUTANTS, type Mutant } from './table.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Mutants at a time. */
    jobs: { type: 'string', default: '2' },
    /** Seconds after which a mutant is given up. */
    seconds: { type: 'string', default: '300' },
  },
});

const first = Number(values.seed);
const msMax = Number(values.seconds) * 1000;
const only = values.only?.split(',');
const waiting = MUTANTS.filter(({ id }) => only?.includes(id) ?? true);
const unbroken = Build.unbroken();
const survivors: string[] = [];
/** What the core does wrong without being broken, and how to see it. */
const bugs: string[] = [];
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await judge(next);
  }),
);
console.log(
  survivors.length === 0 ? 'No mutant survived.' : `${survivors.length} survived: ${survivors.join(', ')}.`,
);
for (const bug of bugs) console.log(bug);
process.exitCode = survivors.length === 0 && bugs.length === 0 ? 0 : 1;

/** Runs seeds until a property fails that this mutant is expected to break. */
async function judge(mutant: Mutant): Promise<void> {
  const end = first + mutant.seeds;
  const until = performance.now() + msMax;
  /** Properties that failed and are not expected to. Any change may show as any of them one day: that proves nothing. */
  const others: string[] = [];
  const tell = (outcome: string): void => {
    const beside = others.length === 0 ? '' : ` (not as expected: ${others.join(', ')})`;
    console.log(`${mutant.id}  ${outcome.padEnd(24)}  ${mutant.what}${beside}`);
  };
  using broken = Build.broken(mutant.id, mutant.edits);
  for (let next = first; ;) {
    const verdict = await broken.run(next, end - next, until - performance.now());
    if (verdict.kind === 'held') {
      survivors.push(mutant.id);
      const tried = next - first + verdict.seeds;
      tell(`SURVIVED ${tried} seeds${verdict.inTime ? '' : `, given up after ${values.seconds} s`}`);
      return;
    }
    const { seed, property } = verdict;
    const shown = `${property} with seed ${seed}`;
    const isShown = mutant.caughtBy.includes(property);
    const isBug = await failsUnbroken(mutant.id, seed);
    if (isShown && !isBug) {
      tell(shown);
      return;
    }
    others.push(isBug ? `${shown}, on the unbroken core too` : shown);
    next = seed + 1;
  }
}

/**
 * A seed shows a mutant only if it shows nothing without it: otherwise it found a bug of the core, which would pass for
 * a mutant that is caught.
 */
async function failsUnbroken(id: string, seed: number): Promise<boolean> {
  const verdict = await unbroken.run(seed, 1, msMax);
  if (verdict.kind === 'held' && verdict.inTime) return false;
  const found = verdict.kind === 'failed' ? `fails ${verdict.property}` : 'does not come to its end';
  bugs.push(
    `A BUG OF THE UNBROKEN CORE: it ${found} with seed ${seed}, which was to show ${id}.`,
    replayOf(seed),
  );
  return true;
}

/**
 * One parser is fuzzed in a process of its own: so that as many run side by side as there are processors, and none is
 * slower because the one before it has left garbage. Told by its arguments what to do, it tells by messages how far it is.
 */
import { readCorpus, writeCorpus } from './corpus.js';
import { fuzz } from './runner.js';
import type { Target } from './target.js';
import { targets } from './targets/index.js';

/** What to run, as the only argument in JSON. */
export interface ParserTask {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  /** No longer than that, if at all. */
  readonly seconds: number | undefined;
  readonly keep: boolean;
}

/** What came of it. */
export interface ParserResult {
  readonly inputs: number;
  readonly seconds: number;
  readonly accepted: number;
  readonly outcomes: number;
  /** Outcomes that no input of the corpus leads to. */
  readonly found: number;
  /** Inputs that came into the corpus. */
  readonly kept: number;
}

export type ParserMessage =
  | { readonly kind: 'progress'; readonly inputs: number }
  | { readonly kind: 'done'; readonly result: ParserResult };

/** How the same happens again. */
export function commandOf({ target, inputs, seed }: ParserTask): string {
  return `npm run fuzz -- --target ${target} --inputs ${inputs} --seed ${seed}`;
}

export function targetNamed(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found === undefined) throw new Error(`There is no target ${name}; --list names them.`);
  return found;
}

if (process.send !== undefined) main(JSON.parse(process.argv[2] ?? '') as ParserTask);

function main(task: ParserTask): void {
  const target = targetNamed(task.target);
  try {
    tell({ kind: 'done', result: runTarget(target, task) });
  } catch (error) {
    console.error(error);
    console.error(`Again: ${commandOf(task)}`);
    process.exitCode = 1;
  } finally {
    target.close?.();
  }
}

function runTarget(target: Target, task: ParserTask): ParserResult {
  const { seed, inputs, seconds, keep } = task;
  const corpus = readCorpus(target.name);
  const parent = process.ppid;
  const result = fuzz(target, {
    seed,
    inputs,
    seconds,
    corpus,
    watched: true,
    progress: (done) => {
      // Nobody is left who wants to know. A loop without a pause hears of that in no other way.
      if (process.ppid !== parent) process.exit(1);
      tell({ kind: 'progress', inputs: done });
    },
  });
  const { outcomes, known, accepted } = result;
  const kept = keep ? writeCorpus(target.name, outcomes) : 0;
  const found = outcomes.size - known;
  return { inputs: result.inputs, seconds: result.seconds, accepted, outcomes: outcomes.size, found, kept };
}

function tell(message: ParserMessage): void {
  process.send?.(message);
}

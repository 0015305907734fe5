/**
 * The table of a paired run: both servers are started once and warmed up, then each row is measured in turns, ours and
 * the other, again and again. What something else does on the machine meanwhile hits both.
 */
import { runScenario, type RunResult } from '../../src/bench/index.js';
import type { Flavour } from '../interop/server.js';
import { figureOf, type Goal, type Row } from './rows.js';
import { startSubject, type Subject } from './subject.js';

export interface CompareOptions {
  readonly rows: readonly Row[];
  readonly servers: number;
  /** undefined measures ours alone. */
  readonly against: Flavour | undefined;
  readonly pairs: number;
  readonly seconds: number | undefined;
  readonly warmupSeconds: number | undefined;
  /** Called with each row as soon as it is measured. */
  onRow(row: RowResult): void;
  onProgress(text: string): void;
}

/** All runs of a row. */
export interface RowResult {
  readonly title: string;
  readonly ours: readonly RunResult[];
  readonly theirs: readonly RunResult[];
  readonly verdicts: readonly Verdict[];
}

/** A goal and what came of it; `value` is the median over the pairs. */
export interface Verdict extends Goal {
  readonly value: number;
  readonly met: boolean;
}

/** Requests that a JVM gets before it is measured. */
const JVM_WARMUP_SECONDS = 8;

/** Measures the rows one after the other. */
export async function compare(options: CompareOptions): Promise<RowResult[]> {
  const { servers, against, rows } = options;
  await using ours = await startSubject({ flavour: 'zabkeeper', servers });
  await using theirs = against === undefined ? undefined : await startSubject({ flavour: against, servers });
  for (const subject of theirs === undefined ? [ours] : [ours, theirs]) {
    options.onProgress(`warming up ${subject.flavour}`);
    for (const scenario of ['mixed', 'create'] as const)
      await run(subject, {
        scenario,
        title: '',
        options: { warmupSeconds: 0, seconds: JVM_WARMUP_SECONDS / 2 },
        goals: [],
      });
  }
  const results: RowResult[] = [];
  for (const row of rows) {
    const runs = { ours: [] as RunResult[], theirs: [] as RunResult[] };
    const { seconds, warmupSeconds } = options;
    const timed: Row = {
      ...row,
      options: {
        ...row.options,
        ...(seconds === undefined ? {} : { seconds }),
        ...(warmupSeconds === undefined ? {} : { warmupSeconds }),
      },
    };
    for (let pair = 1; pair <= options.pairs; pair++) {
      for (const subject of theirs === undefined ? [ours] : [ours, theirs]) {
        options.onProgress(`${row.title}, ${subject.flavour}, ${pair} of ${options.pairs}`);
        (subject === ours ? runs.ours : runs.theirs).push(await run(subject, timed));
      }
    }
    const result = { title: row.title, ...runs, verdicts: row.goals.map((goal) => judge(goal, runs)) };
    results.push(result);
    options.onRow(result);
  }
  return results;
}

async function run(subject: Subject, { scenario, options, title }: Row): Promise<RunResult> {
  const { targets, pids, flavour } = subject;
  const result = await runScenario(scenario, { ...options, targets }, { pids });
  if (result.errors > 0)
    throw new Error(`${title}: ${result.errors} errors from ${flavour}, the first ${result.firstError}.`);
  return result;
}

function judge(
  goal: Goal,
  { ours, theirs }: { ours: readonly RunResult[]; theirs: readonly RunResult[] },
): Verdict {
  const values = ours.map((result, i) => {
    const value = figureOf(goal, result);
    const other = theirs[i];
    if (goal.of === 'ours') return value;
    return other === undefined ? NaN : value / figureOf(goal, other);
  });
  return verdict(goal, median(values));
}

/** Whether a value meets a goal. */
export function verdict(goal: Goal, value: number): Verdict {
  const met = value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity);
  return { ...goal, value, met };
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}

/**
 * `npm run sim -- [--seed N] [--seeds M] [--verbose] [--gate]`: runs seeds N .. N+M-1 and stops at the first that fails;
 * `--shrink N` makes a script of one that fails, `--replay FILE` plays a script.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Coverage, EXCEPTED } from './coverage.js';
import { play, runSeed } from './run.js';
import { readScript } from './script.js';
import { shrink } from './shrink.js';

const HELP = `npm run sim -- [options]
  --seed N        the first seed                                      (random)
  --seeds N       how many, one after the other                       (1000)
  --all           go on behind failures, and list them in the end
  --gate          fail as well when a situation of the list did not come up often enough
  --verbose       print every event; for one seed
  --shrink N      make a small script of seed N, which fails, and print it
  --replay FILE   play the script in FILE
  --alone         in this process only`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    seeds: { type: 'string', default: '1000' },
    /** Every this many-th seed; what a child process runs. */
    stride: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    /** Goes on behind failures, and lists them in the end. */
    all: { type: 'boolean', default: false },
    /** Fails as well when a situation of zab.md 4.4 did not come up often enough. */
    gate: { type: 'boolean', default: false },
    /** Makes a script of this seed, which fails, and prints it. */
    shrink: { type: 'string' },
    /** Plays the script in this file. */
    replay: { type: 'string' },
    child: { type: 'boolean', default: false },
    /** In this process only. */
    alone: { type: 'boolean', default: false },
  },
});

/** Fewer seeds than this are not worth a second process. */
const PARALLEL_FROM = 100;
/** One seed in so many runs twice: its trace must be the same. */
const TWICE = 100;

/** What a child tells about a batch of seeds. */
interface Progress {
  readonly done: number;
  readonly agreed: number;
  readonly events: number;
  /** CPU time of it, ms. */
  readonly ms: number;
  readonly counts: readonly (readonly [string, number])[];
  readonly failures: readonly { seed: number; property: string; report: string }[];
}

const first = Number(values.seed);
const count = Number(values.seeds);
if (values.help) console.log(HELP);
else if (values.child) {
  runRange((progress) => process.send?.(progress));
  process.disconnect();
} else if (values.shrink !== undefined) shrinkSeed(Number(values.shrink));
else if (values.replay !== undefined) replay(values.replay);
else await runAll();

function shrinkSeed(seed: number): void {
  const script = shrink(seed, (line) => console.error(line));
  if (script === undefined) console.error(`Seed ${seed} does not fail, or not as a script.`);
  else console.log(JSON.stringify(script, undefined, 1));
  process.exitCode = script === undefined ? 1 : 0;
}

function replay(file: string): void {
  const script = readScript(file);
  const { failure } = play(script, values.verbose ? (line) => console.log(line) : undefined);
  console.log(
    failure?.report ?? `Every property held; when this was recorded it was ${script.property} that did not.`,
  );
  process.exitCode = failure === undefined ? 0 : 1;
}

/** Runs this process' share. */
function runRange(tell: (progress: Progress) => void): void {
  const stride = Number(values.stride);
  for (let seed = first; seed < first + count; seed += stride) {
    const began = process.cpuUsage();
    const outcome = runSeed(seed, {}, values.verbose ? (line) => console.log(line) : undefined);
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1000;
    const failures = [];
    if (outcome.failure !== undefined)
      failures.push({ seed, property: outcome.failure.property, report: outcome.failure.report });
    const twice = outcome.failure !== undefined || seed % TWICE === 0;
    if (twice && runSeed(seed).hash !== outcome.hash)
      failures.push({ seed, property: 'determinism', report: `Seed ${seed} does not repeat itself.` });
    tell({
      done: 1,
      agreed: outcome.agreed,
      events: outcome.events,
      ms,
      counts: [...outcome.coverage],
      failures,
    });
    if (failures.length > 0 && !values.all) return;
  }
}

async function runAll(): Promise<void> {
  const coverage = new Coverage();
  const failures: { seed: number; property: string; report: string }[] = [];
  const started = performance.now();
  let [done, agreed, events, busyMs, shownAt] = [0, 0, 0, 0, started];
  const children: ChildProcess[] = [];
  const take = (progress: Progress): void => {
    done += progress.done;
    agreed += progress.agreed;
    events += progress.events;
    busyMs += progress.ms;
    coverage.add(progress.counts);
    failures.push(...progress.failures);
    for (const { seed, property } of progress.failures) console.log(`Failed: ${property} with seed ${seed}`);
    if (progress.failures.length > 0 && !values.all) for (const child of children) child.kill();
    if (performance.now() - shownAt < 5000) return;
    shownAt = performance.now();
    console.log(`${done} of ${count} seeds, ${agreed} records, ${failures.length} failures`);
  };
  const processes = values.verbose || values.alone || count < PARALLEL_FROM ? 1 : availableParallelism();
  if (processes === 1) runRange(take);
  else
    await Promise.all(
      Array.from({ length: processes }, (_, i) => runChild(first + i, count - i, processes, children, take)),
    );
  for (const { report } of failures.slice(0, values.all ? 0 : 1)) console.log(report);
  for (const line of coverage.lines) console.log(line);
  for (const [what, why] of Object.entries(EXCEPTED)) console.log(`        -  ${what}: ${why}`);
  const missing = coverage.missing(done);
  if (missing.length > 0) console.log(`Did not come up often enough: ${missing.join(', ')}.`);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${done} seeds from ${first}, ${agreed} records, ${seconds.toFixed(1)} s.`);
  console.log(`${events} events, ${Math.round(events / (busyMs / 1000))} per second of CPU time.`);
  for (const { seed, property } of failures) console.log(`Seed ${seed}: ${property}`);
  console.log(failures.length === 0 ? 'Every property held.' : `${failures.length} failures.`);
  process.exitCode = failures.length > 0 || (values.gate && missing.length > 0) ? 1 : 0;
}

function runChild(
  seed: number,
  seeds: number,
  stride: number,
  children: ChildProcess[],
  take: (progress: Progress) => void,
): Promise<void> {
  const args = ['--child', '--seed', String(seed), '--seeds', String(seeds), '--stride', String(stride)];
  if (values.all) args.push('--all');
  const child = fork(fileURLToPath(import.meta.url), args);
  children.push(child);
  child.on('message', (message) => take(message as Progress));
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
  });
}

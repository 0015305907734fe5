/** Runs one seed from its beginning to its end, and says what came of it. */
import { Violation } from './checkers/index.js';
import { optionsOf, type SimOptions } from './options.js';
import { finalPhase, isRepairable, livenessPhase, safetyPhase } from './phases.js';
import type { Decision, Script } from './script.js';
import { World } from './world.js';

export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  /** Undefined: every property held. */
  readonly failure: Failure | undefined;
  readonly coverage: ReadonlyMap<string, number>;
  /** Records that were agreed on. */
  readonly agreed: number;
  /** Virtual ms. */
  readonly virtualMs: number;
  /** Things that happened: a turn of a server, a message that arrived, a disk that was done. */
  readonly events: number;
}

export interface Failure {
  /** An id of zab.md section 2, `liveness`, or `crash` when something was thrown that is no violation. */
  readonly property: string;
  readonly text: string;
  /** The last events and where everybody stood. */
  readonly report: string;
}

/** @param print given every event, in words */
export function runSeed(
  seed: number,
  overrides: Partial<SimOptions> = {},
  print?: (line: string) => void,
): Outcome {
  return run(optionsOf(seed, overrides), 'free', print).outcome;
}

/** Runs with these options, and keeps what was decided. */
export function record(options: SimOptions): {
  readonly outcome: Outcome;
  readonly decisions: readonly Decision[];
} {
  const { outcome, world } = run(options, 'record');
  return { outcome, decisions: world.director.recorded };
}

/** Plays a script. */
export function play(script: Script, print?: (line: string) => void): Outcome {
  return run(script.options, script, print).outcome;
}

function run(
  options: SimOptions,
  how: 'free' | 'record' | Script,
  print?: (line: string) => void,
): { readonly outcome: Outcome; readonly world: World } {
  const world = new World(options, print, how);
  let failure: Failure | undefined;
  try {
    safetyPhase(world);
    if (isRepairable(world)) {
      livenessPhase(world);
      finalPhase(world);
    } else world.coverage.count('pending configuration without a quorum');
  } catch (error) {
    failure = failureOf(error, world, options);
  }
  const outcome = {
    seed: options.seed,
    hash: world.trace.hash,
    failure,
    coverage: world.coverage.counts,
    agreed: world.canon.length,
    virtualMs: Math.round(world.scheduler.now),
    events: world.scheduler.happened,
  };
  return { outcome, world };
}

function failureOf(error: unknown, world: World, options: SimOptions): Failure {
  const isViolation = error instanceof Violation;
  const text = error instanceof Error ? error.message : String(error);
  const stack = !isViolation && error instanceof Error ? [error.stack ?? ''] : [];
  const report = [
    `${isViolation ? 'Property' : 'Something else'} failed with seed ${options.seed}, event ${world.trace.count}:`,
    `  ${text}`,
    ...stack,
    `Options: ${JSON.stringify(options)}`,
    'Where everybody stood:',
    ...world.standing.map((line) => `  ${line}`),
    'The last events:',
    ...world.trace.lines,
    `  ${text}`,
    `Again: npm run sim -- --seed ${options.seed} --seeds 1`,
  ].join('\n');
  return { property: isViolation ? error.property : 'crash', text, report };
}

/**
 * Feeds one target: half the inputs are made new and half descend from inputs that led to an outcome of their own. Ends
 * with the first violation; the same seed and number of inputs lead there again.
 */
import { getHeapStatistics } from 'node:v8';
import { Random } from '../helpers/random.js';
import { mutate } from './mutate.js';
import { refusalOf, shapeOf } from './outcome.js';
import {
  FuzzFailure,
  HEAP_SLACK_BYTES,
  INPUT_BYTES_MAX,
  INPUT_MS_MAX,
  Violation,
  type Target,
} from './target.js';
import { Watchdog } from './watchdog.js';

export interface RunOptions {
  readonly seed: number;
  readonly inputs: number;
  /** Ends the run earlier. @default Infinity */
  readonly seconds?: number | undefined;
  /** What to begin with, besides what the target makes. */
  readonly corpus: readonly Buffer[];
  /** Ends the process when an input hangs. @default false */
  readonly watched?: boolean;
  /** Is told now and then how many inputs there were. */
  readonly progress?: (inputs: number) => void;
}

export interface RunResult {
  readonly inputs: number;
  /** How many were not refused. */
  readonly accepted: number;
  readonly seconds: number;
  /** The shortest input that led to each outcome. */
  readonly outcomes: ReadonlyMap<string, Buffer>;
  /** So many of them the corpus led to. */
  readonly known: number;
}

/** Inputs that others descend from. */
const PARENTS_MAX = 2000;
const OUTCOMES_MAX = 4000;
const MADE_NEW = 0.4;
/** Outcomes of all inputs in the beginning, later of every so manieth: telling them costs more than some parsers. */
const TOLD_ALL = 100_000;
const TOLD_EVERY = 8;
/** Memory is measured, and the clock looked at, this often: that costs more than most parsers. */
const MEASURED_EVERY = 512;
const PROGRESS_MS = 2000;
/** What a value may take per byte of its input. */
const HEAP_FACTOR = 512;
const SLOW_AGAIN = 5;

export function fuzz(target: Target, options: RunOptions): RunResult {
  const { stackTraceLimit } = Error;
  // Most inputs are refused, and a stack costs more than the rest of the parser.
  Error.stackTraceLimit = 0;
  const watchdog = options.watched === true ? new Watchdog(target.name) : undefined;
  try {
    return new Run(target, options, watchdog).run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    watchdog?.[Symbol.dispose]();
  }
}

/** Feeds these inputs as they are. @returns the outcomes they led to */
export function replay(target: Target, inputs: readonly Buffer[]): Set<string> {
  const run = new Run(target, { seed: 1, inputs: 0, corpus: inputs });
  return new Set(run.run().outcomes.keys());
}

class Run {
  readonly #target: Target;
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #watchdog: Watchdog | undefined;
  readonly #outcomes = new Map<string, Buffer>();
  readonly #parents: Buffer[] = [];
  #accepted = 0;

  constructor(target: Target, options: RunOptions, watchdog?: Watchdog) {
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#watchdog = watchdog;
  }

  run(): RunResult {
    const { corpus, inputs, seconds: secondsMax = Infinity, progress } = this.#options;
    const startedAt = performance.now();
    let toldAt = startedAt;
    for (const input of corpus) this.#feed(input, true);
    const known = this.#outcomes.size;
    let count = 0;
    for (; count < inputs; count++) {
      if (count % MEASURED_EVERY === 0) {
        const now = performance.now();
        if (now - startedAt > 1000 * secondsMax) break;
        if (now - toldAt > PROGRESS_MS) progress?.(count);
        if (now - toldAt > PROGRESS_MS) toldAt = now;
      }
      this.#feed(this.#next(), count < TOLD_ALL || count % TOLD_EVERY === 0, count % MEASURED_EVERY === 0);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    return {
      inputs: count + corpus.length,
      accepted: this.#accepted,
      seconds,
      outcomes: this.#outcomes,
      known,
    };
  }

  #next(): Buffer {
    const random = this.#random;
    const target = this.#target;
    const isNew = this.#parents.length === 0 || random.chance(MADE_NEW);
    const base = isNew ? target.generate(random) : random.pick(this.#parents);
    const other = this.#parents.length === 0 ? base : random.pick(this.#parents);
    const input = mutate(random, base, other, target.bytesMax ?? INPUT_BYTES_MAX);
    return target.repair?.(random, input) ?? input;
  }

  #feed(input: Buffer, told: boolean, measured = false): void {
    this.#watchdog?.begins(input);
    // Parsers may write into what they are given, as the product's own code may: the input is needed again.
    const before = measured ? heapBytes() : 0;
    const startedAt = performance.now();
    let value: unknown;
    let error: unknown;
    let refused = false;
    try {
      value = this.#target.run(input);
      this.#accepted++;
    } catch (thrown) {
      error = thrown;
      refused = true;
    }
    const ms = performance.now() - startedAt;
    if (refused && !this.#target.refuses(error)) throw this.#failure(input, error);
    if (ms > this.#msMax) this.#checkTime(input);
    if (measured) this.#checkMemory(input, heapBytes() - before);
    if (told) this.#note(refused ? refusalOf(error) : shapeOf(value), input);
  }

  #note(outcome: string, input: Buffer): void {
    const shortest = this.#outcomes.get(outcome);
    if (shortest !== undefined && shortest.byteLength <= input.byteLength) return;
    if (shortest === undefined) {
      if (this.#outcomes.size >= OUTCOMES_MAX) return;
      if (this.#parents.length < PARENTS_MAX) this.#parents.push(input);
      else this.#parents[this.#random.int(PARENTS_MAX)] = input;
    }
    this.#outcomes.set(outcome, input);
  }

  /** With the stack, which was left out the first time. */
  #failure(input: Buffer, error: unknown): FuzzFailure {
    Error.stackTraceLimit = 30;
    try {
      this.#target.run(input);
    } catch (again) {
      return new FuzzFailure(this.#target.name, input, again);
    }
    return new FuzzFailure(this.#target.name, input, error);
  }

  get #msMax(): number {
    return this.#target.msMax ?? INPUT_MS_MAX;
  }

  /** The machine may have been busy with something else: the fastest of several counts. */
  #checkTime(input: Buffer): void {
    let best = Infinity;
    for (let i = 0; i < SLOW_AGAIN && best > this.#msMax; i++) {
      const startedAt = performance.now();
      try {
        this.#target.run(input);
      } catch {
        // It was refused before, too.
      }
      best = Math.min(best, performance.now() - startedAt);
    }
    if (best <= this.#msMax) return;
    const text = `${input.byteLength} bytes take ${best.toFixed(0)} ms`;
    throw new FuzzFailure(this.#target.name, input, new Violation(text));
  }

  #checkMemory(input: Buffer, grown: number): void {
    // What the collector took away meanwhile hides growth: the next measurement sees it.
    if (grown <= (this.#target.heapSlack ?? HEAP_SLACK_BYTES) + HEAP_FACTOR * input.byteLength) return;
    const text = `${input.byteLength} bytes took ${grown} bytes of memory`;
    throw new FuzzFailure(this.#target.name, input, new Violation(text));
  }
}

function heapBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** What a scenario of the load is given and what it returns. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { CreateMode } from '../types/index.js';
import { Lane, LaneError, type Target } from './lane.js';
import { create, cycleOf, numbered, NUMBERED, remove } from './requests.js';

/** What the caller of a scenario decides. */
export interface LoadOptions {
  /** Connections are spread over them in turn. */
  readonly targets: readonly Target[];
  readonly connections: number;
  /** Requests outstanding on each connection. */
  readonly depth: number;
  /** Time that is measured. */
  readonly seconds: number;
  /** Time under the same load before that. */
  readonly warmupSeconds: number;
  /** Bytes of data in a znode. */
  readonly size: number;
  /** How many znodes, children, sessions or watchers; what it is depends on the scenario. */
  readonly count: number;
  /** Leave what the scenario made. */
  readonly keep: boolean;
}

/** What was measured. */
export interface Measurement {
  /** Requests answered, sessions opened or events that came in the measured time. */
  readonly operations: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Replies with an error; anything but 0 makes the other figures worthless. */
  readonly errors: number;
  /** Code of the first of them. */
  readonly firstError: number;
}

/** Tells the caller how far it is. */
export interface Observer {
  /** The measured time begins. */
  begin(): void;
  /** The measured time is over; what follows is tidying up. */
  end(): void;
  /** @param share of the work that is done, 0 to 1 */
  progress(share: number, operations: number): void;
}

/** One kind of load. */
export interface Scenario {
  readonly summary: string;
  /** What `count` means, if it means anything. */
  readonly count?: string;
  readonly defaults: Partial<Pick<LoadOptions, 'connections' | 'depth' | 'count'>>;
  run(options: LoadOptions, observer: Observer): Promise<Measurement>;
}

const SESSION_TIMEOUT_MS = 30_000;
const LANES_AT_A_TIME = 32;
/** Longest time that is told apart, in microseconds. */
const HISTOGRAM_US_MAX = 600_000_000;
const PROGRESS_MS = 500;
const CLEANING_DEPTH = 64;

/** The connections of a scenario and the znode under which it works. */
export class Lanes {
  readonly all: readonly Lane[];
  /** Everything the scenario makes is beneath it. */
  readonly root: string;
  #lost: LaneError | undefined;
  #onLost: ((error: LaneError) => void) | undefined;

  private constructor(all: readonly Lane[], root: string) {
    this.all = all;
    this.root = root;
    for (const lane of all) {
      lane.onLost = (error): void => {
        this.#lost ??= error;
        this.#onLost?.(error);
      };
    }
  }

  /** Opens the sessions and makes `root`. */
  static async open({ targets, connections }: LoadOptions): Promise<Lanes> {
    const lanes = new Lanes(
      await openSessions(targets, connections),
      `/zabkeeper-bench-${process.pid}-${Date.now().toString(36)}`,
    );
    await lanes.ask(create(lanes.root, Buffer.alloc(0)));
    return lanes;
  }

  /** The n-th connection, from 0 on. */
  at(n: number): Lane {
    const lane = this.all[n];
    if (lane === undefined) throw new LaneError(`There is no connection ${n}.`);
    return lane;
  }

  /**
   * Sends one request, over the first connection unless another is named.
   * @throws LaneError when it is answered with an error
   */
  async ask(request: Buffer, lane = this.at(0)): Promise<void> {
    const err = await lane.ask(request);
    if (err !== 0) throw new LaneError(`The server answered error ${err} while the load was being set up.`);
  }

  /** Makes a znode per connection under `root` and returns their paths. */
  async own(data: Buffer): Promise<string[]> {
    const paths = this.all.map((_, i) => `${this.root}/lane-${i}`);
    for (const [i, path] of paths.entries()) await this.ask(create(path, data), this.at(i));
    return paths;
  }

  /** Makes `count` children of a path whose names end in numbers. */
  async children(prefix: string, count: number, data: Buffer): Promise<void> {
    const path = `${prefix}${NUMBERED}`;
    const cycle = cycleOf([create(path, data, CreateMode.persistent)], numbered(path));
    await this.settled(this.at(0).run(cycle, CLEANING_DEPTH, count));
  }

  /** Removes them again. */
  async removeChildren(prefix: string, count: number, lane = this.at(0)): Promise<void> {
    const path = `${prefix}${NUMBERED}`;
    await this.settled(lane.run(cycleOf([remove(path)], numbered(path)), CLEANING_DEPTH, count));
  }

  /** Waits for work on the lanes, and no longer when one of them is lost. */
  async settled(work: Promise<unknown>): Promise<void> {
    const lost = new Promise<never>((_, reject) => {
      this.#onLost = reject;
      if (this.#lost !== undefined) reject(this.#lost);
    });
    try {
      await Promise.race([work, lost]);
    } finally {
      this.#onLost = undefined;
    }
  }

  /** Starts to count and to time. */
  measure(): Meter {
    return new Meter(this.all);
  }

  /** Removes `paths`, which have no children left, and `root`, and ends the sessions. */
  async close(paths: readonly string[], keep: boolean): Promise<void> {
    if (!keep) {
      for (const path of [...paths, this.root]) await this.ask(remove(path));
    }
    await closeSessions(this.all);
  }
}

/** Replies and their times between its making and `stop`. */
export class Meter {
  readonly #lanes: readonly Lane[];
  readonly #histogram: RecordableHistogram = histogram();
  readonly #before: number;
  readonly #errorsBefore: number;
  readonly #startedAt = performance.now();

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes;
    this.#before = this.operations;
    this.#errorsBefore = this.#errors;
    for (const lane of lanes) lane.histogram = this.#histogram;
  }

  /** Replies of all lanes so far, those before the beginning included. */
  get operations(): number {
    return this.#lanes.reduce((sum, { replies }) => sum + replies, 0);
  }

  get #errors(): number {
    return this.#lanes.reduce((sum, { errors }) => sum + errors, 0);
  }

  stop(): Measurement {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    for (const lane of this.#lanes) lane.histogram = undefined;
    const firstError = this.#lanes.find((lane) => lane.firstError !== 0)?.firstError ?? 0;
    return {
      ...measurement(this.operations - this.#before, seconds, this.#histogram),
      errors: this.#errors - this.#errorsBefore,
      firstError,
    };
  }
}

/** A histogram of times in microseconds. */
export function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: HISTOGRAM_US_MAX, figures: 3 });
}

/** What a histogram of microseconds and a count say together. */
export function measurement(
  operations: number,
  seconds: number,
  times: RecordableHistogram,
  errors = 0,
): Measurement {
  const at = (percentile: number): number => (times.count === 0 ? 0 : times.percentile(percentile) / 1000);
  return {
    operations,
    seconds,
    perSecond: operations / seconds,
    p50Ms: at(50),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: at(100),
    errors,
    firstError: 0,
  };
}

/** Opens sessions, some at a time, spread over the targets. */
export async function openSessions(
  targets: readonly Target[],
  count: number,
  each?: (lane: Lane, tookMs: number) => void,
  atATime = LANES_AT_A_TIME,
): Promise<Lane[]> {
  const lanes: Lane[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      const target = targets[i % targets.length];
      if (target === undefined) throw new LaneError('No server is named.');
      const from = performance.now();
      const lane = await openOne(target, i);
      lanes[i] = lane;
      each?.(lane, performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, count) }, one));
  return lanes;
}

async function openOne(target: Target, others: number): Promise<Lane> {
  try {
    return await Lane.open(target, SESSION_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof LaneError) || others === 0) throw error;
    const why = `${error.message} ${others} sessions were open: does the server allow more (maxClientCnxns)?`;
    throw new LaneError(why, { cause: error });
  }
}

/** Ends sessions, some at a time. */
export async function closeSessions(lanes: readonly Lane[]): Promise<void> {
  for (let i = 0; i < lanes.length; i += LANES_AT_A_TIME) {
    await Promise.all(lanes.slice(i, i + LANES_AT_A_TIME).map((lane) => lane.close()));
  }
}

/** Waits, and tells how far it is. */
export async function pass(
  seconds: number,
  observer: Observer,
  operations: () => number = () => 0,
): Promise<void> {
  const from = performance.now();
  const all = seconds * 1000;
  for (let spent = 0; spent < all; spent = performance.now() - from) {
    observer.progress(spent / all, operations());
    await sleep(Math.min(PROGRESS_MS, all - spent));
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

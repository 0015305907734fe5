/**
 * A campaign: an ensemble of real processes under load, and faults drawn from a seed, one after the other. Around each
 * the load must flow: before it, and soon after it. After each the load rests, all servers are compared with one
 * another and with the log, and the history is judged.
 */
import { Ensemble } from '../ensemble/ensemble.js';
import { Inspection } from '../ensemble/inspection.js';
import { Random } from '../helpers/random.js';
import { Judge } from '../history/judge.js';
import { Load } from '../history/load.js';
import { longestGap } from '../history/gap.js';
import type { Problem } from '../history/history.js';
import { sleep } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';
import { KINDS, type FaultKind, type Scene } from './kinds.js';

export interface CampaignOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly servers: number;
  readonly flavour: Flavour;
  readonly operationsPerSecond: number;
  /** Only faults whose name has this in it. */
  readonly only: string;
}

/** What became of the faults of one kind. */
export interface KindCount {
  count: number;
  /** Longest time without an acknowledged write. */
  gapMs: number;
}

/** How the load has to flow, zab.md 6.2. */
const RATE_BEFORE = 200;
const RATE_AFTER = 50;
const AFTER_MS = 5000;
/** How long a fault may take until all servers serve again. */
const HEAL_MS_MAX = 60_000;
/** Flows so long before a fault, and behind it. */
const STEADY_MS = 1000;

export class Campaign {
  readonly counts = new Map<string, KindCount>();
  readonly skipped = new Map<string, string>();
  readonly judge: Judge;
  readonly ensemble: Ensemble;
  readonly #options: CampaignOptions;
  readonly #load: Load;
  readonly #random: Random;
  readonly #inspection: Inspection;
  readonly #began = performance.now();
  #bag: FaultKind[] = [];

  private constructor(options: CampaignOptions, ensemble: Ensemble, load: Load) {
    this.#options = options;
    this.ensemble = ensemble;
    this.#load = load;
    this.#random = new Random(options.seed);
    this.judge = new Judge({ keys: load.keys, eventZxids: options.flavour === 'zabkeeper' });
    this.#inspection = new Inspection(ensemble, load, this.judge, {
      witness: options.flavour === 'zabkeeper',
    });
  }

  static async start(options: CampaignOptions): Promise<Campaign> {
    const { flavour, servers, seed, operationsPerSecond } = options;
    const ensemble = await Ensemble.start({
      flavour,
      servers,
      // The log is the witness: all of it has to stay.
      config:
        flavour === 'zabkeeper'
          ? { 'zabkeeper.logRetentionRecords': 2 ** 31 - 1, 'zabkeeper.logRetentionBytes': 2 ** 40 }
          : {},
    });
    try {
      const addresses = ensemble.members.map(({ address }) => address);
      const load = await Load.start(addresses, { seed, operationsPerSecond });
      return new Campaign(options, ensemble, load);
    } catch (error) {
      await ensemble[Symbol.asyncDispose]();
      throw error;
    }
  }

  get problems(): readonly Problem[] {
    return this.judge.problems;
  }

  say(line: string): void {
    const seconds = (performance.now() - this.#began) / 1000;
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${line}`);
  }

  /** Faults until the time is over, or until a promise is broken. */
  async run(): Promise<void> {
    const until = performance.now() + this.#options.minutes * 60_000;
    while (performance.now() < until && this.problems.length === 0) await this.#one(this.#draw());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load.close().catch(() => undefined);
    await this.ensemble[Symbol.asyncDispose]();
  }

  /** Every kind comes once before one comes twice. */
  #draw(): FaultKind {
    if (this.#bag.length === 0) {
      const { only, flavour } = this.#options;
      for (const kind of KINDS.filter(({ name }) => name.includes(only))) {
        const reason = kind.skip?.({ flavour });
        if (reason === undefined) this.#bag.push(kind);
        else if (!this.skipped.has(kind.name)) this.skipped.set(kind.name, reason);
      }
    }
    const at = this.#random.int(this.#bag.length);
    const [kind] = this.#bag.splice(at, 1);
    if (kind === undefined) throw new Error('no fault of that name can happen here');
    return kind;
  }

  async #one(kind: FaultKind): Promise<void> {
    const { ensemble } = this;
    const load = this.#load;
    await load.flows(RATE_BEFORE);
    await sleep(STEADY_MS);
    const rateBefore = load.recentRate();
    const from = load.acknowledgedAt.at(-1) ?? performance.now();
    const scene: Scene = { ensemble, random: this.#random, note: (what) => this.say(`  ${what}`) };
    this.say(kind.name);
    await kind.act(scene);
    await ensemble.serving(ensemble.members, HEAL_MS_MAX);
    await load.flows(RATE_AFTER, AFTER_MS);
    await sleep(STEADY_MS);
    const gapMs = longestGap(load.acknowledgedAt, from - 1, load.acknowledgedAt.at(-1) ?? from);
    const count = this.counts.get(kind.name) ?? { count: 0, gapMs: 0 };
    this.counts.set(kind.name, { count: count.count + 1, gapMs: Math.max(count.gapMs, gapMs) });
    await this.#inspection.quiet();
    const { operations, witness } = this.judge;
    this.say(
      `  ${Math.round(rateBefore)} op/s before, gap ${Math.round(gapMs)} ms; ${operations} operations and ${witness.records} records judged, ${this.problems.length} problems`,
    );
  }
}

/**
 * A campaign: an ensemble of real processes under load, and faults drawn from a seed, one after the other. Around each
 * the load must flow: before it, and soon after it. After each the load rests, all servers are compared with one
 * another and with the log, and the history is judged.
 */
import { createWriteStream, cpSync, existsSync, writeFileSync, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import * as path from 'node:path';
import { Ensemble } from '../ensemble/ensemble.js';
import { Inspection } from '../ensemble/inspection.js';
import { Random } from '../helpers/random.js';
import { longestGap } from '../history/gap.js';
import type { Problem } from '../history/history.js';
import { Judge } from '../history/judge.js';
import { writeLine, type Line } from '../history/kept.js';
import { Load } from '../history/load.js';
import { sleep } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';
import { KINDS } from './kinds.js';
import type { Machine } from './machine.js';
import { Resources } from './resources.js';
import type { FaultKind, Scene } from './scene.js';

export interface CampaignOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly servers: number;
  readonly flavour: Flavour;
  readonly operationsPerSecond: number;
  /** Only faults whose name has this in it. */
  readonly only: string;
  /** Rules that this flavour is known to break: said in the end, and no reason to stop. */
  readonly excused: readonly string[];
  readonly machine: Machine;
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
/** The load flows so long before a fault, and behind it. */
const STEADY_MS = 1000;

export class Campaign {
  readonly counts = new Map<string, KindCount>();
  readonly skipped = new Map<string, string>();
  readonly judge: Judge;
  readonly ensemble: Ensemble;
  readonly resources = new Resources();
  readonly #options: CampaignOptions;
  readonly #load: Load;
  readonly #random: Random;
  readonly #inspection: Inspection;
  readonly #history: WriteStream;
  readonly #began = performance.now();
  #bag: FaultKind[] = [];

  private constructor(options: CampaignOptions, ensemble: Ensemble, load: Load) {
    const { flavour, machine, seed } = options;
    this.#options = options;
    this.ensemble = ensemble;
    this.#load = load;
    this.#random = new Random(seed);
    this.#history = createWriteStream(path.join(machine.directory, 'history.jsonl'));
    const ours = flavour === 'zabkeeper';
    this.judge = new Judge({ keys: load.keys, eventZxids: ours });
    this.#inspection = new Inspection(ensemble, load, this.judge, {
      witness: ours,
      keep: (lines) => this.#keep(lines),
    });
    this.#keep([{ kind: 'quiet', ends: load.keys }]);
  }

  static async start(options: CampaignOptions): Promise<Campaign> {
    const { flavour, servers, seed, operationsPerSecond, machine } = options;
    const ours = flavour === 'zabkeeper';
    const ensemble = await Ensemble.start({
      flavour,
      servers,
      // The log is the witness: all of it has to stay.
      config: ours
        ? { 'zabkeeper.logRetentionRecords': 2 ** 31 - 1, 'zabkeeper.logRetentionBytes': 2 ** 40 }
        : {},
      directory: (id) => machine.diskOf(id),
      ...(ours ? { env: (id) => machine.envOf(id) } : {}),
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

  /** All that was found, what is known of this flavour included. */
  get problems(): readonly Problem[] {
    return this.judge.problems;
  }

  get failures(): readonly Problem[] {
    return this.problems.filter(({ rule }) => !this.#options.excused.includes(rule));
  }

  say(line: string): void {
    const seconds = (performance.now() - this.#began) / 1000;
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${line}`);
  }

  /** Faults until the time is over, or until a promise is broken. */
  async run(): Promise<void> {
    const until = performance.now() + this.#options.minutes * 60_000;
    while (performance.now() < until && this.failures.length === 0) {
      const kind = this.#draw();
      try {
        await this.#one(kind);
      } catch (error) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.judge.add([{ rule: 'liveness', what: `${kind.name}: ${text}` }]);
      }
    }
  }

  /** Everything that a failure is understood by: output and data of the servers, beside the history. */
  async keepAll(): Promise<void> {
    for (const { id, server } of this.ensemble.members) {
      await server.kill();
      const directory = path.join(this.#options.machine.directory, `server-${id}`);
      await mkdir(directory, { recursive: true });
      writeFileSync(path.join(directory, 'output.log'), server.output);
      if (existsSync(server.dataDir))
        cpSync(server.dataDir, path.join(directory, 'data'), { recursive: true });
    }
    const problems = this.problems.map((problem) => `${JSON.stringify(problem)}\n`);
    writeFileSync(path.join(this.#options.machine.directory, 'problems.jsonl'), problems.join(''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Behind a failure there may be nobody left to answer.
    await Promise.race([this.#load.close(), sleep(10_000)]).catch(() => undefined);
    await this.ensemble[Symbol.asyncDispose]();
    await new Promise((resolve) => this.#history.end(resolve));
  }

  /** Every kind comes once before one comes twice. */
  #draw(): FaultKind {
    if (this.#bag.length === 0) {
      const { only, flavour, machine } = this.#options;
      for (const kind of KINDS.filter(({ name }) => name.includes(only))) {
        const reason = kind.skip?.({ flavour, machine });
        if (reason === undefined) this.#bag.push(kind);
        else this.skipped.set(kind.name, reason);
      }
    }
    const at = this.#random.int(this.#bag.length);
    const [kind] = this.#bag.splice(at, 1);
    if (kind === undefined) throw new Error('no fault of that name can happen here');
    return kind;
  }

  async #one(kind: FaultKind): Promise<void> {
    const { ensemble } = this;
    const { machine } = this.#options;
    const load = this.#load;
    await load.flows(RATE_BEFORE);
    await sleep(STEADY_MS);
    const rateBefore = load.recentRate();
    const from = load.acknowledgedAt.at(-1) ?? performance.now();
    const note = (what: string): void => this.say(`  ${what}`);
    this.say(kind.name);
    const scene: Scene = { ensemble, machine, random: this.#random, note };
    await kind.act(scene);
    await ensemble.serving(ensemble.members, HEAL_MS_MAX);
    await load.flows(RATE_AFTER, AFTER_MS);
    await sleep(STEADY_MS);
    const gapMs = longestGap(load.acknowledgedAt, from - 1, load.acknowledgedAt.at(-1) ?? from);
    const count = this.counts.get(kind.name) ?? { count: 0, gapMs: 0 };
    this.counts.set(kind.name, { count: count.count + 1, gapMs: Math.max(count.gapMs, gapMs) });
    await this.#inspection.quiet();
    this.judge.add(this.resources.look(ensemble));
    const { operations, witness } = this.judge;
    note(
      `${Math.round(rateBefore)} op/s before, gap ${Math.round(gapMs)} ms; ${operations} operations, ${witness.records} records, ${this.problems.length} problems`,
    );
  }

  #keep(lines: readonly Line[]): void {
    for (const line of lines) this.#history.write(`${writeLine(line)}\n`);
  }
}

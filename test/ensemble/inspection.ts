/**
 * A quiet point of a run: the load rests and nothing is under way. Then all servers must have the same, it must be what
 * the committed log comes to, and everything since the last quiet point can be judged.
 */
import type { Problem } from '../history/history.js';
import type { Judge } from '../history/judge.js';
import type { Line } from '../history/kept.js';
import type { Load } from '../history/load.js';
import { CommittedLog, logFileOf } from '../history/logs.js';
import { compareTrees, readTree, registersOf, treeOf, type Tree } from '../history/trees.js';
import { sleep } from '../interop/process.js';
import type { SimRecord } from '../sim/records.js';
import type { Ensemble } from './ensemble.js';

/** Sessions end by themselves, even at a quiet point: so often are trees read until they agree. */
const COMPARISONS_MAX = 6;

export interface InspectionOptions {
  /** The servers keep all of their log, and it can be read. @default true */
  readonly witness?: boolean;
  /** Is given everything that was looked at, to be kept. */
  readonly keep?: (lines: readonly Line[]) => void;
}

export class Inspection {
  readonly #ensemble: Ensemble;
  readonly #load: Load;
  readonly #judge: Judge;
  readonly #witness: boolean;
  readonly #keep: (lines: readonly Line[]) => void;
  readonly #log = new CommittedLog();

  constructor(ensemble: Ensemble, load: Load, judge: Judge, options: InspectionOptions = {}) {
    this.#ensemble = ensemble;
    this.#load = load;
    this.#judge = judge;
    this.#witness = options.witness ?? true;
    this.#keep = options.keep ?? ((): void => undefined);
  }

  /** Pauses the load, judges, and lets it go on. All servers have to serve. */
  async quiet(): Promise<void> {
    await this.#load.pause();
    await this.#inspect();
    this.#load.resume();
  }

  async #inspect(): Promise<void> {
    const judge = this.#judge;
    let trees = await this.#readTrees();
    const [first] = trees;
    const ends = first === undefined ? new Map<string, never>() : registersOf(first);
    const log = await this.#newRecords();
    const events = this.#load.recorder.take();
    this.#keep([
      ...linesOf(log),
      ...events.map((event) => ({ kind: 'event', event }) as const),
      { kind: 'quiet', ends },
    ]);
    judge.feed(this.#witness ? log : undefined, events, ends);
    judge.add(this.#load.takeExpiredEarly());
    let different = this.#differences(trees);
    for (let i = 1; i < COMPARISONS_MAX && different.length > 0; i++) {
      await sleep(300);
      trees = await this.#readTrees();
      const more = await this.#newRecords();
      this.#keep(linesOf(more));
      if (this.#witness) judge.feedLog(more);
      different = this.#differences(trees);
    }
    judge.add(different);
    for (const { id, server } of this.#ensemble.members) {
      if (!server.running) judge.add([{ rule: 'crash', what: `server ${id}: ${server.describe()}` }]);
    }
  }

  #differences(trees: readonly Tree[]): Problem[] {
    return compareTrees(this.#witness ? [treeOf(this.#judge.witness.model), ...trees] : trees);
  }

  #readTrees(): Promise<Tree[]> {
    const { members } = this.#ensemble;
    return Promise.all(members.map(({ id, connectString }) => readTree(`server ${id}`, connectString)));
  }

  async #newRecords(): Promise<readonly SimRecord[]> {
    if (!this.#witness) return [];
    const { members } = this.#ensemble;
    const files = new Map(members.map(({ id, server }) => [id, logFileOf(server.dataDir)]));
    const { records, problems } = await this.#log.read(files, Math.floor(members.length / 2) + 1);
    this.#judge.add(problems);
    return records;
  }
}

function linesOf(log: readonly SimRecord[]): Line[] {
  return log.map((record) => ({ kind: 'record', record }));
}

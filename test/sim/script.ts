/** A run as a list of what was decided in it: faults and what clients did, with their times. It can be played again. */
import { readFileSync } from 'node:fs';
import type { SimOptions } from './options.js';
import type { SteeredRandom } from './steered.js';

/** Something that happened because chance said so. */
export interface Decision {
  /** Virtual ms. */
  readonly at: number;
  /** `faults`, `moment`, or the name of a client. */
  readonly who: string;
  /** Kind of fault; server and disk operation of a moment; empty for a client. */
  readonly what: string;
  /** Of several such moments at that time, how many came before. */
  readonly nth?: number;
  /** What it drew: whom it hit, how long it lasted, what was asked for. */
  readonly draws: readonly number[];
}

export interface Script {
  /** The property that failed when this was recorded. */
  readonly property: string;
  /** What it found. */
  readonly about?: string;
  /** The mutant on which it was recorded, and on which it has to fail as long as it is worth anything. */
  readonly mutant?: string;
  readonly options: SimOptions;
  /** Of what lies between decisions: delays of network and disks. A seed, or each in the middle. */
  readonly delays: number | 'even';
  readonly decisions: readonly Decision[];
}

/** Times that differ by less are the same. */
const SAME_MS = 0.001;

/** Runs freely, records what is decided, or plays a script. Behind the safety phase everything is free. */
export class Director {
  readonly recorded: Decision[] = [];
  readonly #clock: () => number;
  readonly #records: boolean;
  #script: Script | undefined;
  /** Moments of the script that have not come. */
  readonly #moments: Decision[];
  /** How many moments of each kind came at this very time. */
  readonly #now: { at: number; readonly counts: Map<string, number> } = { at: -1, counts: new Map() };

  constructor(now: () => number, how: 'free' | 'record' | Script) {
    this.#clock = now;
    this.#records = how === 'record';
    this.#script = typeof how === 'object' ? how : undefined;
    this.#moments = (this.#script?.decisions ?? []).filter(({ who }) => who === 'moment');
  }

  /** A script says what happens: nobody decides by himself. */
  get isPlaying(): boolean {
    return this.#script !== undefined;
  }

  /** What is to happen at its time. */
  get decisions(): readonly Decision[] {
    return (this.#script?.decisions ?? []).filter(({ who }) => who !== 'moment');
  }

  /** Everybody decides by himself from now on. */
  end(): void {
    this.#script = undefined;
  }

  /** Does what was decided just now. */
  decide(who: string, what: string, random: SteeredRandom, act: () => void, nth?: number): void {
    if (!this.#records) return act();
    const at = this.#clock();
    const draws = random.listen(act);
    this.recorded.push({ at, who, what, ...(nth === undefined ? {} : { nth }), draws });
  }

  /** A moment has come. @returns how many like it came at this very time */
  come(what: string): number {
    if (!this.#records && !this.isPlaying) return 0;
    const { counts } = this.#now;
    if (this.#clock() !== this.#now.at) {
      this.#now.at = this.#clock();
      counts.clear();
    }
    const nth = counts.get(what) ?? 0;
    counts.set(what, nth + 1);
    return nth;
  }

  /** The decision of the script for a moment that has come, once. One whose time is over is for the next such moment. */
  moment(what: string, nth: number): Decision | undefined {
    const now = this.#clock() + SAME_MS;
    const at = this.#moments.findIndex(
      (decision) =>
        decision.what === what &&
        decision.at <= now &&
        (decision.at < now - 2 * SAME_MS || (decision.nth ?? 0) <= nth),
    );
    return at < 0 ? undefined : this.#moments.splice(at, 1)[0];
  }
}

/** @throws when the file holds none */
export function readScript(file: string): Script {
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isScript(found)) throw new Error(`${file} is not a script of the simulator.`);
  return found;
}

export function isScript(value: unknown): value is Script {
  return (
    typeof value === 'object' &&
    value !== null &&
    'decisions' in value &&
    'options' in value &&
    'delays' in value
  );
}

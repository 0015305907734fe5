/** Somebody who changes who takes part: sets servers up, and asks for reconfigs, sensible ones and others. */
import type { Identity } from '../../src/tree/index.js';
import type { Request } from '../../src/types/index.js';
import type { ServerId } from '../../src/zab/index.js';
import { getData, reconfig, sync, type Reconfiguration } from '../unit/helpers/requests.js';
import { lineOf, linesOf, votersOf, type Electorate } from './electorate.js';
import type { Load } from './load.js';
import type { SimRandom } from './random.js';

/** What an operator sees, and does besides talking to servers. */
export interface OperatedWorld {
  /** The configuration that was agreed on last. */
  readonly latest: Electorate;
  /** How often it changed. */
  readonly changes: number;
  /** All machines that there are. */
  readonly machines: readonly ServerId[];
  readonly leader: ServerId | undefined;
  now(): number;
  /** Sets a machine up, unless it is. */
  install(id: ServerId): void;
  /** This server is about to lose its weight. */
  unweighs(id: ServerId): void;
}

/** How often each is tried. */
const MIX = {
  addObserver: 3,
  addVoter: 4,
  promote: 4,
  demote: 2,
  removeFollower: 4,
  removeLeader: 3,
  removeObserver: 1,
  replace: 3,
  everybody: 3,
  unweigh: 10,
  strangers: 1,
  staleVersion: 1,
  twice: 1,
  look: 3,
} as const;

/** Nobody has machines with these. */
const STRANGERS = [90, 91, 92, 93, 94, 95, 96, 97, 98];
const SUPER: readonly Identity[] = [{ scheme: 'super', id: '' }];
const CONFIG = '/zookeeper/config';

export class OperatorLoad implements Load {
  readonly identities = SUPER;
  readonly #world: OperatedWorld;
  readonly #random: SimRandom;
  readonly #everyMs: number;
  readonly #hierarchical: boolean;
  #nextAt: number;

  /** @param hierarchical whether new configurations may have groups and weights */
  constructor(world: OperatedWorld, random: SimRandom, everyMs: number, hierarchical: boolean) {
    this.#world = world;
    this.#random = random;
    this.#everyMs = everyMs;
    this.#hierarchical = hierarchical;
    this.#nextAt = random.exponential(everyMs);
  }

  next(watches: boolean): Request[] {
    if (this.#world.now() < this.#nextAt) return [];
    this.#nextAt = this.#world.now() + this.#random.exponential(this.#everyMs);
    return this.#something(watches);
  }

  learn(): void {}

  #something(watches: boolean): Request[] {
    const { latest, machines, leader } = this.#world;
    const random = this.#random;
    const voters = [...latest.weights.keys()];
    const observers = [...latest.observers];
    const spare = this.#spare();
    const one = (ids: readonly ServerId[]): ServerId => random.pick(ids);
    const ask = (what: Reconfiguration): Request[] => [reconfig(what)];
    switch (random.weighted(MIX)) {
      case 'addObserver':
        return spare === undefined ? [] : ask({ joining: [lineOf(spare, 'observer')] });
      case 'addVoter':
        return spare === undefined ? [] : ask({ joining: [lineOf(spare, 'participant')] });
      case 'promote':
        return observers.length === 0 ? [] : ask({ joining: [lineOf(one(observers), 'participant')] });
      case 'demote':
        return ask({ joining: [lineOf(one(voters), 'observer')] });
      case 'removeFollower': {
        const followers = voters.filter((id) => id !== leader);
        return followers.length === 0 ? [] : ask({ leaving: [one(followers)] });
      }
      case 'removeLeader':
        return leader === undefined ? [] : ask({ leaving: [leader] });
      case 'removeObserver':
        return observers.length === 0 ? [] : ask({ leaving: [one(observers)] });
      case 'replace':
        return spare === undefined
          ? []
          : ask({ joining: [lineOf(spare, 'participant')], leaving: [one(voters)] });
      case 'everybody':
        return ask({ members: linesOf(this.#anybody(machines)) });
      case 'unweigh': {
        const counting = votersOf(latest);
        const light = one(counting.filter((id) => id !== leader || counting.length === 1));
        if (counting.length < 3) return [];
        this.#world.unweighs(light);
        return ask({ members: linesOf({ ...latest, weights: new Map(latest.weights).set(light, 0) }) });
      }
      case 'strangers':
        return ask({ joining: STRANGERS.slice(0, voters.length + 1).map((id) => lineOf(id, 'participant')) });
      case 'staleVersion':
        return ask({ leaving: [one(voters)], from: random.chance(0.5) ? 7n : latest.version });
      case 'twice':
        return [...ask({ leaving: [one(voters)] }), ...ask({ leaving: [one(voters)] })];
      case 'look':
        // Before the first change each server shows what its own file says.
        return this.#world.changes === 0
          ? [sync('/')]
          : [sync('/'), getData(CONFIG, watches && random.chance(0.5))];
    }
  }

  /** A machine that takes no part, set up to do so. */
  #spare(): ServerId | undefined {
    const { latest, machines } = this.#world;
    const free = machines.filter((id) => !latest.weights.has(id) && !latest.observers.has(id));
    if (free.length === 0) return undefined;
    const id = this.#random.pick(free);
    this.#world.install(id);
    return id;
  }

  /** A configuration of machines that were set up at some time, or are now. */
  #anybody(machines: readonly ServerId[]): Electorate {
    const random = this.#random;
    const chosen = random.sample(machines, random.between(Math.min(2, machines.length), machines.length));
    for (const id of chosen) this.#world.install(id);
    const observers = new Set(chosen.slice(1).filter(() => random.chance(0.15)));
    const voters = chosen.filter((id) => !observers.has(id));
    const weights = new Map(voters.map((id) => [id, 1]));
    if (!this.#hierarchical || random.chance(0.3)) return { version: 0n, weights, observers, groups: [] };
    for (const id of voters.slice(1)) weights.set(id, random.pick([0, 1, 1, 2]));
    const groups = groupsOf(random, voters);
    const electorate = { version: 0n, weights, observers, groups };
    return votersOf(electorate).length > 0 ? electorate : { ...electorate, groups: [] };
  }
}

/** Puts voters into one to three groups. */
export function groupsOf(random: SimRandom, voters: readonly ServerId[]): ServerId[][] {
  const groups: ServerId[][] = Array.from(
    { length: random.between(1, Math.min(3, voters.length)) },
    () => [],
  );
  voters.forEach((id, i) => groups[i % groups.length]?.push(id));
  return groups;
}

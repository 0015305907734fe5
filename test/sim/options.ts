/** What a seed decides before anything happens: how large the ensemble is, how it is set up and what goes wrong. */
import type { ServerId } from '../../src/zab/index.js';
import type { Electorate } from './electorate.js';
import { groupsOf } from './operator.js';
import { SimRandom } from './random.js';

/** Faults per second of virtual time, each over the whole ensemble; 0 switches one off. */
export interface FaultRates {
  readonly crash: number;
  readonly crashAll: number;
  readonly powerLoss: number;
  readonly pause: number;
  readonly stall: number;
  readonly wipe: number;
  readonly damage: number;
  readonly full: number;
  /** A write or an fsync fails: the process ends, and its disk is not trusted any more. */
  readonly ioError: number;
  /** A bit of a record is flipped on its way to a learner. */
  readonly corrupt: number;
  readonly cut: number;
  readonly cutOneWay: number;
  readonly isolate: number;
  readonly split: number;
  readonly bridge: number;
  /** The leader is cut off, and only the others notice at once. */
  readonly depose: number;
  readonly clog: number;
  readonly reset: number;
  readonly refuse: number;
  readonly cutClient: number;
  readonly slowDisk: number;
  readonly snapshotBreaks: number;
  /** `tree.db` is lost, and nothing else. */
  readonly loseTree: number;
  /** The wall clock of a host is put forward or back. */
  readonly jump: number;
  /** For a while leaders die as soon as they have promised an epoch, or entered it. */
  readonly plague: number;
  /** A server is torn to and fro between two others. */
  readonly fickle: number;
}

/** Everything that a seed decides. */
export interface SimOptions {
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  readonly weightless: number;
  /** Weights of the voters in groups; undefined: a majority decides. */
  readonly groups:
    { readonly ids: readonly (readonly ServerId[])[]; readonly weights: readonly number[] } | undefined;
  /** Who takes part changes; undefined: nobody comes or goes. */
  readonly reconfig:
    | {
        /** Machines that are there and take no part at first. */
        readonly spares: number;
        readonly everyMs: number;
        /** An ensemble may shrink to one participant. */
        readonly soleVoterAllowed: boolean;
      }
    | undefined;
  readonly safetyMs: number;
  readonly timing: {
    readonly heartbeatMs: number;
    readonly leaseMs: number;
    readonly peerTimeoutMs: number;
    readonly discoveryTimeoutMs: number;
    readonly finalizeWaitMs: number;
    readonly syncStallMs: number;
  };
  readonly windowBytes: number;
  readonly cacheBytes: number;
  readonly snapThresholdBytes: number;
  /** Of a synchronisation, so much is written in one transaction. */
  readonly syncBytesMax: number;
  readonly counterStart: number;
  /** Without a quorum, servers serve reads. */
  readonly readOnlyMode: boolean;
  readonly retention: number;
  readonly chunkBytes: number;
  readonly flushMs: number;
  readonly checkpointMs: number;
  readonly delayMs: { readonly min: number; readonly mean: number };
  readonly fsyncMs: { readonly min: number; readonly mean: number; readonly tail: number };
  readonly turnMs: number;
  readonly drift: number;
  readonly clients: number;
  readonly paths: number;
  readonly thinkMs: number;
  readonly pipeline: number;
  readonly sessionMs: { readonly min: number; readonly max: number };
  readonly tickMs: number;
  readonly faults: FaultRates;
  /** Chance of a crash, cut or pause at each moment that matters: a write is unsynced, a synchronisation unfinished. */
  readonly bias: number;
  /** Elections go for whom chance likes, not for the best log: discovery has to notice. */
  readonly favours: boolean;
  /** How long a fault lasts on average. */
  readonly faultMs: number;
}

const RATES: FaultRates = {
  crash: 0.5,
  crashAll: 0.1,
  powerLoss: 0.25,
  pause: 0.3,
  stall: 1,
  wipe: 0.08,
  damage: 0.08,
  full: 0.15,
  ioError: 0.08,
  corrupt: 0.08,
  cut: 0.4,
  cutOneWay: 0.4,
  isolate: 0.3,
  split: 0.2,
  bridge: 0.15,
  depose: 0.3,
  clog: 0.6,
  reset: 0.6,
  refuse: 0.3,
  cutClient: 0.6,
  slowDisk: 0.3,
  snapshotBreaks: 0.4,
  loseTree: 0.1,
  jump: 0.2,
  plague: 0.15,
  fickle: 0.15,
};

/** Only what a script says goes wrong. */
export const NO_FAULTS: FaultRates = Object.freeze(
  Object.keys(RATES).reduce<FaultRates>((rates, kind) => ({ ...rates, [kind]: 0 }), RATES),
);

/** Draws the options of a seed. */
export function optionsOf(seed: number, overrides: Partial<SimOptions> = {}): SimOptions {
  const random = new SimRandom(seed * 2654435761);
  // What came later draws from a generator of its own, so that what was drawn before stays as it was.
  const more = new SimRandom(seed * 2246822519 + 1);
  const yet = new SimRandom(seed * 3266489917 + 2);
  const usual = random.pick([1, 3, 3, 3, 3, 3, 3, 5, 5]);
  const grouped = usual > 1 && more.chance(0.1);
  const voters = grouped ? more.pick([3, 4, 5, 6]) : usual;
  const reconfig = more.chance(0.3)
    ? {
        spares: more.between(1, 2),
        everyMs: more.pick([200, 600, 1500, 3000]),
        soleVoterAllowed: voters === 1 || more.chance(0.5),
      }
    : undefined;
  const observers = usual > 1 && random.chance(0.3) ? random.between(1, 2) : 0;
  const hurry = random.pick([1, 0.5, 0.3]);
  const heartbeatMs = Math.round(150 * hurry);
  const timing = {
    heartbeatMs,
    leaseMs: Math.round(1200 * hurry),
    peerTimeoutMs: Math.round(1500 * hurry),
    discoveryTimeoutMs: Math.round(2000 * hurry),
    finalizeWaitMs: random.pick([50, 20, 10]),
    syncStallMs: Math.round(5000 * hurry),
  };
  const small = random.chance(0.5);
  return {
    seed,
    voters,
    observers,
    weightless: usual > 1 && random.chance(0.15) ? 1 : 0,
    groups: grouped ? groupingOf(more, voters) : undefined,
    reconfig,
    safetyMs: random.between(6000, 14_000),
    timing,
    windowBytes: small ? random.between(500, 4000) : 4 * 1024 * 1024,
    cacheBytes: random.pick([0, 2000, 10_000, 1024 * 1024]),
    snapThresholdBytes: random.pick([1000, 10_000, 16 * 1024 * 1024]),
    syncBytesMax: more.pick([200, 1000, 5000, 16 * 1024 * 1024, 16 * 1024 * 1024]),
    counterStart: random.chance(0.05) ? 0xffff0000 - random.between(20, 300) : 1,
    readOnlyMode: more.chance(0.25),
    retention: random.pick([5, 20, 100, 10_000]),
    chunkBytes: random.pick([300, 1000, 5000]),
    flushMs: random.pick([20, 100, 500]),
    checkpointMs: random.pick([200, 1000, 4000]),
    delayMs: random.pick([
      { min: 0, mean: 1 },
      { min: 0.2, mean: 3 },
      { min: 0.2, mean: 10 },
      { min: 5, mean: 20 * hurry },
    ]),
    fsyncMs: random.pick([
      { min: 0.1, mean: 1, tail: 20 },
      { min: 0.5, mean: 5, tail: 100 },
      { min: 2, mean: 20, tail: 400 * hurry },
    ]),
    turnMs: random.pick([0.05, 0.2, 1]),
    drift: random.pick([0, 0.001, 0.01]),
    clients: random.between(1, random.chance(0.2) ? 20 : 8),
    paths: random.between(1, 12),
    thinkMs: random.pick([2, 10, 40, 150]),
    pipeline: random.pick([1, 1, 3, 10]),
    sessionMs: random.pick([
      { min: 300, max: 1000 },
      { min: 1000, max: 4000 },
      { min: 8000, max: 30_000 },
    ]),
    tickMs: random.pick([20, 50, 200]),
    faults: faultsOf(random, more, yet, voters + observers),
    favours: random.chance(0.15),
    bias: random.pick([0, 0.002, 0.01, 0.05, 0.3]),
    faultMs: random.pick([100, 400, 1000, 2500]) * Math.max(hurry, 0.5),
    ...overrides,
  };
}

/** Kinds that draw from the second generator, and from the third. */
const LATER: ReadonlySet<string> = new Set(['ioError', 'corrupt']);
const LATEST: ReadonlySet<string> = new Set(['loseTree', 'jump', 'plague', 'fickle']);

/** A random subset of faults with random rates. Some seeds have none: what holds in fair weather is checked, too. */
function faultsOf(first: SimRandom, more: SimRandom, yet: SimRandom, servers: number): FaultRates {
  const share = first.pick([0, 0.3, 0.6, 0.9]);
  const rates: Record<keyof FaultRates, number> = { ...RATES };
  for (const kind of Object.keys(RATES) as (keyof FaultRates)[]) {
    const random = LATER.has(kind) ? more : LATEST.has(kind) ? yet : first;
    const on = random.chance(share);
    const factor = random.pick([0.3, 1, 1, 3]) * Math.min(1, 0.4 + servers / 5);
    rates[kind] = on ? RATES[kind] * factor : 0;
  }
  return rates;
}

function groupingOf(random: SimRandom, voters: number): NonNullable<SimOptions['groups']> {
  const ids = Array.from({ length: voters }, (_, i) => i + 1);
  // The first of each group counts, or there might be nobody who does.
  const groups = groupsOf(random, ids);
  const weights = ids.map((id) => (groups.some(([first]) => first === id) ? 1 : random.pick([0, 1, 1, 2])));
  return { ids: groups, weights };
}

/** Who takes part at first. Server ids begin at 1; observers come last. */
export function electorateAtFirst(options: SimOptions): Electorate {
  const { voters, weightless, observers, groups } = options;
  const weights = new Map<ServerId, number>();
  for (let id = 1; id <= voters; id++) weights.set(id, groups?.weights[id - 1] ?? 1);
  // These log and acknowledge and count for nothing.
  for (let i = 1; i <= weightless; i++) weights.set(voters + i, 0);
  const others = Array.from({ length: observers }, (_, i) => voters + weightless + i + 1);
  return { version: 0n, weights, observers: new Set(others), groups: groups?.ids ?? [] };
}

/** Ids of all machines, those that take no part at first included. */
export function machinesOf(options: SimOptions): ServerId[] {
  const { voters, weightless, observers, reconfig } = options;
  return Array.from({ length: voters + weightless + observers + (reconfig?.spares ?? 0) }, (_, i) => i + 1);
}

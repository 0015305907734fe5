/**
 * The frame of every scenario: an ensemble under load, something that happens to it, and the judgement: all servers
 * serve again, have the same, and no promise was broken.
 */
import { expect } from 'chai';
import { connect } from '../../src/client/index.js';
import { sleep } from '../interop/process.js';
import { check, longestGap, type Rule } from './checker.js';
import { Ensemble, type EnsembleOptions } from './ensemble.js';
import { finalStates, Load, type LoadOptions } from './load.js';

export interface ScenarioOptions extends EnsembleOptions {
  readonly load?: LoadOptions;
  /** Promises that Apache is known not to keep in this scenario, with the reason; ours keeps all of them. */
  readonly apacheBreaks?: readonly Rule[];
  /** No longer may pass between two acknowledged writes of the load, for our server. */
  readonly gapMsMax?: number;
}

/** How long the load goes on when all is over. */
const AFTERMATH_MS = 1500;
/** Seed of the load; a failure says it. */
export const SEED = Number(process.env['ENSEMBLE_SEED'] ?? Date.now() % 1_000_000);

/** Runs the scenario; `act` returns when everything that happens has happened and no server is down any more. */
export async function scenario(
  options: ScenarioOptions,
  act: (ensemble: Ensemble, load: Load) => Promise<void>,
): Promise<void> {
  await using ensemble = await Ensemble.start(options);
  const load = await Load.start(ensemble, { seed: SEED, ...options.load });
  try {
    await load.flows();
    const from = performance.now();
    await act(ensemble, load);
    const to = performance.now();
    await ensemble.serving();
    await load.flows(50);
    await sleep(AFTERMATH_MS);
    await load.stop();
    const gapMs = longestGap(load.acknowledgedAt, from, Math.max(to, ...load.acknowledgedAt.slice(-1)));
    const sessions = await load.sessions();
    const finals = await finalStates(ensemble.members);
    const { ops, firstVersion } = load;
    const unknown = ops.filter(({ result }) => result === 'unknown').length;
    console.log(
      `      ${ops.length} operations, ${unknown} of unknown outcome, longest gap ${Math.round(gapMs)} ms`,
    );
    const excused = ensemble.flavour === 'apache' ? (options.apacheBreaks ?? []) : [];
    const faults = check({ ops, finals, sessions, firstVersion });
    expect(
      faults.filter(({ rule }) => !excused.includes(rule)),
      `ENSEMBLE_SEED=${SEED}`,
    ).to.deep.equal([]);
    expect(ops.length, 'operations').to.be.greaterThan(500);
    if (ensemble.flavour === 'zabkeeper' && options.gapMsMax !== undefined) {
      expect(gapMs, 'longest gap between acknowledged writes').to.be.lessThan(options.gapMsMax);
    }
  } catch (error) {
    console.log(ensemble.describe());
    throw error;
  } finally {
    await load.close().catch(() => undefined);
  }
}

/** Writes as fast as one client can, to znodes that the load does not know. */
export async function writeMany(servers: string, count: number, size = 100): Promise<void> {
  await using zk = await connect({ servers });
  const parent = await zk.create('/many-', null, { sequential: true });
  for (let from = 0; from < count; from += 500) {
    const names = Array.from({ length: Math.min(500, count - from) }, (_, i) => `${parent}/n${from + i}`);
    await Promise.all(names.map((name) => zk.create(name, Buffer.alloc(size, 'x'))));
  }
}

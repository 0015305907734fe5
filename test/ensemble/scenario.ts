/**
 * The frame of every scenario: an ensemble under load, something that happens to it, and the judgement: all servers
 * serve again, have the same, and no promise was broken.
 */
import { expect } from 'chai';
import { connect } from '../../src/client/index.js';
import { sleep } from '../interop/process.js';
import { longestGap } from '../history/gap.js';
import { Judge } from '../history/judge.js';
import { Load, type LoadOptions } from '../history/load.js';
import { Ensemble, flavourFromEnvironment, type EnsembleOptions } from './ensemble.js';
import { APACHE_BREAKS } from './known.js';
import { Inspection } from './inspection.js';

export interface ScenarioOptions extends EnsembleOptions {
  readonly load?: Partial<LoadOptions>;
  /** No longer may pass between two acknowledged writes of the load, for our server. */
  readonly gapMsMax?: number;
}

/** Room for the whole log of a scenario: it is what the history is held against. */
const KEEP_LOG = { 'zabkeeper.logRetentionRecords': 2 ** 31 - 1, 'zabkeeper.logRetentionBytes': 2 ** 40 };
/** Less than in a campaign: there are many scenarios. */
const LOAD = { workers: 12, lockers: 2, keys: 16, operationsPerSecond: 800 };
/** How long the load goes on when all is over. */
const AFTERMATH_MS = 1500;
/** Seed of the load; a failure says it. */
export const SEED = Number(process.env['ENSEMBLE_SEED'] ?? Date.now() % 1_000_000);

/** Runs the scenario; `act` returns when everything that happens has happened and no server is down any more. */
export async function scenario(
  options: ScenarioOptions,
  act: (ensemble: Ensemble, load: Load) => Promise<void>,
): Promise<void> {
  const ours = (options.flavour ?? flavourFromEnvironment()) === 'zabkeeper';
  const config = ours ? { ...KEEP_LOG, ...options.config } : options.config;
  await using ensemble = await Ensemble.start({ ...options, ...(config === undefined ? {} : { config }) });
  const servers = ensemble.members.map(({ address }) => address);
  const load = await Load.start(servers, { seed: SEED, ...LOAD, ...options.load });
  const judge = new Judge({ keys: load.keys });
  // A log that was cut, or that is another program's, is no witness; the other rules do without.
  const witness = ours && options.config === undefined;
  const inspection = new Inspection(ensemble, load, judge, { witness });
  try {
    await load.flows();
    const from = performance.now();
    await act(ensemble, load);
    const to = performance.now();
    await ensemble.serving();
    await load.flows(50);
    await sleep(AFTERMATH_MS);
    const gapMs = longestGap(load.acknowledgedAt, from, Math.max(to, ...load.acknowledgedAt.slice(-1)));
    await inspection.quiet();
    const unknown = [...judge.counts.values()].reduce((sum, ends) => sum + ends.unknown, 0);
    const { operations } = judge;
    console.log(
      `      ${operations} operations, ${unknown} of unknown outcome, longest gap ${Math.round(gapMs)} ms`,
    );
    const excused: readonly string[] = ours ? [] : APACHE_BREAKS;
    const problems = judge.problems.filter(({ rule }) => !excused.includes(rule));
    expect(problems, `ENSEMBLE_SEED=${SEED}`).to.deep.equal([]);
    expect(operations, 'operations').to.be.greaterThan(500);
    if (witness) expect(judge.witness.records, 'records of the log').to.be.greaterThan(250);
    if (ours && options.gapMsMax !== undefined) {
      expect(gapMs, 'longest gap between acknowledged writes').to.be.lessThan(options.gapMsMax);
    }
  } catch (error) {
    console.log(ensemble.describe());
    throw error;
  } finally {
    await load.close().catch(() => undefined);
  }
}

/** Children of one znode at most: the checkers' model keeps every list that there ever was. */
const MANY_CHILDREN = 250;

/** Writes as fast as one client can, to znodes that the load does not know. @returns where they are */
export async function writeMany(servers: string, count: number, size = 100): Promise<string[]> {
  await using zk = await connect({ servers });
  const parents: string[] = [];
  for (let from = 0; from < count; from += MANY_CHILDREN) {
    const parent = await zk.create('/many-', null, { sequential: true });
    parents.push(parent);
    const names = Array.from({ length: Math.min(MANY_CHILDREN, count - from) }, (_, i) => `${parent}/n${i}`);
    await Promise.all(names.map((name) => zk.create(name, Buffer.alloc(size, 'x'))));
  }
  return parents;
}

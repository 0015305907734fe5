/** Scenarios that keep requests outstanding for a time: how many are answered, and how fast. */
import { CreateMode } from '../types/index.js';
import type { Cycle } from './lane.js';
import { create, cycleOf, getChildren, getData, multi, numbered, NUMBERED, setData } from './requests.js';
import { Lanes, pass, type LoadOptions, type Measurement, type Observer, type Scenario } from './scenario.js';

/** How many of ten requests of the mixed load are writes: one. */
const MIXED_READS = 9;

/** One connection's part: what it sends, and what it leaves behind. */
interface Work {
  readonly cycle: Cycle;
  /** Prefix of the numbered children that it makes under its znode. */
  readonly makes?: string;
}

function throughput(
  summary: string,
  work: (path: string, data: Buffer) => Work,
  defaults: Scenario['defaults'] = {},
): Scenario {
  return { summary, defaults, run: (options, observer) => runThroughput(work, options, observer) };
}

/** The scenarios by name. */
export const throughputScenarios = {
  get: throughput('getData of one znode per connection', (path) => ({ cycle: cycleOf([getData(path)]) })),
  set: throughput('setData of one znode per connection', (path, data) => ({
    cycle: cycleOf([setData(path, data)]),
  })),
  create: throughput('create, with names that count up', (path, data) => {
    const child = `${path}/${NUMBERED}`;
    return { cycle: cycleOf([create(child, data)], numbered(child)), makes: `${path}/` };
  }),
  'create-es': throughput('create of ephemeral sequential znodes (create -e -s)', (path, data) => ({
    cycle: cycleOf([create(`${path}/e-`, data, CreateMode.ephemeralSequential)]),
    makes: `${path}/e-`,
  })),
  mixed: throughput(
    'nine getData, then one setData',
    (path, data) => ({
      cycle: cycleOf([...Array.from({ length: MIXED_READS }, () => getData(path)), setData(path, data)]),
    }),
    { depth: 16 },
  ),
  multi: throughput(
    'multi of check, setData, create and delete; one multi counts as one',
    (path, data) => ({ cycle: cycleOf([multi(path, data)]) }),
    { depth: 16 },
  ),
  ls: {
    summary: 'getChildren of one znode',
    count: 'children of the znode',
    defaults: { depth: 16, count: 100 },
    run: runLs,
  },
} satisfies Record<string, Scenario>;

async function runThroughput(
  work: (path: string, data: Buffer) => Work,
  options: LoadOptions,
  observer: Observer,
): Promise<Measurement> {
  const data = Buffer.alloc(options.size, 'x');
  const lanes = await Lanes.open(options);
  const paths = await lanes.own(data);
  const works = paths.map((path) => work(path, data));
  const done = works.map(({ cycle }, i) => lanes.at(i).run(cycle, options.depth));
  const result = await measured(lanes, done, options, observer);
  if (!options.keep) {
    const tidied = works.map(async ({ makes }, i) => {
      // It has made as many as it has sent.
      if (makes !== undefined) await lanes.removeChildren(makes, lanes.at(i).replies, lanes.at(i));
    });
    await lanes.settled(Promise.all(tidied));
  }
  await lanes.close(paths, options.keep);
  return result;
}

async function runLs(options: LoadOptions, observer: Observer): Promise<Measurement> {
  const lanes = await Lanes.open(options);
  const parent = `${lanes.root}/parent`;
  await lanes.ask(create(parent, Buffer.alloc(0)));
  await lanes.children(`${parent}/`, options.count, Buffer.alloc(0));
  const cycle = cycleOf([getChildren(parent)]);
  const result = await measured(
    lanes,
    lanes.all.map((lane) => lane.run(cycle, options.depth)),
    options,
    observer,
  );
  if (!options.keep) await lanes.removeChildren(`${parent}/`, options.count);
  await lanes.close([parent], options.keep);
  return result;
}

/** Lets lanes that run warm up, measures them, and stops them. */
async function measured(
  lanes: Lanes,
  done: readonly Promise<void>[],
  { seconds, warmupSeconds }: LoadOptions,
  observer: Observer,
): Promise<Measurement> {
  await lanes.settled(pass(warmupSeconds, { ...observer, progress: () => undefined }));
  observer.begin();
  const meter = lanes.measure();
  const before = meter.operations;
  await lanes.settled(pass(seconds, observer, () => meter.operations - before));
  const result = meter.stop();
  observer.end();
  for (const lane of lanes.all) lane.stop();
  await lanes.settled(Promise.all(done));
  return result;
}

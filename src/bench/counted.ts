/** Scenarios with a fixed amount of work: sessions, watchers, znodes. */
import { create, cycleOf, getData, numbered, NUMBERED, remove, setData } from './requests.js';
import {
  closeSessions,
  histogram,
  Lanes,
  measurement,
  openSessions,
  pass,
  type LoadOptions,
  type Measurement,
  type Observer,
  type Scenario,
} from './scenario.js';

const NOTHING = Buffer.alloc(0);
/** How often all watchers are notified, and how often before it is measured. */
const WATCH_ROUNDS = 20;
const WATCH_WARMUP_ROUNDS = 5;
const WATCH_LIMIT_MS = 60_000;
const PING_EVERY_MS = 10_000;

/** The scenarios by name. */
export const countedScenarios = {
  connect: {
    summary: 'open sessions and keep them; one operation is one session',
    count: 'sessions',
    defaults: { connections: 32, depth: 1, count: 10_000 },
    run: runConnect,
  },
  idle: {
    summary: 'sessions that do nothing but ping; the figures of interest are memory and CPU of the server',
    count: 'sessions',
    defaults: { connections: 1, depth: 1, count: 10_000 },
    run: runIdle,
  },
  watch: {
    summary: 'sessions that watch one znode; the times are those until the last one is notified of a change',
    count: 'watchers',
    defaults: { connections: 1, depth: 1, count: 1000 },
    run: runWatch,
  },
  fill: {
    summary: 'create znodes until there are that many',
    count: 'znodes',
    defaults: { depth: 64, count: 1_000_000 },
    run: runFill,
  },
} satisfies Record<string, Scenario>;

async function runConnect(options: LoadOptions, observer: Observer): Promise<Measurement> {
  const { targets, count, connections } = options;
  const warm = await openSessions(targets, Math.ceil(count / 10), undefined, connections);
  await closeSessions(warm);
  const times = histogram();
  const from = performance.now();
  observer.begin();
  let opened = 0;
  const lanes = await openSessions(
    targets,
    count,
    (_lane, tookMs) => {
      times.record(Math.max(1, Math.round(tookMs * 1000)));
      if (++opened % 500 === 0) observer.progress(opened / count, opened);
    },
    connections,
  );
  const result = measurement(count, (performance.now() - from) / 1000, times);
  observer.end();
  await closeSessions(lanes);
  return result;
}

async function runIdle(options: LoadOptions, observer: Observer): Promise<Measurement> {
  const lanes = await openSessions(options.targets, options.count);
  let pings = 0;
  // Spread, as the pings of clients that do not know each other are.
  let next = 0;
  const perTick = Math.ceil(lanes.length / (PING_EVERY_MS / 10));
  const timer = setInterval(() => {
    for (let i = 0; i < perTick; i++, pings++) lanes[next++ % lanes.length]?.ping();
  }, 10);
  await pass(options.warmupSeconds, { ...observer, progress: () => undefined });
  observer.begin();
  const before = pings;
  await pass(options.seconds, observer, () => pings - before);
  observer.end();
  clearInterval(timer);
  const result = measurement(pings - before, options.seconds, histogram());
  await closeSessions(lanes);
  return result;
}

async function runWatch(options: LoadOptions, observer: Observer): Promise<Measurement> {
  const { targets, count, size } = options;
  const lanes = await Lanes.open(options);
  const path = `${lanes.root}/watched`;
  await lanes.ask(create(path, Buffer.alloc(size, 'x')));
  const watchers = await openSessions(targets, count);
  let notified = 0;
  let all: (() => void) | undefined;
  for (const watcher of watchers) {
    watcher.onEvent = (): void => {
      if (++notified === watchers.length) all?.();
    };
  }
  const times = histogram();
  let from = 0;
  for (let round = -WATCH_WARMUP_ROUNDS; round < WATCH_ROUNDS; round++) {
    if (round === 0) {
      observer.begin();
      from = performance.now();
    }
    notified = 0;
    const watch = getData(path, true);
    for (const watcher of watchers) await lanes.ask(watch, watcher);
    const last = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${notified} of ${count} watchers were notified within a minute.`)),
        WATCH_LIMIT_MS,
      );
      all = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    const changedAt = performance.now();
    await Promise.all([lanes.ask(setData(path, Buffer.alloc(size, 'y'))), last]);
    if (round >= 0) times.record(Math.max(1, Math.round((performance.now() - changedAt) * 1000)));
    observer.progress(Math.max(0, round) / WATCH_ROUNDS, Math.max(0, round) * count);
  }
  const result = measurement(WATCH_ROUNDS * count, (performance.now() - from) / 1000, times);
  observer.end();
  await closeSessions(watchers);
  await lanes.close([path], options.keep);
  return result;
}

async function runFill(options: LoadOptions, observer: Observer): Promise<Measurement> {
  const { count, connections, depth, size } = options;
  const data = Buffer.alloc(size, 'x');
  const lanes = await Lanes.open(options);
  const paths = await lanes.own(NOTHING);
  const share = (i: number): number => Math.floor(count / connections) + (i < count % connections ? 1 : 0);
  observer.begin();
  const meter = lanes.measure();
  const before = meter.operations;
  const timer = setInterval(() => {
    observer.progress((meter.operations - before) / count, meter.operations - before);
  }, 500);
  try {
    await lanes.settled(
      Promise.all(
        lanes.all.map((lane, i) => {
          const path = `${paths[i] ?? ''}/${NUMBERED}`;
          return lane.run(cycleOf([create(path, data)], numbered(path)), depth, share(i));
        }),
      ),
    );
  } finally {
    clearInterval(timer);
  }
  const result = meter.stop();
  observer.end();
  if (!options.keep) {
    await lanes.settled(
      Promise.all(lanes.all.map((lane, i) => lanes.removeChildren(`${paths[i] ?? ''}/`, share(i), lane))),
    );
    for (const path of paths) await lanes.ask(remove(path));
  }
  await lanes.close([], options.keep);
  return result;
}

/**
 * How fast an ensemble heals: three servers on this machine, clients that write all the time, and something happens to
 * one of the servers. Measured is the longest time between two acknowledged writes, whoever made them. Besides: the
 * memory of three idle servers, and pipelined writes over three servers.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runScenario } from '../../src/bench/index.js';
import { connect, type ZooKeeper } from '../../src/client/index.js';
import { longestGap } from '../history/gap.js';
import { Ensemble, type Member } from '../ensemble/ensemble.js';
import { sleep, until } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';

const WRITERS = 9;
/** Pause of a writer between two writes: the servers are to be under load, not the machine. */
const WRITE_PAUSE_MS = 4;
const SESSION_TIMEOUT_MS = 10_000;
/** How long writes flow before an event, and after it is over. */
const STEADY_MS = 700;
/** Beyond this an ensemble counts as not healed. */
const HEAL_MS_MAX = 60_000;
const IDLE_MS = 8000;
const MIB = 1024 * 1024;
/** As zkEnv.sh starts it. */
const APACHE_JVM = ['-Xmx1000m'];

interface Event {
  readonly name: string;
  readonly proxied: boolean;
  /** Does it, and returns what undoes it. */
  act(ensemble: Ensemble, victim: Member): Promise<() => Promise<void>> | (() => Promise<void>);
  readonly victim: 'leader' | 'follower';
}

const killed: Event['act'] = async (_ensemble, victim) => {
  // Not awaited to its end: the gap begins with the signal.
  victim.server.signal('SIGKILL');
  await until('the process is gone', 5000, () => !victim.server.running);
  return () => victim.start();
};

const stopped: Event['act'] = async (_ensemble, victim) => {
  await victim.stop();
  return () => victim.start();
};

const frozen: Event['act'] = (_ensemble, victim) => {
  victim.freeze();
  return () => {
    victim.thaw();
    return Promise.resolve();
  };
};

const cut: Event['act'] = (ensemble, victim) => {
  ensemble.network.isolate(victim.id, 'silent');
  return () => {
    ensemble.network.heal();
    return Promise.resolve();
  };
};

const EVENTS: readonly Event[] = [
  { name: 'kill -9 leader', proxied: false, victim: 'leader', act: killed },
  { name: 'SIGTERM leader', proxied: false, victim: 'leader', act: stopped },
  { name: 'SIGSTOP leader', proxied: false, victim: 'leader', act: frozen },
  { name: 'cut leader', proxied: true, victim: 'leader', act: cut },
  { name: 'kill -9 follower', proxied: false, victim: 'follower', act: killed },
  { name: 'SIGSTOP follower', proxied: false, victim: 'follower', act: frozen },
];

const HELP = `npm run bench -- heal [options]
  --trials N      how often each event happens (50)
  --events LIST   part of their names, separated by commas (all: ${EVENTS.map(({ name }) => name).join(', ')})
  --apache        measure Apache ZooKeeper as well, in the same run
  --only-apache   measure Apache ZooKeeper alone
  --seconds N     time of the pipelined writes (3)
  --help`;

/** `npm run bench -- heal` */
export async function heal(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trials: { type: 'string', default: '50' },
      events: { type: 'string', default: '' },
      seconds: { type: 'string', default: '3' },
      apache: { type: 'boolean', default: false },
      'only-apache': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const flavours: Flavour[] = values['only-apache']
    ? ['apache']
    : values.apache
      ? ['zabkeeper', 'apache']
      : ['zabkeeper'];
  const wanted = values.events.split(',').map((name) => name.trim());
  const events = EVENTS.filter(({ name }) => wanted.some((part) => name.includes(part)));
  const trials = Number(values.trials);

  console.log('server\tevent\ttrials\tp50 ms\tp99 ms\tmax ms\t(longest gap between acknowledged writes)');
  for (const flavour of flavours) {
    for (const proxied of [false, true]) {
      const chosen = events.filter((event) => event.proxied === proxied);
      if (chosen.length === 0) continue;
      await using ensemble = await start(flavour, proxied);
      for (const event of chosen) {
        const results: Gaps[] = [];
        for (let trial = 0; trial < trials; trial++) results.push(await measure(ensemble, event));
        const print = (name: string, gaps: readonly number[]): void => {
          const cells = [percentile(gaps, 0.5), percentile(gaps, 0.99), Math.max(...gaps)];
          console.log([flavour, name, trials, ...cells.map(Math.round)].join('\t'));
        };
        print(
          event.name,
          results.map(({ event: gap }) => gap),
        );
        print(
          '  and its return',
          results.map(({ comeback }) => comeback),
        );
      }
    }
    await footprint(flavour, Number(values.seconds));
  }
}

function start(flavour: Flavour, proxied: boolean): Promise<Ensemble> {
  return Ensemble.start({ flavour, proxied, jvm: APACHE_JVM });
}

/** Longest gaps in ms. */
interface Gaps {
  readonly event: number;
  /** While the server comes back. */
  readonly comeback: number;
}

/** One event, from steady writes to steady writes. */
async function measure(ensemble: Ensemble, event: Event): Promise<Gaps> {
  await ensemble.serving();
  // New ones each time: events gather clients at the server that was there all the while, and if that is the next to be
  // frozen, nobody else is left to see how soon the others go on.
  await using writers = await Writers.start(ensemble);
  await writers.steady();
  const leader = await ensemble.leader();
  const [follower] = ensemble.others(leader);
  if (follower === undefined) throw new Error('an ensemble of one');
  const victim = event.victim === 'leader' ? leader : follower;
  // The last write before counts: it is the beginning of the gap.
  const from = writers.lastAt;
  const undo = await event.act(ensemble, victim);
  await ensemble.leader(ensemble.others(victim), HEAL_MS_MAX);
  await writers.flowing(ensemble.members.length - 1);
  const gap = longestGap(writers.acknowledgedAt, from - 1, writers.lastAt);
  const back = writers.lastAt;
  await undo();
  await ensemble.serving();
  await sleep(STEADY_MS);
  return { event: gap, comeback: longestGap(writers.acknowledgedAt, back - 1, writers.lastAt) };
}

/** Clients that write one thing after the other, each connected to whichever server it finds. */
class Writers implements AsyncDisposable {
  readonly acknowledgedAt: number[] = [];
  #clients: ZooKeeper[] = [];
  #stopping = false;
  #lanes: Promise<void>[] = [];

  static async start(ensemble: Ensemble): Promise<Writers> {
    const writers = new Writers();
    const addresses = ensemble.members.map(({ connectString }) => connectString);
    for (let i = 0; i < WRITERS; i++) {
      const first = i % addresses.length;
      const zk = await connect({
        servers: [...addresses.slice(first), ...addresses.slice(0, first)],
        shuffle: false,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        // A frozen server takes connections and says nothing: clients that wait for it would measure themselves.
        attemptTimeoutMs: 300,
        retryDelayMsMin: 5,
        retryDelayMsMax: 20,
      });
      writers.#clients.push(zk);
      const path = await zk.create('/heal-', null, { sequential: true });
      writers.#lanes.push(writers.#write(zk, path));
    }
    return writers;
  }

  get lastAt(): number {
    return this.acknowledgedAt.at(-1) ?? performance.now();
  }

  /** Waits until writes have flowed without a longer gap for a while, through all clients. */
  async steady(): Promise<void> {
    await until('writes flow', HEAL_MS_MAX, () => {
      const now = performance.now();
      const since = now - STEADY_MS;
      return (
        this.#clients.every(({ state }) => state === 'connected') &&
        longestGap(this.acknowledgedAt, since, now) < 100
      );
    });
  }

  /** Waits until writes flow again after an event; clients of a frozen server may not know yet that it is. */
  async flowing(servers: number): Promise<void> {
    const least = (STEADY_MS / (WRITE_PAUSE_MS + 20)) * servers;
    const from = performance.now();
    await until('writes flow again', HEAL_MS_MAX, () => {
      const now = performance.now();
      const lately = this.acknowledgedAt.filter((at) => at > now - STEADY_MS).length;
      return now - from >= STEADY_MS && lately >= least;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
    await Promise.all(this.#clients.map((zk) => zk.close()));
  }

  async #write(zk: ZooKeeper, path: string): Promise<void> {
    const data = Buffer.alloc(100, 'x');
    while (!this.#stopping) {
      try {
        await zk.setData(path, data);
        this.acknowledgedAt.push(performance.now());
      } catch {
        // Lost with its connection; the next one waits for another connection.
        if (zk.state === 'expired') throw new Error('a session expired during an event');
      }
      await sleep(WRITE_PAUSE_MS);
    }
  }
}

/** Memory of three idle servers, then pipelined writes over all three. */
async function footprint(flavour: Flavour, seconds: number): Promise<void> {
  await using ensemble = await start(flavour, false);
  await sleep(IDLE_MS);
  const pids = ensemble.members.map(({ server }) => server.pid ?? 0);
  const sum = (field: string): number =>
    Math.round(pids.reduce((bytes, pid) => bytes + memory(pid, field), 0) / MIB);
  const printMemory = (when: string): void =>
    console.log(`${flavour}\tmemory of three servers, ${when}\tRSS ${sum('Rss')} MiB\tPSS ${sum('Pss')} MiB`);
  printMemory('idle');
  const { perSecond, p50Ms, p99Ms, errors } = await runScenario('set', {
    targets: ensemble.members.map(({ server: { host, port } }) => ({ host, port })),
    connections: 12,
    depth: 128,
    seconds,
  });
  console.log(
    `${flavour}\tpipelined set over three servers\t${Math.round(perSecond)}/s\tp50 ${p50Ms.toFixed(1)} ms\tp99 ${p99Ms.toFixed(1)} ms\t${errors} errors`,
  );
  printMemory('after these writes');
}

/** A field of smaps_rollup, in bytes. */
function memory(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/**
 * A million znodes: how fast they come, what they weigh, how long a server takes to come back with them, and whether
 * other clients notice. And the opposite: what a server weighs that has nothing to do, and one with idle sessions.
 */
import { connect } from '../../src/client/index.js';
import { runScenario, usageOf, type RunResult } from '../../src/bench/index.js';
import { sleep } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';
import { verdict, type Verdict } from './compare.js';
import type { Goal } from './rows.js';
import { startSubject, type Subject } from './subject.js';

const MIB = 1024 * 1024;
const SETTLE_MS = 5000;
const IDLE_SECONDS = 20;

/** A figure of each server. */
export interface FigureResult {
  readonly title: string;
  readonly unit: Goal['figure'];
  readonly ours: number;
  readonly theirs: number | undefined;
  /** What is wanted of ours; undefined where nothing is. */
  readonly verdict: Verdict | undefined;
}

export interface LargeOptions {
  readonly against: Flavour | undefined;
  readonly znodes: number;
  readonly sessions: number;
  onRow(row: FigureResult): void;
  onProgress(text: string): void;
}

/** Measures ours, then the other. */
export async function large(options: LargeOptions): Promise<FigureResult[]> {
  const { against } = options;
  const ours = await figures('zabkeeper', options);
  const theirs = against === undefined ? undefined : await figures(against, options);
  const results: FigureResult[] = [];
  for (const [title, { value, unit, goal }] of ours) {
    const other = theirs?.get(title)?.value;
    const judged = goal?.of === 'ratio' ? value / (other ?? NaN) : value;
    const result = {
      title,
      unit,
      ours: value,
      theirs: other,
      verdict: goal && verdict(goal, judged),
    };
    results.push(result);
    options.onRow(result);
  }
  return results;
}

/** A figure of one server. */
interface Figure {
  readonly value: number;
  readonly unit: Goal['figure'];
  readonly goal: Goal | undefined;
}

async function figures(flavour: Flavour, options: LargeOptions): Promise<Map<string, Figure>> {
  const { znodes, sessions } = options;
  const onProgress = (text: string): void => options.onProgress(text);
  const all = new Map<string, Figure>();
  const add = (title: string, value: number, unit: Goal['figure'], goal?: Omit<Goal, 'figure'>): void =>
    void all.set(title, { value, unit, goal: goal && { figure: unit, ...goal } });

  await using server = await startSubject({ flavour, servers: 1 });
  const { targets } = server;
  const settle = async (text: string): Promise<number> => {
    onProgress(`${flavour}: ${text}`);
    await sleep(SETTLE_MS);
    return (usageOf(server.pids)?.memoryBytes ?? NaN) / MIB;
  };

  const empty = await settle('an idle server');
  onProgress(`${flavour}: ${sessions} idle sessions`);
  const idle = await runScenario(
    'idle',
    { targets, count: sessions, seconds: IDLE_SECONDS },
    { pids: server.pids },
  );
  add('an idle server', empty, 'memory MiB', { of: 'ours', atMost: 80 });
  add(`${sessions} idle sessions`, (idle.memoryBytes ?? NaN) / MIB, 'memory MiB', {
    of: 'ours',
    atMost: 150,
  });
  add(`${sessions} idle sessions that ping`, idle.cpuShare ?? NaN, 'CPU share', { of: 'ours', atMost: 0.05 });

  const fill = await runScenario(
    'fill',
    { targets, count: znodes, keep: true },
    {
      pids: server.pids,
      onProgress: (share) => onProgress(`${flavour}: fill, ${Math.floor(share * 100)} %`),
    },
  );
  add(`fill ${znodes} x 100 B`, fill.perSecond, 'ops/s', { of: 'ratio', atLeast: 2 });
  const weight = await settle('memory after the fill');
  add('then: the process', weight, 'memory MiB', { of: 'ours', atMost: 600 });
  onProgress(`${flavour}: restart`);
  add('then: restart to first answer', await restart(server), 'seconds', { of: 'ours', atMost: 4 });
  add('then: the process after the restart', await settle('memory after the restart'), 'memory MiB');

  onProgress(`${flavour}: set while another client fills`);
  const calm = await beside(server, znodes);
  add('set, 16 connections, depth 1, while another client creates with depth 64', calm.p999Ms, 'p999 ms', {
    of: 'ours',
    atMost: 10,
  });
  return all;
}

/** Seconds from the start of the process to its first answer to a read. */
async function restart(subject: Subject): Promise<number> {
  const [server] = subject.servers;
  if (server === undefined) throw new Error('There is no server to restart.');
  await server.stop();
  const from = performance.now();
  const started = server.start();
  const zk = await connect({
    servers: server.connectString,
    sessionTimeoutMs: 30_000,
    connectTimeoutMs: 120_000,
    retryDelayMsMin: 5,
    retryDelayMsMax: 20,
  });
  await zk.getChildren('/');
  const seconds = (performance.now() - from) / 1000;
  await started;
  await zk.close();
  return seconds;
}

/** Sets, one at a time on each of 16 connections, for as long as another client fills half as many znodes in. */
async function beside({ targets, pids }: Subject, znodes: number): Promise<RunResult> {
  const filled = runScenario('fill', { targets, connections: 1, count: Math.ceil(znodes / 2), keep: true });
  const over = new AbortController();
  void filled.finally(() => over.abort()).catch(() => undefined);
  const runs: RunResult[] = [];
  while (!over.signal.aborted) {
    runs.push(await runScenario('set', { targets, depth: 1, seconds: 4, warmupSeconds: 0.5 }, { pids }));
  }
  await filled;
  // The worst of the spans: a pause in one of them is a pause.
  return runs.reduce((worst, next) => (next.p999Ms > worst.p999Ms ? next : worst));
}

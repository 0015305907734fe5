/**
 * A million znodes: how fast they come, what they weigh, how long a server takes to come back with them, and whether
 * other clients notice. And the opposite: what a server weighs that has nothing to do, and one with idle sessions.
 */
import { connect } from '../../src/client/index.js';
import { runScenario, usageOf, type RunResult } from '../../src/bench/index.js';
import { sleep } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';
import { verdict, type RowResult, type Verdict } from './compare.js';
import type { Goal } from './rows.js';
import { startSubject, type Subject } from './subject.js';

const MIB = 1024 * 1024;
const SETTLE_MS = 5000;
const IDLE_SECONDS = 20;

export interface LargeOptions {
  readonly against: Flavour | undefined;
  readonly znodes: number;
  readonly sessions: number;
  onRow(row: RowResult): void;
  onProgress(text: string): void;
}

/** Measures ours, then the other. */
export async function large(options: LargeOptions): Promise<RowResult[]> {
  const { against } = options;
  const ours = await figures('zabkeeper', options);
  const theirs = against === undefined ? undefined : await figures(against, options);
  const results: RowResult[] = [];
  for (const [title, figure] of ours) {
    const other = theirs?.get(title);
    const verdicts = figure.goals.map((goal): Verdict => {
      const value = figure.of(goal);
      if (goal.of === 'ours') return verdict(goal, value);
      return verdict(goal, other === undefined ? NaN : value / other.of(goal));
    });
    const result = {
      title,
      ours: [figure.result],
      theirs: other === undefined ? [] : [other.result],
      verdicts,
    };
    results.push(result);
    options.onRow(result);
  }
  return results;
}

/** A result and what is wanted of it. */
interface Figure {
  readonly result: RunResult;
  readonly goals: readonly Goal[];
  of(goal: Goal): number;
}

async function figures(flavour: Flavour, options: LargeOptions): Promise<Map<string, Figure>> {
  const { znodes, sessions } = options;
  const onProgress = (text: string): void => options.onProgress(text);
  const all = new Map<string, Figure>();
  const add = (title: string, result: RunResult, value: number, goals: readonly Goal[]): void =>
    void all.set(title, { result, goals, of: () => value });

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
  add('an idle server, memory', idle, empty, [{ figure: 'memory MiB', of: 'ours', atMost: 80 }]);
  add(`${sessions} idle sessions, memory`, idle, (idle.memoryBytes ?? NaN) / MIB, [
    { figure: 'memory MiB', of: 'ours', atMost: 150 },
  ]);
  add(`${sessions} idle sessions, share of a core`, idle, idle.cpuShare ?? NaN, [
    { figure: 'CPU share', of: 'ours', atMost: 0.05 },
  ]);

  const fill = await runScenario(
    'fill',
    { targets, count: znodes, keep: true },
    {
      pids: server.pids,
      onProgress: (share) => onProgress(`${flavour}: fill, ${Math.floor(share * 100)} %`),
    },
  );
  add(`fill ${znodes} x 100 B`, fill, fill.perSecond, [{ figure: 'ops/s', of: 'ratio', atLeast: 2 }]);
  const weight = await settle('memory after the fill');
  add('then: memory of the process', fill, weight, [{ figure: 'memory MiB', of: 'ours', atMost: 600 }]);
  onProgress(`${flavour}: restart`);
  const seconds = await restart(server);
  add('then: restart to first answer', fill, seconds, [{ figure: 'seconds', of: 'ours', atMost: 4 }]);
  const again = await settle('memory after the restart');
  add('then: memory after the restart', fill, again, []);

  onProgress(`${flavour}: set while another client fills`);
  const calm = await beside(server, znodes);
  add('set, 16 connections, depth 1, while another client creates with depth 64: p999', calm, calm.p999Ms, [
    { figure: 'p999 ms', of: 'ours', atMost: 10 },
  ]);
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

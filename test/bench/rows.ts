/** What is compared, and what is wanted of it. */
import type { RunOptions, RunResult, ScenarioName } from '../../src/bench/index.js';

/** A figure of a result, and what it should be: compared with the other server's, or by itself. */
export interface Goal {
  readonly figure:
    'ops/s' | 'CPU/op' | 'time' | 'p50 ms' | 'p999 ms' | 'memory MiB' | 'CPU share' | 'seconds';
  /** Ours divided by the other's, or ours alone. */
  readonly of: 'ratio' | 'ours';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One line of the table. */
export interface Row {
  readonly title: string;
  readonly scenario: ScenarioName;
  readonly options: Omit<RunOptions, 'targets'>;
  readonly goals: readonly Goal[];
}

const faster = (atLeast: number): Goal => ({ figure: 'ops/s', of: 'ratio', atLeast });
const cheaper = (atMost: number): Goal => ({ figure: 'CPU/op', of: 'ratio', atMost });

/** One server. */
export const SINGLE_ROWS: readonly Row[] = [
  row('get', 1, 1, [faster(1.8)]),
  row('get', 16, 1, [faster(1.6), cheaper(0.5)]),
  row('get', 16, 64, [faster(4)]),
  row('set', 1, 1, [faster(1.6)]),
  row('set', 16, 1, [faster(1.6)]),
  row('set', 16, 64, [faster(1.5)]),
  row('create', 16, 64, [faster(3)]),
  row('create-es', 16, 64, []),
  row('mixed', 16, 16, [faster(2)]),
  row('multi', 16, 16, []),
  {
    title: 'ls of 100,000 children, 4 connections, depth 1',
    scenario: 'ls',
    options: { connections: 4, depth: 1, count: 100_000 },
    goals: [faster(2)],
  },
  {
    title: '1000 watchers on one znode, last one notified',
    scenario: 'watch',
    options: {},
    goals: [{ figure: 'time', of: 'ratio', atMost: 0.5 }],
  },
  { title: 'open 10,000 sessions', scenario: 'connect', options: {}, goals: [faster(2)] },
];

/** Three servers and more: connections are spread over all. */
export const ENSEMBLE_ROWS: readonly Row[] = [
  row('set', 15, 1, [faster(1.6)]),
  row('set', 15, 64, [faster(1.5), cheaper(2 / 3)]),
  row('create', 15, 64, [faster(2)]),
  row('get', 15, 64, [faster(3)]),
  row('mixed', 15, 16, [faster(2)]),
  row('set', 1, 1, [{ figure: 'p50 ms', of: 'ours', atMost: 0.6 }]),
];

function row(scenario: ScenarioName, connections: number, depth: number, goals: readonly Goal[]): Row {
  const title = `${scenario}, ${connections} connection${connections === 1 ? '' : 's'}, depth ${depth}`;
  return { title, scenario, options: { connections, depth }, goals };
}

/** The figure of a result that a goal speaks of. */
export function figureOf(goal: Goal, result: RunResult): number {
  switch (goal.figure) {
    case 'ops/s':
      return result.perSecond;
    case 'CPU/op':
      return result.cpuUsPerOperation ?? NaN;
    case 'time':
    case 'p50 ms':
      return result.p50Ms;
    case 'p999 ms':
      return result.p999Ms;
    case 'memory MiB':
      return (result.memoryBytes ?? NaN) / 1024 / 1024;
    case 'CPU share':
      return result.cpuShare ?? NaN;
    case 'seconds':
      return result.seconds;
  }
}

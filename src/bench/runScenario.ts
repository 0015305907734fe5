/** Runs a scenario in a process of its own and looks at the server meanwhile. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, LoadReport } from './messages.js';
import type { LoadOptions, Measurement } from './scenario.js';
import { scenarios, type ScenarioName } from './scenarios.js';
import { usageOf, type Usage } from './usage.js';

const LOAD = fileURLToPath(new URL('./load.js', import.meta.url));

/** What applies unless the caller or the scenario says otherwise. */
export const LOAD_DEFAULTS = {
  connections: 16,
  depth: 64,
  seconds: 5,
  warmupSeconds: 1,
  size: 100,
  count: 1000,
  keep: false,
} as const;

/** Options of a run; what is left out comes from the scenario, then from `LOAD_DEFAULTS`. */
export type RunOptions = Partial<LoadOptions> & Pick<LoadOptions, 'targets'>;

/** How a run is watched. */
export interface RunWatch {
  /** Processes of the server, if they are on this machine: their CPU time and memory are added. */
  readonly pids?: readonly number[];
  /** @param share of the work that is done, 0 to 1 */
  onProgress?(share: number, operations: number): void;
  /** Ends the load, and the run with an error. */
  readonly signal?: AbortSignal;
}

/** What was measured, at the client and at the server. */
export interface RunResult extends Measurement {
  readonly scenario: ScenarioName;
  readonly connections: number;
  readonly depth: number;
  /** CPU time of the server for one operation; undefined without pids. */
  readonly cpuUsPerOperation: number | undefined;
  /** Share of one core that the server used while it was measured. */
  readonly cpuShare: number | undefined;
  /** Resident set of the server at the end of the measured time. */
  readonly memoryBytes: number | undefined;
}

/**
 * Runs a scenario.
 * @throws Error when the load cannot go on: no connection, an error while it is set up
 */
export async function runScenario(
  scenario: ScenarioName,
  options: RunOptions,
  watch: RunWatch = {},
): Promise<RunResult> {
  const full: LoadOptions = { ...LOAD_DEFAULTS, ...scenarios[scenario].defaults, ...options };
  const pids = watch.pids ?? [];
  const child = fork(LOAD, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const abort = (): void => void child.kill('SIGKILL');
  watch.signal?.addEventListener('abort', abort, { once: true });
  let before: Usage | undefined;
  let after: Usage | undefined;
  try {
    const measurement = await new Promise<Measurement>((resolve, reject) => {
      child.on('message', (report: LoadReport) => {
        if (report.kind === 'begin') before = usageOf(pids);
        else if (report.kind === 'end') after = usageOf(pids);
        else if (report.kind === 'progress') watch.onProgress?.(report.share, report.operations);
        else if (report.kind === 'result') resolve(report.measurement);
        else reject(new Error(report.message));
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(new Error(`The load ended before its result (${signal ?? `exit code ${String(code)}`}).`));
      });
      child.send({ scenario, options: full } satisfies LoadOrder);
    });
    const cpuSeconds =
      before === undefined || after === undefined ? undefined : after.cpuSeconds - before.cpuSeconds;
    return {
      ...measurement,
      scenario,
      connections: full.connections,
      depth: full.depth,
      cpuUsPerOperation: cpuSeconds === undefined ? undefined : (cpuSeconds * 1e6) / measurement.operations,
      cpuShare: cpuSeconds === undefined ? undefined : cpuSeconds / measurement.seconds,
      memoryBytes: after?.memoryBytes,
    };
  } finally {
    watch.signal?.removeEventListener('abort', abort);
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

/** Runs `child.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StorageOptions } from '../../../src/storage/index.js';
import type { Command, Report } from './child.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** What a process reported before it ended. */
export interface Outcome {
  readonly reports: readonly Report[];
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** How a process is limited. */
export interface Limits {
  /** From outside, so long after something became durable. */
  killAfterMs?: number;
  /** A write beyond this size of any file fails with an error that is not "no space". */
  fileBlocksMax?: number;
}

/** Starts a process and waits for its end. */
export async function runChild(
  options: StorageOptions,
  commands: readonly Command[],
  { killAfterMs, fileBlocksMax }: Limits = {},
): Promise<Outcome> {
  const limit = fileBlocksMax === undefined ? '' : `ulimit -f ${fileBlocksMax}; `;
  const task = JSON.stringify({ options, commands });
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, CHILD, task], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  let killing = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (killAfterMs === undefined || killing || !/durable|epochs/.test(output)) return;
    killing = true;
    setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  await once(child, 'close');
  const lines = output.split('\n').filter((line) => line.endsWith('}'));
  return {
    reports: lines.map((line) => JSON.parse(line) as Report),
    signal: child.signalCode,
    errors,
  };
}

/** The greatest index reported as `is`. */
export function lastIndex({ reports }: Outcome, is: 'durable' | 'appended'): number {
  return Math.max(0, ...reports.map((report) => (report.is === is ? report.index : 0)));
}

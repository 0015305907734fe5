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

/** @param killAfterMs from outside, if the commands do not do it */
export async function runChild(
  options: StorageOptions,
  commands: readonly Command[],
  killAfterMs?: number,
): Promise<Outcome> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ options, commands })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    output += text;
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

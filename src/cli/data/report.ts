/** Why this file exists: how commands about data print what they found, for people and for programs. */
import type { ServerConfig } from '../../config/index.js';
import { hex } from '../../util/index.js';
import { describeFailure } from '../failure.js';
import { ProgressLine } from './progress.js';

/**
 * Runs the work of a command, with a progress line while it lasts.
 * @returns the exit code; an error is printed in its own words
 */
export async function run(work: (progress: ProgressLine) => Promise<void> | void): Promise<number> {
  const progress = new ProgressLine();
  try {
    await work(progress);
    progress.end();
    return 0;
  } catch (error) {
    progress.end();
    const { message, exitCode, unexpected } = describeFailure(error);
    console.error(unexpected === undefined ? message : (unexpected.stack ?? message));
    return exitCode;
  }
}

/** `1 znode`, `3 znodes`, `1,000,000 znodes` */
export function counted(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? thing : things}`;
}

/** `12.3 MB` */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A time of a txn, ms since 1970. */
export function timeText(ms: bigint | number): string {
  const date = new Date(Number(ms));
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}

/** Lines `name   value`, the values one below the other. */
export function printFacts(facts: readonly (readonly [string, string])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) console.log(`  ${name.padEnd(width)}  ${value}`);
}

/** One line of JSON: 64-bit ids as ZooKeeper prints them, `0x1f`. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? hex(item) : item)));
}

/** What an ensemble needs that begins with the data of one server. */
const NEXT_OF_ENSEMBLE = `This is the history of a new ensemble; servers with older data cannot join it.
Next:
  1. Stop the other servers, and move their version-2 directories away (dataDir and dataLogDir).
  2. Make an empty file "initialize" in dataDir of as many of them as a majority needs besides this server: of three
     servers in one, of five in two.
  3. Start this server, then those with the file. When they follow it, delete the file and start the others.`;

/** What to do when the data directory of a server was made. */
export function nextStep({ ensemble, configFile }: ServerConfig): string {
  if (ensemble !== undefined) return NEXT_OF_ENSEMBLE;
  return `Next: start the server, zabkeeper server ${configFile ?? ''}`.trimEnd();
}

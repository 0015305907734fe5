/**
 * Is this machine good enough for a server? An ensemble is as fast as its disks can sync and as steady as its processes
 * are scheduled, so these two are measured first, the way a server uses them.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { histogram, sleep } from './scenario.js';

/** One thing that was looked at. */
export interface Finding {
  readonly subject: string;
  readonly verdict: 'good' | 'fair' | 'bad';
  /** A full sentence with the figures, and what follows from them. */
  readonly text: string;
}

/** About what a small write batch puts into the log: two pages and their frame headers. */
const WRITE_BYTES = 8 * 1024;
const GOOD_SYNC_P99_MS = 10;
const FAIR_SYNC_P99_MS = 50;
const GOOD_DELAY_MS = 20;
const FAIR_DELAY_MS = 100;
const DELAY_SECONDS = 2;
const GOOD_FREE_BYTES = 2 * 1024 ** 3;
const FAIR_FREE_BYTES = 256 * 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * Measures for some seconds.
 * @param directory where the server's log is or will be; a file is made there and removed
 * @param seconds for the disk
 * @throws the error of the file system when nothing can be written there
 */
export async function checkMachine(directory: string, seconds = 5): Promise<Finding[]> {
  return [syncs(directory, seconds), await delays(), space(directory), memory()];
}

function syncs(directory: string, seconds: number): Finding {
  const own = mkdtempSync(join(directory, 'zabkeeper-check-'));
  try {
    const file = openSync(join(own, 'log'), 'w');
    const times = histogram();
    const page = Buffer.alloc(WRITE_BYTES, 'x');
    const until = performance.now() + seconds * 1000;
    try {
      do {
        const from = performance.now();
        writeSync(file, page);
        fdatasyncSync(file);
        times.record(Math.max(1, Math.round((performance.now() - from) * 1000)));
      } while (performance.now() < until);
    } finally {
      closeSync(file);
    }
    const [p50, p99, max] = [50, 99, 100].map((percentile) => times.percentile(percentile) / 1000);
    const figures = `A synced write takes ${ms(p50)} at the median, ${ms(p99)} at p99, ${ms(max)} at most (${times.count} writes).`;
    return finding('disk', p99 ?? 0, GOOD_SYNC_P99_MS, FAIR_SYNC_P99_MS, figures, [
      'That is good.',
      'Writes of clients wait for that; a disk that is not shared would be better.',
      'Writes of clients wait for that, and a leader may lose its followers: put dataLogDir on another disk.',
    ]);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function delays(): Promise<Finding> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(DELAY_SECONDS * 1000);
  delay.disable();
  const worst = delay.max / 1e6;
  return finding(
    'processor',
    worst,
    GOOD_DELAY_MS,
    FAIR_DELAY_MS,
    `A process that wants to run waited ${ms(worst)} at most in ${DELAY_SECONDS} s.`,
    [
      'That is good.',
      'Something else uses the processors at times; latencies will show it.',
      'The processors are busy with something else: followers will be taken for dead. Give the server cores of its own.',
    ],
  );
}

function space(directory: string): Finding {
  const { bavail, bsize } = statfsSync(directory);
  return room('space', bavail * bsize, 'on the disk', 'Clean up, or put dataLogDir and dataDir elsewhere.');
}

function memory(): Finding {
  return room(
    'memory',
    freemem(),
    'of memory',
    'A server with large data will be killed or swap: both end sessions.',
  );
}

function room(subject: string, free: number, where: string, advice: string): Finding {
  const verdict = free >= GOOD_FREE_BYTES ? 'good' : free >= FAIR_FREE_BYTES ? 'fair' : 'bad';
  const text = `${(free / GIB).toFixed(1)} GiB ${where} are free.`;
  return { subject, verdict, text: verdict === 'good' ? text : `${text} ${advice}` };
}

function finding(
  subject: string,
  value: number,
  good: number,
  fair: number,
  figures: string,
  [whenGood, whenFair, whenBad]: readonly [string, string, string],
): Finding {
  if (value <= good) return { subject, verdict: 'good', text: `${figures} ${whenGood}` };
  if (value <= fair) return { subject, verdict: 'fair', text: `${figures} ${whenFair}` };
  return { subject, verdict: 'bad', text: `${figures} ${whenBad}` };
}

function ms(value = 0): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

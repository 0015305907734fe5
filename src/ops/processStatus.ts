/** Why this file exists: what the operating system knows about this process, as far as it tells without privileges. */
import { readFile, readdir } from 'node:fs/promises';

/** Each -1 where the system has no /proc. */
export interface ProcessStatus {
  readonly openFileDescriptors: number;
  /** The soft limit, at which opening fails; -1 also where there is none. */
  readonly maxFileDescriptors: number;
}

/** Looks at this process as of now. */
export async function processStatus(): Promise<ProcessStatus> {
  const [openFileDescriptors, maxFileDescriptors] = await Promise.all([countOpen(), readLimit()]);
  return { openFileDescriptors, maxFileDescriptors };
}

async function countOpen(): Promise<number> {
  try {
    // One of them is the directory being read.
    return (await readdir('/proc/self/fd')).length - 1;
  } catch {
    return -1;
  }
}

async function readLimit(): Promise<number> {
  try {
    const limit = /^Max open files +(\d+)/m.exec(await readFile('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? -1 : Number(limit);
  } catch {
    return -1;
  }
}

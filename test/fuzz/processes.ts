/** What the system says about a server's process: how much memory and how many descriptors it has. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  readonly rssBytes: number;
  readonly descriptors: number;
}

/** Of a process on Linux that this user may look at. */
export function usageOf(pid: number): Usage {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { rssBytes: 1024 * Number(kib), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

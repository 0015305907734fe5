/** CPU time and memory of processes on this machine, from Linux's /proc. */
import { readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/PID/stat: 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** What processes have used together. */
export interface Usage {
  /** CPU time since they started, user and system. */
  readonly cpuSeconds: number;
  /** Resident set. */
  readonly memoryBytes: number;
}

/**
 * Usage of processes, added up.
 * @returns undefined when one of them is not there or there is no /proc
 */
export function usageOf(pids: readonly number[]): Usage | undefined {
  if (pids.length === 0) return undefined;
  let ticks = 0;
  let memoryBytes = 0;
  try {
    for (const pid of pids) {
      // The name of the command stands in parentheses and may hold anything.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
      const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
      memoryBytes += Number(resident?.[1] ?? 0) * 1024;
    }
  } catch {
    return undefined;
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, memoryBytes };
}

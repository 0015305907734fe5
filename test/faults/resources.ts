/** Descriptors and memory of the servers' processes, looked at when nothing is under way: what grows there leaks. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Ensemble } from '../ensemble/ensemble.js';
import type { ServerId } from '../ensemble/network.js';
import type { Problem } from '../history/history.js';

interface Used {
  readonly pid: number;
  readonly descriptors: number;
  readonly bytes: number;
}

/** Clients move from one server to the other, and all of them may be at one. */
const DESCRIPTORS_MORE_MAX = 150;
/** Caches, the young generation and a log's worth of records: beyond that it is a leak, or will be one. */
const GROWTH_MAX = 2;
const BYTES_MORE_MAX = 400 * 1024 * 1024;
const PAGE_BYTES = 4096;

export class Resources {
  /** Of each server's present process, what it used when it was first looked at. */
  readonly #first = new Map<ServerId, Used>();
  /** The most of any process. */
  descriptorsMax = 0;
  bytesMax = 0;

  look({ members }: Ensemble): Problem[] {
    const problems: Problem[] = [];
    for (const { id, server } of members) {
      const { pid } = server;
      const used = pid === undefined || !server.running ? undefined : usedBy(pid);
      if (used === undefined) continue;
      this.descriptorsMax = Math.max(this.descriptorsMax, used.descriptors);
      this.bytesMax = Math.max(this.bytesMax, used.bytes);
      const first = this.#first.get(id);
      if (first?.pid !== used.pid) this.#first.set(id, used);
      else problems.push(...growth(id, first, used));
    }
    return problems;
  }
}

/** Exported for its test. */
export function growth(id: ServerId, before: Used, now: Used): Problem[] {
  const problems: Problem[] = [];
  if (now.descriptors > before.descriptors + DESCRIPTORS_MORE_MAX)
    problems.push({
      rule: 'descriptors',
      what: `server ${id} has ${now.descriptors}, it had ${before.descriptors}`,
    });
  if (now.bytes > GROWTH_MAX * before.bytes + BYTES_MORE_MAX)
    problems.push({
      rule: 'memory',
      what: `server ${id} takes ${mib(now.bytes)}, it took ${mib(before.bytes)}`,
    });
  return problems;
}

export function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

function usedBy(pid: number): Used | undefined {
  try {
    const [, resident = '0'] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { pid, descriptors, bytes: Number(resident) * PAGE_BYTES };
  } catch {
    return undefined; // it is ending
  }
}

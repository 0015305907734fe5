/**
 * Quotas (protocol.md section 11): which subtree has one, what it allows and what it uses. Limits and usage stand as
 * text in two znodes below /zookeeper/quota, which clients make and the tree keeps up to date.
 */
import { QUOTA, ROOT, isWithin, parentOf } from './path.js';

export const LIMITS_NAME = 'zookeeper_limits';
export const STATS_NAME = 'zookeeper_stats';

/** Numbers of a limits or stats text; -1 means none. */
export interface QuotaNumbers {
  readonly count: number;
  readonly bytes: number;
  readonly countHardLimit: number;
  readonly byteHardLimit: number;
}

export function limitsPath(prefix: string): string {
  return `${QUOTA}${prefix}/${LIMITS_NAME}`;
}

export function statsPath(prefix: string): string {
  return `${QUOTA}${prefix}/${STATS_NAME}`;
}

/** The subtree that `path`, a limits or stats znode, is about; undefined for any other path. */
export function quotaTarget(path: string, name: string): string | undefined {
  if (!path.startsWith(`${QUOTA}/`) || !path.endsWith(`/${name}`)) return undefined;
  const target = path.slice(QUOTA.length, -(name.length + 1));
  return target === '' ? undefined : target;
}

/** What a client wrote beyond this is not looked at: every write below the quota goes through it. */
const TEXT_BYTES_MAX = 1024;

/** Reads `count=1,bytes=2=;byteHardLimit=3;countHardLimit=4` and its shorter forms. Garbage counts as no limit. */
export function parseQuota(data: Buffer | null): QuotaNumbers {
  const numbers = { count: -1, bytes: -1, countHardLimit: -1, byteHardLimit: -1 };
  for (const part of (data?.toString('utf8', 0, TEXT_BYTES_MAX) ?? '').split(/[,;]+/)) {
    const [key = '', value = ''] = part.split('=');
    if (!/^-?\d{1,18}$/.test(value)) continue;
    if (key === 'count' || key === 'bytes' || key === 'countHardLimit' || key === 'byteHardLimit') {
      numbers[key] = Number(value);
    }
  }
  return numbers;
}

/** The text of a stats znode. */
export function formatUsage(count: number, bytes: number): Buffer {
  return Buffer.from(`count=${count},bytes=${bytes}`);
}

/** The subtrees with a limits znode. */
export class QuotaPrefixes {
  readonly #prefixes = new Set<string>();

  add(prefix: string): void {
    this.#prefixes.add(prefix);
  }

  remove(prefix: string): void {
    this.#prefixes.delete(prefix);
  }

  /** The deepest subtree with a quota that contains `path`. Nothing under /zookeeper counts. */
  deepest(path: string): string | undefined {
    if (this.#prefixes.size === 0 || isWithin(path, '/zookeeper')) return undefined;
    for (let at = path; at !== ROOT && at !== ''; at = parentOf(at)) if (this.#prefixes.has(at)) return at;
    return undefined;
  }
}

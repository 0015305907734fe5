/** Holds a write against the quota above it. Compared with confirmed usage, as ZooKeeper does. */
import { KeeperError } from '../../types/index.js';
import { limitsPath, parseQuota, statsPath } from '../quota.js';
import type { PrepareContext } from './context.js';

/**
 * @param count znodes that the write adds
 * @param bytes data that the write adds (negative when it shrinks)
 * @throws KeeperError QUOTAEXCEEDED for a hard limit while enforceQuota is on
 */
export function checkQuota(context: PrepareContext, path: string, count: number, bytes: number): void {
  const prefix = context.tree.quotaPrefix(path);
  if (prefix === undefined) return;
  const limitsNode = context.tree.get(limitsPath(prefix));
  const statsNode = context.tree.get(statsPath(prefix));
  if (limitsNode === undefined || statsNode === undefined) return;
  const limits = parseQuota(limitsNode.data);
  const used = parseQuota(statsNode.data);
  check(context, prefix, 'count', count, used.count + count, limits.count, limits.countHardLimit);
  check(context, prefix, 'bytes', bytes, used.bytes + bytes, limits.bytes, limits.byteHardLimit);
}

function check(
  context: PrepareContext,
  prefix: string,
  what: 'count' | 'bytes',
  delta: number,
  after: number,
  soft: number,
  hard: number,
): void {
  if (delta === 0) return;
  if (hard > -1 && after > hard && context.settings.enforceQuota) {
    context.onQuotaExceeded(prefix, `hard ${what} limit ${hard}`);
    throw new KeeperError('QUOTAEXCEEDED', prefix, `${what} would be ${after}, the hard limit is ${hard}`);
  }
  if (soft > -1 && after > soft) context.onQuotaExceeded(prefix, `${what} limit ${soft}`);
}

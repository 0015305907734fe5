import type { Arguments } from '../arguments.js';
import { usageError, type ShellCommand } from '../command.js';
import { ShellError } from '../errors.js';
import { checkPath } from '../path.js';
import {
  QUOTA_KEYS,
  QUOTA_ROOT,
  checkQuotaPath,
  writeQuota,
  type QuotaData,
  type QuotaKey,
} from '../quota.js';

const INT_MAX = 0x7fffffff;

export const setQuota: ShellCommand = {
  name: 'setquota',
  usage: '-n|-b|-N|-B val path',
  doc: 'Limits a subtree. A soft limit that is exceeded is only logged by the servers; hard ones refuse what would exceed them, if the servers have zookeeper.enforceQuota=true. One limit at a time; the others stay.',
  options: [
    { name: 'n', value: 'val', doc: 'soft: znodes, the path itself included' },
    { name: 'b', value: 'val', doc: 'soft: bytes of data' },
    { name: 'N', value: 'val', doc: 'hard: znodes, the path itself included' },
    { name: 'B', value: 'val', doc: 'hard: bytes of data' },
  ],
  argumentsMin: 1,
  session: true,
  json: '`{ quota, stat }` as listquota prints them',
  async run({ zk }, args) {
    const path = args.at(0);
    const wanted = readLimit(args);
    checkQuotaPath(zk, path);
    if (path.startsWith(QUOTA_ROOT)) {
      throw new ShellError('BADARGUMENTS', `cannot set a quota under the path: ${QUOTA_ROOT}`, { path });
    }
    checkPath(path);
    const { limits, sums } = await writeQuota(zk, path, wanted);
    return { lines: warnings(limits, sums), json: { quota: limits.toJson(), stat: sums.toJson() } };
  },
};

function readLimit(args: Arguments): ReadonlyMap<QuotaKey, bigint> {
  const given = QUOTA_KEYS.filter(([option]) => args.has(option));
  const [first] = given;
  if (first === undefined || given.length > 1) {
    const problem = first === undefined ? 'Missing required option: one of' : 'Only one at a time of';
    throw usageError(setQuota, `${problem} -n, -b, -N and -B`);
  }
  const [option, key] = first;
  const text = args.value(option) ?? '';
  const ofBytes = key === 'bytes' || key === 'byteHardLimit';
  if (!/^[+-]?\d{1,18}$/.test(text) || (!ofBytes && Number(text) > INT_MAX)) {
    throw new ShellError('USAGE', `-${option} takes a whole number, not ${text}`);
  }
  const value = BigInt(text);
  if (ofBytes ? value < 0n : value < 1n) {
    throw new ShellError(
      'USAGE',
      ofBytes
        ? 'the bytes quota must be greater than or equal to zero'
        : 'the num quota must be greater than zero',
    );
  }
  return new Map([[key, value]]);
}

function warnings(limits: QuotaData, sums: QuotaData): string[] {
  const exceeded = (key: QuotaKey, sum: bigint): boolean => limits.get(key) > -1n && limits.get(key) < sum;
  const lines: string[] = [];
  const [count, bytes] = [sums.get('count'), sums.get('bytes')];
  if (exceeded('count', count) || exceeded('countHardLimit', count))
    lines.push(`[Warning]: the count quota you create is less than the existing count:${count}`);
  if (exceeded('bytes', bytes) || exceeded('byteHardLimit', bytes))
    lines.push(`[Warning]: the bytes quota you create is less than the existing bytes:${bytes}`);
  return lines;
}

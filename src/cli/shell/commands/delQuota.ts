import { usageError, type ShellCommand } from '../command.js';
import { clearLimits, deleteQuota, QUOTA_KEYS, checkQuotaPath } from '../quota.js';

export const delQuota: ShellCommand = {
  name: 'delquota',
  usage: '[-n|-b|-N|-B] path',
  doc: 'Takes one limit away, or without an option the whole quota.',
  options: [
    { name: 'n', doc: 'the soft limit on the number of znodes' },
    { name: 'b', doc: 'the soft limit on bytes of data' },
    { name: 'N', doc: 'the hard limit on the number of znodes' },
    { name: 'B', doc: 'the hard limit on bytes of data' },
  ],
  argumentsMin: 1,
  session: true,
  json: '`{ existed }`',
  async run({ zk }, args) {
    const path = args.at(0);
    const given = QUOTA_KEYS.filter(([option]) => args.has(option));
    if (given.length > 1) throw usageError(delQuota, 'Only one at a time of -n, -b, -N and -B');
    checkQuotaPath(zk, path);
    const existed =
      given.length === 0
        ? await deleteQuota(zk, path)
        : await clearLimits(
            zk,
            path,
            given.map(([, key]) => key),
          );
    return { lines: existed ? [] : [`Quota does not exist for ${path}`], json: { existed } };
  },
};

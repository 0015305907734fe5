import type { ShellCommand } from '../command.js';
import { limitsPath, readQuota, checkQuotaPath } from '../quota.js';

export const listQuota: ShellCommand = {
  name: 'listquota',
  usage: 'path',
  doc: 'Prints the limits of a path, and how much there is: count and bytes are soft limits, those with HardLimit are hard if the servers have zookeeper.enforceQuota=true, -1 is none.',
  options: [],
  argumentsMin: 1,
  session: true,
  json: '`{ quota: { count, bytes, countHardLimit, byteHardLimit }, stat: { count, bytes } }`, both null without a quota',
  async run({ zk, note }, args) {
    const path = args.at(0);
    note(`absolute path is ${limitsPath(path)}`);
    checkQuotaPath(zk, path);
    const found = await readQuota(zk, path);
    if (found === undefined) {
      return { notes: [`quota for ${path} does not exist.`], json: { quota: null, stat: null } };
    }
    const { limits, sums } = found;
    return {
      lines: [`Output quota for ${path} ${limits.toString()}`, `Output stat for ${path} ${sums.toString()}`],
      json: { quota: limits.toJson(), stat: sums.toJson() },
    };
  },
};

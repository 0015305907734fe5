import type { ShellCommand } from '../command.js';
import { aclJson, aclLines } from '../format.js';
import { checkPath } from '../path.js';
import { STAT_OPTION, withStat } from './stat.js';

export const getAcl: ShellCommand = {
  name: 'getAcl',
  usage: '[-s] path',
  doc: 'Prints who may do what with a znode: c creates children, d deletes children, r reads, w writes, a sets this list.',
  options: [STAT_OPTION],
  argumentsMin: 1,
  session: true,
  json: '`{ acl: [{ scheme, id, perms }], stat? }`',
  async run({ zk }, args) {
    const path = args.at(0);
    checkPath(path);
    const { acl, stat } = await zk.getAcl(path);
    return withStat(args, stat, aclLines(acl), { acl: aclJson(acl) });
  },
};

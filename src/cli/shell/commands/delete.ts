import type { ShellCommand } from '../command.js';
import { checkPath } from '../path.js';

export const deleteOne: ShellCommand = {
  name: 'delete',
  usage: '[-v version] path',
  doc: 'Deletes a znode, which must have no children.',
  options: [{ name: 'v', value: 'version', doc: 'only if its data has this version' }],
  argumentsMin: 1,
  session: true,
  json: 'null',
  async run({ zk, note }, args) {
    const path = args.at(0);
    // As in Apache's shell the old form is recognised, and its version ignored.
    if (args.operands.length > 1) {
      note("'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.");
    }
    checkPath(path);
    await zk.delete(path, { version: args.int('v') });
    return { json: null };
  },
};

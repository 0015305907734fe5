import type { ShellCommand } from '../command.js';
import { checkPath } from '../path.js';

export const sync: ShellCommand = {
  name: 'sync',
  usage: 'path',
  doc: 'Waits until the server has caught up with the leader: reads behind it see every write that was answered before.',
  options: [],
  argumentsMin: 1,
  session: true,
  json: 'null',
  async run({ zk }, args) {
    const path = args.at(0);
    checkPath(path);
    await zk.sync(path);
    return { lines: ['Sync is OK'], json: null };
  },
};

import type { ShellCommand } from '../command.js';
import { listText } from '../format.js';
import { checkPath } from '../path.js';

export const getEphemerals: ShellCommand = {
  name: 'getEphemerals',
  usage: 'path',
  doc: "Prints the paths of this session's ephemerals, all of them or those that start with a path.",
  options: [],
  argumentsMin: 0,
  session: true,
  json: '`{ paths: [...] }`',
  async run({ zk }, { operands: [prefix = '/'] }) {
    checkPath(prefix);
    const paths = await zk.getEphemerals(prefix);
    return { lines: [listText(paths)], json: { paths } };
  },
};

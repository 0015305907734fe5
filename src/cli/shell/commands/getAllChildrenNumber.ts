import type { ShellCommand } from '../command.js';
import { checkPath } from '../path.js';

export const getAllChildrenNumber: ShellCommand = {
  name: 'getAllChildrenNumber',
  usage: 'path',
  doc: 'Prints how many znodes there are below a path, at any depth.',
  options: [],
  argumentsMin: 1,
  session: true,
  json: '`{ number }`',
  async run({ zk }, args) {
    const path = args.at(0);
    checkPath(path);
    const number = await zk.getAllChildrenNumber(path);
    return { lines: [String(number)], json: { number } };
  },
};

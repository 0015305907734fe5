import type { ShellCommand } from '../command.js';
import { checkPath } from '../path.js';

/** The option of each kind; without one all kinds go. */
const KINDS = [
  ['c', 'children'],
  ['d', 'data'],
  ['a', 'any'],
  ['p', 'persistent'],
  ['r', 'persistentRecursive'],
] as const;

export const removeWatches: ShellCommand = {
  name: 'removewatches',
  usage: 'path [-c|-d|-a|-p|-r] [-l]',
  doc: 'Removes the watches of this session on a path; without an option all of them. -p and -r need servers since 3.9.',
  options: [
    { name: 'c', doc: 'those on the list of children' },
    { name: 'd', doc: 'those on the data' },
    { name: 'a', doc: 'all kinds' },
    { name: 'p', doc: 'persistent ones' },
    { name: 'r', doc: 'persistent recursive ones' },
    { name: 'l', doc: 'without a connection forget them here, instead of waiting for one' },
  ],
  argumentsMin: 1,
  session: true,
  offlineOption: 'l',
  json: 'null',
  async run({ zk }, args) {
    const path = args.at(0);
    checkPath(path);
    const kind = KINDS.find(([option]) => args.has(option))?.[1] ?? 'any';
    await zk.removeWatches(path, kind, { local: args.has('l') });
    return { json: null };
  },
};

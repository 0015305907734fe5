import { usageError, type ShellCommand } from '../command.js';
import { checkPath } from '../path.js';

const MODES = { PERSISTENT: 'persistent', PERSISTENT_RECURSIVE: 'persistentRecursive' } as const;

function isMode(text: string): text is keyof typeof MODES {
  return text in MODES;
}

export const addWatch: ShellCommand = {
  name: 'addWatch',
  usage:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  doc: 'Leaves a watch that stays: its events are printed until it is removed. A recursive one tells of all znodes below as well, a plain one of the znode and its list of children.',
  options: [{ name: 'm', value: 'mode', doc: 'PERSISTENT or PERSISTENT_RECURSIVE' }],
  argumentsMin: 1,
  argumentsMax: 1,
  session: true,
  json: 'null',
  async run({ zk, watches }, args) {
    const path = args.at(0);
    const mode = (args.value('m') ?? 'PERSISTENT_RECURSIVE').toUpperCase();
    if (!isMode(mode)) throw usageError(addWatch);
    checkPath(path);
    await zk.addWatch(path, MODES[mode], watches.persistent);
    return { json: null };
  },
};

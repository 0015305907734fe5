import type { ShellCommand } from '../command.js';
import { ShellError } from '../errors.js';
import { statJson, statLines } from '../format.js';
import { checkPath } from '../path.js';
import { STAT_OPTION } from './stat.js';

export const set: ShellCommand = {
  name: 'set',
  usage: 'path data [-s] [-v version] [-b]',
  doc: "Replaces a znode's data.",
  options: [
    STAT_OPTION,
    { name: 'v', value: 'version', doc: 'only if the data has this version' },
    { name: 'b', doc: 'the data is given in base64' },
  ],
  argumentsMin: 2,
  session: true,
  json: '`{ stat }`',
  async run({ zk }, args) {
    const path = args.at(0);
    const version = args.int('v');
    checkPath(path);
    const stat = await zk.setData(path, args.has('b') ? fromBase64(args.at(1)) : args.at(1), { version });
    return { lines: args.has('s') ? statLines(stat) : [], json: { stat: statJson(stat) } };
  },
};

function fromBase64(text: string): Buffer {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text)) {
    throw new ShellError('USAGE', 'The data is not base64; without -b it is taken as text');
  }
  return Buffer.from(text, 'base64');
}

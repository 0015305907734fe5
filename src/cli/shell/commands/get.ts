import type { ShellCommand } from '../command.js';
import type { Arguments } from '../arguments.js';
import { dataJson, dataText, hexDump } from '../format.js';
import { checkPath } from '../path.js';
import { oldWatchForm, STAT_OPTION, withStat } from './stat.js';

export const get: ShellCommand = {
  name: 'get',
  usage: '[-s] [-w] [-b] [-x] path',
  doc: "Prints a znode's data as UTF-8 text; null for a znode that has none.",
  options: [
    STAT_OPTION,
    { name: 'w', doc: 'leave a watch: the next change of the data is told, once' },
    { name: 'b', doc: 'print the data in base64' },
    { name: 'x', doc: 'print the data as a table of bytes' },
  ],
  argumentsMin: 1,
  session: true,
  json: '`{ data, stat? }`; data that is not UTF-8, and with -b all data, is `dataBase64`',
  async run({ zk, watches, note }, given) {
    const args = oldWatchForm(given, 'get', '[-s] [-w] path', note);
    const path = args.at(0);
    checkPath(path);
    const { data, stat } = await zk.getData(path, { watch: args.has('w') ? watches.data : undefined });
    const json = data !== null && args.has('b') ? { dataBase64: data.toString('base64') } : dataJson(data);
    return withStat(args, stat, dataLines(args, data), json);
  },
};

function dataLines(args: Arguments, data: Buffer | null): string[] {
  // In both forms Apache's shell takes null for the word.
  const bytes = data ?? Buffer.from('null');
  if (args.has('x')) return hexDump(bytes);
  return [args.has('b') ? bytes.toString('base64') : dataText(data)];
}

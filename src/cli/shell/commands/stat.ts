import type { Stat } from '../../../client/index.js';
import type { Arguments } from '../arguments.js';
import type { CommandOption, Json, Reply, ShellCommand } from '../command.js';
import { ShellError } from '../errors.js';
import { statJson, statLines } from '../format.js';
import { checkPath } from '../path.js';

/** The option of all commands that can print a Stat besides their result. */
export const STAT_OPTION: CommandOption = { name: 's', doc: 'print the Stat as well' };

/** A result, with the Stat when -s asks for it. */
export function withStat(
  args: Arguments,
  stat: Stat,
  lines: readonly string[],
  json: { readonly [key: string]: Json | undefined },
): Reply {
  if (!args.has('s')) return { lines, json };
  return { lines: [...lines, ...statLines(stat)], json: { ...json, stat: statJson(stat) } };
}

/** The form of before 3.5, `get path watch`: any second argument means -w. */
export function oldWatchForm(
  args: Arguments,
  name: string,
  form: string,
  note: (text: string) => void,
): Arguments {
  if (args.operands.length < 2) return args;
  note(`'${name} path [watch]' has been deprecated. Please use '${name} ${form}' instead.`);
  return args.with('w', 1);
}

export const stat: ShellCommand = {
  name: 'stat',
  usage: '[-w] path',
  doc: 'Prints the Stat of a znode: the zxids and times of its creation (c), of the last change of its data (m) and of its children (p), its versions, and its owner if it is ephemeral.',
  options: [
    {
      name: 'w',
      doc: 'leave a watch: the next change of the data is told, once, or the creation if it is missing',
    },
  ],
  argumentsMin: 1,
  session: true,
  json: '`{ stat }`',
  async run({ zk, watches, note }, given) {
    const args = oldWatchForm(given, 'stat', '[-w] path', note);
    const path = args.at(0);
    checkPath(path);
    const found = await zk.exists(path, { watch: args.has('w') ? watches.data : undefined });
    if (found === null) throw new ShellError('NONODE', `Node does not exist: ${path}`, { path });
    return { lines: statLines(found), json: { stat: statJson(found) } };
  },
};

import { optionLines, usageError, usageLine, type ShellCommand } from '../command.js';
import { listText, sortNames } from '../format.js';
import { checkPath } from '../path.js';
import { walk } from '../tree.js';
import { oldWatchForm, STAT_OPTION, withStat } from './stat.js';

export const ls: ShellCommand = {
  name: 'ls',
  usage: '[-s] [-w] [-R] path',
  doc: 'Prints the names of the children of a znode in order.',
  options: [
    { name: '?', doc: 'print this usage first' },
    STAT_OPTION,
    { name: 'w', doc: 'leave a watch: the next change of the list is told, once' },
    { name: 'R', doc: 'print the path of each znode of the subtree, one in a line' },
  ],
  argumentsMin: 0,
  session: true,
  json: '`{ children: [...], stat? }`; with -R `{ paths: [...] }`',
  async run({ zk, watches, note }, given) {
    const help = given.has('?') ? [usageLine(ls), ...optionLines(ls)] : [];
    if (given.operands.length === 0) throw usageError(ls);
    const args = oldWatchForm(given, 'ls', '[-w] path', note);
    const path = args.at(0);
    checkPath(path);
    const watch = args.has('w');
    if (args.has('R')) {
      const paths: string[] = [];
      for await (const at of walk(zk, path, watch ? watches : undefined)) paths.push(at);
      return { lines: [...help, ...paths], json: { paths } };
    }
    const { children, stat } = await zk.getChildren(path, { watch: watch ? watches.child : undefined });
    sortNames(children);
    return withStat(args, stat, [...help, listText(children)], { children });
  },
};

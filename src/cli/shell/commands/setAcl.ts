import type { ShellCommand } from '../command.js';
import type { ACL, ZooKeeper } from '../../../client/index.js';
import { errorText, ShellError } from '../errors.js';
import { parseAcl, statJson, statLines } from '../format.js';
import { checkPath } from '../path.js';
import { walk } from '../tree.js';
import { STAT_OPTION } from './stat.js';

export const setAcl: ShellCommand = {
  name: 'setAcl',
  usage: '[-s] [-v version] [-R] path acl',
  doc: 'Sets who may do what with a znode: scheme:id:perms[,...], perms are letters of cdrwa. The scheme auth stands for the identities of this session.',
  options: [
    STAT_OPTION,
    { name: 'v', value: 'version', doc: 'only if the list has this version (aclVersion)' },
    { name: 'R', doc: 'set it for everything below as well' },
  ],
  argumentsMin: 2,
  session: true,
  json: '`{ stat }`; with -R `{ changed }`, how many znodes',
  async run({ zk, note }, args) {
    const path = args.at(0);
    const acl = parseAcl(args.at(1), path, note);
    const version = args.int('v');
    checkPath(path);
    if (args.has('R')) return { json: { changed: await setRecursively(zk, path, acl, version, note) } };
    const stat = await zk.setAcl(path, acl, { version });
    return { lines: args.has('s') ? statLines(stat) : [], json: { stat: statJson(stat) } };
  },
};

/** The paths are found first: the new list may not allow to read on. A znode that is refused does not stop the rest. */
async function setRecursively(
  zk: ZooKeeper,
  root: string,
  acl: readonly ACL[],
  version: number | undefined,
  note: (text: string) => void,
): Promise<number> {
  const paths: string[] = [];
  for await (const path of walk(zk, root)) paths.push(path);
  let changed = 0;
  for (const path of paths) {
    try {
      await zk.setAcl(path, acl, { version });
      changed++;
    } catch (error) {
      note(errorText(error, path));
    }
  }
  if (changed < paths.length) {
    throw new ShellError(
      'FAILED',
      `The ACL of ${paths.length - changed} of ${paths.length} znodes at and below ${root} was not set`,
      {
        path: root,
      },
    );
  }
  return changed;
}

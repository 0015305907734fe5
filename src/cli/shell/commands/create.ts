import type { ShellCommand } from '../command.js';
import { KeeperError, type CreateOptions } from '../../../client/index.js';
import type { Arguments } from '../arguments.js';
import { clientText, ShellError } from '../errors.js';
import { parseAcl } from '../format.js';
import { checkPath, checkSequentialPath } from '../path.js';

/** Largest TTL: 40 bits of ms. */
const TTL_MS_MAX = 0xffffffffff;

/** How the znode is to be, out of the options. */
export function createMode(
  args: Arguments,
): Pick<CreateOptions, 'ephemeral' | 'sequential' | 'container' | 'ttlMs'> {
  const [ephemeral, sequential, container] = [args.has('e'), args.has('s'), args.has('c')];
  if (container && (ephemeral || sequential)) {
    throw new ShellError(
      'USAGE',
      '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
    );
  }
  const ttl = args.value('t');
  if (ttl === undefined) return { ephemeral, sequential, container };
  if (!/^[+-]?\d+$/.test(ttl)) throw new ShellError('USAGE', '-t argument must be a long value');
  if (ephemeral) throw new ShellError('USAGE', 'TTLs cannot be used with Ephemeral znodes');
  if (container) throw new ShellError('USAGE', 'TTLs cannot be used with Container znodes');
  const ttlMs = Number(ttl);
  if (ttlMs < 1 || ttlMs > TTL_MS_MAX) {
    throw new ShellError('USAGE', `ttl must be positive and cannot be larger than: ${TTL_MS_MAX}`);
  }
  return { sequential, ttlMs };
}

export const create: ShellCommand = {
  name: 'create',
  usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  doc: 'Creates a znode. Without data it has null, which is not the same as "", no bytes. An acl is scheme:id:perms[,...], perms are letters of cdrwa; without one the znode is open to all.',
  options: [
    { name: 's', doc: 'sequential: a number is put behind the path' },
    { name: 'e', doc: 'ephemeral: it lives as long as the session' },
    { name: 'c', doc: 'container: it goes some time after its last child' },
    {
      name: 't',
      value: 'ttl',
      doc: 'it goes when it has not been changed for so many ms and has no children',
    },
  ],
  argumentsMin: 1,
  session: true,
  json: '`{ path }`, the path of the new znode',
  async run({ zk, note }, args) {
    const mode = createMode(args);
    const path = args.at(0);
    if (mode.sequential === true) checkSequentialPath(path);
    else checkPath(path);
    const [, data, aclText] = args.operands;
    const acl = aclText === undefined ? undefined : parseAcl(aclText, path, note);
    try {
      const created = await zk.create(path, data, { ...mode, ...(acl === undefined ? {} : { acl }) });
      return { notes: [`Created ${created}`], json: { path: created } };
    } catch (error) {
      if (error instanceof KeeperError && error.code === 'EPHEMERALONLOCALSESSION')
        note('Unable to create ephemeral node on a local session');
      if (error instanceof KeeperError && error.code === 'INVALIDACL') note(clientText(error.code, path));
      throw error;
    }
  },
};

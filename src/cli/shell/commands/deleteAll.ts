import type { ShellCommand } from '../command.js';
import { KeeperError, MultiError } from '../../../client/index.js';
import { ShellError } from '../errors.js';
import { checkPath } from '../path.js';
import { deleteTree } from '../tree.js';

const BATCH_SIZE = 1000;

export const deleteAll: ShellCommand = {
  name: 'deleteall',
  usage: 'path [-b batch size]',
  doc: 'Deletes a znode and everything below it, children first. It is not one step: others see it disappear bit by bit, and when it fails part of it is gone.',
  options: [
    { name: 'b', value: 'batch size', doc: `how many znodes go in one request, ${BATCH_SIZE} by default` },
  ],
  argumentsMin: 1,
  session: true,
  json: '`{ deleted }`, how many znodes',
  async run({ zk, note }, args) {
    const path = args.at(0);
    const batchSize = args.int('b') ?? BATCH_SIZE;
    if (batchSize < 1) throw new ShellError('USAGE', `-b argument must be positive, not ${batchSize}`);
    checkPath(path);
    try {
      return { json: { deleted: await deleteTree(zk, path, batchSize) } };
    } catch (error) {
      const listed = error instanceof KeeperError && !(error instanceof MultiError);
      if (!listed) note('Failed to delete some node(s) in the subtree!');
      throw error;
    }
  },
};

/** How much room the files take, and how much is left. */
import { statSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import type { StorageSizes, StorageSpace } from './api.js';
import { codeOf, StorageError } from './errors.js';
import { withWal, type StorageFiles } from './files.js';

/** See `Storage.sizes`. */
export async function sizesOf({ log, mark }: StorageFiles, treeFile: string): Promise<StorageSizes> {
  return {
    dataDir: await bytesOf(withWal(treeFile)),
    dataLogDir: await bytesOf([...withWal(log), mark]),
  };
}

/**
 * See `Storage.free`.
 * @param inode of the log that is written to, if it is
 * @throws StorageError if the log has gone
 */
export async function freeSpaceOf(files: StorageFiles, inode: number | undefined): Promise<StorageSpace> {
  const log = statSync(files.log, { throwIfNoEntry: false });
  if (inode !== undefined && log?.ino !== inode) {
    throw new StorageError(
      'io',
      `${files.log} was removed or replaced while the server ran: what it acknowledges reaches no file any more. ` +
        'Put the directory back from a backup, or start again with what is there.',
    );
  }
  const [tree, logs] = await Promise.all([statfs(files.dataDir), statfs(files.dataLogDir)]);
  return {
    dataDir: tree.bavail * tree.bsize,
    dataLogDir: logs.bavail * logs.bsize,
    dataDirTotal: tree.blocks * tree.bsize,
    dataLogDirTotal: logs.blocks * logs.bsize,
  };
}

async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (file) => {
      try {
        return (await stat(file)).size;
      } catch (error) {
        // SQLite makes and removes the WAL as it needs it.
        if (codeOf(error) === 'ENOENT') return 0;
        throw error;
      }
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

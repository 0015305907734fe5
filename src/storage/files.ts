/** Names of the files, and what is done with whole files. */
import { accessSync, constants, existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageOptions } from './api.js';
import { syncDirectory } from './directories.js';
import { writeError } from './errors.js';

const TREE_FILE = /^tree-(\d+)\.db$/;
/** SQLite keeps these beside a database; they belong to it under its name only. */
const COMPANIONS = ['', '-wal', '-shm'] as const;

/** Where everything is. */
export interface StorageFiles {
  readonly dataDir: string;
  readonly dataLogDir: string;
  readonly log: string;
  readonly mark: string;
}

/** The files of a server with these options. */
export function filesOf({ dataDir, dataLogDir }: StorageOptions): StorageFiles {
  return { dataDir, dataLogDir, log: join(dataLogDir, 'log.db'), mark: join(dataLogDir, 'mark') };
}

/** The tree of this generation; `log.db` names the one that counts. */
export function treeFile(files: StorageFiles, generation: number): string {
  return join(files.dataDir, `tree-${generation}.db`);
}

/** Generations of all trees in `dataDir`. */
export function treeGenerations(files: StorageFiles): number[] {
  return readdirSync(files.dataDir)
    .map((name) => TREE_FILE.exec(name)?.[1])
    .filter((generation) => generation !== undefined)
    .map(Number);
}

/**
 * Finds out before anything is served whether all files that exist can be written.
 * @throws StorageError naming the first that cannot
 */
export function checkWritable(files: StorageFiles): void {
  const trees = treeGenerations(files).map((generation) => treeFile(files, generation));
  const databases = [files.log, ...trees].flatMap((file) => COMPANIONS.map((companion) => file + companion));
  for (const file of [...databases, files.mark]) {
    if (!existsSync(file)) continue;
    try {
      accessSync(file, constants.W_OK);
    } catch (error) {
      throw writeError(error, file, () => true);
    }
  }
}

/** A database and what belongs to it, for counting bytes. */
export function withWal(file: string): string[] {
  return [file, `${file}-wal`];
}

/**
 * Renames a database with all that belongs to it, so that it stays readable as evidence and can no longer be taken
 * for the real one. No connection may be open.
 * @returns the new name, undefined when there was nothing of that name
 */
export function setAside(directory: string, name: string, time: Date): string | undefined {
  const stamp = time.toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, 'Z');
  let prefix = `damaged-${stamp}-`;
  for (let n = 2; existsSync(join(directory, prefix + name)); n++) prefix = `damaged-${stamp}-${n}-`;
  let moved = false;
  for (const companion of COMPANIONS) {
    const from = join(directory, name + companion);
    if (!existsSync(from)) continue;
    renameSync(from, join(directory, prefix + name + companion));
    moved = true;
  }
  syncDirectory(directory);
  return moved ? join(directory, prefix + name) : undefined;
}

/** Names of the files, and what is done with whole files. */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageOptions } from './api.js';
import { syncDirectory } from './directories.js';

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

/** A database and what belongs to it, for counting bytes. */
export function withWal(file: string): string[] {
  return [file, `${file}-wal`];
}

/**
 * Renames a database with all that belongs to it, so that it stays readable as evidence and can no longer be taken
 * for the real one. No connection may be open.
 * @returns the new name
 */
export function setAside(directory: string, name: string, time: Date): string {
  const stamp = time.toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, 'Z');
  let prefix = `damaged-${stamp}-`;
  for (let n = 2; existsSync(join(directory, prefix + name)); n++) prefix = `damaged-${stamp}-${n}-`;
  for (const companion of COMPANIONS) {
    const from = join(directory, name + companion);
    if (existsSync(from)) renameSync(from, join(directory, prefix + name + companion));
  }
  syncDirectory(directory);
  return join(directory, prefix + name);
}

/** Names of the files, and what is done with whole files. */
import { accessSync, constants, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
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
export function filesOf({
  dataDir,
  dataLogDir,
}: Pick<StorageOptions, 'dataDir' | 'dataLogDir'>): StorageFiles {
  return { dataDir, dataLogDir, log: join(dataLogDir, 'log.db'), mark: join(dataLogDir, 'mark') };
}

/** The tree of this generation; `log.db` names the one that counts. */
export function treeFile(files: Pick<StorageFiles, 'dataDir'>, generation: number): string {
  return join(files.dataDir, `tree-${generation}.db`);
}

/** Where a snapshot is written to before it is the tree. */
export function stageFile(dataDir: string): string {
  return join(dataDir, 'stage.db');
}

/** Gives the finished stage the name of a tree that `log.db` does not name yet: until then it does not count. */
export function placeStage(files: Pick<StorageFiles, 'dataDir'>, generation: number): void {
  const tree = treeFile(files, generation);
  removeDatabase(tree);
  renameSync(stageFile(files.dataDir), tree);
  syncDirectory(files.dataDir);
}

/** The transaction that would have named it failed. */
export function takeBackStage(files: Pick<StorageFiles, 'dataDir'>, generation: number): void {
  try {
    renameSync(treeFile(files, generation), stageFile(files.dataDir));
  } catch {
    // Nobody counts on it: the next start removes it, and the next stage writes a new one.
  }
}

/** Removes what an interrupted installation left: the stage, and all trees but the one that `log.db` names. */
export function removeLeftovers(files: StorageFiles, generation: number): void {
  const others = treeGenerations(files).filter((other) => other !== generation);
  for (const file of [stageFile(files.dataDir), ...others.map((other) => treeFile(files, other))]) {
    removeDatabase(file);
  }
}

/** Removes a database with all that belongs to it. No connection may be open. */
export function removeDatabase(file: string): void {
  for (const companion of COMPANIONS) rmSync(file + companion, { force: true });
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

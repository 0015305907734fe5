/**
 * Makes the directories of a server that begins with a state from elsewhere: a backup, or another program's data. All of
 * it is written beside the place where it will be, brought to the disk and read back; then the directories get their
 * names. Whatever fails before that leaves nothing behind.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Epochs, LogMark } from '../engine/ports.js';
import { createLog, createMark, createTree, type LogIdentity } from './create.js';
import { requireSafeSqlite, sqliteVersion } from './database.js';
import { prepareDirectory, syncDirectory, syncFile } from './directories.js';
import { codeOf, StorageError, writeError } from './errors.js';
import { filesOf, treeFile } from './files.js';
import { fillTree, type StateRows } from './fillTree.js';
import { DirectoryLock, isLockFile } from './lock.js';
import { openStored, type StoredLocation } from './stored.js';

/** Where the data of a server are to be. */
export interface FoundingPlace extends StoredLocation {
  readonly serverId: number;
}

/** What it begins with. */
export interface Founding {
  readonly rows: StateRows;
  readonly epochs: Epochs;
}

/** What happens to data that are there. */
export type Existing = 'refuse' | { readonly setAsideAs: string };

const GENERATION = 1;

/**
 * Locks the place until `release`, so that no server begins on it meanwhile.
 * @throws StorageError when a server runs there, or when data are there that are not to be replaced
 */
export class FoundingSite {
  readonly #place: FoundingPlace;
  readonly #directories: readonly string[];
  readonly #existing: Existing;
  #locks: DirectoryLock[] = [];

  constructor(place: FoundingPlace, existing: Existing) {
    requireSafeSqlite(sqliteVersion());
    this.#place = place;
    this.#existing = existing;
    prepareDirectory(dirname(place.dataDir), 'dataDir', true);
    prepareDirectory(dirname(place.dataLogDir), 'dataLogDir', true);
    // The tree first and the log last: without a log, a start tells that something is missing, and makes nothing new.
    this.#directories = distinct(place.dataDir, place.dataLogDir);
    for (const directory of this.#directories) this.#claim(directory);
  }

  /**
   * Makes the data and puts them in their place.
   * @param progress told what is done, how much of it, and of how much
   */
  found(founding: Founding, progress?: (what: string, done: number) => void): void {
    const { dataDir, dataLogDir, serverId } = this.#place;
    const fresh = { dataDir: freshOf(dataDir), dataLogDir: freshOf(dataLogDir) };
    try {
      for (const directory of distinct(fresh.dataDir, fresh.dataLogDir)) {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory, { mode: 0o700 });
      }
      write(fresh, serverId, founding, (znodes) => progress?.('Writing znodes', znodes));
      verify(fresh, founding.rows.mark, (znodes) => progress?.('Verifying znodes', znodes));
      this.#moveIn();
    } catch (error) {
      for (const directory of distinct(fresh.dataDir, fresh.dataLogDir)) {
        rmSync(directory, { recursive: true, force: true });
      }
      // Without a code it is a mistake of this program, and its stack is worth more than a sentence.
      if (error instanceof StorageError || codeOf(error) === '') throw error;
      throw writeError(error, fresh.dataDir, () => true);
    }
  }

  release(): void {
    for (const lock of this.#locks) lock.release();
    this.#locks = [];
  }

  #claim(directory: string): void {
    if (!existsSync(directory)) return;
    try {
      this.#locks.push(DirectoryLock.take(directory));
      if (this.#existing !== 'refuse') return;
      const found = readdirSync(directory).find((name) => !isLockFile(name));
      if (found === undefined) return;
    } catch (error) {
      this.release();
      throw error;
    }
    this.release();
    throw new StorageError(
      'config',
      `${directory} is not empty. Nothing is put in the place of existing data: name another dataDir, or move ${directory} away first.`,
    );
  }

  /** Gives the directories their names: all of them, or none. */
  #moveIn(): void {
    const undo: (() => void)[] = [];
    const move = (from: string, to: string): void => {
      renameSync(from, to);
      undo.push(() => renameSync(to, from));
    };
    try {
      for (const directory of this.#directories) {
        if (existsSync(directory)) {
          if (this.#existing !== 'refuse') move(directory, `${directory}.${this.#existing.setAsideAs}`);
          // Nothing but a lock is in it.
          else rmSync(directory, { recursive: true });
        }
        move(freshOf(directory), directory);
        syncDirectory(dirname(directory));
      }
    } catch (error) {
      for (const back of undo.reverse()) back();
      throw error;
    }
  }
}

function write(
  { dataDir, dataLogDir }: StoredLocation,
  serverId: number,
  { rows, epochs }: Founding,
  progress: (znodes: number) => void,
): void {
  const files = filesOf({ dataDir, dataLogDir });
  const identity: LogIdentity = {
    serverId,
    dataId: randomBytes(16).toString('hex'),
    // A new ensemble: nobody who knows another continuation of this history may take part in it.
    secret: randomBytes(32),
    epochs,
    logStart: rows.mark,
    generation: GENERATION,
  };
  createTree(files, identity);
  const tree = treeFile(files, GENERATION);
  fillTree(tree, rows, progress);
  syncFile(tree);
  createMark(files, { ...identity, acked: rows.mark, suspect: false });
  createLog(files.log, dataLogDir, identity);
  syncDirectory(dataDir);
  syncDirectory(dataLogDir);
}

function verify(location: StoredLocation, mark: LogMark, progress: (znodes: number) => void): void {
  const stored = openStored(location);
  try {
    stored.readRows({ znodes: () => undefined, session: () => undefined }, progress);
    if (stored.facts.applied.index !== mark.index || stored.facts.tail.index !== mark.index) {
      throw new StorageError(
        'io',
        `${location.dataDir} does not hold what was written to it. Check the disk.`,
      );
    }
  } finally {
    stored.close();
  }
}

function freshOf(directory: string): string {
  return join(dirname(directory), `${basename(directory)}.incomplete`);
}

/** The directories, the second only if it is another one. */
function distinct(first: string, second: string): string[] {
  return same(first, second) ? [first] : [first, second];
}

function same(first: string, second: string): boolean {
  if (basename(first) !== basename(second)) return false;
  return realpathSync(dirname(first)) === realpathSync(dirname(second));
}

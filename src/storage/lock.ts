/**
 * One server per data directory. The lock is SQLite's own, on an empty database: the system drops it when the
 * process dies in whatever way, and it also holds between two storages of one process.
 *
 * Never open `lock.db`, `log.db` or `tree-*.db` of a running server with `node:fs` in its own process: closing such
 * a file drops all POSIX locks that the process has on it, SQLite's too.
 */
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Connection } from './database.js';
import { codeOf, StorageError, textOf } from './errors.js';

const LOCK_FILE = 'lock.db';
/** Beside the lock, because nobody else can read a database that is locked. */
const PID_FILE = 'lock.pid';

/** Whether a file is here for the sake of the lock only. */
export function isLockFile(name: string): boolean {
  return name === LOCK_FILE || name === PID_FILE;
}

/** A directory that belongs to this storage until `release`. */
export class DirectoryLock {
  readonly #directory: string;
  readonly #db: Connection;

  private constructor(directory: string, db: Connection) {
    this.#directory = directory;
    this.#db = db;
  }

  /** @throws StorageError kind `locked` if another storage has it */
  static take(directory: string): DirectoryLock {
    let db: Connection | undefined;
    try {
      const file = join(directory, LOCK_FILE);
      // On a file that it may not write SQLite takes a shared lock and says nothing.
      if (existsSync(file)) accessSync(file, constants.W_OK);
      db = new Database(file, { timeout: 0 });
      db.pragma('journal_mode = MEMORY');
      db.exec('BEGIN EXCLUSIVE');
      tellPid(join(directory, PID_FILE));
      return new DirectoryLock(directory, db);
    } catch (error) {
      db?.close();
      throw explain(error, directory);
    }
  }

  release(): void {
    rmSync(join(this.#directory, PID_FILE), { force: true });
    // The lock file stays: removing it would let two servers lock two different files of that name.
    this.#db.close();
  }
}

/** Whether a server seems to run on a directory. It may have ended at any moment since. */
export function isLocked(directory: string): boolean {
  const file = join(directory, LOCK_FILE);
  if (!existsSync(file)) return false;
  let db: Connection | undefined;
  try {
    db = new Database(file, { timeout: 0, readonly: true });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return codeOf(error).startsWith('SQLITE_BUSY');
  } finally {
    db?.close();
  }
}

function tellPid(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch {
    // A full disk. The number is only for the message that another server gives.
  }
}

function explain(error: unknown, directory: string): StorageError {
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY')) {
    return new StorageError(
      'locked',
      `${directory} is in use by ${owner(directory)}. Stop that server, or give this one its own dataDir and dataLogDir.`,
      { cause: error },
    );
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new StorageError('full', `${directory}: no space left on the device. Free some space.`, {
      cause: error,
    });
  }
  return new StorageError(
    'config',
    `${directory} cannot be used: ${join(directory, LOCK_FILE)} could not be locked (${textOf(error)}). Check owner and permissions.`,
    { cause: error },
  );
}

function owner(directory: string): string {
  let pid = '';
  try {
    pid = readFileSync(join(directory, PID_FILE), 'utf8').trim();
  } catch {
    // The owner is between taking the lock and writing its number.
  }
  if (pid === '') return 'another server';
  return pid === String(process.pid) ? `this process already (pid ${pid})` : `another server (pid ${pid})`;
}

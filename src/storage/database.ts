/**
 * Connections to the databases, with the settings that durability depends on: each is set explicitly and, where
 * SQLite could ignore it, read back. See zab.md 7.2 for the reasons.
 */
import Database from 'better-sqlite3';
import { StorageError } from './errors.js';

/** A connection; each thread has its own. */
export type Connection = Database.Database;

/** When SQLite calls fsync: at every commit, at checkpoints only, never. */
export type Synchronous = 'FULL' | 'NORMAL' | 'OFF';

const SYNCHRONOUS: Readonly<Record<Synchronous, number>> = { OFF: 0, NORMAL: 1, FULL: 2 };

/** Older releases can lose commits when a WAL is reset by one connection while another one checkpoints. */
const SQLITE_VERSION_MIN = [3, 51, 3] as const;

/** How long a statement waits for somebody else's lock, for instance an operator's `sqlite3`. */
const BUSY_TIMEOUT_MS = 5000;

/** @throws StorageError if the SQLite in this process has a known way to lose data */
export function requireSafeSqlite(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor, leastPatch] = SQLITE_VERSION_MIN;
  const behind = major - leastMajor || minor - leastMinor || patch - leastPatch;
  if (behind < 0) {
    throw new StorageError(
      'config',
      `SQLite ${version} can lose committed data; ${SQLITE_VERSION_MIN.join('.')} or later is needed. Install better-sqlite3 as package.json asks for it.`,
    );
  }
}

/** The version of the SQLite in this process. */
export function sqliteVersion(): string {
  const memory = new Database(':memory:');
  try {
    return memory.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? 'unknown';
  } finally {
    memory.close();
  }
}

/** Opens for reading. Never changes the database or its WAL, not even when it is closed as the last connection. */
export function openForReading(file: string): Connection {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  setCommon(db);
  return db;
}

/** Opens for writing and makes the file if need be. */
export function openForWriting(file: string, synchronous: Synchronous): Connection {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    setCommon(db);
    db.pragma('page_size = 4096');
    const mode = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') {
      throw new StorageError('config', `${file}: this file system cannot do what SQLite's WAL mode needs.`);
    }
    db.pragma(`synchronous = ${synchronous}`);
    // better-sqlite3 is compiled with NORMAL for WAL, which does not fsync at commit: believe nothing.
    if (db.pragma('synchronous', { simple: true }) !== SYNCHRONOUS[synchronous]) {
      throw new StorageError('config', `${file}: SQLite does not accept synchronous=${synchronous}.`);
    }
    // Checkpoints are ours: they must not happen inside of a commit.
    db.pragma('wal_autocheckpoint = 0');
    db.pragma('fullfsync = ON');
    db.pragma('checkpoint_fullfsync = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function setCommon(db: Connection): void {
  db.pragma('trusted_schema = OFF');
  db.pragma('foreign_keys = OFF');
  db.pragma('cell_size_check = ON');
  // With a memory map a read error would kill the process instead of throwing.
  db.pragma('mmap_size = 0');
}

/** The state of a WAL, in pages of 4096 bytes. */
export interface WalState {
  /** Pages in the WAL, and how many of them are in the database file. */
  readonly pages: number;
  readonly moved: number;
  /** False: another connection was in the way. */
  readonly done: boolean;
}

export const WAL_PAGE_BYTES = 4096 + 24;

/**
 * PASSIVE moves what it can without making anybody wait, TRUNCATE also empties the file but needs a moment alone,
 * NOOP only looks. None waits for others.
 */
export function checkpoint(db: Connection, mode: 'PASSIVE' | 'TRUNCATE' | 'NOOP'): WalState {
  if (mode === 'TRUNCATE') db.pragma('busy_timeout = 0');
  try {
    const row = db
      .prepare<[], { busy: number; log: number; checkpointed: number }>(`PRAGMA wal_checkpoint(${mode})`)
      .get();
    if (row === undefined || row.log < 0) return { pages: 0, moved: 0, done: true };
    return {
      pages: row.log,
      moved: row.checkpointed,
      done: row.busy === 0 && row.log === row.checkpointed,
    };
  } finally {
    if (mode === 'TRUNCATE') db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}

interface Brackets {
  readonly begin: Database.Statement<[]>;
  readonly commit: Database.Statement<[]>;
  readonly rollback: Database.Statement<[]>;
}

/** Prepared once per connection: what better-sqlite3's own `transaction` prepares per function costs 7 us a commit. */
const brackets = new WeakMap<Connection, Brackets>();

function bracketsOf(db: Connection): Brackets {
  let found = brackets.get(db);
  if (found === undefined) {
    found = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
    };
    brackets.set(db, found);
  }
  return found;
}

/** Runs `body` in one transaction, not within another one; if it throws, nothing of it happened. */
export function transaction<T>(db: Connection, body: () => T): T {
  const { begin, commit, rollback } = bracketsOf(db);
  begin.run();
  try {
    const result = body();
    commit.run();
    return result;
  } catch (error) {
    // Some errors, as of a full disk, have ended it already.
    if (db.inTransaction) rollback.run();
    throw error;
  }
}

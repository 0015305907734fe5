/**
 * What is in the databases. The files may outlive this release and be met by an older one, so each says what it is
 * (`application_id`) and in which version (`user_version`); versions only go up, one transaction per step.
 */
import Database from 'better-sqlite3';
import { StorageError } from './errors.js';
import { transaction, type Connection } from './database.js';

/** Takes a database from one version to the next. */
export type Migration = (db: Connection) => void;

/** One kind of database. Its version is the number of its migrations; the first one makes everything. */
export interface Schema {
  readonly name: 'log' | 'tree' | 'backup';
  readonly applicationId: number;
  readonly migrations: readonly Migration[];
}

/** `log.db`: all that a commit waits for. */
export const LOG_SCHEMA: Schema = {
  name: 'log',
  applicationId: 0x5a424b4c, // "ZBKL"
  migrations: [
    (db: Connection): void => {
      db.exec(`
        CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE log (
          idx INTEGER PRIMARY KEY,
          zxid INTEGER NOT NULL,
          type INTEGER NOT NULL,
          chain INTEGER NOT NULL,
          crc INTEGER NOT NULL,
          payload BLOB NOT NULL
        );`);
    },
  ],
};

/**
 * `tree-<generation>.db`: the znodes as an operator can query them. Rows have a rowid although `path` is the key:
 * without one, rows of 1 KiB take a page each (measured: 2.3 GB for 0.7, and a fifth of the speed).
 */
export const TREE_SCHEMA: Schema = {
  name: 'tree',
  applicationId: 0x5a424b54, // "ZBKT"
  migrations: [
    (db: Connection): void => {
      db.exec(`
        CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE znodes (
          path TEXT PRIMARY KEY NOT NULL,
          data BLOB,
          acl TEXT,
          czxid INTEGER NOT NULL,
          mzxid INTEGER NOT NULL,
          ctime INTEGER NOT NULL,
          mtime INTEGER NOT NULL,
          version INTEGER NOT NULL,
          cversion INTEGER NOT NULL,
          aversion INTEGER NOT NULL,
          ephemeralOwner INTEGER NOT NULL,
          pzxid INTEGER NOT NULL,
          crc INTEGER NOT NULL
        );
        CREATE TABLE sessions (
          sessionId INTEGER PRIMARY KEY,
          timeOut INTEGER NOT NULL,
          crc INTEGER NOT NULL
        );`);
    },
  ],
};

/** A backup: the tables of a tree, and those records of the log that follow it. */
export const BACKUP_SCHEMA: Schema = {
  name: 'backup',
  applicationId: 0x5a424b42, // "ZBKB"
  migrations: [
    (db: Connection): void => {
      for (const migration of TREE_SCHEMA.migrations) migration(db);
      db.exec(`
        CREATE TABLE log (
          idx INTEGER PRIMARY KEY,
          zxid INTEGER NOT NULL,
          type INTEGER NOT NULL,
          chain INTEGER NOT NULL,
          crc INTEGER NOT NULL,
          payload BLOB NOT NULL
        );`);
    },
  ],
};

/** Makes all tables in an empty database, together with what `fill` writes into them: all or nothing. */
export function createSchema(db: Connection, schema: Schema, fill: () => void): void {
  transaction(db, () => {
    for (const migration of schema.migrations) migration(db);
    db.pragma(`application_id = ${schema.applicationId}`);
    db.pragma(`user_version = ${schema.migrations.length}`);
    fill();
  });
}

/**
 * Looks at a database without changing it.
 * @returns `empty` for a file that never got its tables, `old` for one that `migrate` has to bring up to date
 * @throws StorageError for somebody else's file, or a later release's
 */
export function inspectSchema(db: Connection, schema: Schema, file: string): 'empty' | 'old' | 'current' {
  const applicationId = db.pragma('application_id', { simple: true });
  const version = db.pragma('user_version', { simple: true });
  const tables = db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (applicationId === 0 && version === 0 && tables === 0) return 'empty';
  if (applicationId !== schema.applicationId || typeof version !== 'number' || version < 1) {
    throw new StorageError(
      'config',
      `${file} is not a ${schema.name} database of this program. Move it away, or correct the directory.`,
    );
  }
  if (version > schema.migrations.length) {
    throw new StorageError(
      'newer',
      `${file} was written by a later release (schema ${version}; this one knows ${schema.migrations.length}). Start that release, or restore a backup made with this one.`,
    );
  }
  if (version < schema.migrations.length) return 'old';
  requireTables(db, schema, file);
  return 'current';
}

/**
 * A flipped bit in the text of a table gives a column another name or type, and every query another meaning. More
 * than the expected tables may be there: an operator's index does no harm.
 */
function requireTables(db: Connection, schema: Schema, file: string): void {
  const there = new Set(definitions(db));
  const expected = new Database(':memory:');
  try {
    for (const migration of schema.migrations) migration(expected);
    if (definitions(expected).every((definition) => there.has(definition))) return;
  } finally {
    expected.close();
  }
  throw new StorageError('corrupt', `${file}: the definitions of its tables are damaged or were changed.`);
}

function definitions(db: Connection): string[] {
  return db
    .prepare<[], string>(`SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema`)
    .pluck()
    .all();
}

/** Brings an old database up to date. A crash in between leaves the version that was reached. */
export function migrate(db: Connection, schema: Schema): void {
  for (;;) {
    const version = db.pragma('user_version', { simple: true });
    const migration = typeof version === 'number' ? schema.migrations[version] : undefined;
    if (typeof version !== 'number' || migration === undefined) return;
    transaction(db, () => {
      migration(db);
      db.pragma(`user_version = ${version + 1}`);
    });
  }
}

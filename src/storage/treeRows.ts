/**
 * Rows of `tree.db`: between columns and typed records, and how damage shows. SQLite itself does not notice a
 * flipped bit inside of a row.
 */
import { crc32 } from 'node:zlib';
import type { Statement } from 'better-sqlite3';
import { Writer, writeSessionRow, writeZnodeRow, type SessionRow, type ZnodeRow } from '../codec/index.js';
import { LOG_START } from '../engine/ports.js';
import type { Connection } from './database.js';
import { markValues, type Meta } from './meta.js';

/** The znodes' checksum is over their jute bytes: whatever a column turns into, it shows. */
const scratch = new Writer(4096);

/** The checksum that a row of `znodes` must have. */
export function znodeCrc(row: ZnodeRow): number {
  scratch.reset();
  writeZnodeRow(scratch, row);
  return crc32(scratch.bytes());
}

/** The checksum that a row of `sessions` must have. */
export function sessionCrc(row: SessionRow): number {
  scratch.reset();
  writeSessionRow(scratch, row);
  return crc32(scratch.bytes());
}

/**
 * A digest over all rows, kept up to date with each change: their number and the sum of their checksums. A row that
 * is lost, or comes from another time, changes it; checks of single rows cannot see that.
 */
export class TreeDigest {
  rows: number;
  sum: number;

  constructor(rows: number, sum: number) {
    this.rows = rows;
    this.sum = sum;
  }

  add(crc: number): void {
    this.rows += 1;
    this.sum = (this.sum + crc) % DIGEST_MODULUS;
  }

  /** Adds as many rows, whose checksums have this sum. */
  addAll(rows: number, sum: number): void {
    this.rows += rows;
    this.sum = (this.sum + sum) % DIGEST_MODULUS;
  }

  remove(crc: number): void {
    this.rows -= 1;
    this.sum = (this.sum + DIGEST_MODULUS - crc) % DIGEST_MODULUS;
  }

  equals(other: TreeDigest): boolean {
    return this.rows === other.rows && this.sum === other.sum;
  }
}

const DIGEST_MODULUS = 2 ** 48;

/** Reads what `meta` of `tree.db` says about all rows. */
export function readDigest(meta: Meta): TreeDigest {
  return new TreeDigest(meta.number('rows'), meta.number('digest'));
}

/** A digest as `meta` keeps it. */
export function digestValues(digest: TreeDigest): Record<string, bigint> {
  return { rows: BigInt(digest.rows), digest: BigInt(digest.sum) };
}

/** What `meta` of a new, empty tree says, besides whose it is. */
export function emptyTreeValues(): Record<string, bigint> {
  return { ...markValues('applied', LOG_START), ...digestValues(new TreeDigest(0, 0)) };
}

type ZnodeValues = [
  data: Buffer | null,
  acl: string | null,
  czxid: bigint,
  mzxid: bigint,
  ctime: bigint,
  mtime: bigint,
  version: number,
  cversion: number,
  aversion: number,
  ephemeralOwner: bigint,
  pzxid: bigint,
];

/** The columns between `path` and `crc`. */
const COLUMNS = 'data, acl, czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid';

/** All columns, with `path` and `crc`. */
export const ZNODE_COLUMNS = COLUMNS.split(', ').length + 2;

/** Fewer calls into SQLite for rows that come together. */
export const ROWS_PER_INSERT = 8;

/** A row's values of these columns. */
export function znodeValues({ data, acl, stat }: ZnodeRow): ZnodeValues {
  return [
    data,
    acl,
    stat.czxid,
    stat.mzxid,
    stat.ctime,
    stat.mtime,
    stat.version,
    stat.cversion,
    stat.aversion,
    stat.ephemeralOwner,
    stat.pzxid,
  ];
}

/** What the tree worker says to its database. */
export interface TreeStatements {
  readonly oldZnode: Statement<[string], [rowid: number, crc: number]>;
  readonly insertZnode: Statement;
  /** As many rows as `ROWS_PER_INSERT`, one behind the other; all or, if a path is there already, none. */
  readonly insertZnodes: Statement;
  readonly updateZnode: Statement;
  readonly deleteZnode: Statement<[number]>;
  readonly oldSession: Statement<[bigint], number>;
  readonly putSession: Statement<[bigint, number, number]>;
  readonly deleteSession: Statement<[bigint]>;
}

/** Prepares the statements of the tree worker. */
export function prepareTree(db: Connection): TreeStatements {
  const names = COLUMNS.split(', ');
  const assignments = names.map((name) => `${name} = ?`).join(', ');
  const row = `(${new Array<string>(ZNODE_COLUMNS).fill('?').join(', ')})`;
  const insert = `INSERT INTO znodes (path, ${COLUMNS}, crc) VALUES`;
  return {
    oldZnode: db
      .prepare<[string], [rowid: number, crc: number]>('SELECT rowid, crc FROM znodes WHERE path = ?')
      .raw(),
    insertZnode: db.prepare(`${insert} ${row}`),
    insertZnodes: db.prepare(`${insert} ${new Array<string>(ROWS_PER_INSERT).fill(row).join(', ')}`),
    updateZnode: db.prepare(`UPDATE znodes SET ${assignments}, crc = ? WHERE rowid = ?`),
    deleteZnode: db.prepare('DELETE FROM znodes WHERE rowid = ?'),
    oldSession: db.prepare<[bigint], number>('SELECT crc FROM sessions WHERE sessionId = ?').pluck(),
    putSession: db.prepare('INSERT OR REPLACE INTO sessions (sessionId, timeOut, crc) VALUES (?, ?, ?)'),
    deleteSession: db.prepare('DELETE FROM sessions WHERE sessionId = ?'),
  };
}

/**
 * All znodes, parents before their children: SQLite gives a new row a rowid above all others, and a parent is there
 * before its child.
 * @returns rows as `znodeOf` takes them
 */
export function selectZnodes(db: Connection): IterableIterator<unknown[]> {
  return db
    .prepare<[], unknown[]>(`SELECT path, ${COLUMNS}, crc FROM znodes ORDER BY rowid`)
    .raw()
    .safeIntegers()
    .iterate();
}

/** All sessions, as `sessionOf` takes them. */
export function selectSessions(db: Connection): IterableIterator<unknown[]> {
  return db
    .prepare<[], unknown[]>('SELECT sessionId, timeOut, crc FROM sessions ORDER BY sessionId')
    .raw()
    .safeIntegers()
    .iterate();
}

/** @returns undefined if this is not what was written */
export function znodeOf(columns: readonly unknown[], digest: TreeDigest): ZnodeRow | undefined {
  const [
    path,
    data,
    acl,
    czxid,
    mzxid,
    ctime,
    mtime,
    version,
    cversion,
    aversion,
    ephemeralOwner,
    pzxid,
    crc,
  ] = columns;
  if (
    typeof path !== 'string' ||
    !(data === null || Buffer.isBuffer(data)) ||
    !(acl === null || typeof acl === 'string') ||
    typeof czxid !== 'bigint' ||
    typeof mzxid !== 'bigint' ||
    typeof ctime !== 'bigint' ||
    typeof mtime !== 'bigint' ||
    typeof version !== 'bigint' ||
    typeof cversion !== 'bigint' ||
    typeof aversion !== 'bigint' ||
    typeof ephemeralOwner !== 'bigint' ||
    typeof pzxid !== 'bigint'
  ) {
    return undefined;
  }
  const row: ZnodeRow = {
    path,
    data,
    acl,
    stat: {
      czxid,
      mzxid,
      ctime,
      mtime,
      version: Number(version),
      cversion: Number(cversion),
      aversion: Number(aversion),
      ephemeralOwner,
      pzxid,
    },
  };
  const expected = znodeCrc(row);
  digest.add(expected);
  return crc === BigInt(expected) ? row : undefined;
}

/** @returns undefined if this is not what was written */
export function sessionOf(columns: readonly unknown[], digest: TreeDigest): SessionRow | undefined {
  const [sessionId, timeOut, crc] = columns;
  if (typeof sessionId !== 'bigint' || typeof timeOut !== 'bigint') return undefined;
  const row: SessionRow = { sessionId, timeOut: Number(timeOut) };
  const expected = sessionCrc(row);
  digest.add(expected);
  return crc === BigInt(expected) ? row : undefined;
}

/**
 * What is read back from a disk: rows of the databases, the mark, and the pieces of a snapshot. SQLite does not notice a
 * damaged value, so every value here may be of any type; what is taken must be what was written.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database, { type Statement } from 'better-sqlite3';
import { Writer, writeZnodeRow, type ZnodeRow } from '../../../src/codec/index.js';
import { LOG_START } from '../../../src/engine/ports.js';
import type { Connection } from '../../../src/storage/database.js';
import { StorageError } from '../../../src/storage/errors.js';
import { recordsOf } from '../../../src/storage/batch.js';
import { scanSome } from '../../../src/storage/logReader.js';
import { MarkFile, readMark } from '../../../src/storage/mark.js';
import { Meta } from '../../../src/storage/meta.js';
import { ChunkChecker, ChunkWriter } from '../../../src/storage/snapshotChunk.js';
import { sessionOf, TreeDigest, znodeCrc, znodeOf, znodeValues } from '../../../src/storage/treeRows.js';
import { RowDamage, ZnodeChunks } from '../../../src/storage/znodeChunks.js';
import { makeZxid, zxidOf } from '../../../src/types/index.js';
import { Random } from '../../helpers/random.js';
import { Violation, type Target } from '../target.js';
import { logRecords } from './peers.js';

const never = (): boolean => false;

type Value = bigint | number | string | Buffer | null;

/**
 * Inputs for tables are changes to rows: which row, which column, a type and eight bytes or so of value.
 */
const CHANGE_BYTES = 12;

interface Change {
  readonly row: number;
  readonly column: number;
  readonly kind: 'set' | 'negate' | 'delete';
  readonly value: Value;
}

function* changesIn(input: Buffer): Generator<Change> {
  for (let at = 0; at + CHANGE_BYTES <= input.byteLength && at < 8 * CHANGE_BYTES; at += CHANGE_BYTES) {
    const [row = 0, column = 0, type = 0] = input.subarray(at, at + 3);
    const kind = KINDS[type % 9] ?? 'set';
    yield { row, column, kind, value: valueOf(type, input.subarray(at + 3, at + CHANGE_BYTES)) };
  }
}

const KINDS: readonly Change['kind'][] = ['negate', 'delete'];

function valueOf(type: number, bytes: Buffer): Value {
  switch (type % 9) {
    case 2:
      return null;
    case 3:
      return bytes.readBigInt64BE(0);
    case 4:
      return BigInt(bytes.readInt8(0));
    case 5:
      return bytes.readDoubleBE(0);
    case 6:
      return bytes.toString('latin1', 1, 1 + ((bytes[0] ?? 0) % 8));
    case 7:
      return String(bytes.readInt16BE(0));
    default:
      return Buffer.from(bytes.subarray(1, 1 + ((bytes[0] ?? 0) % 8)));
  }
}

function changes(random: Random): Buffer {
  return random.bytes(CHANGE_BYTES * random.int(4));
}

/** Has each statement prepared once: that takes SQLite longer than to run it on a few rows. */
function preparingOnce(db: Connection): Connection {
  const prepared = new Map<string, Statement>();
  const prepare = db.prepare.bind(db);
  return Object.assign(db, {
    prepare: (sql: string): Statement => {
      let statement = prepared.get(sql);
      if (statement === undefined) prepared.set(sql, (statement = prepare(sql)));
      return statement;
    },
  });
}

/** A table in memory without the constraints that damage does not keep, changed for one input and put back. */
class Table {
  readonly #db = preparingOnce(new Database(':memory:'));
  readonly #columns: readonly string[];
  readonly #table: string;
  readonly #rows: number;
  readonly #dumping: Statement<[], string>;
  readonly #original: string | undefined;

  constructor(table: string, columns: readonly string[], rows: readonly (readonly Value[])[], key = '') {
    this.#table = table;
    this.#columns = columns;
    this.#rows = rows.length;
    this.#db.exec(
      `CREATE TABLE ${table} (${columns.map((c) => (c === key ? `${c} INTEGER PRIMARY KEY` : c)).join(', ')})`,
    );
    const insert = this.#db.prepare<Value[]>(
      `INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const row of rows) insert.run(...row);
    const quoted = columns.map((column) => `quote(${column})`).join(` || ',' || `);
    this.#dumping = this.#db
      .prepare<[], string>(`SELECT group_concat(${quoted}, ';' ORDER BY rowid) FROM ${table}`)
      .pluck();
    this.#original = this.#dumping.get();
  }

  /** Runs `read` on the table with the changes of `input`, then takes them back. */
  with<T>(input: Buffer, read: (db: Connection, changed: boolean) => T): T {
    this.#db.prepare('BEGIN').run();
    try {
      for (const change of changesIn(input)) this.#apply(change);
      return read(this.#db, this.#dumping.get() !== this.#original);
    } finally {
      this.#db.prepare('ROLLBACK').run();
    }
  }

  #apply({ row, column, kind, value }: Change): void {
    const name = this.#columns[column % this.#columns.length] ?? '';
    const rowid = 1 + (row % this.#rows);
    try {
      if (kind === 'delete') this.#db.prepare(`DELETE FROM ${this.#table} WHERE rowid = ?`).run(rowid);
      else if (kind === 'negate')
        this.#db.prepare(`UPDATE ${this.#table} SET ${name} = -${name} WHERE rowid = ?`).run(rowid);
      else this.#db.prepare(`UPDATE ${this.#table} SET ${name} = ? WHERE rowid = ?`).run(value, rowid);
    } catch {
      // A row cannot be where another one is, nor have a rowid that is no number.
    }
  }
}

const LOG_RECORDS = 6;

function logRowsTarget(): Target {
  const bytes = logRecords(new Random(1), LOG_START, LOG_RECORDS);
  const originals = [...recordsOf(bytes)];
  const table = new Table(
    'log',
    ['idx', 'zxid', 'type', 'chain', 'crc', 'payload'],
    originals.map(({ index, zxid, type, chain, payload }) => [
      index,
      zxid,
      BigInt(type),
      chain,
      BigInt(crc32(payload)),
      payload,
    ]),
    'idx',
  );
  return {
    name: 'logRows',
    doc: 'rows of log.db with changed values of any type',
    generate: changes,
    run: (input) =>
      table.with(input, (db, changed) => {
        let count = 0;
        const { last, damage } = scanSome(db, LOG_START, 1 << 20, (record) => {
          const original = originals[count++];
          if (original === undefined || record.index !== original.index || record.chain !== original.chain)
            throw new Violation('a record was read that was never written');
          if (
            record.zxid !== original.zxid ||
            record.type !== original.type ||
            !record.payload.equals(original.payload)
          )
            throw new Violation(`record ${record.index} is another one`);
        });
        if (last.index !== count) throw new Violation('the end is not behind the last record');
        // That the log is shorter at its end is what the mark tells.
        const shortened = changed && count < LOG_RECORDS;
        if (changed !== (damage !== undefined) && !shortened)
          throw new Violation(`damage: ${String(damage)}`);
        return { count, kind: damage?.replace(/^.*\), /, '').slice(0, 20) };
      }),
    refuses: never,
  };
}

function exampleRow(index: number): ZnodeRow {
  const zxid = makeZxid(1, index);
  return {
    path: `/n${index}${'é'.repeat(index % 3)}`,
    data: index % 4 === 0 ? null : Buffer.alloc(index % 5, index),
    acl: index % 3 === 0 ? '[{"perms":31}]' : null,
    stat: {
      czxid: zxid,
      mzxid: zxid,
      ctime: 1_700_000_000_000n,
      mtime: -1n,
      version: index,
      cversion: -index,
      aversion: -1,
      ephemeralOwner: index % 2 === 0 ? 0n : -(2n ** 63n),
      pzxid: 2n ** 62n,
    },
  };
}

const ZNODES = 6;
const ZNODE_COLUMNS = [
  'path',
  'data',
  'acl',
  'czxid',
  'mzxid',
  'ctime',
  'mtime',
  'version',
  'cversion',
  'aversion',
  'ephemeralOwner',
  'pzxid',
  'crc',
];

function znodeRowsTarget(): Target {
  const rows = Array.from({ length: ZNODES }, (_, i) => exampleRow(i + 1));
  const whole = new TreeDigest(0, 0);
  const writer = new Writer();
  for (const row of rows) {
    whole.add(znodeCrc(row));
    writeZnodeRow(writer, row);
  }
  const original = writer.take();
  const table = new Table(
    'znodes',
    ZNODE_COLUMNS,
    rows.map((row) => [
      row.path,
      ...znodeValues(row).map((value) => (typeof value === 'number' ? BigInt(value) : value)),
      BigInt(znodeCrc(row)),
    ]),
  );
  return {
    name: 'znodeRows',
    doc: 'rows of table znodes with changed values of any type, read in chunks and one by one',
    generate: changes,
    run: (input) =>
      table.with(input, (db, changed) => {
        const bytes = chunked(db, whole);
        const isIntact = bytes !== undefined;
        if (isIntact && !bytes.equals(original))
          throw new Violation('other rows were read than were written');
        // A number as text is damage to one of them, and the number to the other.
        if (single(db, whole) && !isIntact) throw new Violation('what is intact row by row is not in chunks');
        if (!changed && !isIntact) throw new Violation('damage was found where there is none');
        return { changed, isIntact };
      }),
    refuses: never,
  };
}

/** @returns all rows, if they are what was written */
function chunked(db: Connection, whole: TreeDigest): Buffer | undefined {
  const digest = new TreeDigest(0, 0);
  const all: Buffer[] = [];
  try {
    const chunks = new ZnodeChunks(db, digest);
    for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) all.push(chunk.bytes);
  } catch (error) {
    if (error instanceof RowDamage) return undefined;
    throw error;
  }
  return digest.equals(whole) ? Buffer.concat(all) : undefined;
}

function single(db: Connection, whole: TreeDigest): boolean {
  const digest = new TreeDigest(0, 0);
  const all = db.prepare<[], unknown[]>(`SELECT ${ZNODE_COLUMNS.join(', ')} FROM znodes ORDER BY rowid`);
  for (const columns of all.raw().safeIntegers().iterate()) {
    if (znodeOf(columns, digest) === undefined) return false;
  }
  return digest.equals(whole);
}

const SESSION = { sessionId: 0x100000000000001n, timeOut: 30_000 };

function sessionRowsTarget(): Target {
  const digest = new TreeDigest(0, 0);
  const crc = 0x0badcafen;
  return {
    name: 'sessionRows',
    doc: 'rows of table sessions with values of any type',
    generate: changes,
    run: (input) => {
      const columns: unknown[] = [SESSION.sessionId, BigInt(SESSION.timeOut), crc];
      for (const { column, value } of changesIn(input)) columns[column % 3] = value;
      const row = sessionOf(columns, digest);
      // The checksum above is not that of the session: only a change can make it so.
      return { found: row !== undefined, kind: columns.map((value) => typeof value).join(' ') };
    },
    refuses: never,
  };
}

const META: readonly (readonly [string, Value])[] = [
  ['serverId', 1n],
  ['dataId', '00112233445566778899aabbccddeeff'],
  ['secret', Buffer.alloc(32, 9)],
  ['logStartIndex', 5n],
  ['logStartZxid', makeZxid(1, 5)],
  ['logStartChain', -5n],
];

function metaRowsTarget(): Target {
  const source: Connection = new Database(':memory:');
  source.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID');
  Meta.create(
    source,
    'log.db',
    Object.fromEntries(META.map(([key, value]) => [key, value as bigint | string | Buffer])),
  );
  const rows = source.prepare<[], [Value, Value]>('SELECT key, value FROM meta').raw().safeIntegers().all();
  source.close();
  const table = new Table('meta', ['key', 'value'], rows);
  return {
    name: 'metaRows',
    doc: 'rows of table meta with changed keys and values',
    generate: changes,
    run: (input) =>
      table.with(input, (db, changed) => {
        const meta = Meta.read(db, 'log.db');
        // With values exchanged between rows that are put back in another order nothing has changed.
        if (changed && META.some(([key, value]) => !same(meta, key, value)))
          throw new Violation('other values than were written');
        return { logStart: meta.mark('logStart'), id: meta.text('dataId'), secret: meta.bytes('secret') };
      }),
    refuses: (error) => error instanceof StorageError && error.kind === 'corrupt',
  };
}

function same(meta: Meta, key: string, value: Value): boolean {
  if (typeof value === 'string') return meta.text(key) === value;
  if (Buffer.isBuffer(value)) return meta.bytes(key).equals(value);
  return meta.bigint(key) === value;
}

const SLOT_BYTES = 4096;
const SLOT_CHECKED = 76;
const MEMORY = '/dev/shm';
const BASE = { index: 7, zxid: zxidOf(0x100000007n), chain: 77n };

/** Where there is a file system in memory it is there. Made with the first input: `--list` makes no file. */
function markTarget(): Target {
  let directory: string | undefined;
  const file = (): string =>
    join((directory ??= mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'fuzz-mark-'))), 'mark');
  return {
    name: 'mark',
    doc: 'the file mark',
    bytesMax: 2 * SLOT_BYTES + 100,
    generate: (random) => {
      const slots = Buffer.alloc(2 * SLOT_BYTES);
      for (const at of [0, SLOT_BYTES]) {
        slots.write('ZBKMARK1', at, 'latin1');
        slots.writeBigUInt64BE(BigInt(random.int(4)), at + 8);
        slots.writeBigInt64BE(1n, at + 16);
        random.bytes(16).copy(slots, at + 24);
        slots.writeUInt32BE(random.int(3), at + 40);
        slots.writeUInt32BE(random.int(2), at + 72);
      }
      const sealed = seal(slots);
      // Bending is to hit what is looked at, and not the space between.
      return random.chance(0.7) ? sealed.subarray(0, SLOT_CHECKED + 4) : sealed;
    },
    repair: (random, input) => (random.chance(0.5) ? seal(input) : input),
    run: (input) => {
      writeFileSync(file(), input);
      const finding = readMark(file());
      const valid = [0, SLOT_BYTES].some((at) => isSealed(input, at));
      if ((finding.kind === 'valid') !== valid) throw new Violation(`${finding.kind}, but valid is ${valid}`);
      if (finding.kind === 'valid' && finding.state.acked.index % 64 === 3) {
        const copy = `${file()}-copy`;
        MarkFile.create(copy, finding.state).close();
      }
      return finding;
    },
    refuses: never,
    close: () => {
      if (directory !== undefined) rmSync(directory, { recursive: true });
    },
  };
}

function isSealed(bytes: Buffer, at: number): boolean {
  return (
    bytes.byteLength >= at + SLOT_CHECKED + 4 &&
    bytes.toString('latin1', at, at + 8) === 'ZBKMARK1' &&
    bytes.readUInt32BE(at + SLOT_CHECKED) === crc32(bytes.subarray(at, at + SLOT_CHECKED))
  );
}

function seal(input: Buffer): Buffer {
  const bytes = Buffer.from(input);
  for (const at of [0, SLOT_BYTES]) {
    if (bytes.byteLength >= at + SLOT_CHECKED + 4)
      bytes.writeUInt32BE(crc32(bytes.subarray(at, at + SLOT_CHECKED)), at + SLOT_CHECKED);
  }
  return bytes;
}

function snapshotPiece(random: Random): Buffer {
  const writer = new ChunkWriter(BASE, random.int(1 << 20));
  const digest = new TreeDigest(0, 0);
  for (let i = random.int(4); i > 0; i--) {
    const row = exampleRow(i);
    writer.znode(row);
    digest.add(znodeCrc(row));
  }
  const { bytes } = writer.take(digest, true);
  return bytes;
}

const chunk: Target = {
  name: 'snapshotChunk',
  doc: 'a piece of a snapshot as a learner gets it',
  generate: snapshotPiece,
  repair: (random, input) => {
    if (input.byteLength < 4 || random.chance(0.2)) return input;
    const bytes = Buffer.from(input);
    bytes.writeInt32BE(crc32(bytes.subarray(4)) | 0);
    return bytes;
  },
  run: (input) => {
    const checker = new ChunkChecker(BASE);
    const taken = checker.take(input, true);
    if (typeof taken === 'string') return { kind: taken.replaceAll(/\d+/g, '#').slice(-20) };
    if (checker.digest.rows !== taken.znodes.length + taken.sessions.length)
      throw new Violation('another number of rows than the digest says');
    return { znodes: taken.znodes, sessions: taken.sessions };
  },
  refuses: never,
};

export function storedTargets(): readonly Target[] {
  return [logRowsTarget(), znodeRowsTarget(), sessionRowsTarget(), metaRowsTarget(), markTarget(), chunk];
}

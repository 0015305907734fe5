/** The rows of table `log`, as its writer changes them, within the transactions of its owner. */
import { crc32 } from 'node:zlib';
import type { Statement } from 'better-sqlite3';
import type { LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import { RECORD_HEADER_BYTES } from './batch.js';
import type { Connection } from './database.js';

/** Rows per INSERT: eight cost a third less than one by one, more gain little. */
const ROWS_PER_STATEMENT = 8;
const COLUMNS = 6;

/** Statements on an open `log.db`. */
export class LogRows {
  readonly #db: Connection;
  readonly #insertOne: Statement;
  readonly #insertMany: Statement;
  /** Values of the INSERT being filled. */
  readonly #values: unknown[] = new Array<unknown>(ROWS_PER_STATEMENT * COLUMNS).fill(null);

  constructor(db: Connection) {
    this.#db = db;
    this.#insertOne = prepareInsert(db, 1);
    this.#insertMany = prepareInsert(db, ROWS_PER_STATEMENT);
  }

  /** The last record; undefined if there is none. */
  last(): LogMark | undefined {
    const row = this.#db
      .prepare<[], { idx: bigint; zxid: bigint; chain: bigint }>(
        'SELECT idx, zxid, chain FROM log ORDER BY idx DESC LIMIT 1',
      )
      .safeIntegers()
      .get();
    return row && { index: Number(row.idx), zxid: zxidOf(row.zxid), chain: row.chain };
  }

  /**
   * Inserts records behind `tail`.
   * @returns the new tail
   */
  insert(tail: LogMark, batches: readonly Buffer[]): LogMark {
    const values = this.#values;
    let { index, chain } = tail;
    let zxid: bigint = tail.zxid;
    let filled = 0;
    for (const batch of batches) {
      const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
      let at = 0;
      while (at < batch.byteLength) {
        chain = view.getBigInt64(at);
        const idx = view.getBigInt64(at + 8);
        zxid = view.getBigInt64(at + 16);
        const length = view.getInt32(at + 28);
        const start = at + RECORD_HEADER_BYTES;
        const end = start + length;
        index += 1;
        assert(Number(idx) === index, `Record ${idx.toString()} came where ${index} is next.`);
        assert(length >= 0 && end <= batch.byteLength, 'A record reaches beyond its batch.');
        const payload = batch.subarray(start, end);
        values[filled++] = idx;
        values[filled++] = zxid;
        values[filled++] = view.getInt32(at + 24);
        values[filled++] = chain;
        values[filled++] = crc32(payload);
        values[filled++] = payload;
        if (filled === values.length) {
          this.#insertMany.run(values);
          filled = 0;
        }
        at = end;
      }
    }
    for (let row = 0; row < filled; row += COLUMNS) this.#insertOne.run(values.slice(row, row + COLUMNS));
    return { index, zxid: zxidOf(zxid), chain };
  }

  /** Deletes the records behind `index`. */
  deleteAfter(index: number): void {
    this.#db.prepare<[number]>('DELETE FROM log WHERE idx > ?').run(index);
  }

  /** Deletes all records; faster than one by one. */
  deleteAll(): void {
    this.#db.prepare('DELETE FROM log').run();
  }
}

function prepareInsert(db: Connection, rows: number): Statement {
  const row = `(${new Array<string>(COLUMNS).fill('?').join(', ')})`;
  const all = new Array<string>(rows).fill(row).join(', ');
  return db.prepare(`INSERT INTO log (idx, zxid, type, chain, crc, payload) VALUES ${all}`);
}

/**
 * Reads records back and believes none of them: index, checksum and chain of each are held against what was read
 * before it.
 */
import { crc32 } from 'node:zlib';
import type { LogRecord } from '../codec/index.js';
import type { LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { hex } from '../util/index.js';
import { chainOf } from '../zab/index.js';
import { CHAIN_BYTES, RECORD_HEADER_BYTES } from './batch.js';
import type { Connection } from './database.js';
import { isDamage, textOf } from './errors.js';

/** Records and payload bytes that are read at once; other work of the process goes on in between. */
const SLICE_RECORDS = 1000;
const SLICE_BYTES = 4 << 20;
/** How often a long scan is reported. */
const PROGRESS_MS = 2000;

/** What a scan came to. */
export interface LogScan {
  /** The last record of the intact run. */
  readonly last: LogMark;
  /** What comes after it, in words; undefined at the end of the log. */
  readonly damage: string | undefined;
}

/** A row without its payload, as SQLite gives it: of any type, should the file be damaged. */
type Row = readonly [
  idx: unknown,
  zxid: unknown,
  type: unknown,
  chain: unknown,
  crc: unknown,
  length: unknown,
];

/**
 * Reads the records after `from` until the end or the first one that is damaged.
 * @param from trusted: the first record's chain is seeded with its chain
 * @param sink given payloads that are views of larger memory: copy what you keep
 * @param progress told every two seconds how far the scan is
 */
export async function scanLog(
  db: Connection,
  from: LogMark,
  sink?: (record: LogRecord) => void,
  progress?: (index: number) => void,
): Promise<LogScan> {
  const scan = new Scan(db, from);
  let toldAt = performance.now();
  try {
    while (scan.readSlice(sink)) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = performance.now();
      if (now - toldAt < PROGRESS_MS) continue;
      toldAt = now;
      progress?.(scan.last.index);
    }
    return { last: scan.last, damage: undefined };
  } catch (error) {
    return { last: scan.last, damage: damageOf(error, scan.last) };
  }
}

/**
 * Reads at least one record after `from`, if there is one, and stops behind `maxBytes`.
 * @param sink given payloads that are views of larger memory: copy what you keep
 */
export function scanSome(
  db: Connection,
  from: LogMark,
  maxBytes: number,
  sink: (record: LogRecord) => void,
): LogScan {
  const scan = new Scan(db, from);
  let bytes = 0;
  const count = (record: LogRecord): void => {
    bytes += RECORD_HEADER_BYTES + record.payload.byteLength;
    sink(record);
  };
  try {
    while (scan.readSlice(count, () => maxBytes - bytes));
    return { last: scan.last, damage: undefined };
  } catch (error) {
    return { last: scan.last, damage: damageOf(error, scan.last) };
  }
}

/** The mark of a record as it is stored, unverified; undefined if the log does not have it. */
export function markAt(db: Connection, index: number): LogMark | undefined {
  const row = db
    .prepare<[number], { zxid: bigint; chain: bigint }>('SELECT zxid, chain FROM log WHERE idx = ?')
    .safeIntegers()
    .get(index);
  return row && { index, zxid: zxidOf(row.zxid), chain: row.chain };
}

/** An index behind which there are at least so many bytes of payload, or the start of the log. */
export function indexBefore(db: Connection, bytes: number, logStart: number): number {
  const sum = db
    .prepare<[number, number], number | null>(
      'SELECT sum(length(payload)) FROM log WHERE idx > ? AND idx <= ?',
    )
    .pluck();
  let index = db.prepare<[], number | null>('SELECT max(idx) FROM log').pluck().get() ?? logStart;
  for (let behind = 0; index > logStart && behind < bytes;) {
    const to = index;
    index = Math.max(logStart, to - SLICE_RECORDS);
    behind += sum.get(index, to) ?? 0;
  }
  return index;
}

/** A position for people. */
export function describe(mark: { readonly index: number; readonly zxid: bigint }): string {
  return mark.index === 0 ? 'the start of the log' : `record ${mark.index} (zxid ${hex(mark.zxid)})`;
}

class Damage extends Error {}

function damageOf(error: unknown, last: LogMark): string {
  if (error instanceof Damage) return error.message;
  if (!isDamage(error)) throw error;
  return `what follows ${describe(last)} cannot be read: ${textOf(error)}`;
}

/** One pass over the log. */
class Scan {
  last: LogMark;
  readonly #rows;
  readonly #payloads;
  #memory = Buffer.alloc(4096);
  #view = new DataView(this.#memory.buffer, this.#memory.byteOffset, this.#memory.byteLength);

  constructor(db: Connection, from: LogMark) {
    this.last = from;
    this.#rows = db
      .prepare<[number, number], Row>(
        'SELECT idx, zxid, type, chain, crc, length(payload) FROM log WHERE idx > ? ORDER BY idx LIMIT ?',
      )
      .raw()
      .safeIntegers();
    // One Buffer per record would take longer than all the rest of the scan together.
    this.#payloads = db
      .prepare<[number, number], Buffer | null>(
        `SELECT CAST(group_concat(payload, '' ORDER BY idx) AS BLOB) FROM log WHERE idx > ? AND idx <= ?`,
      )
      .pluck();
  }

  /**
   * @param wanted how many bytes more are wanted, asked again and again
   * @returns whether there may be more
   */
  readSlice(sink: ((record: LogRecord) => void) | undefined, wanted = (): number => SLICE_BYTES): boolean {
    const rows = this.#rows.all(this.last.index, SLICE_RECORDS);
    for (let at = 0; at < rows.length;) {
      at += this.#readPayloads(rows, at, Math.min(wanted(), SLICE_BYTES), sink);
      if (wanted() <= 0) return false;
    }
    return rows.length === SLICE_RECORDS;
  }

  /** Reads as many payloads as are wanted, at least one. @returns their number */
  #readPayloads(
    rows: readonly Row[],
    at: number,
    wanted: number,
    sink: ((record: LogRecord) => void) | undefined,
  ): number {
    let count = 0;
    let bytes = 0;
    for (let i = at; i < rows.length && (count === 0 || bytes < wanted); i++, count++) {
      bytes += RECORD_HEADER_BYTES + Number(rows[i]?.[5]);
    }
    const payloads = this.#payloads.get(this.last.index, this.last.index + count);
    if (!Buffer.isBuffer(payloads)) throw new Damage(`${this.#place()} cannot be read`);
    let offset = 0;
    for (const row of rows.slice(at, at + count)) {
      const end = offset + Number(row[5]);
      const record = this.#verified(row, payloads.subarray(offset, end));
      sink?.(record);
      this.last = { index: this.last.index + 1, zxid: zxidOf(record.zxid), chain: record.chain };
      offset = end;
    }
    return count;
  }

  #verified([index, zxid, type, chain, crc, length]: Row, payload: Buffer): LogRecord {
    if (index !== BigInt(this.last.index) + 1n) {
      throw new Damage(`${this.#place()} is missing: the next one there is ${String(index)}`);
    }
    const typed = typeof zxid === 'bigint' && typeof type === 'bigint' && typeof chain === 'bigint';
    if (!typed || type !== BigInt.asIntN(32, type)) {
      throw new Damage(`${this.#place()} has values of the wrong type`);
    }
    if (length !== BigInt(payload.byteLength) || crc !== BigInt(crc32(payload))) {
      throw new Damage(`${this.#place()} does not match its checksum`);
    }
    if (chainOf(this.last.chain, this.#chained(index, zxid, type, payload)) !== chain) {
      throw new Damage(`${this.#place()} does not continue the chain of hashes`);
    }
    return { chain, index, zxid, type: Number(type), payload };
  }

  /** The record as the chain sees it: its jute bytes after `chain`. */
  #chained(index: bigint, zxid: bigint, type: bigint, payload: Buffer): Buffer {
    const header = RECORD_HEADER_BYTES - CHAIN_BYTES;
    const length = header + payload.byteLength;
    if (this.#memory.byteLength < length) {
      this.#memory = Buffer.alloc(2 * length);
      this.#view = new DataView(this.#memory.buffer, this.#memory.byteOffset, this.#memory.byteLength);
    }
    this.#view.setBigInt64(0, index);
    this.#view.setBigInt64(8, zxid);
    this.#view.setInt32(16, Number(type));
    this.#view.setInt32(20, payload.byteLength);
    this.#memory.set(payload, header);
    return this.#memory.subarray(0, length);
  }

  #place(): string {
    return `record ${this.last.index + 1}, which follows ${describe(this.last)},`;
  }
}

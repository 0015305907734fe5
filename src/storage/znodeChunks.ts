/**
 * Reads the rows of table `znodes` as jute bytes, many at once, each verified over these same bytes. A value that
 * crosses from SQLite to JavaScript costs more than to make it, so a slice of rows comes as two: all numbers as one
 * text, which is exact up to 64 bits, and all paths, data and ACLs as one blob.
 */
import { crc32 } from 'node:zlib';
import type { Statement } from 'better-sqlite3';
import { assert } from '../util/index.js';
import type { Connection } from './database.js';
import type { TreeDigest } from './treeRows.js';

/** Rows and bytes of a slice: the main thread is busy with one for some milliseconds. */
const SLICE_ROWS = 2000;
const SLICE_BYTES = 1 << 20;
/** Of a row: three lengths and a StatPersisted. */
const FIXED_BYTES = 12 + 60;

/** A length of -1 stands for NULL, as in jute. A blob where text should be, or the other way round, is damage. */
const NUMBERS = `octet_length(path), ifnull(octet_length(data), -1), ifnull(octet_length(acl), -1),
  typeof(path) <> 'text' OR typeof(data) NOT IN ('blob', 'null') OR typeof(acl) NOT IN ('text', 'null'),
  crc, czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid`;

const SIZE = `SELECT count(*), max(rowid), sum(octet_length(concat(path, acl)) + ifnull(octet_length(data), 0))
  FROM (SELECT rowid, path, data, acl FROM znodes WHERE rowid > ? ORDER BY rowid LIMIT ?)`;

const SLICE = `SELECT CAST(group_concat(concat_ws(',', ${NUMBERS}), ',') || ',' AS BLOB),
  CAST(group_concat(concat(path, data, acl), '') AS BLOB)
  FROM (SELECT * FROM znodes WHERE rowid > ? AND rowid <= ? ORDER BY rowid)`;

/** `count` jute ZnodeRows, one after the other. Owns its memory. */
export interface ZnodeChunk {
  readonly bytes: Buffer;
  readonly count: number;
}

/** A row is not what was written. */
export class RowDamage extends Error {}

/** One pass over the table, parents before their children (see `selectZnodes`). */
export class ZnodeChunks {
  readonly #size: Statement<[number, number], [number, number | null, number | null]>;
  readonly #slice: Statement<[number, number], [Buffer | null, Buffer | null]>;
  readonly #digest: TreeDigest;
  #after = Number.MIN_SAFE_INTEGER;
  #rows = SLICE_ROWS;

  /** @param db within a transaction */
  constructor(db: Connection, digest: TreeDigest) {
    this.#size = db.prepare<[number, number], [number, number | null, number | null]>(SIZE).raw();
    this.#slice = db.prepare<[number, number], [Buffer | null, Buffer | null]>(SLICE).raw();
    this.#digest = digest;
  }

  /**
   * @returns undefined behind the last row
   * @throws RowDamage
   */
  next(): ZnodeChunk | undefined {
    for (;;) {
      const [count, to, bytes] = this.#size.get(this.#after, this.#rows) ?? [0, null, null];
      if (count === 0 || to === null) return undefined;
      const tooLong = bytes === null || bytes + count * FIXED_BYTES > SLICE_BYTES;
      if (tooLong && count > 1) {
        this.#rows = Math.ceil(count / 2);
        continue;
      }
      const [numbers, texts] = this.#slice.get(this.#after, to) ?? [null, null];
      if (numbers === null || texts === null) throw new RowDamage(`the rows up to ${to} cannot be read`);
      this.#after = to;
      if (!tooLong) this.#rows = Math.min(SLICE_ROWS, 2 * this.#rows);
      return { bytes: pack(count, new Numbers(numbers), texts, this.#digest), count };
    }
  }
}

/** Puts a slice together, row by row, and verifies each. */
function pack(count: number, numbers: Numbers, texts: Buffer, digest: TreeDigest): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(texts.byteLength + count * FIXED_BYTES));
  const view = new DataView(bytes.buffer);
  let at = 0;
  let from = 0;
  for (let row = 0; row < count; row++) {
    const start = at;
    const path = numbers.small();
    const data = numbers.small();
    const acl = numbers.small();
    const ofWrongType = numbers.small();
    const crc = numbers.small();
    const left = texts.byteLength - from;
    if (path < 0 || Math.max(0, data) + Math.max(0, acl) + path > left || ofWrongType !== 0)
      throw damaged(texts, from, path);
    const pathFrom = from;
    for (const length of [path, data, acl]) {
      view.setInt32(at, length);
      at += 4;
      if (length <= 0) continue;
      bytes.set(texts.subarray(from, from + length), at);
      at += length;
      from += length;
    }
    for (let i = 0; i < 4; i++, at += 8) numbers.long(view, at);
    for (let i = 0; i < 3; i++, at += 4) view.setInt32(at, numbers.small());
    for (let i = 0; i < 2; i++, at += 8) numbers.long(view, at);
    const actual = crc32(bytes.subarray(start, at));
    digest.add(actual);
    if (actual !== crc || !numbers.valid) throw damaged(texts, pathFrom, path);
  }
  if (from !== texts.byteLength || !numbers.ended) throw new RowDamage('rows cannot be told apart');
  assert(at === bytes.byteLength, 'A chunk has another length than its rows.');
  return bytes;
}

function damaged(texts: Buffer, at: number, length: number): RowDamage {
  const path = texts.toString('utf8', at, at + Math.max(0, length));
  // In quotes: a damaged path can have a new line, which would make two lines of one in the log.
  return new RowDamage(`the row of znode ${JSON.stringify(path)} does not match its checksum`);
}

const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
/** So many digits are exact as a number. */
const DIGITS_EXACT = 15;
const UINT32 = 2 ** 32;

/** Integers in decimal, each followed by a comma. */
class Numbers {
  /** False once something came that is not an integer, for instance a real number. */
  valid = true;
  readonly #text: Buffer;
  #at = 0;

  constructor(text: Buffer) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at === this.#text.byteLength;
  }

  /** An integer of up to 15 digits. */
  small(): number {
    const text = this.#text;
    let at = this.#at;
    const isNegative = text[at] === MINUS;
    if (isNegative) at++;
    const start = at;
    let value = 0;
    let digit = (text[at] ?? COMMA) - ZERO;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = (text[++at] ?? COMMA) - ZERO;
    }
    if (at === start || at - start > DIGITS_EXACT || text[at] !== COMMA) this.valid = false;
    this.#at = at + 1;
    return isNegative ? -value : value;
  }

  /** Writes an integer of 64 bits to `at`. */
  long(view: DataView, at: number): void {
    const start = this.#at;
    const wasValid = this.valid;
    const value = this.small();
    if (this.valid) {
      const high = Math.floor(value / UINT32);
      view.setInt32(at, high);
      view.setUint32(at + 4, value - high * UINT32);
      return;
    }
    // Too long to be exact, or no integer at all.
    const text = this.#text.toString('latin1', start, this.#at - 1);
    if (!wasValid || !/^-?\d{16,19}$/.test(text)) return;
    const exact = BigInt(text);
    view.setBigInt64(at, exact);
    this.valid = exact === BigInt.asIntN(64, exact);
  }
}

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

/** Other work of the process goes on after so many records or bytes. */
const RECORDS_PER_TURN = 4000;
const BYTES_PER_TURN = 4 << 20;

/** What a scan came to. */
export interface LogScan {
  /** The last record of the intact run. */
  readonly last: LogMark;
  /** What comes after it, in words; undefined at the end of the log. */
  readonly damage: string | undefined;
}

/**
 * Reads the records after `from` until the end or the first one that is damaged.
 * @param from trusted: the first record's chain is seeded with its chain
 */
export async function scanLog(
  db: Connection,
  from: LogMark,
  sink?: (record: LogRecord) => void,
): Promise<LogScan> {
  const rows = db
    .prepare<[number], unknown[]>(
      'SELECT idx, zxid, type, chain, crc, payload FROM log WHERE idx > ? ORDER BY idx',
    )
    .raw()
    .safeIntegers()
    .iterate(from.index);
  let last = from;
  let records = 0;
  let bytes = 0;
  try {
    for (const columns of rows) {
      const record = recordOf(columns, last);
      if (typeof record === 'string') return { last, damage: record };
      sink?.(record);
      last = { index: last.index + 1, zxid: zxidOf(record.zxid), chain: record.chain };
      records += 1;
      bytes += record.payload.byteLength;
      if (records >= RECORDS_PER_TURN || bytes >= BYTES_PER_TURN) {
        records = bytes = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { last, damage: `what follows ${describe(last)} cannot be read: ${textOf(error)}` };
  }
  return { last, damage: undefined };
}

/** The mark of a record as it is stored, unverified; undefined if the log does not have it. */
export function markAt(db: Connection, index: number): LogMark | undefined {
  const row = db
    .prepare<[number], { zxid: bigint; chain: bigint }>('SELECT zxid, chain FROM log WHERE idx = ?')
    .safeIntegers()
    .get(index);
  return row && { index, zxid: zxidOf(row.zxid), chain: row.chain };
}

/** The greatest index behind which there are at least so many bytes of payload, or the start of the log. */
export function indexBefore(db: Connection, bytes: number, logStart: number): number {
  let behind = 0;
  const rows = db
    .prepare<[], [number, number]>('SELECT idx, length(payload) FROM log ORDER BY idx DESC')
    .raw()
    .iterate();
  for (const [index, length] of rows) {
    behind += length;
    if (behind >= bytes) return index - 1;
  }
  return logStart;
}

/** A position for people. */
export function describe(mark: { readonly index: number; readonly zxid: bigint }): string {
  return mark.index === 0 ? 'the start of the log' : `record ${mark.index} (zxid ${hex(mark.zxid)})`;
}

let scratch = Buffer.alloc(4096);

/** @returns the record, or what is wrong with it */
function recordOf(columns: readonly unknown[], last: LogMark): LogRecord | string {
  const [index, zxid, type, chain, crc, payload] = columns;
  const place = `record ${last.index + 1}, which follows ${describe(last)},`;
  if (typeof index !== 'bigint' || index !== BigInt(last.index) + 1n) {
    return `${place} is missing: the next one there is ${String(index)}`;
  }
  if (
    typeof zxid !== 'bigint' ||
    typeof type !== 'bigint' ||
    typeof chain !== 'bigint' ||
    !Buffer.isBuffer(payload)
  ) {
    return `${place} has values of the wrong type`;
  }
  if (crc !== BigInt(crc32(payload))) return `${place} does not match its checksum`;
  const length = RECORD_HEADER_BYTES + payload.byteLength;
  if (scratch.byteLength < length) scratch = Buffer.alloc(2 * length);
  scratch.writeBigInt64BE(index, CHAIN_BYTES);
  scratch.writeBigInt64BE(zxid, CHAIN_BYTES + 8);
  scratch.writeInt32BE(Number(BigInt.asIntN(32, type)), CHAIN_BYTES + 16);
  scratch.writeInt32BE(payload.byteLength, CHAIN_BYTES + 20);
  payload.copy(scratch, RECORD_HEADER_BYTES);
  if (chainOf(last.chain, scratch.subarray(CHAIN_BYTES, length)) !== chain) {
    return `${place} does not continue the chain of hashes`;
  }
  return { chain, index, zxid, type: Number(type), payload };
}

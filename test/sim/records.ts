/** Log records as the simulated disks keep them, taken apart and chained by arithmetic of our own. */
import xxhash from 'xxhash-wasm';
import { Reader, type TxnHeader } from '../../src/codec/index.js';
import { readTxn, zxidOf, type Txn, type Zxid } from '../../src/types/index.js';
import type { LogBatch, LogMark } from '../../src/zab/index.js';

const hasher = await xxhash();

/** chain 8, index 8, zxid 8, type 4, length of the payload 4 */
const HEADER_BYTES = 32;
const CHAIN_BYTES = 8;

/** A record on a disk, or on its way to one. */
export interface SimRecord {
  readonly index: number;
  readonly zxid: Zxid;
  /** As the record says; see `chainAfter` for what it should be. */
  readonly chain: bigint;
  /** All of it. Nobody writes into it. */
  readonly bytes: Buffer;
}

export function markOf({ index, zxid, chain }: SimRecord): LogMark {
  return { index, zxid, chain };
}

/** XXH64 over everything behind the chain, seeded with the chain before (zab.md 1.1). */
export function chainAfter(previous: bigint, record: SimRecord): bigint {
  const hash = hasher.h64Raw(record.bytes.subarray(CHAIN_BYTES), BigInt.asUintN(64, previous));
  return BigInt.asIntN(64, hash);
}

/** The records of a batch, in memory of their own. */
export function recordsOf(batch: LogBatch): SimRecord[] {
  const records: SimRecord[] = [];
  const bytes = Buffer.from(batch.bytes);
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + HEADER_BYTES + bytes.readInt32BE(at + HEADER_BYTES - 4);
    records.push({
      chain: bytes.readBigInt64BE(at),
      index: Number(bytes.readBigInt64BE(at + 8)),
      zxid: zxidOf(bytes.readBigInt64BE(at + 16)),
      bytes: bytes.subarray(at, end),
    });
    at = end;
  }
  const last = records.at(-1);
  if (records.length !== batch.count || (last !== undefined && last.index !== batch.last.index))
    throw new Error(`A batch of ${batch.count} up to ${batch.last.index} holds ${records.length}.`);
  return records;
}

/** @param after where the records begin, for the mark of an empty batch */
export function batchOf(records: readonly SimRecord[], after: LogMark): LogBatch {
  const last = records.at(-1);
  return {
    bytes: Buffer.concat(records.map(({ bytes }) => bytes)),
    count: records.length,
    last: last === undefined ? after : markOf(last),
  };
}

/** Its op code, without taking the record apart. */
export function typeOf(record: SimRecord): number {
  return record.bytes.readInt32BE(CHAIN_BYTES + 16);
}

export function txnOf(record: SimRecord): { readonly header: TxnHeader; readonly txn: Txn } {
  return readTxn(Reader.over(record.bytes.subarray(HEADER_BYTES)));
}

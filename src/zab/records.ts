/** Log records one behind the other, as a batch holds them. */
import { Reader, readLogRecord, type LogRecord } from '../codec/index.js';
import { zxidOf } from '../types/index.js';
import type { LogBatch, LogMark } from './mark.js';

/** In front of a record's payload: chain, index, zxid, type and the payload's length. */
export const RECORD_HEADER_BYTES = 8 + 8 + 8 + 4 + 4;

/** The chain stands first and covers all but itself. */
export const CHAIN_BYTES = 8;

/** The records of a batch, one by one; their payloads are views. */
export function* recordsIn(bytes: Buffer): Generator<LogRecord> {
  const reader = Reader.over(bytes);
  while (reader.remaining > 0) yield readLogRecord(reader);
}

export function markOf(record: LogRecord): LogMark {
  return { index: Number(record.index), zxid: zxidOf(record.zxid), chain: record.chain };
}

/** Records of `batch` after index `from` up to `upTo`, at least one, as a batch that shares its memory. */
export function slice(batch: LogBatch, from: number, upTo: number): LogBatch {
  const { bytes } = batch;
  let at = 0;
  let start = 0;
  let last = 0;
  for (let index = batch.last.index - batch.count; index < upTo && at < bytes.byteLength; index++) {
    if (index === from) start = at;
    last = at;
    at += RECORD_HEADER_BYTES + bytes.readInt32BE(at + RECORD_HEADER_BYTES - 4);
  }
  return {
    bytes: bytes.subarray(start, at),
    count: upTo - from,
    last: {
      index: Number(bytes.readBigInt64BE(last + CHAIN_BYTES)),
      zxid: zxidOf(bytes.readBigInt64BE(last + CHAIN_BYTES + 8)),
      chain: bytes.readBigInt64BE(last),
    },
  };
}

/** A copy in memory of its own, which may be given away. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  copy.set(bytes);
  return copy;
}

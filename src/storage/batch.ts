/** The bytes of a turn's records, on their way into storage. */
import { Reader, readLogRecord, type LogRecord } from '../codec/index.js';
import { assert } from '../util/index.js';

/** In front of a record's payload: chain, index, zxid, type and the payload's length. */
export const RECORD_HEADER_BYTES = 8 + 8 + 8 + 4 + 4;

/** The chain covers all but itself. */
export const CHAIN_BYTES = 8;

/** @returns the ArrayBuffer to transfer; nothing else may live in it */
export function wholeBuffer(bytes: Buffer): ArrayBuffer {
  const memory = bytes.buffer;
  assert(
    memory instanceof ArrayBuffer && bytes.byteOffset === 0,
    'Bytes handed to storage do not own their memory.',
  );
  return memory;
}

/** The records of a batch, one by one; their payloads are views. */
export function* recordsOf(bytes: Buffer): Generator<LogRecord> {
  const reader = Reader.over(bytes);
  while (reader.remaining > 0) yield readLogRecord(reader);
}

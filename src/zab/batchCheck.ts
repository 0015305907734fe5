/** Whether what a leader sent follows the log of its learner (zab.md 1.1): index, zxid and chain of every record. */
import { DecodeError, Reader, readLogRecord, type LogRecord } from '../codec/index.js';
import { chainOf } from './chain.js';
import type { PeerContext } from './context.js';
import { sameMark, type LogBatch, type LogMark } from './mark.js';
import { CHAIN_BYTES, markOf } from './records.js';

/**
 * Walks the records of `batch`, which are to follow the one at `before`.
 * @param context is told of each that does
 * @returns what is wrong with them, for the log; undefined when they follow and end at `batch.last`
 */
export function faultOf(
  before: LogMark,
  batch: LogBatch,
  context: Pick<PeerContext, 'logged'>,
): string | undefined {
  const { bytes } = batch;
  const reader = Reader.over(bytes);
  let last = before;
  let count = 0;
  for (; reader.remaining > 0; count++) {
    const start = bytes.byteLength - reader.remaining;
    const record = nextRecord(reader);
    if (record === undefined) return 'the leader sent something that is not a record';
    const mark = markOf(record);
    // Over the bytes as they came: that they are a record's only encoding, reading them has shown.
    const covered = bytes.subarray(start + CHAIN_BYTES, bytes.byteLength - reader.remaining);
    if (
      mark.index !== last.index + 1 ||
      mark.zxid <= last.zxid ||
      mark.chain !== chainOf(last.chain, covered)
    )
      return `record ${mark.index} of the leader does not follow record ${last.index} of this log`;
    context.logged(record);
    last = mark;
  }
  if (count === 0 || count !== batch.count || !sameMark(last, batch.last))
    return 'the leader sent other records than it said';
  return undefined;
}

/** @returns undefined when what comes next is no record */
function nextRecord(reader: Reader): LogRecord | undefined {
  try {
    return readLogRecord(reader);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

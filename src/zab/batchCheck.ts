/**
 * Whether what a leader sent follows the log of its learner (zab.md 1.1): index, zxid and chain of every record; and
 * whether the learner can make anything of it, since what is acknowledged has to be applied one day.
 */
import { DecodeError, Reader, readLogRecord, type LogRecord } from '../codec/index.js';
import { chainOf } from './chain.js';
import { sameMark, type LogBatch, type LogMark } from './mark.js';
import { CHAIN_BYTES, markOf } from './records.js';
import type { StateMachine } from './stateMachine.js';

/**
 * Walks the records of `batch`, which are to follow the one at `before`.
 * @returns the records, when they follow and end at `batch.last`; or what is wrong with them, for the log
 */
export function checkedRecords(
  before: LogMark,
  batch: LogBatch,
  state: Pick<StateMachine, 'isReadable'>,
): readonly LogRecord[] | string {
  const { bytes } = batch;
  const reader = Reader.over(bytes);
  const records: LogRecord[] = [];
  let last = before;
  while (reader.remaining > 0) {
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
    if (!state.isReadable(record)) return `nothing can be made of record ${mark.index} of the leader`;
    records.push(record);
    last = mark;
  }
  if (records.length === 0 || records.length !== batch.count || !sameMark(last, batch.last))
    return 'the leader sent other records than it said';
  return records;
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

/** The leader's side of broadcast, ZAB's third phase: numbers txns and makes log records of them, a batch per turn. */
import { writeLogRecord, Writer, type LogRecord } from '../codec/index.js';
import { assert } from '../util/index.js';
import { makeZxid, epochOf, type Zxid } from '../types/index.js';
import { chainOf } from './chain.js';
import type { LogBatch, LogMark } from './mark.js';
import { CHAIN_BYTES } from './records.js';

/** The counter of an epoch ends here (protocol.md section 10): what comes after needs a new epoch. */
const COUNTER_MAX = 0xffffffff;

/** Room for a turn. The memory goes to the disk with the batch, so each starts on new one, as large as the last needed. */
const BATCH_BYTES_MIN = 4 * 1024;
const BATCH_BYTES_MAX = 1024 * 1024;

/** From here on a new epoch is due (zab.md 1.8); until it is there, so many zxids are left. */
const COUNTER_NEARLY_MAX = 0xffff0000;

export class Broadcast {
  readonly #counterStart: number;
  #epoch: number;
  #lastProposed: LogMark;
  /** Of the last zxid of this epoch; undefined before its first. */
  #counter: number | undefined;
  #next: Zxid | undefined;
  #batch = new Writer(BATCH_BYTES_MIN);
  #batchCount = 0;

  /**
   * @param tail the durable end of the log, all of it committed
   * @param epoch the epoch that begins
   * @param counterStart counter of its first zxid; other than 1 only in tests of the rollover
   */
  constructor(tail: LogMark, epoch: number, counterStart = 1) {
    this.#counterStart = counterStart;
    assert(
      epoch > epochOf(tail.zxid),
      `epoch ${epoch} begins behind the log, which ends in epoch ${epochOf(tail.zxid)}`,
    );
    this.#epoch = epoch;
    this.#lastProposed = tail;
  }

  get lastProposed(): LogMark {
    return this.#lastProposed;
  }

  /** The zxid that the next proposal will have. */
  get nextZxid(): Zxid {
    return (this.#next ??= makeZxid(this.#epoch, this.#nextCounter));
  }

  get #nextCounter(): number {
    return this.#counter === undefined ? this.#counterStart : this.#counter + 1;
  }

  /** True when it is time for a new epoch. */
  get nearlyExhausted(): boolean {
    return (this.#counter ?? 0) >= COUNTER_NEARLY_MAX;
  }

  /** The epoch is on disk: proposals from now on carry it. */
  beginEpoch(epoch: number): void {
    assert(epoch >= this.#epoch, `epoch ${epoch} begins after ${this.#epoch}`);
    if (epoch > this.#epoch) this.#counter = this.#next = undefined;
    this.#epoch = epoch;
  }

  /**
   * Appends a record to the batch of this turn.
   * @param writePayload writes the record's payload
   */
  propose(type: number, writePayload: (w: Writer) => void): LogMark {
    const w = this.#batch;
    const counter = this.#nextCounter;
    assert(counter <= COUNTER_MAX, 'the epoch has no zxid left');
    const zxid = this.nextZxid;
    const index = this.#lastProposed.index + 1;
    const start = w.length;
    w.long(0n);
    w.whole(index);
    w.int(this.#epoch);
    w.int(counter | 0);
    w.int(type);
    const payload = w.startFrame();
    writePayload(w);
    w.endFrame(payload);
    const chain = chainOf(this.#lastProposed.chain, w.since(start + CHAIN_BYTES));
    w.patchLong(start, chain);
    this.#batchCount++;
    this.#counter = counter;
    this.#next = undefined;
    this.#lastProposed = { index, zxid, chain };
    return this.#lastProposed;
  }

  /** What was proposed since the last call; undefined when nothing was. */
  takeBatch(): LogBatch | undefined {
    if (this.#batchCount === 0) return undefined;
    const room = Math.min(
      BATCH_BYTES_MAX,
      Math.max(BATCH_BYTES_MIN, this.#batch.length + this.#batch.length / 4),
    );
    const batch: LogBatch = {
      bytes: this.#batch.take(Math.ceil(room)),
      count: this.#batchCount,
      last: this.#lastProposed,
    };
    this.#batchCount = 0;
    return batch;
  }
}

/** The chain that `record` must carry when it follows one with chain `previous`. */
export function expectedChain(previous: bigint, record: LogRecord): bigint {
  const w = new Writer(64 + record.payload.byteLength);
  writeLogRecord(w, record);
  return chainOf(previous, w.bytes().subarray(CHAIN_BYTES));
}

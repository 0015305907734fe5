/**
 * The end of the log as it is kept in memory: every record that is not applied yet, and for learners that lag a little,
 * some that are. What lies before is on disk only. Holds values; the disk is told by whoever changes it.
 */
import type { LogRecord } from '../codec/index.js';
import type { Zxid } from '../types/index.js';
import { assert } from '../util/index.js';
import { LOG_START, type LogBatch, type LogMark } from './mark.js';
import { markOf, recordsIn, slice } from './records.js';

interface Held {
  /** The record before the first of this batch. */
  readonly before: LogMark;
  readonly batch: LogBatch;
}

export class History {
  readonly #cacheBytes: number;
  #held: Held[] = [];
  /** Index into #held of the first batch that is still held. */
  #head = 0;
  #bytes = 0;
  #records = 0;
  #logStart: LogMark = LOG_START;
  #start: LogMark = LOG_START;
  #tail: LogMark = LOG_START;
  #durable: LogMark = LOG_START;

  /** @param cacheBytes so much of what is applied stays in memory */
  constructor(cacheBytes: number) {
    this.#cacheBytes = cacheBytes;
  }

  /** The record before the first one that the disk holds. */
  get logStart(): LogMark {
    return this.#logStart;
  }

  /** The record before the first one in memory. */
  get start(): LogMark {
    return this.#start;
  }

  /** The last record, on disk or on its way there. */
  get tail(): LogMark {
    return this.#tail;
  }

  /** The last record on disk. */
  get durable(): LogMark {
    return this.#durable;
  }

  /** Mean size of the records in memory. */
  get recordBytes(): number {
    return this.#records === 0 ? 100 : this.#bytes / this.#records;
  }

  /** Begins again behind `mark`, with nothing in memory. */
  restart(logStart: LogMark, mark: LogMark): void {
    this.#held = [];
    this.#head = this.#bytes = this.#records = 0;
    this.#logStart = logStart;
    this.#start = this.#tail = this.#durable = mark;
  }

  /** Everything in memory is on disk, as the disk says. */
  settle(logStart: LogMark, tail: LogMark): void {
    assert(this.#tail.index === tail.index, `memory ends at ${this.#tail.index}, the log at ${tail.index}`);
    this.#logStart = logStart;
    this.#durable = tail;
  }

  /** Records up to `mark` are on disk. */
  persisted(mark: LogMark): void {
    if (mark.index > this.#durable.index) this.#durable = mark;
  }

  /** Keeps a batch that follows the tail. The memory is not given away. */
  append(batch: LogBatch): void {
    assert(
      batch.last.index === this.#tail.index + batch.count,
      `a batch of ${batch.count} up to ${batch.last.index} does not follow ${this.#tail.index}`,
    );
    this.#held.push({ before: this.#tail, batch });
    this.#bytes += batch.bytes.byteLength;
    this.#records += batch.count;
    this.#tail = batch.last;
  }

  /** Drops what lies behind `mark`, which must be in memory. */
  truncate(mark: LogMark): void {
    assert(mark.index >= this.#start.index, `record ${mark.index} is not in memory`);
    for (
      let last = this.#held.at(-1);
      last !== undefined && this.#held.length > this.#head;
      last = this.#held.at(-1)
    ) {
      if (last.batch.last.index <= mark.index) break;
      this.#held.pop();
      this.#bytes -= last.batch.bytes.byteLength;
      this.#records -= last.batch.count;
      this.#tail = last.before;
      if (last.before.index < mark.index) {
        const part = slice(last.batch, last.before.index, mark.index);
        this.append({ ...part, bytes: Buffer.from(part.bytes) });
      }
    }
    assert(this.#tail.index === mark.index, `the log cannot be cut at ${mark.index}`);
    this.#tail = mark;
    if (this.#durable.index > mark.index) this.#durable = mark;
  }

  /** Forgets what is applied up to `index`, save for the cache. */
  trim(index: number): void {
    while (this.#bytes > this.#cacheBytes) {
      const first = this.#held[this.#head];
      if (first === undefined || first.batch.last.index > index) break;
      this.#head++;
      this.#bytes -= first.batch.bytes.byteLength;
      this.#records -= first.batch.count;
      this.#start = first.batch.last;
    }
    if (this.#head > 64 && this.#head * 2 > this.#held.length) {
      this.#held.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** @returns the mark of a record in memory, or of the one before */
  markAt(index: number): LogMark | undefined {
    if (index === this.#tail.index) return this.#tail;
    if (index === this.#start.index) return this.#start;
    const held = this.#holding(index);
    if (held === undefined) return undefined;
    if (held.batch.last.index === index) return held.batch.last;
    for (const record of recordsIn(held.batch.bytes))
      if (Number(record.index) === index) return markOf(record);
    return undefined;
  }

  /** @returns the last record in memory (or the one before) whose zxid is not greater; undefined: it lies further back */
  find(zxid: Zxid): LogMark | undefined {
    if (zxid < this.#start.zxid) return undefined;
    let found = this.#start;
    for (let i = this.#head; i < this.#held.length; i++) {
      const held = this.#held[i];
      if (held === undefined) break;
      if (held.batch.last.zxid <= zxid) {
        found = held.batch.last;
        continue;
      }
      for (const record of recordsIn(held.batch.bytes)) if (record.zxid <= zxid) found = markOf(record);
      break;
    }
    return found;
  }

  /**
   * Records after `index`, up to `upTo`, as one batch that shares memory with this.
   * @returns undefined when they are not in memory
   */
  after(index: number, upTo: number): LogBatch | undefined {
    const held = this.#holding(index + 1);
    if (held === undefined) return undefined;
    if (held.before.index === index && held.batch.last.index <= upTo) return held.batch;
    return slice(held.batch, index, Math.min(upTo, held.batch.last.index));
  }

  /** The records after `index` up to `upTo`, one by one; all of them must be in memory. Payloads are views. */
  *records(index: number, upTo: number): Generator<LogRecord> {
    let at = index;
    while (at < upTo) {
      const batch = this.after(at, upTo);
      assert(batch !== undefined, `record ${at + 1} is not in memory`);
      yield* recordsIn(batch.bytes);
      at = batch.last.index;
    }
  }

  #holding(index: number): Held | undefined {
    if (index <= this.#start.index || index > this.#tail.index) return undefined;
    let low = this.#head;
    let high = this.#held.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#held[middle]?.batch.last.index ?? Infinity) < index) low = middle + 1;
      else high = middle;
    }
    return this.#held[low];
  }
}

/**
 * Where the time of writes goes, a batch of log records at a time: all records of a batch were prepared in one turn, go
 * to the disk together and come back together. Times are those of the turn's clock; only a turn that gives records to
 * the disk, or applies some, reads it again: once, and once more when what was applied is on its way to the clients.
 */
import { Queue } from '../util/index.js';
import type { LogBatch } from '../zab/index.js';
import { Distribution } from './distribution.js';

/** The stages of a write, in their order. */
export const WRITE_STAGES = ['queue', 'prepare', 'fsync', 'quorum', 'apply', 'reply'] as const;
export type WriteStage = (typeof WRITE_STAGES)[number];

/** Records that went to the disk together. */
interface Batch {
  readonly index: number;
  readonly zxid: bigint;
  readonly count: number;
  /** The turn began in which they were prepared, or came from the leader. */
  readonly begunAt: number;
  readonly handedAt: number;
  durableAt: number;
}

/** When a write that is being answered went through what; ms on the host's clock. */
export interface WriteTimes {
  readonly begunAt: number;
  readonly handedAt: number;
  readonly durableAt: number;
  readonly committedAt: number;
  readonly appliedAt: number;
}

export class WriteStages {
  readonly times: Readonly<Record<WriteStage, Distribution>> = {
    queue: new Distribution(),
    prepare: new Distribution(),
    fsync: new Distribution(),
    quorum: new Distribution(),
    apply: new Distribution(),
    reply: new Distribution(),
  };
  readonly #clock: () => number;
  readonly #writing = new Queue<Batch>();
  readonly #deciding = new Queue<Batch>();
  /** Applied in this turn. */
  readonly #applied: Batch[] = [];
  #appliedCount = 0;
  /** The turn began in which they were committed and applied. */
  #committedAt = 0;
  /** The end of this turn, once somebody asked. */
  #endAt: number | undefined;
  #lastIndex = 0;

  /** @param clock the host's, read anew */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The turn's inputs are through. @param appliedIndex the last record applied @param now when the turn began */
  turnEnds(appliedIndex: number, now: number): void {
    let batch = this.#deciding.peek();
    if (batch === undefined || batch.index > appliedIndex) return;
    const took = this.#end - now;
    this.#committedAt = now;
    for (; batch !== undefined && batch.index <= appliedIndex; batch = this.#deciding.peek()) {
      this.#deciding.shift();
      this.#applied.push(batch);
      this.#appliedCount += batch.count;
      this.times.quorum.note(now - batch.durableAt, batch.count);
      this.times.apply.note(took, batch.count);
    }
  }

  /** The batch goes to the disk. @param now when the turn began */
  handed(batch: LogBatch, now: number): void {
    const { index, zxid } = batch.last;
    // Another history: what was on its way will not be heard of.
    if (index <= this.#lastIndex) this.clear();
    this.#lastIndex = index;
    const handedAt = this.#end;
    this.times.prepare.note(handedAt - now, batch.count);
    this.#writing.push({ index, zxid, count: batch.count, begunAt: now, handedAt, durableAt: 0 });
  }

  /** Records up to `index` are on disk. @returns how long the oldest of them took; undefined when none was on its way */
  durable(index: number, now: number): number | undefined {
    let oldest: number | undefined;
    for (let batch = this.#writing.peek(); batch !== undefined; batch = this.#writing.peek()) {
      if (batch.index > index) break;
      this.#writing.shift();
      batch.durableAt = now;
      oldest ??= now - batch.handedAt;
      this.times.fsync.note(now - batch.handedAt, batch.count);
      this.#deciding.push(batch);
    }
    return oldest;
  }

  /** What the turn had for clients is with the system. */
  turnEnded(): void {
    if (this.#applied.length > 0) {
      this.times.reply.note(this.#clock() - this.#end, this.#appliedCount);
      this.#applied.length = 0;
      this.#appliedCount = 0;
    }
    this.#endAt = undefined;
  }

  /** Of a write that was applied in this turn; undefined for another one. */
  of(zxid: bigint): WriteTimes | undefined {
    const batch = this.#applied.find((each) => each.zxid >= zxid);
    if (batch === undefined) return undefined;
    const { begunAt, handedAt, durableAt } = batch;
    return { begunAt, handedAt, durableAt, committedAt: this.#committedAt, appliedAt: this.#end };
  }

  /** What is on its way will not arrive: the log failed, or is another one. */
  clear(): void {
    this.#writing.clear();
    this.#deciding.clear();
    this.#lastIndex = 0;
  }

  /** See `Distribution`. */
  age(): void {
    for (const stage of WRITE_STAGES) this.times[stage].age();
  }

  reset(): void {
    for (const stage of WRITE_STAGES) this.times[stage].reset();
  }

  get #end(): number {
    return (this.#endAt ??= this.#clock());
  }
}

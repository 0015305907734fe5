/**
 * Which records the log may forget (zab.md 7.5): those whose effects are in the file of `tree.db`, except for the
 * latest so many and so many bytes, which learners may ask for. Deletion goes in slices, each small enough to ride
 * along with a commit; sizes are read from the database, slice by slice, only when they decide something.
 */
import type { Statement } from 'better-sqlite3';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import type { Connection } from './database.js';
import { markValues } from './meta.js';

/** How many slices may be measured per call: no commit should wait long for this. */
const SLICES_MEASURED_MAX = 20;

/** Decides and deletes. The owner makes the transactions and reports those that committed. */
export class Retention {
  static readonly sliceRecords = 1000;

  /** Records up to here are in the file of `tree.db`. */
  treeIndex = 0;
  readonly #keep: { readonly records: number; readonly bytes: number };
  #logStart: number;
  /** Payload bytes behind this record are known to be `#bytesBehind`. It moves down first, up later. */
  #boundary: number;
  #bytesBehind = 0;
  #measured = false;
  /** While no more bytes than this are behind the boundary, it cannot move up. */
  #bytesNeeded = 0;
  /** Start of the log within the open transaction. */
  #deletedTo: number;
  readonly #sum: Statement<[number, number], number | null>;
  readonly #row: Statement<[number], { zxid: bigint; chain: bigint }>;
  readonly #delete: Statement<[number]>;

  constructor(
    db: Connection,
    logStart: number,
    tail: number,
    keep: { readonly records: number; readonly bytes: number },
  ) {
    this.#keep = keep;
    this.#logStart = logStart;
    this.#deletedTo = logStart;
    this.#boundary = tail;
    this.#sum = db
      .prepare<[number, number], number | null>(
        'SELECT sum(length(payload)) FROM log WHERE idx > ? AND idx <= ?',
      )
      .pluck();
    this.#row = db
      .prepare<[number], { zxid: bigint; chain: bigint }>('SELECT zxid, chain FROM log WHERE idx = ?')
      .safeIntegers();
    this.#delete = db.prepare<[number]>('DELETE FROM log WHERE idx <= ?');
  }

  /** @returns the last record of the slice that can go next, undefined if none can */
  sliceEnd(tail: number): number | undefined {
    const end = this.#deletedTo + Retention.sliceRecords;
    if (end > this.treeIndex || end > tail - this.#keep.records) return undefined;
    return this.#boundaryAtLeast(end) ? end : undefined;
  }

  /** Deletes up to `end`. @returns what `meta` has to say from now on */
  deleteSlice(end: number): Record<string, bigint> {
    const row = this.#row.get(end);
    assert(row !== undefined, `Record ${end} is missing in the log.`);
    this.#delete.run(end);
    this.#deletedTo = end;
    return markValues('logStart', { index: end, zxid: zxidOf(row.zxid), chain: row.chain });
  }

  /**
   * The transaction committed.
   * @param bytes of new payloads
   * @param logStart 0 if no slice was deleted
   */
  committed(bytes: number, logStart: number): void {
    this.#bytesBehind += bytes;
    if (logStart > 0) this.#logStart = logStart;
    this.#deletedTo = this.#logStart;
  }

  /** Whether more than the bytes to keep are behind record `end`. */
  #boundaryAtLeast(end: number): boolean {
    const slice = Retention.sliceRecords;
    let measured = 0;
    // Down from the tail, once, until enough is behind the boundary.
    while (!this.#measured && measured++ < SLICES_MEASURED_MAX) {
      if (this.#bytesBehind >= this.#keep.bytes || this.#boundary <= this.#logStart) {
        this.#measured = true;
        break;
      }
      const from = Math.max(this.#boundary - slice, this.#logStart);
      this.#bytesBehind += this.#sum.get(from, this.#boundary) ?? 0;
      this.#boundary = from;
    }
    if (!this.#measured) return false;
    // Then up with the tail.
    if (this.#boundary < end && this.#bytesBehind < this.#bytesNeeded) return false;
    while (this.#boundary < end && measured++ < SLICES_MEASURED_MAX) {
      const to = Math.min(this.#boundary + slice, end);
      const bytes = this.#sum.get(this.#boundary, to) ?? 0;
      this.#bytesNeeded = this.#keep.bytes + bytes;
      if (this.#bytesBehind < this.#bytesNeeded) return false;
      this.#bytesNeeded = 0;
      this.#bytesBehind -= bytes;
      this.#boundary = to;
    }
    return this.#boundary >= end;
  }
}

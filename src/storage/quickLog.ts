/**
 * The short way into `log.db`: a few records, written and synced by the main thread itself while the log's thread has
 * nothing to do. It spares two messages between threads, each of which may wait for a processor to wake, and together
 * cost as much as an fsync of a good disk (ADR 0014). It is taken only where a commit is quick: nothing else happens on
 * this thread meanwhile.
 */
import type { LogBatch, LogMark } from '../engine/ports.js';
import { openForWriting, transaction, type Connection, type Synchronous } from './database.js';
import { codeOf } from './errors.js';
import { LogRows } from './logRows.js';
import type { WroteMessage } from './messages.js';

/** A group with more bytes takes longer to insert than a message to another thread, which meanwhile lets this one work. */
const GROUP_BYTES_MAX = 32 << 10;
/** Share of the newest commit in the usual one. */
const NEWEST_PART = 1 / 8;
/** The log's thread hears of what was written at the latest after so many bytes: it has blocks made ready for more. */
const TELL_BYTES = 64 << 10;
/** What a commit takes at least. */
const PAGE_BYTES = 4096;

/** A connection of the main thread to `log.db`, and what it wrote that the log's thread does not know yet. */
export class QuickLog {
  /** The usual commit has to be quicker than this. */
  commitMsMax = 1;
  readonly #db: Connection;
  readonly #rows: LogRows;
  /** Undefined before the log's thread has written for the first time: until then the log is its own. */
  #usualMs: number | undefined;
  #untold: WroteMessage | undefined;

  constructor(file: string, synchronous: Synchronous) {
    this.#db = openForWriting(file, synchronous);
    // Whoever has to wait for the other thread may as well give it the work.
    this.#db.pragma('busy_timeout = 0');
    this.#rows = new LogRows(this.#db);
  }

  /** A small commit took so long, here or on the log's thread. */
  took(ms: number, bytes: number): void {
    if (bytes > GROUP_BYTES_MAX) return;
    this.#usualMs ??= ms;
    this.#usualMs += (ms - this.#usualMs) * NEWEST_PART;
  }

  /** The usual commit is quick. */
  get isQuick(): boolean {
    return this.#usualMs !== undefined && this.#usualMs <= this.commitMsMax;
  }

  /**
   * Writes the records behind `tail`. When it returns their end, they are on disk; when it returns undefined, or throws,
   * nothing was written.
   * @throws what SQLite threw, unless the log's thread is at work in the database
   */
  commit(tail: LogMark, batches: readonly LogBatch[]): LogMark | undefined {
    let bytes = 0;
    let records = 0;
    for (const batch of batches) {
      bytes += batch.bytes.byteLength;
      records += batch.count;
    }
    if (bytes > GROUP_BYTES_MAX) return undefined;
    const began = performance.now();
    try {
      const buffers = batches.map((batch) => batch.bytes);
      const mark = transaction(this.#db, () => this.#rows.insert(tail, buffers));
      this.took(performance.now() - began, bytes);
      const { untold } = this;
      this.#untold = {
        mark,
        records: (untold?.records ?? 0) + records,
        bytes: (untold?.bytes ?? 0) + bytes,
        commits: (untold?.commits ?? 0) + 1,
      };
      return mark;
    } catch (error) {
      if (codeOf(error).startsWith('SQLITE_BUSY')) return undefined;
      throw error;
    }
  }

  /** What the log's thread has to hear of before anything else. */
  get untold(): WroteMessage | undefined {
    return this.#untold;
  }

  get muchUntold(): boolean {
    const { untold } = this;
    return untold !== undefined && untold.bytes + untold.commits * PAGE_BYTES >= TELL_BYTES;
  }

  told(): void {
    this.#untold = undefined;
  }

  /** See the message `limitPages`. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages === 0 ? 0xfffffffe : pages}`);
  }

  close(): void {
    this.#db.close();
  }
}

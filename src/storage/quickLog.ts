/**
 * The two ways into `log.db`. The long one is the log's thread. The short one, for a few records while that thread has
 * nothing to do: the main thread writes and syncs them itself. It spares two messages between threads, each of which may
 * wait for a processor to wake, and together cost as much as half an fsync of a good disk (ADR 0014). It is taken only
 * where a commit is quick: nothing else happens on this thread meanwhile.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Epochs, LogBatch, LogMark } from '../engine/ports.js';
import { openForWriting, transaction, type Connection, type Synchronous } from './database.js';
import { codeOf, writeError } from './errors.js';
import { LogRows } from './logRows.js';
import type { ToLogWorker, WroteMessage } from './messages.js';

/** A group with more bytes takes longer to insert than a message to another thread, which meanwhile lets this one work. */
const GROUP_BYTES_MAX = 32 << 10;
/** Share of the newest commit in the usual one. */
const NEWEST_PART = 1 / 8;
/** The log's thread hears of what was written at the latest after so many bytes: it has blocks made ready for more ... */
const TELL_BYTES = 64 << 10;
/** ... or after so long. */
const TELL_MS = 100;
const CACHE_PAGES = 32;
/** What a commit takes at least. */
const PAGE_BYTES = 4096;

/** A connection of the main thread to `log.db`, and what it wrote that the log's thread does not know yet. */
export class QuickLog {
  /** The usual commit has to be quicker than this. */
  commitMsMax = 1;
  readonly #file: string;
  /** Undefined when it could not be opened. */
  readonly #short: { readonly db: Connection; readonly rows: LogRows } | undefined;
  readonly #toThread: (message: ToLogWorker) => void;
  /** Undefined before the log's thread has written for the first time: until then the log is its own. */
  #usualMs: number | undefined;
  /** The last ones that were given to the log's thread, until it has them on disk. */
  #epochsUnderWay: Epochs | undefined;
  #untold: WroteMessage | undefined;
  #telling: NodeJS.Timeout | undefined;
  #failed = false;

  constructor(file: string, synchronous: Synchronous, toThread: (message: ToLogWorker) => void) {
    this.#file = file;
    this.#toThread = toThread;
    try {
      const db = openForWriting(file, synchronous);
      // Whoever has to wait for the other thread may as well give it the work.
      db.pragma('busy_timeout = 0');
      // It only ever sees the end of one table.
      db.pragma(`cache_size = ${CACHE_PAGES}`);
      this.#short = { db, rows: new LogRows(db) };
    } catch {
      // A full disk, for instance. The log's thread opens the same file, says what is wrong, and goes on when it can.
    }
  }

  /** The usual commit is quick, and no epochs are on their way. */
  get isQuick(): boolean {
    if (this.#short === undefined || this.#failed || this.#epochsUnderWay !== undefined) return false;
    return this.#usualMs !== undefined && this.#usualMs <= this.commitMsMax;
  }

  /** The long way: to the log's thread, behind all that was written here. */
  send(message: ToLogWorker): void {
    this.#tell();
    if (message.kind === 'epochs') this.#epochsUnderWay = message.epochs;
    this.#toThread(message);
  }

  /** A small commit took so long, here or on the log's thread. */
  took(ms: number, bytes: number): void {
    if (bytes > GROUP_BYTES_MAX) return;
    this.#usualMs ??= ms;
    this.#usualMs += (ms - this.#usualMs) * NEWEST_PART;
  }

  /** The log's thread has these on disk, or later ones. */
  epochsDurable({ acceptedEpoch, currentEpoch }: Epochs): void {
    const saved = this.#epochsUnderWay;
    if (saved === undefined) return;
    if (acceptedEpoch >= saved.acceptedEpoch && currentEpoch >= saved.currentEpoch)
      this.#epochsUnderWay = undefined;
  }

  /** What was on its way to the log's thread is lost. */
  refused(): void {
    this.#epochsUnderWay = undefined;
  }

  /**
   * The short way: writes the records behind `tail`.
   * @returns their end, when they are on disk; undefined when nothing was written, and the long way is open, or knows
   *   why not
   */
  commit(tail: LogMark, batches: readonly LogBatch[]): LogMark | undefined {
    let bytes = 0;
    let records = 0;
    for (const batch of batches) {
      bytes += batch.bytes.byteLength;
      records += batch.count;
    }
    const short = this.#short;
    if (short === undefined || bytes > GROUP_BYTES_MAX) return undefined;
    const began = performance.now();
    try {
      const buffers = batches.map((batch) => batch.bytes);
      const mark = transaction(short.db, () => short.rows.insert(tail, buffers));
      this.took(performance.now() - began, bytes);
      this.#wrote(mark, records, bytes);
      return mark;
    } catch (error) {
      this.#explain(error);
      return undefined;
    }
  }

  /** See the message `limitPages`. */
  limitPages(pages: number): void {
    this.send({ kind: 'limitPages', pages });
    this.#short?.db.pragma(`max_page_count = ${pages === 0 ? 0xfffffffe : pages}`);
  }

  close(): void {
    this.#tell();
    this.#short?.db.close();
  }

  /** @throws the error if it is a mistake of this program, which says nothing about the disk */
  #explain(cause: unknown): void {
    const code = codeOf(cause);
    if (code === '') throw cause;
    // The log's thread is at work in the database.
    if (code.startsWith('SQLITE_BUSY')) return;
    const { kind, message } = writeError(cause, this.#file, () => statfsSync(dirname(this.#file)).bavail > 0);
    // The log's thread will find the disk full as well, and knows what to do then.
    if (kind === 'full') return;
    this.#failed = true;
    this.send({ kind: 'distrust', error: { kind, message } });
  }

  #wrote(mark: LogMark, records: number, bytes: number): void {
    const former = this.#untold;
    const untold: WroteMessage = {
      mark,
      records: records + (former?.records ?? 0),
      bytes: bytes + (former?.bytes ?? 0),
      commits: 1 + (former?.commits ?? 0),
    };
    this.#untold = untold;
    if (untold.bytes + untold.commits * PAGE_BYTES >= TELL_BYTES) this.#tell();
    else this.#telling ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#untold === undefined) return;
    this.#toThread({ kind: 'wrote', ...this.#untold });
    this.#untold = undefined;
  }
}

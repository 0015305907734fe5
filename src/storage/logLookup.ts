/** Reads `log.db` for learners, beside its writer: what is visible to another connection is on disk. */
import { Writer, writeLogRecord } from '../codec/index.js';
import type { LogBatch, LogMark } from '../engine/ports.js';
import { RECORD_HEADER_BYTES } from './batch.js';
import type { Connection } from './database.js';
import { StorageError } from './errors.js';
import { markAt, scanSome } from './logReader.js';
import { Meta } from './meta.js';

/** A reading connection to a log. */
export class LogLookup {
  readonly #db: Connection;
  readonly #file: string;

  constructor(db: Connection, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** See `Storage.find`. */
  find(zxid: bigint): LogMark | undefined {
    return this.#consistently((logStart) => {
      if (zxid < logStart.zxid) return undefined;
      let found = logStart;
      let above =
        1 + (this.#db.prepare<[], number | null>('SELECT max(idx) FROM log').pluck().get() ?? logStart.index);
      // Indexes have no holes, and zxids rise with them.
      while (above - found.index > 1) {
        const middle = Math.floor((found.index + above) / 2);
        const mark = markAt(this.#db, middle);
        if (mark === undefined)
          throw new StorageError('corrupt', `${this.#file}: record ${middle} is missing.`);
        if (mark.zxid <= zxid) found = mark;
        else above = middle;
      }
      return found;
    });
  }

  /** See `Storage.read`. */
  read(after: number, maxBytes: number): LogBatch | undefined {
    return this.#consistently((logStart) => {
      if (after < logStart.index) return undefined;
      const from = after === logStart.index ? logStart : markAt(this.#db, after);
      if (from === undefined) return undefined;
      const writer = new Writer(Math.min(Math.max(maxBytes, 4096), 8 << 20) + RECORD_HEADER_BYTES);
      const { last, damage } = scanSome(this.#db, from, maxBytes, (record) => writeLogRecord(writer, record));
      const count = last.index - after;
      if (count > 0) return { bytes: writer.take(), count, last };
      if (damage !== undefined) throw new StorageError('corrupt', `${this.#file}: ${damage}.`);
      return undefined;
    });
  }

  /** In one transaction, so that a purge or a truncation in between cannot be seen half. */
  #consistently<T>(body: (logStart: LogMark) => T): T {
    return this.#db.transaction(() => body(Meta.read(this.#db, this.#file).mark('logStart')))();
  }
}

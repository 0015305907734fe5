/**
 * The one writer of `log.db`. A transaction takes whatever has come together since the last one, so the slower the
 * disk, the larger the groups: one fsync for all of them (design D7).
 */
import { crc32 } from 'node:zlib';
import type { Statement } from 'better-sqlite3';
import type { Epochs, LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import { RECORD_HEADER_BYTES } from './batch.js';
import { checkpoint, openForWriting, transaction, WAL_PAGE_BYTES, type Connection } from './database.js';
import { MarkFile } from './mark.js';
import type { LogWorkerData } from './messages.js';
import { Meta } from './meta.js';
import { Retention } from './retention.js';

/** What goes into one transaction. */
export interface LogGroup {
  /** Each has whole records. */
  readonly batches: readonly Buffer[];
  readonly records: number;
  readonly epochs: Epochs | undefined;
}

/** Rows per INSERT: eight cost a third less than one by one, more gain little. */
const ROWS_PER_STATEMENT = 8;
const COLUMNS = 6;

/** The mark may be this much older than the log after a power failure. */
const MARK_SYNC_MS = 1000;

/** Beyond this the WAL is written back by another thread. */
const WAL_LONG_BYTES = 16 << 20;
/** What that thread left behind is finished here, while commits wait, if it is no more than this ... */
const WAL_REST_BYTES = 1 << 20;
/** ... or than this part of a WAL that is longer: somebody has to, before it is huge. */
const WAL_REST_PART = 1 / 8;
/** Beyond this commits have to wait for a checkpoint after all. */
const WAL_HUGE_BYTES = 256 << 20;
/** How often the length of the WAL is asked for, in appended bytes. */
const WAL_LOOK_BYTES = 1 << 20;

/** An open `log.db` with its `mark`. After an exception only `close` is of use. */
export class LogWriter {
  readonly #mark: MarkFile;
  readonly #db: Connection;
  readonly #meta: Meta;
  readonly #retention: Retention;
  readonly #insertOne: Statement;
  readonly #insertMany: Statement;
  #tail: LogMark;
  /** Values of the INSERT being filled. */
  readonly #values: unknown[] = new Array<unknown>(ROWS_PER_STATEMENT * COLUMNS).fill(null);
  #markSyncedAt = 0;
  #bytesSinceLook = 0;
  #checkpointWanted = false;

  constructor({ logFile, markFile, synchronous, retentionRecords, retentionBytes }: LogWorkerData) {
    this.#db = openForWriting(logFile, synchronous);
    this.#meta = Meta.read(this.#db, logFile);
    const logStart = this.#meta.mark('logStart');
    this.#tail = lastMark(this.#db) ?? logStart;
    this.#retention = new Retention(this.#db, logStart.index, this.#tail.index, {
      records: retentionRecords,
      bytes: retentionBytes,
    });
    this.#insertOne = prepareInsert(this.#db, 1);
    this.#insertMany = prepareInsert(this.#db, ROWS_PER_STATEMENT);
    this.#mark = MarkFile.open(markFile);
  }

  /** The durable end of the log. */
  get tail(): LogMark {
    return this.#tail;
  }

  get suspect(): boolean {
    return this.#mark.state.suspect;
  }

  /** One transaction. When it returns, the group is on disk; if it throws, nothing of it is. */
  write(group: LogGroup, now: number): void {
    let tail = this.#tail;
    let bytes = 0;
    let logStart = 0;
    transaction(this.#db, () => {
      if (group.batches.length > 0) tail = this.#insert(group.batches);
      for (const batch of group.batches) bytes += batch.byteLength;
      if (group.epochs !== undefined) this.#meta.write(epochValues(group.epochs));
      // At least as many out as in, or the log would grow under a steady load.
      logStart = this.#purge(1 + Math.ceil(group.records / Retention.sliceRecords), tail.index);
    });
    this.#retention.committed(bytes - group.records * RECORD_HEADER_BYTES, logStart);
    this.#tail = tail;
    this.#bytesSinceLook += bytes;
    this.#writeMark(group.epochs, now);
  }

  /** Whether `purgeIdle` has something to do. */
  get purgeable(): boolean {
    return this.#retention.sliceEnd(this.#tail.index) !== undefined;
  }

  /** Deletes one slice in a transaction of its own, when there is nothing else to do. */
  purgeIdle(): void {
    let logStart = 0;
    transaction(this.#db, () => {
      logStart = this.#purge(1, this.#tail.index);
    });
    this.#retention.committed(0, logStart);
    this.#bytesSinceLook += 1000;
  }

  /** Records up to `index` are in the file of `tree.db`: the log may forget them. */
  treeCheckpointed(index: number): void {
    this.#retention.treeIndex = index;
  }

  /**
   * Looks after the WAL between two transactions.
   * @returns whether another thread should checkpoint now; it answers with `checkpointedElsewhere`
   */
  tendWal(): boolean {
    if (this.#bytesSinceLook < WAL_LOOK_BYTES) return false;
    this.#bytesSinceLook = 0;
    const wal = checkpoint(this.#db, 'NOOP');
    if (wal.pages * WAL_PAGE_BYTES >= WAL_HUGE_BYTES) checkpoint(this.#db, 'TRUNCATE');
    else if ((wal.pages - wal.moved) * WAL_PAGE_BYTES >= WAL_LONG_BYTES && !this.#checkpointWanted) {
      this.#checkpointWanted = true;
      return true;
    }
    return false;
  }

  /** Another thread did most of a checkpoint; what came in meanwhile keeps the WAL from starting over. */
  checkpointedElsewhere(): void {
    this.#checkpointWanted = false;
    const { pages, moved } = checkpoint(this.#db, 'NOOP');
    const rest = (pages - moved) * WAL_PAGE_BYTES;
    if (rest <= Math.max(WAL_REST_BYTES, pages * WAL_PAGE_BYTES * WAL_REST_PART)) {
      checkpoint(this.#db, 'PASSIVE');
    } else this.#bytesSinceLook = WAL_LOOK_BYTES;
  }

  /** Empties the WAL while nobody waits for a commit. */
  truncateWal(): void {
    if (checkpoint(this.#db, 'NOOP').pages > 0) checkpoint(this.#db, 'TRUNCATE');
  }

  /** Brings the mark to the disk if that was not done for a second. */
  syncMark(now: number): void {
    if (!this.#mark.dirty || now - this.#markSyncedAt < MARK_SYNC_MS) return;
    this.#mark.sync();
    this.#markSyncedAt = now;
  }

  /** Notes that this disk cannot be trusted, as far as it still can be noted. */
  markSuspect(): void {
    try {
      this.#mark.write({ ...this.#mark.state, suspect: true });
      this.#mark.sync();
    } catch {
      // The disk that just failed fails again: there is nothing left to try.
    }
  }

  /** See the message `limitPages`. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages === 0 ? 0xfffffffe : pages}`);
  }

  close(): void {
    try {
      this.#mark.sync();
    } finally {
      this.#db.close();
      this.#mark.close();
    }
  }

  /** @returns the new tail */
  #insert(batches: readonly Buffer[]): LogMark {
    const values = this.#values;
    let index = this.#tail.index;
    let zxid: bigint = this.#tail.zxid;
    let { chain } = this.#tail;
    let filled = 0;
    for (const batch of batches) {
      const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
      let at = 0;
      while (at < batch.byteLength) {
        chain = view.getBigInt64(at);
        const idx = view.getBigInt64(at + 8);
        zxid = view.getBigInt64(at + 16);
        const length = view.getInt32(at + 28);
        const start = at + RECORD_HEADER_BYTES;
        const end = start + length;
        index += 1;
        assert(Number(idx) === index, `Record ${idx.toString()} came where ${index} is next.`);
        assert(length >= 0 && end <= batch.byteLength, 'A record reaches beyond its batch.');
        const payload = batch.subarray(start, end);
        values[filled++] = idx;
        values[filled++] = zxid;
        values[filled++] = view.getInt32(at + 24);
        values[filled++] = chain;
        values[filled++] = crc32(payload);
        values[filled++] = payload;
        if (filled === values.length) {
          this.#insertMany.run(values);
          filled = 0;
        }
        at = end;
      }
    }
    for (let row = 0; row < filled; row += COLUMNS) this.#insertOne.run(values.slice(row, row + COLUMNS));
    return { index, zxid: zxidOf(zxid), chain };
  }

  /** @returns the new start of the log, 0 if nothing was deleted */
  #purge(slices: number, tailIndex: number): number {
    let logStart = 0;
    for (let i = 0; i < slices; i++) {
      const end = this.#retention.sliceEnd(tailIndex);
      if (end === undefined) break;
      this.#meta.write(this.#retention.deleteSlice(end));
      logStart = end;
    }
    return logStart;
  }

  #writeMark(epochs: Epochs | undefined, now: number): void {
    const { state } = this.#mark;
    if (epochs === undefined) {
      this.#mark.write({ ...state, acked: this.#tail });
      this.syncMark(now);
      return;
    }
    // zab.md 7.4: only an established leader's epoch ends the suspicion.
    const suspect = state.suspect && epochs.currentEpoch <= state.epochs.currentEpoch;
    this.#mark.write({ ...state, acked: this.#tail, epochs, suspect });
    this.#mark.sync();
    this.#markSyncedAt = now;
  }
}

function prepareInsert(db: Connection, rows: number): Statement {
  const row = `(${new Array<string>(COLUMNS).fill('?').join(', ')})`;
  const all = new Array<string>(rows).fill(row).join(', ');
  return db.prepare(`INSERT INTO log (idx, zxid, type, chain, crc, payload) VALUES ${all}`);
}

function lastMark(db: Connection): LogMark | undefined {
  const row = db
    .prepare<[], { idx: bigint; zxid: bigint; chain: bigint }>(
      'SELECT idx, zxid, chain FROM log ORDER BY idx DESC LIMIT 1',
    )
    .safeIntegers()
    .get();
  return row && { index: Number(row.idx), zxid: zxidOf(row.zxid), chain: row.chain };
}

/** Epochs as `meta` keeps them. */
export function epochValues(epochs: Epochs): Record<string, bigint> {
  return { acceptedEpoch: BigInt(epochs.acceptedEpoch), currentEpoch: BigInt(epochs.currentEpoch) };
}

/**
 * The one writer of `log.db`. A transaction takes whatever has come together since the last one, so the slower the
 * disk, the larger the groups: one fsync for all of them (design D7).
 */
import type { Epochs, LogMark } from '../engine/ports.js';
import { RECORD_HEADER_BYTES } from './batch.js';
import { checkpoint, openForWriting, transaction, WAL_PAGE_BYTES, type Connection } from './database.js';
import type { StorageError } from './errors.js';
import { placeStage, takeBackStage } from './files.js';
import { LogRows } from './logRows.js';
import { MarkFile } from './mark.js';
import { markOf, type LogWorkerData, type WroteMessage } from './messages.js';
import { markValues, Meta } from './meta.js';
import { Retention } from './retention.js';
import { loweredMark, refusalOf, type SynchroniseJob, type SynchroniseStep } from './synchronise.js';
import { WalSpace } from './walSpace.js';

/** What goes into one transaction. */
export interface LogGroup {
  /** Each has whole records. */
  readonly batches: readonly Buffer[];
  readonly records: number;
  readonly epochs: Epochs | undefined;
}

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
/** An idle WAL keeps its blocks up to this length. */
const WAL_RENEWED_BYTES_MAX = 32 << 20;
/** A commit writes at least a page, and so much more than its records, in parts of them: for the index of the table. */
const WAL_OVERHEAD_PART = 1 / 8;
/** How often the length of the WAL is asked for, in bytes that were probably written to it. */
const WAL_LOOK_BYTES = 1 << 20;

/** An open `log.db` with its `mark`. After an exception only `close` is of use. */
export class LogWriter {
  readonly #mark: MarkFile;
  readonly #db: Connection;
  readonly #meta: Meta;
  readonly #rows: LogRows;
  /** Undefined if commits do not wait for the disk. */
  readonly #space: WalSpace | undefined;
  readonly #options: LogWorkerData;
  #retention: Retention;
  #tail: LogMark;
  #logStart: LogMark;
  #markSyncedAt = 0;
  #bytesSinceLook = 0;
  #bytesSinceCommit = 0;
  #checkpointWanted = false;

  constructor(options: LogWorkerData) {
    this.#options = options;
    this.#db = openForWriting(options.logFile, options.synchronous);
    this.#meta = Meta.read(this.#db, options.logFile);
    this.#rows = new LogRows(this.#db);
    this.#logStart = this.#meta.mark('logStart');
    this.#tail = this.#rows.last() ?? this.#logStart;
    this.#retention = this.#newRetention();
    this.#mark = MarkFile.open(options.markFile);
    if (options.synchronous !== 'OFF')
      this.#space = new WalSpace(options.logFile, {
        pages: () => this.#walPages(),
        alone: (body) => transaction(this.#db, body),
      });
    this.#space?.begin();
  }

  /** The durable end of the log. */
  get tail(): LogMark {
    return this.#tail;
  }

  /** The record before the first one. */
  get logStart(): LogMark {
    return this.#logStart;
  }

  /** Both epochs on disk. */
  get epochs(): Epochs {
    return this.#mark.state.epochs;
  }

  get suspect(): boolean {
    return this.#mark.state.suspect;
  }

  /** Of the tree that counts. */
  get generation(): number {
    return this.#meta.number('treeGeneration');
  }

  /** One transaction. When it returns, the group is on disk; if it throws, nothing of it is. */
  write(group: LogGroup, now: number): void {
    let tail = this.#tail;
    let bytes = 0;
    let logStart = 0;
    transaction(this.#db, () => {
      if (group.batches.length > 0) tail = this.#rows.insert(tail, group.batches);
      for (const batch of group.batches) bytes += batch.byteLength;
      if (group.epochs !== undefined) this.#meta.write(epochValues(group.epochs));
      // At least as many out as in, or the log would grow under a steady load.
      logStart = this.#purge(1 + Math.ceil(group.records / Retention.sliceRecords), tail.index);
    });
    this.#retention.committed(bytes - group.records * RECORD_HEADER_BYTES, logStart);
    if (logStart > 0) this.#logStart = this.#meta.mark('logStart');
    this.#tail = tail;
    this.#bytesSinceCommit += bytes;
    if (group.epochs !== undefined) this.#writeMark(group.epochs, now);
  }

  /** The main thread committed records behind the tail. */
  wroteElsewhere({ mark, records, bytes, commits }: WroteMessage): void {
    this.#tail = markOf(mark);
    this.#retention.committed(bytes - records * RECORD_HEADER_BYTES, 0);
    this.#bytesSinceCommit += bytes + commits * WAL_PAGE_BYTES;
    this.#space?.look();
  }

  /**
   * What is to be done after a commit, and nobody needs to wait for: the mark is a lower bound, and may be late.
   * @returns whether another thread should checkpoint now; it answers with `checkpointedElsewhere`
   */
  afterCommit(now: number): boolean {
    if (this.#mark.state.acked !== this.#tail) this.#writeMark(undefined, now);
    const bytes = WAL_PAGE_BYTES + this.#bytesSinceCommit * (1 + WAL_OVERHEAD_PART);
    this.#bytesSinceCommit = 0;
    this.#bytesSinceLook += bytes;
    this.#space?.committed(Math.ceil(bytes / WAL_PAGE_BYTES));
    return this.tendWal();
  }

  /** What speaks against `synchronise`, asked before it. */
  refusal(job: SynchroniseJob): StorageError | undefined {
    return refusalOf(job, this.#db, this.#logStart, this.#tail, this.#options);
  }

  /**
   * Everything in one transaction (zab.md 7.6). When it returns, all of it is on disk; if it throws, nothing of it is.
   * @param step for tests: told what has just been done
   */
  synchronise(
    job: SynchroniseJob,
    now: number,
    step: (done: SynchroniseStep) => void = () => undefined,
  ): void {
    const { truncate, install, batches, records, epochs, secret } = job;
    const acked = loweredMark(job, this.#db, this.#logStart, this.#mark.state.acked);
    if (acked !== undefined) {
      this.#mark.write({ ...this.#mark.state, acked });
      this.#mark.sync();
      step('marked');
    }
    const generation = this.generation + 1;
    if (install !== undefined) {
      placeStage(this.#options, generation);
      step('placed');
    }
    let tail = install ?? truncate ?? this.#tail;
    try {
      transaction(this.#db, () => {
        if (truncate !== undefined) this.#rows.deleteAfter(truncate.index);
        if (install !== undefined) {
          this.#rows.deleteAll();
          this.#meta.write({ ...markValues('logStart', install), treeGeneration: BigInt(generation) });
        }
        tail = this.#rows.insert(tail, batches);
        if (epochs !== undefined) this.#meta.write(epochValues(epochs));
        if (secret !== undefined) this.#meta.write({ secret });
      });
    } catch (error) {
      if (install !== undefined) takeBackStage(this.#options, generation);
      throw error;
    }
    step('committed');
    this.#tail = tail;
    this.#logStart = this.#meta.mark('logStart');
    const { treeIndex } = this.#retention;
    this.#retention = this.#newRetention();
    this.#retention.treeIndex = install === undefined ? treeIndex : install.index;
    for (const batch of batches) this.#bytesSinceCommit += batch.byteLength;
    this.#bytesSinceLook += records;
    this.#writeMark(epochs, now, epochs !== undefined && epochs.currentEpoch === epochs.acceptedEpoch);
    this.#mark.sync();
    step('raised');
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
    if (logStart > 0) this.#logStart = this.#meta.mark('logStart');
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
    if (wal.pages * WAL_PAGE_BYTES >= WAL_HUGE_BYTES) this.renewWal();
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

  /**
   * Writes the WAL back while nobody waits for a commit, so that the next one starts it over, in blocks that are there;
   * one that has grown beyond use gives its blocks back.
   */
  renewWal(): void {
    const { pages, moved } = checkpoint(this.#db, 'NOOP');
    if (pages * WAL_PAGE_BYTES < WAL_RENEWED_BYTES_MAX) {
      if (moved < pages) checkpoint(this.#db, 'PASSIVE');
    } else if (this.truncateWal()) this.#space?.begin();
  }

  /** @returns whether there was something in the WAL */
  truncateWal(): boolean {
    if (this.#walPages() === 0) return false;
    checkpoint(this.#db, 'TRUNCATE');
    return true;
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
      this.#space?.close();
      this.#db.close();
      this.#mark.close();
    }
  }

  #walPages(): number {
    return checkpoint(this.#db, 'NOOP').pages;
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

  /** @param established whether `epochs` are those of a leader that has just synchronised this server */
  #writeMark(epochs: Epochs | undefined, now: number, established = false): void {
    const { state } = this.#mark;
    if (epochs === undefined) {
      this.#mark.write({ ...state, acked: this.#tail });
      this.syncMark(now);
      return;
    }
    // zab.md 7.4: only an established leader's epoch ends the suspicion.
    const trusted = epochs.currentEpoch > state.epochs.currentEpoch || established;
    this.#mark.write({ ...state, acked: this.#tail, epochs, suspect: state.suspect && !trusted });
    this.#mark.sync();
    this.#markSyncedAt = now;
  }

  #newRetention(): Retention {
    const { retentionRecords, retentionBytes } = this.#options;
    return new Retention(this.#db, this.#logStart.index, this.#tail.index, {
      records: retentionRecords,
      bytes: retentionBytes,
    });
  }
}

/** Epochs as `meta` keeps them. */
export function epochValues(epochs: Epochs): Record<string, bigint> {
  return { acceptedEpoch: BigInt(epochs.acceptedEpoch), currentEpoch: BigInt(epochs.currentEpoch) };
}

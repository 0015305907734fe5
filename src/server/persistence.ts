/**
 * Keeps the engine and its storage together: brings the state back at the start, performs what goes to the disk, and
 * when the disk is full, waits for room and takes part again.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Writer, writeLogRecord, type LogRecord } from '../codec/index.js';
import type { ServerConfig } from '../config/index.js';
import type { Engine, Input } from '../engine/index.js';
import { StorageError, type Storage } from '../storage/index.js';
import type { DiskOp, LogBatch, LogMark } from '../zab/index.js';
import { markOf } from '../zab/index.js';
import { hex } from '../util/index.js';
import type { DiskWatch } from './diskWatch.js';
import { PeerDisk } from './peerDisk.js';
import type { ServerStats } from './stats.js';
import { WriteGroup } from './writeGroup.js';
import type { WriteStages } from './writeStages.js';

/** Changes go to `tree.db` when there are this many. */
const FLUSH_CHANGES = 2000;
/** After a full disk: how often the log is tried again. */
const REOPEN_MS = 1000;
/** Records that are handed over together while the log is read. */
const BATCH_BYTES = 1024 * 1024;
/** An operator's word that an empty server may vote for one that is not (zab.md 7.4; Apache knows the same file). */
const INITIALIZE = 'initialize';

/** What the host loop does for it. */
export interface PersistenceHost {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly stats: ServerStats;
  readonly stages: WriteStages;
  readonly engine: Engine;
  readonly now: number;
  readonly time: bigint;
  /** Something took long within this turn: whoever asks for the time is told anew. */
  clockMoved(): void;
  submit(input: Input): void;
  halt(error: StorageError): void;
}

export class Persistence {
  readonly #storage: Storage;
  readonly #host: PersistenceHost;
  readonly #disk: PeerDisk;
  readonly #watch: DiskWatch;
  readonly #group = new WriteGroup(() => performance.now());
  #isFull = false;
  #isClosed = false;

  constructor(storage: Storage, host: PersistenceHost, watch: DiskWatch) {
    this.#storage = storage;
    this.#host = host;
    this.#watch = watch;
    this.#disk = new PeerDisk(storage, {
      submit: (input) => host.submit(input),
      reload: (base) => this.#reload(base),
      durable: (mark) => this.#durable(mark),
      failed: (error) => this.#failed(error),
    });
  }

  // --- start -------------------------------------------------------------------------------------------------------

  /** @param reset makes a new engine, when a damaged `tree.db` has to be read from the beginning of the log */
  async recover(reset: () => void): Promise<void> {
    const storage = this.#storage;
    const started = performance.now();
    await storage.loadTree({
      znodes: (bytes, count) => this.#host.engine.tree.restoreRows(bytes, count),
      session: ({ sessionId, timeOut }) => this.#host.engine.restoreSession(sessionId, timeOut),
      reset,
    });
    const { engine, log } = this.#host;
    engine.restored(storage.treeMark);
    let replayed = 0;
    const batches = new Batches((batch) => {
      replayed += batch.count;
      engine.replay(batch);
    });
    await storage.replay((record) => batches.add(record));
    batches.end();
    if (storage.tail.index === 0) {
      log.info('The data directory is empty: this server begins with an empty tree.');
      return;
    }
    log.info(
      {
        znodes: engine.tree.nodeCount,
        sessions: engine.sessions.size,
        replayed,
        zxid: hex(storage.tail.zxid),
      },
      `Recovered ${engine.tree.nodeCount} znodes in ${Math.round(performance.now() - started)} ms.`,
    );
  }

  /** The storage takes writes, and the server takes part. */
  start(): void {
    this.#storage.start(this.#disk.handler);
    this.#boot();
  }

  #boot(): void {
    const { epochs, logStart, tail, suspect, secret, needsSnapshot } = this.#storage;
    const { config, now, time } = this.#host;
    const trustBlank = existsSync(join(config.dataDir, INITIALIZE));
    this.#host.submit({
      kind: 'start',
      epochs,
      logStart,
      tail,
      suspect,
      needsSnapshot,
      trustBlank,
      secret,
      now,
      time,
    });
  }

  /** A snapshot was installed: tree and sessions are read from it. */
  async #reload(base: LogMark): Promise<void> {
    const { engine, log } = this.#host;
    engine.beginRestore();
    await this.#storage.loadTree({
      znodes: (bytes, count) => engine.tree.restoreRows(bytes, count),
      session: ({ sessionId, timeOut }) => engine.restoreSession(sessionId, timeOut),
    });
    engine.restored(base);
    log.info(
      { znodes: engine.tree.nodeCount, zxid: hex(base.zxid) },
      `Took over the leader's snapshot: ${engine.tree.nodeCount} znodes as of zxid ${hex(base.zxid)}.`,
    );
  }

  // --- every turn --------------------------------------------------------------------------------------------------

  perform(ops: readonly DiskOp[]): void {
    for (const op of ops) {
      if (op.kind === 'append') {
        this.#host.stages.handed(op.batch, this.#host.now);
        this.#group.add(op.batch);
        continue;
      }
      this.#writeGroup();
      if (op.kind === 'synchronise') this.#host.stages.clear();
      this.#disk.perform(op);
    }
  }

  /** All that this turn had for others is on its way. @returns whether records wait for what the next turn brings */
  settle(): boolean {
    // Among several servers proposals come in groups already, and processors are busier than the disk.
    if (this.#host.config.ensemble === undefined && this.#storage.isQuick && this.#group.waits()) return true;
    this.#writeGroup();
    return false;
  }

  #writeGroup(): void {
    if (this.#group.isEmpty) return;
    const batches = this.#group.take();
    const mark = this.#storage.appendNow(batches);
    if (mark !== undefined) {
      this.#host.clockMoved();
      this.#durable(mark);
    } else for (const batch of batches) this.#storage.append(batch);
  }

  #durable(mark: LogMark): void {
    this.#noteSynced(mark.index);
    this.#host.submit({ kind: 'persisted', mark });
  }

  /** Hands changes to `tree.db`, if there are at least so many. @default enough to be worth it */
  flush(least = FLUSH_CHANGES): void {
    const { engine } = this.#host;
    if (this.#disk.isInstalling || engine.unflushed < least) return;
    // There is no tree on disk, and what is in memory is none: a snapshot brings both.
    if (this.#storage.needsSnapshot) return;
    const changes = engine.takeFlush();
    if (changes !== undefined) this.#storage.flush(changes);
  }

  close(): void {
    this.#isClosed = true;
    this.#writeGroup();
  }

  #noteSynced(index: number): void {
    const { stats, stages, now, config, log } = this.#host;
    const took = stages.durable(index, now);
    if (took === undefined) return;
    stats.fsync.note(took);
    if (took > config.fsyncWarningMs) {
      stats.slowFsyncs++;
      log.warn({ ms: Math.round(took) }, `Writing the log took ${Math.round(took)} ms: the disk is slow.`);
    }
  }

  // --- a full disk -------------------------------------------------------------------------------------------------

  /** Clients are served again. */
  serving(epoch: number): void {
    if (this.#isFull)
      this.#host.log.info(`The log can be written again: clients are served, epoch ${epoch}.`);
    this.#isFull = false;
  }

  #failed(error: StorageError): void {
    this.#group.clear();
    this.#host.stages.clear();
    if (error.kind !== 'full') return this.#host.halt(error);
    // Said once, and not again with every attempt that finds the disk as full as before.
    if (!this.#isFull)
      this.#host.log.error(
        `${error.message} No client is served until there is room; trying again every second.`,
      );
    this.#isFull = true;
    this.#host.submit({ kind: 'logFailed' });
    this.#reopenLater();
  }

  #reopenLater(): void {
    setTimeout(() => {
      if (this.#isClosed) return;
      this.#reopen().then(
        (serves) => {
          if (!serves) this.#reopenLater();
        },
        (error: unknown) => {
          if (error instanceof StorageError && error.kind !== 'full') this.#host.halt(error);
          else this.#reopenLater();
        },
      );
    }, REOPEN_MS).unref();
  }

  /** Takes part again if there is so much room that it will not end in the same way at once (zab.md 7.3). */
  async #reopen(): Promise<boolean> {
    if (!(await this.#watch.look())) return false;
    const tail = await this.#storage.reopen();
    const { engine } = this.#host;
    engine.rejoin();
    // Without its tree there is no state to which records could be replayed.
    const from = this.#storage.needsSnapshot ? tail.index : engine.applied.index;
    for (let at = from; at < tail.index;) {
      const batch = await this.#storage.read(at, BATCH_BYTES);
      if (batch === undefined)
        throw new StorageError('corrupt', 'The log lost records while the disk was full. Restore a backup.');
      engine.replay(batch);
      at = batch.last.index;
    }
    this.#boot();
    return true;
  }
}

/** Puts single records together again. */
class Batches {
  readonly #take: (batch: LogBatch) => void;
  #writer = new Writer(BATCH_BYTES);
  #count = 0;
  #last: LogMark | undefined;

  constructor(take: (batch: LogBatch) => void) {
    this.#take = take;
  }

  add(record: LogRecord): void {
    writeLogRecord(this.#writer, record);
    this.#count++;
    this.#last = markOf(record);
    if (this.#writer.length > BATCH_BYTES) this.end();
  }

  end(): void {
    if (this.#last === undefined) return;
    this.#take({ bytes: this.#writer.take(), count: this.#count, last: this.#last });
    this.#count = 0;
    this.#last = undefined;
  }
}

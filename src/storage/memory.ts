/**
 * Storage without a disk: for tests that need no files, and for servers inside another program that need no
 * directory. It keeps the contract of `Storage` to the letter, the inconvenient parts first: bytes handed over are
 * gone, nothing is durable before a later turn, and a full disk takes a whole batch with it.
 */
import { randomBytes } from 'node:crypto';
import {
  Reader,
  Writer,
  readTreeFlush,
  writeZnodeRow,
  type LogRecord,
  type TreeFlush,
  type ZnodeRow,
} from '../codec/index.js';
import { LOG_START, type Epochs, type LogBatch, type LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import type {
  SnapshotReader,
  StagedPart,
  Storage,
  StorageHandler,
  StorageSizes,
  StorageSpace,
  Synchronisation,
  TreeSink,
} from './api.js';
import { recordsOf, wholeBuffer } from './batch.js';
import { StorageError } from './errors.js';
import { findIn, markIn, MemorySnapshot, MemoryStage, nextTurn, readFrom } from './memoryTransfer.js';
import { SNAPSHOTS_MAX } from './transfer.js';

/** What a restart finds: give it to the next `openMemoryStorage`. */
export class MemoryDisk {
  secret: Buffer = randomBytes(32);
  /** For tests: as if it had lost records, see `Storage.suspect`. */
  suspect = false;
  epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  logStart: LogMark = LOG_START;
  tail: LogMark = LOG_START;
  treeMark: LogMark = LOG_START;
  /** Records after `logStart`. */
  records: LogRecord[] = [];
  readonly znodes = new Map<string, ZnodeRow>();
  readonly sessions = new Map<bigint, number>();

  /** Parents before their children, as on disk. */
  sortedZnodes(): ZnodeRow[] {
    return [...this.znodes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

/** Options of the twin. */
export interface MemoryStorageOptions {
  /** What an earlier storage left. @default a new, empty one */
  disk?: MemoryDisk;
  /** False: keep no rows and no records, for a server that will never be opened again. @default true */
  keep?: boolean;
  /** Records that stay in the log below the tree's mark. @default 100000 */
  logRetentionRecords?: number;
}

/** Nothing of it may be left out: each promise is settled. */
interface Promised {
  resolve(tail: LogMark): void;
  reject(error: StorageError): void;
}

type Synchronise = Omit<Synchronisation, 'batches'> & {
  batches: { bytes: Buffer; last: LogMark }[];
  promised: Promised;
};

type Write =
  | { kind: 'append'; bytes: Buffer; last: LogMark }
  | { kind: 'epochs'; epochs: Epochs }
  | { kind: 'fence'; promised: Promised }
  | { kind: 'synchronise'; op: Synchronise }
  | { kind: 'flush'; bytes: Buffer };

/** @returns a storage that has everything in memory */
export function openMemoryStorage(options: MemoryStorageOptions = {}): MemoryStorage {
  return new MemoryStorage(options);
}

/** The twin of the storage on disk. */
export class MemoryStorage implements Storage {
  readonly disk: MemoryDisk;
  readonly #keep: boolean;
  readonly #retention: number;
  #handler: StorageHandler | undefined;
  #queue: Write[] = [];
  #scheduled = false;
  #appended: LogMark;
  /** The last record whose effects were handed over. */
  #flushed: number;
  #stage: MemoryStage | undefined;
  readonly #snapshots = new Set<MemorySnapshot>();
  #backlogBytes = 0;
  #isFull = false;
  #refusing = false;
  #ended = false;

  constructor(options: MemoryStorageOptions) {
    this.disk = options.disk ?? new MemoryDisk();
    this.#keep = options.keep ?? true;
    this.#retention = options.logRetentionRecords ?? 100_000;
    this.#appended = this.disk.tail;
    this.#flushed = this.disk.treeMark.index;
  }

  get secret(): Buffer {
    return this.disk.secret;
  }

  get epochs(): Epochs {
    return this.disk.epochs;
  }

  get suspect(): boolean {
    return this.disk.suspect;
  }

  get needsSnapshot(): boolean {
    return false;
  }

  get logStart(): LogMark {
    return this.disk.logStart;
  }

  get tail(): LogMark {
    return this.disk.tail;
  }

  get treeMark(): LogMark {
    return this.disk.treeMark;
  }

  get flushBacklogBytes(): number {
    return this.#backlogBytes;
  }

  async loadTree(sink: TreeSink): Promise<void> {
    const rows = this.disk.sortedZnodes();
    const w = new Writer();
    for (const row of rows) writeZnodeRow(w, row);
    sink.znodes(w.take(), rows.length);
    for (const [sessionId, timeOut] of this.disk.sessions) sink.session({ sessionId, timeOut });
    await nextTurn();
  }

  async replay(sink: (record: LogRecord) => void): Promise<void> {
    const skipped = this.disk.treeMark.index - this.disk.logStart.index;
    for (const record of this.disk.records.slice(skipped)) sink(record);
    await nextTurn();
  }

  start(handler: StorageHandler): void {
    assert(this.#handler === undefined, 'Storage was started before.');
    this.#handler = handler;
  }

  append(batch: LogBatch): void {
    assert(this.#handler !== undefined, 'Storage is not started.');
    if (this.#refusing || this.#ended) return;
    this.#enqueue({ kind: 'append', ...this.#behind(batch) });
  }

  readonly isQuick = false;

  /** Nothing here is durable before a later turn. */
  appendNow(): undefined {
    return undefined;
  }

  saveEpochs(epochs: Epochs): void {
    assert(this.#handler !== undefined, 'Storage is not started.');
    this.#checkEpochs(epochs);
    if (this.#refusing || this.#ended) return;
    this.#enqueue({ kind: 'epochs', epochs });
  }

  fence(): Promise<LogMark> {
    assert(this.#handler !== undefined, 'Storage is not started.');
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind: 'fence', promised: { resolve, reject } });
    });
  }

  async synchronise(op: Synchronisation): Promise<void> {
    assert(this.#handler !== undefined, 'Storage is not started.');
    assert(
      op.truncate === undefined || op.install === undefined,
      'A log is truncated or replaced, not both.',
    );
    if (op.epochs !== undefined) this.#checkEpochs(op.epochs);
    if (this.#refusing || this.#ended) throw refused(this.#refusing);
    this.#appended = op.truncate ?? op.install ?? this.#appended;
    const batches = op.batches.map((batch) => this.#behind(batch));
    await new Promise<LogMark>((resolve, reject) => {
      this.#enqueue({ kind: 'synchronise', op: { ...op, batches, promised: { resolve, reject } } });
    });
  }

  async find(zxid: bigint): Promise<LogMark | undefined> {
    await nextTurn();
    return findIn(this.disk, zxid);
  }

  async read(after: number, maxBytes: number): Promise<LogBatch | undefined> {
    await nextTurn();
    return readFrom(this.disk, after, maxBytes);
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    await nextTurn();
    if (this.#snapshots.size >= SNAPSHOTS_MAX) return undefined;
    const snapshot = new MemorySnapshot(this.disk, () => this.#snapshots.delete(snapshot));
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  async stage(part: StagedPart): Promise<boolean> {
    if (part.first) this.#stage = new MemoryStage(part.base);
    const ok = !this.#isFull && this.#stage?.write(part) === true;
    if (!ok) this.#stage = undefined;
    await nextTurn();
    return ok;
  }

  unstage(): void {
    this.#stage = undefined;
  }

  flush(bytes: Buffer): void {
    assert(this.#handler !== undefined, 'Storage is not started.');
    if (this.#ended) return;
    const index = bytes.readBigInt64BE(0);
    assert(
      index <= BigInt(this.disk.tail.index),
      'A flush contains effects of records that are not durable.',
    );
    this.#flushed = Number(index);
    this.#backlogBytes += bytes.byteLength;
    this.#enqueue({ kind: 'flush', bytes: takeOver(bytes) });
  }

  async reopen(): Promise<LogMark> {
    await nextTurn();
    this.#refusing = false;
    this.#appended = this.disk.tail;
    return this.disk.tail;
  }

  sizes(): Promise<StorageSizes> {
    return Promise.resolve({ dataDir: 0, dataLogDir: 0 });
  }

  free(): Promise<StorageSpace> {
    const endless = Number.MAX_SAFE_INTEGER;
    return Promise.resolve({
      dataDir: endless,
      dataLogDir: this.#isFull ? 0 : endless,
      dataDirTotal: endless,
      dataLogDirTotal: endless,
    });
  }

  async close(): Promise<void> {
    while (this.#scheduled) await nextTurn();
    this.#ended = true;
  }

  /** Simulates a full disk: from now on no append or saveEpochs succeeds. */
  fill(): void {
    this.#isFull = true;
  }

  /** Simulates that somebody made room; the log takes records again after `reopen`. */
  makeRoom(): void {
    this.#isFull = false;
  }

  /** Simulates a kill: what is not durable is lost, and nothing is called back any more. */
  crash(): MemoryDisk {
    this.#queue = [];
    this.#ended = true;
    return this.disk;
  }

  /** Simulates an error that storage does not survive. */
  fail(error: StorageError): void {
    this.#queue = [];
    this.#ended = true;
    setImmediate(() => this.#handler?.failed(error));
  }

  #behind({ bytes, count, last }: LogBatch): { bytes: Buffer; last: LogMark } {
    assert(
      last.index === this.#appended.index + count,
      `The log ends at ${this.#appended.index}; a batch of ${count} cannot end at ${last.index}.`,
    );
    this.#appended = last;
    return { bytes: takeOver(bytes), last };
  }

  #checkEpochs({ acceptedEpoch, currentEpoch }: Epochs): void {
    assert(currentEpoch <= acceptedEpoch, 'currentEpoch is beyond acceptedEpoch.');
    assert(acceptedEpoch >= this.disk.epochs.acceptedEpoch, 'acceptedEpoch is a promise: it never falls.');
  }

  #enqueue(write: Write): void {
    if (this.#ended) {
      rejectAll([write], refused(false));
      return;
    }
    this.#queue.push(write);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const writes = this.#queue;
      this.#queue = [];
      this.#perform(writes);
    });
  }

  /** One "transaction", but for what must not be grouped: all or, when the disk is full, nothing but the flushes. */
  #perform(writes: readonly Write[]): void {
    const handler = this.#handler;
    assert(handler !== undefined, 'Storage is not started.');
    let appended: LogMark | undefined;
    let epochs: Epochs | undefined;
    const report = (): void => {
      if (epochs !== undefined) this.#keepEpochs(epochs, false);
      if (appended !== undefined) handler.durable(appended);
      if (epochs !== undefined) handler.epochsDurable(epochs);
      appended = epochs = undefined;
    };
    let dropping = this.#refusing || this.#isFull;
    let installed = false;
    const dropped: Write[] = [];
    for (const write of writes) {
      if (write.kind === 'flush') {
        this.#backlogBytes -= write.bytes.byteLength;
        // What was handed over before the installation was known belongs to the old tree.
        if (!installed) this.#keepRows(readTreeFlush(Reader.over(write.bytes)));
      } else if (dropping && (this.#refusing || dropped.length > 0 || write.kind !== 'fence'))
        dropped.push(write);
      else if (write.kind === 'append') {
        appended = write.last;
        this.#keepRecords(write.bytes, write.last);
      } else if (write.kind === 'epochs') epochs = write.epochs;
      else {
        report();
        if (write.kind === 'fence') write.promised.resolve(this.disk.tail);
        else if (this.#synchronise(write.op)) installed ||= write.op.install !== undefined;
        else dropping = true;
      }
    }
    report();
    if (dropped.length === 0) return;
    if (!this.#isFull && !this.#refusing) {
      rejectAll(dropped, new StorageError('corrupt', 'What was to come before was refused.'));
      return;
    }
    rejectAll(dropped, refused(true));
    if (this.#refusing || dropped.every(({ kind }) => kind === 'fence')) return;
    this.#refusing = true;
    handler.failed(refused(true));
  }

  /** @returns false if it was refused */
  #synchronise({ truncate, install, batches, epochs, secret, promised }: Synchronise): boolean {
    const { disk } = this;
    const stage = this.#stage;
    let problem: string | undefined;
    if (truncate !== undefined) {
      const there = markIn(disk, truncate.index);
      if (there?.zxid !== truncate.zxid || there.chain !== truncate.chain) problem = 'has another record';
      if (truncate.index < this.#flushed) problem = 'is behind the tree';
    }
    if (install !== undefined && (stage?.complete !== true || stage.base.chain !== install.chain)) {
      problem = 'has no such snapshot';
    }
    if (problem !== undefined) {
      this.#appended = disk.tail;
      promised.reject(new StorageError('corrupt', `The log ${problem}. Nothing was changed.`));
      return false;
    }
    if (truncate !== undefined) {
      disk.records.length = truncate.index - disk.logStart.index;
      disk.tail = truncate;
    }
    if (install !== undefined && stage !== undefined) this.#install(install, stage);
    for (const { bytes, last } of batches) this.#keepRecords(bytes, last);
    if (epochs !== undefined) this.#keepEpochs(epochs, epochs.currentEpoch === epochs.acceptedEpoch);
    if (secret !== undefined) disk.secret = Buffer.from(secret);
    promised.resolve(disk.tail);
    return true;
  }

  #install(base: LogMark, stage: MemoryStage): void {
    const { disk } = this;
    for (const snapshot of this.#snapshots) snapshot.close();
    this.#stage = undefined;
    disk.records = [];
    disk.tail = disk.logStart = disk.treeMark = base;
    this.#flushed = base.index;
    disk.znodes.clear();
    disk.sessions.clear();
    for (const row of stage.znodes) disk.znodes.set(row.path, row);
    for (const { sessionId, timeOut } of stage.sessions) disk.sessions.set(sessionId, timeOut);
  }

  #keepEpochs(epochs: Epochs, established: boolean): void {
    const { disk } = this;
    if (epochs.currentEpoch > disk.epochs.currentEpoch || established) disk.suspect = false;
    disk.epochs = epochs;
  }

  #keepRecords(bytes: Buffer, last: LogMark): void {
    let at = this.disk.tail.index;
    for (const record of recordsOf(bytes)) {
      at += 1;
      assert(record.index === BigInt(at), `Record ${record.index.toString()} came where ${at} is next.`);
      if (this.#keep) this.disk.records.push(record);
    }
    assert(at === last.index, `A batch said to end at ${last.index} ends at ${at}.`);
    this.disk.tail = last;
  }

  #keepRows(flush: TreeFlush): void {
    const { disk } = this;
    disk.treeMark = { index: Number(flush.index), zxid: zxidOf(flush.zxid), chain: flush.chain };
    if (!this.#keep) return;
    for (const row of flush.znodes) disk.znodes.set(row.path, row);
    for (const path of flush.deletedPaths) disk.znodes.delete(path);
    for (const row of flush.sessions) disk.sessions.set(row.sessionId, row.timeOut);
    for (const sessionId of flush.endedSessions) disk.sessions.delete(sessionId);
    this.#purge();
  }

  #purge(): void {
    const { disk } = this;
    const pinned = [...this.#snapshots].map(({ base }) => base.index);
    const upTo = Math.min(disk.treeMark.index, disk.tail.index - this.#retention, ...pinned);
    const count = upTo - disk.logStart.index;
    // In slices, so that a long log is not moved in memory for each record.
    if (count < 1000) return;
    const last = disk.records[count - 1];
    assert(last !== undefined, 'The log is shorter than its marks.');
    disk.logStart = { index: upTo, zxid: zxidOf(last.zxid), chain: last.chain };
    disk.records = disk.records.slice(count);
  }
}

/** As a transfer to another thread: the giver's view is empty afterwards. */
function takeOver(bytes: Buffer): Buffer {
  const length = bytes.byteLength;
  const memory = wholeBuffer(bytes);
  return Buffer.from(structuredClone(memory, { transfer: [memory] }), 0, length);
}

function refused(full: boolean): StorageError {
  if (full) return new StorageError('full', 'The memory that stands for a disk is full.');
  return new StorageError('io', 'Storage is closed.');
}

function rejectAll(writes: readonly Write[], error: StorageError): void {
  for (const write of writes) {
    if (write.kind === 'fence') write.promised.reject(error);
    else if (write.kind === 'synchronise') write.op.promised.reject(error);
  }
}

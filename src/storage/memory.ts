/**
 * Storage without a disk: for tests that need no files, and for servers inside another program that need no
 * directory. It keeps the contract of `Storage` to the letter, the inconvenient parts first: bytes handed over are
 * gone, nothing is durable before a later turn, and a full disk takes a whole batch with it.
 */
import { randomBytes } from 'node:crypto';
import { Reader, readTreeFlush, type LogRecord, type TreeFlush, type ZnodeRow } from '../codec/index.js';
import { LOG_START, type Epochs, type LogBatch, type LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import type { Storage, StorageHandler, StorageSizes, StorageSpace, TreeSink } from './api.js';
import { recordsOf, wholeBuffer } from './batch.js';
import { StorageError } from './errors.js';

/** What a restart finds: give it to the next `openMemoryStorage`. */
export class MemoryDisk {
  readonly secret: Buffer = randomBytes(32);
  epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  logStart: LogMark = LOG_START;
  tail: LogMark = LOG_START;
  treeMark: LogMark = LOG_START;
  /** Records after `logStart`. */
  records: LogRecord[] = [];
  readonly znodes = new Map<string, ZnodeRow>();
  readonly sessions = new Map<bigint, number>();
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

type Write =
  | { kind: 'append'; bytes: Buffer; last: LogMark }
  | { kind: 'epochs'; epochs: Epochs }
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
  #backlogBytes = 0;
  #isFull = false;
  #refusing = false;
  #ended = false;

  constructor(options: MemoryStorageOptions) {
    this.disk = options.disk ?? new MemoryDisk();
    this.#keep = options.keep ?? true;
    this.#retention = options.logRetentionRecords ?? 100_000;
    this.#appended = this.disk.tail;
  }

  get secret(): Buffer {
    return this.disk.secret;
  }

  get epochs(): Epochs {
    return this.disk.epochs;
  }

  get suspect(): boolean {
    return false;
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
    // Parents before their children, as on disk.
    for (const path of [...this.disk.znodes.keys()].sort()) {
      const row = this.disk.znodes.get(path);
      if (row !== undefined) sink.znode(row);
    }
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
    assert(
      batch.last.index === this.#appended.index + batch.count,
      `The log ends at ${this.#appended.index}; a batch of ${batch.count} cannot end at ${batch.last.index}.`,
    );
    this.#appended = batch.last;
    this.#enqueue({ kind: 'append', bytes: takeOver(batch.bytes), last: batch.last });
  }

  saveEpochs(epochs: Epochs): void {
    assert(this.#handler !== undefined, 'Storage is not started.');
    assert(epochs.currentEpoch <= epochs.acceptedEpoch, 'currentEpoch is beyond acceptedEpoch.');
    assert(
      epochs.acceptedEpoch >= this.disk.epochs.acceptedEpoch,
      'acceptedEpoch is a promise: it never falls.',
    );
    if (this.#refusing || this.#ended) return;
    this.#enqueue({ kind: 'epochs', epochs });
  }

  flush(bytes: Buffer): void {
    assert(this.#handler !== undefined, 'Storage is not started.');
    if (this.#ended) return;
    assert(
      bytes.readBigInt64BE(0) <= BigInt(this.disk.tail.index),
      'A flush contains effects of records that are not durable.',
    );
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

  #enqueue(write: Write): void {
    if (this.#ended) return;
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

  /** One "transaction": all or, when the disk is full, nothing but the flushes. */
  #perform(writes: readonly Write[]): void {
    const handler = this.#handler;
    assert(handler !== undefined, 'Storage is not started.');
    let appended: LogMark | undefined;
    let epochs: Epochs | undefined;
    let refused = false;
    for (const write of writes) {
      switch (write.kind) {
        case 'append':
          if (this.#isFull || this.#refusing) refused = true;
          else {
            appended = write.last;
            this.#keepRecords(write.bytes, write.last);
          }
          break;
        case 'epochs':
          if (this.#isFull || this.#refusing) refused = true;
          else epochs = write.epochs;
          break;
        case 'flush':
          this.#backlogBytes -= write.bytes.byteLength;
          this.#keepRows(readTreeFlush(Reader.over(write.bytes)));
          break;
      }
    }
    if (epochs !== undefined) this.disk.epochs = epochs;
    if (appended !== undefined) handler.durable(appended);
    if (epochs !== undefined) handler.epochsDurable(epochs);
    if (refused && !this.#refusing) {
      this.#refusing = true;
      handler.failed(new StorageError('full', 'The memory that stands for a disk is full.'));
    }
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
    const upTo = Math.min(disk.treeMark.index, disk.tail.index - this.#retention);
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

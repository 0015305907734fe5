/**
 * Storage on disk, as the main thread sees it: reads at start, later passes bytes to the workers and their answers to the
 * handler. Each database has a worker that writes it; only small groups of log records go past theirs (`quickLog.ts`).
 */
import { statSync } from 'node:fs';
import type { LogRecord } from '../codec/index.js';
import type { Epochs, LogBatch, LogMark } from '../engine/ports.js';
import { assert, unreachable } from '../util/index.js';
import type {
  SnapshotReader,
  StagedPart,
  Storage,
  StorageHandler,
  StorageOptions,
  StorageSizes,
  StorageSpace,
  Synchronisation,
  TreeSink,
} from './api.js';
import { wholeBuffer } from './batch.js';
import { StorageError } from './errors.js';
import { treeFile, type StorageFiles } from './files.js';
import { Installation } from './installation.js';
import type { DirectoryLock } from './lock.js';
import { errorOf, markOf, type BatchMessage, type FromLogWorker, type FromTreeWorker } from './messages.js';
import { Pending } from './pending.js';
import { QuickLog } from './quickLog.js';
import { freeSpaceOf, sizesOf } from './space.js';
import { reloadTree, StartReader } from './startReader.js';
import type { LogFound, TreeFound } from './survey.js';
import { Transfer } from './transfer.js';
import { Workers } from './workers.js';

/** What `open.ts` found and made durable. */
export interface DiskState {
  readonly files: StorageFiles;
  readonly options: StorageOptions;
  readonly locks: readonly DirectoryLock[];
  readonly log: LogFound;
  readonly tree: TreeFound;
  readonly tail: LogMark;
  readonly epochs: Epochs;
  readonly suspect: boolean;
}

interface Reopening {
  resolve(mark: LogMark): void;
  reject(error: StorageError): void;
}

/** The storage of a server, see `Storage`. */
export class DiskStorage implements Storage {
  readonly #files: StorageFiles;
  /** Of the `log.db` that is written to: another one by this name is not it. */
  #logInode: number | undefined;
  readonly #options: StorageOptions;
  readonly #locks: readonly DirectoryLock[];
  readonly #reader: StartReader;
  readonly #transfer: Transfer;
  #treeFile: string;
  #workers: Workers | undefined;
  #quickLog: QuickLog | undefined;
  #handler: StorageHandler | undefined;
  #epochs: Epochs;
  #suspect: boolean;
  #tail: LogMark;
  #logStart: LogMark;
  /** Undefined before `start`: then the reader has it. */
  #treeMark: LogMark | undefined;
  /** The last record whose effects were handed to the tree. */
  #flushed = 0;
  #secret: Buffer;
  #needsSnapshot = false;
  /** The end of what was given to the log worker. */
  #appended: LogMark;
  #backlogBytes = 0;
  #reopening: Reopening | undefined;
  /** Fences and synchronisations: the tail after them. */
  readonly #pending = new Pending<LogMark>();
  /** Secrets on their way to the log. */
  readonly #secrets = new Map<number, Buffer>();
  readonly #installation = new Installation();
  /** Of open snapshots: see `ToLogWorker`. */
  #pinned = Infinity;
  /** `full`: nothing is appended until `reopen`. `failed`, `closed`: never again. */
  #state: 'open' | 'full' | 'failed' | 'closed' = 'open';

  constructor({ files, options, locks, log, tree, tail, epochs, suspect }: DiskState) {
    this.#files = files;
    this.#options = options;
    this.#locks = locks;
    this.#reader = new StartReader(files, options, log, tree);
    this.#treeFile = tree.file;
    this.#tail = this.#appended = tail;
    this.#logStart = log.logStart;
    this.#epochs = epochs;
    this.#suspect = suspect;
    this.#secret = log.secret;
    this.#transfer = new Transfer(
      {
        dataDir: files.dataDir,
        logFile: files.log,
        identity: { serverId: log.serverId, dataId: log.dataId },
      },
      {
        pin: (index) => {
          this.#pinned = index;
          this.#workers?.toLog({ kind: 'pin', index });
        },
        failed: (error) => this.#fail(error),
        tell: (message, detail) => this.#tell(message, detail),
      },
    );
  }

  get secret(): Buffer {
    return this.#secret;
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  get suspect(): boolean {
    return this.#suspect || this.needsSnapshot;
  }

  get needsSnapshot(): boolean {
    return this.#workers === undefined ? this.#reader.needsSnapshot : this.#needsSnapshot;
  }

  get logStart(): LogMark {
    return this.#logStart;
  }

  get tail(): LogMark {
    return this.#tail;
  }

  get treeMark(): LogMark {
    return this.#treeMark ?? this.#reader.treeMark;
  }

  get flushBacklogBytes(): number {
    return this.#backlogBytes;
  }

  loadTree(sink: TreeSink): Promise<void> {
    if (this.#workers === undefined) return this.#reader.loadTree(sink);
    return reloadTree(this.#treeFile, sink, this.#options);
  }

  replay(sink: (record: LogRecord) => void): Promise<void> {
    return this.#reader.replay(sink);
  }

  start(handler: StorageHandler): void {
    assert(this.#workers === undefined && this.#state === 'open', 'Storage is started once.');
    const { treeMark, needsSnapshot } = this.#reader;
    this.#reader.close();
    this.#handler = handler;
    this.#treeMark = treeMark;
    this.#flushed = treeMark.index;
    this.#needsSnapshot = needsSnapshot;
    this.#logInode = statSync(this.#files.log, { throwIfNoEntry: false })?.ino;
    const { logRetentionRecords, logRetentionBytes, forceSync } = this.#options;
    const synchronous = forceSync ? 'FULL' : 'OFF';
    this.#workers = new Workers(
      {
        dataDir: this.#files.dataDir,
        logFile: this.#files.log,
        markFile: this.#files.mark,
        synchronous,
        retentionRecords: logRetentionRecords,
        retentionBytes: logRetentionBytes,
        tail: this.#tail,
      },
      { treeFile: this.#treeFile, logFile: this.#files.log, logSynchronous: synchronous },
      {
        fromLog: (message) => this.#fromLog(message),
        fromTree: (message) => this.#fromTree(message),
        died: (error) => this.#fail(error),
      },
    );
    this.#quickLog = new QuickLog(this.#files.log, synchronous, (message) => this.#running.toLog(message));
    if (this.#pinned < Infinity) this.#workers.toLog({ kind: 'pin', index: this.#pinned });
  }

  append(batch: LogBatch): void {
    if (this.#state === 'open') this.#toLog.send({ kind: 'append', ...this.#behind(batch) });
  }

  appendNow(batches: readonly LogBatch[]): LogMark | undefined {
    if (!this.isQuick) return undefined;
    const mark = this.#toLog.commit(this.#tail, batches);
    if (mark === undefined) return undefined;
    assert(mark.index === batches.at(-1)?.last.index, 'Records are missing in a batch.');
    this.#tail = this.#appended = mark;
    return mark;
  }

  /** Nothing is on its way to the log, and nothing is amiss with it. */
  get isQuick(): boolean {
    return (
      this.#quickLog?.isQuick === true &&
      this.#state === 'open' &&
      this.#appended.index === this.#tail.index &&
      this.#pending.size === 0 &&
      this.#reopening === undefined
    );
  }

  saveEpochs(epochs: Epochs): void {
    this.#checkEpochs(epochs);
    if (this.#state === 'open') this.#toLog.send({ kind: 'epochs', epochs });
  }

  fence(): Promise<LogMark> {
    if (this.#state !== 'open') return Promise.reject(this.#notOpen());
    return this.#pending.add((token) => this.#toLog.send({ kind: 'fence', token }));
  }

  async synchronise({ truncate, install, batches, epochs, secret }: Synchronisation): Promise<void> {
    assert(truncate === undefined || install === undefined, 'A log is truncated or replaced, not both.');
    assert(!this.#installation.running, 'A snapshot is being installed.');
    assert(secret === undefined || secret.byteLength === 32, 'The key of session passwords has 32 bytes.');
    if (epochs !== undefined) this.#checkEpochs(epochs);
    if (this.#state !== 'open') throw this.#notOpen();
    this.#appended = truncate ?? install ?? this.#appended;
    const messages = batches.map((batch) => this.#behind(batch));
    await this.#pending.add((token) => {
      if (secret !== undefined) this.#secrets.set(token, Buffer.from(secret));
      if (install !== undefined) this.#installation.begin(token, install);
      this.#toLog.send({
        kind: 'synchronise',
        token,
        truncate,
        install,
        flushed: this.#flushed,
        staged: isSame(install, this.#transfer.staged),
        batches: messages,
        epochs,
        secret,
      });
    });
  }

  find(zxid: bigint): Promise<LogMark | undefined> {
    return this.#transfer.find(zxid);
  }

  read(after: number, maxBytes: number): Promise<LogBatch | undefined> {
    return this.#transfer.read(after, maxBytes);
  }

  async openSnapshot(): Promise<SnapshotReader | undefined> {
    if (this.needsSnapshot || this.#installation.running) return undefined;
    return this.#transfer.openSnapshot(this.#treeFile);
  }

  stage(part: StagedPart): Promise<boolean> {
    assert(!this.#installation.running, 'A snapshot is being installed.');
    return this.#transfer.stage(part);
  }

  unstage(): void {
    // What is being installed is not only a stage any more.
    if (!this.#installation.running) this.#transfer.unstage();
  }

  flush(bytes: Buffer): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    // Meant for the old tree, and it would arrive in the new one.
    if (this.#installation.committed) return;
    assert(!this.needsSnapshot, 'There is no tree that a flush could be added to.');
    const index = bytes.readBigInt64BE(0);
    // The tree may never know more than the log: after a power failure it would stand for records nobody has.
    assert(index <= BigInt(this.#tail.index), 'A flush contains effects of records that are not durable.');
    this.#flushed = Number(index);
    const length = bytes.byteLength;
    this.#backlogBytes += length;
    this.#running.toTree({ kind: 'flush', memory: wholeBuffer(bytes), length });
  }

  reopen(): Promise<LogMark> {
    assert(this.#reopening === undefined, 'Storage is being reopened.');
    if (this.#state === 'failed' || this.#state === 'closed') {
      return Promise.reject(new StorageError('io', `${this.#files.log} failed for good, or is closed.`));
    }
    return new Promise((resolve, reject) => {
      this.#reopening = { resolve, reject };
      this.#toLog.send({ kind: 'reopen' });
    });
  }

  sizes(): Promise<StorageSizes> {
    return sizesOf(this.#files, this.#treeFile);
  }

  free(): Promise<StorageSpace> {
    return freeSpaceOf(this.#files, this.#logInode);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#reader.close();
    this.#quickLog?.close();
    await this.#workers?.close();
    // Last, because it removes the stage, which the log may be about to make the tree.
    await this.#transfer.close();
    this.#state = 'closed';
    this.#pending.rejectAll(this.#notOpen());
    for (const lock of this.#locks) lock.release();
  }

  /** Simulates a full disk, for tests: `log.db` cannot grow beyond so many pages of 4 KiB; 0 lifts the limit. */
  limitLogPages(pages: number): void {
    this.#toLog.limitPages(pages);
  }

  /** Lets `appendNow` take a disk whose commits take longer for quick, or none, for tests. */
  limitQuickCommits(ms: number): void {
    this.#toLog.commitMsMax = ms;
  }

  /** Lets snapshots break off at another length of the tree's WAL, for tests. */
  limitSnapshotWal(bytes: number): void {
    this.#transfer.walBytesMax = bytes;
  }

  get #toLog(): QuickLog {
    assert(this.#quickLog !== undefined, 'Storage is not started.');
    return this.#quickLog;
  }

  get #running(): Workers {
    assert(this.#workers !== undefined, 'Storage is not started.');
    return this.#workers;
  }

  /** Counts a batch behind all that was given to the log worker. */
  #behind({ bytes, count, last }: LogBatch): BatchMessage {
    assert(
      last.index === this.#appended.index + count,
      `The log ends at ${this.#appended.index}: a batch of ${count} cannot end at ${last.index}.`,
    );
    this.#appended = last;
    return { memory: wholeBuffer(bytes), length: bytes.byteLength, count };
  }

  #checkEpochs({ acceptedEpoch, currentEpoch }: Epochs): void {
    assert(currentEpoch <= acceptedEpoch, 'currentEpoch is beyond acceptedEpoch.');
    assert(acceptedEpoch >= this.#epochs.acceptedEpoch, 'acceptedEpoch is a promise: it never falls.');
  }

  #fromLog(message: FromLogWorker): void {
    if (this.#installation.defers(message)) return;
    switch (message.kind) {
      case 'durable':
        this.#tail = markOf(message.mark);
        this.#quickLog?.took(message.ms, message.bytes);
        this.#handler?.durable(this.#tail);
        break;
      case 'epochs':
        this.#epochs = message.epochs;
        this.#suspect = message.suspect;
        this.#quickLog?.epochsDurable(message.epochs);
        this.#handler?.epochsDurable(message.epochs);
        break;
      case 'fenced':
        this.#pending.resolve(message.token, markOf(message.mark));
        break;
      case 'synchronised':
        this.#synchronised(message);
        break;
      case 'refused':
        // All that was handed over since was dropped by the log's thread, and is until it hears this.
        this.#appended = this.#tail;
        this.#running.toLog({ kind: 'resume' });
        this.#abandon(errorOf(message.error));
        break;
      case 'purged':
        this.#logStart = markOf(message.logStart);
        break;
      case 'checkpointWanted':
        this.#workers?.toTree({ kind: 'checkpointLog' });
        break;
      case 'reopened':
        this.#tail = this.#appended = markOf(message.mark);
        this.#state = 'open';
        this.#endReopening()?.resolve(this.#tail);
        break;
      case 'failed':
        this.#fail(errorOf(message.error));
        break;
      case 'note':
        this.#tell(message.message, message.detail);
        break;
      case 'closed':
        break;
      default:
        unreachable(message);
    }
  }

  #synchronised({ token, mark, logStart, epochs, suspect, generation }: Answer<'synchronised'>): void {
    this.#tail = markOf(mark);
    this.#logStart = markOf(logStart);
    this.#epochs = epochs;
    this.#suspect = suspect;
    this.#secret = this.#secrets.get(token) ?? this.#secret;
    this.#secrets.delete(token);
    if (!this.#installation.commit(token)) {
      this.#pending.resolve(token, this.#tail);
      return;
    }
    this.#transfer.installed();
    this.#transfer.closeSnapshots();
    this.#treeFile = treeFile(this.#files, generation);
    this.#running.toTree({ kind: 'switch', treeFile: this.#treeFile });
  }

  /** The tree's thread has the new file: now the old state is gone. */
  #switched(): void {
    const { token, base } = this.#installation.finish((message) => {
      if (this.#state !== 'failed') this.#fromLog(message);
    });
    this.#treeMark = base;
    this.#flushed = base.index;
    this.#backlogBytes = 0;
    this.#needsSnapshot = false;
    this.#pending.resolve(token, this.#tail);
  }

  /** Fences and synchronisations that are under way do not happen. */
  #abandon(error: StorageError): void {
    this.#quickLog?.refused();
    const checkpointed = this.#installation.abandon();
    if (checkpointed > 0) this.#workers?.toLog({ kind: 'treeCheckpointed', index: checkpointed });
    this.#secrets.clear();
    this.#pending.rejectAll(error);
  }

  #fromTree(message: FromTreeWorker): void {
    switch (message.kind) {
      case 'written':
        // After the switch was ordered, what the old tree got is of no interest.
        if (this.#installation.committed) break;
        this.#backlogBytes -= message.bytes;
        break;
      case 'checkpointed':
        if (this.#installation.committed) break;
        this.#treeMark = markOf(message.mark);
        if (this.#installation.holds(message.mark.index)) break;
        this.#workers?.toLog({ kind: 'treeCheckpointed', index: message.mark.index });
        break;
      case 'switched':
        this.#switched();
        break;
      case 'logCheckpointed':
        this.#workers?.toLog({ kind: 'logCheckpointed' });
        break;
      case 'failed':
        this.#fail(errorOf(message.error));
        break;
      case 'note':
        this.#tell(message.message, message.detail);
        break;
      case 'closed':
        break;
      default:
        unreachable(message);
    }
  }

  #fail(error: StorageError): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    this.#state = error.kind === 'full' ? 'full' : 'failed';
    this.#abandon(error);
    const reopening = this.#endReopening();
    if (reopening === undefined) this.#handler?.failed(error);
    else reopening.reject(error);
  }

  #endReopening(): Reopening | undefined {
    const reopening = this.#reopening;
    this.#reopening = undefined;
    return reopening;
  }

  #notOpen(): StorageError {
    const reason = this.#state === 'full' ? 'takes nothing until reopen' : 'failed for good, or is closed';
    return new StorageError(this.#state === 'full' ? 'full' : 'io', `${this.#files.log} ${reason}.`);
  }

  #tell(message: string, detail: Record<string, unknown>): void {
    this.#options.onProgress?.(message, detail);
  }
}

type Answer<K> = Extract<FromLogWorker, { kind: K }>;

function isSame(a: LogMark | undefined, b: LogMark | undefined): boolean {
  return a?.index === b?.index && a?.zxid === b?.zxid && a?.chain === b?.chain;
}

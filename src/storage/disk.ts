/**
 * Storage on disk, as the main thread sees it: reads at start, later only passes bytes to the two workers and their
 * answers to the handler. Every database belongs to one thread at a time.
 */
import { statSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import type { LogRecord } from '../codec/index.js';
import { LOG_START, type Epochs, type LogBatch, type LogMark } from '../engine/ports.js';
import { assert, unreachable } from '../util/index.js';
import type { Storage, StorageHandler, StorageOptions, StorageSizes, StorageSpace, TreeSink } from './api.js';
import { wholeBuffer } from './batch.js';
import { rebuildTree } from './create.js';
import type { Connection } from './database.js';
import { codeOf, StorageError } from './errors.js';
import { withWal, type StorageFiles } from './files.js';
import { loadRows } from './load.js';
import type { DirectoryLock } from './lock.js';
import { scanLog } from './logReader.js';
import { errorOf, markOf, type FromLogWorker, type FromTreeWorker } from './messages.js';
import { Meta } from './meta.js';
import type { LogFound, TreeFound } from './survey.js';
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
  readonly secret: Buffer;
  readonly #files: StorageFiles;
  /** Of the `log.db` that is written to: another one by this name is not it. */
  #logInode: number | undefined;
  readonly #options: StorageOptions;
  readonly #locks: readonly DirectoryLock[];
  readonly #log: LogFound;
  readonly #treeFile: string;
  /** The connections of the start, closed when the workers open theirs. */
  #readers: Connection[];
  #workers: Workers | undefined;
  #handler: StorageHandler | undefined;
  #epochs: Epochs;
  #suspect: boolean;
  #tail: LogMark;
  #treeMark: LogMark;
  /** The end of what was given to the log worker. */
  #appended: LogMark;
  #backlogBytes = 0;
  #reopening: Reopening | undefined;
  /** `full`: nothing is appended until `reopen`. `failed`, `closed`: never again. */
  #state: 'open' | 'full' | 'failed' | 'closed' = 'open';

  constructor({ files, options, locks, log, tree, tail, epochs, suspect }: DiskState) {
    this.#files = files;
    this.#options = options;
    this.#locks = locks;
    this.#log = log;
    this.#treeFile = tree.file;
    this.#readers = [tree.db, log.db];
    this.#tail = this.#appended = tail;
    this.#treeMark = tree.mark;
    this.#epochs = epochs;
    this.#suspect = suspect;
    this.secret = log.secret;
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  get suspect(): boolean {
    return this.#suspect;
  }

  get tail(): LogMark {
    return this.#tail;
  }

  get treeMark(): LogMark {
    return this.#treeMark;
  }

  get flushBacklogBytes(): number {
    return this.#backlogBytes;
  }

  async loadTree(sink: TreeSink): Promise<void> {
    const [db] = this.#readers;
    assert(db !== undefined && db.open, 'The tree is loaded before start, and once.');
    const file = this.#treeFile;
    const damage = await loadRows(db, Meta.read(db, file), sink, (rows, of) => {
      this.#tell(`Reading ${file}.`, { rows, of });
    });
    if (damage === undefined) return;
    db.close();
    if (this.#log.logStart.index > 0) {
      throw new StorageError(
        'corrupt',
        `${file} is damaged: ${damage}. It cannot be rebuilt, because the log does not reach back to the first record. Restore dataDir and dataLogDir from the same backup.`,
      );
    }
    const setAside = rebuildTree(this.#files, this.#log);
    this.#treeMark = LOG_START;
    if (sink.reset === undefined) {
      throw new StorageError(
        'corrupt',
        `${file} is damaged: ${damage}. It was set aside as ${setAside ?? 'nothing'}; start again to rebuild the tree from the log.`,
      );
    }
    this.#tell(`${file} is damaged: the tree is rebuilt from the log, which is complete.`, {
      damage,
      setAside,
    });
    sink.reset();
  }

  async replay(sink: (record: LogRecord) => void): Promise<void> {
    assert(this.#log.db.open, 'The log is replayed before start.');
    const { damage } = await scanLog(this.#log.db, this.#treeMark, sink, (index) => {
      this.#tell(`Replaying ${this.#files.log}.`, { index, of: this.#tail.index });
    });
    if (damage === undefined) return;
    throw new StorageError(
      'corrupt',
      `${this.#files.log}: ${damage}. Restore dataDir and dataLogDir from a backup.`,
    );
  }

  start(handler: StorageHandler): void {
    assert(this.#workers === undefined && this.#state === 'open', 'Storage is started once.');
    this.#closeReaders();
    this.#handler = handler;
    this.#logInode = statSync(this.#files.log, { throwIfNoEntry: false })?.ino;
    const { logRetentionRecords, logRetentionBytes, forceSync } = this.#options;
    const synchronous = forceSync ? 'FULL' : 'OFF';
    this.#workers = new Workers(
      {
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
  }

  append({ bytes, count, last }: LogBatch): void {
    if (this.#state !== 'open') return;
    assert(
      last.index === this.#appended.index + count,
      `The log ends at ${this.#appended.index}: a batch of ${count} cannot end at ${last.index}.`,
    );
    this.#appended = last;
    const length = bytes.byteLength;
    this.#running.toLog({ kind: 'append', memory: wholeBuffer(bytes), length, count });
  }

  saveEpochs(epochs: Epochs): void {
    assert(epochs.currentEpoch <= epochs.acceptedEpoch, 'currentEpoch is beyond acceptedEpoch.');
    assert(epochs.acceptedEpoch >= this.#epochs.acceptedEpoch, 'acceptedEpoch is a promise: it never falls.');
    if (this.#state === 'open') this.#running.toLog({ kind: 'epochs', epochs });
  }

  flush(bytes: Buffer): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    // The tree may never know more than the log: after a power failure it would stand for records nobody has.
    assert(
      bytes.readBigInt64BE(0) <= BigInt(this.#tail.index),
      'A flush contains effects of records that are not durable.',
    );
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
      this.#running.toLog({ kind: 'reopen' });
    });
  }

  async sizes(): Promise<StorageSizes> {
    const { log, mark } = this.#files;
    return {
      dataDir: await bytesOf(withWal(this.#treeFile)),
      dataLogDir: await bytesOf([...withWal(log), mark]),
    };
  }

  async free(): Promise<StorageSpace> {
    const log = statSync(this.#files.log, { throwIfNoEntry: false });
    if (this.#logInode !== undefined && log?.ino !== this.#logInode) {
      throw new StorageError(
        'io',
        `${this.#files.log} was removed or replaced while the server ran: what it acknowledges reaches no file any more. ` +
          'Put the directory back from a backup, or start again with what is there.',
      );
    }
    const [tree, logs] = await Promise.all([statfs(this.#files.dataDir), statfs(this.#files.dataLogDir)]);
    return {
      dataDir: tree.bavail * tree.bsize,
      dataLogDir: logs.bavail * logs.bsize,
      dataDirTotal: tree.blocks * tree.bsize,
      dataLogDirTotal: logs.blocks * logs.bsize,
    };
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#closeReaders();
    await this.#workers?.close();
    this.#state = 'closed';
    for (const lock of this.#locks) lock.release();
  }

  /** Simulates a full disk, for tests: `log.db` cannot grow beyond so many pages of 4 KiB; 0 lifts the limit. */
  limitLogPages(pages: number): void {
    this.#running.toLog({ kind: 'limitPages', pages });
  }

  get #running(): Workers {
    assert(this.#workers !== undefined, 'Storage is not started.');
    return this.#workers;
  }

  #fromLog(message: FromLogWorker): void {
    switch (message.kind) {
      case 'durable':
        this.#tail = markOf(message.mark);
        this.#handler?.durable(this.#tail);
        break;
      case 'epochs':
        this.#epochs = message.epochs;
        this.#suspect = message.suspect;
        this.#handler?.epochsDurable(message.epochs);
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

  #fromTree(message: FromTreeWorker): void {
    switch (message.kind) {
      case 'written':
        this.#backlogBytes -= message.bytes;
        break;
      case 'checkpointed':
        this.#treeMark = markOf(message.mark);
        this.#workers?.toLog({ kind: 'treeCheckpointed', index: message.mark.index });
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
    const reopening = this.#endReopening();
    if (reopening === undefined) this.#handler?.failed(error);
    else reopening.reject(error);
  }

  #endReopening(): Reopening | undefined {
    const reopening = this.#reopening;
    this.#reopening = undefined;
    return reopening;
  }

  #closeReaders(): void {
    for (const db of this.#readers) db.close();
    this.#readers = [];
  }

  #tell(message: string, detail: Record<string, unknown>): void {
    this.#options.onProgress?.(message, detail);
  }
}

async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (file) => {
      try {
        return (await stat(file)).size;
      } catch (error) {
        // SQLite makes and removes the WAL as it needs it.
        if (codeOf(error) === 'ENOENT') return 0;
        throw error;
      }
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

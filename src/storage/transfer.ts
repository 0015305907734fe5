/**
 * The main thread's side of the transfer worker, which is started with the first question: what learners ask for, and
 * the stage. Knows which snapshots are open, so that the log keeps what lies behind them.
 */
import { Worker } from 'node:worker_threads';
import type { LogBatch, LogMark } from '../engine/ports.js';
import { assert } from '../util/index.js';
import type { SnapshotPart, SnapshotReader, StagedPart } from './api.js';
import { StorageError, textOf } from './errors.js';
import { errorOf, markOf } from './messages.js';
import { Pending } from './pending.js';
import { SNAPSHOT_WAL_BYTES_MAX } from './snapshotReader.js';
import type {
  FromTransferWorker,
  ToTransferWorker,
  TransferAnswer,
  TransferWorkerData,
} from './transferMessages.js';

/** More readers would hold up the checkpoints of the tree for too long. */
export const SNAPSHOTS_MAX = 2;

/** Whoever listens to the worker. */
export interface TransferListener {
  /** Records behind this index must stay, as long as it is not told another one; infinite if all may go. */
  pin(index: number): void;
  failed(error: StorageError): void;
  tell(message: string, detail: Record<string, unknown>): void;
}

/** All questions to the worker. */
export class Transfer {
  /** For tests: the length of the tree's WAL at which snapshots break off. */
  walBytesMax = SNAPSHOT_WAL_BYTES_MAX;
  readonly #data: TransferWorkerData;
  readonly #listener: TransferListener;
  readonly #pending = new Pending<TransferAnswer>();
  /** Bases of the open snapshots; not known at first. */
  readonly #snapshots = new Map<number, LogMark | undefined>();
  #worker: Worker | undefined;
  /** Of the complete stage. */
  #staged: LogMark | undefined;
  #closed = false;

  constructor(data: TransferWorkerData, listener: TransferListener) {
    this.#data = data;
    this.#listener = listener;
  }

  /** The base of the snapshot that is ready to be installed. */
  get staged(): LogMark | undefined {
    return this.#staged;
  }

  async find(zxid: bigint): Promise<LogMark | undefined> {
    const answer = await this.#ask((token) => ({ kind: 'find', token, zxid }));
    assert(answer.kind === 'found', 'An answer to another question.');
    return answer.mark && markOf(answer.mark);
  }

  async read(after: number, maxBytes: number): Promise<LogBatch | undefined> {
    const answer = await this.#ask((token) => ({ kind: 'read', token, after, maxBytes }));
    assert(answer.kind === 'read', 'An answer to another question.');
    if (answer.batch === undefined) return undefined;
    const { memory, length, count, last } = answer.batch;
    return { bytes: Buffer.from(memory, 0, length), count, last: markOf(last) };
  }

  async openSnapshot(treeFile: string): Promise<SnapshotReader | undefined> {
    if (this.#snapshots.size >= SNAPSHOTS_MAX) return undefined;
    let id = 0;
    let opened: LogMark | undefined;
    try {
      const answer = await this.#ask((token) => {
        id = token;
        this.#snapshots.set(id, undefined);
        return { kind: 'snapshotOpen', token, treeFile, walBytesMax: this.walBytesMax };
      });
      assert(answer.kind === 'snapshotOpened', 'An answer to another question.');
      opened = answer.base && this.#snapshots.has(id) ? markOf(answer.base) : undefined;
    } finally {
      if (opened === undefined) this.#forget(id);
    }
    if (opened === undefined) return undefined;
    const base = opened;
    // Until here the open transaction itself kept the tree's mark, and so the log, where it was.
    this.#snapshots.set(id, base);
    this.#pin();
    return { base, next: () => this.#next(id), close: () => this.#close(id) };
  }

  /** Another tree takes the place of the one that is being read. */
  closeSnapshots(): void {
    for (const id of this.#snapshots.keys()) this.#close(id);
  }

  async stage({ base, bytes, first, last }: StagedPart): Promise<boolean> {
    this.#staged = undefined;
    const memory = new ArrayBuffer(bytes.byteLength);
    Buffer.from(memory).set(bytes);
    const answer = await this.#ask((token) => ({ kind: 'stage', token, base, memory, first, last }));
    assert(answer.kind === 'staged', 'An answer to another question.');
    if (answer.ok && last) this.#staged = base;
    return answer.ok;
  }

  unstage(): void {
    this.#staged = undefined;
    if (this.#worker !== undefined) this.#post({ kind: 'unstage' });
  }

  /** The stage became the tree. */
  installed(): void {
    this.#staged = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker !== undefined) {
      const ended = new Promise<void>((resolve) => {
        worker.once('exit', () => resolve());
      });
      this.#post({ kind: 'close' });
      await ended;
    }
    this.#pending.rejectAll(closed());
  }

  async #next(id: number): Promise<SnapshotPart | undefined> {
    if (!this.#snapshots.has(id)) return undefined;
    const answer = await this.#ask((token) => ({ kind: 'snapshotRead', token, snapshot: id }));
    assert(answer.kind === 'snapshotPart', 'An answer to another question.');
    if (answer.part === undefined || !this.#snapshots.has(id)) {
      this.#forget(id);
      return undefined;
    }
    const { memory, length, last } = answer.part;
    return { bytes: Buffer.from(memory, 0, length), last };
  }

  #close(id: number): void {
    if (this.#snapshots.has(id)) this.#post({ kind: 'snapshotClose', snapshot: id });
    this.#forget(id);
  }

  #forget(id: number): void {
    if (this.#snapshots.delete(id)) this.#pin();
  }

  #pin(): void {
    const bases = [...this.#snapshots.values()].map((base) => base?.index ?? Infinity);
    this.#listener.pin(Math.min(Infinity, ...bases));
  }

  #ask(question: (token: number) => ToTransferWorker): Promise<TransferAnswer> {
    if (this.#closed) return Promise.reject(closed());
    return this.#pending.add((token) => this.#post(question(token)));
  }

  #post(message: ToTransferWorker): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, message.kind === 'stage' ? [message.memory] : []);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./transferWorker.js', import.meta.url), {
      workerData: this.#data,
      name: 'zabkeeper-transfer',
    });
    worker.on('message', (message: FromTransferWorker) => this.#take(message));
    const died = (error: StorageError): void => {
      this.#pending.rejectAll(error);
      if (!this.#closed) this.#listener.failed(error);
    };
    worker.on('error', (cause) => {
      died(
        new StorageError('io', `The thread that reads ${this.#data.logFile} failed: ${textOf(cause)}.`, {
          cause,
        }),
      );
    });
    worker.on('exit', () => died(closed()));
    return worker;
  }

  #take(message: FromTransferWorker): void {
    switch (message.kind) {
      case 'note':
        this.#listener.tell(message.message, message.detail);
        break;
      case 'failed':
        this.#listener.failed(errorOf(message.error));
        break;
      case 'rejected':
        this.#pending.reject(message.token, errorOf(message.error));
        break;
      default:
        this.#pending.resolve(message.token, message);
    }
  }
}

function closed(): StorageError {
  return new StorageError('io', 'Storage is closed.');
}

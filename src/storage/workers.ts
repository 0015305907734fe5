/** The two threads behind a running storage: starts them, passes typed messages, knows when they are gone. */
import { Worker } from 'node:worker_threads';
import { StorageError, textOf } from './errors.js';
import type {
  FromLogWorker,
  FromTreeWorker,
  LogWorkerData,
  ToLogWorker,
  ToTreeWorker,
  TreeWorkerData,
} from './messages.js';

/**
 * What a thread makes of a batch it forgets with the batch: a small young generation keeps two threads from holding
 * 30 MiB each that nobody uses.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8 };

/** Whoever listens to the workers. */
export interface WorkersListener {
  fromLog(message: FromLogWorker): void;
  fromTree(message: FromTreeWorker): void;
  /** A thread ended without having been asked to. */
  died(error: StorageError): void;
}

/** Both workers. */
export class Workers {
  readonly #log: Worker;
  readonly #tree: Worker;
  readonly #ended: Promise<unknown>;
  #closing = false;

  constructor(logData: LogWorkerData, treeData: TreeWorkerData, listener: WorkersListener) {
    this.#log = new Worker(new URL('./logWorker.js', import.meta.url), {
      workerData: logData,
      name: 'zabkeeper-log',
      resourceLimits: LIMITS,
    });
    this.#tree = new Worker(new URL('./treeWorker.js', import.meta.url), {
      workerData: treeData,
      name: 'zabkeeper-tree',
      resourceLimits: LIMITS,
    });
    this.#log.on('message', (message: FromLogWorker) => listener.fromLog(message));
    this.#tree.on('message', (message: FromTreeWorker) => listener.fromTree(message));
    for (const [worker, file] of [
      [this.#log, logData.logFile],
      [this.#tree, treeData.treeFile],
    ] as const) {
      worker.on('error', (cause) => {
        listener.died(
          new StorageError('io', `The thread that writes ${file} failed: ${textOf(cause)}.`, { cause }),
        );
      });
      worker.on('exit', () => {
        if (this.#closing) return;
        listener.died(new StorageError('io', `The thread that writes ${file} ended.`));
      });
    }
    this.#ended = Promise.all([ended(this.#log), ended(this.#tree)]);
  }

  toLog(message: ToLogWorker): void {
    const given =
      message.kind === 'append' ? [message] : message.kind === 'synchronise' ? message.batches : [];
    this.#log.postMessage(
      message,
      given.map(({ memory }) => memory),
    );
  }

  toTree(message: ToTreeWorker): void {
    this.#tree.postMessage(message, message.kind === 'flush' ? [message.memory] : []);
  }

  /** Lets both finish what they have got. */
  async close(): Promise<void> {
    this.#closing = true;
    this.toLog({ kind: 'close' });
    this.toTree({ kind: 'close' });
    await this.#ended;
  }
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
  });
}

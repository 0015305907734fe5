/** Brings the rows of `tree.db` to the main thread, which builds the tree while another thread reads on. */
import { Worker } from 'node:worker_threads';
import { unreachable } from '../util/index.js';
import type { TreeSink } from './api.js';
import { StorageError, textOf } from './errors.js';
import type { FromLoadWorker, LoadWorkerData, ToLoadWorker } from './loadMessages.js';
import { errorOf } from './messages.js';

const PROGRESS_MS = 2000;

/**
 * @param progress told the number of rows so far, every two seconds
 * @returns what is damaged, in words; the sink has got some rows then
 */
export function loadRows(
  treeFile: string,
  sink: TreeSink,
  progress: (rows: number, of: number) => void,
): Promise<string | undefined> {
  const worker = new Worker(new URL('./loadWorker.js', import.meta.url), {
    workerData: { treeFile } satisfies LoadWorkerData,
    name: 'zabkeeper-load',
  });
  // Its connection must be gone before the file is set aside, or written to by others. Asked at once, because it may end
  // in the same breath as it says its last word.
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let toldAt = performance.now();
  return new Promise<string | undefined>((resolve, reject) => {
    const take = (message: FromLoadWorker): void => {
      switch (message.kind) {
        case 'znodes': {
          worker.postMessage({ kind: 'more' } satisfies ToLoadWorker);
          sink.znodes(Buffer.from(message.memory), message.count);
          const now = performance.now();
          if (now - toldAt < PROGRESS_MS) break;
          toldAt = now;
          progress(message.rows, message.of);
          break;
        }
        case 'sessions':
          for (const row of message.sessions) sink.session(row);
          break;
        case 'end':
          resolve(undefined);
          break;
        case 'damaged':
          resolve(message.reason);
          break;
        case 'failed':
          reject(errorOf(message.error));
          break;
        default:
          unreachable(message);
      }
    };
    worker.on('message', (message: FromLoadWorker) => {
      try {
        take(message);
      } catch (error) {
        // The sink's: what it was given it does not like.
        void worker.terminate();
        reject(error instanceof Error ? error : new Error(textOf(error)));
      }
    });
    const failed = (cause: unknown): void => {
      reject(
        new StorageError('io', `The thread that reads ${treeFile} failed: ${textOf(cause)}.`, { cause }),
      );
    };
    worker.on('error', failed);
    worker.on('exit', () => failed(new Error('it ended')));
  }).finally(() => exited);
}

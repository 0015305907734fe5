/** What the main thread and the thread that reads a tree say to each other. */
import type { SessionRow } from '../codec/index.js';
import type { ErrorMessage } from './messages.js';

/** `workerData` of the load worker. */
export interface LoadWorkerData {
  readonly treeFile: string;
}

/** Another chunk may come: so many are under way at the most. */
export type ToLoadWorker = { kind: 'more' };

export type FromLoadWorker =
  /** All of `memory` are `count` jute ZnodeRows. `rows` of `of` rows were read so far. */
  | { kind: 'znodes'; memory: ArrayBuffer; count: number; rows: number; of: number }
  | { kind: 'sessions'; sessions: readonly SessionRow[] }
  /** Everything was read, and is what was written. */
  | { kind: 'end' }
  | { kind: 'damaged'; reason: string }
  | { kind: 'failed'; error: ErrorMessage };

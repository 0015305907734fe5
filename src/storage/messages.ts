/**
 * What the main thread and the log and tree workers say to each other. Everything is ordered: a worker works through its
 * messages one by one, and its answers arrive in the order of its work.
 */
import type { Epochs, LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import type { Synchronous } from './database.js';
import { StorageError, type StorageErrorKind } from './errors.js';

/** A structured clone has no brands. */
export interface MarkMessage {
  readonly index: number;
  readonly zxid: bigint;
  readonly chain: bigint;
}

/** A structured clone has no classes. */
export interface ErrorMessage {
  readonly kind: StorageErrorKind;
  readonly message: string;
}

/** `workerData` of the log worker. */
export interface LogWorkerData {
  readonly dataDir: string;
  readonly logFile: string;
  readonly markFile: string;
  readonly synchronous: Synchronous;
  readonly retentionRecords: number;
  readonly retentionBytes: number;
  /** Where the main thread found the end of the log. */
  readonly tail: MarkMessage;
}

/** `length` bytes of `memory` are `count` jute LogRecords. */
export interface BatchMessage {
  readonly memory: ArrayBuffer;
  readonly length: number;
  readonly count: number;
}

/** What the main thread itself wrote to `log.db` since it last said so. */
export interface WroteMessage {
  readonly mark: MarkMessage;
  readonly records: number;
  /** Of the batches. */
  readonly bytes: number;
  readonly commits: number;
}

/** See `Storage.synchronise`. */
export interface SynchroniseMessage {
  readonly kind: 'synchronise';
  readonly token: number;
  readonly truncate: MarkMessage | undefined;
  readonly install: MarkMessage | undefined;
  readonly flushed: number;
  readonly staged: boolean;
  readonly batches: readonly BatchMessage[];
  readonly epochs: Epochs | undefined;
  readonly secret: Uint8Array | undefined;
}

export type ToLogWorker =
  | ({ kind: 'append' } & BatchMessage)
  | ({ kind: 'wrote' } & WroteMessage)
  /** The disk failed the main thread: the same as if it had failed here. */
  | { kind: 'distrust'; error: ErrorMessage }
  | { kind: 'epochs'; epochs: Epochs }
  | { kind: 'fence'; token: number }
  | SynchroniseMessage
  /** The main thread knows that a `synchronise` was refused: what follows is meant for the log as it is. */
  | { kind: 'resume' }
  /** Records behind this index stay, whatever the tree contains; infinite to lift it. */
  | { kind: 'pin'; index: number }
  /** `tree.db` contains the effects of the records up to here, and they are in its file, not only in its WAL. */
  | { kind: 'treeCheckpointed'; index: number }
  /** Answer to `checkpointWanted`. */
  | { kind: 'logCheckpointed' }
  | { kind: 'reopen' }
  /** Simulates a full disk for tests: `log.db` cannot have more pages than this; 0 lifts the limit. */
  | { kind: 'limitPages'; pages: number }
  | { kind: 'close' };

export type FromLogWorker =
  /** `ms` and `bytes` of the transaction. */
  | { kind: 'durable'; mark: MarkMessage; ms: number; bytes: number }
  | { kind: 'epochs'; epochs: Epochs; suspect: boolean }
  | { kind: 'fenced'; token: number; mark: MarkMessage }
  | {
      kind: 'synchronised';
      token: number;
      mark: MarkMessage;
      logStart: MarkMessage;
      epochs: Epochs;
      suspect: boolean;
      /** Of the tree. */
      generation: number;
    }
  /** Nothing was changed. Until `resume` all appends, epochs and the like are dropped. */
  | { kind: 'refused'; token: number; error: ErrorMessage }
  /** Records were forgotten. */
  | { kind: 'purged'; logStart: MarkMessage }
  /** The WAL of `log.db` is long: somebody else should checkpoint it, so that commits go on meanwhile. */
  | { kind: 'checkpointWanted' }
  | { kind: 'reopened'; mark: MarkMessage }
  | { kind: 'failed'; error: ErrorMessage }
  | { kind: 'note'; message: string; detail: Record<string, unknown> }
  | { kind: 'closed' };

/** `workerData` of the tree worker. */
export interface TreeWorkerData {
  readonly treeFile: string;
  /** For its checkpoints. */
  readonly logFile: string;
  readonly logSynchronous: Synchronous;
}

export type ToTreeWorker =
  /** `length` bytes of `memory` are a jute TreeFlush. */
  | { kind: 'flush'; memory: ArrayBuffer; length: number }
  | { kind: 'checkpointLog' }
  /** Drop what waits, write to this file from now on, delete the old one. */
  | { kind: 'switch'; treeFile: string }
  | { kind: 'close' };

export type FromTreeWorker =
  /** This many bytes of flushes are in a transaction that committed. */
  | { kind: 'written'; bytes: number }
  | { kind: 'checkpointed'; mark: MarkMessage }
  /** From here on all is about the new file. */
  | { kind: 'switched' }
  | { kind: 'logCheckpointed' }
  | { kind: 'failed'; error: ErrorMessage }
  | { kind: 'note'; message: string; detail: Record<string, unknown> }
  | { kind: 'closed' };

/** Takes a mark out of a message. */
export function markOf(message: MarkMessage): LogMark {
  return { index: message.index, zxid: zxidOf(message.zxid), chain: message.chain };
}

/** Takes an error out of a message. */
export function errorOf(message: ErrorMessage): StorageError {
  return new StorageError(message.kind, message.message);
}

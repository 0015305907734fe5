/** What the main thread and the transfer worker say to each other. Answers carry the token of their question. */
import type { ErrorMessage, MarkMessage } from './messages.js';
import type { StageIdentity } from './stage.js';

/** `workerData` of the transfer worker. */
export interface TransferWorkerData {
  readonly dataDir: string;
  readonly logFile: string;
  readonly identity: StageIdentity;
}

export type ToTransferWorker =
  | { kind: 'find'; token: number; zxid: bigint }
  | { kind: 'read'; token: number; after: number; maxBytes: number }
  /** The token also names the snapshot from then on. */
  | { kind: 'snapshotOpen'; token: number; treeFile: string; walBytesMax: number }
  | { kind: 'snapshotRead'; token: number; snapshot: number }
  | { kind: 'snapshotClose'; snapshot: number }
  | {
      kind: 'stage';
      token: number;
      base: MarkMessage;
      memory: ArrayBuffer;
      first: boolean;
      last: boolean;
    }
  | { kind: 'unstage' }
  | { kind: 'close' };

/** Records on their way to the main thread. */
export interface ReadMessage {
  readonly memory: ArrayBuffer;
  readonly length: number;
  readonly count: number;
  readonly last: MarkMessage;
}

export type FromTransferWorker =
  | { kind: 'found'; token: number; mark: MarkMessage | undefined }
  | { kind: 'read'; token: number; batch: ReadMessage | undefined }
  | { kind: 'snapshotOpened'; token: number; base: MarkMessage | undefined }
  | {
      kind: 'snapshotPart';
      token: number;
      part: { memory: ArrayBuffer; length: number; last: boolean } | undefined;
    }
  | { kind: 'staged'; token: number; ok: boolean }
  /** This one question cannot be answered. */
  | { kind: 'rejected'; token: number; error: ErrorMessage }
  /** A write failed, and not for lack of space. */
  | { kind: 'failed'; error: ErrorMessage }
  | { kind: 'note'; message: string; detail: Record<string, unknown> };

/** An answer to a question. */
export type TransferAnswer = Extract<FromTransferWorker, { token: number }>;

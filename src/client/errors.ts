/** Errors of the client. All of them are KeeperErrors: `code` is what programs look at. */
import { errorName, KeeperError, type ErrorName } from '../types/index.js';

/** What became of one operation of a multi that failed. */
export interface MultiFailure {
  /** OK for those before the one that failed, RUNTIMEINCONSISTENCY for those behind it. */
  readonly code: ErrorName;
  readonly path: string;
}

/** A multi was refused, and none of it took effect. `code` and `path` are those of the operation that failed. */
export class MultiError extends KeeperError {
  /** Position of the operation that failed. */
  readonly index: number;
  /** One entry for each operation, in order. */
  readonly results: readonly MultiFailure[];

  constructor(index: number, results: readonly MultiFailure[]) {
    const failed = results[index];
    super(failed?.code ?? 'SYSTEMERROR', failed?.path, `operation ${index} of ${results.length} in a multi`);
    this.index = index;
    this.results = results;
  }
}

/** The reader of a stream fell behind by more than `bufferMax` events. Those before the loss were handed out. */
export class StreamOverflowError extends Error {
  override readonly name = 'StreamOverflowError';

  constructor(readonly bufferMax: number) {
    super(`More than ${bufferMax} events were waiting to be read; the stream has ended.`);
  }
}

/** An error for a code out of a reply; codes that ZooKeeper does not have become the name of their range. */
export function replyError(code: number, path: string | undefined): KeeperError {
  const name = errorName(code);
  if (name !== undefined) return new KeeperError(name, path);
  return new KeeperError(code > -100 ? 'SYSTEMERROR' : 'APIERROR', path, `unknown code ${code}`);
}

/** The connection broke or none could be made; whether the request took effect is unknown if it was sent. */
export function connectionLoss(path: string | undefined, cause: Error): KeeperError {
  const error = new KeeperError('CONNECTIONLOSS', path, cause.message);
  error.cause = cause;
  return error;
}

/** What was thrown, as an Error: the language lets anything be thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** What an aborted caller gets: the signal's reason. */
export function abortReason(signal: AbortSignal): Error {
  return asError(signal.reason);
}

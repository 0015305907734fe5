/** What is decided before a log is truncated or replaced; it is done in `logWriter.ts`, in one transaction. */
import { existsSync } from 'node:fs';
import { LOG_START, type Epochs, type LogMark } from '../engine/ports.js';
import type { Connection } from './database.js';
import { StorageError } from './errors.js';
import { stageFile } from './files.js';
import { describe, markAt } from './logReader.js';
import type { LogWorkerData } from './messages.js';

/** See `Storage.synchronise`. */
export interface SynchroniseJob {
  readonly truncate: LogMark | undefined;
  readonly install: LogMark | undefined;
  /** The last record whose effects were handed to the tree. */
  readonly flushed: number;
  /** Whether the snapshot to install is complete. */
  readonly staged: boolean;
  /** Each has whole records. */
  readonly batches: readonly Buffer[];
  readonly records: number;
  readonly epochs: Epochs | undefined;
  readonly secret: Buffer | undefined;
}

/** The steps of it, in order: a crash can come after each. */
export type SynchroniseStep =
  /** The mark was lowered. */
  | 'marked'
  /** The staged tree got its name. */
  | 'placed'
  | 'committed'
  /** The mark is at the new end. */
  | 'raised';

/** @returns why this cannot be done to the log as it is */
export function refusalOf(
  { truncate, install, flushed, staged }: SynchroniseJob,
  db: Connection,
  logStart: LogMark,
  tail: LogMark,
  { logFile, dataDir }: LogWorkerData,
): StorageError | undefined {
  if (install !== undefined && !(staged && existsSync(stageFile(dataDir)))) {
    return new StorageError(
      'corrupt',
      `${stageFile(dataDir)} is not a complete snapshot as of ${describe(install)}. Nothing was changed.`,
    );
  }
  if (truncate === undefined) return undefined;
  const refused = (reason: string): StorageError =>
    new StorageError(
      'corrupt',
      `${logFile} cannot be truncated to ${describe(truncate)}: ${reason}. Nothing was changed.`,
    );
  if (truncate.index < logStart.index) return refused(`it begins after ${describe(logStart)}`);
  if (truncate.index < flushed) return refused(`the tree has the effects of record ${flushed}`);
  if (truncate.index > tail.index) return refused(`it ends at ${describe(tail)}`);
  const there = recordAt(db, logStart, truncate.index);
  if (there === undefined) return refused('that record is missing');
  if (isSame(there, truncate)) return undefined;
  return refused(
    `it has ${describe(there)} there, with the chain ${there.chain} instead of ${truncate.chain}`,
  );
}

/**
 * A crash may leave the old log or the new one. What the mark says meanwhile must be true of both.
 * @returns undefined if it is already
 */
export function loweredMark(
  { truncate, install }: SynchroniseJob,
  db: Connection,
  logStart: LogMark,
  acked: LogMark,
): LogMark | undefined {
  const target = truncate ?? install;
  if (target === undefined || acked.index < target.index) return undefined;
  const there = recordAt(db, logStart, target.index);
  // A snapshot may replace a log that has other records: then only the beginning is common to both.
  if (there === undefined || !isSame(there, target)) return LOG_START;
  return acked.index === target.index ? undefined : target;
}

function recordAt(db: Connection, logStart: LogMark, index: number): LogMark | undefined {
  return index === logStart.index ? logStart : markAt(db, index);
}

function isSame(a: LogMark, b: LogMark): boolean {
  return a.index === b.index && a.zxid === b.zxid && a.chain === b.chain;
}

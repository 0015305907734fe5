/**
 * What the engine asks of the disk, as values and callbacks: the rooms above implement it (`storage/`), tests bring
 * their own. Nothing here performs I/O.
 */
import type { Zxid } from '../types/index.js';

/** A position in the log: the record's index, its zxid and the chain hash up to and including it. */
export interface LogMark {
  /** Contiguous since the birth of the data directory; the first record has index 1. */
  readonly index: number;
  readonly zxid: Zxid;
  /** Signed 64 bits, as jute and SQLite keep it; see `zab/chain.ts`. */
  readonly chain: bigint;
}

/** Where an empty log stands. */
export const LOG_START: LogMark = { index: 0, zxid: 0n as Zxid, chain: 0n };

/** The records of one turn: jute `LogRecord`s one behind the other, in memory that the batch owns. */
export interface LogBatch {
  readonly bytes: Buffer;
  readonly count: number;
  readonly last: LogMark;
}

/** Both epochs of zab.md 1.2. `currentEpoch <= acceptedEpoch`. */
export interface Epochs {
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
}

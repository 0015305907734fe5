/** Places in the log, and records on their way. */
import { ZXID_ZERO, type Zxid } from '../types/index.js';

/** A position in the log: the record's index, its zxid and the chain hash up to and including it. */
export interface LogMark {
  /** Contiguous since the birth of the ensemble; the first record has index 1. */
  readonly index: number;
  readonly zxid: Zxid;
  /** Signed 64 bits, as jute and SQLite keep it; see `chain.ts`. */
  readonly chain: bigint;
}

/** Where an empty log stands. */
export const LOG_START: LogMark = { index: 0, zxid: ZXID_ZERO, chain: 0n };

export function sameMark(left: LogMark, right: LogMark): boolean {
  return left.index === right.index && left.zxid === right.zxid && left.chain === right.chain;
}

/** Jute `LogRecord`s one behind the other. */
export interface LogBatch {
  readonly bytes: Buffer;
  readonly count: number;
  readonly last: LogMark;
}

/** Both epochs of zab.md 1.2. `currentEpoch <= acceptedEpoch`. */
export interface Epochs {
  /** A promise to take nothing from lower ones. */
  readonly acceptedEpoch: number;
  /** The epoch whose initial history this server holds completely. */
  readonly currentEpoch: number;
}

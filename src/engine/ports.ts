/**
 * What the engine asks of the disk, as values: the rooms above implement it (`storage/`), tests bring their own.
 * Nothing here performs I/O.
 */
import { ZXID_ZERO } from '../types/index.js';
import type { LogMark } from '../zab/index.js';

export type { LogBatch, LogMark } from '../zab/index.js';

/** Where an empty log stands. */
export const LOG_START: LogMark = { index: 0, zxid: ZXID_ZERO, chain: 0n };

/** Both epochs of zab.md 1.2. `currentEpoch <= acceptedEpoch`. */
export interface Epochs {
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
}

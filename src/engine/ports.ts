/**
 * What the engine asks of the disk, as values: the rooms above implement it (`storage/`), tests bring their own.
 * Nothing here performs I/O.
 */
export { LOG_START, type Epochs, type LogBatch, type LogMark } from '../zab/index.js';

/** Bytes in, typed records out: jute, ZooKeeper's encoding, and its frames. */
export { DecodeError, Reader } from './reader.js';
export { Writer } from './writer.js';
export { FrameError, FrameSplitter } from './frames.js';
export * from './generated/records.js';

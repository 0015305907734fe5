/** Bytes in, typed records out: jute, ZooKeeper's encoding, and its frames. */
export { DecodeError, Reader } from './reader.js';
export { Writer } from './writer.js';
export { FrameError, FrameSplitter } from './frames.js';
export { OPEN_ACL, readAclList, writeAclList } from './aclList.js';
export * from './generated/records.js';

/** ZAB: the order of txns and their commitment. */
export { Broadcast, expectedChain, type LogBatch, type LogMark } from './broadcast.js';
export { chainOf } from './chain.js';
export { quorumIndex } from './quorum.js';

/** ZAB: the order of txns and their commitment. */
export { Broadcast, expectedChain } from './broadcast.js';
export { chainOf } from './chain.js';
export { Configuration, type ConfigMember } from './configuration.js';
export { isBetter } from './election.js';
export { History } from './history.js';
export { LOG_START, sameMark, type Epochs, type LogBatch, type LogMark } from './mark.js';
export type {
  Answer,
  Notification,
  PeerMessage,
  PeerState,
  ServerId,
  ToLeader,
  ToLearner,
} from './messages.js';
export type {
  Boot,
  DiskInput,
  DiskOp,
  LinkId,
  LinkOp,
  NetworkInput,
  PeerNote,
  PeerOutput,
  Token,
} from './ports.js';
export { QuorumPeer, type PeerRole } from './quorumPeer.js';
export { CHAIN_BYTES, RECORD_HEADER_BYTES, markOf, ownCopy, recordsIn } from './records.js';
export { aloneSettings, type PeerSettings, type TraceEvent } from './settings.js';
export type { Asker, FromLeader, FromLearner, StateMachine } from './stateMachine.js';

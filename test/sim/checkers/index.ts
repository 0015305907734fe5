/** All checkers, and what hands events to them. */
import type { Checker, CheckedWorld } from './checker.js';
import {
  ExactReads,
  ExactlyOnce,
  FreshAfterSync,
  LinearizableWrites,
  MonotonicSession,
  Multi,
  SequenceSuffixes,
  SessionFifo,
} from './client.js';
import {
  AckMeansDisk,
  CommitOnQuorum,
  CommittedSurvives,
  Contiguity,
  Monotony,
  NoAlarm,
  NoTruncationOfCommitted,
} from './durability.js';
import { Electable, EpochMonotony, LeaderCompleteness, OneLeaderPerEpoch, PromiseKept } from './election.js';
import { LeavesAtOnce } from './liveness.js';
import { ConfigurationOfState, ReconfigAsAsked } from './reconfig.js';
import { EqualState, ExpiredOnce, Moved, NoOrphan, NoRevival, NotEarly, Replay } from './state.js';
import { WatchBeforeRead } from './watches.js';
import {
  Agreement,
  GlobalPrimaryOrder,
  Integrity,
  LocalPrimaryOrder,
  PrimaryIntegrity,
  TotalOrder,
  Uniqueness,
} from './zab.js';

export {
  Checker,
  Violation,
  holds,
  type CheckedWorld,
  type Connected,
  type DiskView,
  type Reply,
  type ServerView,
  type Traced,
} from './checker.js';

const CHECKERS: readonly (new (world: CheckedWorld) => Checker)[] = [
  Integrity,
  TotalOrder,
  Agreement,
  LocalPrimaryOrder,
  GlobalPrimaryOrder,
  PrimaryIntegrity,
  Uniqueness,
  OneLeaderPerEpoch,
  EpochMonotony,
  LeaderCompleteness,
  Electable,
  PromiseKept,
  AckMeansDisk,
  CommitOnQuorum,
  CommittedSurvives,
  NoTruncationOfCommitted,
  Monotony,
  Contiguity,
  NoAlarm,
  LeavesAtOnce,
  Replay,
  EqualState,
  ConfigurationOfState,
  NoOrphan,
  ExpiredOnce,
  NotEarly,
  NoRevival,
  Moved,
  LinearizableWrites,
  MonotonicSession,
  FreshAfterSync,
  WatchBeforeRead,
  SequenceSuffixes,
  Multi,
  SessionFifo,
  ExactReads,
  ExactlyOnce,
  ReconfigAsAsked,
];

export function allCheckers(world: CheckedWorld): Checker[] {
  return CHECKERS.map((Each) => new Each(world));
}

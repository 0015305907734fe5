/** `zabkeeper/client`: a ZooKeeper client for Node.js. */
export { connect, open } from './open.js';
export { ZooKeeper } from './api.js';
export type {
  OpOptions,
  ReadOptions,
  RemoveWatchesOptions,
  ReconfigOptions,
  StreamOptions,
  VersionOptions,
  WatchOptions,
} from './opOptions.js';
export type { AuthInfo, ClientOptions, SaslOptions, SessionToken } from './options.js';
export { parseConnectString, type ServerAddress } from './serverList.js';
export type { AttemptFailedEvent, ClientEvents, ClientState, StateEvent } from './events.js';
export { OneShotWatch } from './oneShot.js';
export type { EventStream } from './stream.js';
export type {
  GapEvent,
  NodeEvent,
  WatchEvent,
  WatchKind,
  WatchListener,
  WatchRemovedEvent,
} from './watches.js';
export type {
  CreateOptions,
  DataInput,
  MultiOp,
  MultiReadOp,
  MultiReadResult,
  MultiResult,
  MultiResults,
} from './multi.js';
export type { AclResult, ChildrenResult, CreateResult, DataResult } from './operations.js';
export { MultiError, StreamOverflowError, type MultiFailure } from './errors.js';
export {
  ErrorCode,
  KeeperError,
  OPEN_ACL,
  Perms,
  type ErrorName,
  type SessionId,
  type Zxid,
} from '../types/index.js';
export type { ACL, ClientInfo, Id, Stat } from '../codec/index.js';

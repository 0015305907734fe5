/** Numbers of the client protocol (ZooKeeper's `ZooDefs`, `CreateMode`, `Watcher.Event`). */

/** Types of requests, of txns, and of the operations in a multi. */
export const OpCode = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const;

/** xids with a meaning of their own. */
export const Xid = {
  watchEvent: -1,
  ping: -2,
  auth: -4,
  setWatches: -8,
} as const;

/** `flags` of a create request. */
export const CreateMode = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  persistentWithTTL: 5,
  persistentSequentialWithTTL: 6,
} as const;

/** Bits of `ACL.perms`. */
export const Perms = {
  read: 1,
  write: 2,
  create: 4,
  delete: 8,
  admin: 16,
  all: 31,
} as const;

/** `WatcherEvent.type`. The last three are made by clients only. */
export const EventType = {
  none: -1,
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
  dataWatchRemoved: 5,
  childWatchRemoved: 6,
  persistentWatchRemoved: 7,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** `type` of checkWatches and removeWatches. */
export const WatcherType = {
  children: 1,
  data: 2,
  any: 3,
  persistent: 4,
  persistentRecursive: 5,
} as const;

/** `mode` of addWatch. */
export const AddWatchMode = {
  persistent: 0,
  persistentRecursive: 1,
} as const;

/** `WatcherEvent.state` as a server sends it. */
export const KEEPER_STATE_SYNC_CONNECTED = 3;

export { OPEN_ACL } from '../codec/index.js';

/** Largest TTL of a znode in ms: 40 bits. */
export const TTL_MAX_MS = 0xffffffffffn;

/**
 * Requests as a union on their op code, decoded. What is a write, what a read, is decided here and nowhere else.
 */
import {
  DecodeError,
  readAddWatchRequest,
  readCheckVersionRequest,
  readCreateRequest,
  readCreateTTLRequest,
  readDeleteRequest,
  readExistsRequest,
  readGetACLRequest,
  readGetAllChildrenNumberRequest,
  readGetChildren2Request,
  readGetChildrenRequest,
  readGetDataRequest,
  readGetEphemeralsRequest,
  readMultiHeader,
  readReconfigRequest,
  readRemoveWatchesRequest,
  readSetACLRequest,
  readSetDataRequest,
  readSetWatches,
  readSetWatches2,
  readSyncRequest,
  type AddWatchRequest,
  type CheckVersionRequest,
  type CheckWatchesRequest,
  type CreateRequest,
  type CreateTTLRequest,
  type DeleteRequest,
  type GetACLRequest,
  type GetDataRequest,
  type GetEphemeralsRequest,
  type Reader,
  type ReconfigRequest,
  type SetACLRequest,
  type SetDataRequest,
  type SetWatches,
  type SetWatches2,
  type SyncRequest,
} from '../codec/index.js';
import { AddWatchMode, OpCode, WatcherType } from './protocol.js';

/** An operation that may stand in a multi. */
export type MultiOp =
  | {
      readonly type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer;
      readonly record: CreateRequest;
    }
  | { readonly type: typeof OpCode.createTTL; readonly record: CreateTTLRequest }
  | { readonly type: typeof OpCode.delete; readonly record: DeleteRequest }
  | { readonly type: typeof OpCode.setData; readonly record: SetDataRequest }
  | { readonly type: typeof OpCode.check; readonly record: CheckVersionRequest };

/** An operation that may stand in a multiRead. */
export interface MultiReadOp {
  readonly type: typeof OpCode.getData | typeof OpCode.getChildren;
  readonly record: GetDataRequest;
}

/** Becomes a txn. */
export type WriteRequest =
  | MultiOp
  | { readonly type: typeof OpCode.setACL; readonly record: SetACLRequest }
  | { readonly type: typeof OpCode.multi; readonly ops: readonly MultiOp[] }
  | { readonly type: typeof OpCode.reconfig; readonly record: ReconfigRequest }
  | { readonly type: typeof OpCode.closeSession }
  /** A multi that could not be decoded: it takes its place in the order, and a zxid, to be answered -5. */
  | { readonly type: typeof OpCode.error; readonly code: 'MARSHALLINGERROR' };

/** Answered from the local tree. `exists`, `getChildren` and the rest share the layout of `getData`. */
export type ReadRequest =
  | {
      readonly type:
        typeof OpCode.exists | typeof OpCode.getData | typeof OpCode.getChildren | typeof OpCode.getChildren2;
      readonly record: GetDataRequest;
    }
  | {
      readonly type: typeof OpCode.getACL | typeof OpCode.getAllChildrenNumber;
      readonly record: GetACLRequest;
    }
  | { readonly type: typeof OpCode.getEphemerals; readonly record: GetEphemeralsRequest }
  | {
      readonly type: typeof OpCode.multiRead;
      readonly ops: readonly MultiReadOp[];
    }
  | { readonly type: typeof OpCode.ping }
  | { readonly type: typeof OpCode.whoAmI }
  | { readonly type: typeof OpCode.setWatches; readonly record: SetWatches }
  | { readonly type: typeof OpCode.setWatches2; readonly record: SetWatches2 }
  | { readonly type: typeof OpCode.addWatch; readonly record: AddWatchRequest }
  | {
      readonly type: typeof OpCode.checkWatches | typeof OpCode.removeWatches;
      readonly record: CheckWatchesRequest;
    }
  /** A request that could not be decoded: answered -5 in its place in the order. */
  | { readonly type: 'undecodable' }
  /** An op code that clients may not send: answered -6 in its place in the order, then the connection is closed. */
  | { readonly type: 'unknown' };

export type Request =
  WriteRequest | ReadRequest | { readonly type: typeof OpCode.sync; readonly record: SyncRequest };

/** True for requests that become txns. */
export function isWrite(request: Request): request is WriteRequest {
  switch (request.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.setACL:
    case OpCode.check:
    case OpCode.multi:
    case OpCode.reconfig:
    case OpCode.closeSession:
    case OpCode.error:
      return true;
    default:
      return false;
  }
}

/** By op code, whose lowest seven bits tell it from all others: looked at with every reply. */
const WRITE_OPS = new Uint8Array(128);
for (const op of [
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.check,
  OpCode.multi,
  OpCode.reconfig,
  OpCode.createSession,
  OpCode.closeSession,
])
  WRITE_OPS[op & 127] = 1;

/** True for op codes of requests that become txns, and of the beginning of a session. */
export function isWriteOp(op: number): boolean {
  return WRITE_OPS[op & 127] === 1;
}

/**
 * Decodes the body of a request with this op code. Bytes behind a whole record are ignored, as ZooKeeper does.
 * What cannot be decoded, and what clients may not send, is a request too: it is answered in its turn.
 */
export function readRequest(type: number, r: Reader): Request {
  try {
    return readKnownRequest(type, r);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return type === OpCode.multi ? { type: OpCode.error, code: 'MARSHALLINGERROR' } : { type: 'undecodable' };
  }
}

function readKnownRequest(type: number, r: Reader): Request {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return { type, record: readCreateRequest(r) };
    case OpCode.createTTL:
      return { type, record: readCreateTTLRequest(r) };
    case OpCode.delete:
      return { type, record: readDeleteRequest(r) };
    case OpCode.exists:
      return { type, record: readExistsRequest(r) };
    case OpCode.getData:
      return { type, record: readGetDataRequest(r) };
    case OpCode.setData:
      return { type, record: readSetDataRequest(r) };
    case OpCode.getACL:
      return { type, record: readGetACLRequest(r) };
    case OpCode.setACL:
      return { type, record: readSetACLRequest(r) };
    case OpCode.getChildren:
      return { type, record: readGetChildrenRequest(r) };
    case OpCode.sync:
      return { type, record: readSyncRequest(r) };
    case OpCode.ping:
    case OpCode.whoAmI:
    case OpCode.closeSession:
      return { type };
    case OpCode.getChildren2:
      return { type, record: readGetChildren2Request(r) };
    case OpCode.multi:
      return { type, ops: readMulti(r) };
    case OpCode.multiRead:
      return { type, ops: readMultiRead(r) };
    case OpCode.reconfig:
      return { type, record: readReconfigRequest(r) };
    case OpCode.checkWatches:
    case OpCode.removeWatches:
      return { type, record: checkedWatcherType(readRemoveWatchesRequest(r)) };
    case OpCode.setWatches:
      return { type, record: readSetWatches(r) };
    case OpCode.setWatches2:
      return { type, record: readSetWatches2(r) };
    case OpCode.getEphemerals:
      return { type, record: readGetEphemeralsRequest(r) };
    case OpCode.getAllChildrenNumber:
      return { type, record: readGetAllChildrenNumberRequest(r) };
    case OpCode.addWatch: {
      const record = readAddWatchRequest(r);
      if (record.mode !== AddWatchMode.persistent && record.mode !== AddWatchMode.persistentRecursive) {
        throw new DecodeError(`Malformed record: unknown watch mode ${record.mode}.`);
      }
      return { type, record };
    }
    default:
      return { type: 'unknown' };
  }
}

function checkedWatcherType(record: CheckWatchesRequest): CheckWatchesRequest {
  if (record.type < WatcherType.children || record.type > WatcherType.persistentRecursive) {
    throw new DecodeError(`Malformed record: unknown watcher type ${record.type}.`);
  }
  return record;
}

function readMulti(r: Reader): MultiOp[] {
  const ops: MultiOp[] = [];
  for (;;) {
    const { type, done } = readMultiHeader(r);
    if (done) return ops;
    ops.push(readMultiOp(type, r));
  }
}

function readMultiOp(type: number, r: Reader): MultiOp {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer: {
      const record = readCreateRequest(r);
      // Inside a multi an impossible flag makes the whole request undecodable (protocol.md section 8).
      if (record.flags < 0 || record.flags > 4)
        throw new DecodeError(`Malformed record: create flags ${record.flags}.`);
      return { type, record };
    }
    case OpCode.createTTL: {
      const record = readCreateTTLRequest(r);
      if (record.flags < 0 || record.flags > 6)
        throw new DecodeError(`Malformed record: create flags ${record.flags}.`);
      return { type, record };
    }
    case OpCode.delete:
      return { type, record: readDeleteRequest(r) };
    case OpCode.setData:
      return { type, record: readSetDataRequest(r) };
    case OpCode.check:
      return { type, record: readCheckVersionRequest(r) };
    default:
      throw new DecodeError(`Malformed record: op ${type} in a multi.`);
  }
}

function readMultiRead(r: Reader): MultiReadOp[] {
  const ops: MultiReadOp[] = [];
  for (;;) {
    const { type, done } = readMultiHeader(r);
    if (done) return ops;
    if (type !== OpCode.getData && type !== OpCode.getChildren) {
      throw new DecodeError(`Malformed record: op ${type} in a multiRead.`);
    }
    ops.push({ type, record: readGetDataRequest(r) });
  }
}

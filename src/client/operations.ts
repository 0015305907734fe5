/**
 * The operations as a table: op code, what goes out, what comes back. Arguments are the generated request records,
 * with the server's paths; results are what callers get. Bytes of a reply are copied here, once, because the frame
 * they stand in is reused.
 */
import * as codec from '../codec/index.js';
import type { ACL, ClientInfo, Reader, Stat, Writer } from '../codec/index.js';
import { OpCode } from '../types/index.js';
import type { Chroot } from './chroot.js';
import type { Operation } from './request.js';

/** A znode's data with the Stat of the same moment. */
export interface DataResult {
  /** The caller's own copy; null when the znode was given null, which is not the same as no bytes. */
  readonly data: Buffer | null;
  readonly stat: Stat;
}

/** Names of a znode's children, in no order, with its Stat. */
export interface ChildrenResult {
  readonly children: string[];
  readonly stat: Stat;
}

/** A znode's access list with its Stat. */
export interface AclResult {
  readonly acl: readonly ACL[];
  readonly stat: Stat;
}

/** The znode that came into being; `path` has the sequence number, if one was asked for. */
export interface CreateResult {
  readonly path: string;
  readonly stat: Stat;
}

function operation<A, T>(
  type: number,
  write: (w: Writer, args: A) => void,
  read: (r: Reader, chroot: Chroot) => T,
): Operation<A, T> {
  return { type, write, read };
}

/** For requests and replies without a body. */
type NoBody = undefined;

function noBody(): NoBody {
  return undefined;
}

export function readData(r: Reader): DataResult {
  const data = r.bufferOrNull();
  return { data: data === null ? null : Buffer.from(data), stat: codec.readStat(r) };
}

export function readCreated(r: Reader, chroot: Chroot): CreateResult {
  const { path, stat } = codec.readCreate2Response(r);
  return { path: chroot.toClient(path), stat };
}

/** A list that the caller may sort in place. */
export function readNames(r: Reader): string[] {
  return r.vector(4, (from) => from.ustring());
}

function readChildren(r: Reader): ChildrenResult {
  return { children: readNames(r), stat: codec.readStat(r) };
}

function readAcl(r: Reader): AclResult {
  const { acl, stat } = codec.readGetACLResponse(r);
  return { acl: acl ?? [], stat };
}

export const operations = {
  create: operation(OpCode.create, codec.writeCreateRequest, (r, chroot) =>
    chroot.toClient(codec.readCreateResponse(r).path),
  ),
  create2: operation(OpCode.create2, codec.writeCreateRequest, readCreated),
  createContainer: operation(OpCode.createContainer, codec.writeCreateRequest, readCreated),
  createTTL: operation(OpCode.createTTL, codec.writeCreateTTLRequest, readCreated),
  delete: operation(OpCode.delete, codec.writeDeleteRequest, noBody),
  exists: {
    ...operation(OpCode.exists, codec.writeExistsRequest, (r): Stat | null => codec.readStat(r)),
    absent: { value: null },
  },
  getData: operation(OpCode.getData, codec.writeGetDataRequest, readData),
  setData: operation(OpCode.setData, codec.writeSetDataRequest, (r) => codec.readStat(r)),
  getChildren: operation(OpCode.getChildren2, codec.writeGetChildren2Request, readChildren),
  getAcl: operation(OpCode.getACL, codec.writeGetACLRequest, readAcl),
  setAcl: operation(OpCode.setACL, codec.writeSetACLRequest, (r) => codec.readStat(r)),
  sync: operation(OpCode.sync, codec.writeSyncRequest, noBody),
  ping: operation(OpCode.ping, noBody, noBody),
  addWatch: operation(OpCode.addWatch, codec.writeAddWatchRequest, noBody),
  checkWatches: operation(OpCode.checkWatches, codec.writeCheckWatchesRequest, noBody),
  removeWatches: operation(OpCode.removeWatches, codec.writeRemoveWatchesRequest, noBody),
  setWatches: operation(OpCode.setWatches, codec.writeSetWatches, noBody),
  setWatches2: operation(OpCode.setWatches2, codec.writeSetWatches2, noBody),
  getEphemerals: operation(OpCode.getEphemerals, codec.writeGetEphemeralsRequest, (r, chroot) =>
    codec.readGetEphemeralsResponse(r).ephemerals.map((path) => chroot.toClient(path)),
  ),
  getAllChildrenNumber: operation(
    OpCode.getAllChildrenNumber,
    codec.writeGetAllChildrenNumberRequest,
    (r) => codec.readGetAllChildrenNumberResponse(r).totalNumber,
  ),
  whoAmI: operation<undefined, readonly ClientInfo[]>(
    OpCode.whoAmI,
    noBody,
    (r) => codec.readWhoAmIResponse(r).clientInfo,
  ),
  reconfig: operation(OpCode.reconfig, codec.writeReconfigRequest, readData),
  auth: operation(OpCode.auth, codec.writeAuthPacket, noBody),
  sasl: operation(OpCode.sasl, codec.writeSaslPacket, (r): Buffer | null => {
    const { token } = codec.readSaslPacket(r);
    return token === null ? null : Buffer.from(token);
  }),
  closeSession: operation(OpCode.closeSession, noBody, noBody),
} as const;

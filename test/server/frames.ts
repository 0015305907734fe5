/**
 * Why this file exists: whole frames as a client sends them, one function for each request, so that a test can bend
 * any part of one and send the rest as it is.
 */
import {
  Writer,
  writeACL,
  writeAddWatchRequest,
  writeAuthPacket,
  writeCheckVersionRequest,
  writeCreateRequest,
  writeCreateTTLRequest,
  writeDeleteRequest,
  writeGetDataRequest,
  writeMultiHeader,
  writeSaslPacket,
  writeSetACLRequest,
  writeSetDataRequest,
  writeSetWatches2,
  type ACL,
} from '../../src/codec/index.js';
import { CreateMode, OPEN_ACL, OpCode, Xid } from '../../src/types/index.js';

/** What a client puts into its ConnectRequest. */
export interface ConnectFields {
  readonly protocolVersion?: number;
  readonly lastZxidSeen?: bigint;
  /** @default 10000 */
  readonly timeOut?: number;
  readonly sessionId?: bigint;
  /** @default 16 zeros */
  readonly passwd?: Buffer | null;
  /** undefined: the old form without the byte */
  readonly readOnly?: boolean | undefined;
}

/** A payload with its length in front. */
export function frame(write: (w: Writer) => void): Buffer {
  const w = new Writer();
  const mark = w.startFrame();
  write(w);
  w.endFrame(mark);
  return w.take();
}

export function connectRequest(fields: ConnectFields = {}, more: Uint8Array = Buffer.alloc(0)): Buffer {
  const readOnly = 'readOnly' in fields ? fields.readOnly : false;
  return frame((w) => {
    w.int(fields.protocolVersion ?? 0);
    w.long(fields.lastZxidSeen ?? 0n);
    w.int(fields.timeOut ?? 10_000);
    w.long(fields.sessionId ?? 0n);
    w.buffer(fields.passwd === undefined ? Buffer.alloc(16) : fields.passwd);
    if (readOnly !== undefined) w.boolean(readOnly);
    w.raw(more);
  });
}

/** A request of any type, with any body. */
export function request(xid: number, type: number, writeBody: (w: Writer) => void = () => undefined): Buffer {
  return frame((w) => {
    w.int(xid);
    w.int(type);
    writeBody(w);
  });
}

interface CreateOptions {
  readonly data?: Buffer | string | null;
  readonly flags?: number;
  readonly acl?: readonly ACL[] | null;
}

function createRecord(
  w: Writer,
  path: string,
  { data = null, flags = 0, acl = OPEN_ACL }: CreateOptions,
): void {
  writeCreateRequest(w, { path, data: typeof data === 'string' ? Buffer.from(data) : data, acl, flags });
}

export function create(xid: number, path: string, options: CreateOptions = {}): Buffer {
  return request(xid, OpCode.create, (w) => createRecord(w, path, options));
}

export function ephemeral(xid: number, path: string): Buffer {
  return create(xid, path, { flags: CreateMode.ephemeral });
}

export function createContainer(xid: number, path: string): Buffer {
  return request(xid, OpCode.createContainer, (w) => createRecord(w, path, { flags: CreateMode.container }));
}

export function createTtl(xid: number, path: string, ttlMs: bigint): Buffer {
  return request(xid, OpCode.createTTL, (w) =>
    writeCreateTTLRequest(w, {
      path,
      data: null,
      acl: OPEN_ACL,
      flags: CreateMode.persistentWithTTL,
      ttl: ttlMs,
    }),
  );
}

export function del(xid: number, path: string, version = -1): Buffer {
  return request(xid, OpCode.delete, (w) => writeDeleteRequest(w, { path, version }));
}

export function setData(xid: number, path: string, data: Buffer | string | null, version = -1): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return request(xid, OpCode.setData, (w) => writeSetDataRequest(w, { path, data: bytes, version }));
}

export function setAcl(xid: number, path: string, acl: readonly ACL[] | null): Buffer {
  return request(xid, OpCode.setACL, (w) => writeSetACLRequest(w, { path, acl, version: -1 }));
}

function read(xid: number, type: number, path: string, watch: boolean): Buffer {
  return request(xid, type, (w) => writeGetDataRequest(w, { path, watch }));
}

export function getData(xid: number, path: string, watch = false): Buffer {
  return read(xid, OpCode.getData, path, watch);
}

export function exists(xid: number, path: string, watch = false): Buffer {
  return read(xid, OpCode.exists, path, watch);
}

export function getChildren(xid: number, path: string, watch = false): Buffer {
  return read(xid, OpCode.getChildren, path, watch);
}

/** Requests whose body is a path alone: getACL, sync, getEphemerals, getAllChildrenNumber. */
export function pathOnly(xid: number, type: number, path: string): Buffer {
  return request(xid, type, (w) => w.ustring(path));
}

export function ping(): Buffer {
  return request(Xid.ping, OpCode.ping);
}

export function closeSession(xid: number): Buffer {
  return request(xid, OpCode.closeSession);
}

export function auth(scheme: string | null, data: Buffer | string | null): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return request(Xid.auth, OpCode.auth, (w) => writeAuthPacket(w, { type: 0, scheme, auth: bytes }));
}

export function sasl(xid: number, token: Buffer | null): Buffer {
  return request(xid, OpCode.sasl, (w) => writeSaslPacket(w, { token }));
}

export function addWatch(xid: number, path: string, mode = 0): Buffer {
  return request(xid, OpCode.addWatch, (w) => writeAddWatchRequest(w, { path, mode }));
}

export function setWatches(
  relativeZxid: bigint,
  lists: Readonly<Record<'data' | 'exist', readonly string[]>>,
): Buffer {
  return request(Xid.setWatches, OpCode.setWatches2, (w) =>
    writeSetWatches2(w, {
      relativeZxid,
      dataWatches: lists.data,
      existWatches: lists.exist,
      childWatches: [],
      persistentWatches: [],
      persistentRecursiveWatches: [],
    }),
  );
}

/** One operation of a multi or multiRead. */
export interface Op {
  readonly type: number;
  readonly write: (w: Writer) => void;
}

export const op = {
  create: (path: string, options: CreateOptions = {}): Op => ({
    type: OpCode.create,
    write: (w) => createRecord(w, path, options),
  }),
  delete: (path: string, version = -1): Op => ({
    type: OpCode.delete,
    write: (w) => writeDeleteRequest(w, { path, version }),
  }),
  setData: (path: string, data: Buffer | null, version = -1): Op => ({
    type: OpCode.setData,
    write: (w) => writeSetDataRequest(w, { path, data, version }),
  }),
  check: (path: string, version = -1): Op => ({
    type: OpCode.check,
    write: (w) => writeCheckVersionRequest(w, { path, version }),
  }),
  getData: (path: string): Op => ({
    type: OpCode.getData,
    write: (w) => writeGetDataRequest(w, { path, watch: false }),
  }),
  getChildren: (path: string): Op => ({
    type: OpCode.getChildren,
    write: (w) => writeGetDataRequest(w, { path, watch: false }),
  }),
} as const;

function series(xid: number, type: number, ops: Iterable<Op>): Buffer {
  return request(xid, type, (w) => {
    for (const one of ops) {
      writeMultiHeader(w, { type: one.type, done: false, err: -1 });
      one.write(w);
    }
    writeMultiHeader(w, { type: -1, done: true, err: -1 });
  });
}

export function multi(xid: number, ops: Iterable<Op>): Buffer {
  return series(xid, OpCode.multi, ops);
}

export function multiRead(xid: number, ops: Iterable<Op>): Buffer {
  return series(xid, OpCode.multiRead, ops);
}

/** A create whose vector of ACLs says what it likes about its length. */
export function createWithAclCount(
  xid: number,
  path: string,
  count: number,
  entries: readonly ACL[],
): Buffer {
  return request(xid, OpCode.create, (w) => {
    w.ustring(path);
    w.buffer(null);
    w.int(count);
    for (const entry of entries) writeACL(w, entry);
    w.int(0);
  });
}

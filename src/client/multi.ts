/** Several operations in one request: what callers write, what they get, and both on the wire. */
import * as codec from '../codec/index.js';
import type { ACL, Reader, Stat, Writer } from '../codec/index.js';
import { DecodeError } from '../codec/index.js';
import {
  CreateMode,
  ErrorCode,
  errorName,
  KeeperError,
  OPEN_ACL,
  OpCode,
  TTL_MAX_MS,
} from '../types/index.js';
import { unreachable } from '../util/index.js';
import type { Chroot } from './chroot.js';
import { MultiError, replyError, type MultiFailure } from './errors.js';
import { readCreated, readData, readNames, type DataResult } from './operations.js';
import type { Operation } from './request.js';

/** What may be stored: text goes as UTF-8. The bytes must stay as they are until the request is sent. */
export type DataInput = string | Uint8Array | null;

/** Kind of znode to create. Default: persistent, with the name as given, open to all. */
export interface CreateOptions {
  /** Goes with the session. Default false. */
  readonly ephemeral?: boolean;
  /** The parent's counter, ten digits, is added to the name. Default false. */
  readonly sequential?: boolean;
  /** The server removes it some time after its last child. Default false. */
  readonly container?: boolean;
  /** The server removes it after this many ms without a change and without children, 1 .. 2^40-1. Default never. */
  readonly ttlMs?: number;
  /** Access list. Default `world:anyone:cdrwa`. */
  readonly acl?: readonly ACL[];
}

/** One operation of a multi. A `version` left out means any. */
export type MultiOp =
  | ({ readonly type: 'create'; readonly path: string; readonly data?: DataInput } & CreateOptions)
  | { readonly type: 'delete'; readonly path: string; readonly version?: number }
  | { readonly type: 'setData'; readonly path: string; readonly data: DataInput; readonly version?: number }
  | { readonly type: 'check'; readonly path: string; readonly version?: number };

/** What an operation of a multi gives, with the Stat right after it within the multi. */
export type MultiResult =
  /** `stat` is undefined from servers before 3.9. */
  | { readonly type: 'create'; readonly path: string; readonly stat: Stat | undefined }
  | { readonly type: 'delete' }
  | { readonly type: 'setData'; readonly stat: Stat }
  | { readonly type: 'check' };

/** The results of a list of operations, each with the type that belongs to its operation. */
export type MultiResults<T extends readonly MultiOp[]> = {
  -readonly [K in keyof T]: Extract<MultiResult, { type: T[K]['type'] }>;
};

/** One read of a multiRead. */
export type MultiReadOp =
  | { readonly type: 'getData'; readonly path: string }
  | { readonly type: 'getChildren'; readonly path: string };

/** What one read of a multiRead gives; one may fail while the others succeed. */
export type MultiReadResult =
  | ({ readonly type: 'getData' } & DataResult)
  | { readonly type: 'getChildren'; readonly children: string[] }
  | { readonly type: 'error'; readonly error: KeeperError };

/** A create as the wire wants it. */
export interface CreateRecord {
  readonly type: number;
  readonly record: codec.CreateRequest;
  /** Only of a createTTL. */
  readonly ttl: bigint | undefined;
}

/**
 * Chooses the op code and flags of a create.
 * @throws KeeperError BADARGUMENTS for kinds that exclude each other and for a TTL out of range
 */
export function createRecord(
  path: string,
  data: DataInput | undefined,
  options: CreateOptions | undefined,
  chroot: Chroot,
): CreateRecord {
  const serverPath = chroot.toServer(path);
  if (options === undefined) {
    return {
      type: OpCode.create2,
      record: { path: serverPath, data: bytesOf(data), acl: OPEN_ACL, flags: 0 },
      ttl: undefined,
    };
  }
  const { ephemeral = false, sequential = false, container = false, ttlMs, acl = OPEN_ACL } = options;
  const record = (flags: number): codec.CreateRequest => ({
    path: serverPath,
    data: bytesOf(data),
    acl,
    flags,
  });
  if (Number(ephemeral) + Number(container) + Number(ttlMs !== undefined) > 1) {
    throw new KeeperError('BADARGUMENTS', path, 'ephemeral, container and ttlMs exclude each other');
  }
  if (container) {
    if (sequential) throw new KeeperError('BADARGUMENTS', path, 'a container cannot be sequential');
    return { type: OpCode.createContainer, record: record(CreateMode.container), ttl: undefined };
  }
  if (ttlMs !== undefined) {
    if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > Number(TTL_MAX_MS)) {
      throw new KeeperError('BADARGUMENTS', path, `ttlMs is ${ttlMs}; 1 to ${TTL_MAX_MS} is expected`);
    }
    const flags = sequential ? CreateMode.persistentSequentialWithTTL : CreateMode.persistentWithTTL;
    return { type: OpCode.createTTL, record: record(flags), ttl: BigInt(ttlMs) };
  }
  const flags = ephemeral
    ? sequential
      ? CreateMode.ephemeralSequential
      : CreateMode.ephemeral
    : sequential
      ? CreateMode.persistentSequential
      : CreateMode.persistent;
  return { type: OpCode.create2, record: record(flags), ttl: undefined };
}

/** The bytes of what a caller hands over, without a copy. */
export function bytesOf(data: DataInput | undefined): Buffer | null {
  if (data === null || data === undefined) return null;
  if (typeof data === 'string') return Buffer.from(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

interface MultiArgs<O> {
  readonly ops: readonly O[];
  readonly chroot: Chroot;
}

/** The multi of these operations; the reply is held against them. */
export function multiOperation(ops: readonly MultiOp[]): Operation<MultiArgs<MultiOp>, MultiResult[]> {
  return {
    type: OpCode.multi,
    write: (w, args) => {
      for (const op of args.ops) writeOp(w, op, args.chroot);
      codec.writeMultiHeader(w, { type: -1, done: true, err: -1 });
    },
    read: (r, chroot) => readResults(r, ops, chroot),
  };
}

function writeOp(w: Writer, op: MultiOp, chroot: Chroot): void {
  const head = (type: number): void => codec.writeMultiHeader(w, { type, done: false, err: -1 });
  switch (op.type) {
    case 'create': {
      const { type, record, ttl } = createRecord(op.path, op.data, op, chroot);
      head(type);
      if (ttl === undefined) codec.writeCreateRequest(w, record);
      else codec.writeCreateTTLRequest(w, { ...record, ttl });
      return;
    }
    case 'delete':
      head(OpCode.delete);
      codec.writeDeleteRequest(w, { path: chroot.toServer(op.path), version: op.version ?? -1 });
      return;
    case 'setData':
      head(OpCode.setData);
      codec.writeSetDataRequest(w, {
        path: chroot.toServer(op.path),
        data: bytesOf(op.data),
        version: op.version ?? -1,
      });
      return;
    case 'check':
      head(OpCode.check);
      codec.writeCheckVersionRequest(w, { path: chroot.toServer(op.path), version: op.version ?? -1 });
      return;
    default:
      unreachable(op);
  }
}

function readResults(r: Reader, ops: readonly MultiOp[], chroot: Chroot): MultiResult[] {
  const results: MultiResult[] = [];
  const failures: MultiFailure[] = [];
  for (const op of ops) {
    const { type, done } = codec.readMultiHeader(r);
    if (done) throw new DecodeError('A multi has fewer results than operations.');
    if (type === OpCode.error) {
      const { err } = codec.readErrorResponse(r);
      failures.push({ code: errorName(err) ?? 'SYSTEMERROR', path: op.path });
    } else {
      results.push(readResult(r, op.type, type, chroot));
    }
  }
  if (failures.length > 0) {
    const index = failures.findIndex(({ code }) => code !== 'OK');
    throw new MultiError(Math.max(index, 0), failures);
  }
  return results;
}

function readResult(r: Reader, asked: MultiOp['type'], type: number, chroot: Chroot): MultiResult {
  if (asked === 'create' && type === OpCode.create) {
    return { type: 'create', path: chroot.toClient(codec.readCreateResponse(r).path), stat: undefined };
  }
  if (
    asked === 'create' &&
    (type === OpCode.create2 || type === OpCode.createTTL || type === OpCode.createContainer)
  ) {
    return { type: 'create', ...readCreated(r, chroot) };
  }
  if (asked === 'setData' && type === OpCode.setData) return { type: 'setData', stat: codec.readStat(r) };
  if (asked === 'delete' && type === OpCode.delete) return { type: 'delete' };
  if (asked === 'check' && type === OpCode.check) return { type: 'check' };
  throw new DecodeError(`A ${asked} in a multi was answered by a result of type ${type}.`);
}

/** The multiRead of these operations. */
export function multiReadOperation(
  ops: readonly MultiReadOp[],
): Operation<MultiArgs<MultiReadOp>, MultiReadResult[]> {
  return {
    type: OpCode.multiRead,
    write: (w, args) => {
      for (const { type, path } of args.ops) {
        const opCode = type === 'getData' ? OpCode.getData : OpCode.getChildren;
        codec.writeMultiHeader(w, { type: opCode, done: false, err: -1 });
        codec.writeGetDataRequest(w, { path: args.chroot.toServer(path), watch: false });
      }
      codec.writeMultiHeader(w, { type: -1, done: true, err: -1 });
    },
    read: (r) => ops.map((op) => readReadResult(r, op)),
  };
}

function readReadResult(r: Reader, op: MultiReadOp): MultiReadResult {
  const { type, done } = codec.readMultiHeader(r);
  if (done) throw new DecodeError('A multiRead has fewer results than operations.');
  if (type === OpCode.error) {
    const { err } = codec.readErrorResponse(r);
    return { type: 'error', error: replyError(err === ErrorCode.OK ? ErrorCode.SYSTEMERROR : err, op.path) };
  }
  if (type === OpCode.getData) return { type: 'getData', ...readData(r) };
  if (type === OpCode.getChildren) {
    return { type: 'getChildren', children: readNames(r) };
  }
  throw new DecodeError(`A ${op.type} in a multiRead was answered by a result of type ${type}.`);
}

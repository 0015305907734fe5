/**
 * The vocabulary of the tables: one short word per request, with the defaults that make a row readable. Paths may
 * begin with `~`, the parent path that belongs to the case alone.
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
  writeGetACLRequest,
  writeGetDataRequest,
  writeMultiHeader,
  writeReconfigRequest,
  writeRemoveWatchesRequest,
  writeSaslPacket,
  writeSetACLRequest,
  writeSetDataRequest,
  writeSetWatches,
  writeSetWatches2,
  writeSyncRequest,
} from '../../src/codec/index.js';
import type { ACL } from '../../src/codec/index.js';
import { CreateMode, OpCode, OPEN_ACL, Xid } from '../../src/types/index.js';

/** What of a case a request may depend on. */
export interface Names {
  path(text: string): string;
  zxidAt(distance: number): bigint;
}

export interface Request {
  /** As the transcript shows it. */
  readonly text: string;
  readonly type: number;
  /** Instead of the connection's next one. */
  readonly xid?: number;
  readonly write: (w: Writer, at: Names) => void;
}

type Data = string | Buffer | null;

interface CreateOptions {
  readonly flags?: number;
  readonly acl?: readonly ACL[] | null;
}

/** A request whose body the row writes itself: malformed ones, types that nobody knows. */
export function request(type: number, text: string, write: Request['write'] = () => undefined): Request {
  return { type, text, write };
}

export function withXid(xid: number, inner: Request): Request {
  return { ...inner, xid, text: `${inner.text} xid=${xid}` };
}

/** Bytes behind the record, which a server ignores. */
export function withTail(inner: Request, bytes: number): Request {
  return {
    ...inner,
    text: `${inner.text} and ${bytes} bytes more`,
    write: (w, at) => {
      inner.write(w, at);
      w.raw(Buffer.alloc(bytes));
    },
  };
}

/** The record without its last bytes. */
export function truncated(inner: Request, bytes: number): Request {
  return {
    ...inner,
    text: `${inner.text} less ${bytes} bytes`,
    write: (w, at) => {
      const whole = new Writer();
      inner.write(whole, at);
      w.raw(whole.bytes().subarray(0, whole.length - bytes));
    },
  };
}

/** `acl('world:anyone:r', 'digest:u:hash:cdrwa')`; perms as letters or as a number. */
export function acl(...entries: readonly string[]): ACL[] {
  return entries.map((entry) => {
    const scheme = entry.slice(0, entry.indexOf(':'));
    const id = entry.slice(scheme.length + 1, entry.lastIndexOf(':'));
    return { perms: permsOf(entry.slice(entry.lastIndexOf(':') + 1)), id: { scheme, id } };
  });
}

function permsOf(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  return text.split('').reduce((bits, letter) => bits | (1 << 'rwcda'.indexOf(letter)), 0);
}

function aclText(list: readonly ACL[] | null): string {
  if (list === OPEN_ACL) return '';
  if (list === null) return ' acl=null';
  return ` acl=${list.map(({ perms, id }) => `${String(id.scheme)}:${String(id.id)}:${perms}`).join(',')}`;
}

export function dataText(data: Data): string {
  if (data === null) return 'null';
  return data.length > 40 ? `${data.length} bytes` : JSON.stringify(data.toString('latin1'));
}

function bufferOf(data: Data): Buffer | null {
  return typeof data === 'string' ? Buffer.from(data) : data;
}

function createOf(type: number, word: string, path: string, data: Data, options: CreateOptions): Request {
  const { flags = CreateMode.persistent, acl: list = OPEN_ACL } = options;
  return {
    type,
    text: `${word} ${pathText(path)} ${dataText(data)}${flags === 0 ? '' : ` flags=${flags}`}${aclText(list)}`,
    write: (w, at) =>
      writeCreateRequest(w, { path: at.path(path), data: bufferOf(data), acl: copy(list), flags }),
  };
}

function copy(list: readonly ACL[] | null): ACL[] | null {
  return list === null ? null : [...list];
}

function pathText(path: string): string {
  if (path.length > 80) return `${path.slice(0, 20)}...(${path.length} characters)`;
  return /^[\x21-\x7e]+$/.test(path) ? path : JSON.stringify(path);
}

export function create(path: string, data: Data = '', options: CreateOptions = {}): Request {
  return createOf(OpCode.create, 'create', path, data, options);
}

export function create2(path: string, data: Data = '', options: CreateOptions = {}): Request {
  return createOf(OpCode.create2, 'create2', path, data, options);
}

export function ephemeral(path: string, data: Data = ''): Request {
  return create(path, data, { flags: CreateMode.ephemeral });
}

export function sequential(path: string, data: Data = ''): Request {
  return create(path, data, { flags: CreateMode.persistentSequential });
}

export function ephemeralSequential(path: string, data: Data = ''): Request {
  return create(path, data, { flags: CreateMode.ephemeralSequential });
}

export function createContainer(path: string, options: CreateOptions = {}): Request {
  const merged = { flags: CreateMode.container, ...options };
  return createOf(OpCode.createContainer, 'createContainer', path, '', merged);
}

export function createTTL(path: string, ttl: bigint | number, options: CreateOptions = {}): Request {
  const { flags = CreateMode.persistentWithTTL, acl: list = OPEN_ACL } = options;
  const record = { data: Buffer.alloc(0), acl: copy(list), flags, ttl: BigInt(ttl) };
  return {
    type: OpCode.createTTL,
    text: `createTTL ${pathText(path)} ttl=${ttl} flags=${flags}${aclText(list)}`,
    write: (w, at) => writeCreateTTLRequest(w, { ...record, path: at.path(path) }),
  };
}

export function del(path: string, version = -1): Request {
  return {
    type: OpCode.delete,
    text: `delete ${pathText(path)}${versionText(version)}`,
    write: (w, at) => writeDeleteRequest(w, { path: at.path(path), version }),
  };
}

function versionText(version: number): string {
  return version === -1 ? '' : ` v=${version}`;
}

function read(type: number, word: string, path: string, watch: boolean): Request {
  return {
    type,
    text: `${word} ${pathText(path)}${watch ? ' watch' : ''}`,
    write: (w, at) => writeGetDataRequest(w, { path: at.path(path), watch }),
  };
}

export const WATCH = true;

export function exists(path: string, watch = false): Request {
  return read(OpCode.exists, 'exists', path, watch);
}

export function getData(path: string, watch = false): Request {
  return read(OpCode.getData, 'getData', path, watch);
}

export function getChildren(path: string, watch = false): Request {
  return read(OpCode.getChildren, 'getChildren', path, watch);
}

export function getChildren2(path: string, watch = false): Request {
  return read(OpCode.getChildren2, 'getChildren2', path, watch);
}

export function setData(path: string, data: Data = 'new', version = -1): Request {
  return {
    type: OpCode.setData,
    text: `setData ${pathText(path)} ${dataText(data)}${versionText(version)}`,
    write: (w, at) => writeSetDataRequest(w, { path: at.path(path), data: bufferOf(data), version }),
  };
}

/** Requests whose record is a path alone. */
function pathOnly(type: number, word: string, path: string): Request {
  return {
    type,
    text: `${word} ${pathText(path)}`,
    write: (w, at) => writeGetACLRequest(w, { path: at.path(path) }),
  };
}

export function getACL(path: string): Request {
  return pathOnly(OpCode.getACL, 'getACL', path);
}

export function getAllChildrenNumber(path: string): Request {
  return pathOnly(OpCode.getAllChildrenNumber, 'getAllChildrenNumber', path);
}

export function getEphemerals(prefix: string): Request {
  return pathOnly(OpCode.getEphemerals, 'getEphemerals', prefix);
}

export function setACL(path: string, list: readonly ACL[] | null, version = -1): Request {
  return {
    type: OpCode.setACL,
    text: `setACL ${pathText(path)}${aclText(list)}${versionText(version)}`,
    write: (w, at) => writeSetACLRequest(w, { path: at.path(path), acl: copy(list), version }),
  };
}

export function check(path: string, version = -1): Request {
  return {
    type: OpCode.check,
    text: `check ${pathText(path)}${versionText(version)}`,
    write: (w, at) => writeCheckVersionRequest(w, { path: at.path(path), version }),
  };
}

export function sync(path: string | null): Request {
  return {
    type: OpCode.sync,
    text: `sync ${path === null ? 'null' : pathText(path)}`,
    write: (w, at) => writeSyncRequest(w, { path: path === null ? null : at.path(path) }),
  };
}

export function ping(): Request {
  return { ...request(OpCode.ping, 'ping'), xid: Xid.ping };
}

export function closeSession(): Request {
  return request(OpCode.closeSession, 'closeSession');
}

export function whoAmI(): Request {
  return request(OpCode.whoAmI, 'whoAmI');
}

export function auth(scheme: string | null, data: Data): Request {
  return {
    type: OpCode.auth,
    xid: Xid.auth,
    text: `auth ${String(scheme)} ${dataText(data)}`,
    write: (w) => writeAuthPacket(w, { type: 0, scheme, auth: bufferOf(data) }),
  };
}

export function sasl(token: Data, text = `sasl ${dataText(token)}`): Request {
  return { type: OpCode.sasl, text, write: (w) => writeSaslPacket(w, { token: bufferOf(token) }) };
}

export function addWatch(path: string, mode: number): Request {
  return {
    type: OpCode.addWatch,
    text: `addWatch ${pathText(path)} mode=${mode}`,
    write: (w, at) => writeAddWatchRequest(w, { path: at.path(path), mode }),
  };
}

export function removeWatches(path: string, type: number): Request {
  return {
    type: OpCode.removeWatches,
    text: `removeWatches ${pathText(path)} type=${type}`,
    write: (w, at) => writeRemoveWatchesRequest(w, { path: at.path(path), type }),
  };
}

export function checkWatches(path: string, type: number): Request {
  return {
    ...removeWatches(path, type),
    type: OpCode.checkWatches,
    text: `checkWatches ${path} type=${type}`,
  };
}

export interface WatchLists {
  readonly data?: readonly string[];
  readonly exist?: readonly string[];
  readonly child?: readonly string[];
  readonly persistent?: readonly string[];
  readonly recursive?: readonly string[];
}

/** setWatches as of a zxid at this distance from the start of the case. */
export function setWatches(zxid: number, lists: WatchLists): Request {
  return {
    type: OpCode.setWatches,
    xid: Xid.setWatches,
    text: `setWatches since z+${zxid}${listsText(lists)}`,
    write: (w, at) => writeSetWatches(w, watchRecord(zxid, lists, at)),
  };
}

export function setWatches2(zxid: number, lists: WatchLists): Request {
  return {
    type: OpCode.setWatches2,
    xid: Xid.setWatches,
    text: `setWatches2 since z+${zxid}${listsText(lists)}`,
    write: (w, at) => {
      const paths = (list: readonly string[] = []): string[] => list.map((path) => at.path(path));
      writeSetWatches2(w, {
        ...watchRecord(zxid, lists, at),
        persistentWatches: paths(lists.persistent),
        persistentRecursiveWatches: paths(lists.recursive),
      });
    },
  };
}

function watchRecord(zxid: number, lists: WatchLists, at: Names): Parameters<typeof writeSetWatches>[1] {
  const paths = (list: readonly string[] = []): string[] => list.map((path) => at.path(path));
  return {
    relativeZxid: at.zxidAt(zxid),
    dataWatches: paths(lists.data),
    existWatches: paths(lists.exist),
    childWatches: paths(lists.child),
  };
}

function listsText(lists: WatchLists): string {
  const texts = Object.entries(lists).map(([name, paths]) => ` ${name}=${String(paths)}`);
  return texts.join('');
}

export function reconfig(joining: string | null, leaving: string | null, members: string | null): Request {
  const record = { joiningServers: joining, leavingServers: leaving, newMembers: members, curConfigId: -1n };
  return {
    type: OpCode.reconfig,
    text: `reconfig ${String(joining)} ${String(leaving)} ${String(members)}`,
    write: (w) => writeReconfigRequest(w, record),
  };
}

function series(type: number, word: string, requests: readonly Request[]): Request {
  return {
    type,
    text: `${word}(${requests.map(({ text }) => text).join('; ')})`,
    write: (w, at) => {
      for (const inner of requests) {
        writeMultiHeader(w, { type: inner.type, done: false, err: -1 });
        inner.write(w, at);
      }
      writeMultiHeader(w, { type: -1, done: true, err: -1 });
    },
  };
}

export function multi(...requests: readonly Request[]): Request {
  return series(OpCode.multi, 'multi', requests);
}

export function multiRead(...requests: readonly Request[]): Request {
  return series(OpCode.multiRead, 'multiRead', requests);
}

/** The body of a create, field by field, for rows that bend one of them. */
export function createBody(w: Writer, path: string | null, list: readonly ACL[] | null, flags: number): void {
  w.ustring(path);
  w.buffer(Buffer.alloc(0));
  w.vector(list, writeACL);
  w.int(flags);
}

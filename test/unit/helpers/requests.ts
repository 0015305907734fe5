/** Requests in the words of the tests. */
import type { ACL, CreateRequest } from '../../../src/codec/index.js';
import {
  CreateMode,
  OPEN_ACL,
  OpCode,
  Perms,
  type MultiOp,
  type MultiReadOp,
  type ReadRequest,
  type Request,
  type WriteRequest,
} from '../../../src/types/index.js';

/** The names of the create modes in CreateMode. */
export type Mode = keyof typeof CreateMode;

export interface CreateOptions {
  readonly data?: string | null;
  readonly mode?: Mode;
  /** Instead of `mode`, for flags that no mode has. */
  readonly flags?: number;
  readonly acl?: readonly ACL[] | null;
}

/** Text as data. */
export function text(data: string | null): Buffer | null {
  return data === null ? null : Buffer.from(data);
}

function createRecord(
  path: string | null,
  { data = '', mode = 'persistent', flags, acl = OPEN_ACL }: CreateOptions,
): CreateRequest {
  return { path, data: text(data), acl, flags: flags ?? CreateMode[mode] };
}

export function create(path: string | null, options: CreateOptions = {}): MultiOp {
  return { type: OpCode.create, record: createRecord(path, options) };
}

export function create2(path: string, options: CreateOptions = {}): MultiOp {
  return { type: OpCode.create2, record: createRecord(path, options) };
}

export function createContainer(path: string, options: CreateOptions = {}): MultiOp {
  return { type: OpCode.createContainer, record: createRecord(path, { mode: 'container', ...options }) };
}

export function createTtl(path: string, ttlMs: bigint, options: CreateOptions = {}): MultiOp {
  const record = createRecord(path, { mode: 'persistentWithTTL', ...options });
  return { type: OpCode.createTTL, record: { ...record, ttl: ttlMs } };
}

export function del(path: string | null, version = -1): MultiOp {
  return { type: OpCode.delete, record: { path, version } };
}

export function setData(path: string | null, data: string | null = '', version = -1): MultiOp {
  return { type: OpCode.setData, record: { path, data: text(data), version } };
}

export function check(path: string | null, version = -1): MultiOp {
  return { type: OpCode.check, record: { path, version } };
}

export function setAcl(path: string | null, acl: readonly ACL[] | null, version = -1): WriteRequest {
  return { type: OpCode.setACL, record: { path, acl, version } };
}

export function multi(...ops: MultiOp[]): WriteRequest {
  return { type: OpCode.multi, ops };
}

/** What is asked of a reconfig: a change, or, with `members`, all of the new configuration. */
export interface Reconfiguration {
  readonly joining?: readonly string[];
  readonly leaving?: readonly number[];
  readonly members?: readonly string[];
  /** Version that it is to start from. */
  readonly from?: bigint;
}

export function reconfig({ joining, leaving, members, from = -1n }: Reconfiguration): WriteRequest {
  return {
    type: OpCode.reconfig,
    record: {
      joiningServers: joining?.join(',') ?? null,
      leavingServers: leaving?.join(',') ?? null,
      newMembers: members?.join('\n') ?? null,
      curConfigId: from,
    },
  };
}

export const closeSession: WriteRequest = { type: OpCode.closeSession };

// --- reads ---------------------------------------------------------------------------------------------------------

export function getData(path: string, watch = false): ReadRequest {
  return { type: OpCode.getData, record: { path, watch } };
}

export function exists(path: string, watch = false): ReadRequest {
  return { type: OpCode.exists, record: { path, watch } };
}

export function getChildren(path: string, watch = false): ReadRequest {
  return { type: OpCode.getChildren2, record: { path, watch } };
}

export function getAcl(path: string): ReadRequest {
  return { type: OpCode.getACL, record: { path } };
}

export function addWatch(path: string, mode: number): ReadRequest {
  return { type: OpCode.addWatch, record: { path, mode } };
}

export function multiRead(...ops: MultiReadOp[]): ReadRequest {
  return { type: OpCode.multiRead, ops };
}

export function sync(path: string | null = '/'): Request {
  return { type: OpCode.sync, record: { path } };
}

export const ping: ReadRequest = { type: OpCode.ping };

// --- access lists --------------------------------------------------------------------------------------------------

const BITS = { r: Perms.read, w: Perms.write, c: Perms.create, d: Perms.delete, a: Perms.admin } as const;

/** An entry of a list, in zkCli's words: `acl('digest', 'u:x', 'cdrwa')`. */
export function acl(scheme: string | null, id: string | null, perms: string): ACL {
  let bits = 0;
  for (const [letter, bit] of Object.entries(BITS)) if (perms.includes(letter)) bits |= bit;
  return { perms: bits, id: { scheme, id } };
}

/** A list that gives everyone these permissions. */
export function everyone(perms: string): readonly ACL[] {
  return [acl('world', 'anyone', perms)];
}

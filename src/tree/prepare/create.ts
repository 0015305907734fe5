/** The create family: create, create2, createContainer, createTTL. The order of the checks is ZooKeeper's. */
import type { CreateRequest, CreateTTLRequest } from '../../codec/index.js';
import { CreateMode, KeeperError, OpCode, Perms, TTL_MAX_MS, type Txn } from '../../types/index.js';
import { checkAcl, fixupAcl } from '../acl.js';
import { givenPath, parentChecked, validatePath } from '../path.js';
import { changed, type WritableView } from '../view.js';
import { CONTAINER_OWNER, kindOf, ttlOwner } from '../znode.js';
import type { PrepareContext } from './context.js';
import { checkQuota } from './quota.js';

type CreateOp =
  | {
      readonly type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer;
      readonly record: CreateRequest;
    }
  | { readonly type: typeof OpCode.createTTL; readonly record: CreateTTLRequest };

/** Kind of znode to make, once flags and TTL are known to fit each other. */
interface Mode {
  readonly kind: 'persistent' | 'ephemeral' | 'container' | 'ttl';
  readonly sequential: boolean;
  readonly ttlMs: bigint;
}

/** @throws KeeperError the first check that fails, protocol.md section 2.2 */
export function prepareCreate(view: WritableView, op: CreateOp, context: PrepareContext): Txn {
  const { record } = op;
  const mode = modeOf(op, context.settings.extendedTypesEnabled);
  const asked = givenPath(record.path);
  const parentPath = parentChecked(asked);
  const acl = fixupAcl(record.acl, context.identities, context.settings.acl, asked);
  const parent = view.node(parentPath);
  if (parent === undefined) throw new KeeperError('NONODE', asked);
  checkAcl(parent.acl, Perms.create, context.identities, context.settings.acl, asked);
  const path = mode.sequential ? asked + sequenceSuffix(parent.childCreates) : asked;
  validatePath(path);
  if (view.node(path) !== undefined) throw new KeeperError('NODEEXISTS', path);
  if (kindOf(parent.owner) === 'ephemeral') throw new KeeperError('NOCHILDRENFOREPHEMERALS', path);
  const dataLength = record.data?.byteLength ?? 0;
  checkQuota(context, path, 1, dataLength);
  if (mode.kind === 'ephemeral') checkEphemerals(context, path);

  // At 2^31-1 the counter stands still: from then on the wrapped value is never larger, so it is never applied.
  const parentCVersion = (parent.childCreates + 1) | 0;
  view.set(
    parentPath,
    changed(parent, {
      childCreates: Math.max(parentCVersion, parent.childCreates),
      numChildren: parent.numChildren + 1,
    }),
    parent,
  );
  const owner = storedOwner(mode, context);
  const facts = { version: 0, aversion: 0, childCreates: 0, numChildren: 0, dataLength, owner, acl };
  view.set(path, facts, undefined);
  const { data } = record;
  switch (mode.kind) {
    case 'container':
      return { type: OpCode.createContainer, record: { path, data, acl, parentCVersion } };
    case 'ttl':
      return { type: OpCode.createTTL, record: { path, data, acl, parentCVersion, ttl: mode.ttlMs } };
    default: {
      const type = op.type === OpCode.create2 ? OpCode.create2 : OpCode.create;
      return { type, record: { path, data, acl, ephemeral: mode.kind === 'ephemeral', parentCVersion } };
    }
  }
}

/** As quotas it is held against what is applied: what a client has in flight does not count yet. */
function checkEphemerals({ tree, settings, session }: PrepareContext, path: string): void {
  const most = settings.ephemeralsPerSessionMax;
  if (most === undefined || tree.ephemeralsOf(session).size < most) return;
  throw new KeeperError('QUOTAEXCEEDED', path, 'the session has as many ephemeral znodes as it may');
}

/** The number of children ever created, as ten digits. */
export function sequenceSuffix(childCreates: number): string {
  return childCreates < 0
    ? `-${String(-childCreates).padStart(9, '0')}`
    : String(childCreates).padStart(10, '0');
}

function modeOf(op: CreateOp, extendedTypesEnabled: boolean): Mode {
  const { flags } = op.record;
  const path = op.record.path ?? undefined;
  const sequential =
    flags === CreateMode.persistentSequential ||
    flags === CreateMode.ephemeralSequential ||
    flags === CreateMode.persistentSequentialWithTTL;
  switch (flags) {
    case CreateMode.persistent:
    case CreateMode.persistentSequential:
    case CreateMode.ephemeral:
    case CreateMode.ephemeralSequential:
    case CreateMode.container: {
      // Apache accepts createTTL without a TTL mode, and cannot apply it afterwards.
      if (op.type === OpCode.createTTL)
        throw new KeeperError('BADARGUMENTS', path, 'createTTL needs a TTL mode');
      if (op.type === OpCode.createContainer || flags === CreateMode.container) {
        return { kind: 'container', sequential: false, ttlMs: 0n };
      }
      const ephemeral = flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
      return { kind: ephemeral ? 'ephemeral' : 'persistent', sequential, ttlMs: 0n };
    }
    case CreateMode.persistentWithTTL:
    case CreateMode.persistentSequentialWithTTL: {
      if (!extendedTypesEnabled)
        throw new KeeperError('UNIMPLEMENTED', path, 'extendedTypesEnabled is false');
      const ttlMs = op.type === OpCode.createTTL ? op.record.ttl : -1n;
      if (ttlMs < 1n || ttlMs > TTL_MAX_MS)
        throw new KeeperError('BADARGUMENTS', path, `TTL ${ttlMs.toString()} ms`);
      return { kind: 'ttl', sequential, ttlMs };
    }
    default:
      throw new KeeperError('BADARGUMENTS', path, `create flags ${flags}`);
  }
}

function storedOwner(mode: Mode, context: PrepareContext): bigint {
  switch (mode.kind) {
    case 'persistent':
      return 0n;
    case 'ephemeral':
      return context.session;
    case 'container':
      return CONTAINER_OWNER;
    case 'ttl':
      return ttlOwner(mode.ttlMs);
  }
}

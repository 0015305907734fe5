/** delete, setData, setACL, check, and the reaper's deleteContainer. The order of the checks is ZooKeeper's. */
import type { CheckVersionRequest, DeleteRequest, SetACLRequest, SetDataRequest } from '../../codec/index.js';
import { KeeperError, OpCode, Perms, type Txn } from '../../types/index.js';
import { checkAcl, fixupAcl } from '../acl.js';
import { deletableParent, givenPath, parentOf, validatePath } from '../path.js';
import { changed, type NodeFacts, type WritableView } from '../view.js';
import { kindOf } from '../znode.js';
import type { PrepareContext } from './context.js';
import { checkQuota } from './quota.js';

/** @throws KeeperError the first check that fails, protocol.md section 2.2 */
export function prepareDelete(view: WritableView, record: DeleteRequest, context: PrepareContext): Txn {
  const path = givenPath(record.path);
  const parentPath = deletableParent(path);
  const parent = existing(view, parentPath, path);
  checkAcl(parent.acl, Perms.delete, context.identities, context.settings.acl, path);
  const node = existing(view, path);
  checkVersion(node.version, record.version, path);
  removeChildless(view, path, node, parentPath, parent);
  return { type: OpCode.delete, record: { path } };
}

/**
 * Removes a container or TTL znode that looked ready to be reaped when the leader last swept.
 * @throws KeeperError when it is so no more
 */
export function prepareDeleteContainer(view: WritableView, path: string): Txn {
  const parentPath = deletableParent(path);
  const parent = existing(view, parentPath, path);
  const node = existing(view, path);
  const kind = kindOf(node.owner);
  if (kind !== 'container' && kind !== 'ttl') throw new KeeperError('BADVERSION', path);
  removeChildless(view, path, node, parentPath, parent);
  return { type: OpCode.deleteContainer, record: { path } };
}

/** @throws KeeperError the first check that fails, protocol.md section 2.2 */
export function prepareSetData(view: WritableView, record: SetDataRequest, context: PrepareContext): Txn {
  const { path, data } = record;
  validatePath(path);
  const node = existing(view, path);
  checkAcl(node.acl, Perms.write, context.identities, context.settings.acl, path);
  const dataLength = data?.byteLength ?? 0;
  checkQuota(context, path, 0, dataLength - node.dataLength);
  checkVersion(node.version, record.version, path);
  const version = (node.version + 1) | 0;
  view.set(path, changed(node, { version, dataLength }), node);
  return { type: OpCode.setData, record: { path, data, version } };
}

/** @throws KeeperError the first check that fails, protocol.md section 2.2 */
export function prepareSetAcl(view: WritableView, record: SetACLRequest, context: PrepareContext): Txn {
  const { path } = record;
  validatePath(path);
  const acl = fixupAcl(record.acl, context.identities, context.settings.acl, path);
  const node = existing(view, path);
  checkAcl(node.acl, Perms.admin, context.identities, context.settings.acl, path);
  checkVersion(node.aversion, record.version, path);
  const version = (node.aversion + 1) | 0;
  view.set(path, changed(node, { aversion: version, acl }), node);
  return { type: OpCode.setACL, record: { path, acl, version } };
}

/** @throws KeeperError the first check that fails, protocol.md section 2.2 */
export function prepareCheck(view: WritableView, record: CheckVersionRequest, context: PrepareContext): Txn {
  const { path } = record;
  validatePath(path);
  const node = existing(view, path);
  checkAcl(node.acl, Perms.read, context.identities, context.settings.acl, path);
  checkVersion(node.version, record.version, path);
  return { type: OpCode.check, record: { path, version: node.version } };
}

function existing(view: WritableView, path: string, asked = path): NodeFacts {
  const node = view.node(path);
  if (node === undefined) throw new KeeperError('NONODE', asked);
  return node;
}

/** -1 asks for any version, also of a znode whose version is -1. */
function checkVersion(actual: number, wanted: number, path: string): void {
  if (wanted !== -1 && wanted !== actual) {
    throw new KeeperError('BADVERSION', path, `it is ${actual}, the request says ${wanted}`);
  }
}

function removeChildless(
  view: WritableView,
  path: string,
  node: NodeFacts,
  parentPath: string,
  parent: NodeFacts,
): void {
  if (node.numChildren > 0) throw new KeeperError('NOTEMPTY', path);
  view.set(path, null, node);
  view.set(parentPath, changed(parent, { numChildren: parent.numChildren - 1 }), parent);
}

/** Characters of paths in a closeSession: what it takes must pass from server to server in one piece. */
const CLOSE_SESSION_LENGTH_MAX = 1024 * 1024;

/**
 * All ephemerals of a session that ends, as they will be once everything outstanding is applied. With very many the txn
 * does not name them: all servers own the same ones at that place in the log.
 */
export function prepareCloseSession(view: WritableView, context: PrepareContext): Txn {
  const paths = [...view.ephemeralsOf(context.session)];
  let length = 0;
  for (const path of paths) {
    length += path.length;
    const parentPath = parentOf(path);
    const parent = view.node(parentPath);
    view.set(path, null, view.node(path));
    if (parent !== undefined)
      view.set(parentPath, changed(parent, { numChildren: parent.numChildren - 1 }), parent);
  }
  const record = length > CLOSE_SESSION_LENGTH_MAX ? {} : { paths2Delete: paths };
  return { type: OpCode.closeSession, record };
}

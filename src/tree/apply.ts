/**
 * Applies a txn to the tree: no check, no clock, the same result on every server. Tells what changed in the order in
 * which watches must hear of it, and what a local requester is to be answered.
 */
import type { Stat, TxnHeader } from '../codec/index.js';
import { unreachable } from '../util/index.js';
import { OPEN_ACL, OpCode, zxidOf, type Txn, type Zxid } from '../types/index.js';
import type { AclList } from './acl.js';
import { parentOf } from './path.js';
import type { Tree } from './tree.js';
import { CONTAINER_OWNER, ttlOwner } from './znode.js';

/** A change that watches hear of. `acl` guards the znode, `parentAcl` its parent. */
export interface Change {
  readonly kind: 'created' | 'deleted' | 'dataChanged';
  readonly path: string;
  readonly acl: AclList;
  readonly parentAcl: AclList;
}

/** What one operation of a txn gives back. `stat` is the state right after it. */
export interface OpResult {
  readonly type: number;
  readonly path: string;
  readonly stat: Stat | undefined;
  /** 0, or the code with which it failed. */
  readonly err: number;
}

/**
 * Applies one txn.
 * @param changes receives what changed
 * @param results receives one entry per operation when somebody waits for them
 */
export function applyTxn(
  tree: Tree,
  header: TxnHeader,
  txn: Txn,
  changes: Change[],
  results?: OpResult[],
): void {
  const zxid = zxidOf(header.zxid);
  const done = (path: string, stat?: Stat): void => {
    results?.push({ type: txn.type, path, stat, err: 0 });
  };
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const { path, data, acl, parentCVersion } = txn.record;
      const owner = ownerOf(header, txn);
      const node = tree.create(
        { path, data, acl: acl ?? OPEN_ACL, owner, parentCVersion },
        zxid,
        header.time,
      );
      if (node !== undefined)
        changes.push({
          kind: 'created',
          path,
          acl: node.acl,
          parentAcl: tree.parentOf(node)?.acl ?? OPEN_ACL,
        });
      // Nobody is told the Stat of what a plain create made.
      if (txn.type === OpCode.create) done(path);
      else if (results !== undefined) done(path, tree.get(path)?.stat());
      return;
    }
    case OpCode.delete:
    case OpCode.deleteContainer:
      deleteNode(tree, txn.record.path, zxid, changes);
      return done(txn.record.path);
    case OpCode.setData:
    case OpCode.reconfig: {
      const { path, data, version } = txn.record;
      const node = tree.setData(path, data, version, zxid, header.time);
      if (node !== undefined) changes.push({ kind: 'dataChanged', path, acl: node.acl, parentAcl: node.acl });
      if (results !== undefined) done(path, node?.stat());
      return;
    }
    case OpCode.setACL: {
      const { path, acl, version } = txn.record;
      const node = tree.setAcl(path, acl ?? OPEN_ACL, version);
      if (results !== undefined) done(path, node?.stat());
      return;
    }
    case OpCode.check:
      return done(txn.record.path);
    case OpCode.closeSession:
      // With very many the paths are not named: then it is all that the session owns here.
      for (const path of txn.record.paths2Delete ?? [...tree.ephemeralsOf(sessionOf(header))]) {
        deleteNode(tree, path, zxid, changes);
      }
      return;
    case OpCode.createSession:
      return;
    case OpCode.error:
      results?.push({ type: OpCode.error, path: '', stat: undefined, err: txn.record.err });
      return;
    case OpCode.multi: {
      const failed = txn.txns.some((sub) => sub.type === OpCode.error);
      for (const sub of txn.txns) {
        if (!failed) applyTxn(tree, header, sub, changes, results);
        else {
          const err = sub.type === OpCode.error ? sub.record.err : 0;
          results?.push({ type: OpCode.error, path: '', stat: undefined, err });
        }
      }
      return;
    }
    default:
      return unreachable(txn);
  }
}

type CreatingTxn = Extract<Txn, { type: 1 | 15 | 19 | 21 }>;

function ownerOf(header: TxnHeader, txn: CreatingTxn): bigint {
  switch (txn.type) {
    case OpCode.createContainer:
      return CONTAINER_OWNER;
    case OpCode.createTTL:
      return ttlOwner(txn.record.ttl);
    default:
      return txn.record.ephemeral ? header.clientId : 0n;
  }
}

function deleteNode(tree: Tree, path: string, zxid: Zxid, changes: Change[]): void {
  const acl = tree.delete(path, zxid);
  if (acl !== undefined) changes.push({ kind: 'deleted', path, acl, parentAcl: aclOf(tree, parentOf(path)) });
}

function aclOf(tree: Tree, path: string): AclList {
  return tree.get(path)?.acl ?? OPEN_ACL;
}

function sessionOf(header: TxnHeader): Parameters<Tree['ephemeralsOf']>[0] {
  return header.clientId as Parameters<Tree['ephemeralsOf']>[0];
}

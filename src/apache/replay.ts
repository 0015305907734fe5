/**
 * Applies the txns of Apache's logs on what a snapshot held. Apache writes a snapshot while it goes on serving, so it
 * may hold effects of txns that follow its zxid ("fuzzy"): up to where it was finished, each txn meets a tree that may
 * know it already, and has to leave the same behind.
 */
import { type ACL } from '../codec/index.js';
import { applyTxn, childOf, type Tree } from '../tree/index.js';
import { OpCode, sessionIdOf, zxidOf, type Txn, type Zxid } from '../types/index.js';
import type { LogEntry } from './txnLog.js';

/** Tree and sessions while they come into being. */
export class Replay {
  readonly tree: Tree;
  readonly sessions = new Map<bigint, number>();
  /** Znodes whose access list is to come with the txn that made them. */
  readonly withoutAcl = new Set<string>();

  constructor(tree: Tree) {
    this.tree = tree;
  }

  apply({ header, txn }: LogEntry): void {
    const zxid = zxidOf(header.zxid);
    this.#prepare(txn, zxid);
    applyTxn(this.tree, header, txn, []);
    if (txn.type === OpCode.createSession) this.sessions.set(header.clientId, txn.record.timeOut);
    if (txn.type !== OpCode.closeSession) return;
    this.sessions.delete(header.clientId);
    // As Apache does: what the txn does not name came into the snapshot later.
    this.#deleteEphemerals(header.clientId, zxid);
  }

  /**
   * Removes ephemerals of sessions that are in no table, as Apache does when it loads.
   * @returns how many there were
   */
  endLostSessions(zxid: Zxid): number {
    const lost = [...this.tree.ephemerals.keys()].filter((session) => !this.sessions.has(session));
    return lost.reduce((count, session) => count + this.#deleteEphemerals(session, zxid), 0);
  }

  #deleteEphemerals(session: bigint, zxid: Zxid): number {
    const paths = [...this.tree.ephemeralsOf(sessionIdOf(session))];
    for (const path of paths) this.tree.delete(path, zxid);
    return paths.length;
  }

  #prepare(txn: Txn, zxid: Zxid): void {
    switch (txn.type) {
      case OpCode.multi:
        if (!txn.txns.some(({ type }) => type === OpCode.error)) {
          for (const sub of txn.txns) this.#prepare(sub, zxid);
        }
        return;
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
      case OpCode.setACL:
        if (this.withoutAcl.delete(txn.record.path)) this.#completeAcl(txn.record.path, txn.record.acl);
        return;
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.#empty(txn.record.path, zxid);
      case OpCode.closeSession:
        for (const path of txn.record.paths2Delete ?? []) this.#empty(path, zxid);
        return;
      default:
        return;
    }
  }

  #completeAcl(path: string, acl: readonly ACL[] | null): void {
    const node = this.tree.get(path);
    if (node !== undefined && acl !== null) this.tree.setAcl(path, acl, node.aversion);
  }

  /**
   * What was deleted had no children; those that a fuzzy snapshot shows below it were made under its successor, by
   * txns that follow.
   */
  #empty(path: string, zxid: Zxid): void {
    this.withoutAcl.delete(path);
    const node = this.tree.get(path);
    if (node === undefined || node.numChildren === 0) return;
    for (const name of [...this.tree.childrenOf(path)]) {
      const child = childOf(path, name);
      this.#empty(child, zxid);
      this.tree.delete(child, zxid);
    }
  }
}

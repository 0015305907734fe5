/** One entry of the tree in memory, and how its owner field tells the kinds of znode apart. */
import type { Stat } from '../codec/index.js';
import { TTL_MAX_MS, ZXID_ZERO, type SessionId, type Zxid } from '../types/index.js';
import type { AclList } from './acl.js';

/** Stored owner of a container znode. */
export const CONTAINER_OWNER = -0x8000000000000000n;
/** High byte of the stored owner of a TTL znode; the low 40 bits are the TTL in ms. */
const TTL_MARK = 0xffn << 56n;

export type ZnodeKind = 'persistent' | 'ephemeral' | 'container' | 'ttl';

/** What kind of znode a stored owner stands for (protocol.md section 4). */
export function kindOf(owner: bigint): ZnodeKind {
  if (owner === 0n) return 'persistent';
  if (owner > 0n) return 'ephemeral';
  if (owner === CONTAINER_OWNER) return 'container';
  return (BigInt.asUintN(64, owner) & TTL_MARK) === TTL_MARK ? 'ttl' : 'ephemeral';
}

export function ttlOwner(ttlMs: bigint): bigint {
  return BigInt.asIntN(64, TTL_MARK | ttlMs);
}

export function ttlOf(owner: bigint): bigint {
  return BigInt.asUintN(64, owner) & TTL_MAX_MS;
}

/** Owner as clients see it: the session of an ephemeral, 0 for everything else. */
export function visibleOwner(owner: bigint): SessionId {
  return (kindOf(owner) === 'ephemeral' ? owner : 0n) as SessionId;
}

/** A znode. Only `tree/` changes one; its data is replaced, never written into. */
export class Znode {
  data: Buffer | null;
  acl: AclList;
  czxid: Zxid;
  mzxid: Zxid;
  pzxid: Zxid;
  ctime: bigint;
  mtime: bigint;
  version = 0;
  aversion = 0;
  /** Children ever created; the reported cversion also counts the deleted ones. */
  childCreates = 0;
  /** Encoded as in ZooKeeper: session, container mark, TTL, or 0. */
  owner: bigint;
  /** Names, in the order of creation; null while there was never one, to spare the set. */
  children: Set<string> | null = null;
  /** CRC-32 of the znode as of ZooKeeper's digest version 2, as int32. */
  digest = 0;

  constructor(data: Buffer | null, acl: AclList, zxid: Zxid, time: bigint, owner: bigint) {
    this.data = data;
    this.acl = acl;
    this.czxid = zxid;
    this.mzxid = zxid;
    this.pzxid = zxid;
    this.ctime = time;
    this.mtime = time;
    this.owner = owner;
  }

  /** The root and its system znodes, before any txn. */
  static initial(acl: AclList): Znode {
    return new Znode(Buffer.alloc(0), acl, ZXID_ZERO, 0n, 0n);
  }

  get numChildren(): number {
    return this.children === null ? 0 : this.children.size;
  }

  get dataLength(): number {
    return this.data === null ? 0 : this.data.byteLength;
  }

  /** The Stat at this moment. cversion = creates + deletes, though only creates are kept. */
  stat(): Stat {
    const numChildren = this.numChildren;
    return {
      czxid: this.czxid,
      mzxid: this.mzxid,
      ctime: this.ctime,
      mtime: this.mtime,
      version: this.version,
      cversion: (this.childCreates * 2 - numChildren) | 0,
      aversion: this.aversion,
      ephemeralOwner: this.owner === 0n ? 0n : visibleOwner(this.owner),
      dataLength: this.dataLength,
      numChildren,
      pzxid: this.pzxid,
    };
  }
}

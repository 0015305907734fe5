/** One entry of the tree, and how its owner field tells the kinds of znode apart. */
import type { Reader, Stat, Writer } from '../codec/index.js';
import { TTL_MAX_MS, zxidOf, type SessionId, type Zxid } from '../types/index.js';
import type { AclList } from './acl.js';
import { Int, Long, type KeptData, type ZnodeChunk } from './store.js';

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

/** What a znode is marked with: it is on a list of the tree, and must not come there twice. */
export const Mark = { unflushed: 1, digestStale: 2 } as const;

/**
 * A znode: a window on its slot in the store, good until the tree changes. Only `tree/` changes one; its data is
 * replaced, never written into.
 */
export class Znode {
  /** Its place in the store. */
  readonly slot: number;
  readonly #chunk: ZnodeChunk;
  readonly #at: number;

  constructor(chunk: ZnodeChunk, at: number, slot: number) {
    this.#chunk = chunk;
    this.#at = at;
    this.slot = slot;
  }

  /** The last component of the path; empty for the root. */
  get name(): string {
    return this.#chunk.name[this.#at] ?? '';
  }

  /** The data as it is kept; null is not the same as empty. */
  get kept(): KeptData | null {
    return this.#chunk.data[this.#at] ?? null;
  }
  set kept(value: KeptData | null) {
    this.#chunk.data[this.#at] = value;
  }

  /** A copy of the data. */
  get data(): Buffer | null {
    const { kept } = this;
    return kept === null ? null : Buffer.from(kept, 'latin1');
  }

  get dataLength(): number {
    return this.kept?.length ?? 0;
  }

  get acl(): AclList {
    return this.#chunk.acl[this.#at] ?? [];
  }
  set acl(value: AclList) {
    this.#chunk.acl[this.#at] = value;
  }

  get czxid(): Zxid {
    return zxidOf(this.#chunk.long(this.#at, Long.czxid));
  }
  set czxid(value: Zxid) {
    this.#chunk.setLong(this.#at, Long.czxid, value);
  }

  get mzxid(): Zxid {
    return zxidOf(this.#chunk.long(this.#at, Long.mzxid));
  }
  set mzxid(value: Zxid) {
    this.#chunk.setLong(this.#at, Long.mzxid, value);
  }

  get pzxid(): Zxid {
    return zxidOf(this.#chunk.long(this.#at, Long.pzxid));
  }
  set pzxid(value: Zxid) {
    this.#chunk.setLong(this.#at, Long.pzxid, value);
  }

  get ctime(): bigint {
    return this.#chunk.long(this.#at, Long.ctime);
  }
  set ctime(value: bigint) {
    this.#chunk.setLong(this.#at, Long.ctime, value);
  }

  get mtime(): bigint {
    return this.#chunk.long(this.#at, Long.mtime);
  }
  set mtime(value: bigint) {
    this.#chunk.setLong(this.#at, Long.mtime, value);
  }

  /** Encoded as in ZooKeeper: session, container mark, TTL, or 0. */
  get owner(): bigint {
    return this.#chunk.long(this.#at, Long.owner);
  }
  set owner(value: bigint) {
    this.#chunk.setLong(this.#at, Long.owner, value);
  }

  get version(): number {
    return this.#chunk.int(this.#at, Int.version);
  }
  set version(value: number) {
    this.#chunk.setInt(this.#at, Int.version, value);
  }

  get aversion(): number {
    return this.#chunk.int(this.#at, Int.aversion);
  }
  set aversion(value: number) {
    this.#chunk.setInt(this.#at, Int.aversion, value);
  }

  /** Children ever created; the reported cversion also counts the deleted ones. */
  get childCreates(): number {
    return this.#chunk.int(this.#at, Int.childCreates);
  }
  set childCreates(value: number) {
    this.#chunk.setInt(this.#at, Int.childCreates, value);
  }

  get numChildren(): number {
    return this.#chunk.int(this.#at, Int.numChildren);
  }
  set numChildren(value: number) {
    this.#chunk.setInt(this.#at, Int.numChildren, value);
  }

  /** CRC-32 of the znode as of ZooKeeper's digest version 2; out of date while marked so. */
  get digest(): number {
    return this.#chunk.int(this.#at, Int.digest) >>> 0;
  }
  set digest(value: number) {
    this.#chunk.setInt(this.#at, Int.digest, value);
  }

  /** Slot of the parent, and so on: -1 for none. */
  get parent(): number {
    return this.#chunk.int(this.#at, Int.parent);
  }
  set parent(value: number) {
    this.#chunk.setInt(this.#at, Int.parent, value);
  }

  get firstChild(): number {
    return this.#chunk.int(this.#at, Int.firstChild);
  }
  set firstChild(value: number) {
    this.#chunk.setInt(this.#at, Int.firstChild, value);
  }

  get lastChild(): number {
    return this.#chunk.int(this.#at, Int.lastChild);
  }
  set lastChild(value: number) {
    this.#chunk.setInt(this.#at, Int.lastChild, value);
  }

  /** The sibling that was created after this one. */
  get next(): number {
    return this.#chunk.int(this.#at, Int.next);
  }
  set next(value: number) {
    this.#chunk.setInt(this.#at, Int.next, value);
  }

  get previous(): number {
    return this.#chunk.int(this.#at, Int.previous);
  }
  set previous(value: number) {
    this.#chunk.setInt(this.#at, Int.previous, value);
  }

  isMarked(mark: number): boolean {
    return (this.#chunk.int(this.#at, Int.marks) & mark) !== 0;
  }

  /** @returns false when it was marked already */
  mark(mark: number): boolean {
    const marks = this.#chunk.int(this.#at, Int.marks);
    if ((marks & mark) !== 0) return false;
    this.#chunk.setInt(this.#at, Int.marks, marks | mark);
    return true;
  }

  /** @returns false when it was not marked */
  unmark(mark: number): boolean {
    const marks = this.#chunk.int(this.#at, Int.marks);
    if ((marks & mark) === 0) return false;
    this.#chunk.setInt(this.#at, Int.marks, marks & ~mark);
    return true;
  }

  /** Writes the record StatPersisted. */
  writePersisted(w: Writer): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk.writeLong(w, at, Long.czxid);
    chunk.writeLong(w, at, Long.mzxid);
    chunk.writeLong(w, at, Long.ctime);
    chunk.writeLong(w, at, Long.mtime);
    w.int(chunk.int(at, Int.version));
    w.int(chunk.int(at, Int.childCreates));
    w.int(chunk.int(at, Int.aversion));
    chunk.writeLong(w, at, Long.owner);
    chunk.writeLong(w, at, Long.pzxid);
  }

  /** Takes over the record StatPersisted. */
  readPersisted(r: Reader): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk.readLong(r, at, Long.czxid);
    chunk.readLong(r, at, Long.mzxid);
    chunk.readLong(r, at, Long.ctime);
    chunk.readLong(r, at, Long.mtime);
    chunk.setInt(at, Int.version, r.int());
    chunk.setInt(at, Int.childCreates, r.int());
    chunk.setInt(at, Int.aversion, r.int());
    chunk.readLong(r, at, Long.owner);
    chunk.readLong(r, at, Long.pzxid);
  }

  /** Writes what the digest goes over besides path and data. */
  writeDigested(w: Writer): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk.writeLong(w, at, Long.czxid);
    chunk.writeLong(w, at, Long.mzxid);
    chunk.writeLong(w, at, Long.pzxid);
    chunk.writeLong(w, at, Long.ctime);
    chunk.writeLong(w, at, Long.mtime);
    w.int(chunk.int(at, Int.version));
    w.int(chunk.int(at, Int.childCreates));
    w.int(chunk.int(at, Int.aversion));
    chunk.writeLong(w, at, Long.owner);
  }

  /** The Stat at this moment. cversion = creates + deletes, though only creates are kept. */
  stat(): Stat {
    const { numChildren, owner } = this;
    return {
      czxid: this.czxid,
      mzxid: this.mzxid,
      ctime: this.ctime,
      mtime: this.mtime,
      version: this.version,
      cversion: (this.childCreates * 2 - numChildren) | 0,
      aversion: this.aversion,
      ephemeralOwner: owner === 0n ? 0n : visibleOwner(owner),
      dataLength: this.dataLength,
      numChildren,
      pzxid: this.pzxid,
    };
  }
}

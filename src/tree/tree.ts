/**
 * The znodes that are applied: the map of paths, who owns which ephemeral, what may be reaped, what changed since the
 * disk last heard of it. Reads are answered from here; only `apply.ts` changes it, one txn at a time.
 */
import { Reader, Writer, readStatPersisted, writeZnodeRow, type ZnodeRow } from '../codec/index.js';
import { OPEN_ACL, Perms, ZXID_ZERO, type SessionId, type Zxid } from '../types/index.js';
import { AclTexts, aclToText, type AclList } from './acl.js';
import { Changes, writeRow } from './changes.js';
import { DigestSum } from './digest.js';
import { KeptLists, NameList } from './names.js';
import { CONFIG, QUOTA, ROOT, ZOOKEEPER, canonical } from './path.js';
import {
  LIMITS_NAME,
  QuotaPrefixes,
  STATS_NAME,
  formatUsage,
  parseQuota,
  quotaTarget,
  statsPath,
} from './quota.js';
import { NO_SLOT, ZnodeStore, type KeptData } from './store.js';
import type { NodeFacts, TreeView } from './view.js';
import { Mark, kindOf, ttlOf, type Znode } from './znode.js';

/** /zookeeper/config may be read by all and written by super only. */
const CONFIG_ACL: AclList = [{ perms: Perms.read, id: { scheme: 'world', id: 'anyone' } }];

const NONE: ReadonlySet<string> = new Set();
const NO_NAMES = NameList.of([]);

/** Everything about one znode that a create fixes. */
export interface NewZnode {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: AclList;
  /** Stored owner, see `znode.ts`. */
  readonly owner: bigint;
  /** The parent's childCreates after this; -1 for one more than now. */
  readonly parentCVersion: number;
}

export class Tree implements TreeView {
  readonly #nodes: ZnodeStore;
  readonly #ephemerals = new Map<SessionId, Set<string>>();
  readonly #containers = new Set<string>();
  readonly #ttls = new Set<string>();
  readonly #quotas = new QuotaPrefixes();
  readonly #digest = new DigestSum();
  readonly #changes = new Changes();
  readonly #lists = new KeptLists();
  /** Lists of rows that are being restored. */
  readonly #acls = new AclTexts();
  /** Restored znodes whose parents are still to come. */
  #orphans: ZnodeRow[] = [];
  #dataSize = 0;
  #ephemeralsCount = 0;

  /** @param hashSeed a secret of the server, see `SlotIndex`; nothing else depends on it */
  constructor(hashSeed = 0) {
    this.#nodes = new ZnodeStore(hashSeed);
    // The system znodes have no children counted and no txn behind them, as in ZooKeeper.
    for (const path of [ROOT, ZOOKEEPER, CONFIG, QUOTA]) {
      const acl = path === CONFIG ? CONFIG_ACL : OPEN_ACL;
      const fields = { data: '', acl, zxid: ZXID_ZERO, time: 0n, owner: 0n };
      const parent = path === ROOT ? undefined : this.#nodes.parentOf(path);
      const node = this.#inserted(
        path,
        parent === undefined ? this.#nodes.addRoot(fields) : this.#nodes.add(parent, path, fields),
      );
      // ZooKeeper closes this one with a setACL of its own, counted from -2 on.
      if (path === CONFIG) node.aversion = -1;
    }
  }

  /** The znode at a path; the empty path is the root's. */
  get(path: string): Readonly<Znode> | undefined {
    return this.#nodes.get(canonical(path));
  }

  /** Names of a znode's children, in the order of their creation; none when there is no such znode. */
  childrenOf(path: string): NameList {
    const node = this.#nodes.get(canonical(path));
    return node === undefined ? NO_NAMES : this.#lists.get(this.#nodes, node);
  }

  /** The znode above one that is in the tree; undefined for the root. */
  parentOf(node: Readonly<Znode>): Readonly<Znode> | undefined {
    return node.parent === NO_SLOT ? undefined : this.#nodes.at(node.parent);
  }

  node(path: string): NodeFacts | undefined {
    return this.#nodes.get(path);
  }

  ephemeralsOf(session: SessionId): ReadonlySet<string> {
    return this.#ephemerals.get(session) ?? NONE;
  }

  /** Sessions that own ephemerals, with their paths. */
  get ephemerals(): ReadonlyMap<SessionId, ReadonlySet<string>> {
    return this.#ephemerals;
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  get ephemeralsCount(): number {
    return this.#ephemeralsCount;
  }

  /** Bytes of paths and data together. */
  get approximateDataSize(): number {
    return this.#dataSize;
  }

  /** ZooKeeper's digest (version 2) of all that is applied. */
  get digest(): bigint {
    return this.#digest.valueOf(this.#nodes);
  }

  /** Number of znodes below `path`, which exists. */
  descendantsOf(path: string): number {
    const from = canonical(path);
    if (from === ROOT) return this.#nodes.size - 1;
    const top = this.#nodes.get(from);
    let count = 0;
    const pending = top === undefined ? [] : [top];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      count += at.numChildren;
      for (const child of this.#nodes.children(at)) if (child.numChildren > 0) pending.push(child);
    }
    return count;
  }

  /** The quota root that a change at `path` counts towards, undefined when there is none. */
  quotaPrefix(path: string): string | undefined {
    return this.#quotas.deepest(path);
  }

  /**
   * Containers and TTL znodes whose time has come at `now` (ms since 1970).
   * @param neverUsedMsMax how long a container without any child so far may stay; 0 = for ever
   */
  reapable(now: bigint, neverUsedMsMax: bigint, most: number): string[] {
    const paths: string[] = [];
    for (const path of this.#containers) {
      const node = this.#nodes.get(path);
      if (paths.length >= most) return paths;
      if (node === undefined || node.numChildren > 0) continue;
      const neverUsed = node.childCreates === 0;
      if (!neverUsed || (neverUsedMsMax > 0n && now - node.mtime > neverUsedMsMax)) paths.push(path);
    }
    for (const path of this.#ttls) {
      const node = this.#nodes.get(path);
      if (paths.length >= most) return paths;
      if (node?.numChildren === 0 && now - node.mtime > ttlOf(node.owner)) paths.push(path);
    }
    return paths;
  }

  /** Adds a znode. @returns it, or undefined when it is there already or its parent is not */
  create(znode: NewZnode, zxid: Zxid, time: bigint): Znode | undefined {
    const { path, data, owner } = znode;
    const parent = this.#nodes.parentOf(path);
    if (parent === undefined) return undefined;
    this.#touchParent(parent, znode.parentCVersion, zxid);
    if (this.#nodes.childOf(parent, path) !== undefined) return undefined;
    this.#lists.forget(parent);
    const fields = { data: keep(data), acl: znode.acl, zxid, time, owner };
    const node = this.#inserted(path, this.#nodes.add(parent, path, fields));
    const limited = quotaTarget(path, LIMITS_NAME);
    if (limited !== undefined) this.#quotas.add(limited);
    const counted = quotaTarget(path, STATS_NAME);
    if (counted !== undefined) this.#recountUsage(counted);
    this.#addUsage(path, 1, node.dataLength);
    return node;
  }

  /** Removes a znode without children. @returns its access list, or undefined when there is none */
  delete(path: string, zxid: Zxid): AclList | undefined {
    const parent = this.#nodes.parentOf(path);
    if (parent === undefined) return undefined;
    if (zxid > parent.pzxid) {
      this.#beforeChange(parent);
      parent.pzxid = zxid;
    }
    const node = this.#nodes.childOf(parent, path);
    if (node === undefined) return undefined;
    const { acl } = node;
    this.#addUsage(path, -1, -node.dataLength);
    this.#remove(path, parent, node);
    const limited = quotaTarget(path, LIMITS_NAME);
    if (limited !== undefined) this.#quotas.remove(limited);
    return acl;
  }

  /** @returns the znode, or undefined when there is none */
  setData(path: string, data: Buffer | null, version: number, zxid: Zxid, time: bigint): Znode | undefined {
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    const before = node.dataLength;
    this.#beforeChange(node);
    node.kept = keep(data);
    node.version = version;
    node.mzxid = zxid;
    node.mtime = time;
    this.#dataSize += node.dataLength - before;
    this.#addUsage(path, 0, node.dataLength - before);
    return node;
  }

  /**
   * Sets the text of /zookeeper/config as this server's configuration has it. That is no txn, so it counts in no digest
   * and is not written to `tree.db` for its own sake; whoever restores rows calls it again. The version is ZooKeeper's.
   */
  configure(text: Buffer): void {
    const node = this.#nodes.get(CONFIG);
    const unflushed = node?.isMarked(Mark.unflushed) === true;
    this.setData(CONFIG, text, -1, ZXID_ZERO, 0n);
    if (node !== undefined && !unflushed) this.#changes.flushed(node);
  }

  /** @returns the znode, or undefined when there is none */
  setAcl(path: string, acl: AclList, aversion: number): Znode | undefined {
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    this.#beforeChange(node);
    node.acl = acl;
    node.aversion = aversion;
    return node;
  }

  /**
   * Writes what changed since the last call, as it is now: the fields `znodes` and `deletedPaths` of a TreeFlush.
   */
  writeChanges(w: Writer): void {
    this.#changes.write(w, this.#nodes);
  }

  /** Znodes changed since the last writeChanges. */
  get changesCount(): number {
    return this.#changes.count;
  }

  /**
   * All znodes as jute ZnodeRows, parents before their children, in pieces of about so many bytes. Each piece owns its
   * memory. The tree must not change meanwhile.
   */
  *rows(pieceBytes: number): Generator<{ readonly bytes: Buffer; readonly count: number }> {
    const capacity = pieceBytes + (pieceBytes >> 2);
    const w = new Writer(capacity);
    let count = 0;
    let at = this.#nodes.get(ROOT);
    while (at !== undefined) {
      writeRow(w, this.#nodes, at);
      count += 1;
      if (w.length >= pieceBytes) {
        yield { bytes: w.take(capacity), count };
        count = 0;
      }
      at = this.#following(at);
    }
    if (count > 0) yield { bytes: w.take(), count };
  }

  /** The next one on a walk that visits each znode before its children. */
  #following(from: Znode): Znode | undefined {
    if (from.firstChild !== NO_SLOT) return this.#nodes.at(from.firstChild);
    let at = from;
    while (at.next === NO_SLOT) {
      if (at.parent === NO_SLOT) return undefined;
      at = this.#nodes.at(at.parent);
    }
    return this.#nodes.at(at.next);
  }

  /** Puts back a znode as `tree.db` kept it. Rows may come in any order; `restored` follows the last. */
  restore(row: ZnodeRow): void {
    const w = new Writer();
    writeZnodeRow(w, row);
    this.restoreRows(w.copy(), 1);
  }

  /** Puts back `count` znodes, jute ZnodeRows one after the other. Nothing of `bytes` is kept. */
  restoreRows(bytes: Buffer, count: number): void {
    const reader = Reader.over(bytes);
    for (let i = 0; i < count; i++) this.#restoreRow(reader);
  }

  #restoreRow(r: Reader): void {
    const path = r.ustring();
    const data = r.binaryOrNull();
    const acl = this.#acls.fromText(r.ustringOrNull());
    const parent = this.#nodes.parentOf(path);
    if (parent === undefined) {
      const bytes = data === null ? null : Buffer.from(data, 'latin1');
      this.#orphans.push({ path, data: bytes, acl: aclToText(acl), stat: readStatPersisted(r) });
      return;
    }
    // The system znodes of a new tree are there, and their children stay where they are.
    let node = path === ROOT ? parent : this.#nodes.childOf(parent, path);
    if (node === undefined) {
      node = this.#nodes.add(parent, path, { data, acl, zxid: ZXID_ZERO, time: 0n, owner: 0n });
      this.#dataSize += path.length + node.dataLength;
    } else {
      if (node.owner !== 0n) this.#unindex(path, node.owner);
      this.#dataSize += (data?.length ?? 0) - node.dataLength;
      node.kept = data;
      node.acl = acl;
    }
    this.#digest.changes(node);
    node.readPersisted(r);
    const { owner } = node;
    if (owner !== 0n) this.#index(path, owner);
    this.#changes.flushed(node);
    const limited = quotaTarget(path, LIMITS_NAME);
    if (limited !== undefined) this.#quotas.add(limited);
  }

  /**
   * Ends a restore: hangs every znode below its parent. The system znodes of an empty `tree.db` are still to be written.
   * @throws Error naming a znode without a parent
   */
  restored(): void {
    // In this order every parent comes before its children.
    const orphans = this.#orphans.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const row of orphans) {
      this.#orphans = [];
      this.restore(row);
      if (this.#orphans.length > 0) throw new Error(`tree.db holds ${row.path} but not its parent.`);
    }
    this.#acls.clear();
  }

  /** Counts a znode that was just added. */
  #inserted(path: string, node: Znode): Znode {
    const { owner } = node;
    this.#dataSize += path.length + node.dataLength;
    if (owner !== 0n) this.#index(path, owner);
    this.#beforeChange(node);
    return node;
  }

  #remove(path: string, parent: Znode, node: Znode): void {
    const { owner } = node;
    this.#dataSize -= path.length + node.dataLength;
    this.#digest.forget(node);
    this.#lists.forget(parent);
    this.#lists.forget(node);
    this.#changes.deleted(path, node);
    if (owner !== 0n) this.#unindex(path, owner);
    this.#nodes.remove(parent, node);
  }

  #index(path: string, owner: bigint): void {
    const kind = kindOf(owner);
    if (kind === 'container') this.#containers.add(path);
    else if (kind === 'ttl') this.#ttls.add(path);
    else {
      const session = owner as SessionId;
      let paths = this.#ephemerals.get(session);
      if (paths === undefined) this.#ephemerals.set(session, (paths = new Set()));
      paths.add(path);
      this.#ephemeralsCount++;
    }
  }

  #unindex(path: string, owner: bigint): void {
    this.#containers.delete(path);
    this.#ttls.delete(path);
    const paths = this.#ephemerals.get(owner as SessionId);
    if (paths?.delete(path) !== true) return;
    this.#ephemeralsCount--;
    if (paths.size === 0) this.#ephemerals.delete(owner as SessionId);
  }

  /** A child came: the counter and pzxid move only forward, so that a replayed create changes nothing twice. */
  #touchParent(parent: Znode, parentCVersion: number, zxid: Zxid): void {
    const childCreates = parentCVersion === -1 ? (parent.childCreates + 1) | 0 : parentCVersion;
    if (childCreates <= parent.childCreates) return;
    this.#beforeChange(parent);
    parent.childCreates = childCreates;
    parent.pzxid = zxid;
  }

  #beforeChange(node: Znode): void {
    this.#digest.changes(node);
    this.#changes.changed(node);
  }

  /** Books a change on the usage text of the deepest quota above it: data only, no version, no watch. */
  #addUsage(path: string, count: number, bytes: number): void {
    const prefix = this.#quotas.deepest(path);
    if (prefix === undefined || (count === 0 && bytes === 0)) return;
    const node = this.#nodes.get(statsPath(prefix));
    if (node === undefined) return;
    const used = parseQuota(node.data);
    this.#setUsage(node, used.count + count, used.bytes + bytes);
  }

  #recountUsage(prefix: string): void {
    const node = this.#nodes.get(statsPath(prefix));
    if (node === undefined) return;
    const top = this.#nodes.get(prefix);
    let count = 0;
    let bytes = 0;
    const pending = top === undefined ? [] : [top];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      count++;
      bytes += at.dataLength;
      pending.push(...this.#nodes.children(at));
    }
    this.#setUsage(node, count, bytes);
  }

  #setUsage(node: Znode, count: number, bytes: number): void {
    const data = keep(formatUsage(count, bytes));
    this.#beforeChange(node);
    this.#dataSize += data.length - node.dataLength;
    node.kept = data;
  }
}

/** The tree owns its bytes: what comes in is a view of a frame or of a log row. */
function keep(data: Buffer): KeptData;
function keep(data: Buffer | null): KeptData | null;
function keep(data: Buffer | null): KeptData | null {
  return data === null ? null : data.toString('latin1');
}

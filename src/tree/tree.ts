/**
 * The znodes that are applied: the map of paths, who owns which ephemeral, what may be reaped, what changed since the
 * disk last heard of it. Reads are answered from here; only `apply.ts` changes it, one txn at a time.
 */
import type { ZnodeRow } from '../codec/index.js';
import { OPEN_ACL, Perms, ZXID_ZERO, zxidOf, type SessionId, type Zxid } from '../types/index.js';
import { aclFromText, aclToText, type AclList } from './acl.js';
import { DigestSum, znodeDigest } from './digest.js';
import { CONFIG, QUOTA, ROOT, ZOOKEEPER, canonical, childOf, nameOf, parentOf } from './path.js';
import {
  LIMITS_NAME,
  QuotaPrefixes,
  STATS_NAME,
  formatUsage,
  parseQuota,
  quotaTarget,
  statsPath,
} from './quota.js';
import type { NodeFacts, TreeView } from './view.js';
import { Znode, kindOf, ttlOf } from './znode.js';

/** /zookeeper/config may be read by all and written by super only. */
const CONFIG_ACL: AclList = [{ perms: Perms.read, id: { scheme: 'world', id: 'anyone' } }];

const NONE: ReadonlySet<string> = new Set();

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

/** What to write to `tree.db`: rows of changed znodes, and paths that are gone. */
export interface TreeChanges {
  readonly znodes: ZnodeRow[];
  readonly deletedPaths: string[];
}

export class Tree implements TreeView {
  readonly #nodes = new Map<string, Znode>();
  readonly #ephemerals = new Map<SessionId, Set<string>>();
  readonly #containers = new Set<string>();
  readonly #ttls = new Set<string>();
  readonly #quotas = new QuotaPrefixes();
  readonly #digest = new DigestSum();
  #dirty = new Set<string>();
  #dataSize = 0;
  #ephemeralsCount = 0;

  constructor() {
    // The system znodes have no children counted and no txn behind them, as in ZooKeeper.
    for (const path of [ROOT, ZOOKEEPER, CONFIG, QUOTA]) {
      const acl = path === CONFIG ? CONFIG_ACL : OPEN_ACL;
      const node = Znode.initial(acl);
      // ZooKeeper closes this one with a setACL of its own, counted from -2 on.
      if (path === CONFIG) node.aversion = -1;
      this.#insert(path, node);
    }
    this.#link(ZOOKEEPER);
    this.#link(CONFIG);
    this.#link(QUOTA);
    this.#dirty = new Set([ROOT, ZOOKEEPER, CONFIG, QUOTA]);
  }

  /** The znode at a path; the empty path is the root's. */
  get(path: string): Readonly<Znode> | undefined {
    return this.#nodes.get(canonical(path));
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
    return this.#digest.value;
  }

  /** Number of znodes below `path`, which exists. */
  descendantsOf(path: string): number {
    const from = canonical(path);
    if (from === ROOT) return this.#nodes.size - 1;
    let count = 0;
    const pending = [from];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const children = this.#nodes.get(at)?.children;
      if (children === null || children === undefined) continue;
      count += children.size;
      for (const name of children) pending.push(childOf(at, name));
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
    const parentPath = parentOf(path);
    const parent = this.#nodes.get(parentPath);
    if (parent === undefined) return undefined;
    this.#touchParent(parentPath, parent, znode.parentCVersion, zxid);
    if (this.#nodes.has(path)) return undefined;
    // The tree owns its bytes: what comes in is a view of a frame or of a log row.
    const copy = data === null ? null : Buffer.from(data);
    const node = new Znode(copy, znode.acl, zxid, time, owner);
    this.#insert(path, node);
    this.#link(path);
    const limited = quotaTarget(path, LIMITS_NAME);
    if (limited !== undefined) this.#quotas.add(limited);
    const counted = quotaTarget(path, STATS_NAME);
    if (counted !== undefined) this.#recountUsage(counted);
    this.#addUsage(path, 1, node.dataLength);
    return node;
  }

  /** Removes a znode without children. @returns it, or undefined when there is none */
  delete(path: string, zxid: Zxid): Znode | undefined {
    const parentPath = parentOf(path);
    const parent = this.#nodes.get(parentPath);
    if (parent !== undefined && zxid > parent.pzxid) {
      this.#beforeChange(parent);
      parent.pzxid = zxid;
      this.#afterChange(parentPath, parent);
    }
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    this.#addUsage(path, -1, -node.dataLength);
    this.#remove(path, node);
    if (parent?.children?.delete(nameOf(path)) === true && parent.children.size === 0) parent.children = null;
    const limited = quotaTarget(path, LIMITS_NAME);
    if (limited !== undefined) this.#quotas.remove(limited);
    return node;
  }

  /** @returns the znode, or undefined when there is none */
  setData(path: string, data: Buffer | null, version: number, zxid: Zxid, time: bigint): Znode | undefined {
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    const before = node.dataLength;
    this.#beforeChange(node);
    node.data = data === null ? null : Buffer.from(data);
    node.version = version;
    node.mzxid = zxid;
    node.mtime = time;
    this.#dataSize += node.dataLength - before;
    this.#afterChange(path, node);
    this.#addUsage(path, 0, node.dataLength - before);
    return node;
  }

  /**
   * Sets the text of /zookeeper/config as this server's configuration has it. That is no txn, so it counts in no digest
   * and is not written to `tree.db` for its own sake; whoever restores rows calls it again. The version is ZooKeeper's.
   */
  configure(text: Buffer): void {
    const isDirty = this.#dirty.has(CONFIG);
    this.setData(CONFIG, text, -1, ZXID_ZERO, 0n);
    if (!isDirty) this.#dirty.delete(CONFIG);
  }

  /** @returns the znode, or undefined when there is none */
  setAcl(path: string, acl: AclList, aversion: number): Znode | undefined {
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    this.#beforeChange(node);
    node.acl = acl;
    node.aversion = aversion;
    this.#afterChange(path, node);
    return node;
  }

  /** What changed since the last call, as it is now. */
  takeChanges(): TreeChanges {
    const changes: TreeChanges = { znodes: [], deletedPaths: [] };
    for (const path of this.#dirty) {
      const node = this.#nodes.get(path);
      if (node === undefined) changes.deletedPaths.push(path);
      else changes.znodes.push(toRow(path, node));
    }
    this.#dirty.clear();
    return changes;
  }

  /** Znodes changed since the last takeChanges. */
  get changesCount(): number {
    return this.#dirty.size;
  }

  /** Puts back a znode as `tree.db` kept it. Rows may come in any order; `restored` follows the last. */
  restore(row: ZnodeRow): void {
    const { path, stat } = row;
    const known = this.#nodes.get(path);
    if (known !== undefined) this.#remove(path, known);
    const node = new Znode(
      row.data,
      aclFromText(row.acl),
      zxidOf(stat.czxid),
      stat.ctime,
      stat.ephemeralOwner,
    );
    node.mzxid = zxidOf(stat.mzxid);
    node.pzxid = zxidOf(stat.pzxid);
    node.mtime = stat.mtime;
    node.version = stat.version;
    node.aversion = stat.aversion;
    node.childCreates = stat.cversion;
    this.#insert(path, node);
    this.#dirty.delete(path);
    const limited = quotaTarget(path, LIMITS_NAME);
    if (limited !== undefined) this.#quotas.add(limited);
  }

  /**
   * Ends a restore: hangs every znode below its parent. The system znodes of an empty `tree.db` are still to be written.
   * @throws Error naming a znode without a parent
   */
  restored(): void {
    for (const path of this.#nodes.keys()) {
      if (path === ROOT) continue;
      if (!this.#nodes.has(parentOf(path))) throw new Error(`tree.db holds ${path} but not its parent.`);
      this.#link(path);
    }
  }

  #insert(path: string, node: Znode): void {
    this.#nodes.set(path, node);
    this.#dataSize += path.length + node.dataLength;
    if (node.owner !== 0n) this.#index(path, node.owner);
    this.#afterChange(path, node);
  }

  #remove(path: string, node: Znode): void {
    this.#nodes.delete(path);
    this.#dataSize -= path.length + node.dataLength;
    this.#beforeChange(node);
    this.#dirty.add(path);
    if (node.owner !== 0n) this.#unindex(path, node.owner);
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

  #link(path: string): void {
    const parent = this.#nodes.get(parentOf(path));
    if (parent !== undefined) (parent.children ??= new Set()).add(nameOf(path));
  }

  /** A child came: the counter and pzxid move only forward, so that a replayed create changes nothing twice. */
  #touchParent(path: string, parent: Znode, parentCVersion: number, zxid: Zxid): void {
    const childCreates = parentCVersion === -1 ? (parent.childCreates + 1) | 0 : parentCVersion;
    if (childCreates <= parent.childCreates) return;
    this.#beforeChange(parent);
    parent.childCreates = childCreates;
    parent.pzxid = zxid;
    this.#afterChange(path, parent);
  }

  #beforeChange(node: Znode): void {
    this.#digest.subtract(node.digest >>> 0);
  }

  #afterChange(path: string, node: Znode): void {
    const crc = znodeDigest(path, node);
    node.digest = crc | 0;
    this.#digest.add(crc);
    this.#dirty.add(path);
  }

  /** Books a change on the usage text of the deepest quota above it: data only, no version, no watch. */
  #addUsage(path: string, count: number, bytes: number): void {
    const prefix = this.#quotas.deepest(path);
    if (prefix === undefined || (count === 0 && bytes === 0)) return;
    const node = this.#nodes.get(statsPath(prefix));
    if (node === undefined) return;
    const used = parseQuota(node.data);
    this.#setUsage(prefix, node, used.count + count, used.bytes + bytes);
  }

  #recountUsage(prefix: string): void {
    const node = this.#nodes.get(statsPath(prefix));
    if (node === undefined) return;
    let count = 0;
    let bytes = 0;
    const pending = [prefix];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const found = this.#nodes.get(at);
      if (found === undefined) continue;
      count++;
      bytes += found.dataLength;
      for (const name of found.children ?? NONE) pending.push(childOf(at, name));
    }
    this.#setUsage(prefix, node, count, bytes);
  }

  #setUsage(prefix: string, node: Znode, count: number, bytes: number): void {
    const data = formatUsage(count, bytes);
    this.#beforeChange(node);
    this.#dataSize += data.byteLength - node.dataLength;
    node.data = data;
    this.#afterChange(statsPath(prefix), node);
  }
}

function toRow(path: string, node: Znode): ZnodeRow {
  return {
    path,
    data: node.data,
    acl: aclToText(node.acl),
    stat: {
      czxid: node.czxid,
      mzxid: node.mzxid,
      ctime: node.ctime,
      mtime: node.mtime,
      version: node.version,
      cversion: node.childCreates,
      aversion: node.aversion,
      ephemeralOwner: node.owner,
      pzxid: node.pzxid,
    },
  };
}

/**
 * The tree in the plainest way, with its whole past: what a znode was at any zxid. It applies the agreed history and
 * is what clients' answers are held against; nothing of the product's tree is in it.
 */
import type { Stat } from '../../src/codec/index.js';
import { OpCode, type Txn } from '../../src/types/index.js';
import type { Agreed } from './canon.js';

/** A znode at one moment. */
export interface ModelNode {
  readonly data: Buffer | null;
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly pzxid: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly version: number;
  readonly cversion: number;
  /** Children ever created: what sequence suffixes are made of. */
  readonly creates: number;
  readonly owner: bigint;
  /** Sorted. */
  readonly children: readonly string[];
}

export type ChangeKind = 'created' | 'deleted' | 'dataChanged' | 'childrenChanged';

/** Something that watches hear of. */
export interface ModelChange {
  readonly zxid: bigint;
  readonly kind: ChangeKind;
  readonly path: string;
}

export interface ModelSession {
  readonly openedAt: bigint;
  readonly timeOut: number;
  closedAt: bigint | undefined;
}

interface Version {
  readonly zxid: bigint;
  readonly node: ModelNode | undefined;
}

export class Model {
  readonly sessions = new Map<bigint, ModelSession>();
  /** All but changes of children, in order. */
  readonly changes: ModelChange[] = [];
  readonly #versions = new Map<string, Version[]>();
  readonly #changesOf = new Map<string, ModelChange[]>();
  readonly #owned = new Map<bigint, Set<string>>();
  #zxid = 0n;

  /** @param config what `/zookeeper/config` holds until a reconfig */
  constructor(config?: string) {
    this.#set('/', { ...fresh(0n, 0n), cversion: -1, children: ['zookeeper'] });
    this.#set('/zookeeper', { ...fresh(0n, 0n), cversion: -2, children: ['config', 'quota'] });
    const described = { data: Buffer.from(config ?? ''), version: -1 };
    this.#set('/zookeeper/config', { ...fresh(0n, 0n), ...(config === undefined ? {} : described) });
    this.#set('/zookeeper/quota', fresh(0n, 0n));
  }

  /** The znode as of `zxid`, undefined where there was none. */
  at(path: string, zxid: bigint): ModelNode | undefined {
    const versions = this.#versions.get(path) ?? [];
    let [low, high] = [0, versions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const version = versions[middle];
      if (version !== undefined && version.zxid <= zxid) low = middle + 1;
      else high = middle;
    }
    return versions[low - 1]?.node;
  }

  /** What a client is shown of it. */
  statAt(path: string, zxid: bigint): Stat | undefined {
    const node = this.at(path, zxid);
    if (node === undefined) return undefined;
    const { czxid, mzxid, pzxid, ctime, mtime, version, cversion, owner, data, children } = node;
    return {
      czxid,
      mzxid,
      ctime,
      mtime,
      version,
      cversion,
      aversion: path === '/zookeeper/config' ? -1 : 0,
      ephemeralOwner: owner,
      dataLength: data?.byteLength ?? 0,
      numChildren: children.length,
      pzxid,
    };
  }

  /** What happened to a path, changes of its children included, oldest first. */
  changesOf(path: string): readonly ModelChange[] {
    return this.#changesOf.get(path) ?? [];
  }

  /** Paths of the ephemerals of a session now. */
  ownedBy(session: bigint): ReadonlySet<string> {
    return this.#owned.get(session) ?? new Set();
  }

  /** Every path that exists now. */
  get paths(): string[] {
    const paths: string[] = [];
    for (const [path, versions] of this.#versions) if (versions.at(-1)?.node !== undefined) paths.push(path);
    return paths.sort();
  }

  apply({ zxid, header, txn }: Agreed): void {
    this.#zxid = zxid;
    this.#applyTxn(header.clientId, header.time, txn);
  }

  #applyTxn(session: bigint, time: bigint, txn: Txn): void {
    switch (txn.type) {
      case OpCode.create:
      case OpCode.create2:
        return this.#create(txn.record.path, txn.record.data, txn.record.ephemeral ? session : 0n, time);
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.#delete(txn.record.path);
      case OpCode.setData: {
        const { path, data } = txn.record;
        const node = this.#existing(path);
        const copy = data === null ? null : Buffer.from(data);
        this.#set(path, { ...node, data: copy, version: node.version + 1, mzxid: this.#zxid, mtime: time });
        return this.#changed('dataChanged', path);
      }
      case OpCode.reconfig: {
        const { path, data, version } = txn.record;
        const copy = data === null ? null : Buffer.from(data);
        this.#set(path, { ...this.#existing(path), data: copy, version, mzxid: this.#zxid, mtime: time });
        return this.#changed('dataChanged', path);
      }
      case OpCode.createSession:
        this.sessions.set(session, {
          openedAt: this.#zxid,
          timeOut: txn.record.timeOut,
          closedAt: undefined,
        });
        return;
      case OpCode.closeSession: {
        // As the record says: whether it names them all is for a checker to see.
        for (const path of txn.record.paths2Delete ?? [...this.ownedBy(session)])
          if (this.at(path, this.#zxid) !== undefined) this.#delete(path);
        const known = this.sessions.get(session);
        if (known !== undefined) known.closedAt ??= this.#zxid;
        return;
      }
      case OpCode.multi:
        if (txn.txns.some((sub) => sub.type === OpCode.error)) return;
        for (const sub of txn.txns) this.#applyTxn(session, time, sub);
        return;
      default:
        return;
    }
  }

  #create(path: string, data: Buffer | null, owner: bigint, time: bigint): void {
    if (this.at(path, this.#zxid) !== undefined) throw new Error(`${path} is created twice.`);
    const parentPath = parentOf(path);
    const parent = this.#existing(parentPath);
    const name = nameOf(path);
    this.#set(parentPath, {
      ...parent,
      cversion: parent.cversion + 1,
      creates: parent.creates + 1,
      pzxid: this.#zxid,
      children: [...parent.children, name].sort(),
    });
    const copy = data === null ? null : Buffer.from(data);
    this.#set(path, { ...fresh(this.#zxid, time), data: copy, owner });
    if (owner !== 0n) {
      const owned = this.#owned.get(owner) ?? new Set();
      this.#owned.set(owner, owned.add(path));
    }
    this.#changed('created', path);
    this.#changed('childrenChanged', parentPath);
  }

  #delete(path: string): void {
    const node = this.#existing(path);
    if (node.children.length > 0) throw new Error(`${path} is deleted with its children.`);
    const parentPath = parentOf(path);
    const parent = this.#existing(parentPath);
    const name = nameOf(path);
    this.#set(parentPath, {
      ...parent,
      cversion: parent.cversion + 1,
      pzxid: this.#zxid,
      children: parent.children.filter((child) => child !== name),
    });
    this.#set(path, undefined);
    if (node.owner !== 0n) this.#owned.get(node.owner)?.delete(path);
    this.#changed('deleted', path);
    this.#changed('childrenChanged', parentPath);
  }

  #existing(path: string): ModelNode {
    const node = this.at(path, this.#zxid);
    if (node === undefined) throw new Error(`There is no ${path}.`);
    return node;
  }

  #set(path: string, node: ModelNode | undefined): void {
    const versions = this.#versions.get(path);
    const version = { zxid: this.#zxid, node };
    if (versions === undefined) this.#versions.set(path, [version]);
    else versions.push(version);
  }

  #changed(kind: ChangeKind, path: string): void {
    const change = { zxid: this.#zxid, kind, path };
    if (kind !== 'childrenChanged') this.changes.push(change);
    const changes = this.#changesOf.get(path);
    if (changes === undefined) this.#changesOf.set(path, [change]);
    else changes.push(change);
  }
}

function fresh(zxid: bigint, time: bigint): ModelNode {
  return {
    data: Buffer.alloc(0),
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: time,
    mtime: time,
    version: 0,
    cversion: 0,
    creates: 0,
    owner: 0n,
    children: [],
  };
}

/** The path above; of the root, the root. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

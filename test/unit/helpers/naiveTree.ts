/**
 * The tree in the plainest way, for comparison: a map of paths, children found by looking at all of them, and every
 * create and delete counted as it happens. It applies txns and knows nothing of quotas.
 */
import type { Stat, TxnHeader } from '../../../src/codec/index.js';
import { OpCode, type Txn } from '../../../src/types/index.js';
import { parentOf } from '../../../src/tree/path.js';

interface NaiveNode {
  data: Buffer | null;
  czxid: bigint;
  mzxid: bigint;
  pzxid: bigint;
  ctime: bigint;
  mtime: bigint;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
}

export class NaiveTree {
  readonly #nodes = new Map<string, NaiveNode>([
    ['/', systemNode(-1)],
    ['/zookeeper', systemNode(-2)],
    ['/zookeeper/config', { ...systemNode(0), aversion: -1 }],
    ['/zookeeper/quota', systemNode(0)],
  ]);

  has(path: string): boolean {
    return this.#nodes.has(path);
  }

  data(path: string): Buffer | null | undefined {
    return this.#nodes.get(path)?.data;
  }

  /** Names of the children, sorted. */
  children(path: string): string[] {
    const below = path === '/' ? '/' : `${path}/`;
    return [...this.#nodes.keys()]
      .filter((other) => other !== '/' && other.startsWith(below) && parentOf(other) === path)
      .map((other) => other.slice(below.length))
      .sort();
  }

  get paths(): string[] {
    return [...this.#nodes.keys()].sort();
  }

  stat(path: string): Stat | undefined {
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    const { data, ...rest } = node;
    return { ...rest, dataLength: data?.byteLength ?? 0, numChildren: this.children(path).length };
  }

  /** A copy: what is applied to either does not show in the other. */
  copy(): NaiveTree {
    const copy = new NaiveTree();
    copy.#nodes.clear();
    for (const [path, node] of this.#nodes) copy.#nodes.set(path, { ...node });
    return copy;
  }

  apply(header: TxnHeader, txn: Txn): void {
    switch (txn.type) {
      case OpCode.create:
      case OpCode.create2:
        return this.#create(
          header,
          txn.record.path,
          txn.record.data,
          txn.record.ephemeral ? header.clientId : 0n,
        );
      case OpCode.createContainer:
      case OpCode.createTTL:
        return this.#create(header, txn.record.path, txn.record.data, 0n);
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.#delete(header, txn.record.path);
      case OpCode.setData: {
        const node = this.#existing(txn.record.path);
        node.data = txn.record.data === null ? null : Buffer.from(txn.record.data);
        node.version = (node.version + 1) | 0;
        node.mzxid = header.zxid;
        node.mtime = header.time;
        return;
      }
      case OpCode.setACL:
        this.#existing(txn.record.path).aversion++;
        return;
      case OpCode.closeSession:
        for (const [path, node] of [...this.#nodes]) {
          if (node.ephemeralOwner === header.clientId) this.#delete(header, path);
        }
        return;
      case OpCode.multi:
        if (txn.txns.some((sub) => sub.type === OpCode.error)) return;
        for (const sub of txn.txns) this.apply(header, sub);
        return;
      default:
        return;
    }
  }

  #create(header: TxnHeader, path: string, data: Buffer | null, ephemeralOwner: bigint): void {
    if (this.#nodes.has(path)) throw new Error(`${path} is created twice.`);
    this.#touch(header, this.#existing(parentOf(path)));
    this.#nodes.set(path, {
      ...systemNode(0),
      data: data === null ? null : Buffer.from(data),
      czxid: header.zxid,
      mzxid: header.zxid,
      pzxid: header.zxid,
      ctime: header.time,
      mtime: header.time,
      ephemeralOwner,
    });
  }

  #delete(header: TxnHeader, path: string): void {
    if (this.children(path).length > 0) throw new Error(`${path} is deleted with its children.`);
    if (!this.#nodes.delete(path)) throw new Error(`${path} is deleted and was not there.`);
    this.#touch(header, this.#existing(parentOf(path)));
  }

  #touch(header: TxnHeader, parent: NaiveNode): void {
    parent.cversion++;
    parent.pzxid = header.zxid;
  }

  #existing(path: string): NaiveNode {
    const node = this.#nodes.get(path);
    if (node === undefined) throw new Error(`There is no ${path}.`);
    return node;
  }
}

function systemNode(cversion: number): NaiveNode {
  return {
    data: Buffer.alloc(0),
    czxid: 0n,
    mzxid: 0n,
    pzxid: 0n,
    ctime: 0n,
    mtime: 0n,
    version: 0,
    cversion,
    aversion: 0,
    ephemeralOwner: 0n,
  };
}

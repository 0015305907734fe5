/** Everything about a tree that can be seen, as plain values that compare. */
import { Reader, Writer, readZnodeRow, type ZnodeRow } from '../../../src/codec/index.js';
import type { Tree } from '../../../src/tree/index.js';
import { aclToText } from '../../../src/tree/acl.js';
import { childOf } from '../../../src/tree/path.js';
import { crc32 } from '../../../src/util/index.js';
import { bytes } from './bytes.js';

/** Later than any TTL of the tests. */
const END_OF_TIME = 1n << 62n;

export function dump(tree: Tree): unknown {
  return {
    nodes: paths(tree).map((path) => {
      const node = tree.get(path);
      return {
        path,
        data: node?.data?.toString('hex') ?? null,
        acl: node === undefined ? null : aclToText(node.acl),
        owner: node?.owner,
        childCreates: node?.childCreates,
        stat: node?.stat(),
        children: [...tree.childrenOf(path)].sort(),
      };
    }),
    ephemerals: [...tree.ephemerals].map(([id, owned]) => [id, [...owned].sort()]).sort(byText),
    reapable: tree.reapable(END_OF_TIME, 1n, Infinity).sort(),
    nodeCount: tree.nodeCount,
    ephemeralsCount: tree.ephemeralsCount,
    dataSize: tree.approximateDataSize,
    digest: tree.digest,
  };
}

/** Every path, found by walking down from the root. */
export function paths(tree: Tree): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    found.push(path);
    for (const name of [...tree.childrenOf(path)].sort()) visit(childOf(path, name));
  };
  visit('/');
  return found;
}

/** The digest as protocol.md section 20 describes it, from nothing but the znodes. */
export function recomputedDigest(tree: Tree): bigint {
  let sum = 0n;
  for (const path of paths(tree)) {
    const node = tree.get(path);
    if (node === undefined || path.startsWith('/zookeeper/')) continue;
    const counted = bytes()
      .raw(Buffer.from(path === '/' ? '' : path))
      .raw(node.data ?? Buffer.alloc(0))
      .long(node.czxid)
      .long(node.mzxid)
      .long(node.pzxid)
      .long(node.ctime)
      .long(node.mtime)
      .int(node.version)
      .int(node.childCreates)
      .int(node.aversion)
      .long(node.owner).built;
    sum += BigInt(crc32(counted));
  }
  return BigInt.asUintN(64, sum);
}

function byText(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]).localeCompare(String(b[0]));
}

/** What the tree would write to `tree.db`, decoded again. */
export function takeChanges(tree: Tree): { znodes: ZnodeRow[]; deletedPaths: string[] } {
  const w = new Writer();
  tree.writeChanges(w);
  const reader = Reader.over(w.copy());
  const znodes = Array.from({ length: reader.int() }, () => readZnodeRow(reader));
  const deletedPaths = Array.from({ length: reader.int() }, () => reader.ustring());
  if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes follow the changes of a tree.`);
  return { znodes, deletedPaths };
}

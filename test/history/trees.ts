/** The whole tree as one server has it, to be compared with another one's and with the model's. */
import { connect, type Stat, type ZooKeeper } from '../../src/client/index.js';
import { KeeperError } from '../../src/types/index.js';
import type { Model } from '../sim/model.js';
import type { Problem } from './history.js';
import type { Register } from './linearizable.js';

export interface Tree {
  readonly server: string;
  readonly nodes: ReadonlyMap<string, TreeNode>;
}

export interface TreeNode {
  readonly data: string | null;
  readonly stat: Stat;
}

/** Reads behind a sync. */
export async function readTree(server: string, connectString: string): Promise<Tree> {
  await using zk = await connect({ servers: connectString, connectTimeoutMs: 10_000 });
  await zk.sync('/');
  const nodes = new Map<string, TreeNode>();
  await readBelow(zk, '/', nodes);
  return { server, nodes };
}

async function readBelow(zk: ZooKeeper, path: string, nodes: Map<string, TreeNode>): Promise<void> {
  const children = (await unlessGone(zk.getChildren(path)))?.children ?? [];
  const paths = children.map((name) => (path === '/' ? `/${name}` : `${path}/${name}`));
  const own = paths.filter((child) => child !== '/zookeeper');
  const read = await Promise.all(own.map((child) => unlessGone(zk.getData(child))));
  for (const [i, node] of read.entries()) {
    if (node === undefined) continue;
    nodes.set(own[i] ?? '', { data: node.data?.toString('latin1') ?? null, stat: node.stat });
  }
  const parents = own.filter((_, i) => (read[i]?.stat.numChildren ?? 0) > 0);
  for (const parent of parents) await readBelow(zk, parent, nodes);
}

/** Ephemerals of a session that ends may go between the list and the look: trees that differ for it are read again. */
async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof KeeperError && error.code === 'NONODE') return undefined;
    throw error;
  }
}

/** The tree that the log comes to. */
export function treeOf(model: Model): Tree {
  const end = 0x7fff_ffff_ffff_ffffn;
  const nodes = new Map<string, TreeNode>();
  for (const path of model.paths) {
    const stat = model.statAt(path, end);
    if (stat === undefined || path === '/' || path.startsWith('/zookeeper')) continue;
    nodes.set(path, { data: model.at(path, end)?.data?.toString('latin1') ?? null, stat });
  }
  return { server: 'the log', nodes };
}

/** Where trees differ from the first one. */
export function compareTrees([first, ...others]: readonly Tree[]): Problem[] {
  const problems: Problem[] = [];
  for (const other of others) {
    for (const path of new Set([...(first?.nodes.keys() ?? []), ...other.nodes.keys()])) {
      const [left, right] = [describe(first?.nodes.get(path)), describe(other.nodes.get(path))];
      if (left === right) continue;
      problems.push({
        rule: 'diverged',
        what: `${path}: ${left} on ${first?.server ?? ''}, ${right} on ${other.server}`,
      });
    }
  }
  return problems;
}

function describe(node: TreeNode | undefined): string {
  if (node === undefined) return 'nothing';
  const { czxid, mzxid, pzxid, version, cversion, ephemeralOwner, ctime, mtime } = node.stat;
  const zxids = [czxid, mzxid, pzxid, ephemeralOwner].map((zxid) => zxid.toString(16)).join(' ');
  return `"${node.data ?? 'null'}" v${version} c${cversion} ${zxids} ${ctime} ${mtime}`;
}

/** Data and version of each znode. */
export function registersOf({ nodes }: Tree): Map<string, Register> {
  return new Map(
    [...nodes].map(([path, { data, stat }]) => [path, { version: stat.version, value: data ?? '' }]),
  );
}

/** The whole tree as one server has it, to be compared with another one's and with the model's. */
import { connect, type Stat, type ZooKeeper } from '../../src/client/index.js';
import type { Model } from '../sim/model.js';
import type { Problem } from './history.js';

export interface Tree {
  readonly server: string;
  /** By path: data and Stat in words. */
  readonly nodes: ReadonlyMap<string, string>;
}

/** Reads behind a sync. */
export async function readTree(server: string, connectString: string): Promise<Tree> {
  await using zk = await connect({ servers: connectString, connectTimeoutMs: 10_000 });
  await zk.sync('/');
  const nodes = new Map<string, string>();
  await readBelow(zk, '/', nodes);
  return { server, nodes };
}

async function readBelow(zk: ZooKeeper, path: string, nodes: Map<string, string>): Promise<void> {
  const { children } = await zk.getChildren(path);
  const paths = children.map((name) => (path === '/' ? `/${name}` : `${path}/${name}`));
  const own = paths.filter((child) => child !== '/zookeeper');
  const read = await Promise.all(own.map((child) => zk.getData(child)));
  for (const [i, { data, stat }] of read.entries()) {
    nodes.set(own[i] ?? '', describe(data?.toString('latin1') ?? null, stat));
  }
  const parents = own.filter((_, i) => (read[i]?.stat.numChildren ?? 0) > 0);
  for (const parent of parents) await readBelow(zk, parent, nodes);
}

/** The tree that the log comes to. */
export function treeOf(model: Model): Tree {
  const end = 0x7fff_ffff_ffff_ffffn;
  const nodes = new Map<string, string>();
  for (const path of model.paths) {
    const stat = model.statAt(path, end);
    if (stat === undefined || path === '/' || path.startsWith('/zookeeper')) continue;
    nodes.set(path, describe(model.at(path, end)?.data?.toString('latin1') ?? null, stat));
  }
  return { server: 'the log', nodes };
}

/** Where trees differ from the first one. */
export function compareTrees([first, ...others]: readonly Tree[]): Problem[] {
  const problems: Problem[] = [];
  for (const other of others) {
    for (const path of new Set([...(first?.nodes.keys() ?? []), ...other.nodes.keys()])) {
      const [left, right] = [first?.nodes.get(path) ?? 'nothing', other.nodes.get(path) ?? 'nothing'];
      if (left === right) continue;
      problems.push({
        rule: 'diverged',
        what: `${path}: ${left} on ${first?.server ?? ''}, ${right} on ${other.server}`,
      });
    }
  }
  return problems;
}

function describe(data: string | null, stat: Stat): string {
  const { czxid, mzxid, pzxid, version, cversion, ephemeralOwner, ctime, mtime } = stat;
  const zxids = [czxid, mzxid, pzxid, ephemeralOwner].map((zxid) => zxid.toString(16)).join(' ');
  return `"${data ?? 'null'}" v${version} c${cversion} ${zxids} ${ctime} ${mtime}`;
}

/**
 * Why this file exists: commands on a subtree walk it the same way: depth first, a znode's children in the order of their
 * names and all of them before their own children, as Apache's shell lists them.
 */
import { KeeperError, type WatchListener, type ZooKeeper } from '../../client/index.js';
import { sortNames } from './format.js';
import { childPath } from './path.js';

/** How many lists of children are asked for at once: enough to hide the round trips, too few to be throttled. */
const REQUESTS_MAX = 100;

/** One-shot watches to leave on every znode of a walk. */
export interface WalkWatches {
  readonly data: WatchListener;
  readonly child: WatchListener;
}

/**
 * The paths of a subtree, its root first. Znodes that disappear meanwhile are passed over.
 * @throws KeeperError when the root is missing, or a znode may not be read
 */
export async function* walk(zk: ZooKeeper, root: string, watches?: WalkWatches): AsyncGenerator<string> {
  await zk.getData(root, { watch: watches?.data });
  yield root;
  yield* below(zk, root, await childrenOf(zk, root, watches), watches);
}

async function* below(
  zk: ZooKeeper,
  path: string,
  names: readonly string[],
  watches: WalkWatches | undefined,
): AsyncGenerator<string> {
  const paths = names.map((name) => childPath(path, name));
  yield* paths;
  for (let at = 0; at < paths.length; at += REQUESTS_MAX) {
    const some = paths.slice(at, at + REQUESTS_MAX);
    const lists = await Promise.all(some.map((child) => childrenOf(zk, child, watches)));
    for (const [index, child] of some.entries()) yield* below(zk, child, lists[index] ?? [], watches);
  }
}

async function childrenOf(zk: ZooKeeper, path: string, watches: WalkWatches | undefined): Promise<string[]> {
  try {
    const { children } = await zk.getChildren(path, { watch: watches?.child });
    return sortNames(children);
  } catch (error) {
    // Listed a moment ago, and gone since.
    if (error instanceof KeeperError && error.code === 'NONODE') return [];
    throw error;
  }
}

/** How many multis of deletions are under way at once. */
const BATCHES_MAX = 10;

/**
 * Deletes a subtree, leaves first.
 * @param batchSize deletions per multi
 * @throws KeeperError; what was deleted before stays deleted
 */
export async function deleteTree(zk: ZooKeeper, root: string, batchSize: number): Promise<number> {
  // Breadth first: every znode stands before its children, so backwards the children come first.
  const { children } = await zk.getChildren(root);
  const paths = [root];
  let level = children.map((name) => childPath(root, name));
  while (level.length > 0) {
    paths.push(...level);
    const next: string[] = [];
    for (let at = 0; at < level.length; at += REQUESTS_MAX) {
      const some = level.slice(at, at + REQUESTS_MAX);
      const lists = await Promise.all(some.map((path) => childrenOf(zk, path, undefined)));
      lists.forEach((names, index) => {
        for (const name of names) next.push(childPath(some[index] ?? '', name));
      });
    }
    level = next;
  }
  paths.reverse();
  const under = new Set<Promise<void>>();
  let failure: Error | undefined;
  for (let at = 0; at < paths.length && failure === undefined; at += batchSize) {
    const ops = paths.slice(at, at + batchSize).map((path) => ({ type: 'delete' as const, path }));
    const batch = zk.multi(ops).then(
      () => void under.delete(batch),
      (error: unknown) => {
        under.delete(batch);
        failure ??= error instanceof Error ? error : new Error(String(error));
      },
    );
    under.add(batch);
    if (under.size >= BATCHES_MAX) await Promise.race(under);
  }
  await Promise.all(under);
  if (failure !== undefined) throw failure;
  return paths.length;
}

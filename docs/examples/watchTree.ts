/**
 * Keeps a copy of a subtree in memory and prints each change. Ends with Ctrl-C.
 *
 *     node dist/docs/examples/watchTree.js [servers] [path]
 *
 * Events tell that something changed, not what it is now: the value is read behind the event. A gap event tells that
 * the connection was down for a while, and then everything is read anew.
 */
import { connect, KeeperError, type ZooKeeper } from '../../src/client/index.js';

/** Data by path. */
type Copy = Map<string, string>;

/** Reads a znode into the copy, or takes it out when it is no more. */
async function refresh(zk: ZooKeeper, path: string, copy: Copy): Promise<void> {
  try {
    const { data } = await zk.getData(path);
    const text = data?.toString() ?? 'null';
    if (copy.get(path) === text) return;
    console.log(`${copy.has(path) ? 'changed' : 'added'} ${path} ${JSON.stringify(text)}`);
    copy.set(path, text);
  } catch (error) {
    if (!(error instanceof KeeperError && error.code === 'NONODE')) throw error;
    if (copy.delete(path)) console.log(`removed ${path}`);
  }
}

/** All paths below and including one. The requests of each level are under way together. */
async function walk(zk: ZooKeeper, path: string): Promise<string[]> {
  try {
    const { children } = await zk.getChildren(path);
    const below = await Promise.all(
      children.map((name) => walk(zk, path === '/' ? `/${name}` : `${path}/${name}`)),
    );
    return [path, ...below.flat()];
  } catch (error) {
    if (!(error instanceof KeeperError && error.code === 'NONODE')) throw error;
    return [];
  }
}

async function refreshAll(zk: ZooKeeper, path: string, copy: Copy): Promise<void> {
  const found = await walk(zk, path);
  await Promise.all([...new Set([...copy.keys(), ...found])].map((at) => refresh(zk, at, copy)));
}

const [servers = 'localhost:2181', path = '/'] = process.argv.slice(2);

await using zk = await connect({ servers });
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const copy: Copy = new Map();
// First the watch, then the look: what changes in between is seen.
const events = zk.watch(path, { recursive: true, signal: interrupted.signal });
await refreshAll(zk, path, copy);
console.log(`watching ${copy.size} znodes`);
for await (const event of events) {
  try {
    if (event.type === 'gap') await refreshAll(zk, path, copy);
    else await refresh(zk, event.path, copy);
  } catch (error) {
    // The connection broke while we read: a gap event follows and then everything is read again.
    if (!(error instanceof KeeperError && error.code === 'CONNECTIONLOSS')) throw error;
  }
}
console.log(`${copy.size} znodes in the end`);

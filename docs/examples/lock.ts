/**
 * A lock: take it, hold it for a while, give it back. Start it several times at once and watch them take turns.
 *
 *     node dist/docs/examples/lock.js [servers] [path] [milliseconds]
 *
 * Everyone who wants the lock creates an ephemeral znode with a sequence number; the lowest number has the lock, and
 * each of the others watches the one right before it, so a release wakes one and not all. If a holder dies, its
 * session expires, its znode goes and the next one has the lock.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, KeeperError, OneShotWatch, type ZooKeeper } from '../../src/client/index.js';

/** Settles when the lock is ours; call the result to give it back. */
async function acquire(zk: ZooKeeper, parent: string): Promise<() => Promise<void>> {
  const path = await enqueue(zk, parent);
  const name = path.slice(parent.length + 1);
  for (;;) {
    const { children } = await retried(() => zk.getChildren(parent));
    const queue = children.sort((a, b) => sequenceOf(a) - sequenceOf(b));
    const position = queue.indexOf(name);
    if (position === -1) throw new Error(`${path} was deleted`);
    if (position === 0) return () => retried(() => zk.delete(path));
    const ahead = `${parent}/${queue[position - 1]}`;
    const gone = new OneShotWatch();
    try {
      // Not exists: that would leave a watch behind on a znode that never comes back.
      await retried(() => zk.getData(ahead, { watch: gone }));
      await gone.event;
    } catch (error) {
      if (!hasCode(error, 'NONODE')) throw error;
    }
  }
}

/** Creates the znode that stands for us in the queue. */
async function enqueue(zk: ZooKeeper, parent: string): Promise<string> {
  // When the connection breaks we cannot know whether the znode came into being. Its name tells whose it is, so we
  // can look for it instead of standing in the queue twice.
  const id = randomUUID();
  for (;;) {
    try {
      return await zk.create(`${parent}/${id}-`, '', { ephemeral: true, sequential: true });
    } catch (error) {
      if (!hasCode(error, 'CONNECTIONLOSS')) throw error;
      const { children } = await retried(() => zk.getChildren(parent));
      const name = children.find((child) => child.startsWith(id));
      if (name !== undefined) return `${parent}/${name}`;
    }
  }
}

/** For what may be done twice: again after a broken connection. */
async function retried<T>(operation: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      if (!hasCode(error, 'CONNECTIONLOSS')) throw error;
    }
  }
}

function hasCode(error: unknown, code: KeeperError['code']): boolean {
  return error instanceof KeeperError && error.code === code;
}

/** The ten digits at the end of a sequential znode's name. */
function sequenceOf(name: string): number {
  return Number(name.slice(-10));
}

const [servers = 'localhost:2181', path = '/lock', holdMs = '2000'] = process.argv.slice(2);

await using zk = await connect({ servers, sessionTimeoutMs: 10_000 });
// A container goes by itself some time after the last child has gone.
await zk.create(path, '', { container: true }).catch((error: unknown) => {
  if (!hasCode(error, 'NODEEXISTS')) throw error;
});
console.log('waiting');
const release = await acquire(zk, path);
console.log(`locked ${Date.now()}`);
await sleep(Number(holdMs));
console.log(`unlocked ${Date.now()}`);
await release();

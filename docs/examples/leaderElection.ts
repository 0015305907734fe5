/**
 * Leader election: of all programs that run, one leads. Start it several times, end the leader and see who follows.
 *
 *     node dist/docs/examples/leaderElection.js [servers] [path] [name]
 *
 * What matters most is to stop leading in time. While the connection is down the servers may already have ended the
 * session and another may lead, so a leader that is disconnected must not act as one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, KeeperError, OneShotWatch, type ZooKeeper } from '../../src/client/index.js';

/** Runs `lead` whenever this program is the leader; its signal is aborted when it must stop. Settles when it returns. */
async function runForLeader(
  zk: ZooKeeper,
  parent: string,
  name: string,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const path = await zk.create(`${parent}/candidate-`, name, { ephemeral: true, sequential: true });
  for (;;) {
    const { children } = await zk.getChildren(parent);
    const ahead = children.sort()[children.indexOf(path.slice(parent.length + 1)) - 1];
    if (ahead === undefined) break;
    const gone = new OneShotWatch();
    try {
      const { data } = await zk.getData(`${parent}/${ahead}`, { watch: gone });
      console.log(`following, next after ${data?.toString()}`);
      await gone.event;
    } catch (error) {
      if (!(error instanceof KeeperError && error.code === 'NONODE')) throw error;
    }
  }
  const leading = new AbortController();
  const off = zk.on('state', (event) => {
    if (event.type !== 'connected') leading.abort(new Error(`the client is ${event.type}`));
  });
  try {
    await lead(leading.signal);
  } finally {
    off();
    if (zk.state === 'connected') await zk.delete(path);
  }
}

const [servers = 'localhost:2181', path = '/election', name = `program ${process.pid}`] =
  process.argv.slice(2);

await using zk = await connect({ servers, sessionTimeoutMs: 6000 });
await zk.create(path, '', { container: true }).catch((error: unknown) => {
  if (!(error instanceof KeeperError && error.code === 'NODEEXISTS')) throw error;
});
// Closing ends the session at once, so the next candidate need not wait for it to expire.
process.once('SIGINT', () => void zk.close());
process.once('SIGTERM', () => void zk.close());

try {
  await runForLeader(zk, path, name, async (signal) => {
    console.log(`leading as ${name}`);
    // The work of a leader would stand here; it must heed the signal.
    await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
    console.log(`stopped: ${String(signal.reason)}`);
  });
} catch (error) {
  if (zk.state !== 'closed') throw error;
}

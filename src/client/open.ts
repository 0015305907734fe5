/** The ways to get a client. */
import { ZooKeeper } from './api.js';
import type { ClientOptions } from './options.js';

/**
 * Starts a client without waiting for a server: operations called meanwhile wait for the connection.
 * @throws KeeperError BADARGUMENTS for options that make no sense
 */
export function open(options: ClientOptions): ZooKeeper {
  return new ZooKeeper(options);
}

/**
 * Starts a client and waits for its session.
 * @throws KeeperError CONNECTIONLOSS when no server gives one within `connectTimeoutMs`, SESSIONEXPIRED when the one to
 * resume is gone, AUTHFAILED, BADARGUMENTS; the reason of `signal` when that is aborted
 */
export async function connect(options: ClientOptions): Promise<ZooKeeper> {
  const zk = new ZooKeeper(options);
  try {
    await zk.connected({ timeoutMs: options.connectTimeoutMs ?? 30_000, signal: options.signal });
  } catch (error) {
    await zk.close({ keepSession: true });
    throw error;
  }
  return zk;
}

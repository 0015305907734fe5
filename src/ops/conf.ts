/** Why this file exists: conf and dirs, what the server was told and where it keeps its data. */
import { join } from 'node:path';
import type { EnsembleConfig } from '../config/index.js';
import type { Status } from '../server/index.js';
import { lines, whole } from './format.js';

/** The configuration in effect. Keys and order are ZooKeeper's. */
export async function conf(status: Status): Promise<string> {
  const { config } = status;
  const sizes = await status.sizes();
  const own = lines(
    `clientPort=${status.clientPort || -1}`,
    `secureClientPort=${status.secureClientPort ?? -1}`,
    `dataDir=${join(config.dataDir, 'version-2')}`,
    `dataDirSize=${whole(sizes.dataDir)}`,
    `dataLogDir=${join(config.dataLogDir, 'version-2')}`,
    `dataLogSize=${whole(sizes.dataLogDir)}`,
    `tickTime=${config.tickTime}`,
    `maxClientCnxns=${config.maxClientCnxns}`,
    `minSessionTimeout=${config.minSessionTimeout}`,
    `maxSessionTimeout=${config.maxSessionTimeout}`,
    `clientPortListenBacklog=${config.clientPortListenBacklog}`,
    `serverId=${config.serverId ?? 0}`,
  );
  if (config.ensemble === undefined) return own;
  // The text of the membership ends without a newline, and so does the answer. Read-only servers leave it out.
  const all = status.readOnly ? '' : `membership: \n${status.ensemble?.membership ?? ''}`;
  return own + lines(...member(config.ensemble, config.tickTime)) + all;
}

/** What follows for a member of an ensemble. */
function member({ self, initLimitMs, syncLimitMs }: EnsembleConfig, tickTime: number): string[] {
  const ports = (of: 'electionPort' | 'quorumPort'): string =>
    self.addresses.map((address) => address[of]).join('|');
  return [
    `initLimit=${initLimitMs / tickTime}`,
    `syncLimit=${syncLimitMs / tickTime}`,
    // The only one that ZooKeeper has left. Ours is another one with the same outcome.
    'electionAlg=3',
    `electionPort=${ports('electionPort')}`,
    `quorumPort=${ports('quorumPort')}`,
    `peerType=${self.role === 'observer' ? 1 : 0}`,
  ];
}

/** Bytes of the files in both directories. */
export async function dirs(status: Status): Promise<string> {
  const { dataDir, dataLogDir } = await status.sizes();
  return lines(`datadir_size: ${whole(dataDir)}`, `logdir_size: ${whole(dataLogDir)}`);
}

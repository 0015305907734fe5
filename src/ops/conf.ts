/** Why this file exists: conf and dirs, what the server was told and where it keeps its data. */
import { join } from 'node:path';
import type { Status } from '../server/index.js';
import { lines, whole } from './format.js';

/** The configuration in effect. Keys and order are ZooKeeper's for a single server. */
export async function conf(status: Status): Promise<string> {
  const { config } = status;
  const sizes = await status.sizes();
  return lines(
    `clientPort=${status.clientPort}`,
    'secureClientPort=-1',
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
}

/** Bytes of the files in both directories. */
export async function dirs(status: Status): Promise<string> {
  const { dataDir, dataLogDir } = await status.sizes();
  return lines(`datadir_size: ${whole(dataDir)}`, `logdir_size: ${whole(dataLogDir)}`);
}

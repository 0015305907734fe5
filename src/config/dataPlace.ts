/** Where a server keeps its data: Apache's layout, so that operators find it. */
import { join } from 'node:path';
import type { ServerConfig } from './serverConfig.js';

/** Where Apache ZooKeeper keeps its files below dataDir and dataLogDir, and we ours. */
const VERSION_DIR = 'version-2';

/** Directories of the databases, and whose they are. */
export interface DataPlace {
  readonly dataDir: string;
  readonly dataLogDir: string;
  readonly serverId: number;
}

/** @returns where the server of this configuration has its data, or will have them */
export function dataPlaceOf(config: Pick<ServerConfig, 'dataDir' | 'dataLogDir' | 'serverId'>): DataPlace {
  return {
    dataDir: join(config.dataDir, VERSION_DIR),
    dataLogDir: join(config.dataLogDir, VERSION_DIR),
    serverId: config.serverId ?? 0,
  };
}

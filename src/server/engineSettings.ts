/** What of the configuration concerns the engine. */
import type { ServerConfig } from '../config/index.js';
import type { EngineSettings } from '../engine/index.js';

/** Session ids of a standalone server carry this, whatever `myid` says. */
const STANDALONE_SERVER_ID = 1;

export function engineSettings(config: ServerConfig): EngineSettings {
  const { auth } = config;
  const schemes = new Set(['ip']);
  if (auth.digestEnabled) schemes.add('digest');
  if (auth.sasl?.aclScheme === true) schemes.add('sasl');
  return {
    serverId: STANDALONE_SERVER_ID,
    tickMs: config.tickTime,
    sessionTimeoutMsMin: config.minSessionTimeout,
    sessionTimeoutMsMax: config.maxSessionTimeout,
    // A client takes no frame above its own jute.maxbuffer, which should be the same.
    multiReadBytesMax: 4 * config.maxFrameBytes,
    containerNeverUsedMsMax: config.containerMaxNeverUsedIntervalMs,
    prepare: {
      acl: {
        skip: auth.skipAcl,
        schemes,
        ...(auth.letAnySaslUserDoX === undefined ? {} : { anySaslUser: auth.letAnySaslUserDoX }),
      },
      extendedTypesEnabled: config.extendedTypesEnabled,
      enforceQuota: config.enforceQuota,
      reconfigEnabled: config.reconfigEnabled,
    },
  };
}

/** What of the configuration concerns the engine. */
import { randomInt } from 'node:crypto';
import { formatMembership, type EnsembleConfig, type ServerConfig } from '../config/index.js';
import type { EngineSettings } from '../engine/index.js';
import type { PeerSettings } from '../zab/index.js';
import { EnsembleConfiguration, memberships } from './memberships.js';

/** Session ids of a standalone server carry this, whatever `myid` says. */
const STANDALONE_SERVER_ID = 1;
/** Of jute.maxbuffer: a list of children beyond it is warned of, while clients can still read it and delete some. */
const LONG_LIST_PART = 3 / 4;

export function engineSettings(config: ServerConfig): EngineSettings {
  const { auth } = config;
  const schemes = new Set(['ip']);
  if (auth.digestEnabled) schemes.add('digest');
  if (auth.sasl?.aclScheme === true) schemes.add('sasl');
  if (auth.x509) schemes.add('x509');
  return {
    serverId: config.ensemble?.id ?? STANDALONE_SERVER_ID,
    ...ensembleSettings(config.ensemble),
    hashSeed: randomInt(2 ** 32),
    tickMs: config.tickTime,
    sessionTimeoutMsMin: config.minSessionTimeout,
    sessionTimeoutMsMax: config.maxSessionTimeout,
    // A client takes no frame above its own jute.maxbuffer, which should be the same.
    multiReadBytesMax: 4 * config.maxFrameBytes,
    longListBytes: LONG_LIST_PART * config.maxFrameBytes,
    ...(config.watchesPerSessionMax > 0 ? { watchesPerSessionMax: config.watchesPerSessionMax } : {}),
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
      ...(config.ephemeralsPerSessionMax > 0
        ? { ephemeralsPerSessionMax: config.ephemeralsPerSessionMax }
        : {}),
    },
  };
}

function ensembleSettings(ensemble: EnsembleConfig | undefined): Partial<EngineSettings> {
  if (ensemble === undefined) return {};
  return {
    peer: peerSettings(ensemble),
    memberships: memberships(!ensemble.standaloneEnabled),
    configText: formatMembership(ensemble.membership),
    localSessions: ensemble.localSessionsEnabled,
    localSessionsUpgrading: ensemble.localSessionsUpgradingEnabled,
    readOnlyMode: ensemble.readOnlyMode,
    leaderServes: ensemble.leaderServes,
  };
}

function peerSettings(ensemble: EnsembleConfig): PeerSettings {
  return {
    id: ensemble.id,
    configuration: new EnsembleConfiguration(ensemble.membership),
    heartbeatMs: ensemble.heartbeatMs,
    leaseMs: ensemble.leaseTimeMs,
    peerTimeoutMs: ensemble.peerTimeoutMs,
    discoveryTimeoutMs: ensemble.discoveryTimeoutMs,
    finalizeWaitMs: FINALIZE_WAIT_MS,
    syncStallMs: SYNC_STALL_MS,
    windowBytes: WINDOW_BYTES,
    cacheBytes: CACHE_BYTES,
    snapThresholdBytes: SNAP_THRESHOLD_BYTES,
  };
}

/** zab.md 1.11, 1.5 and 1.6. */
const FINALIZE_WAIT_MS = 50;
const SYNC_STALL_MS = 5000;
const WINDOW_BYTES = 16 * 1024 * 1024;
/** A learner that was away for seconds is served from memory. */
const CACHE_BYTES = 8 * 1024 * 1024;
const SNAP_THRESHOLD_BYTES = 16 * 1024 * 1024;

/** Why this file exists: a server at rest whose every number is known, for the tests of what is told about it. */
import { resolveConfig, type ServerConfig } from '../../../src/config/index.js';
import type { ConnectionStatus, Mode, Status } from '../../../src/server/index.js';
import { Distribution } from '../../../src/server/distribution.js';
import { NO_SESSION, OpCode, ZXID_ZERO, sessionIdOf, zxidOf } from '../../../src/types/index.js';

/** The session of the example. */
export const SESSION = sessionIdOf(0x100002b2c4d0000n);

/** As /zookeeper/config of `exampleMember` has it. */
export const MEMBERSHIP = [
  'server.1=127.0.0.1:2801:3801:participant',
  'server.2=127.0.0.1:2802:3802:participant',
  'server.3=127.0.0.1:2803:3803:participant;0.0.0.0:2181',
  'server.4=127.0.0.1:2804:3804:observer',
  'version=0',
].join('\n');

const PATHS = ['/lock', '/lock/holder'];

/** A configuration from keys of zoo.cfg. */
export function exampleConfig(keys: Readonly<Record<string, string>> = {}, myid?: string): ServerConfig {
  return resolveConfig({
    keys: {
      clientPort: '2181',
      tickTime: '2000',
      dataDir: '/data',
      dataLogDir: '/datalog',
      '4lw.commands.whitelist': '*',
      ...keys,
    },
    cwd: '/',
    readText: (path) => (path === '/data/myid' ? myid : undefined),
  }).config;
}

/** The connection of the session. */
export function exampleConnection(changes: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    address: '127.0.0.1',
    port: 51770,
    sessionId: SESSION,
    sessionTimeoutMs: 30_000,
    queued: 0,
    received: 5,
    sent: 6,
    reading: true,
    lastOp: OpCode.addWatch,
    establishedAt: 1795204918215,
    lastCxid: 4,
    lastZxid: zxidOf(6n),
    lastResponseAt: 2860448.25,
    lastLatency: 0.4,
    latency: { min: 0.1, avg: 2.2, max: 5.2 },
    ...changes,
  };
}

/** The one that asks a four-letter word. */
function asking(): ConnectionStatus {
  return exampleConnection({
    port: 43668,
    sessionId: NO_SESSION,
    received: 1,
    sent: 0,
    reading: false,
    lastOp: undefined,
    lastCxid: undefined,
    lastZxid: ZXID_ZERO,
    establishedAt: Date.UTC(2026, 10, 20, 20, 2, 7),
  });
}

/** So many times, so long, ms. */
function took(...times: readonly number[]): Distribution {
  const distribution = new Distribution();
  for (const ms of times) distribution.note(ms);
  return distribution;
}

/** The server that the samples in the table of words are about. */
export function exampleStatus(changes: Partial<Status> = {}): Status {
  const connections = [exampleConnection(), asking()];
  return {
    version: '0.1.0',
    builtAt: Date.UTC(2026, 0, 1),
    revision: undefined,
    config: exampleConfig(),
    clientPort: 2181,
    secureClientPort: undefined,
    serving: true,
    mode: 'standalone',
    readOnly: false,
    ensemble: undefined,
    uptimeMs: 86_400_000.4,
    lastZxid: zxidOf(6n),
    epoch: 0,
    nodeCount: 9,
    ephemeralsCount: 1,
    approximateDataSize: 123,
    packetsReceived: 7,
    packetsSent: 8,
    latency: { min: 0.1, avg: 2.2, max: 5.2 },
    readLatency: took(0, 0, 2),
    updateLatency: took(3, 5),
    writeStages: {
      queue: took(0, 0),
      prepare: took(0.2, 0.3),
      fsync: took(1, 2),
      quorum: took(0, 0),
      apply: took(0.1, 0.2),
      reply: took(0.1, 0.1),
    },
    slowRequests: 0,
    outstanding: 0,
    connectionsCount: connections.length,
    connections: () => connections,
    loads: () => [{ sessionId: SESSION, identity: 'digest:alice', watches: 4, ephemerals: 1 }],
    sessionsCount: 1,
    sessions: () => [{ id: SESSION, timeoutMs: 30_000 }],
    localSessionsCount: 0,
    localSessionBuckets: () => [],
    sessionBuckets: () => [{ expiresAt: Date.UTC(2026, 10, 20, 20, 2, 29), ids: [SESSION] }],
    ephemerals: () => new Map([[SESSION, new Set(['/lock/holder'])]]),
    watches: {
      total: 4,
      dataTotal: 2,
      byPath: () => new Map(PATHS.map((path) => [path, [SESSION]])),
      bySession: () => new Map([[SESSION, PATHS]]),
    },
    digests: () => [
      { zxid: zxidOf(0x80n), digest: 1371985504n },
      { zxid: zxidOf(0x100n), digest: 6214351233n },
    ],
    lastResponseSize: 16,
    minResponseSize: 16,
    maxResponseSize: 120,
    authFailures: 0,
    connectionsRejected: 0,
    requestsMalformed: 0,
    bytesReceived: 345,
    bytesSent: 678,
    connectRequests: 1,
    sessionsExpired: 0,
    slowFsyncs: 0,
    fsync: { count: 4, sum: 6, min: 1, max: 2 },
    sizes: () => Promise.resolve({ dataDir: 40960, dataLogDir: 81920 }),
    resetServerStats: () => undefined,
    resetConnectionStats: () => undefined,
    ...changes,
  };
}

/** The same server as one of four, the last of which observes. */
export function exampleMember(
  mode: Exclude<Mode, 'standalone'>,
  changes: Partial<Status> = {},
  keys: Readonly<Record<string, string>> = {},
): Status {
  return exampleStatus({
    config: exampleConfig(
      {
        initLimit: '10',
        syncLimit: '5',
        'server.1': '127.0.0.1:2801:3801',
        'server.2': '127.0.0.1:2802:3802',
        'server.3': '127.0.0.1:2803:3803;2181',
        'server.4': '127.0.0.1:2804:3804:observer',
        ...keys,
      },
      { leader: '3', follower: '2', observer: '4' }[mode],
    ),
    mode,
    ensemble: {
      membership: MEMBERSHIP,
      quorumSize: 3,
      leaderId: 3,
      leader:
        mode !== 'leader'
          ? undefined
          : {
              uptimeMs: 5000,
              learners: 3,
              syncedFollowers: 2,
              syncedNonVotingFollowers: 0,
              syncedObservers: 1,
              pendingSyncs: 0,
              proposalSizes: { last: 92, min: 48, max: 111 },
            },
      proposals: 8,
      commits: 7,
      diffs: 2,
      snapshots: 1,
      elections: 1,
      electionTime: { count: 1, sum: 211, min: 211, max: 211 },
      alarms: 0,
      phase: 'broadcast',
    },
    ...changes,
  });
}

/**
 * What a server lets others look at: the four-letter words, and later HTTP and metrics, read this and nothing else.
 * Everything is as of the moment of the call.
 */
import type { ServerConfig } from '../config/index.js';
import type { SessionId, Zxid } from '../types/index.js';
import type { DistributionStatus } from './distribution.js';
import type { WriteStage } from './writeStages.js';

/** Latency of requests in ms, from arrival to reply. */
export interface LatencyStatus {
  readonly min: number;
  readonly avg: number;
  readonly max: number;
}

/** One client connection. */
export interface ConnectionStatus {
  /** Numeric address without a zone, IPv4 in its own form. */
  readonly address: string;
  readonly port: number;
  /** 0 before the handshake. */
  readonly sessionId: SessionId;
  readonly sessionTimeoutMs: number;
  /** Requests received and not answered. */
  readonly queued: number;
  readonly received: number;
  readonly sent: number;
  /** False while the server does not read from it. */
  readonly reading: boolean;
  /** Op code of the last request, undefined before the first. */
  readonly lastOp: number | undefined;
  /** ms since 1970 */
  readonly establishedAt: number;
  /** xid of the last request, undefined before the first. */
  readonly lastCxid: number | undefined;
  readonly lastZxid: Zxid;
  /** ms on the server's monotonic clock */
  readonly lastResponseAt: number;
  readonly lastLatency: number;
  readonly latency: LatencyStatus;
}

/** What the session of an open connection holds. */
export interface SessionLoad {
  readonly sessionId: SessionId;
  /** Who it is, as whoAmI says: its first identity that is more than an address, `digest:alice`, or else `ip:10.0.0.1`. */
  readonly identity: string;
  readonly watches: number;
  readonly ephemerals: number;
}

export interface WatchStatus {
  /** Pairs of connection and path, both tables together. */
  readonly total: number;
  /** The data table alone, which is all that wchs, wchc and wchp know. */
  readonly dataTotal: number;
  /** Per path with a data watch the sessions. */
  readonly byPath: () => ReadonlyMap<string, readonly SessionId[]>;
  /** Per session with a data watch the paths. */
  readonly bySession: () => ReadonlyMap<SessionId, readonly string[]>;
}

/** ZAB's phases; clients are served in the last. */
export type Phase = 'election' | 'synchronization' | 'broadcast';

/** What a server is to the others, as `srvr` names it. */
export type Mode = 'standalone' | 'leader' | 'follower' | 'observer';

/** Sizes of proposals in bytes, of this leadership and since srst; each -1 before the first. */
export interface ProposalSizes {
  readonly last: number;
  readonly min: number;
  readonly max: number;
}

/** What only a leader knows. */
export interface LeaderStatus {
  /** ms since it leads */
  readonly uptimeMs: number;
  /** Servers that are connected to it, up to date or not. */
  readonly learners: number;
  readonly syncedFollowers: number;
  /** Those of them that have no vote. */
  readonly syncedNonVotingFollowers: number;
  readonly syncedObservers: number;
  /** Requests `sync` that wait for a quorum to confirm the leader. */
  readonly pendingSyncs: number;
  readonly proposalSizes: ProposalSizes;
}

/** A server's place in its ensemble. */
export interface EnsembleStatus {
  /** The members in effect, as /zookeeper/config has them. */
  readonly membership: string;
  /** Servers that vote. */
  readonly quorumSize: number;
  /** Who leads, as far as this server knows. */
  readonly leaderId: number | undefined;
  /** Undefined on all servers but a leader that serves. */
  readonly leader: LeaderStatus | undefined;
  /** Since the start of this server, as leader: proposals, and those committed. */
  readonly proposals: number;
  readonly commits: number;
  /** Learners brought up to date by this server, with records and with a snapshot. */
  readonly diffs: number;
  readonly snapshots: number;
  /** How often it looked for a leader. */
  readonly elections: number;
  /** How long it looked, in ms, each time that it found one. */
  readonly electionTime: SummaryStatus;
  /** ZAB's phase, in ZooKeeper's words. */
  readonly phase: Phase;
  /** Things that must not happen, see the log. */
  readonly alarms: number;
}

/** `min` and `max` mean nothing while `count` is 0. */
export interface SummaryStatus {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface Status {
  /** Zabkeeper's version, e.g. 0.1.0. */
  readonly version: string;
  /** ms since 1970 of the build. */
  readonly builtAt: number;
  /** Revision of the source, 40 hex digits; undefined when it was not known at build time. */
  readonly revision: string | undefined;
  readonly config: ServerConfig;
  /** The port in use, also where the configuration says 0. */
  readonly clientPort: number;
  /** The port for clients with TLS; undefined when there is none. */
  readonly secureClientPort: number | undefined;
  /** False while the server starts, stops, or cannot write its log. */
  readonly serving: boolean;
  readonly mode: Mode;
  readonly readOnly: boolean;
  /** Undefined when this server is alone. */
  readonly ensemble: EnsembleStatus | undefined;
  readonly uptimeMs: number;
  readonly lastZxid: Zxid;
  readonly epoch: number;
  /** As ZooKeeper counts: the root twice. */
  readonly nodeCount: number;
  readonly ephemeralsCount: number;
  readonly approximateDataSize: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly latency: LatencyStatus;
  /** The same times, of requests that read and that write. */
  readonly readLatency: DistributionStatus;
  readonly updateLatency: DistributionStatus;
  /** Where the time of writes goes, ms. */
  readonly writeStages: Readonly<Record<WriteStage, DistributionStatus>>;
  /** Requests that took longer than `zabkeeper.slowRequestMs`. */
  readonly slowRequests: number;
  /** Requests in progress. */
  readonly outstanding: number;
  readonly connectionsCount: number;
  readonly connections: () => readonly ConnectionStatus[];
  /** One for each connection that has a session. */
  readonly loads: () => readonly SessionLoad[];
  /** Sessions that the whole ensemble knows. */
  readonly sessionsCount: number;
  /** With their timeouts, in the order of their ids. */
  readonly sessions: () => readonly { readonly id: SessionId; readonly timeoutMs: number }[];
  /** These sessions by expiry time (ms since 1970), soonest first; only a leader or a server alone knows them. */
  readonly sessionBuckets: () => readonly {
    readonly expiresAt: number;
    readonly ids: readonly SessionId[];
  }[];
  /** Sessions that only this server knows. */
  readonly localSessionsCount: number;
  readonly localSessionBuckets: Status['sessionBuckets'];
  readonly ephemerals: () => ReadonlyMap<SessionId, ReadonlySet<string>>;
  readonly watches: WatchStatus;
  /** Digests of the tree at every 128th zxid, oldest first. */
  readonly digests: () => readonly { readonly zxid: Zxid; readonly digest: bigint }[];
  readonly lastResponseSize: number;
  readonly minResponseSize: number;
  readonly maxResponseSize: number;
  readonly authFailures: number;
  readonly connectionsRejected: number;
  readonly requestsMalformed: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Sessions asked for, new ones and old ones. */
  readonly connectRequests: number;
  /** Sessions whose time was over, as this server decided. */
  readonly sessionsExpired: number;
  /** fsync times of the log in ms since the last reset. */
  readonly fsync: SummaryStatus;
  /** Writes of the log that took longer than `fsync.warningthresholdms`. */
  readonly slowFsyncs: number;
  /** Bytes of the database files. */
  readonly sizes: () => Promise<{ readonly dataDir: number; readonly dataLogDir: number }>;
  readonly resetServerStats: () => void;
  readonly resetConnectionStats: () => void;
}

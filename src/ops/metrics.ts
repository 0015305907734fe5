/**
 * Why this file exists: the one list of what this server measures, under ZooKeeper's names. mntr prints it, /metrics
 * has it and docs/operations.md lists it. A name of ZooKeeper that is not here is not measured; nothing is reported as 0
 * for want of a number.
 */
import type { DistributionStatus, SessionLoad, Status } from '../server/index.js';
import type { ProcessStatus } from './processStatus.js';

/** One number. */
export interface Metric {
  /** ZooKeeper's, without `zk_`. */
  readonly name: string;
  /** A counter only grows. */
  readonly kind: 'gauge' | 'counter';
  /** Unit and meaning, for operators. */
  readonly doc: string;
  /** Printed with a decimal point also when it is whole, as Java does. */
  readonly fractional?: true;
  /** Undefined where it has no meaning: there is no line then. */
  readonly value: (status: Status, process: ProcessStatus) => number | undefined;
}

/** Several numbers of one kind of event. */
export interface Summary {
  /** ZooKeeper's, without `zk_` and without the `avg_`, `min_`, `max_`, `cnt_`, `sum_` in front. */
  readonly name: string;
  readonly doc: string;
  /** Whether its values know quantiles. */
  readonly quantiles: boolean;
  readonly values: (status: Status) => SummaryValues | undefined;
}

/** What a summary consists of. `min` and `max` mean nothing while `count` is 0. */
export interface SummaryValues {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** How long that part (0 to 1) took at most in the last minute or two; undefined when there was none. */
  readonly quantile?: (part: number) => number | undefined;
}

/** Several kinds of event, told apart by a label. */
export interface Histogram {
  readonly name: string;
  readonly doc: string;
  readonly label: string;
  readonly values: (status: Status) => Readonly<Record<string, DistributionStatus>>;
}

/** A number per session or identity, of those with the largest ones. */
export interface TopList {
  readonly name: string;
  readonly doc: string;
  readonly label: 'session' | 'identity';
  readonly value: (load: SessionLoad) => number;
}

/** The parts for which summaries have quantiles: those of ZooKeeper's Prometheus provider and those of mntr. */
export const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999] as const;

/** In the order they are printed. */
export const metrics: readonly Metric[] = [
  {
    name: 'min_latency',
    kind: 'gauge',
    doc: 'Shortest time from the arrival of a request to its reply since the start or srst, ms.',
    value: (status) => status.latency.min,
  },
  {
    name: 'avg_latency',
    kind: 'gauge',
    doc: 'Mean of these times, ms.',
    fractional: true,
    value: (status) => status.latency.avg,
  },
  {
    name: 'max_latency',
    kind: 'gauge',
    doc: 'Longest of these times, ms.',
    value: (status) => status.latency.max,
  },
  {
    name: 'packets_received',
    kind: 'gauge',
    doc: 'Frames from clients since the start or srst.',
    value: (status) => status.packetsReceived,
  },
  {
    name: 'packets_sent',
    kind: 'gauge',
    doc: 'Frames to clients since the start or srst.',
    value: (status) => status.packetsSent,
  },
  {
    name: 'num_alive_connections',
    kind: 'gauge',
    doc: 'Open client connections, the one that asks included.',
    value: (status) => status.connectionsCount,
  },
  {
    name: 'outstanding_requests',
    kind: 'gauge',
    doc: 'Requests without a reply yet.',
    value: (status) => status.outstanding,
  },
  {
    name: 'uptime',
    kind: 'gauge',
    doc: 'Time since the start, ms.',
    value: (status) => status.uptimeMs,
  },
  {
    name: 'znode_count',
    kind: 'gauge',
    doc: 'Znodes. As in ZooKeeper the root counts twice.',
    value: (status) => status.nodeCount,
  },
  {
    name: 'watch_count',
    kind: 'gauge',
    doc: 'Watches on data and on children.',
    value: (status) => status.watches.total,
  },
  {
    name: 'ephemerals_count',
    kind: 'gauge',
    doc: 'Ephemeral znodes.',
    value: (status) => status.ephemeralsCount,
  },
  {
    name: 'approximate_data_size',
    kind: 'gauge',
    doc: 'Bytes of paths and data of all znodes.',
    value: (status) => status.approximateDataSize,
  },
  {
    name: 'global_sessions',
    kind: 'gauge',
    doc: 'Sessions that the whole ensemble knows, with a connection or without.',
    value: (status) => status.sessionsCount,
  },
  {
    name: 'local_sessions',
    kind: 'gauge',
    doc: 'Sessions that this server alone knows (`localSessionsEnabled`, read-only mode).',
    value: (status) => status.localSessionsCount,
  },
  {
    name: 'open_file_descriptor_count',
    kind: 'gauge',
    doc: 'Open files and sockets of the process; -1 where the system has no /proc.',
    value: (_status, process) => process.openFileDescriptors,
  },
  {
    name: 'max_file_descriptor_count',
    kind: 'gauge',
    doc: 'Limit of these (`ulimit -n`); -1 where the system has no /proc.',
    value: (_status, process) => process.maxFileDescriptors,
  },
  {
    name: 'connection_drop_probability',
    kind: 'gauge',
    doc: 'Always 0.0: connections are not dropped at random.',
    fractional: true,
    value: () => 0,
  },
  {
    name: 'last_client_response_size',
    kind: 'gauge',
    doc: 'Bytes of the last reply; -1 before the first.',
    value: (status) => status.lastResponseSize,
  },
  {
    name: 'max_client_response_size',
    kind: 'gauge',
    doc: 'Bytes of the largest reply since the start or srst; -1 before the first.',
    value: (status) => status.maxResponseSize,
  },
  {
    name: 'min_client_response_size',
    kind: 'gauge',
    doc: 'Bytes of the smallest; -1 before the first.',
    value: (status) => status.minResponseSize,
  },
  {
    name: 'auth_failed_count',
    kind: 'gauge',
    doc: 'Failed authentications.',
    value: (status) => status.authFailures,
  },
  {
    name: 'bytes_received_count',
    kind: 'counter',
    doc: 'Bytes from clients.',
    value: (status) => status.bytesReceived,
  },
  {
    name: 'response_bytes',
    kind: 'counter',
    doc: 'Bytes of replies to clients.',
    value: (status) => status.bytesSent,
  },
  {
    name: 'connection_request_count',
    kind: 'counter',
    doc: 'Sessions that clients asked for, new ones and old ones.',
    value: (status) => status.connectRequests,
  },
  {
    name: 'stale_sessions_expired',
    kind: 'counter',
    doc: 'Sessions that this server ended because nothing was heard of their clients: the leader, or a server alone.',
    value: (status) => status.sessionsExpired,
  },
  {
    name: 'slow_requests',
    kind: 'counter',
    doc: 'Requests that took longer than `zabkeeper.slowRequestMs`; the log has some of them. Not a name of ZooKeeper.',
    value: (status) => status.slowRequests,
  },
  {
    name: 'fsync_threshold_exceed_count',
    kind: 'counter',
    doc: 'Writes of the log that took longer than `fsync.warningthresholdms`.',
    value: (status) => status.slowFsyncs,
  },
  {
    name: 'connection_rejected',
    kind: 'counter',
    doc: 'Connections refused because of `maxClientCnxns` or `maxCnxns`.',
    value: (status) => status.connectionsRejected,
  },
  {
    name: 'malformed_requests',
    kind: 'counter',
    doc: 'Requests that could not be decoded. Not a name of ZooKeeper.',
    value: (status) => status.requestsMalformed,
  },
  {
    name: 'quorum_size',
    kind: 'gauge',
    doc: 'Ensemble: servers that vote.',
    value: ({ ensemble, readOnly }) => (readOnly ? undefined : ensemble?.quorumSize),
  },
  {
    name: 'observer_master_id',
    kind: 'gauge',
    doc: 'Observer: the id of the server that it follows.',
    value: ({ ensemble, mode }) => (mode === 'observer' ? ensemble?.leaderId : undefined),
  },
  {
    name: 'leader_uptime',
    kind: 'gauge',
    doc: 'Leader: time since it leads, ms.',
    value: ({ ensemble }) => ensemble?.leader?.uptimeMs,
  },
  {
    name: 'learners',
    kind: 'gauge',
    doc: 'Leader: servers connected to it, up to date or not.',
    value: ({ ensemble }) => ensemble?.leader?.learners,
  },
  {
    name: 'synced_followers',
    kind: 'gauge',
    doc: 'Leader: followers that are up to date.',
    value: ({ ensemble }) => ensemble?.leader?.syncedFollowers,
  },
  {
    name: 'synced_non_voting_followers',
    kind: 'gauge',
    doc: 'Leader: those of them that have no vote.',
    value: ({ ensemble }) => ensemble?.leader?.syncedNonVotingFollowers,
  },
  {
    name: 'synced_observers',
    kind: 'gauge',
    doc: 'Leader: observers that are up to date.',
    value: ({ ensemble }) => ensemble?.leader?.syncedObservers,
  },
  {
    name: 'pending_syncs',
    kind: 'gauge',
    doc: 'Leader: `sync` requests that wait for a quorum to confirm that it still leads.',
    value: ({ ensemble }) => ensemble?.leader?.pendingSyncs,
  },
  {
    name: 'last_proposal_size',
    kind: 'gauge',
    doc: 'Leader: bytes of the last proposal; -1 before the first.',
    value: ({ ensemble }) => ensemble?.leader?.proposalSizes.last,
  },
  {
    name: 'max_proposal_size',
    kind: 'gauge',
    doc: 'Leader: bytes of the largest since it leads or srst; -1 before the first.',
    value: ({ ensemble }) => ensemble?.leader?.proposalSizes.max,
  },
  {
    name: 'min_proposal_size',
    kind: 'gauge',
    doc: 'Leader: bytes of the smallest; -1 before the first.',
    value: ({ ensemble }) => ensemble?.leader?.proposalSizes.min,
  },
  {
    name: 'proposal_count',
    kind: 'counter',
    doc: 'Ensemble: txns that this server proposed as leader.',
    value: ({ ensemble }) => ensemble?.proposals,
  },
  {
    name: 'commit_count',
    kind: 'counter',
    doc: 'Ensemble: those of them that a quorum has and that are applied.',
    value: ({ ensemble }) => ensemble?.commits,
  },
  {
    name: 'diff_count',
    kind: 'counter',
    doc: 'Ensemble: servers that this one brought up to date with records of its log.',
    value: ({ ensemble }) => ensemble?.diffs,
  },
  {
    name: 'snap_count',
    kind: 'counter',
    doc: 'Ensemble: servers that this one brought up to date with a snapshot.',
    value: ({ ensemble }) => ensemble?.snapshots,
  },
  {
    name: 'looking_count',
    kind: 'counter',
    doc: 'Ensemble: how often this server looked for a leader.',
    value: ({ ensemble }) => ensemble?.elections,
  },
  {
    name: 'peer_alarms',
    kind: 'counter',
    doc: 'Ensemble: things between servers that must not happen; the log has them. Not a name of ZooKeeper.',
    value: ({ ensemble }) => ensemble?.alarms,
  },
  {
    name: 'serving',
    kind: 'gauge',
    doc: '1 while clients are served, with writes or reads alone; 0 otherwise. Not a name of ZooKeeper.',
    value: (status) => (status.serving ? 1 : 0),
  },
  {
    name: 'read_only',
    kind: 'gauge',
    doc: '1 while there is no quorum and reads are served all the same. Not a name of ZooKeeper.',
    value: (status) => (status.readOnly ? 1 : 0),
  },
];

/** Printed behind the metrics. */
export const summaries: readonly Summary[] = [
  {
    name: 'readlatency',
    doc: 'Time from the arrival of a request that reads to its reply, ms. One that is answered in the turn of its arrival took 0.',
    quantiles: true,
    values: (status) => status.readLatency,
  },
  {
    name: 'updatelatency',
    doc: 'The same for requests that write, and for the beginning and end of sessions, ms.',
    quantiles: true,
    values: (status) => status.updateLatency,
  },
  {
    name: 'fsynctime',
    doc: 'Time the log took to reach the disk, per write, ms.',
    quantiles: false,
    values: (status) => status.fsync,
  },
  {
    name: 'election_time',
    doc: 'Ensemble: time from looking for a leader to finding one, ms.',
    quantiles: false,
    values: ({ ensemble }) => ensemble?.electionTime,
  },
];

/** Printed behind the summaries. */
export const histograms: readonly Histogram[] = [
  {
    name: 'write_stage_time_ms',
    label: 'stage',
    doc: 'Where the time of writes goes, ms. `queue`: from arrival until it is taken up, on the server of its client. Then, on each server for each record of the log: `prepare`: checks, txn; `fsync`: until this disk has it; `quorum`: until the disks of a quorum have it as well; `apply`: to the tree, with watches; `reply`: replies and events to the system. Not a name of ZooKeeper.',
    values: (status) => status.writeStages,
  },
];

/** Only /metrics has them: `zabkeeper.metricsTop` of each. Sessions are those of open connections to this server. */
export const topLists: readonly TopList[] = [
  {
    name: 'session_watch_count',
    label: 'session',
    doc: 'Watches of the sessions that have most.',
    value: ({ watches }) => watches,
  },
  {
    name: 'session_ephemerals_count',
    label: 'session',
    doc: 'Ephemeral znodes of the sessions that have most.',
    value: ({ ephemerals }) => ephemerals,
  },
  {
    name: 'identity_watch_count',
    label: 'identity',
    doc: 'Watches of all sessions of an identity, of the identities that have most.',
    value: ({ watches }) => watches,
  },
  {
    name: 'identity_ephemerals_count',
    label: 'identity',
    doc: 'Ephemeral znodes of all sessions of an identity, of the identities that have most.',
    value: ({ ephemerals }) => ephemerals,
  },
];

/**
 * Why this file exists: the one list of what this server measures, under ZooKeeper's names. mntr prints it and
 * docs/operations.md lists it. A name of ZooKeeper that is not here is not measured; nothing is reported as 0 for want
 * of a number.
 */
import type { Status } from '../server/index.js';
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
  readonly values: (status: Status) => SummaryValues | undefined;
}

/** What a summary consists of. `min` and `max` mean nothing while `count` is 0. */
export interface SummaryValues {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

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
];

/** Printed behind the metrics. */
export const summaries: readonly Summary[] = [
  {
    name: 'fsynctime',
    doc: 'Time the log took to reach the disk, per write, ms.',
    values: (status) => status.fsync,
  },
  {
    name: 'election_time',
    doc: 'Ensemble: time from looking for a leader to finding one, ms.',
    values: ({ ensemble }) => ensemble?.electionTime,
  },
];

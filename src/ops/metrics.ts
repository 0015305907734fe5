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
  readonly value: (status: Status, process: ProcessStatus) => number;
}

/** Several numbers of one kind of event. */
export interface Summary {
  /** ZooKeeper's, without `zk_` and without the `avg_`, `min_`, `max_`, `cnt_`, `sum_` in front. */
  readonly name: string;
  readonly doc: string;
  readonly values: (status: Status) => SummaryValues;
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
    doc: 'Sessions, with a connection or without.',
    value: (status) => status.sessionsCount,
  },
  {
    name: 'local_sessions',
    kind: 'gauge',
    doc: 'Always 0: there are no local sessions.',
    value: () => 0,
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
];

/** Printed behind the metrics. */
export const summaries: readonly Summary[] = [
  {
    name: 'fsynctime',
    doc: 'Time the log took to reach the disk, per write, ms.',
    values: (status) => status.fsync,
  },
];

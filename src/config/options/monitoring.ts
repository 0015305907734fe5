/**
 * Why this file exists: the part of the option table about what a server tells of itself: four-letter words, the admin
 * server, metrics and the log of slow requests.
 */
import { bool, choice, family, ignored, int, list, optionalText, path, text } from '../option.js';

/** What the server tells about itself, by ZooKeeper's names. */
export const reportOptions = {
  fourLetterWords: list(
    '4lw.commands.whitelist',
    ['ruok', 'srvr', 'stat', 'mntr', 'isro', 'conf', 'dirs', 'wchs', 'cons', 'envi'],
    {
      doc: 'The four-letter words that are answered; `*` means all. `srvr` is always answered, because status scripts need it. ZooKeeper answers only `srvr` by default.',
    },
  ),
  auditEnable: bool('audit.enable', false, {
    doc: 'Whether every change that clients ask for is written to an audit log, see `zabkeeper.auditFile`.',
  }),
  adminEnable: bool('admin.enableServer', true, {
    doc: 'Whether the HTTP admin server is started. If its port is taken the server warns and goes on without it.',
  }),
  adminPort: int('admin.serverPort', 8080, {
    max: 65535,
    doc: 'The port of the admin server. 0 means any free one, which the log names.',
  }),
  adminAddress: text('admin.serverAddress', '127.0.0.1', {
    doc: 'The address or host name that the admin server listens on. ZooKeeper listens on every address by default; `0.0.0.0` does so here.',
  }),
  adminCommandUrl: text('admin.commandURL', '/commands', {
    doc: 'The path below which the admin server offers its commands.',
  }),
  adminIdleTimeout: int('admin.idleTimeout', 30_000, {
    unit: 'ms',
    min: 1,
    doc: 'After this time without traffic the admin server closes a connection.',
  }),
  adminSnapshot: bool('admin.snapshot.enabled', true, {
    status: 'later',
    doc: 'Whether the admin server offers `snapshot`.',
  }),
  adminRestore: bool('admin.restore.enabled', true, {
    status: 'later',
    doc: 'Whether the admin server offers `restore`.',
  }),
  adminRateLimit: int('admin.rateLimiterIntervalInMS', 300_000, {
    status: 'later',
    unit: 'ms',
    doc: 'The least time between two `snapshot` or two `restore` commands.',
  }),
  adminPortUnification: bool('admin.portUnification', false, {
    status: 'later',
    doc: 'Whether the admin server accepts HTTP and HTTPS on one port.',
  }),
  adminForceHttps: bool('admin.forceHttps', false, {
    status: 'later',
    doc: 'Whether the admin server accepts HTTPS alone.',
  }),
  adminNeedClientAuth: bool('admin.needClientAuth', false, {
    status: 'later',
    doc: 'Whether the admin server demands a client certificate.',
  }),
  adminHttpVersion: choice('admin.httpVersion', '11', ['11', '2'], {
    status: 'later',
    doc: 'The HTTP version of the admin server: 11 or 2.',
  }),
  metricsProvider: optionalText('metricsProvider.className', {
    scope: 'file',
    defaultText: 'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
    doc: "Who publishes metrics. With `org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider` there is `/metrics` on `metricsProvider.httpPort`. ZooKeeper's own class names are known; any other is an error.",
  }),
  metricsHost: text('metricsProvider.httpHost', '0.0.0.0', {
    scope: 'file',
    doc: 'The address or host name that the Prometheus provider listens on.',
  }),
  metricsPort: int('metricsProvider.httpPort', 7000, {
    scope: 'file',
    max: 65535,
    doc: 'The port of the Prometheus provider. 0 means any free one, which the log names.',
  }),
  metricsProcess: bool('metricsProvider.exportJvmInfo', true, {
    scope: 'file',
    doc: 'Whether `/metrics` has the numbers of the process as well: `process_*`, and `nodejs_*` where ZooKeeper has `jvm_*`.',
  }),
  metricsWorkers: ignored('metricsProvider.numWorkerThreads', 'Counting needs no threads.', {
    scope: 'file',
  }),
  metricsQueue: ignored('metricsProvider.maxQueueSize', 'Counting needs no queue.', { scope: 'file' }),
  metricsShutdown: ignored('metricsProvider.workerShutdownTimeoutMs', 'Counting needs no threads.', {
    scope: 'file',
  }),
};

/** What ZooKeeper does not have. */
export const ownReportOptions = {
  adminTokenFile: path('zabkeeper.adminTokenFile', {
    doc: 'A file with the token that commands of the admin server which change something ask for, in the header `Authorization: Bearer <token>`. Without it the admin server refuses these commands.',
  }),
  slowRequest: int('zabkeeper.slowRequestMs', 500, {
    unit: 'ms',
    doc: 'A request that takes longer is logged with where its time went, at most one a second, and counted in `slow_requests`. 0 turns that off.',
  }),
  watchesMax: int('zabkeeper.watchesPerSessionMax', 0, {
    doc: 'How many watches a session may have; a persistent one counts twice. A further one is refused with QUOTAEXCEEDED, and a client that brings more along to a new connection is let go. 0 means no limit but that of memory, which is about 128 MiB per session.',
  }),
  ephemeralsMax: int('zabkeeper.ephemeralsPerSessionMax', 0, {
    doc: 'How many ephemeral znodes a session may have; a further one is refused with QUOTAEXCEEDED. The leader decides, by what is applied, so what a client has in flight may exceed it. 0 means no limit.',
  }),
  metricsTop: int('zabkeeper.metricsTop', 10, {
    max: 1000,
    doc: 'How many sessions and identities `/metrics` names: those with the most watches, and with the most ephemeral znodes. 0 means none.',
  }),
};

/** Keys for other providers than those of ZooKeeper. */
export const metricsFamilies = [
  family('metricsProvider.<name>', {
    status: 'javaOnly',
    doc: 'There are no other settings of the metrics provider.',
  }),
];

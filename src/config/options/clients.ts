/**
 * Why this file exists: the part of the option table about client connections, sessions and requests.
 */
import { bool, choice, decimal, int, list, long, optionalText, port } from '../option.js';

/** Where clients connect and how long their sessions last. */
export const clientOptions = {
  clientPort: port('clientPort', {
    scope: 'file',
    doc: 'The port for plain client connections and four-letter words. A server needs one, here or in the client part of its `server.N` line, or `secureClientPort`.',
  }),
  clientPortAddress: optionalText('clientPortAddress', {
    scope: 'file',
    defaultText: 'any address',
    doc: 'The address or host name that `clientPort` binds to. Without it the port is open on every interface.',
  }),
  secureClientPort: port('secureClientPort', {
    scope: 'file',
    doc: 'The port for TLS client connections. Needs `ssl.keyStore.location`.',
  }),
  secureClientPortAddress: optionalText('secureClientPortAddress', {
    scope: 'file',
    defaultText: 'any address',
    doc: 'The address or host name that `secureClientPort` binds to.',
  }),
  tickTime: int('tickTime', 3000, {
    scope: 'file',
    unit: 'ms',
    min: 1,
    doc: 'The basic unit of time: sessions expire on its multiples, and limits counted in ticks use it. Sample files use 2000.',
  }),
  minSessionTimeout: int('minSessionTimeout', -1, {
    scope: 'file',
    unit: 'ms',
    min: -1,
    defaultText: '2 × tickTime',
    doc: 'The shortest session timeout a client can get; a shorter wish is raised to it. -1 means the default.',
  }),
  maxSessionTimeout: int('maxSessionTimeout', -1, {
    scope: 'file',
    unit: 'ms',
    min: -1,
    defaultText: '20 × tickTime',
    doc: 'The longest session timeout a client can get; a longer wish is lowered to it. -1 means the default.',
  }),
  clientPortListenBacklog: int('clientPortListenBacklog', -1, {
    scope: 'file',
    min: -1,
    defaultText: "-1 (the system's)",
    doc: 'How many connections may wait to be accepted on the client port. The operating system may lower it.',
  }),
  maxClientCnxns: int('maxClientCnxns', 60, {
    scope: 'file',
    min: -1,
    doc: 'How many connections one client address may hold; further ones are closed at once. 0 means no limit.',
  }),
  maxCnxns: int('maxCnxns', 0, {
    doc: 'How many client connections the server holds in all; further ones are closed at once. 0 means no limit.',
  }),
  sessionlessTimeout: int('nio.sessionlessCnxnTimeout', 10_000, {
    unit: 'ms',
    min: 1,
    doc: 'How long a connection may stay silent before it has opened a session; then it is closed.',
  }),
  clientTcpKeepAlive: bool('clientTcpKeepAlive', false, {
    doc: 'Whether client connections use TCP keep-alive, which finds half-open connections.',
  }),
};

/** What one request may ask for, and how many may wait. */
export const requestOptions = {
  maxBuffer: int('jute.maxbuffer', 0xfffff, {
    scope: 'jvm',
    unit: 'bytes',
    min: 1,
    doc: 'The longest request frame accepted, and so about the largest data of a znode. A longer one closes the connection. Set it alike on every server and client.',
  }),
  maxBufferExtra: int('jute.maxbuffer.extrasize', undefined, {
    unit: 'bytes',
    defaultText: 'as jute.maxbuffer',
    doc: 'What a record inside a frame may exceed `jute.maxbuffer` by, for txns that wrap a request. At least 1024.',
  }),
  globalOutstandingLimit: int('globalOutstandingLimit', 1000, {
    min: 1,
    doc: 'How many requests may be in progress before the server stops reading from connections that have requests waiting. Nothing is refused.',
  }),
  extendedTypes: bool('extendedTypesEnabled', true, {
    doc: 'Whether TTL znodes can be created. ZooKeeper has them off by default.',
  }),
  enforceQuota: bool('enforceQuota', false, {
    doc: 'Whether a write beyond a hard quota is refused. Otherwise it is only logged.',
  }),
  containerCheckInterval: int('znode.container.checkIntervalMs', 60_000, {
    scope: 'jvm',
    unit: 'ms',
    min: 1,
    doc: 'How often empty container znodes and expired TTL znodes are looked for and deleted.',
  }),
  containerMaxPerMinute: int('znode.container.maxPerMinute', 10_000, {
    scope: 'jvm',
    min: 1,
    doc: 'How many container and TTL znodes are deleted per minute at most.',
  }),
  containerMaxNeverUsed: long('znode.container.maxNeverUsedIntervalMs', 0, {
    scope: 'jvm',
    unit: 'ms',
    doc: 'After this time a container that never had a child is deleted as well. 0 keeps such containers.',
  }),
  largeRequestThreshold: int('largeRequestThreshold', -1, {
    status: 'later',
    unit: 'bytes',
    min: -1,
    doc: 'Requests above this size count as large. -1 turns the limit on large requests off.',
  }),
  largeRequestMaxBytes: int('largeRequestMaxBytes', 100 * 1024 * 1024, {
    status: 'later',
    unit: 'bytes',
    doc: 'How many bytes of large requests may be in progress; a connection that would exceed it is closed.',
  }),
  throttledOpWaitTime: int('throttled_op_wait_time', 0, {
    status: 'later',
    unit: 'ms',
    doc: 'A request that waited longer than this is answered with THROTTLEDOP. 0 turns it off.',
  }),
  throttleMaxRequests: int('request_throttle_max_requests', 0, {
    status: 'later',
    doc: 'How many requests the server works on before it lets new ones wait. 0 means no limit.',
  }),
  throttleStallTime: int('request_throttle_stall_time', 100, {
    status: 'later',
    unit: 'ms',
    doc: 'How long a request waits before `request_throttle_max_requests` is looked at again.',
  }),
  throttleDropStale: bool('request_throttle_drop_stale', true, {
    status: 'later',
    doc: 'Whether waiting requests are dropped when their connection is closed or their session has expired.',
  }),
  connectionTokens: int('connection_throttle_tokens', 0, {
    status: 'later',
    doc: 'The size of the token bucket that new connections draw from. 0 turns connection throttling off.',
  }),
  connectionFillTime: int('connection_throttle_fill_time', 1, {
    status: 'later',
    unit: 'ms',
    doc: 'How often the bucket is refilled.',
  }),
  connectionFillCount: int('connection_throttle_fill_count', 1, {
    status: 'later',
    doc: 'How many tokens a refill brings.',
  }),
  connectionFreezeTime: int('connection_throttle_freeze_time', -1, {
    status: 'later',
    unit: 'ms',
    min: -1,
    doc: 'How often the drop probability of connection throttling is adapted. -1 means never.',
  }),
  connectionDropIncrease: decimal('connection_throttle_drop_increase', 0.02, {
    status: 'later',
    doc: 'What the drop probability grows by when the bucket is empty.',
  }),
  connectionDropDecrease: decimal('connection_throttle_drop_decrease', 0.002, {
    status: 'later',
    doc: 'What the drop probability shrinks by when the bucket fills up.',
  }),
  connectionDecreaseRatio: decimal('connection_throttle_decrease_ratio', 0, {
    status: 'later',
    doc: 'How full the bucket must be for the drop probability to shrink.',
  }),
  connectionWeights: bool('connection_throttle_weight_enabled', false, {
    status: 'later',
    doc: 'Whether kinds of sessions draw different numbers of tokens.',
  }),
  connectionGlobalWeight: int('connection_throttle_global_session_weight', 3, {
    status: 'later',
    doc: 'Tokens a new global session draws.',
  }),
  connectionLocalWeight: int('connection_throttle_local_session_weight', 1, {
    status: 'later',
    doc: 'Tokens a new local session draws.',
  }),
  connectionRenewWeight: int('connection_throttle_renew_session_weight', 2, {
    status: 'later',
    doc: 'Tokens a resumed session draws.',
  }),
};

/** What the server tells about itself. */
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
    status: 'later',
    doc: 'Whether the HTTP admin server is started.',
  }),
  adminPort: int('admin.serverPort', 8080, {
    status: 'later',
    max: 65535,
    doc: 'The port of the admin server.',
  }),
  adminAddress: optionalText('admin.serverAddress', {
    status: 'later',
    defaultText: '0.0.0.0',
    doc: 'The address of the admin server.',
  }),
  adminCommandUrl: optionalText('admin.commandURL', {
    status: 'later',
    defaultText: '/commands',
    doc: 'The path below which the admin server offers its commands.',
  }),
  adminIdleTimeout: int('admin.idleTimeout', 30_000, {
    status: 'later',
    unit: 'ms',
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
    status: 'later',
    defaultText: 'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
    doc: "Who publishes metrics. ZooKeeper's own class names are known; any other is an error.",
  }),
};

/**
 * Why this file exists: the part of the option table about data on disk, and the options that are our own.
 */
import { logFormats, logLevels } from '../logOptions.js';
import { bool, choice, family, ignored, int, long, path } from '../option.js';

const MIB = 1024 * 1024;

/** Where data is kept. */
export const storageOptions = {
  dataDir: path('dataDir', {
    scope: 'file',
    defaultText: 'required',
    doc: 'The directory that holds `myid` and, in `version-2`, the znode tree. A relative path counts from the current directory.',
  }),
  dataLogDir: path('dataLogDir', {
    scope: 'file',
    defaultText: 'as dataDir',
    doc: 'The directory that holds the transaction log, in `version-2`. A disk of its own makes writes faster.',
  }),
  dataDirAutocreate: bool('datadir.autocreate', true, {
    doc: 'Whether missing data directories are created. With false a missing directory (an unmounted disk, say) stops the start.',
  }),
  fsyncWarning: int('fsync.warningthresholdms', 1000, {
    unit: 'ms',
    aliases: ['fsync.warningthresholdms'],
    doc: 'A write to the log that takes longer than this is reported in the log.',
  }),
  dbAutocreate: bool('db.autocreate', true, {
    status: 'javaOnly',
    doc: 'A member without data never helps to elect another one without data against members that have some, unless its `dataDir` holds a file named `initialize`.',
  }),
  forceSync: ignored('forceSync', 'No write is acknowledged before it is on disk, whatever is said here.'),
  snapCount: ignored(
    'snapCount',
    'There are no snapshot files to count transactions for: the tree is kept up to date on disk. See `zabkeeper.logRetentionRecords`.',
  ),
  snapSizeLimitInKb: ignored(
    'snapSizeLimitInKb',
    'There are no snapshot files. See `zabkeeper.logRetentionBytes`.',
  ),
  txnLogSizeLimitInKb: ignored(
    'txnLogSizeLimitInKb',
    'The log is one database. See `zabkeeper.logRetentionBytes`.',
  ),
  preAllocSize: ignored('preAllocSize', 'The log grows as its database needs.'),
  snapRetainCount: ignored(
    'autopurge.snapRetainCount',
    'Purging is always on. See `zabkeeper.logRetentionRecords`.',
    {
      scope: 'file',
    },
  ),
  purgeInterval: ignored(
    'autopurge.purgeInterval',
    'Purging is always on. See `zabkeeper.logRetentionRecords`.',
    {
      scope: 'file',
    },
  ),
  snapshotCompression: ignored('snapshot.compression.method', 'There are no snapshot files.'),
  snapshotTrustEmpty: ignored('snapshot.trust.empty', 'There are no snapshot files.'),
  serializeLastZxid: ignored(
    'serializeLastProcessedZxid.enabled',
    'The last applied zxid is always stored with the tree.',
  ),
  digestEnabled: ignored('digest.enabled', 'The log has its own check sums.'),
  closeSessionTxn: ignored(
    'closeSessionTxn.enabled',
    'A closed session always lists its ephemeral znodes in the log.',
  ),
  emulate353Ttl: ignored('emulate353TTLNodes', 'TTL znodes always use the current format.'),
};

/** What ZooKeeper does not have. */
export const ownOptions = {
  logRetentionRecords: int('zabkeeper.logRetentionRecords', 100_000, {
    min: 1,
    doc: 'How many transactions the log keeps after they have reached the tree, so that a learner that was away can catch up.',
  }),
  logRetentionBytes: long('zabkeeper.logRetentionBytes', 64 * MIB, {
    unit: 'bytes',
    min: 1,
    defaultText: '67108864 (64 MiB)',
    doc: 'How many bytes of such transactions the log keeps. The smaller of both limits counts.',
  }),
  diskWarnFreeBytes: long('zabkeeper.diskWarnFreeBytes', 512 * MIB, {
    unit: 'bytes',
    defaultText: '536870912 (512 MiB)',
    doc: 'With less free space than this in a data directory the server warns.',
  }),
  diskMinFreeBytes: long('zabkeeper.diskMinFreeBytes', 128 * MIB, {
    unit: 'bytes',
    defaultText: '134217728 (128 MiB)',
    doc: 'With less free space than this the server takes no more writes. At most 5 % of the file system count, so that small disks are of use.',
  }),
  acceptDataLoss: bool('zabkeeper.acceptDataLoss', false, {
    scope: 'file',
    doc: 'Whether to start although stored data is damaged and acknowledged writes may be lost. Use it once, then remove it.',
  }),
  peerTimeout: int('zabkeeper.peerTimeoutMs', undefined, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ms',
    min: 100,
    defaultText: '1500, or `syncLimit` × `tickTime` if that is less (but at least 200)',
    doc: 'How long servers may be silent to each other before a learner looks for another leader. The leader pings ten times in this time, at most every 150 ms, and steps down when no quorum has answered for 1200 ms, or less so that this happens before the timeout.',
  }),
  peerAddressCheck: bool('zabkeeper.peerAddressCheck', true, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether a connection to a peer port must come from an address of the member that it claims to be. Turn it off where addresses are translated between the servers.',
  }),
  auditFile: path('zabkeeper.auditFile', {
    defaultText: '`zookeeper_audit.log` in `dataLogDir`',
    doc: 'The file of the audit log: a JSON object per line, appended.',
  }),
  quorumSecretFile: path('zabkeeper.quorumSecretFile', {
    scope: 'file',
    status: 'ensemble',
    doc: 'A file with a secret, the same on all members, that who connects to a peer port must prove to know, and whoever is connected to as well. At least 16 characters of chance: `openssl rand -base64 32`.',
  }),
  quorumSecretRequired: bool('zabkeeper.quorumSecretRequired', true, {
    scope: 'file',
    status: 'ensemble',
    doc: 'With false members that do not know the secret yet are let in and called as well, so that a running ensemble can change over.',
  }),
  logLevel: choice('zabkeeper.logLevel', 'info', logLevels, {
    doc: 'The least important messages that are written to the log of the process.',
  }),
  logFormat: choice('zabkeeper.logFormat', 'auto', logFormats, {
    doc: 'How they are written: for people, or one JSON object per line. `auto` is pretty on a terminal and JSON elsewhere.',
  }),
};

/** Users of our own configuration. */
export const ownFamilies = [
  family('zabkeeper.sasl.user.<name>', {
    type: 'password',
    secret: true,
    doc: 'A SASL (DIGEST-MD5) user and its password, instead of a JAAS file. Also makes the `sasl` ACL scheme known. Overrides the same user of a JAAS file.',
  }),
];

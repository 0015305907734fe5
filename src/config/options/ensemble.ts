/**
 * Why this file exists: the part of the option table about an ensemble: its members, their elections and how learners
 * keep up. What tunes a mechanism of the Java server that does not exist here says so.
 */
import { bool, choice, family, int, path, text, yesNo } from '../option.js';

/** Members and limits. */
export const ensembleOptions = {
  initLimit: int('initLimit', 0, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ticks',
    defaultText: 'required in an ensemble',
    doc: 'Must be set in an ensemble, as in ZooKeeper. Here a learner that catches up is given up when it makes no progress, however long it takes, so that a large tree needs no larger value.',
  }),
  syncLimit: int('syncLimit', 0, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ticks',
    defaultText: 'required in an ensemble',
    doc: 'Must be set in an ensemble. `syncLimit` × `tickTime` is the upper bound of `zabkeeper.peerTimeoutMs` unless that is set.',
  }),
  connectToLearnerMasterLimit: int('connectToLearnerMasterLimit', 0, {
    scope: 'file',
    status: 'javaOnly',
    unit: 'ticks',
    defaultText: 'as initLimit',
    doc: 'A learner that does not reach the leader looks for another one after `cnxTimeout`.',
  }),
  electionAlg: choice('electionAlg', '3', ['3'], {
    scope: 'file',
    status: 'ensemble',
    doc: 'The election algorithm. Only 3, fast leader election, exists.',
    quiet: true,
  }),
  peerType: choice('peerType', 'participant', ['participant', 'observer'], {
    scope: 'file',
    status: 'ensemble',
    doc: 'The role of this server; the role in its `server.N` line wins.',
  }),
  dynamicConfigFile: path('dynamicConfigFile', {
    scope: 'file',
    doc: 'A file that holds the `server.N`, `group.N` and `weight.N` lines, which then may not stand in zoo.cfg.',
  }),
  standaloneEnabled: bool('standaloneEnabled', true, {
    scope: 'file',
    doc: 'Whether a single `server.N` line makes a standalone server. With false it makes an ensemble of one that can grow.',
  }),
  reconfigEnabled: bool('reconfigEnabled', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether members can be changed while the ensemble runs.',
  }),
  localSessions: bool('localSessionsEnabled', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether sessions start as local ones, known to their server alone.',
  }),
  localSessionsUpgrading: bool('localSessionsUpgradingEnabled', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether a local session becomes a global one when it creates its first ephemeral znode.',
  }),
  syncEnabled: bool('syncEnabled', true, {
    scope: 'file',
    status: 'later',
    property: 'zookeeper.observer.syncEnabled',
    doc: 'Whether observers keep a log on disk, which makes their restarts faster. They always do.',
  }),
  observerMasterPort: int('observerMasterPort', 0, {
    scope: 'file',
    status: 'later',
    max: 65535,
    doc: 'The port on which followers serve observers. 0 means they do not.',
  }),
  quorumListenOnAllIps: bool('quorumListenOnAllIPs', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether peer ports listen on every address instead of the one in the `server.N` line.',
  }),
  multiAddress: bool('multiAddress.enabled', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether a `server.N` line may give several addresses.',
  }),
  multiAddressCheck: bool('multiAddress.reachabilityCheckEnabled', true, {
    scope: 'file',
    status: 'javaOnly',
    doc: 'The addresses of a member are tried one after the other, whatever is said here.',
  }),
  multiAddressTimeout: int('multiAddress.reachabilityCheckTimeoutMs', 1000, {
    scope: 'file',
    status: 'javaOnly',
    unit: 'ms',
    doc: 'Such a try takes at most `cnxTimeout`.',
  }),
  oraclePath: path('oraclePath', {
    scope: 'file',
    status: 'later',
    doc: 'The file by which an outside oracle decides which of two servers may go on alone.',
  }),
  leaderServes: yesNo('leaderServes', true, {
    status: 'ensemble',
    doc: 'Whether the leader accepts clients.',
  }),
  readOnlyMode: bool('readonlymode.enabled', false, {
    scope: 'jvm',
    status: 'ensemble',
    doc: 'Whether a server that has lost its quorum serves reads to clients that ask for it.',
  }),
  cnxTimeout: int('cnxTimeout', 500, {
    status: 'ensemble',
    unit: 'ms',
    min: 1,
    doc: 'How long opening a connection to another server may take. ZooKeeper has 5000.',
  }),
  quorumCnxnTimeout: int('quorumCnxnTimeoutMs', -1, {
    status: 'javaOnly',
    unit: 'ms',
    min: -1,
    doc: 'Connections for elections stay open.',
  }),
  electionPortBindRetry: int('electionPortBindRetry', 3, {
    status: 'ensemble',
    doc: 'How often binding the election port is tried before the server gives up. 0 means forever.',
  }),
  maxTimeToWaitForEpoch: int('leader.maxTimeToWaitForEpoch', -1, {
    status: 'javaOnly',
    unit: 'ms',
    min: -1,
    doc: 'A new leader waits 2000 ms for a quorum to agree on an epoch, and then looks again.',
  }),
  minNotificationInterval: int('fastleader.minNotificationInterval', 200, {
    status: 'javaOnly',
    unit: 'ms',
    doc: 'A vote is sent when it changes, and again when a connection comes up.',
  }),
  maxNotificationInterval: int('fastleader.maxNotificationInterval', 60_000, {
    status: 'javaOnly',
    unit: 'ms',
    doc: 'As for `fastleader.minNotificationInterval`.',
  }),
  observerReconnectDelay: int('observer.reconnectDelayMs', 0, {
    status: 'javaOnly',
    unit: 'ms',
    doc: 'An observer connects again at once, as any learner does.',
  }),
  observerElectionDelay: int('observer.election.DelayMs', 200, {
    status: 'javaOnly',
    unit: 'ms',
    doc: 'An observer hears of a new leader as soon as there is one.',
  }),
  tcpKeepAlive: bool('tcpKeepAlive', false, {
    status: 'javaOnly',
    doc: 'Links between servers carry pings, which find a broken one sooner.',
  }),
  sslQuorum: bool('sslQuorum', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether members talk to each other through TLS, see `ssl.quorum.`.',
  }),
  portUnification: bool('portUnification', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether peer ports accept plain and TLS connections, so that a running ensemble can change over (docs/security.md).',
  }),
  sslQuorumReload: bool('sslQuorumReloadCertFiles', true, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether changed stores of `ssl.quorum` are read again while the server runs. ZooKeeper does not by default.',
  }),
  enableSasl: bool('quorum.auth.enableSasl', false, {
    scope: 'file',
    status: 'later',
    doc: 'Whether members can authenticate each other with SASL.',
  }),
  learnerRequireSasl: bool('quorum.auth.learnerRequireSasl', false, {
    scope: 'file',
    status: 'later',
    doc: 'Whether a learner insists on it. Needs `quorum.auth.enableSasl`. With true an ensemble does not start.',
  }),
  serverRequireSasl: bool('quorum.auth.serverRequireSasl', false, {
    scope: 'file',
    status: 'later',
    doc: 'Whether the accepting side insists on it. Needs `quorum.auth.learnerRequireSasl`. With true an ensemble does not start.',
  }),
  kerberosServicePrincipal: text('quorum.auth.kerberos.servicePrincipal', 'zkquorum/localhost', {
    scope: 'file',
    status: 'later',
    doc: 'The Kerberos principal of the members.',
  }),
  learnerLoginContext: text('quorum.auth.learner.saslLoginContext', 'QuorumLearner', {
    scope: 'file',
    status: 'later',
    doc: 'The JAAS section of the connecting member.',
  }),
  serverLoginContext: text('quorum.auth.server.saslLoginContext', 'QuorumServer', {
    scope: 'file',
    status: 'later',
    doc: 'The JAAS section of the accepting member.',
  }),
};

/** Members, groups and weights. */
export const ensembleFamilies = [
  family('server.N', {
    type: 'member',
    doc: 'A member: `host:quorumPort:electionPort[:participant|observer][;[clientHost:]clientPort]`, several addresses separated by `|`. N is what the file `myid` of that server holds.',
  }),
  family('group.N', {
    status: 'ensemble',
    type: 'ids',
    doc: 'The ids of the members of a group, separated by `:`, for hierarchical quorums.',
  }),
  family('weight.N', {
    status: 'ensemble',
    type: 'integer',
    doc: 'The weight of a member inside its group; 1 by default.',
  }),
];

/**
 * Why this file exists: the part of the option table about an ensemble: its members, their elections and how learners
 * keep up. All of it is read and checked today, so that files for ensembles load; most of it acts once servers form one.
 */
import { bool, choice, family, int, path, text, yesNo } from '../option.js';

/** Members and limits. */
export const ensembleOptions = {
  initLimit: int('initLimit', 0, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ticks',
    defaultText: 'required in an ensemble',
    doc: 'How long a learner may take to connect to the leader and to catch up.',
  }),
  syncLimit: int('syncLimit', 0, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ticks',
    defaultText: 'required in an ensemble',
    doc: 'How long a learner may be silent or lag behind before the leader drops it.',
  }),
  connectToLearnerMasterLimit: int('connectToLearnerMasterLimit', 0, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ticks',
    defaultText: 'as initLimit',
    doc: 'How long a learner tries to connect to the leader after an election.',
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
    status: 'ensemble',
    property: 'zookeeper.observer.syncEnabled',
    doc: 'Whether observers keep a log on disk, which makes their restarts faster.',
  }),
  observerMasterPort: int('observerMasterPort', 0, {
    scope: 'file',
    status: 'ensemble',
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
    status: 'ensemble',
    doc: 'Whether addresses are tried before one is chosen.',
  }),
  multiAddressTimeout: int('multiAddress.reachabilityCheckTimeoutMs', 1000, {
    scope: 'file',
    status: 'ensemble',
    unit: 'ms',
    doc: 'How long such a try may take.',
  }),
  oraclePath: path('oraclePath', {
    scope: 'file',
    status: 'ensemble',
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
  cnxTimeout: int('cnxTimeout', 5000, {
    status: 'ensemble',
    unit: 'ms',
    doc: 'How long connecting to the election port of a member may take.',
  }),
  quorumCnxnTimeout: int('quorumCnxnTimeoutMs', -1, {
    status: 'ensemble',
    unit: 'ms',
    min: -1,
    doc: 'How long an election connection may be silent. -1 means: as long as its election takes.',
  }),
  electionPortBindRetry: int('electionPortBindRetry', 3, {
    status: 'ensemble',
    doc: 'How often binding the election port is tried before the server gives up. 0 means forever.',
  }),
  maxTimeToWaitForEpoch: int('leader.maxTimeToWaitForEpoch', -1, {
    status: 'ensemble',
    unit: 'ms',
    min: -1,
    doc: 'How long a new leader waits for a quorum to agree on an epoch. -1 means: `initLimit`.',
  }),
  minNotificationInterval: int('fastleader.minNotificationInterval', 200, {
    status: 'ensemble',
    unit: 'ms',
    doc: 'The shortest pause between repeated votes.',
  }),
  maxNotificationInterval: int('fastleader.maxNotificationInterval', 60_000, {
    status: 'ensemble',
    unit: 'ms',
    doc: 'The longest pause between repeated votes.',
  }),
  observerReconnectDelay: int('observer.reconnectDelayMs', 0, {
    status: 'ensemble',
    unit: 'ms',
    doc: 'How long an observer waits before it connects again.',
  }),
  observerElectionDelay: int('observer.election.DelayMs', 200, {
    status: 'ensemble',
    unit: 'ms',
    doc: 'How long an observer waits before it asks for the leader again.',
  }),
  tcpKeepAlive: bool('tcpKeepAlive', false, {
    status: 'ensemble',
    doc: 'Whether election connections use TCP keep-alive.',
  }),
  sslQuorum: bool('sslQuorum', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether members talk to each other through TLS.',
  }),
  portUnification: bool('portUnification', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether peer ports accept plain and TLS connections.',
  }),
  sslQuorumReload: bool('sslQuorumReloadCertFiles', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether changed stores of `ssl.quorum` are read again while the server runs.',
  }),
  enableSasl: bool('quorum.auth.enableSasl', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether members can authenticate each other with SASL.',
  }),
  learnerRequireSasl: bool('quorum.auth.learnerRequireSasl', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether a learner insists on it. Needs `quorum.auth.enableSasl`.',
  }),
  serverRequireSasl: bool('quorum.auth.serverRequireSasl', false, {
    scope: 'file',
    status: 'ensemble',
    doc: 'Whether the accepting side insists on it. Needs `quorum.auth.learnerRequireSasl`.',
  }),
  kerberosServicePrincipal: text('quorum.auth.kerberos.servicePrincipal', 'zkquorum/localhost', {
    scope: 'file',
    status: 'ensemble',
    doc: 'The Kerberos principal of the members.',
  }),
  learnerLoginContext: text('quorum.auth.learner.saslLoginContext', 'QuorumLearner', {
    scope: 'file',
    status: 'ensemble',
    doc: 'The JAAS section of the connecting member.',
  }),
  serverLoginContext: text('quorum.auth.server.saslLoginContext', 'QuorumServer', {
    scope: 'file',
    status: 'ensemble',
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

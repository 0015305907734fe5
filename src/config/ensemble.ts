/**
 * Why this file exists: what a member of an ensemble must know before it speaks to the others, and every reason for
 * which it must not: a server that joins with a wrong idea of who votes can split an ensemble.
 */
import { ConfigError } from './errors.js';
import type { Membership } from './membership.js';
import type { Option } from './option.js';
import { clientOptions, ensembleOptions, ownOptions, quorumTlsOptions, requestOptions } from './options.js';
import { Problems } from './problems.js';
import type { EnsembleConfig } from './serverConfig.js';
import type { Member } from './serverLine.js';
import type { Settings } from './settings.js';
import { resolveServerTls } from './tls.js';

/** ZooKeeper's range: the id is the highest byte of session ids. */
const ID_MAX = 255;
/** The highest byte of an ephemeral owner marks TTL znodes when it is 255. */
const ID_MAX_WITH_TTL = 254;

/** Whoever records a proof on the wire can try guesses at home. */
const SECRET_LENGTH_MIN = 16;
const MAKE_SECRET = 'Make one with openssl rand -base64 32 and give all members the same.';

/** zab.md 1.11. */
const HEARTBEAT_MS = 150;
const LEASE_MS = 1200;
const PEER_TIMEOUT_MS = 1500;
/** A pause of the garbage collector or the scheduler must not end a term. */
const PEER_TIMEOUT_MS_MIN = 200;
const DISCOVERY_TIMEOUT_MS = 2000;

/** What this server knows as a member of an ensemble; throws `ConfigError` for the first or for all of its mistakes. */
export function resolveEnsemble(
  settings: Settings,
  membership: Membership,
  { id: serverId, file: myidFile }: { readonly id: number | undefined; readonly file: string },
  absolute: (path: string) => string,
  readText: (path: string) => string | undefined,
): EnsembleConfig {
  const problems = new Problems();
  problems.attempt(() => checkIds(membership, settings));
  problems.attempt(() => checkAddresses(membership));
  problems.attempt(() => checkVotes(membership));
  problems.attempt(() => checkUnsupported(settings));
  const tls = problems.attempt(() => resolveQuorumTls(settings, absolute));
  const secret = problems.attempt(() => resolveSecret(settings, readText));
  const self = problems.attempt(() => findSelf(membership, serverId, myidFile));
  const initLimit = problems.attempt(() => required(settings, ensembleOptions.initLimit));
  const syncLimit = problems.attempt(() => required(settings, ensembleOptions.syncLimit));
  const tickTime = problems.attempt(() => settings.take(clientOptions.tickTime));
  const peerTimeout = problems.attempt(() => settings.take(ownOptions.peerTimeout));
  problems.throwIfAny();
  if (!self || !tls || initLimit === undefined || syncLimit === undefined || tickTime === undefined)
    throw new Error('unreachable: whatever is missing was reported');

  warnAboutPeerType(settings, self);
  const syncLimitMs = syncLimit * tickTime;
  const peerTimeoutMs = peerTimeout ?? Math.max(PEER_TIMEOUT_MS_MIN, Math.min(PEER_TIMEOUT_MS, syncLimitMs));
  return Object.freeze({
    id: self.id,
    self,
    membership,
    initLimitMs: initLimit * tickTime,
    syncLimitMs,
    ...peerTimes(peerTimeoutMs),
    discoveryTimeoutMs: DISCOVERY_TIMEOUT_MS,
    connectTimeoutMs: settings.take(ensembleOptions.cnxTimeout),
    quorumListenOnAllIps: settings.take(ensembleOptions.quorumListenOnAllIps),
    electionPortBindRetry: settings.take(ensembleOptions.electionPortBindRetry),
    peerAddressCheck: settings.take(ownOptions.peerAddressCheck),
    ...tls,
    secret,
    standaloneEnabled: settings.take(ensembleOptions.standaloneEnabled),
    leaderServes: settings.take(ensembleOptions.leaderServes),
    localSessionsEnabled: settings.take(ensembleOptions.localSessions),
    localSessionsUpgradingEnabled: settings.take(ensembleOptions.localSessionsUpgrading),
    readOnlyMode: settings.take(ensembleOptions.readOnlyMode),
  });
}

/** The times that follow from the peer timeout, so that leaseTime + heartbeat < peerTimeout whatever it is. */
export function peerTimes(
  peerTimeoutMs: number,
): Pick<EnsembleConfig, 'peerTimeoutMs' | 'heartbeatMs' | 'leaseTimeMs'> {
  const heartbeatMs = Math.min(HEARTBEAT_MS, Math.floor(peerTimeoutMs / 10));
  return { peerTimeoutMs, heartbeatMs, leaseTimeMs: Math.min(LEASE_MS, peerTimeoutMs - 2 * heartbeatMs) };
}

function required(settings: Settings, option: Option<number>): number {
  const ticks = settings.take(option);
  if (ticks > 0) return ticks;
  throw new ConfigError(
    'MISSING',
    `${settings.name(option)} must be set to a number of ticks in an ensemble.`,
  );
}

function findSelf({ members }: Membership, serverId: number | undefined, myidFile: string): Member {
  const known = members.map(({ id }) => id).join(', ');
  if (serverId === undefined) {
    throw new ConfigError(
      'MEMBERSHIP',
      `The file ${myidFile} is missing. In an ensemble dataDir must hold a file myid with the number of this server, ` +
        `the N of its server.N line (one of ${known}).`,
    );
  }
  const self = members.find(({ id }) => id === serverId);
  if (self !== undefined) return self;
  throw new ConfigError(
    'MEMBERSHIP',
    `The file ${myidFile} says ${serverId}, but there is no server.${serverId} line; there are lines for ${known}.`,
  );
}

function checkIds({ members }: Membership, settings: Settings): void {
  const max = settings.take(requestOptions.extendedTypes) ? ID_MAX_WITH_TTL : ID_MAX;
  const bad = members.find(({ id }) => id < 0 || id > max);
  if (bad === undefined) return;
  const why = max === ID_MAX ? '' : ' (255 only with extendedTypesEnabled=false)';
  throw new ConfigError('MEMBERSHIP', `The id of server.${bad.id} must be from 0 to ${max}${why}.`);
}

/** Two members behind one port: one of them would vote twice, or not at all. */
function checkAddresses({ members }: Membership): void {
  const problems = new Problems();
  const taken = new Map<string, string>();
  for (const { id, addresses } of members) {
    for (const { host, quorumPort, electionPort } of addresses) {
      for (const [what, port] of [
        ['quorum', quorumPort],
        ['election', electionPort],
      ] as const) {
        const key = `${host.toLowerCase()}:${port}`;
        const name = `the ${what} port of server.${id}`;
        const earlier = taken.get(key);
        if (earlier === undefined) taken.set(key, name);
        else {
          problems.attempt(() => {
            throw new ConfigError('MEMBERSHIP', `${key} is both ${earlier} and ${name}; they must differ.`);
          });
        }
      }
    }
  }
  problems.throwIfAny();
}

/** As ZooKeeper: with groups or weights, every participant is in exactly one group. */
function checkVotes({ members, groups, weights }: Membership): void {
  const participants = members.filter(({ role }) => role === 'participant');
  for (const [id, weight] of weights) {
    if (!members.some((member) => member.id === id)) {
      throw new ConfigError('MEMBERSHIP', `There is a weight.${id} line, but no server.${id} line.`);
    }
    if (weight < 0)
      throw new ConfigError('MEMBERSHIP', `weight.${id} is ${weight}; it must not be negative.`);
  }
  if (groups.size > 0 || weights.size > 0) {
    const grouped = [...groups.values()].flat();
    const twice = grouped.find((id, index) => grouped.indexOf(id) !== index);
    if (twice !== undefined) throw new ConfigError('MEMBERSHIP', `Server ${twice} is in two groups.`);
    const alone = participants.find(({ id }) => !grouped.includes(id));
    if (alone !== undefined) {
      throw new ConfigError(
        'MEMBERSHIP',
        `Server ${alone.id} is in no group; with group.N or weight.N lines every participant must be in one.`,
      );
    }
  }
  if (participants.every(({ id }) => weights.get(id) === 0)) {
    throw new ConfigError('MEMBERSHIP', 'Every participant has the weight 0, so nobody could vote.');
  }
}

/** TLS between members. With portUnification peer ports take both, so that a running ensemble can change over. */
function resolveQuorumTls(
  settings: Settings,
  absolute: (path: string) => string,
): Pick<EnsembleConfig, 'tls' | 'tlsCalls' | 'plainAccepted'> {
  const { sslQuorum, portUnification, sslQuorumReload } = ensembleOptions;
  const tlsCalls = settings.take(sslQuorum);
  const both = settings.take(portUnification);
  if (!tlsCalls && !both) return { tls: undefined, tlsCalls, plainAccepted: true };
  const why = `${settings.name(tlsCalls ? sslQuorum : portUnification)} is true`;
  const reload = settings.take(sslQuorumReload);
  const tls = resolveServerTls(settings, quorumTlsOptions, why, reload, absolute);
  if (tls.trustStore === undefined) {
    throw new ConfigError(
      'MISSING',
      `${why}, so ${quorumTlsOptions.trustStore.key} must name a file with the certificates of the authorities that the members are to trust.`,
    );
  }
  return { tls, tlsCalls, plainAccepted: both || !tlsCalls };
}

/** The file is read once: all members have to have the same, so it changes by a rolling restart (docs/security.md). */
function resolveSecret(
  settings: Settings,
  readText: (path: string) => string | undefined,
): EnsembleConfig['secret'] {
  const { quorumSecretFile, quorumSecretRequired } = ownOptions;
  const path = settings.take(quorumSecretFile);
  if (path === undefined) {
    if (!settings.isSet(quorumSecretRequired)) return undefined;
    throw new ConfigError(
      'CONFLICT',
      `${settings.name(quorumSecretRequired)} is set, but ${quorumSecretFile.key} is not; it must name the file with the secret.`,
    );
  }
  const secret = readText(path)?.trim();
  const option = settings.name(quorumSecretFile);
  if (secret === undefined)
    throw new ConfigError('FILE', `The file ${path}, named by ${option}, does not exist. ${MAKE_SECRET}`);
  if (secret.length < SECRET_LENGTH_MIN) {
    throw new ConfigError(
      'VALUE',
      `The secret in ${path}, named by ${option}, has ${secret.length} characters; at least ${SECRET_LENGTH_MIN} are needed, of chance. ${MAKE_SECRET}`,
    );
  }
  return Object.freeze({ bytes: Buffer.from(secret), required: settings.take(quorumSecretRequired) });
}

/** Whoever asks for a protected ensemble must not get an open one with a warning. */
function checkUnsupported(settings: Settings): void {
  for (const option of [ensembleOptions.learnerRequireSasl, ensembleOptions.serverRequireSasl]) {
    if (!settings.take(option)) continue;
    throw new ConfigError(
      'UNSUPPORTED',
      `${settings.name(option)} is true, but this server knows no SASL between servers. ` +
        'Let the members show certificates (sslQuorum) or prove a shared secret (zabkeeper.quorumSecretFile) instead.',
    );
  }
}

function warnAboutPeerType(settings: Settings, { id, role }: Member): void {
  const option = ensembleOptions.peerType;
  if (!settings.isSet(option) || settings.take(option) === role) return;
  settings.warnings.push(
    `${settings.name(option)} says ${settings.take(option)}, but the line server.${id} says ${role}; the line counts.`,
  );
}

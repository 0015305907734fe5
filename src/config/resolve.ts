/**
 * Why this file exists: from text to a checked `ServerConfig`, without touching the disk, so that every rule of startup
 * can be tested as a table. Whatever lies in other files comes through `readText`.
 */
import { join, resolve as resolvePath } from 'node:path';
import { resolveAuth } from './auth.js';
import { resolveEnsemble } from './ensemble.js';
import { ConfigError } from './errors.js';
import type { Membership, PlacedKey } from './membership.js';
import { isMembershipKey, judgeMembership, parseMembership, versionOfDynamicFile } from './membership.js';
import { resolveMonitoring } from './monitoring.js';
import type { Option } from './option.js';
import {
  clientOptions,
  clientTlsOptions,
  ensembleOptions,
  ownOptions,
  ownReportOptions,
  reportOptions,
  requestOptions,
  storageOptions,
  tlsOptions,
} from './options.js';
import { parseProperties } from './properties.js';
import type { EnsembleConfig, ServerConfig } from './serverConfig.js';
import type { JvmFlags } from './settings.js';
import { Settings } from './settings.js';
import { resolveServerTls, type TlsConfig } from './tls.js';

/** Everything a configuration is made of. */
export interface ConfigSources {
  /** zoo.cfg. */
  readonly file?: { readonly name: string; readonly text: string };
  /** Keys given on the command line instead, as `zabkeeper server <clientPort> <dataDir>` does. */
  readonly keys?: Readonly<Record<string, string>>;
  /** `-D` flags, weakest first. */
  readonly flags?: readonly JvmFlags[];
  /** The directory that relative paths count from. */
  readonly cwd: string;
  /** Reads a file that the configuration names, or gives undefined if there is none. */
  readText(path: string): string | undefined;
}

/** A usable configuration and what the operator should know about it. */
export interface ResolvedConfig {
  readonly config: ServerConfig;
  /** What may not be as intended: unknown keys, keys without effect. */
  readonly warnings: readonly string[];
  /** What was skipped on purpose. */
  readonly infos: readonly string[];
}

/** Reads, checks and completes a configuration; throws one `ConfigError` that tells all mistakes. */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const keys = fileKeys(sources);
  const settings = new Settings(keys, sources.flags ?? []);
  const { problems } = settings;
  const absolute = (path: string): string => resolvePath(sources.cwd, path);
  const readText = (path: string): string | undefined => sources.readText(absolute(path));
  // The default stands in for what cannot be read: it is never used, because the mistakes are thrown in the end.
  const take = <T>(option: Option<T>): T => problems.attempt(() => settings.take(option)) ?? option.default;

  const dirs = problems.attempt(() => dataDirs(settings, absolute));
  const identity = dirs && problems.attempt(() => readMyId(dirs.dataDir, sources));
  const membership = problems.attempt(() => resolveMembership(settings, keys, readText));
  const distributed = membership && problems.attempt(() => isDistributed(settings, membership));
  const ensemble =
    membership && identity && distributed === true
      ? problems.attempt(() => resolveEnsemble(settings, membership, identity, absolute, readText))
      : undefined;
  const listener =
    membership && identity && problems.attempt(() => clientListener(settings, membership, identity.id));
  if (ensemble && listener) problems.attempt(() => checkPorts(ensemble, listener));
  const times = problems.attempt(() => sessionTimes(settings));
  const clientTls = listener && problems.attempt(() => resolveClientTls(settings, listener, absolute));
  const auth = listener && problems.attempt(() => resolveAuth(settings, readText, takesTls(listener)));
  problems.attempt(() => checkPeerAuth(settings));
  const monitoring = resolveMonitoring(settings, readText);
  const maxBuffer = take(requestOptions.maxBuffer);

  const rest = {
    clientPortListenBacklog: take(clientOptions.clientPortListenBacklog),
    maxClientCnxns: Math.max(0, take(clientOptions.maxClientCnxns)),
    maxCnxns: take(clientOptions.maxCnxns),
    sessionlessTimeoutMs: take(clientOptions.sessionlessTimeout),
    clientTcpKeepAlive: take(clientOptions.clientTcpKeepAlive),
    dataDirAutocreate: take(storageOptions.dataDirAutocreate),
    fsyncWarningMs: take(storageOptions.fsyncWarning),
    logRetentionRecords: take(ownOptions.logRetentionRecords),
    logRetentionBytes: take(ownOptions.logRetentionBytes),
    diskWarnFreeBytes: take(ownOptions.diskWarnFreeBytes),
    diskMinFreeBytes: take(ownOptions.diskMinFreeBytes),
    acceptDataLoss: take(ownOptions.acceptDataLoss),
    maxFrameBytes: maxBuffer,
    maxFieldBytes: maxBuffer + Math.max(1024, take(requestOptions.maxBufferExtra) ?? maxBuffer),
    globalOutstandingLimit: take(requestOptions.globalOutstandingLimit),
    extendedTypesEnabled: take(requestOptions.extendedTypes),
    watchesPerSessionMax: take(ownReportOptions.watchesMax),
    ephemeralsPerSessionMax: take(ownReportOptions.ephemeralsMax),
    enforceQuota: take(requestOptions.enforceQuota),
    reconfigEnabled: take(ensembleOptions.reconfigEnabled),
    containerCheckIntervalMs: take(requestOptions.containerCheckInterval),
    containerMaxPerMinute: take(requestOptions.containerMaxPerMinute),
    containerMaxNeverUsedIntervalMs: take(requestOptions.containerMaxNeverUsed),
    // Status scripts are lost without srvr, so it is answered whatever the list says.
    fourLetterWords: Object.freeze([...new Set([...take(reportOptions.fourLetterWords), 'srvr'])]),
    logLevel: take(ownOptions.logLevel),
    logFormat: take(ownOptions.logFormat),
  };
  problems.throwIfAny();
  settings.reportStatus(ensemble !== undefined);
  if (!dirs || !identity || !membership || !listener || !times || !auth)
    throw new Error('unreachable: whatever is missing was reported');
  const config: ServerConfig = Object.freeze({
    configFile: sources.file?.name,
    ...listener,
    ...times,
    ...dirs,
    ...rest,
    clientTls,
    auditFile: auditFile(settings, dirs.dataLogDir, absolute),
    auth,
    monitoring,
    serverId: identity.id,
    membership,
    ensemble,
  });
  return Object.freeze({
    config,
    warnings: Object.freeze([...new Set(settings.warnings)]),
    infos: Object.freeze([...settings.infos]),
  });
}

function fileKeys({ file, keys = {} }: ConfigSources): PlacedKey[] {
  const given = Object.entries(keys).map(([key, value]) => ({ key, value, where: 'the command line' }));
  if (file === undefined) return given;
  const read = parseProperties(file.text, file.name);
  return [
    ...read.map(({ key, value, line }) => ({ key, value, where: `${file.name}, line ${line}` })),
    ...given,
  ];
}

function dataDirs(
  settings: Settings,
  absolute: (path: string) => string,
): Pick<ServerConfig, 'dataDir' | 'dataLogDir'> {
  const dataDir = settings.take(storageOptions.dataDir);
  if (dataDir === undefined)
    throw new ConfigError('MISSING', 'dataDir is not set; it must name a directory.');
  for (const option of [storageOptions.dataDir, storageOptions.dataLogDir]) {
    const path = settings.take(option);
    if (path === undefined || /^(\/|\.|[A-Za-z]:)/.test(path)) continue;
    settings.warnings.push(
      `${settings.name(option)} is a relative path, ${path}; put ./ in front of it to show that you mean it.`,
    );
  }
  return {
    dataDir: absolute(dataDir),
    dataLogDir: absolute(settings.take(storageOptions.dataLogDir) ?? dataDir),
  };
}

function auditFile(
  settings: Settings,
  dataLogDir: string,
  absolute: (path: string) => string,
): string | undefined {
  if (!settings.take(reportOptions.auditEnable)) return undefined;
  const path = settings.take(ownOptions.auditFile);
  return path === undefined ? join(dataLogDir, 'zookeeper_audit.log') : absolute(path);
}

function sessionTimes(
  settings: Settings,
): Pick<ServerConfig, 'tickTime' | 'minSessionTimeout' | 'maxSessionTimeout'> {
  const tickTime = settings.take(clientOptions.tickTime);
  const orTicks = (option: Option<number>, ticks: number): number => {
    const timeout = settings.take(option);
    return timeout === -1 ? tickTime * ticks : timeout;
  };
  const minSessionTimeout = orTicks(clientOptions.minSessionTimeout, 2);
  const maxSessionTimeout = orTicks(clientOptions.maxSessionTimeout, 20);
  if (minSessionTimeout > maxSessionTimeout) {
    throw new ConfigError(
      'CONFLICT',
      `${settings.name(clientOptions.minSessionTimeout)} is ${minSessionTimeout} ms, more than ` +
        `${settings.name(clientOptions.maxSessionTimeout)} with ${maxSessionTimeout} ms; it must not be larger.`,
    );
  }
  return { tickTime, minSessionTimeout, maxSessionTimeout };
}

/** The file holds one number; a standalone server needs none. */
function readMyId(dataDir: string, sources: ConfigSources): { id: number | undefined; file: string } {
  const path = join(dataDir, 'myid');
  const text = sources.readText(path);
  if (text === undefined) return { id: undefined, file: path };
  const [first = ''] = text.split(/\r?\n/);
  const id = Number(first.trim());
  if (!/^-?\d+$/.test(first.trim()) || !Number.isSafeInteger(id)) {
    throw new ConfigError('MEMBERSHIP', `The file ${path} must hold one whole number, but holds "${first}".`);
  }
  return { id, file: path };
}

function checkPeerAuth(settings: Settings): void {
  const { enableSasl, learnerRequireSasl, serverRequireSasl } = ensembleOptions;
  const needs = (option: Option<boolean>, needed: Option<boolean>): void => {
    if (settings.take(option) && !settings.take(needed)) {
      throw new ConfigError(
        'CONFLICT',
        `${settings.name(option)} is true, so ${needed.key} must be true as well.`,
      );
    }
  };
  needs(learnerRequireSasl, enableSasl);
  needs(serverRequireSasl, enableSasl);
  needs(serverRequireSasl, learnerRequireSasl);
}

function resolveMembership(
  settings: Settings,
  keys: readonly PlacedKey[],
  readText: (path: string) => string | undefined,
): Membership {
  const inFile = keys.filter(({ key }) => isMembershipKey(key));
  const dynamicFile = settings.take(ensembleOptions.dynamicConfigFile);
  if (dynamicFile === undefined) return parseMembership(inFile);

  const [misplaced] = inFile;
  if (misplaced !== undefined) {
    throw new ConfigError(
      'MEMBERSHIP',
      `${misplaced.key} (${misplaced.where}) must stand in the dynamic configuration file ${dynamicFile}, because dynamicConfigFile is set.`,
    );
  }
  const text = readText(dynamicFile);
  if (text === undefined) {
    const option = settings.name(ensembleOptions.dynamicConfigFile);
    throw new ConfigError(
      'FILE',
      `The dynamic configuration file ${dynamicFile}, named by ${option}, cannot be read.`,
    );
  }
  const dynamicKeys = parseProperties(text, dynamicFile).map(({ key, value, line }) => {
    const where = `${dynamicFile}, line ${line}`;
    if (!isMembershipKey(key)) {
      const why =
        key === 'version' ? 'the version belongs into the name of the file' : 'only members belong there';
      throw new ConfigError(
        'MEMBERSHIP',
        `${key} (${where}) is not allowed in a dynamic configuration file; ${why}.`,
      );
    }
    return { key, value, where };
  });
  return parseMembership(dynamicKeys, versionOfDynamicFile(dynamicFile));
}

/** Whether this server is a member of an ensemble. */
function isDistributed(settings: Settings, membership: Membership): boolean {
  const several = membership.members.find(({ addresses }) => addresses.length > 1);
  if (several !== undefined && !settings.take(ensembleOptions.multiAddress)) {
    throw new ConfigError(
      'MEMBERSHIP',
      `server.${several.id} has several addresses, which needs multiAddress.enabled=true.`,
    );
  }
  const verdict = judgeMembership(membership, settings.take(ensembleOptions.standaloneEnabled));
  settings.warnings.push(...verdict.warnings);
  return verdict.distributed;
}

type ClientPorts = Pick<
  ServerConfig,
  'clientPort' | 'clientPortAddress' | 'secureClient' | 'clientPortUnification'
>;

/** The client part of this server's line replaces clientPort and clientPortAddress; if both are there they must agree. */
function clientListener(
  settings: Settings,
  { members }: Membership,
  serverId: number | undefined,
): ClientPorts {
  const port = settings.take(clientOptions.clientPort);
  const address = anyToUndefined(settings.take(clientOptions.clientPortAddress));
  if (port === undefined && settings.isSet(clientOptions.clientPortAddress)) {
    throw new ConfigError(
      'CONFLICT',
      `${settings.name(clientOptions.clientPortAddress)} is set, but clientPort is not.`,
    );
  }
  const secure = secureListener(settings);

  const own = members.find(({ id }) => id === serverId);
  const only = serverId === undefined && port === undefined && members.length === 1 ? members[0] : undefined;
  const client = (own ?? only)?.client;
  if (client === undefined) {
    if (port !== undefined || secure.secureClient !== undefined)
      return checkApart({ clientPort: port, clientPortAddress: address, ...secure });
    throw new ConfigError('MISSING', 'clientPort is not set; without it no client could connect.');
  }
  const lineAddress = anyToUndefined(client.host);
  if (port !== undefined && (port !== client.port || (address !== undefined && address !== lineAddress))) {
    throw new ConfigError(
      'CONFLICT',
      `${settings.name(clientOptions.clientPort)} says ${address ?? 'any address'}, port ${port}, but the line of this ` +
        `server (server.${(own ?? only)?.id ?? ''}) says ${lineAddress ?? 'any address'}, port ${client.port}; they must agree.`,
    );
  }
  return checkApart({ clientPort: client.port, clientPortAddress: lineAddress, ...secure });
}

function secureListener(settings: Settings): Pick<ClientPorts, 'secureClient' | 'clientPortUnification'> {
  const port = settings.take(clientOptions.secureClientPort);
  if (port === undefined && settings.isSet(clientOptions.secureClientPortAddress)) {
    const option = settings.name(clientOptions.secureClientPortAddress);
    throw new ConfigError('CONFLICT', `${option} is set, but secureClientPort is not.`);
  }
  const address = anyToUndefined(settings.take(clientOptions.secureClientPortAddress));
  return {
    secureClient: port === undefined ? undefined : Object.freeze({ port, address }),
    clientPortUnification: settings.take(tlsOptions.portUnification),
  };
}

function checkApart(ports: ClientPorts): ClientPorts {
  const { clientPort, clientPortAddress, secureClient } = ports;
  if (secureClient === undefined || secureClient.port !== clientPort) return ports;
  const { address } = secureClient;
  if (address !== undefined && clientPortAddress !== undefined && address !== clientPortAddress) return ports;
  throw new ConfigError(
    'CONFLICT',
    `clientPort and secureClientPort are both ${clientPort}; they must differ. With client.portUnification=true clientPort alone takes both kinds of connections.`,
  );
}

/** Whether a port for clients takes TLS. */
function takesTls({ secureClient, clientPortUnification, clientPort }: ClientPorts): boolean {
  return secureClient !== undefined || (clientPortUnification && clientPort !== undefined);
}

function resolveClientTls(
  settings: Settings,
  ports: ClientPorts,
  absolute: (path: string) => string,
): TlsConfig | undefined {
  if (!takesTls(ports)) return undefined;
  const why =
    ports.secureClient === undefined
      ? `${settings.name(tlsOptions.portUnification)} is true`
      : `${settings.name(clientOptions.secureClientPort)} is set`;
  return resolveServerTls(settings, clientTlsOptions, why, settings.take(tlsOptions.certReload), absolute);
}

/** A port belongs to clients or to servers. */
function checkPorts({ self }: EnsembleConfig, ports: ClientPorts): void {
  const { clientPort, clientPortAddress, secureClient } = ports;
  for (const [option, port, address] of [
    ['clientPort', clientPort, clientPortAddress],
    ['secureClientPort', secureClient?.port, secureClient?.address],
  ] as const) {
    for (const { host, quorumPort, electionPort } of self.addresses) {
      if (port === undefined || (port !== quorumPort && port !== electionPort)) continue;
      if (address !== undefined && address !== host) continue;
      throw new ConfigError(
        'CONFLICT',
        `${option} ${port} is also the ${port === quorumPort ? 'quorum' : 'election'} port of server.${self.id}; they must differ.`,
      );
    }
  }
}

/** Binding to no address in particular serves IPv4 and IPv6; binding to 0.0.0.0 in Node.js would serve IPv4 alone. */
function anyToUndefined(address: string | undefined): string | undefined {
  return address === '0.0.0.0' || address === '::' || address === '[::]'
    ? undefined
    : address?.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Why this file exists: what the rest of the server sees of its configuration. `ServerConfig` is made once at the start,
 * checked, frozen and passed down; nothing else reads zoo.cfg, flags or the environment.
 */
import type { LogFormat, LogLevel } from './logOptions.js';
import type { Membership } from './membership.js';
import type { Member } from './serverLine.js';
import type { TlsConfig } from './tls.js';

/** SASL (DIGEST-MD5) as configured by a JAAS file or by `zabkeeper.sasl.user.<name>` keys. */
export interface SaslConfig {
  /** Passwords by user name. Never to be logged. */
  readonly users: ReadonlyMap<string, string>;
  /** Whether ACLs may use the scheme `sasl`: a provider is registered or our own keys define users. */
  readonly aclScheme: boolean;
  /** Whether a client whose SASL exchange failed stays connected, without an identity (`allowSaslFailedClients`). */
  readonly allowFailedClients: boolean;
}

/** Who a client can be and what it may do. */
export interface AuthConfig {
  /** No ACL is checked (`skipACL`). */
  readonly skipAcl: boolean;
  /** The scheme `digest` can be used (`DigestAuthenticationProvider.enabled`). */
  readonly digestEnabled: boolean;
  /** The digest id of the superuser, `super:<base64>`. */
  readonly superDigest: string | undefined;
  /** The hash of digest ids under the name that node:crypto uses: `sha1`, `sha256`. */
  readonly digestAlgorithm: string;
  /** SASL user names that are superusers (`superUser`, `superUser.N`). */
  readonly superUsers: readonly string[];
  /** Subjects of client certificates that are superusers (`X509AuthenticationProvider.superUser`, `.N`). */
  readonly x509SuperUsers: readonly string[];
  /** Client certificates are identities: a port takes TLS, or the provider is registered. */
  readonly x509: boolean;
  /** The `sasl` id in ACLs that stands for every SASL user. */
  readonly letAnySaslUserDoX: string | undefined;
  /** A connection must hold an identity of one of these schemes before it may do anything; empty means no such rule. */
  readonly enforcedSchemes: readonly string[];
  /** Names accepted by the scheme `ensemble`, empty for any name; undefined when the scheme is not configured. */
  readonly ensembleNames: readonly string[] | undefined;
  /** SASL, or undefined when nothing defines users: then SASL tokens get an empty answer. */
  readonly sasl: SaslConfig | undefined;
}

/** The HTTP admin server. */
export interface AdminConfig {
  /** 0 for any free one. */
  readonly port: number;
  /** Undefined for every address. */
  readonly host: string | undefined;
  /** Begins with a slash and does not end with one. */
  readonly commandUrl: string;
  /** After so long without traffic a connection is closed. */
  readonly idleTimeoutMs: number;
  /** What commands that change something ask for; without it there are none. Never to be logged. */
  readonly token: string | undefined;
}

/** The Prometheus provider. */
export interface MetricsConfig {
  /** 0 for any free one. */
  readonly port: number;
  /** Undefined for every address. */
  readonly host: string | undefined;
  /** With the numbers of the process (`exportJvmInfo`). */
  readonly process: boolean;
}

/** What the server tells of itself, besides four-letter words. */
export interface MonitoringConfig {
  /** Undefined when there is no admin server. */
  readonly admin: AdminConfig | undefined;
  /** Undefined when nobody asked for a Prometheus provider. */
  readonly metrics: MetricsConfig | undefined;
  /** A request that takes longer is slow; 0 turns that off. */
  readonly slowRequestMs: number;
  /** So many sessions and identities have metrics of their own. */
  readonly metricsTop: number;
}

/** This server as a member of an ensemble. */
export interface EnsembleConfig {
  /** What `myid` says. */
  readonly id: number;
  /** The line of this server. */
  readonly self: Member;
  /** All members, this one included, with groups, weights and version. */
  readonly membership: Membership;

  /** `initLimit` × `tickTime`. */
  readonly initLimitMs: number;
  /** `syncLimit` × `tickTime`. */
  readonly syncLimitMs: number;
  /** Silence after which a link between servers is given up. */
  readonly peerTimeoutMs: number;
  /** Pause between two pings of the leader; `leaseTimeMs + heartbeatMs < peerTimeoutMs`. */
  readonly heartbeatMs: number;
  /** A leader without a quorum's answer for this long steps down. */
  readonly leaseTimeMs: number;
  /** How long discovery and the election before it may take until the server looks again. */
  readonly discoveryTimeoutMs: number;
  /** How long opening a connection to another server may take (`cnxTimeout`). */
  readonly connectTimeoutMs: number;

  /** Peer ports listen on every address instead of those in the line of this server. */
  readonly quorumListenOnAllIps: boolean;
  /** Attempts to bind the election port before the server gives up; 0 means forever. */
  readonly electionPortBindRetry: number;
  /** A connection to a peer port must come from an address of the member that it claims to be. */
  readonly peerAddressCheck: boolean;

  /** TLS between members; undefined when they neither use nor accept it. */
  readonly tls: TlsConfig | undefined;
  /** Members are called with TLS (`sslQuorum`). */
  readonly tlsCalls: boolean;
  /** What members have to prove to each other (`zabkeeper.quorumSecretFile`); undefined for nothing. */
  readonly secret:
    | {
        /** Never to be logged. */
        readonly bytes: Buffer;
        /** With false others are let in without it as well. */
        readonly required: boolean;
      }
    | undefined;
  /** Peer ports take plain connections (`sslQuorum=false` or `portUnification`). */
  readonly plainAccepted: boolean;

  /** With false the ensemble may shrink to one participant. */
  readonly standaloneEnabled: boolean;
  /** The leader accepts clients. */
  readonly leaderServes: boolean;
  /** Sessions begin as local ones. */
  readonly localSessionsEnabled: boolean;
  /** A local session becomes a global one when it creates its first ephemeral znode. */
  readonly localSessionsUpgradingEnabled: boolean;
  /** Without a quorum the server serves reads to clients that ask for it. */
  readonly readOnlyMode: boolean;
}

/** The frozen outcome of reading zoo.cfg, `-D` flags and the JVM flags of the environment. */
export interface ServerConfig {
  /** The file it was read from, as the operator wrote it; undefined when everything came from arguments. */
  readonly configFile: string | undefined;

  /** The port for plain clients; undefined when there is one for TLS alone. */
  readonly clientPort: number | undefined;
  /** The address or host name it binds to; undefined means every address. */
  readonly clientPortAddress: string | undefined;
  /** The port for clients with TLS and the address it binds to; undefined when there is none. */
  readonly secureClient: { readonly port: number; readonly address: string | undefined } | undefined;
  /** The plain port takes TLS as well. */
  readonly clientPortUnification: boolean;
  /** TLS for clients; undefined when no port takes it. */
  readonly clientTls: TlsConfig | undefined;
  /** The listen backlog; -1 leaves it to the system. */
  readonly clientPortListenBacklog: number;
  /** Connections allowed per client address; 0 means no limit. */
  readonly maxClientCnxns: number;
  /** Connections allowed in all; 0 means no limit. */
  readonly maxCnxns: number;
  /** How long a connection may go without a session (`nio.sessionlessCnxnTimeout`). */
  readonly sessionlessTimeoutMs: number;
  /** TCP keep-alive on client connections. */
  readonly clientTcpKeepAlive: boolean;

  /** The basic unit of time, in milliseconds. */
  readonly tickTime: number;
  /** The shortest session timeout granted, in milliseconds; resolved, never -1. */
  readonly minSessionTimeout: number;
  /** The longest session timeout granted, in milliseconds; resolved, never -1. */
  readonly maxSessionTimeout: number;

  /** Absolute path of the directory with `myid`; the tree is in `version-2` below it. */
  readonly dataDir: string;
  /** Absolute path of the directory with the log, in `version-2` below it; equal to `dataDir` unless set. */
  readonly dataLogDir: string;
  /** Missing data directories are created (`datadir.autocreate`). */
  readonly dataDirAutocreate: boolean;
  /** A log write slower than this is reported (`fsync.warningthresholdms`). */
  readonly fsyncWarningMs: number;
  /** Transactions kept in the log after they reached the tree. */
  readonly logRetentionRecords: number;
  /** Bytes of such transactions. */
  readonly logRetentionBytes: number;
  /** Less free space than this is reported. */
  readonly diskWarnFreeBytes: number;
  /** Less free space than this stops writes; the storage caps it at 5 % of the file system. */
  readonly diskMinFreeBytes: number;
  /** Start although acknowledged writes may be lost. */
  readonly acceptDataLoss: boolean;

  /** The longest frame accepted, in bytes (`jute.maxbuffer`). */
  readonly maxFrameBytes: number;
  /** The longest string or buffer accepted inside a frame (`jute.maxbuffer` plus `jute.maxbuffer.extrasize`). */
  readonly maxFieldBytes: number;
  /** Requests in progress beyond which reading pauses. */
  readonly globalOutstandingLimit: number;
  /** TTL znodes can be created. */
  readonly extendedTypesEnabled: boolean;
  /** A session may have so many watches on one server; 0 means no limit. */
  readonly watchesPerSessionMax: number;
  /** A session may have so many ephemeral znodes; 0 means no limit. */
  readonly ephemeralsPerSessionMax: number;
  /** Hard quotas are enforced. */
  readonly enforceQuota: boolean;
  /** The op reconfig gets past its first check; the server then answers that it cannot. */
  readonly reconfigEnabled: boolean;
  /** Pause between two searches for empty containers and expired TTL znodes. */
  readonly containerCheckIntervalMs: number;
  /** Such znodes deleted per minute at most. */
  readonly containerMaxPerMinute: number;
  /** Containers that never had a child are deleted after this time; 0 keeps them. */
  readonly containerMaxNeverUsedIntervalMs: number;

  /** The four-letter words that are answered; `*` stands for all. Always contains `srvr`. */
  readonly fourLetterWords: readonly string[];
  /** Where changes are recorded (`audit.enable`); undefined: nowhere. */
  readonly auditFile: string | undefined;
  /** Identities and rights. */
  readonly auth: AuthConfig;
  /** Admin server, metrics, slow requests. */
  readonly monitoring: MonitoringConfig;

  /** The number in the file `myid`; undefined when there is none. Session ids of a standalone server use 1. */
  readonly serverId: number | undefined;
  /** Members as the `server.N`, `group.N` and `weight.N` lines give them; empty on most standalone servers. */
  readonly membership: Membership;
  /** How this server takes part in an ensemble; undefined when it is standalone. */
  readonly ensemble: EnsembleConfig | undefined;

  /** The least important messages to log. */
  readonly logLevel: LogLevel;
  /** How to write them. */
  readonly logFormat: LogFormat;
}

/** What a client can be told when it is made: read once, checked once, then frozen. */
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { KeeperError, type SessionId, type Zxid } from '../types/index.js';
import { Chroot } from './chroot.js';
import { formatAddress, parseConnectString, type ServerAddress } from './serverList.js';

/** An identity that the client proves to every server it connects to. */
export interface AuthInfo {
  /** Name of a provider, such as `digest`. */
  readonly scheme: string;
  /** What the provider asks for; `user:password` for `digest`. */
  readonly auth: string | Uint8Array;
}

/** A session to take up again instead of starting a new one. */
export interface SessionToken {
  /** `zk.sessionId` of the client that had the session. */
  readonly sessionId: SessionId;
  /** Its `zk.password`, 16 bytes. */
  readonly password: Uint8Array;
  /** Its `zk.lastZxidSeen`: servers that are behind it are passed over. Default 0, any server. */
  readonly lastZxidSeen?: Zxid;
}

/** Login by SASL DIGEST-MD5, done on each connection before any request. */
export interface SaslOptions {
  readonly username: string;
  readonly password: string;
  /** The `digest-uri`; servers accept no other than their own. Default `zookeeper/zk-sasl-md5`. */
  readonly digestUri?: string;
  /** Go on without an identity when the server has no SASL. Default false: the client ends with AUTHFAILED. */
  readonly optional?: boolean;
}

/** Options of `connect` and `open`. Durations are in milliseconds. */
export interface ClientOptions {
  /** `host:port,host:port/chroot` (see `parseConnectString`), or a list of such addresses. */
  readonly servers: string | readonly (string | ServerAddress)[];
  /** Root of all paths of this client, behind the one in `servers`. It must exist. Default `/`. */
  readonly chroot?: string;
  /** Session timeout to ask for; the server brings it within its own bounds. Default 30000. */
  readonly sessionTimeoutMs?: number;
  /**
   * How long `connect` waits for a session; before there is one it also bounds how long a request waits.
   * Default 30000.
   */
  readonly connectTimeoutMs?: number;
  /** How long one server may take to answer while connecting. Default: the session timeout over the number of servers. */
  readonly attemptTimeoutMs?: number;
  /** Pause before the servers are tried a second time; doubles with each round. Default 100. */
  readonly retryDelayMsMin?: number;
  /** Largest such pause; a client that has a session never pauses longer than a quarter of its timeout. Default 5000. */
  readonly retryDelayMsMax?: number;
  /** How long `close` waits for the server to end the session. Default 3000. */
  readonly closeTimeoutMs?: number;
  /** Identities, proved on every connection before anything else. Default none. */
  readonly auth?: readonly AuthInfo[];
  /** SASL login. Default none. */
  readonly sasl?: SaslOptions;
  /** Accept a server that has lost its quorum and serves reads only. Default false. */
  readonly readOnly?: boolean;
  /** Try the servers in random order. Default true. */
  readonly shuffle?: boolean;
  /** Source of random numbers in 0 .. 1 for the shuffle and the jitter of pauses. Default `Math.random`. */
  readonly random?: () => number;
  /** Largest frame a server may send, in bytes. Default 4 MiB. */
  readonly replyBytesMax?: number;
  /** Largest request sent, in bytes: servers drop a client that exceeds their `jute.maxbuffer`. Default 1048575. */
  readonly requestBytesMax?: number;
  /** Take up this session. Default: a new one. */
  readonly session?: SessionToken;
  /** TLS from the first byte (`secureClientPort`): true, or what `tls.connect` takes. Default plain TCP. */
  readonly tls?: boolean | TlsOptions;
  /** Gives up connecting when aborted; has no effect once there is a session. */
  readonly signal?: AbortSignal;
}

/** The options with their defaults filled in. */
export interface ClientConfig {
  readonly servers: readonly ServerAddress[];
  readonly chroot: Chroot;
  readonly sessionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly retryDelayMsMin: number;
  readonly retryDelayMsMax: number;
  readonly closeTimeoutMs: number;
  readonly auth: readonly AuthInfo[];
  readonly sasl: SaslOptions | undefined;
  readonly readOnly: boolean;
  readonly shuffle: boolean;
  readonly random: () => number;
  readonly replyBytesMax: number;
  readonly requestBytesMax: number;
  readonly session: SessionToken | undefined;
  readonly tls: TlsOptions | undefined;
}

/** @throws KeeperError BADARGUMENTS naming the option that is wrong and the value expected */
export function readOptions(options: ClientOptions): ClientConfig {
  const { servers, chroot } = readServers(options.servers);
  const sessionTimeoutMs = bounded('sessionTimeoutMs', options.sessionTimeoutMs, 30_000);
  const retryDelayMsMin = bounded('retryDelayMsMin', options.retryDelayMsMin, 100);
  const ownChroot = options.chroot === undefined || options.chroot === '/' ? '' : options.chroot;
  return {
    servers,
    chroot: new Chroot((chroot === '/' ? '' : chroot) + ownChroot),
    sessionTimeoutMs,
    connectTimeoutMs: bounded('connectTimeoutMs', options.connectTimeoutMs, 30_000),
    attemptTimeoutMs: bounded(
      'attemptTimeoutMs',
      options.attemptTimeoutMs,
      Math.max(1000, Math.ceil(sessionTimeoutMs / servers.length)),
    ),
    retryDelayMsMin,
    retryDelayMsMax: Math.max(retryDelayMsMin, bounded('retryDelayMsMax', options.retryDelayMsMax, 5000)),
    closeTimeoutMs: bounded('closeTimeoutMs', options.closeTimeoutMs, 3000),
    auth: options.auth ?? [],
    sasl: options.sasl,
    readOnly: options.readOnly ?? false,
    shuffle: options.shuffle ?? true,
    random: options.random ?? Math.random,
    replyBytesMax: bounded('replyBytesMax', options.replyBytesMax, 4 * 1024 * 1024),
    requestBytesMax: bounded('requestBytesMax', options.requestBytesMax, 0xfffff),
    session: options.session,
    tls: options.tls === true ? {} : options.tls === false ? undefined : options.tls,
  };
}

function readServers(servers: ClientOptions['servers']): { servers: ServerAddress[]; chroot: string } {
  if (typeof servers === 'string') return parseConnectString(servers);
  const list: ServerAddress[] = [];
  for (const entry of servers) {
    if (typeof entry !== 'string') {
      // Through the same checks as text.
      list.push(...parseConnectString(formatAddress(entry)).servers);
      continue;
    }
    const parsed = parseConnectString(entry);
    if (parsed.chroot !== '') {
      throw new KeeperError(
        'BADARGUMENTS',
        undefined,
        `'${entry}': in a list the chroot is an option of its own`,
      );
    }
    list.push(...parsed.servers);
  }
  if (list.length === 0) throw new KeeperError('BADARGUMENTS', undefined, 'no server is named');
  return { servers: list, chroot: '' };
}

/** A whole number that fits a timer and an int32. */
function bounded(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
    throw new KeeperError(
      'BADARGUMENTS',
      undefined,
      `${name} is ${value}; a whole number from 0 to 2147483647 is expected`,
    );
  }
  return value;
}

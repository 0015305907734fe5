/**
 * Why this file exists: what is said about TLS, in two families of options, one for clients and one for members, becomes
 * one `TlsConfig` each. What it asks for and cannot be had stops the start: nobody should believe to be protected by a
 * check that is not made.
 */
import { cipherName } from './cipherSuites.js';
import { ConfigError } from './errors.js';
import type { Option } from './option.js';
import type { TlsOptions } from './options.js';
import type { Settings } from './settings.js';

/** The format of a store; `auto` goes by what is in it. */
export type StoreType = 'auto' | 'JKS' | 'PEM' | 'PKCS12' | 'BCFKS';

/** A key store or a trust store, as the options name it. */
export interface StoreConfig {
  /** What messages call it: the option with file and line. */
  readonly name: string;
  /** The option without them, `ssl.keyStore`. */
  readonly option: string;
  readonly path: string;
  readonly type: StoreType;
  /** Never to be logged. */
  readonly password: string | undefined;
  /** A file that holds the password; it wins. */
  readonly passwordPath: string | undefined;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';
export type ClientAuth = 'none' | 'want' | 'need';

/** TLS of one kind of connection. The stores are read by `readTls`, at the start and when they change. */
export interface TlsConfig {
  /** Private key and certificate chain. A server has one; a client may do without. */
  readonly keyStore: StoreConfig | undefined;
  /** Whom to trust. */
  readonly trustStore: StoreConfig | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** In OpenSSL's words; undefined for those of Node.js. */
  readonly ciphers: string | undefined;
  /** Whether the connecting side must show a certificate. */
  readonly clientAuth: ClientAuth;
  /** Whether the connecting side demands the host's name in the other one's certificate. */
  readonly verifyServerHost: boolean;
  /** Whether the accepting side does. */
  readonly verifyClientHost: boolean;
  /** Whether a name may come from a reverse look-up of the address. */
  readonly reverseLookup: boolean;
  /** How long a port that takes plain connections as well waits for the first byte. */
  readonly detectionTimeoutMs: number;
  /** Whether changed stores are read again. */
  readonly reload: boolean;
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];

/** TLS of a side that accepts connections, and so needs a certificate. */
export function resolveServerTls(
  settings: Settings,
  options: TlsOptions,
  why: string,
  reload: boolean,
  absolute: (path: string) => string,
): TlsConfig {
  const tls = resolveTls(settings, options, reload, absolute);
  if (tls.keyStore === undefined) {
    throw new ConfigError(
      'MISSING',
      `${why}, so ${options.keyStore.key} must name a file with the private key and the certificates of this server (PEM or PKCS12).`,
    );
  }
  if (tls.clientAuth !== 'none' && tls.trustStore === undefined) {
    throw new ConfigError(
      'MISSING',
      `${options.clientAuth.key} is ${tls.clientAuth}, so ${options.trustStore.key} must name a file with the certificates of the authorities that are trusted; ` +
        `with ${options.clientAuth.key}=none nobody is asked for a certificate.`,
    );
  }
  return tls;
}

/** @throws ConfigError for what makes no sense or is not possible */
export function resolveTls(
  settings: Settings,
  options: TlsOptions,
  reload: boolean,
  absolute: (path: string) => string,
): TlsConfig {
  for (const option of [options.crl, options.ocsp]) refuse(settings, option);
  const verifyServerHost = settings.take(options.hostnameVerification);
  return Object.freeze({
    keyStore: store(
      settings,
      'keyStore',
      options.keyStore,
      options.keyStorePassword,
      options.keyStorePasswordPath,
      options.keyStoreType,
      absolute,
    ),
    trustStore: store(
      settings,
      'trustStore',
      options.trustStore,
      options.trustStorePassword,
      options.trustStorePasswordPath,
      options.trustStoreType,
      absolute,
    ),
    ...versions(settings, options),
    ciphers: ciphers(settings, options.ciphersuites),
    clientAuth: settings.take(options.clientAuth),
    verifyServerHost,
    verifyClientHost: verifyServerHost && settings.take(options.clientHostnameVerification),
    reverseLookup: settings.take(options.allowReverseDnsLookup),
    detectionTimeoutMs: settings.take(options.detectionTimeout),
    reload,
  });
}

function refuse(settings: Settings, option: Option<boolean>): void {
  if (!settings.take(option)) return;
  throw new ConfigError(
    'UNSUPPORTED',
    `${settings.name(option)} is true, but this server cannot check revocation. Remove the option, give certificates a short life, and renew them; changed files are read without a restart.`,
  );
}

function store(
  settings: Settings,
  which: 'keyStore' | 'trustStore',
  location: Option<string | undefined>,
  password: Option<string | undefined>,
  passwordPath: Option<string | undefined>,
  type: Option<StoreType>,
  absolute: (path: string) => string,
): StoreConfig | undefined {
  const path = settings.take(location);
  if (path === undefined) return undefined;
  const file = settings.take(passwordPath);
  return Object.freeze({
    name: settings.name(location),
    option: location.key.slice(0, location.key.indexOf(which) + which.length),
    path: absolute(path),
    type: settings.take(type),
    password: settings.take(password),
    passwordPath: file === undefined ? undefined : absolute(file),
  });
}

function versions(settings: Settings, options: TlsOptions): Pick<TlsConfig, 'minVersion' | 'maxVersion'> {
  const protocol = settings.take(options.protocol);
  const list = settings.take(options.enabledProtocols);
  const named = list.length > 0 ? list : protocol === undefined ? VERSIONS : [protocol];
  const option = list.length > 0 ? options.enabledProtocols : options.protocol;
  const usable = VERSIONS.filter((version) => named.includes(version));
  const [first] = usable;
  const last = usable.at(-1);
  if (first === undefined || last === undefined) {
    throw new ConfigError(
      'VALUE',
      `${settings.name(option)} names ${named.join(', ')}; of the versions of TLS there are ${VERSIONS.join(' and ')} here.`,
    );
  }
  const dropped = named.filter((version) => !VERSIONS.some((known) => known === version));
  if (dropped.length > 0) {
    settings.warnings.push(
      `${settings.name(option)} names ${dropped.join(', ')}, which is not offered here; ${usable.join(' and ')} is.`,
    );
  }
  return { minVersion: first, maxVersion: last };
}

function ciphers(settings: Settings, option: Option<readonly string[]>): string | undefined {
  const suites = settings.take(option);
  if (suites.length === 0) return undefined;
  const names = suites.map((suite) => {
    const name = cipherName(suite);
    if (name !== undefined) return name;
    throw new ConfigError(
      'VALUE',
      `${settings.name(option)} names the cipher suite ${suite}, which this Node.js does not have; openssl ciphers -v lists what there is.`,
    );
  });
  return names.join(':');
}

/**
 * Why this file exists: keys and certificates come in files that somebody made by hand, and a handshake that fails later
 * tells nobody why. So everything that can be wrong with them is looked at when they are read, and said in a sentence
 * with what to do about it. No message holds a password or a key.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from './errors.js';
import { reason } from './fileReason.js';
import { Pkcs12Error, readPkcs12 } from './pkcs12.js';
import type { StoreConfig, StoreType, TlsConfig } from './tls.js';

/** What `tls.createSecureContext` takes, and when the own certificate ends. */
export interface TlsMaterial {
  readonly context: {
    readonly key?: string;
    readonly cert?: string;
    readonly ca?: string[];
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
    readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
    readonly ciphers?: string;
  };
  /** Of the own certificate; undefined without one. */
  readonly validTo: Date | undefined;
}

/**
 * Reads and checks the stores.
 * @throws ConfigError that says what is wrong with which file, and what to do
 */
export function readTls(config: TlsConfig): TlsMaterial {
  const own = config.keyStore === undefined ? undefined : readKeyStore(config.keyStore);
  const ca = config.trustStore === undefined ? undefined : readTrustStore(config.trustStore);
  const context = {
    ...(own === undefined ? {} : { key: own.key, cert: own.cert }),
    ...(ca === undefined ? {} : { ca }),
    minVersion: config.minVersion,
    maxVersion: config.maxVersion,
    ...(config.ciphers === undefined ? {} : { ciphers: config.ciphers }),
  };
  try {
    createSecureContext(context);
  } catch (error) {
    const { name, path } = config.keyStore ?? config.trustStore ?? { name: 'TLS', path: 'no file' };
    throw unusable(`${name}, ${path}, cannot be used: ${messageOf(error)}.`);
  }
  return { context, validTo: own?.validTo };
}

/** The files that `readTls` reads: what to watch. */
export function filesOf({ keyStore, trustStore }: TlsConfig): string[] {
  return [keyStore, trustStore].flatMap((store) =>
    store === undefined
      ? []
      : [store.path, ...(store.passwordPath === undefined ? [] : [store.passwordPath])],
  );
}

function readKeyStore(store: StoreConfig): { key: string; cert: string; validTo: Date } {
  const { keys, certificates } = contentsOf(store);
  const what = `The key store ${store.path} (${store.name})`;
  const [pem] = keys;
  if (pem === undefined) {
    throw unusable(
      `${what} holds no private key. It must hold the key and the certificates of this server, for PEM in one file: cat server.key server.crt > server.pem.`,
    );
  }
  const key = readKey(store, what, pem);
  const chain = certificates.map((text) => certificate(what, text));
  if (chain.length === 0) {
    throw unusable(
      `${what} holds no certificate. It must hold the key and the certificates of this server, for PEM in one file: cat server.key server.crt > server.pem.`,
    );
  }
  const own = chain.find((each) => each.checkPrivateKey(key));
  if (own === undefined) {
    throw unusable(
      `${what} holds a private key that belongs to none of its certificates. Put the key in it that the certificate was requested with.`,
    );
  }
  const { from, to } = validity(own);
  const now = Date.now();
  if (to.getTime() < now) {
    throw unusable(
      `${what} holds a certificate that expired on ${day(to)} (${nameOf(own)}). Renew it; nobody would accept it.`,
    );
  }
  if (from.getTime() > now) {
    throw unusable(
      `${what} holds a certificate that is valid only from ${day(from)} on (${nameOf(own)}). Look at the clock of this machine, or wait.`,
    );
  }
  // Whoever reads the chain expects the own certificate first.
  const ordered = [own, ...chain.filter((each) => each !== own)];
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ordered.map(String).join(''),
    validTo: to,
  };
}

function readTrustStore(store: StoreConfig): string[] {
  const what = `The trust store ${store.path} (${store.name})`;
  const certificates = contentsOf(store).certificates.map((text) => certificate(what, text));
  if (certificates.length > 0) return certificates.map(String);
  throw unusable(
    `${what} holds no certificate. It must hold the certificates of the authorities that are trusted.`,
  );
}

interface Contents {
  readonly keys: readonly string[];
  readonly certificates: readonly string[];
}

function contentsOf(store: StoreConfig): Contents {
  const { path, name } = store;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unusable(
      `The file ${path}, named by ${name}, cannot be read: ${reason(error)}. Correct the path, or let the user that runs this process read it.`,
    );
  }
  if (bytes.byteLength === 0) throw unusable(`The file ${path}, named by ${name}, is empty.`);
  const type = store.type === 'auto' ? typeOf(bytes) : store.type;
  switch (type) {
    case 'PEM':
      return pemContents(bytes.toString('latin1'));
    case 'PKCS12':
      return pkcs12Contents(store, bytes);
    case 'JKS':
      throw unusable(
        `The file ${path}, named by ${name}, is a JKS store, which only Java reads. Convert it, and name the result instead: ` +
          `keytool -importkeystore -srckeystore ${path} -destkeystore ${path.replace(/\.jks$/i, '')}.p12 -deststoretype PKCS12`,
      );
    case 'BCFKS':
    case undefined:
      throw unusable(
        `The file ${path}, named by ${name}, is neither PEM nor PKCS12. A PEM file has lines such as -----BEGIN CERTIFICATE-----; ` +
          `Java's keytool -importkeystore ... -deststoretype PKCS12 makes a PKCS12 file of other stores.`,
      );
  }
}

/** By what is in it: a name says less. */
function typeOf(bytes: Buffer): Exclude<StoreType, 'auto'> | undefined {
  if (bytes.includes('-----BEGIN ')) return 'PEM';
  if (bytes.byteLength >= 4 && [0xfeedfeed, 0xcececece].includes(bytes.readUInt32BE(0))) return 'JKS';
  return bytes[0] === 0x30 ? 'PKCS12' : undefined;
}

function pemContents(text: string): Contents {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g)];
  const of = (pattern: RegExp): string[] =>
    blocks.flatMap(([block, type = '']) => (pattern.test(type) ? [`${block}\n`] : []));
  return { keys: of(/PRIVATE KEY$/), certificates: of(/^(TRUSTED |X509 )?CERTIFICATE$/) };
}

function pkcs12Contents(store: StoreConfig, bytes: Buffer): Contents {
  try {
    return readPkcs12(bytes, passwordOf(store) ?? '');
  } catch (error) {
    if (!(error instanceof Pkcs12Error)) throw error;
    throw unusable(
      `The file ${store.path}, named by ${store.name}: ${error.message}. ${passwordAdvice(store)}`,
    );
  }
}

/** Read each time, since it may change together with the store. */
function passwordOf({ password, passwordPath, option }: StoreConfig): string | undefined {
  if (passwordPath === undefined) return password;
  try {
    return readFileSync(passwordPath, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw unusable(
      `The file ${passwordPath}, named by ${option}.passwordPath, cannot be read: ${reason(error)}.`,
    );
  }
}

function readKey(store: StoreConfig, what: string, pem: string): KeyObject {
  // Keys of a PKCS12 file are not encrypted any more; a password is no mistake for a PEM file that needs none.
  const password = passwordOf(store);
  try {
    return createPrivateKey({ key: pem, ...(password === undefined ? {} : { passphrase: password }) });
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(pem);
    if (!encrypted) throw unusable(`${what} holds a private key that cannot be read: ${messageOf(error)}.`);
    throw unusable(
      password === undefined
        ? `${what} holds an encrypted private key, and no password is set. ${passwordAdvice(store)}`
        : `${what} holds a private key that its password does not open. ${passwordAdvice(store)}`,
    );
  }
}

function passwordAdvice({ option, password, passwordPath }: StoreConfig): string {
  if (passwordPath !== undefined)
    return `Compare it with the password in ${passwordPath} (${option}.passwordPath).`;
  return password === undefined
    ? `Name a file that holds the password with ${option}.passwordPath.`
    : `Compare it with ${option}.password.`;
}

function certificate(what: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw unusable(`${what} holds a certificate that cannot be read: ${messageOf(error)}.`);
  }
}

function validity({ validFrom, validTo }: X509Certificate): { from: Date; to: Date } {
  return { from: new Date(validFrom), to: new Date(validTo) };
}

function nameOf({ subject }: X509Certificate): string {
  return subject.split('\n').reverse().join(',');
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

function unusable(message: string): ConfigError {
  return new ConfigError('FILE', message);
}

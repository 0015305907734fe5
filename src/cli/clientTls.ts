/**
 * Why this file exists: the shell and the benchmark reach a server with TLS, by options of their own (--tls-ca, --tls-cert,
 * --tls-key), or by the properties that ZooKeeper's clients take (zookeeper.client.secure, zookeeper.ssl.*).
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ClientOptions } from '../client/index.js';
import { ConfigError, readTls, type StoreConfig } from '../config/index.js';

/** Options as commander has read them. */
export interface TlsArguments {
  readonly tls?: true;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** What `tls.connect` gets; texts and numbers alone, so that it can be sent to another process. */
export interface ClientTls {
  readonly ca?: string | string[];
  readonly cert?: string;
  readonly key?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** Adds the options to a command. */
export function addTlsOptions(command: Command): Command {
  return command
    .option('--tls', 'connect with TLS, trusting the authorities of Node.js unless --tls-ca names others')
    .option('--tls-ca <file>', 'PEM file with the certificates of the authorities to trust; implies --tls')
    .option('--tls-cert <file>', 'PEM file with the own certificate, and the key unless --tls-key names it')
    .option('--tls-key <file>', 'PEM file with the private key of --tls-cert');
}

/** @returns undefined for a plain connection @throws ConfigError for a file that cannot be used */
export function tlsOfArguments({ tls, tlsCa, tlsCert, tlsKey }: TlsArguments): ClientTls | undefined {
  if (tls === undefined && tlsCa === undefined && tlsCert === undefined && tlsKey === undefined)
    return undefined;
  if (tlsKey !== undefined && tlsCert === undefined)
    throw new ConfigError('CONFLICT', '--tls-key is given, but --tls-cert is not.');
  const cert = tlsCert === undefined ? undefined : read('--tls-cert', tlsCert);
  const key = tlsKey === undefined ? cert : read('--tls-key', tlsKey);
  if (key !== undefined && !key.includes('PRIVATE KEY-----')) {
    throw new ConfigError(
      'FILE',
      `${tlsKey ?? tlsCert ?? ''} holds no private key. Name the file that does with --tls-key.`,
    );
  }
  return {
    ...(tlsCa === undefined ? {} : { ca: read('--tls-ca', tlsCa) }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

/** The same from properties of Apache's client. @throws ConfigError for a store that cannot be used */
export function tlsOfProperties(properties: ReadonlyMap<string, string>): ClientOptions['tls'] {
  if (properties.get('zookeeper.client.secure') !== 'true') return undefined;
  const keyStore = store(properties, 'keyStore');
  const trustStore = store(properties, 'trustStore');
  const verify = properties.get('zookeeper.ssl.hostnameVerification') !== 'false';
  const { context } = readTls({
    keyStore,
    trustStore,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: undefined,
    clientAuth: 'none',
    verifyServerHost: verify,
    verifyClientHost: false,
    reverseLookup: false,
    detectionTimeoutMs: 0,
    reload: false,
  });
  return { ...context, ...(verify ? {} : { checkServerIdentity: () => undefined }) };
}

function store(
  properties: ReadonlyMap<string, string>,
  which: 'keyStore' | 'trustStore',
): StoreConfig | undefined {
  const option = `zookeeper.ssl.${which}`;
  const path = properties.get(`${option}.location`);
  if (path === undefined) return undefined;
  const passwordPath = properties.get(`${option}.passwordPath`);
  return {
    name: `${option}.location`,
    option,
    path: resolve(path),
    type: 'auto',
    password: properties.get(`${option}.password`),
    passwordPath: passwordPath === undefined ? undefined : resolve(passwordPath),
  };
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError('FILE', `The file of ${option} cannot be read: ${why}.`);
  }
}

/**
 * Why this file exists: settings that Apache's shell takes from a file of properties (-client-configuration) and from
 * -D flags in CLIENT_JVMFLAGS and JVMFLAGS: which of them mean something here, and to say which do not.
 */
import { readFileSync } from 'node:fs';
import { KeeperError, type ClientOptions, type SaslOptions } from '../../client/index.js';
import { tlsOfProperties } from '../clientTls.js';
import { parseJaas, parseProperties, shellWords } from '../../config/index.js';

/** What the client gets, and what is worth saying about the rest. */
export interface ClientSettings {
  readonly options: Pick<ClientOptions, 'sasl' | 'replyBytesMax' | 'requestBytesMax' | 'tls'>;
  readonly warnings: readonly string[];
}

/** Properties that would change what the client does if it had what they set. */
const UNSUPPORTED =
  /^zookeeper\.(ssl\.(?!(keyStore|trustStore)\.|hostnameVerification$)|kinit|server\.principal)/;

/**
 * Reads both.
 * @param file of -client-configuration; what it says wins over flags
 * @param tlsArguments what --tls and its like say, which wins over both
 * @throws KeeperError BADARGUMENTS when a file cannot be read or means nothing
 */
export function clientSettings(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
  tlsArguments?: ClientOptions['tls'],
): ClientSettings {
  const properties = new Map<string, string>();
  for (const word of shellWords(`${env['CLIENT_JVMFLAGS'] ?? ''} ${env['JVMFLAGS'] ?? ''}`)) {
    const [, key, value] = /^-D([^=]+)=(.*)$/s.exec(word) ?? [];
    if (key !== undefined && value !== undefined) properties.set(key, value);
  }
  if (file !== undefined) {
    for (const { key, value } of reading(file, (text) => parseProperties(text, file)))
      properties.set(key, value);
  }
  const tls = tlsArguments ?? tlsOfProperties(properties);
  const unsupported = [...properties.keys()].filter((key) => UNSUPPORTED.test(key));
  return {
    options: { ...saslOptions(properties), ...sizes(properties), ...(tls === undefined ? {} : { tls }) },
    warnings: unsupported.length === 0 ? [] : [`No effect here: ${unsupported.join(', ')}.`],
  };
}

function sizes(properties: ReadonlyMap<string, string>): {
  replyBytesMax?: number;
  requestBytesMax?: number;
} {
  const text = properties.get('jute.maxbuffer');
  if (text === undefined) return {};
  const bytes = Number(text);
  return { replyBytesMax: bytes, requestBytesMax: bytes };
}

/** The login module of the JAAS file's section `Client`, or the one that zookeeper.sasl.clientconfig names. */
function saslOptions(properties: ReadonlyMap<string, string>): { sasl?: SaslOptions } {
  const file = properties.get('java.security.auth.login.config');
  if (file === undefined || properties.get('zookeeper.sasl.client') === 'false') return {};
  const section = properties.get('zookeeper.sasl.clientconfig') ?? 'Client';
  const modules = reading(file, (text) => parseJaas(text, file, (name) => properties.get(name))).get(section);
  const digest = modules?.find(({ className }) => className.endsWith('DigestLoginModule'));
  const username = digest?.options.get('username');
  const password = digest?.options.get('password');
  if (username === undefined || password === undefined) {
    // A file may be for servers alone; another module than this one would log in if we could.
    if (modules === undefined) return {};
    throw unusable(file, `the section ${section} has no DigestLoginModule with username and password`);
  }
  return { sasl: { username, password, optional: true } };
}

function reading<T>(file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unusable(file, error instanceof Error ? error.message : String(error));
  }
}

function unusable(file: string, reason: string): KeeperError {
  return new KeeperError('BADARGUMENTS', undefined, `${file} cannot be used: ${reason}`);
}

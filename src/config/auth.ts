/**
 * Why this file exists: identities and rights are spread over a dozen options, a JAAS file and provider class names;
 * here they become one `AuthConfig`.
 */
import { ConfigError } from './errors.js';
import { digestUsers, parseJaas } from './jaas.js';
import type { Option } from './option.js';
import { authOptions } from './options.js';
import type { AuthConfig, SaslConfig } from './serverConfig.js';
import type { Settings } from './settings.js';

/** The schemes that ZooKeeper's own providers stand for, by the end of their class name. */
const PROVIDERS = new Map([
  ['SASLAuthenticationProvider', 'sasl'],
  ['X509AuthenticationProvider', 'x509'],
  ['DigestAuthenticationProvider', 'digest'],
  ['IPAuthenticationProvider', 'ip'],
  ['EnsembleAuthenticationProvider', 'ensemble'],
]);

/**
 * Reads everything about identities and rights.
 * @param readText gives the text of the JAAS file
 * @param takesTls whether clients can connect with TLS, and so with a certificate
 */
export function resolveAuth(
  settings: Settings,
  readText: (path: string) => string | undefined,
  takesTls: boolean,
): AuthConfig {
  const schemes = registeredSchemes(settings);
  // ZooKeeper registers the provider by itself, too.
  if (takesTls) schemes.add('x509');
  const ensembleName = settings.take(authOptions.ensembleName);
  const users = settings.family('zabkeeper.sasl.user.');
  if (users.size > 0) schemes.add('sasl');
  const digestEnabled = settings.take(authOptions.digestEnabled);
  if (digestEnabled) schemes.add('digest');
  return Object.freeze({
    skipAcl: settings.take(authOptions.skipAcl),
    digestEnabled,
    superDigest: settings.take(authOptions.superDigest),
    digestAlgorithm: nodeHashName(settings.take(authOptions.digestAlg)),
    superUsers: Object.freeze(superUsers(settings, authOptions.superUser, 'superUser.')),
    x509SuperUsers: Object.freeze(
      superUsers(settings, authOptions.x509SuperUser, 'X509AuthenticationProvider.superUser.'),
    ),
    x509: schemes.has('x509'),
    letAnySaslUserDoX: settings.take(authOptions.letAnySaslUserDoX),
    enforcedSchemes: Object.freeze(enforcedSchemes(settings, schemes)),
    ensembleNames: schemes.has('ensemble') ? Object.freeze(names(ensembleName)) : undefined,
    sasl: resolveSasl(settings, schemes.has('sasl'), readText),
  });
}

function registeredSchemes(settings: Settings): Set<string> {
  const schemes = new Set(['ip']);
  for (const [suffix, { value, where }] of settings.family('authProvider.')) {
    const scheme = PROVIDERS.get(value.slice(value.lastIndexOf('.') + 1));
    if (scheme === undefined) {
      settings.warnings.push(
        `authProvider.${suffix}=${value} (${where}) is not a provider this server knows and has no effect.`,
      );
    } else {
      schemes.add(scheme);
    }
  }
  return schemes;
}

function superUsers(settings: Settings, option: Option<string | undefined>, family: string): string[] {
  const first = settings.take(option);
  const further = [...settings.family(family).values()].map(({ value }) => value);
  return [...new Set([...(first === undefined ? [] : [first]), ...further])];
}

function enforcedSchemes(settings: Settings, available: ReadonlySet<string>): string[] {
  const required = settings.take(authOptions.requireSasl);
  const enforced = settings.take(authOptions.enforceAuth);
  const schemes = required ? ['sasl'] : enforced ? [...settings.take(authOptions.enforceSchemes)] : [];
  if (enforced && schemes.length === 0) {
    const option = settings.name(authOptions.enforceAuth);
    throw new ConfigError(
      'CONFLICT',
      `${option} is true, so enforce.auth.schemes must name at least one scheme.`,
    );
  }
  for (const scheme of schemes) {
    if (available.has(scheme)) continue;
    const option = settings.name(required ? authOptions.requireSasl : authOptions.enforceSchemes);
    throw new ConfigError(
      'CONFLICT',
      `${option} demands the scheme ${scheme}, which is not available; register its provider with authProvider.N.`,
    );
  }
  return schemes;
}

function resolveSasl(
  settings: Settings,
  aclScheme: boolean,
  readText: (path: string) => string | undefined,
): SaslConfig | undefined {
  const users = readJaasUsers(settings, readText);
  const own = settings.family('zabkeeper.sasl.user.');
  if (users === undefined && own.size === 0) return undefined;
  const merged = new Map(users);
  const superPassword = settings.take(authOptions.saslSuperPassword);
  if (superPassword !== undefined) merged.set('super', superPassword);
  for (const [name, { value }] of own) merged.set(name, value);
  if (merged.size === 0)
    settings.warnings.push('SASL is configured but has no users, so nobody can authenticate.');
  return Object.freeze({
    users: merged,
    aclScheme,
    allowFailedClients: settings.take(authOptions.allowSaslFailed),
  });
}

/** The users of the JAAS file, or undefined when there is no section for this server. */
function readJaasUsers(
  settings: Settings,
  readText: (path: string) => string | undefined,
): Map<string, string> | undefined {
  const file = settings.take(authOptions.jaasFile);
  const section = settings.take(authOptions.jaasSection);
  if (file === undefined) {
    if (!settings.isSet(authOptions.jaasSection)) return undefined;
    const option = settings.name(authOptions.jaasSection);
    throw new ConfigError(
      'MISSING',
      `${option} is set, so java.security.auth.login.config must name a JAAS file.`,
    );
  }
  const text = readText(file);
  if (text === undefined) {
    const option = settings.name(authOptions.jaasFile);
    throw new ConfigError('FILE', `The JAAS file ${file}, named by ${option}, cannot be read.`);
  }
  const modules = parseJaas(text, file, (name) => settings.property(name)).get(section);
  if (modules === undefined) {
    if (!settings.isSet(authOptions.jaasSection)) return undefined;
    throw new ConfigError(
      'MISSING',
      `The JAAS file ${file} has no section ${section}, which ${settings.name(authOptions.jaasSection)} asks for.`,
    );
  }
  for (const { className, line } of modules) {
    if (className.endsWith('DigestLoginModule')) continue;
    settings.warnings.push(`${className} (${file}, line ${line}) has no effect; only DIGEST-MD5 is offered.`);
  }
  return digestUsers(modules);
}

function names(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** SHA1, SHA-256 and SHA3-256 are sha1, sha256 and sha3-256 to node:crypto. */
function nodeHashName(javaName: string): string {
  return javaName.toLowerCase().replace(/^sha-/, 'sha');
}

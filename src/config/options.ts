/**
 * Why this file exists: THE option table. Every option the server knows, once. Parsing, warnings and the documentation
 * page read it; so adding an option means adding one entry in `options/` and, if the server reads it, one field in
 * `ServerConfig`.
 */
import type { Option, OptionFamily, OptionGroup } from './option.js';
import { clientOptions, requestOptions } from './options/clients.js';
import { ensembleFamilies, ensembleOptions } from './options/ensemble.js';
import { javaOnlyFamilies, javaOnlyOptions } from './options/javaOnly.js';
import { metricsFamilies, ownReportOptions, reportOptions } from './options/monitoring.js';
import {
  authFamilies,
  authOptions,
  clientTlsOptions,
  quorumTlsOptions,
  tlsOptions,
} from './options/security.js';
import { ownFamilies, ownOptions, storageOptions } from './options/storage.js';

export { clientOptions, requestOptions } from './options/clients.js';
export { ensembleOptions } from './options/ensemble.js';
export { ownReportOptions, reportOptions } from './options/monitoring.js';
export { authOptions, clientTlsOptions, quorumTlsOptions, tlsOptions } from './options/security.js';
export type { TlsOptions } from './options/security.js';
export { ownOptions, storageOptions } from './options/storage.js';

/** The table, in the order of the documentation page. */
export const optionGroups: readonly OptionGroup[] = Object.freeze([
  group('Clients and sessions', 'Where clients connect and how long their sessions last.', clientOptions),
  group('Data on disk', 'Where data is kept.', storageOptions),
  group(
    'Zabkeeper',
    'Options that ZooKeeper does not have. Their system property is the key itself.',
    { ...ownOptions, ...ownReportOptions },
    ownFamilies,
  ),
  group('Requests', 'What one request may ask for, and how many may be in progress.', requestOptions),
  group('Monitoring', 'What the server tells about itself.', reportOptions, metricsFamilies),
  group('Authentication and ACLs', 'Who a client is and what it may do.', authOptions, authFamilies),
  group('TLS', 'Encrypted connections. `ssl.` is for clients, `ssl.quorum.` for members.', [
    ...Object.values(clientTlsOptions),
    ...Object.values(quorumTlsOptions),
    ...Object.values(tlsOptions),
  ]),
  group('Ensemble', 'Members, elections and learners.', ensembleOptions, ensembleFamilies),
  group(
    'Java internals',
    'Accepted so that existing files load; reported in the log as without effect.',
    javaOnlyOptions,
    javaOnlyFamilies,
  ),
]);

const byKey = new Map<string, Option<unknown>>();
const byProperty = new Map<string, Option<unknown>>();
for (const option of optionGroups.flatMap((each) => each.options)) {
  for (const name of [option.property, ...option.aliases]) byProperty.set(name, option);
  byKey.set(option.key, option);
}

// The longest prefix first, so that X509AuthenticationProvider.superUser. is tried before shorter ones.
const families = optionGroups
  .flatMap((each) => each.families)
  .sort((left, right) => right.prefix.length - left.prefix.length);

/** Every option of the table. */
export const allOptions: readonly Option<unknown>[] = [...byKey.values()];

/** The option with this key in zoo.cfg. */
export function optionByKey(key: string): Option<unknown> | undefined {
  return byKey.get(key);
}

/** The option with this system property. */
export function optionByProperty(name: string): Option<unknown> | undefined {
  return byProperty.get(name);
}

/** The family a key of zoo.cfg belongs to. */
export function familyByKey(key: string): OptionFamily | undefined {
  return families.find(({ prefix }) => key.startsWith(prefix) && key.length > prefix.length);
}

/** The family a system property belongs to. */
export function familyByProperty(name: string): OptionFamily | undefined {
  return families.find(
    ({ propertyPrefix: prefix }) => name.startsWith(prefix) && name.length > prefix.length,
  );
}

function group(
  title: string,
  intro: string,
  options: Readonly<Record<string, Option<unknown>>> | readonly Option<unknown>[],
  familiesOfGroup: readonly OptionFamily[] = [],
): OptionGroup {
  return Object.freeze({ title, intro, options: Object.values(options), families: familiesOfGroup });
}

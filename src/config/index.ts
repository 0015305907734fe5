/**
 * What other folders may use of the configuration: the frozen `ServerConfig`, how to get one, and the option table.
 */
export { peerTimes } from './ensemble.js';
export { ConfigError, ExitCode } from './errors.js';
export type { ConfigErrorCode } from './errors.js';
export { digestUsers, parseJaas } from './jaas.js';
export type { JaasFile, JaasModule } from './jaas.js';
export { filesOf, readTls } from './keyStores.js';
export type { TlsMaterial } from './keyStores.js';
export { loadConfig, prepareDataDirs, readIfPresent } from './load.js';
export type { ConfigLocation } from './load.js';
export { logFormats, logLevels } from './logOptions.js';
export type { LogFormat, LogLevel } from './logOptions.js';
export { formatMembership, judgeMembership, parseMembership } from './membership.js';
export type { Membership, MembershipVerdict, PlacedKey } from './membership.js';
export type { Option, OptionFamily, OptionGroup, OptionScope, OptionStatus, Parsed } from './option.js';
export {
  allOptions,
  familyByKey,
  familyByProperty,
  optionByKey,
  optionByProperty,
  optionGroups,
} from './options.js';
export { parseProperties } from './properties.js';
export type { Property } from './properties.js';
export { resolveConfig } from './resolve.js';
export type { ConfigSources, ResolvedConfig } from './resolve.js';
export { saveMembership } from './save.js';
export type {
  AdminConfig,
  AuthConfig,
  EnsembleConfig,
  MetricsConfig,
  MonitoringConfig,
  SaslConfig,
  ServerConfig,
} from './serverConfig.js';
export { formatServerLine, parseServerLine } from './serverLine.js';
export type { HostPort, Member, MemberRole, PeerAddress } from './serverLine.js';
export type { JvmFlags } from './settings.js';
export { shellWords } from './shellWords.js';
export type { StoreConfig, TlsConfig } from './tls.js';
export { dataPlaceOf, type DataPlace } from './dataPlace.js';

/** What preparing a write depends on besides the view: who asks, and what the settings allow. */
import type { SessionId } from '../../types/index.js';
import type { AclRules, Identity } from '../acl.js';
import type { Tree } from '../tree.js';

export interface PrepareSettings {
  readonly acl: AclRules;
  /** TTL znodes may be made. */
  readonly extendedTypesEnabled: boolean;
  /** Hard quotas are enforced; soft ones are only reported. */
  readonly enforceQuota: boolean;
  readonly reconfigEnabled: boolean;
  /** A session may have so many ephemeral znodes. @default any number */
  readonly ephemeralsPerSessionMax?: number;
}

export interface PrepareContext {
  /** As applied: quotas are held against confirmed usage. */
  readonly tree: Tree;
  readonly settings: PrepareSettings;
  readonly session: SessionId;
  readonly identities: readonly Identity[];
  /** Told about a quota that the write exceeds: path of its root, and what is exceeded. */
  readonly onQuotaExceeded: (prefix: string, what: string) => void;
}

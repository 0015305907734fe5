/** Turns what a client says of itself (op auth) into identities (protocol.md section 6). */
import { createHash } from 'node:crypto';
import type { AuthConfig } from '../config/index.js';
import { SUPER_SCHEME, type Identity } from '../tree/index.js';

export type AuthOutcome =
  | { readonly kind: 'accepted'; readonly identities: readonly Identity[] }
  /** Answered with AUTHFAILED, then the connection is closed. */
  | { readonly kind: 'refused' }
  /** Closed without an answer: the client belongs to another ensemble. */
  | { readonly kind: 'wrongEnsemble' };

/** A name with a password, or the name of an ensemble, is shorter. */
const AUTH_BYTES_MAX = 4096;
/** Each of them is held against every access list. */
const IDENTITIES_MAX = 100;

const REFUSED: AuthOutcome = { kind: 'refused' };

/** @param known the identities so far; accepted ones are added, each once */
export function authenticate(
  config: AuthConfig,
  known: readonly Identity[],
  scheme: string | null,
  data: Buffer | null,
): AuthOutcome {
  if (data !== null && data.byteLength > AUTH_BYTES_MAX) return REFUSED;
  switch (scheme) {
    case 'digest': {
      if (!config.digestEnabled || data === null) return REFUSED;
      const id = digestId(data.toString('utf8'), config.digestAlgorithm);
      const added: Identity[] = [{ scheme: 'digest', id }];
      if (id === config.superDigest) added.push({ scheme: SUPER_SCHEME, id: '' });
      const identities = withIdentities(known, added);
      return identities.length > IDENTITIES_MAX ? REFUSED : { kind: 'accepted', identities };
    }
    case 'x509':
      // Shown in the handshake or not at all; a client that asks is told whether it was.
      return known.some((identity) => identity.scheme === 'x509')
        ? { kind: 'accepted', identities: known }
        : REFUSED;
    case 'ip':
      return { kind: 'accepted', identities: known };
    case 'ensemble': {
      if (config.ensembleNames === undefined) return REFUSED;
      const name = data?.toString('utf8') ?? '';
      // Without names configured every name will do, as in ZooKeeper.
      return config.ensembleNames.length === 0 || config.ensembleNames.includes(name)
        ? { kind: 'accepted', identities: known }
        : { kind: 'wrongEnsemble' };
    }
    default:
      return REFUSED;
  }
}

/** `user:password` as it stands in ACLs: the user, and a hash over both. */
export function digestId(userAndPassword: string, algorithm: string): string {
  const [user = ''] = userAndPassword.split(':', 1);
  return `${user}:${createHash(algorithm).update(userAndPassword, 'utf8').digest('base64')}`;
}

/** The same list with more identities, each once. */
export function withIdentities(known: readonly Identity[], added: readonly Identity[]): readonly Identity[] {
  const fresh = added.filter((a) => !known.some((k) => k.scheme === a.scheme && k.id === a.id));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

/** The name of an identity as whoAmI tells it: a digest without its hash. */
export function userOf(identity: Identity): string {
  return identity.scheme === 'digest' ? identity.id.replace(/:.*$/s, '') : identity.id;
}

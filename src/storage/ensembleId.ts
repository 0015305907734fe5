/** What ensembles are told apart by. */
import { createHash } from 'node:crypto';

/** Servers that share a history share the key of session passwords; it stays secret, and its hash is their name. */
export function ensembleIdOf(secret: Buffer): string {
  return createHash('sha256').update('ensemble').update(secret).digest('hex').slice(0, 16);
}

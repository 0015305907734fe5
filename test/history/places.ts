/** Where in the tree the load does what. */
export const ROOT = '/load';
/** Znodes are created here with a sequence number, listed, and deleted. */
export const SETS = ['/set0', '/set1', '/set2', '/set3'] as const;
export const EPHEMERALS = '/ephemerals';
export const LOCK = '/lock';
/** What the lock guards: it holds the token of its last writer. */
export const RESOURCE = '/resource';
export const BANK = '/bank';
/** Of each account in the beginning. */
export const BANK_START = 100;
export const BANK_ACCOUNTS: readonly string[] = Array.from({ length: 10 }, (_, i) => `${BANK}/a${i}`);

/** A register of the load. */
export function keyPath(key: number): string {
  return `${ROOT}/k${key}`;
}

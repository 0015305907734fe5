/** What Apache's files have in common (protocol.md section 20). All integers are big-endian, all records jute. */

/** "ZKSN" */
export const SNAPSHOT_MAGIC = 0x5a4b534e;
export const SNAPSHOT_VERSION = 2;
export const SNAPSHOT_DBID = -1n;

/** "ZKLG" */
export const LOG_MAGIC = 0x5a4b4c47;
export const LOG_VERSION = 2;

/** Behind each entry of a log. */
export const ENTRY_END = 0x42;

/** The access list that is open to all has this number, and stands in no table. */
export const OPEN_ACL_KEY = -1n;

/** The path behind the last znode, and the end of each seal. */
export const TERMINATOR = '/';

/** Of a jute StatPersisted. */
export const STAT_BYTES = 60;

/** How the digest is computed; see `tree/digest.ts`. Older ones cannot be verified. */
export const DIGEST_VERSION = 2;

/** Which digest the tree has after which txn. */
export interface StateDigest {
  readonly zxid: bigint;
  readonly version: number;
  readonly value: bigint;
}

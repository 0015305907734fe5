/**
 * Access lists on the wire. Nearly all of them are the open one, so that is known by its bytes, and is one and the same
 * value wherever it was read.
 */
import { readACL, writeACL, type ACL } from './generated/records.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

const ALL_PERMS = 31;
/** Perms, and the lengths of two strings. */
const ENTRY_BYTES_MIN = 12;

/** The access list of a znode that is open to all: world:anyone:cdrwa. */
export const OPEN_ACL: readonly ACL[] = [{ perms: ALL_PERMS, id: { scheme: 'world', id: 'anyone' } }];

const OPEN_ACL_BYTES = Buffer.concat([
  Buffer.from([0, 0, 0, 1, 0, 0, 0, ALL_PERMS, 0, 0, 0, 5]),
  Buffer.from('world'),
  Buffer.from([0, 0, 0, 6]),
  Buffer.from('anyone'),
]);

export function readAclList(r: Reader): readonly ACL[] | null {
  return r.skipIf(OPEN_ACL_BYTES) ? OPEN_ACL : r.vectorOrNull(ENTRY_BYTES_MIN, readACL);
}

export function writeAclList(w: Writer, list: readonly ACL[] | null): void {
  if (list === OPEN_ACL) w.raw(OPEN_ACL_BYTES);
  else w.vector(list, writeACL);
}

/** Why this file exists: hash, by which servers and backups are compared at the same zxid. */
import type { Status } from '../server/index.js';
import { hex } from '../util/index.js';
import { lines } from './format.js';

/** Digests of the tree at regular zxids. ZooKeeper prints the zxid without `0x` and the digest as a signed long. */
export function hash(status: Status): string {
  return lines(
    ...status
      .digests()
      .map(({ zxid, digest }) => `${hex(zxid).slice(2)}: ${String(BigInt.asIntN(64, digest))}`),
  );
}

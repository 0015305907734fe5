/**
 * ZooKeeper's digest version 2 of a tree: a sum of one CRC-32 per znode over path, data and stat, so that it can be
 * kept up to date change by change. What lies under /zookeeper/ counts nothing (it differs between servers).
 */
import { crc32 } from '../util/index.js';
import type { Znode } from './znode.js';

const SCRATCH = Buffer.alloc(60);
const VIEW = new DataView(SCRATCH.buffer, SCRATCH.byteOffset, 60);

/** The CRC-32 of a znode, 0 where it does not count. */
export function znodeDigest(path: string, node: Znode): number {
  if (path.startsWith('/zookeeper/')) return 0;
  let crc = crc32(path === '/' ? '' : path);
  if (node.data !== null && node.data.byteLength > 0) crc = crc32(node.data, crc);
  VIEW.setBigInt64(0, node.czxid);
  VIEW.setBigInt64(8, node.mzxid);
  VIEW.setBigInt64(16, node.pzxid);
  VIEW.setBigInt64(24, node.ctime);
  VIEW.setBigInt64(32, node.mtime);
  VIEW.setInt32(40, node.version);
  VIEW.setInt32(44, node.childCreates);
  VIEW.setInt32(48, node.aversion);
  VIEW.setBigInt64(52, node.owner);
  return crc32(SCRATCH, crc);
}

/** A 64-bit sum that wraps, in two halves: exact, and without a bigint per change. */
export class DigestSum {
  #high = 0;
  #low = 0;

  /** @param crc 0 .. 2^32-1 */
  add(crc: number): void {
    this.#low += crc;
    if (this.#low >= 0x1_0000_0000) {
      this.#low -= 0x1_0000_0000;
      this.#high = (this.#high + 1) >>> 0;
    }
  }

  subtract(crc: number): void {
    this.#low -= crc;
    if (this.#low < 0) {
      this.#low += 0x1_0000_0000;
      this.#high = (this.#high - 1) >>> 0;
    }
  }

  get value(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }
}

/**
 * ZooKeeper's digest version 2 of a tree: a sum of one CRC-32 per znode over path, data and stat, so that it can be
 * kept up to date change by change. What lies under /zookeeper/ counts nothing (it differs between servers).
 */
import { Writer } from '../codec/index.js';
import { crc32 } from '../util/index.js';
import type { ZnodeStore } from './store.js';
import { Mark, type Znode } from './znode.js';

/** Up to this much is looked at in one call. */
const SHORT_BYTES = 4096;
const scratch = new Writer(SHORT_BYTES);

/** The CRC-32 of a znode, 0 where it does not count. */
export function znodeDigest(nodes: ZnodeStore, node: Znode): number {
  if (nodes.isSystem(node)) return 0;
  const { kept } = node;
  scratch.reset();
  if (!nodes.isRoot(node)) nodes.writePath(scratch, node);
  let crc = 0;
  if (kept !== null && kept !== '') {
    if (kept.length <= SHORT_BYTES / 2) scratch.latin1(kept);
    else {
      crc = crc32(Buffer.from(kept, 'latin1'), crc32(scratch.bytes()));
      scratch.reset();
    }
  }
  node.writeDigested(scratch);
  return crc32(scratch.bytes(), crc);
}

/**
 * The sum over all znodes: 64 bits that wrap, in two halves, exact and without a bigint per change. A znode that changes
 * again and again, as the parent of many creates does, is looked at once: when somebody asks for the sum.
 */
export class DigestSum {
  #high = 0;
  #low = 0;
  /** Slots of znodes that the sum does not contain at the moment. One may be here that is gone. */
  #stale: number[] = [];

  /** A znode is about to change, or is new. */
  changes(node: Znode): void {
    if (!node.mark(Mark.digestStale)) return;
    this.#stale.push(node.slot);
    this.#subtract(node.digest);
  }

  /** A znode is about to go. */
  forget(node: Znode): void {
    if (!node.unmark(Mark.digestStale)) this.#subtract(node.digest);
  }

  /** The sum over all znodes of the store. */
  valueOf(nodes: ZnodeStore): bigint {
    for (const slot of this.#stale) {
      const node = nodes.at(slot);
      if (!node.unmark(Mark.digestStale)) continue;
      node.digest = znodeDigest(nodes, node);
      this.#add(node.digest);
    }
    this.#stale = [];
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** @param crc 0 .. 2^32-1 */
  #add(crc: number): void {
    this.#low += crc;
    if (this.#low >= 0x1_0000_0000) {
      this.#low -= 0x1_0000_0000;
      this.#high = (this.#high + 1) >>> 0;
    }
  }

  #subtract(crc: number): void {
    this.#low -= crc;
    if (this.#low < 0) {
      this.#low += 0x1_0000_0000;
      this.#high = (this.#high - 1) >>> 0;
    }
  }
}

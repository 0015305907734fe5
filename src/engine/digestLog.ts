/** Digests of the tree at regular zxids, for comparing servers (`hash`, ZooKeeper's digest log). */
import type { Tree } from '../tree/index.js';
import type { Zxid } from '../types/index.js';

const INTERVAL = 128n;
const ENTRIES_MAX = 1024;

export class DigestLog {
  #entries: { readonly zxid: Zxid; readonly digest: bigint }[] = [];

  /** Oldest first, one per 128 zxids, at most 1024. */
  get entries(): readonly { readonly zxid: Zxid; readonly digest: bigint }[] {
    return this.#entries;
  }

  /** The tree now stands at `zxid`. */
  note(zxid: Zxid, tree: Tree): void {
    if (zxid % INTERVAL !== 0n) return;
    this.#entries.push({ zxid, digest: tree.digest });
    if (this.#entries.length > ENTRIES_MAX) this.#entries = this.#entries.slice(-ENTRIES_MAX);
  }
}

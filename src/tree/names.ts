/**
 * Lists of names as replies carry them. The children of a large znode are asked for again and again, by everyone who is
 * told that one came or went, so the encoded list is kept until it changes.
 */
import { Reader, Writer } from '../codec/index.js';
import type { ZnodeStore } from './store.js';
import type { Znode } from './znode.js';

/** Lists of fewer names are made anew each time. */
const KEPT_NAMES_MIN = 100;
/** Names in all lists that are kept. */
const ALL_NAMES_MAX = 2_000_000;
/** Room for a name, unless they are long. */
const NAME_BYTES = 24;

/** Names, encoded as jute's vector of strings. Never changes. */
export class NameList implements Iterable<string> {
  readonly length: number;
  readonly encoded: Buffer;

  private constructor(length: number, encoded: Buffer) {
    this.length = length;
    this.encoded = encoded;
  }

  static of(names: readonly string[]): NameList {
    const w = new Writer(4 + names.length * NAME_BYTES);
    w.vector(names, (writer, name) => writer.ustring(name));
    return new NameList(names.length, w.bytes());
  }

  /** Names of the children of a znode, in the order of their creation. */
  static ofChildren(nodes: ZnodeStore, parent: Znode): NameList {
    const w = new Writer(4 + parent.numChildren * NAME_BYTES);
    w.int(parent.numChildren);
    nodes.eachName(parent, (name) => w.ustring(name));
    return new NameList(parent.numChildren, w.bytes());
  }

  *[Symbol.iterator](): Generator<string, void, undefined> {
    const reader = Reader.over(this.encoded);
    for (let left = reader.int(); left > 0; left--) yield reader.ustring();
  }
}

/** The lists of large znodes that were asked for, those asked for last. */
export class KeptLists {
  readonly #bySlot = new Map<number, NameList>();
  #names = 0;

  get(nodes: ZnodeStore, parent: Znode): NameList {
    if (parent.numChildren < KEPT_NAMES_MIN) return NameList.ofChildren(nodes, parent);
    const kept = this.#bySlot.get(parent.slot);
    if (kept !== undefined) return kept;
    const list = NameList.ofChildren(nodes, parent);
    if (this.#names + list.length > ALL_NAMES_MAX) {
      this.#bySlot.clear();
      this.#names = 0;
    }
    this.#bySlot.set(parent.slot, list);
    this.#names += list.length;
    return list;
  }

  /** A child comes or goes, or the znode itself goes. */
  forget(parent: Znode): void {
    if (this.#bySlot.size === 0) return;
    this.#names -= this.#bySlot.get(parent.slot)?.length ?? 0;
    this.#bySlot.delete(parent.slot);
  }
}

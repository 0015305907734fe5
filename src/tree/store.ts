/**
 * Where znodes are kept: a map from paths to numbered slots, and per field a column that the slot indexes. An object per
 * znode would be several times as large, and the garbage collector would visit each of its parts.
 *
 * Columns come in chunks, so that growing never copies what is there. A slot that becomes free is used again.
 */
import { assert } from '../util/index.js';
import type { Writer } from '../codec/index.js';
import type { Zxid } from '../types/index.js';
import type { AclList } from './acl.js';
import { Znode } from './znode.js';

const CHUNK_BITS = 12;
const CHUNK_SLOTS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_SLOTS - 1;
/** No slot: the end of a list of children, of free slots. */
export const NO_SLOT = -1;

/**
 * Data as it is kept: a string with one character per byte. It costs 24 bytes beside the data where a Buffer costs 200,
 * needs no finalizer, and nobody can write into it.
 */
export type KeptData = string;

const NO_ACL: AclList = [];

/** Place of a field among the 64-bit fields of a slot. */
export const Long = { czxid: 0, mzxid: 1, pzxid: 2, ctime: 3, mtime: 4, owner: 5 } as const;
const LONGS = 6;

/** Place of a field among the 32-bit fields of a slot. Children hang together in the order of their creation. */
export const Int = {
  version: 0,
  aversion: 1,
  childCreates: 2,
  numChildren: 3,
  digest: 4,
  /** See `Mark`. */
  marks: 5,
  parent: 6,
  firstChild: 7,
  lastChild: 8,
  next: 9,
  previous: 10,
} as const;
const INTS = 11;

/** Which of the two words of a 64-bit field is the high one. */
const HIGH_WORD = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The fields of so many slots; those of a slot lie side by side. */
export class ZnodeChunk {
  readonly path = new Array<string>(CHUNK_SLOTS).fill('');
  readonly data = new Array<KeptData | null>(CHUNK_SLOTS).fill(null);
  readonly acl = new Array<AclList>(CHUNK_SLOTS).fill(NO_ACL);
  readonly #longs = new BigInt64Array(CHUNK_SLOTS * LONGS);
  /** The same memory: reading a long as two words makes no bigint. */
  readonly #words = new Int32Array(this.#longs.buffer);
  readonly #ints = new Int32Array(CHUNK_SLOTS * INTS);

  long(at: number, field: number): bigint {
    return this.#longs[at * LONGS + field] ?? 0n;
  }

  setLong(at: number, field: number, value: bigint): void {
    this.#longs[at * LONGS + field] = value;
  }

  /** Copies a 64-bit field from another one. */
  copyLong(at: number, to: number, from: number): void {
    const slot = at * LONGS;
    this.#words[(slot + to) * 2] = this.#words[(slot + from) * 2] ?? 0;
    this.#words[(slot + to) * 2 + 1] = this.#words[(slot + from) * 2 + 1] ?? 0;
  }

  /** Writes a 64-bit field as jute's long. */
  writeLong(w: Writer, at: number, field: number): void {
    const word = (at * LONGS + field) * 2;
    w.int(this.#words[word + HIGH_WORD] ?? 0);
    w.int(this.#words[word + 1 - HIGH_WORD] ?? 0);
  }

  int(at: number, field: number): number {
    return this.#ints[at * INTS + field] ?? 0;
  }

  setInt(at: number, field: number, value: number): void {
    this.#ints[at * INTS + field] = value;
  }
}

/** What a create fixes. */
export interface NewFields {
  readonly data: KeptData | null;
  readonly acl: AclList;
  readonly zxid: Zxid;
  readonly time: bigint;
  readonly owner: bigint;
}

/** The znodes of a tree. */
export class ZnodeStore {
  readonly #slots = new Map<string, number>();
  readonly #chunks: ZnodeChunk[] = [];
  /** Slots that were never used begin here. */
  #end = 0;
  /** The last slot that became free; the others follow in `next`. */
  #free = NO_SLOT;

  /** Number of znodes. */
  get size(): number {
    return this.#slots.size;
  }

  has(path: string): boolean {
    return this.#slots.has(path);
  }

  get(path: string): Znode | undefined {
    const slot = this.#slots.get(path);
    return slot === undefined ? undefined : this.at(slot);
  }

  /** The znode in a slot that is in use. */
  at(slot: number): Znode {
    return new Znode(this.#chunkOf(slot), slot & CHUNK_MASK, slot);
  }

  /** Adds a znode at a path where there is none. It hangs below nothing yet. */
  add(path: string, { data, acl, zxid, time, owner }: NewFields): Znode {
    const slot = this.#take();
    const chunk = this.#chunkOf(slot);
    const at = slot & CHUNK_MASK;
    chunk.path[at] = path;
    chunk.data[at] = data;
    chunk.acl[at] = acl;
    chunk.setLong(at, Long.czxid, zxid);
    chunk.copyLong(at, Long.mzxid, Long.czxid);
    chunk.copyLong(at, Long.pzxid, Long.czxid);
    chunk.setLong(at, Long.ctime, time);
    chunk.copyLong(at, Long.mtime, Long.ctime);
    chunk.setLong(at, Long.owner, owner);
    for (let field = 0; field < Int.parent; field++) chunk.setInt(at, field, 0);
    for (let field: number = Int.parent; field < INTS; field++) chunk.setInt(at, field, NO_SLOT);
    this.#slots.set(path, slot);
    return new Znode(chunk, at, slot);
  }

  /** Frees the slot of a znode that hangs below nothing. */
  remove(node: Znode): void {
    const { slot } = node;
    const chunk = this.#chunkOf(slot);
    const at = slot & CHUNK_MASK;
    this.#slots.delete(node.path);
    chunk.path[at] = '';
    chunk.data[at] = null;
    chunk.acl[at] = NO_ACL;
    chunk.setInt(at, Int.next, this.#free);
    this.#free = slot;
  }

  /** Hangs a znode below another, behind its other children. */
  link(parent: Znode, child: Znode): void {
    assert(child.parent === NO_SLOT, 'a znode has one parent');
    const last = parent.lastChild;
    child.parent = parent.slot;
    child.previous = last;
    if (last === NO_SLOT) parent.firstChild = child.slot;
    else this.at(last).next = child.slot;
    parent.lastChild = child.slot;
    parent.numChildren++;
  }

  /** Takes a znode out of its parent's children. */
  unlink(parent: Znode, child: Znode): void {
    const { previous, next } = child;
    if (previous === NO_SLOT) parent.firstChild = next;
    else this.at(previous).next = next;
    if (next === NO_SLOT) parent.lastChild = previous;
    else this.at(next).previous = previous;
    child.parent = child.previous = child.next = NO_SLOT;
    parent.numChildren--;
  }

  /** The slots of a znode's children, in the order of their creation. */
  *children(parent: Znode): Generator<Znode, void, undefined> {
    for (let slot = parent.firstChild; slot !== NO_SLOT;) {
      const child = this.at(slot);
      slot = child.next;
      yield child;
    }
  }

  /** Tells the names of a znode's children, in the order of their creation. */
  eachName(parent: Znode, tell: (name: string) => void): void {
    for (let slot = parent.firstChild; slot !== NO_SLOT;) {
      const chunk = this.#chunkOf(slot);
      const at = slot & CHUNK_MASK;
      const path = chunk.path[at] ?? '';
      tell(path.slice(path.lastIndexOf('/') + 1));
      slot = chunk.int(at, Int.next);
    }
  }

  #take(): number {
    const slot = this.#free;
    if (slot !== NO_SLOT) {
      this.#free = this.#chunkOf(slot).int(slot & CHUNK_MASK, Int.next);
      return slot;
    }
    if ((this.#end & CHUNK_MASK) === 0) this.#chunks.push(new ZnodeChunk());
    return this.#end++;
  }

  #chunkOf(slot: number): ZnodeChunk {
    const chunk = this.#chunks[slot >> CHUNK_BITS];
    assert(chunk !== undefined, 'a slot that was never used');
    return chunk;
  }
}

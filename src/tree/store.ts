/**
 * Where znodes are kept: in numbered slots of typed arrays, found by parent and name. An object per znode would be
 * several times as large, and the garbage collector would visit each of its parts.
 *
 * Slots come in chunks, so that growing never copies what is there. A slot that becomes free is used again.
 */
import { assert } from '../util/index.js';
import type { Reader, Writer } from '../codec/index.js';
import type { Zxid } from '../types/index.js';
import type { AclList } from './acl.js';
import { ROOT, ZOOKEEPER } from './path.js';
import { SlotIndex, componentEnd } from './slotIndex.js';
import { Znode } from './znode.js';

const CHUNK_BITS = 12;
const CHUNK_SLOTS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_SLOTS - 1;
/** No slot: the end of a list of children, of free slots. */
export const NO_SLOT = -1;
/** The first znode is the root. */
const ROOT_SLOT = 0;
const SYSTEM_NAME = ZOOKEEPER.slice(1);

/**
 * Data as it is kept: a string with one character per byte. It is smaller than a Buffer, needs no finalizer, and nobody can
 * write into it.
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
  /** The last component of the path; empty for the root. */
  readonly name = new Array<string>(CHUNK_SLOTS).fill('');
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

  /** Reads jute's long into a 64-bit field. */
  readLong(r: Reader, at: number, field: number): void {
    const word = (at * LONGS + field) * 2;
    this.#words[word + HIGH_WORD] = r.int();
    this.#words[word + 1 - HIGH_WORD] = r.int();
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
  readonly #index: SlotIndex;
  readonly #chunks: ZnodeChunk[] = [];
  /** Slots on the way to the root, while a path is written. */
  readonly #above: number[] = [];
  #size = 0;
  /** Slots that were never used begin here. */
  #end = 0;
  /** The last slot that became free; the others follow in `next`. */
  #free = NO_SLOT;

  /** @param seed see `SlotIndex` */
  constructor(seed: number) {
    this.#index = new SlotIndex((slot, parent, path, from, to) => {
      const chunk = this.#chunkOf(slot);
      const name = chunk.name[slot & CHUNK_MASK] ?? '';
      return (
        chunk.int(slot & CHUNK_MASK, Int.parent) === parent &&
        name.length === to - from &&
        path.startsWith(name, from)
      );
    }, seed);
  }

  /** Number of znodes. */
  get size(): number {
    return this.#size;
  }

  has(path: string): boolean {
    return this.#find(path, path.length) !== NO_SLOT;
  }

  get(path: string): Znode | undefined {
    const slot = this.#find(path, path.length);
    return slot === NO_SLOT ? undefined : this.at(slot);
  }

  /** The parent that a path has or would have; not that of the root. */
  parentOf(path: string): Znode | undefined {
    const slot = this.#find(path, path.lastIndexOf('/'));
    return slot === NO_SLOT ? undefined : this.at(slot);
  }

  /** The child of `parent` that has the last component of a path as its name. */
  childOf(parent: Znode, path: string): Znode | undefined {
    const slot = this.#index.find(parent.slot, path, path.lastIndexOf('/') + 1, path.length);
    return slot === NO_SLOT ? undefined : this.at(slot);
  }

  /** The znode in a slot that is in use. */
  at(slot: number): Znode {
    return new Znode(this.#chunkOf(slot), slot & CHUNK_MASK, slot);
  }

  isRoot(node: Znode): boolean {
    return node.slot === ROOT_SLOT;
  }

  /** Whether it lies below /zookeeper. */
  isSystem(node: Znode): boolean {
    if (this.isRoot(node) || node.parent === ROOT_SLOT) return false;
    let top = node.parent;
    for (let above = this.#parentOf(top); above !== ROOT_SLOT; above = this.#parentOf(top)) top = above;
    return this.#chunkOf(top).name[top & CHUNK_MASK] === SYSTEM_NAME;
  }

  /** Writes a path, without a length. */
  writePath(w: Writer, node: Znode): void {
    if (this.isRoot(node)) return w.utf8(ROOT);
    let depth = 0;
    for (let slot = node.slot; slot !== ROOT_SLOT; slot = this.#parentOf(slot)) this.#above[depth++] = slot;
    while (depth > 0) {
      const slot = this.#above[--depth] ?? ROOT_SLOT;
      w.byte(SLASH);
      w.utf8(this.#chunkOf(slot).name[slot & CHUNK_MASK] ?? '');
    }
  }

  /** Adds the root. */
  addRoot(fields: NewFields): Znode {
    assert(this.#size === 0, 'the root comes first');
    return this.#fill('', fields);
  }

  /** Adds a znode behind the other children of its parent, which has none of that name. The path ends with its name. */
  add(parent: Znode, path: string, fields: NewFields): Znode {
    const node = this.#fill(ownString(path.slice(path.lastIndexOf('/') + 1)), fields);
    this.#index.add(node.slot, parent.slot, node.name);
    const last = parent.lastChild;
    node.parent = parent.slot;
    node.previous = last;
    if (last === NO_SLOT) parent.firstChild = node.slot;
    else this.at(last).next = node.slot;
    parent.lastChild = node.slot;
    parent.numChildren++;
    return node;
  }

  /** Takes a znode without children away from its parent, and frees its slot. */
  remove(parent: Znode, node: Znode): void {
    const { slot, previous, next } = node;
    if (previous === NO_SLOT) parent.firstChild = next;
    else this.at(previous).next = next;
    if (next === NO_SLOT) parent.lastChild = previous;
    else this.at(next).previous = previous;
    parent.numChildren--;
    this.#index.remove(slot, parent.slot, node.name);
    const chunk = this.#chunkOf(slot);
    const at = slot & CHUNK_MASK;
    chunk.name[at] = '';
    chunk.data[at] = null;
    chunk.acl[at] = NO_ACL;
    chunk.setInt(at, Int.next, this.#free);
    this.#free = slot;
    this.#size--;
  }

  /** A znode's children, in the order of their creation. */
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
      tell(chunk.name[at] ?? '');
      slot = chunk.int(at, Int.next);
    }
  }

  /** The slot of a path, or of its beginning up to the slash at `end`. */
  #find(path: string, end: number): number {
    if (path.charCodeAt(0) !== SLASH || this.#size === 0) return NO_SLOT;
    if (end <= 0 || path === ROOT) return ROOT_SLOT;
    let slot = ROOT_SLOT;
    for (let from = 1; ;) {
      const to = componentEnd(path, from);
      slot = this.#index.find(slot, path, from, to);
      if (slot === NO_SLOT || to >= end) return slot;
      from = to + 1;
    }
  }

  #fill(name: string, { data, acl, zxid, time, owner }: NewFields): Znode {
    const slot = this.#take();
    const chunk = this.#chunkOf(slot);
    const at = slot & CHUNK_MASK;
    chunk.name[at] = name;
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
    this.#size++;
    return new Znode(chunk, at, slot);
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

  #parentOf(slot: number): number {
    return this.#chunkOf(slot).int(slot & CHUNK_MASK, Int.parent);
  }

  #chunkOf(slot: number): ZnodeChunk {
    const chunk = this.#chunks[slot >> CHUNK_BITS];
    assert(chunk !== undefined, 'a slot that was never used');
    return chunk;
  }
}

const SLASH = 0x2f;
/** V8 makes a shorter part of a string a string of its own; a longer one keeps the whole alive. */
const SHARED_LENGTH_MIN = 13;

/** The same string, in memory of its own. */
function ownString(part: string): string {
  return part.length < SHARED_LENGTH_MIN ? part : Buffer.from(part).toString();
}

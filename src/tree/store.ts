/**
 * Where znodes are kept: a map from paths to numbered slots, and per field a column that the slot indexes. An object per
 * znode would be several times as large, and the garbage collector would visit each of its parts.
 *
 * Columns come in chunks, so that growing never copies what is there. A slot that becomes free is used again.
 */
import { assert } from '../util/index.js';
import { ZXID_ZERO, type Zxid } from '../types/index.js';
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

/** The columns of so many slots. */
export class ZnodeChunk {
  readonly path = new Array<string>(CHUNK_SLOTS).fill('');
  readonly data = new Array<KeptData | null>(CHUNK_SLOTS).fill(null);
  readonly acl: AclList[];
  readonly czxid = new BigInt64Array(CHUNK_SLOTS);
  readonly mzxid = new BigInt64Array(CHUNK_SLOTS);
  readonly pzxid = new BigInt64Array(CHUNK_SLOTS);
  readonly ctime = new BigInt64Array(CHUNK_SLOTS);
  readonly mtime = new BigInt64Array(CHUNK_SLOTS);
  readonly owner = new BigInt64Array(CHUNK_SLOTS);
  readonly version = new Int32Array(CHUNK_SLOTS);
  readonly aversion = new Int32Array(CHUNK_SLOTS);
  readonly childCreates = new Int32Array(CHUNK_SLOTS);
  readonly numChildren = new Int32Array(CHUNK_SLOTS);
  readonly digest = new Uint32Array(CHUNK_SLOTS);
  /** See `Mark`. */
  readonly marks = new Uint8Array(CHUNK_SLOTS);
  /** Children hang together in the order of their creation. */
  readonly parent = new Int32Array(CHUNK_SLOTS).fill(NO_SLOT);
  readonly firstChild = new Int32Array(CHUNK_SLOTS).fill(NO_SLOT);
  readonly lastChild = new Int32Array(CHUNK_SLOTS).fill(NO_SLOT);
  readonly next = new Int32Array(CHUNK_SLOTS).fill(NO_SLOT);
  readonly previous = new Int32Array(CHUNK_SLOTS).fill(NO_SLOT);

  constructor(noAcl: AclList) {
    this.acl = new Array<AclList>(CHUNK_SLOTS).fill(noAcl);
  }
}

const NO_ACL: AclList = [];

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
    chunk.czxid[at] = chunk.mzxid[at] = chunk.pzxid[at] = zxid;
    chunk.ctime[at] = chunk.mtime[at] = time;
    chunk.owner[at] = owner;
    chunk.version[at] = chunk.aversion[at] = chunk.childCreates[at] = chunk.numChildren[at] = 0;
    chunk.digest[at] = chunk.marks[at] = 0;
    chunk.parent[at] = chunk.firstChild[at] = chunk.lastChild[at] = NO_SLOT;
    chunk.next[at] = chunk.previous[at] = NO_SLOT;
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
    chunk.czxid[at] = ZXID_ZERO;
    chunk.next[at] = this.#free;
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

  /** Names of a znode's children, in the order of their creation. */
  namesOf(parent: Znode): string[] {
    const names: string[] = [];
    for (let slot = parent.firstChild; slot !== NO_SLOT;) {
      const chunk = this.#chunkOf(slot);
      const at = slot & CHUNK_MASK;
      const path = chunk.path[at] ?? '';
      names.push(path.slice(path.lastIndexOf('/') + 1));
      slot = chunk.next[at] ?? NO_SLOT;
    }
    return names;
  }

  /** All paths. */
  paths(): IterableIterator<string> {
    return this.#slots.keys();
  }

  #take(): number {
    const slot = this.#free;
    if (slot !== NO_SLOT) {
      this.#free = this.#chunkOf(slot).next[slot & CHUNK_MASK] ?? NO_SLOT;
      return slot;
    }
    if ((this.#end & CHUNK_MASK) === 0) this.#chunks.push(new ZnodeChunk(NO_ACL));
    return this.#end++;
  }

  #chunkOf(slot: number): ZnodeChunk {
    const chunk = this.#chunks[slot >> CHUNK_BITS];
    assert(chunk !== undefined, 'a slot that was never used');
    return chunk;
  }
}

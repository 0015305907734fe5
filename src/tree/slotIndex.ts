/**
 * Finds the slot of a child by its parent's slot and its name: an open hash table of two words per znode. A Map from
 * paths would keep every path as a string, and take several times the memory.
 */

const CAPACITY_MIN = 64;
const EMPTY = 0;
const SLASH = 0x2f;

/** Whether a slot holds the child of `parent` whose name is the part of `path` from `from` to `to`. */
export type IsChild = (slot: number, parent: number, path: string, from: number, to: number) => boolean;

export class SlotIndex {
  readonly #isChild: IsChild;
  readonly #seed: number;
  /** Pairs of a hash and a slot plus one; a slot plus one of 0 is an empty place. */
  #table = new Int32Array(CAPACITY_MIN * 2);
  #mask = CAPACITY_MIN - 1;
  #count = 0;

  /** @param seed nobody who chooses names should know it, or they could choose names that lie in one place */
  constructor(isChild: IsChild, seed: number) {
    this.#isChild = isChild;
    this.#seed = seed;
  }

  /** @returns the slot, or -1 when there is none */
  find(parent: number, path: string, from: number, to: number): number {
    const hash = hashOf(this.#seed, parent, path, from, to);
    for (let place = hash & this.#mask; ; place = (place + 1) & this.#mask) {
      const slot = (this.#table[place * 2 + 1] ?? EMPTY) - 1;
      if (slot < 0) return -1;
      if (this.#table[place * 2] === hash && this.#isChild(slot, parent, path, from, to)) return slot;
    }
  }

  /** Adds a child that is not there yet. */
  add(slot: number, parent: number, name: string): void {
    if (this.#count * 3 >= this.#mask * 2) this.#grow();
    this.#put(hashOf(this.#seed, parent, name, 0, name.length), slot);
    this.#count++;
  }

  /** Removes a child that is there. */
  remove(slot: number, parent: number, name: string): void {
    let hole = hashOf(this.#seed, parent, name, 0, name.length) & this.#mask;
    while (this.#table[hole * 2 + 1] !== slot + 1) hole = (hole + 1) & this.#mask;
    // Whatever was put behind its place because this one was taken moves up.
    for (let place = (hole + 1) & this.#mask; ; place = (place + 1) & this.#mask) {
      const hash = this.#table[place * 2] ?? 0;
      const next = this.#table[place * 2 + 1] ?? EMPTY;
      if (next === EMPTY) break;
      if (((place - hash) & this.#mask) < ((place - hole) & this.#mask)) continue;
      this.#table[hole * 2] = hash;
      this.#table[hole * 2 + 1] = next;
      hole = place;
    }
    this.#table[hole * 2 + 1] = EMPTY;
    this.#count--;
  }

  #put(hash: number, slot: number): void {
    let place = hash & this.#mask;
    while (this.#table[place * 2 + 1] !== EMPTY) place = (place + 1) & this.#mask;
    this.#table[place * 2] = hash;
    this.#table[place * 2 + 1] = slot + 1;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let place = 0; place < old.length; place += 2) {
      const slot = (old[place + 1] ?? EMPTY) - 1;
      if (slot >= 0) this.#put(old[place] ?? 0, slot);
    }
  }
}

/** FNV-1a over the parent and the characters, mixed at the end, as a signed word. */
function hashOf(seed: number, parent: number, path: string, from: number, to: number): number {
  let hash = Math.imul(parent + 1, 0x9e3779b1) ^ seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Where the component of a path that begins at `from` ends. */
export function componentEnd(path: string, from: number): number {
  let at = from;
  while (at < path.length && path.charCodeAt(at) !== SLASH) at++;
  return at;
}

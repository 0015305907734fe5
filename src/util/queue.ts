/**
 * A first-in first-out queue in a ring that doubles when it is full. A queue that fills and empties all the time, as
 * every connection has them, allocates nothing.
 */

const CAPACITY_MIN = 8;
/** A ring that grew beyond this is given back once it is empty. */
const CAPACITY_KEPT = 1024;

export class Queue<T> {
  #ring = new Array<T | undefined>(CAPACITY_MIN).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  /** The oldest item, which stays. */
  peek(): T | undefined {
    return this.#ring[this.#head];
  }

  /** Removes and returns the oldest item. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#ring.length > CAPACITY_KEPT) this.clear();
    return item;
  }

  clear(): void {
    this.#ring = new Array<T | undefined>(CAPACITY_MIN).fill(undefined);
    this.#head = this.#length = 0;
  }

  #grow(): void {
    const { length } = this.#ring;
    const larger = new Array<T | undefined>(length * 2).fill(undefined);
    for (let i = 0; i < length; i++) larger[i] = this.#ring[(this.#head + i) & (length - 1)];
    this.#ring = larger;
    this.#head = 0;
  }
}

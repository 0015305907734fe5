/**
 * The requests of a connection that are not answered yet, oldest first: when each came, when it was taken up, and what
 * it is. Numbers in one typed array, because a plain array would make an object of each time that is put into it.
 */

/** Doubles per request: arrival, taken up, op code, and one that makes it a power of two. */
const STRIDE = 4;
const CAPACITY_MIN = 2;
/** A ring that grew beyond this is given back with the first request after it was empty. */
const CAPACITY_KEPT = 1024;

export class InFlight {
  #ring = new Float64Array(CAPACITY_MIN * STRIDE);
  #capacity = CAPACITY_MIN;
  #head = 0;
  #length = 0;

  /** Where the one stands that `shift` took out last: nothing is written over it before the next `push`. */
  #last = 0;

  get length(): number {
    return this.#length;
  }

  /** Of the one that `shift` took out last; times in ms on the host's clock. Valid until the next `push`. */
  get arrivedAt(): number {
    return this.#ring[this.#last] ?? 0;
  }

  get takenAt(): number {
    return this.#ring[this.#last + 1] ?? 0;
  }

  get op(): number {
    return (this.#ring[this.#last + 2] ?? 0) | 0;
  }

  push(arrivedAt: number, takenAt: number, op: number): void {
    if (this.#length === this.#capacity) this.#resize(this.#capacity * 2);
    else if (this.#length === 0 && this.#capacity > CAPACITY_KEPT) this.#resize(CAPACITY_MIN);
    const at = ((this.#head + this.#length) & (this.#capacity - 1)) * STRIDE;
    this.#ring[at] = arrivedAt;
    this.#ring[at + 1] = takenAt;
    this.#ring[at + 2] = op;
    this.#length++;
  }

  /** Takes the oldest out: the getters above tell about it. @returns false when there is none */
  shift(): boolean {
    if (this.#length === 0) return false;
    this.#last = this.#head * STRIDE;
    this.#head = (this.#head + 1) & (this.#capacity - 1);
    this.#length--;
    return true;
  }

  #resize(capacity: number): void {
    const ring = new Float64Array(capacity * STRIDE);
    const unwrapped = this.#ring.subarray(this.#head * STRIDE);
    if (this.#length > 0) {
      ring.set(unwrapped);
      ring.set(this.#ring.subarray(0, this.#head * STRIDE), unwrapped.length);
    }
    this.#ring = ring;
    this.#capacity = capacity;
    this.#head = 0;
  }
}

/**
 * The requests of a connection that are not answered yet, oldest first: when each came, when it was taken up, and what
 * it is. Numbers in one typed array, because a plain array would make an object of each time that is put into it.
 */

/** Doubles per request: arrival, taken up, op code. */
const STRIDE = 3;
const CAPACITY_MIN = 2;
/** A ring that grew beyond this is given back once it is empty. */
const CAPACITY_KEPT = 1024;

export class InFlight {
  #ring = new Float64Array(CAPACITY_MIN * STRIDE);
  #capacity = CAPACITY_MIN;
  #head = 0;
  #length = 0;

  /** Of the one that `shift` took out last; times in ms on the host's clock. */
  arrivedAt = 0;
  takenAt = 0;
  op = 0;

  get length(): number {
    return this.#length;
  }

  push(arrivedAt: number, takenAt: number, op: number): void {
    if (this.#length === this.#capacity) this.#resize(this.#capacity * 2);
    const at = ((this.#head + this.#length) & (this.#capacity - 1)) * STRIDE;
    this.#ring[at] = arrivedAt;
    this.#ring[at + 1] = takenAt;
    this.#ring[at + 2] = op;
    this.#length++;
  }

  /** Takes the oldest out, into the fields above. @returns false when there is none */
  shift(): boolean {
    if (this.#length === 0) return false;
    const at = this.#head * STRIDE;
    this.arrivedAt = this.#ring[at] ?? 0;
    this.takenAt = this.#ring[at + 1] ?? 0;
    this.op = this.#ring[at + 2] ?? 0;
    this.#head = (this.#head + 1) & (this.#capacity - 1);
    this.#length--;
    if (this.#length === 0 && this.#capacity > CAPACITY_KEPT) this.#resize(CAPACITY_MIN);
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

/**
 * Writes jute values into a buffer that grows. A frame's length is filled in when the frame ends, so a whole turn's
 * replies can stand one behind the other in one buffer and leave in one write.
 */

/** Strings up to this length are written by a loop over char codes, which is faster than the call into Node. */
const SHORT_STRING = 48;

/** A growing buffer with a position. Reuse it: `reset` keeps the memory. */
export class Writer {
  #bytes: Buffer;
  #view: DataView;
  #capacity: number;
  #at = 0;

  /** @param capacity bytes allocated at first */
  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#bytes.buffer, 0, capacity);
    this.#capacity = capacity;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** Forgets what was written (from `length` on), keeps the memory. */
  reset(length = 0): void {
    this.#at = length;
  }

  /** What was written, as a view into the writer's memory: valid until the next reset. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** What was written from `at` on, as a view like `bytes`. */
  since(at: number): Buffer {
    return this.#bytes.subarray(at, this.#at);
  }

  /** A copy of what was written. */
  copy(): Buffer {
    return Buffer.from(this.bytes());
  }

  /** Gives away what was written together with its memory, and starts on fresh memory of `capacity` bytes. */
  take(capacity = 256): Buffer {
    const taken = this.bytes();
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#bytes.buffer, 0, capacity);
    this.#capacity = capacity;
    this.#at = 0;
    return taken;
  }

  boolean(value: boolean): void {
    const at = this.#grow(1);
    this.#bytes[at] = value ? 1 : 0;
  }

  int(value: number): void {
    // First the room, then the view: growing makes a new one.
    const at = this.#grow(4);
    this.#view.setInt32(at, value);
  }

  long(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value);
  }

  /** A whole number from 0 to 2^53 as a long, without a bigint. */
  whole(value: number): void {
    const at = this.#grow(8);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value % 0x1_0000_0000);
  }

  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.byteLength);
    this.raw(value);
  }

  /** A buffer whose bytes are the characters of a string, each below 256; null for no buffer. */
  binary(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.length);
    this.latin1(value);
  }

  /** The characters of a string as bytes, without a length; each is below 256. */
  latin1(value: string): void {
    const at = this.#grow(value.length);
    this.#bytes.write(value, at, 'latin1');
  }

  /** The bytes alone, without a length. */
  raw(value: Uint8Array): void {
    const at = this.#grow(value.byteLength);
    this.#bytes.set(value, at);
  }

  ustring(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    const start = this.#grow(4);
    this.utf8(value);
    this.#view.setInt32(start, this.#at - start - 4);
  }

  /** The bytes of a string, without a length. */
  utf8(value: string): void {
    const { length } = value;
    let at = this.#grow(3 * length);
    let i = 0;
    if (length <= SHORT_STRING) {
      const bytes = this.#bytes;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[at++] = code;
      }
    }
    if (i < length) at += this.#bytes.write(i === 0 ? value : value.slice(i), at, 'utf8');
    this.#at = at;
  }

  /** @param value 0 to 255 */
  byte(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  vector<T>(items: readonly T[] | null, element: (w: Writer, item: T) => void): void {
    if (items === null) {
      this.int(-1);
      return;
    }
    this.int(items.length);
    for (const item of items) element(this, item);
  }

  /** Leaves room for a frame's length and returns the mark that `endFrame` needs. */
  startFrame(): number {
    return this.#grow(4);
  }

  /** Writes the length of everything since `mark` where `startFrame` left room for it. */
  endFrame(mark: number): void {
    this.#view.setInt32(mark, this.#at - mark - 4);
  }

  /** Overwrites an int that was written before, at `at`. */
  patchInt(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }

  /** Overwrites a long that was written before, at `at`. */
  patchLong(at: number, value: bigint): void {
    this.#view.setBigInt64(at, value);
  }

  #grow(count: number): number {
    const at = this.#at;
    const needed = at + count;
    if (needed > this.#capacity) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#capacity * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
      this.#capacity = larger.byteLength;
      this.#view = new DataView(larger.buffer, 0, larger.byteLength);
    }
    this.#at = needed;
    return at;
  }
}

/**
 * Cuts a byte stream into frames (a four-byte length, then that many bytes). Frames that lie whole in one socket
 * chunk are read in place; only one that spans chunks is gathered, in memory that grows with what has arrived and
 * not with what its length promises.
 */

/** The length in front of a frame is negative or above the limit: the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const EMPTY = Buffer.alloc(0);

/** Feed it chunks; after each, call `next` until it returns false. */
export class FrameSplitter {
  /** The bytes that hold the current frame. */
  bytes: Buffer = EMPTY;
  /** Where the current frame's payload starts in `bytes`. */
  start = 0;
  /** Where it ends (exclusive). */
  end = 0;

  #lengthMax: number;
  #at = 0;
  #partial: Buffer = EMPTY;
  #partialLength = 0;
  #rest: Buffer = EMPTY;

  /** @param lengthMax largest payload accepted, in bytes (`jute.maxbuffer`) */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** Changes the limit for the frames to come. */
  accept(lengthMax: number): void {
    this.#lengthMax = lengthMax;
  }

  /** Hands over the next chunk. Whatever frames the previous one held must have been taken. */
  feed(chunk: Buffer): void {
    if (this.#partialLength === 0) {
      this.bytes = chunk;
      this.#at = 0;
      this.#rest = EMPTY;
    } else {
      this.bytes = EMPTY;
      this.#at = 0;
      this.#rest = chunk;
    }
  }

  /**
   * Moves on to the next whole frame.
   * @throws FrameError when a length is negative or above the limit
   */
  next(): boolean {
    if (this.#partialLength > 0 && !this.#completePartial()) return false;
    const { bytes } = this;
    const left = bytes.byteLength - this.#at;
    if (left >= 4) {
      const length = this.#checked(bytes.readInt32BE(this.#at));
      if (left - 4 >= length) {
        this.start = this.#at + 4;
        this.end = this.start + length;
        this.#at = this.end;
        return true;
      }
    }
    if (left > 0) this.#append(bytes, this.#at, bytes.byteLength);
    this.bytes = EMPTY;
    this.#at = 0;
    return false;
  }

  /** Bytes held back of a frame that is not whole yet. */
  get pending(): number {
    return this.#partialLength;
  }

  /** Goes on gathering the frame that spans chunks; true when `bytes` is it, followed by the rest of the chunk. */
  #completePartial(): boolean {
    if (this.#partialLength < 4) this.#pull(4 - this.#partialLength);
    if (this.#partialLength < 4) return false;
    const length = this.#checked(this.#partial.readInt32BE(0));
    this.#pull(4 + length - this.#partialLength);
    if (this.#partialLength < 4 + length) return false;
    // The frame and what follows it in the chunk become the current bytes: one copy of at most a chunk.
    const whole = this.#partial.subarray(0, this.#partialLength);
    this.#partial = EMPTY;
    this.#partialLength = 0;
    this.bytes = this.#rest.byteLength === 0 ? whole : Buffer.concat([whole, this.#rest]);
    this.#rest = EMPTY;
    this.#at = 0;
    return true;
  }

  #pull(wanted: number): void {
    const count = Math.min(wanted, this.#rest.byteLength);
    if (count <= 0) return;
    this.#append(this.#rest, 0, count);
    this.#rest = this.#rest.subarray(count);
  }

  #append(from: Buffer, start: number, end: number): void {
    const needed = this.#partialLength + end - start;
    if (needed > this.#partial.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#partial.byteLength * 2, 64));
      this.#partial.copy(larger, 0, 0, this.#partialLength);
      this.#partial = larger;
    }
    from.copy(this.#partial, this.#partialLength, start, end);
    this.#partialLength = needed;
  }

  #checked(length: number): number {
    if (length < 0 || length > this.#lengthMax) {
      throw new FrameError(`A frame announces ${length} bytes; 0 to ${this.#lengthMax} are allowed.`);
    }
    return length;
  }
}

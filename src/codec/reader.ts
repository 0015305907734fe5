/**
 * Reads jute values from bytes that somebody else sent. Every length is held against what remains before anything
 * is allocated or sliced, so the worst that bad input can do is a DecodeError.
 */

/** The bytes are not what the schema says. The message tells what was expected; it never contains the data. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  constructor(message: string) {
    // Without a stack: strangers decide how many of these there are, and the stack costs ten times the rest.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const EMPTY = Buffer.alloc(0);

/**
 * A cursor over a part of a Buffer. One Reader serves a whole connection: `attach` it to a socket chunk (which makes
 * the DataView, the expensive part) and `seek` it to each frame within.
 */
export class Reader {
  #bytes: Buffer = EMPTY;
  #view: DataView = new DataView(EMPTY.buffer, 0, 0);
  #at = 0;
  #end = 0;

  /** A Reader over all of `bytes`. */
  static over(bytes: Buffer): Reader {
    const reader = new Reader();
    reader.attach(bytes);
    return reader;
  }

  /** Continues with other bytes, from their start to their end. */
  attach(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = bytes.byteLength;
  }

  /** Narrows to `start` (inclusive) .. `end` (exclusive) of the attached bytes. */
  seek(start: number, end: number): void {
    if (start < 0 || start > end || end > this.#bytes.byteLength)
      throw new RangeError('seek outside of the attached bytes');
    this.#at = start;
    this.#end = end;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Goes past `expected` if these are the next bytes. @returns whether they were */
  skipIf(expected: Uint8Array): boolean {
    const { byteLength } = expected;
    if (byteLength > this.remaining) return false;
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < byteLength; i++) if (bytes[at + i] !== expected[i]) return false;
    this.#at = at + byteLength;
    return true;
  }

  boolean(): boolean {
    return this.#bytes[this.#take(1)] !== 0;
  }

  int(): number {
    return this.#view.getInt32(this.#take(4));
  }

  long(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  /** A view into the attached bytes: valid until they are reused; copy what you keep. */
  bufferOrNull(): Buffer | null {
    const length = this.int();
    if (length === -1) return null;
    const start = this.#takeCounted(length, 1, 'buffer');
    return this.#bytes.subarray(start, start + length);
  }

  /** As bufferOrNull, where null is not legal. */
  buffer(): Buffer {
    return this.bufferOrNull() ?? fail('a buffer is null');
  }

  /** A buffer as a string with one character per byte, a copy; null where there is none. */
  binaryOrNull(): string | null {
    const length = this.int();
    if (length === -1) return null;
    const start = this.#takeCounted(length, 1, 'buffer');
    return this.#bytes.toString('latin1', start, start + length);
  }

  ustringOrNull(): string | null {
    const length = this.int();
    if (length === -1) return null;
    const start = this.#takeCounted(length, 1, 'string');
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** As ustringOrNull, where null is not legal. */
  ustring(): string {
    return this.ustringOrNull() ?? fail('a string is null');
  }

  /** @param least the smallest number of bytes that one element can take */
  vectorOrNull<T>(least: number, element: (r: Reader) => T): T[] | null {
    const count = this.int();
    if (count === -1) return null;
    // Below -1 a count means no elements, as it does to ZooKeeper's Java reader.
    if (count * least > this.remaining) fail(`a vector of ${count} elements does not fit`);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(element(this));
    return items;
  }

  /** As vectorOrNull, where null is not legal. */
  vector<T>(least: number, element: (r: Reader) => T): T[] {
    return this.vectorOrNull(least, element) ?? fail('a vector is null');
  }

  #takeCounted(length: number, least: number, what: string): number {
    if (length < 0 || length * least > this.remaining) fail(`a ${what} of length ${length} does not fit`);
    return this.#take(length);
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#end) fail(`${count} bytes expected, ${this.remaining} left`);
    this.#at = at + count;
    return at;
  }
}

function fail(what: string): never {
  throw new DecodeError(`Malformed record: ${what}.`);
}

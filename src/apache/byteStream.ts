/**
 * A file from its beginning to its end: whoever reads asks for as many bytes as a record needs and gets them side by
 * side, and at any place the Adler-32 of all that was read.
 */
import adler32 from 'adler-32';
import { ApacheDataError, textOf } from './errors.js';
import { compressionOf, pieces } from './pieces.js';

/** No record comes near this (`jute.maxbuffer`): a length beyond it is damage, not a reason to take memory. */
export const RECORD_BYTES_MAX = 256 << 20;

/** A position in the uncompressed bytes of a file, and the bytes behind it. */
export class ByteStream {
  readonly #file: string;
  readonly #pieces: AsyncIterator<Buffer, undefined>;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  /** Bytes before the ones at hand. */
  #before = 0;
  #summedTo = 0;
  #adler = 1;

  constructor(file: string) {
    this.#file = file;
    this.#pieces = pieces(file, compressionOf(file))[Symbol.asyncIterator]();
  }

  /** Of the next byte, counted from the beginning of the uncompressed file. */
  get offset(): number {
    return this.#before + this.#at;
  }

  /** Whether so many bytes are at hand; if not, `fill` may help. */
  has(count: number): boolean {
    return this.#bytes.byteLength - this.#at >= count;
  }

  /** @returns whether there are so many bytes more */
  async fill(count: number): Promise<boolean> {
    if (this.has(count)) return true;
    this.#sum();
    const parts = [this.#bytes.subarray(this.#at)];
    let length = this.#bytes.byteLength - this.#at;
    while (length < count) {
      const piece = await this.#next();
      if (piece === undefined) break;
      parts.push(piece);
      length += piece.byteLength;
    }
    this.#before += this.#at;
    this.#bytes = Buffer.concat(parts);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    this.#at = 0;
    this.#summedTo = 0;
    return length >= count;
  }

  /** The int `ahead` bytes behind the position, which stays. */
  peekInt(ahead = 0): number {
    return this.#view.getInt32(this.#at + ahead);
  }

  int(): number {
    const value = this.#view.getInt32(this.#at);
    this.#at += 4;
    return value;
  }

  long(): bigint {
    const value = this.#view.getBigInt64(this.#at);
    this.#at += 8;
    return value;
  }

  /** A view, good until the next `fill`. */
  take(count: number): Buffer {
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  /** Adler-32 of everything up to the position, as a number without a sign. */
  checksum(): bigint {
    this.#sum();
    return BigInt(this.#adler >>> 0);
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#pieces.return?.(undefined);
  }

  #sum(): void {
    this.#adler = adler32.buf(this.#bytes.subarray(this.#summedTo, this.#at), this.#adler);
    this.#summedTo = this.#at;
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#pieces.next();
      return done === true ? undefined : value;
    } catch (error) {
      if (error instanceof ApacheDataError) throw error;
      throw new ApacheDataError(`${this.#file} cannot be read: ${textOf(error)}.`, { cause: error });
    }
  }
}

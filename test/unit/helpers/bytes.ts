/**
 * Builds expected bytes without the writer under test, in the plainest way, so that a bug of the codec cannot cancel
 * itself out.
 */
export class Bytes {
  readonly #parts: Buffer[] = [];

  boolean(value: boolean): this {
    return this.raw(Buffer.from([value ? 1 : 0]));
  }

  int(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    return this.raw(part);
  }

  long(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(value);
    return this.raw(part);
  }

  buffer(value: Uint8Array | null): this {
    return value === null ? this.int(-1) : this.int(value.byteLength).raw(value);
  }

  ustring(value: string | null): this {
    return this.buffer(value === null ? null : Buffer.from(value, 'utf8'));
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  /** What was built so far. */
  get built(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function bytes(): Bytes {
  return new Bytes();
}

/** A payload with its length in front. */
export function framed(payload: Uint8Array): Buffer {
  return bytes().buffer(payload).built;
}

/** From text such as `00 00 00 01`. */
export function fromHex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

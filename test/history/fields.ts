/** Fields of an object that came out of JSON: of the type that is asked for, or an error that says which is not. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;

  private constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  static of(value: unknown): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error(`${JSON.stringify(value)} is no object`);
    return new Fields(new Map(Object.entries(value)));
  }

  has(name: string): boolean {
    return this.#values.get(name) !== undefined;
  }

  text(name: string): string {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : this.#wrong(name, 'text');
  }

  textOrNull(name: string): string | null {
    return this.#values.get(name) === null ? null : this.text(name);
  }

  number(name: string): number {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : this.#wrong(name, 'a number');
  }

  /** 64 bits, written as text. */
  long(name: string): bigint {
    const value = this.#values.get(name);
    if (typeof value !== 'string' || !/^(0x[0-9a-f]+|-?\d+)$/.test(value)) return this.#wrong(name, 'a long');
    return BigInt.asIntN(64, BigInt(value));
  }

  flag(name: string): boolean {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : this.#wrong(name, 'true or false');
  }

  object(name: string): Fields {
    return Fields.of(this.#values.get(name));
  }

  list<T>(name: string, read: (value: unknown) => T): T[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? value.map(read) : this.#wrong(name, 'a list');
  }

  #wrong(name: string, expected: string): never {
    throw new Error(`${name} is ${JSON.stringify(this.#values.get(name))}, where ${expected} is expected`);
  }
}

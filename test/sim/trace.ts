/** What happened, as a hash of everything and the last events in words. Two runs of one seed have equal hashes. */
import { crc32 } from '../../src/util/index.js';

export type TraceValue = number | bigint | string | boolean | undefined;

interface Entry {
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly values: readonly TraceValue[];
}

const KEPT = 200;

export class Trace {
  #hash = 0x811c9dc5;
  #count = 0;
  readonly #ring: Entry[] = [];
  readonly #now: () => number;
  readonly #print: ((line: string) => void) | undefined;

  /** @param print given every event, in words */
  constructor(now: () => number, print?: (line: string) => void) {
    this.#now = now;
    this.#print = print;
  }

  /** Number of events so far. */
  get count(): number {
    return this.#count;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** @param who `s1` for a server, `c3` for a client, `world` */
  note(who: string, what: string, ...values: TraceValue[]): void {
    const at = this.#now();
    this.#mix(Math.round(at * 1000));
    this.#mix(hashOf(who));
    this.#mix(hashOf(what));
    for (const value of values) this.#mixValue(value);
    const entry = { at, who, what, values };
    this.#ring[this.#count++ % KEPT] = entry;
    this.#print?.(lineOf(entry));
  }

  /** The last events, oldest first. */
  get lines(): string[] {
    const start = Math.max(0, this.#count - KEPT);
    const lines: string[] = [];
    for (let i = start; i < this.#count; i++) {
      const entry = this.#ring[i % KEPT];
      if (entry !== undefined) lines.push(lineOf(entry));
    }
    return lines;
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }

  #mixValue(value: TraceValue): void {
    switch (typeof value) {
      case 'number':
        return this.#mix(value);
      case 'bigint':
        this.#mix(Number(BigInt.asIntN(32, value)));
        return this.#mix(Number(BigInt.asIntN(32, value >> 32n)));
      case 'string':
        return this.#mix(crc32(value));
      case 'boolean':
        return this.#mix(value ? 1 : 2);
      default:
        return this.#mix(3);
    }
  }
}

/** The same few words come again and again. */
const HASHES = new Map<string, number>();

function hashOf(word: string): number {
  let hash = HASHES.get(word);
  if (hash === undefined) HASHES.set(word, (hash = crc32(word)));
  return hash;
}

function lineOf({ at, who, what, values }: Entry): string {
  return `${at.toFixed(3).padStart(11)} ${who.padEnd(6)} ${what} ${values.map(wordOf).join(' ')}`.trimEnd();
}

function wordOf(value: TraceValue): string {
  return typeof value === 'bigint' ? `0x${BigInt.asUintN(64, value).toString(16)}` : String(value);
}

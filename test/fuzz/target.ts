/**
 * What is fuzzed: a parser with something valid to begin with, and what must hold whatever it is given. The runner does
 * the rest: bending inputs, keeping those that led somewhere new, watching time and memory.
 */
import type { Random } from '../helpers/random.js';

export interface Target {
  /** As `--target` takes it, and the name of its directory under `corpus/`. */
  readonly name: string;
  /** One line for `--list`. */
  readonly doc: string;
  /** An input that is right, or nearly. */
  generate(random: Random): Buffer;
  /** Puts right what bending breaks nearly always, such as a checksum: else nothing behind it is ever reached. */
  repair?(random: Random, input: Buffer): Buffer;
  /** Largest input, in bytes. @default INPUT_BYTES_MAX */
  readonly bytesMax?: number;
  /** Bytes of memory that any input may take, garbage included. @default HEAP_SLACK_BYTES */
  readonly heapSlack?: number;
  /** ms that an input may take. @default INPUT_MS_MAX */
  readonly msMax?: number;
  /**
   * Feeds the parser and checks what it gives back.
   * @returns what came of it: values of another shape count as another outcome
   * @throws what `refuses` knows; anything else is a bug
   */
  run(input: Buffer): unknown;
  /** Whether the parser may throw this. */
  refuses(error: unknown): boolean;
  /** Removes what the target has made outside of memory. */
  close?(): void;
}

export const INPUT_BYTES_MAX = 8 * 1024;
export const INPUT_MS_MAX = 25;
export const HEAP_SLACK_BYTES = 4 << 20;

/** Something that must hold does not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** What went wrong, with the input that did it. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';

  constructor(target: string, input: Buffer, cause: unknown) {
    super(`${target} with ${input.toString('hex')}: ${String(cause)}`, { cause });
  }
}

/** What holds for every codec: what was decoded is encoded to something that means the same. */
import { isDeepStrictEqual } from 'node:util';
import { Violation } from './target.js';

/** @throws Violation unless `decode(encode(value))` is `value` */
export function checkRoundTrip<T>(
  value: T,
  encode: (value: T) => Buffer,
  decode: (bytes: Buffer) => T,
): void {
  let again: T;
  try {
    again = decode(encode(value));
  } catch (error) {
    throw new Violation(`what was decoded cannot be decoded again: ${String(error)}`, { cause: error });
  }
  if (!isDeepStrictEqual(value, again)) throw new Violation('decoded again it is something else');
}

/** The bytes of a turn's records, on their way into storage. */
import { assert } from '../util/index.js';

export { CHAIN_BYTES, RECORD_HEADER_BYTES, recordsIn as recordsOf } from '../zab/index.js';

/** @returns the ArrayBuffer to transfer; nothing else may live in it */
export function wholeBuffer(bytes: Buffer): ArrayBuffer {
  const memory = bytes.buffer;
  assert(
    memory instanceof ArrayBuffer && bytes.byteOffset === 0,
    'Bytes handed to storage do not own their memory.',
  );
  return memory;
}

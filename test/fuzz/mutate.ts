/** Bends inputs: bytes for formats in binary, pieces for texts. The same seed bends in the same way. */
import type { Random } from '../helpers/random.js';

/** Where a length or a count may stand, these are the values at which parsers break. */
const EDGES = [
  -2147483648, -65536, -2, -1, 0, 1, 2, 5, 7, 8, 16, 100, 255, 256, 65535, 65536, 0xfffff, 0x100000,
  2147483647,
];
const BYTES = [
  0, 1, 0x0a, 0x20, 0x22, 0x2c, 0x2f, 0x3a, 0x3b, 0x3d, 0x5b, 0x5c, 0x7f, 0x80, 0xc3, 0xed, 0xff,
];
const CHANGES_MAX = 5;

/** Bends `bytes`, now and then with a piece of `other`. The result is a buffer of its own. */
export function mutate(random: Random, bytes: Buffer, other: Buffer, bytesMax: number): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let i = random.int(CHANGES_MAX); i > 0; i--) {
    const at = random.int(result.byteLength + 1);
    switch (random.int(9)) {
      case 0:
        if (at < result.byteLength) result[at] = random.int(256);
        break;
      case 1:
        if (at < result.byteLength) result[at] = (result[at] ?? 0) ^ (1 << random.int(8));
        break;
      case 2:
        if (at < result.byteLength) result[at] = random.pick(BYTES);
        break;
      case 3:
        if (at + 4 <= result.byteLength) result.writeInt32BE(random.pick(EDGES), at);
        break;
      case 4:
        result = result.subarray(0, at);
        break;
      case 5:
        result = insert(result, at, random.bytes(random.int(16)), bytesMax);
        break;
      case 6: {
        const to = Math.min(result.byteLength, at + random.int(16));
        result = Buffer.concat([result.subarray(0, at), result.subarray(to)]);
        break;
      }
      case 7: {
        const from = random.int(result.byteLength + 1);
        result = insert(result, at, result.subarray(from, from + random.int(64)), bytesMax);
        break;
      }
      default: {
        const from = random.int(other.byteLength + 1);
        result = insert(result, at, other.subarray(from, from + random.int(128)), bytesMax);
      }
    }
  }
  return result;
}

function insert(bytes: Buffer, at: number, piece: Buffer, bytesMax: number): Buffer {
  if (bytes.byteLength + piece.byteLength > bytesMax) return bytes;
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

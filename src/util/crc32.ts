/** CRC-32 (IEEE), Node's own: a plain function of its arguments, and therefore allowed in the deterministic rooms. */
export { crc32 } from 'node:zlib';

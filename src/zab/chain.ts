/**
 * The chain hash of zab.md 1.1: equal (zxid, chain) on two servers proves equal logs up to there, and a hole or a
 * fork shows on the first record after it.
 */
import xxhash from 'xxhash-wasm';

// The WebAssembly is compiled once, here: everything after is a plain function of its arguments.
const hasher = await xxhash();

/**
 * XXH64, seeded with the chain of the record before.
 * @param previous chain up to the record before, signed 64 bits (0 for the first)
 * @param bytes the record's jute bytes after its `chain` field
 * @returns signed 64 bits, as jute and SQLite keep it
 */
export function chainOf(previous: bigint, bytes: Uint8Array): bigint {
  return BigInt.asIntN(64, hasher.h64Raw(bytes, BigInt.asUintN(64, previous)));
}

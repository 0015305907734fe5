/** 64-bit identifiers as ZooKeeper prints them: unsigned, lower case, no leading zeros, with `0x`. */
export function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

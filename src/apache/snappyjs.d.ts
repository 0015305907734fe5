/** snappyjs comes without types. */
declare module 'snappyjs' {
  /** @throws Error for what is no block of Snappy, or is longer than `maxLength` once uncompressed */
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
  export function compress(bytes: Buffer): Buffer;
}

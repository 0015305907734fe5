/** The bytes of a file in pieces, whether it is plain or compressed by gzip or by snappy-java. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { uncompress } from 'snappyjs';
import { ApacheDataError } from './errors.js';

/** How a snapshot is stored. */
export type Compression = 'none' | 'gzip' | 'snappy';

const PIECE_BYTES = 1 << 20;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
/** Of snappy-java's SnappyOutputStream; two versions of four bytes follow. */
const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const SNAPPY_HEADER_BYTES = 16;
/** It cuts the stream into blocks of 32 KiB; what claims to be much larger is damage. */
const SNAPPY_BLOCK_BYTES_MAX = 64 << 20;

/** Looks at the first bytes: a file may have been renamed. */
export function compressionOf(file: string): Compression {
  const head = Buffer.alloc(SNAPPY_MAGIC.byteLength);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, head, 0, head.byteLength, 0);
  } finally {
    closeSync(fd);
  }
  if (head.subarray(0, GZIP_MAGIC.byteLength).equals(GZIP_MAGIC)) return 'gzip';
  return head.equals(SNAPPY_MAGIC) ? 'snappy' : 'none';
}

/** The uncompressed bytes. Each piece has memory that nobody else writes into. */
export async function* pieces(file: string, compression: Compression): AsyncGenerator<Buffer, undefined> {
  const stream = createReadStream(file, { highWaterMark: PIECE_BYTES });
  try {
    if (compression === 'none') yield* buffers(stream);
    else if (compression === 'snappy') yield* snappyBlocks(file, buffers(stream));
    else {
      const unzipped = createGunzip({ chunkSize: PIECE_BYTES });
      // An error of the file has to reach whoever waits for the next piece.
      stream.on('error', (error) => unzipped.destroy(error));
      yield* buffers(stream.pipe(unzipped));
    }
  } finally {
    stream.destroy();
  }
  return undefined;
}

async function* buffers(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer, undefined> {
  for await (const piece of stream) if (Buffer.isBuffer(piece)) yield piece;
  return undefined;
}

/** Header, then blocks, each behind its length. Where streams were put one behind the other, another header. */
async function* snappyBlocks(
  file: string,
  source: AsyncGenerator<Buffer, undefined>,
): AsyncGenerator<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  let offset = 0;
  const have = async (count: number): Promise<boolean> => {
    while (bytes.byteLength < count) {
      const { value } = await source.next();
      if (value === undefined) return false;
      bytes = Buffer.concat([bytes, value]);
    }
    return true;
  };
  const skip = (count: number): void => {
    bytes = bytes.subarray(count);
    offset += count;
  };
  const damaged = (what: string): ApacheDataError =>
    new ApacheDataError(`${file} is damaged at byte ${offset}: ${what}.`);
  while (await have(4)) {
    if (bytes.readInt32BE(0) === SNAPPY_MAGIC.readInt32BE(0)) {
      if (!(await have(SNAPPY_HEADER_BYTES))) throw damaged('the header of Snappy is cut off');
      skip(SNAPPY_HEADER_BYTES);
      continue;
    }
    const length = bytes.readInt32BE(0);
    if (length < 0 || length > SNAPPY_BLOCK_BYTES_MAX) throw damaged(`a block of ${length} bytes`);
    if (!(await have(4 + length))) throw damaged('a block of Snappy is cut off');
    try {
      yield uncompress(bytes.subarray(4, 4 + length), SNAPPY_BLOCK_BYTES_MAX);
    } catch (error) {
      throw damaged(error instanceof Error ? error.message : String(error));
    }
    skip(4 + length);
  }
  if (bytes.byteLength > 0) throw damaged('a block of Snappy is cut off');
}

/**
 * What the code generated from `peer.proto` stands on, beside the reader and writer of protobufjs: sizes (a message is
 * measured before it is written, so that nothing has to be moved when its length is known), 64-bit values as bigint,
 * and bounds of nested messages, which the reader of protobufjs does not check.
 */
import protobuf from 'protobufjs/minimal.js';

/** Reads protobuf from a buffer. */
export type ProtoReader = protobuf.Reader;
/** Writes protobuf into a buffer that grows. */
export type ProtoWriter = protobuf.Writer;

/** The writer may reserve more than it needs; with so much more room than the sizes say, it never moves to new memory. */
const WRITER_SLACK = 512;

/** @param bytes of a whole message */
export function protoReader(bytes: Buffer): ProtoReader {
  return protobuf.Reader.create(bytes);
}

/** A writer with room for `size` bytes of messages. */
export function protoWriter(size: number): ProtoWriter {
  const writer = protobuf.Writer.create();
  writer.buf = Buffer.allocUnsafe(size + WRITER_SLACK);
  return writer;
}

/** What was written, as a view into the writer's memory. */
export function writtenBytes(writer: ProtoWriter): Buffer {
  const { buf, pos } = writer;
  return Buffer.from(buf.buffer, buf.byteOffset, pos);
}

/** Bytes that `value` takes as a varint. @param value 0 .. 2^32-1 */
export function sizeOfVarint(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

export function sizeOfSint32(value: number): number {
  return sizeOfVarint(((value << 1) ^ (value >> 31)) >>> 0);
}

/** Bytes of something with its length in front. */
export function sizeWithLength(length: number): number {
  return sizeOfVarint(length) + length;
}

export function sizeOfString(value: string): number {
  return sizeWithLength(Buffer.byteLength(value));
}

/** Serves fixed64 and sfixed64. */
export function writeFixed64(w: ProtoWriter, value: bigint): void {
  w.fixed32(Number(value & 0xffff_ffffn)).fixed32(Number((value >> 32n) & 0xffff_ffffn));
}

export function readFixed64(r: ProtoReader): bigint {
  const low = r.fixed32();
  return (BigInt(r.fixed32()) << 32n) | BigInt(low);
}

export function readSfixed64(r: ProtoReader): bigint {
  return BigInt.asIntN(64, readFixed64(r));
}

/** Reads the length of what is nested in a message that ends at `end`, and returns where it ends itself. */
export function nestedEnd(r: ProtoReader, end: number): number {
  const nested = r.size() + r.pos;
  if (nested > end) throw new RangeError(`a field of a message ends ${nested - end} bytes behind it`);
  return nested;
}

/** A message ends where its length said; a field that does not has taken bytes of the next message. */
export function checkEnd(r: ProtoReader, end: number): void {
  if (r.pos !== end) throw new RangeError(`the last field of a message ends ${r.pos - end} bytes behind it`);
}

/** Items of a repeated field take more memory here than in a frame: so many are all that a frame may ask for. */
const ITEMS_MAX = 1_000_000;

/** @param count of a repeated field's items so far */
export function checkCount(count: number): void {
  if (count > ITEMS_MAX) throw new RangeError(`more than ${ITEMS_MAX} items`);
}

/** Skips a field that this version does not know. */
export function skipField(r: ProtoReader, tag: number): void {
  r.skipType(tag & 7, 0, tag >>> 3);
}

/**
 * All messages that leave for a quorum link in one turn stand one behind the other in one frame. They are encoded when
 * they are added, so that whoever adds a batch may give its bytes away at once; the bytes are copied exactly once, into
 * the memory that the socket sends.
 */
import type { PeerMessage } from '../zab/index.js';
import { readMessage, sizeMessage, writeMessage } from './generated/peer.js';
import { fromWire, toWire } from './peerCodec.js';
import { decoding, PeerDecodeError, QUORUM_FRAME_BYTES_MAX } from './peerLimits.js';
import {
  nestedEnd,
  protoReader,
  protoWriter,
  sizeWithLength,
  skipField,
  writtenBytes,
  type ProtoWriter,
} from './protobuf.js';

/** A frame ends before it becomes longer, unless it is one message. */
const GROUP_BYTES_MAX = 4 * 1024 * 1024;
/** Messages in a group; a small one takes more memory than bytes. */
const GROUP_MESSAGES_MAX = 100_000;
/**
 * Memory for the messages of a usual turn. When it is full, more is taken, twice as much each time, and a large message
 * gets memory of its own: nothing that was written is ever moved.
 */
const CHUNK_BYTES_MIN = 2 * 1024;
const CHUNK_BYTES_MAX = 64 * 1024;
const LENGTH_BYTES = 4;
/** Tag of `FrameGroup.messages`. */
const MESSAGES_TAG = 10;

/** A message does not fit into a frame: a mistake of the sender. */
export class FrameTooLongError extends Error {
  override readonly name = 'FrameTooLongError';
}

/** Collects the messages of a turn. */
export class FrameGroupWriter {
  /** Memory that is full, of this frame and those before it. */
  #chunks: Buffer[] = [];
  #length = 0;
  #writer: ProtoWriter | undefined;
  /** Bytes that still fit into the writer's memory. */
  #room = 0;
  #chunkBytes = CHUNK_BYTES_MIN;
  /** Where the length of the frame in progress stands. */
  #head: ProtoWriter | undefined;
  #headAt = 0;
  #frameLength = 0;
  #frameMessages = 0;

  /** Bytes collected, with the lengths of frames. */
  get length(): number {
    return this.#length;
  }

  /** @throws FrameTooLongError and collects nothing */
  add(message: PeerMessage): void {
    const wire = toWire(message);
    const size = sizeMessage(wire);
    const entry = 1 + sizeWithLength(size);
    if (entry > QUORUM_FRAME_BYTES_MAX) {
      throw new FrameTooLongError(
        `A message of kind ${message.kind} has ${size} bytes, too many for a frame.`,
      );
    }
    const full = this.#frameLength + entry > GROUP_BYTES_MAX || this.#frameMessages >= GROUP_MESSAGES_MAX;
    if (this.#frameMessages > 0 && full) this.#endFrame();
    const writer = this.#roomFor(entry);
    writer.uint32(MESSAGES_TAG).uint32(size);
    writeMessage(writer, wire);
    this.#room -= entry;
    this.#frameLength += entry;
    this.#frameMessages++;
    this.#length += entry;
  }

  /** Gives away what was collected, in order, as whole frames. */
  take(): readonly Buffer[] {
    if (this.#frameMessages > 0) this.#endFrame();
    this.#endChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    this.#chunkBytes = CHUNK_BYTES_MIN;
    return chunks;
  }

  /** The writer to put `entry` bytes into, behind the frame's length if they are its first. */
  #roomFor(entry: number): ProtoWriter {
    const needed = this.#head === undefined ? LENGTH_BYTES + entry : entry;
    let writer = this.#writer;
    if (writer === undefined || needed > this.#room) {
      this.#endChunk();
      const capacity = Math.max(needed, this.#chunkBytes);
      this.#chunkBytes = Math.min(this.#chunkBytes * 2, CHUNK_BYTES_MAX);
      writer = this.#writer = protoWriter(capacity);
      this.#room = capacity;
    }
    if (this.#head === undefined) {
      this.#head = writer;
      this.#headAt = writer.pos;
      writer.fixed32(0);
      this.#room -= LENGTH_BYTES;
      this.#length += LENGTH_BYTES;
    }
    return writer;
  }

  #endFrame(): void {
    const head = this.#head;
    if (head !== undefined) {
      new DataView(head.buf.buffer, head.buf.byteOffset).setInt32(this.#headAt, this.#frameLength);
    }
    this.#head = undefined;
    this.#frameLength = 0;
    this.#frameMessages = 0;
  }

  #endChunk(): void {
    if (this.#writer !== undefined) this.#chunks.push(writtenBytes(this.#writer));
    this.#writer = undefined;
    this.#room = 0;
  }
}

/** @param frame without its length @throws PeerDecodeError */
export function decodeFrameGroup(frame: Buffer): readonly PeerMessage[] {
  return decoding('frame group', () => {
    const messages: PeerMessage[] = [];
    const reader = protoReader(frame);
    while (reader.pos < frame.byteLength) {
      const tag = reader.tag();
      if (tag !== MESSAGES_TAG) {
        skipField(reader, tag);
        continue;
      }
      if (messages.length >= GROUP_MESSAGES_MAX) {
        throw new PeerDecodeError(`A frame group has more than ${GROUP_MESSAGES_MAX} messages.`);
      }
      messages.push(fromWire(readMessage(reader, nestedEnd(reader, frame.byteLength))));
    }
    return messages;
  });
}

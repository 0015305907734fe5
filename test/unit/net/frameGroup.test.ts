/** The messages of a turn leave as whole frames, in order, and are found again however the stream is cut. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FrameSplitter } from '../../../src/codec/index.js';
import {
  decodeFrameGroup,
  FrameGroupWriter,
  FrameTooLongError,
  PeerDecodeError,
} from '../../../src/net/index.js';
import { LOG_START, type PeerMessage } from '../../../src/zab/index.js';
import { peerMessage } from './peerMessages.js';

const MIB = 1024 * 1024;

function encode(messages: readonly PeerMessage[]): Buffer {
  const group = new FrameGroupWriter();
  for (const message of messages) group.add(message);
  const { length } = group;
  const encoded = Buffer.concat(group.take());
  expect(length, 'length before take').to.equal(encoded.byteLength);
  expect(group.length, 'length after take').to.equal(0);
  return encoded;
}

/** The messages of each frame. */
function decode(chunks: readonly Buffer[]): (readonly PeerMessage[])[] {
  const splitter = new FrameSplitter(64 * MIB);
  const frames: (readonly PeerMessage[])[] = [];
  for (const chunk of chunks) {
    splitter.feed(chunk);
    while (splitter.next())
      frames.push(decodeFrameGroup(splitter.bytes.subarray(splitter.start, splitter.end)));
  }
  expect(splitter.pending).to.equal(0);
  return frames;
}

function records(bytes: number): PeerMessage {
  return {
    kind: 'records',
    batch: { bytes: Buffer.alloc(bytes, 7), count: 1, last: LOG_START },
    answers: [],
  };
}

const TURN: readonly PeerMessage[] = [
  { kind: 'ping', beat: 1, commit: 2 },
  records(100),
  { kind: 'commit', index: 2 ** 53 - 1 },
  { kind: 'handOver' },
];

describe('FrameGroupWriter', () => {
  it('puts the messages of a turn into one frame, in order', () => {
    fc.assert(
      fc.property(fc.array(peerMessage, { minLength: 1, maxLength: 40 }), (messages) => {
        expect(decode([encode(messages)])).to.deep.equal([messages]);
      }),
    );
  });

  it('gives nothing for a turn without messages', () => {
    expect(new FrameGroupWriter().take()).to.deep.equal([]);
  });

  it('can be used again after each turn', () => {
    const group = new FrameGroupWriter();
    group.add(TURN[0]!);
    expect(decode(group.take())).to.deep.equal([[TURN[0]]]);
    group.add(TURN[1]!);
    expect(decode(group.take())).to.deep.equal([[TURN[1]]]);
  });

  it('is decoded byte by byte', () => {
    const stream = encode(TURN);
    expect(decode([...stream].map((byte) => Buffer.from([byte])))).to.deep.equal([TURN]);
  });

  it('is decoded when cut in two at any place', () => {
    const stream = Buffer.concat([encode(TURN), encode(TURN)]);
    for (let at = 0; at <= stream.byteLength; at++) {
      expect(decode([stream.subarray(0, at), stream.subarray(at)]), `cut at ${at}`).to.deep.equal([
        TURN,
        TURN,
      ]);
    }
  });

  it('begins a new frame before one becomes longer than 4 MiB', () => {
    const stream = encode([records(3 * MIB), records(MIB / 2), records(MIB), { kind: 'handOver' }]);
    expect(decode([stream]).map((frame) => frame.length)).to.deep.equal([2, 2]);
  });

  it('sends a message that is longer than 4 MiB in a frame of its own', () => {
    const stream = encode([{ kind: 'handOver' }, records(5 * MIB), { kind: 'handOver' }]);
    expect(decode([stream]).map((frame) => frame.length)).to.deep.equal([1, 1, 1]);
  });

  it('refuses a message that no frame can hold, and keeps what it has', () => {
    const group = new FrameGroupWriter();
    group.add(TURN[0]!);
    expect(() => group.add(records(64 * MIB))).to.throw(FrameTooLongError, 'records');
    expect(decode(group.take())).to.deep.equal([[TURN[0]]]);
  });

  it('has copied the bytes of a batch when add returns, so that they can be given away', () => {
    const group = new FrameGroupWriter();
    const bytes = Buffer.allocUnsafeSlow(1000).fill(1);
    group.add({ kind: 'records', batch: { bytes, count: 1, last: LOG_START }, answers: [] });
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const [[message] = []] = decode(group.take());
    expect(message).to.have.nested.property('batch.bytes.byteLength', 1000);
  });

  it('copies a large batch once: into memory of its own, not much larger than the batch', () => {
    const group = new FrameGroupWriter();
    group.add({ kind: 'commit', index: 1 });
    group.add(records(MIB));
    const chunks = group.take();
    expect(chunks).to.have.length(2);
    expect(chunks[1]!.buffer.byteLength - MIB).to.be.below(1024);
  });

  it('decodes a frame group with fields that this version does not know', () => {
    const frame = Buffer.concat([Buffer.from([0x10, 0x01]), encode(TURN).subarray(4)]);
    expect(decodeFrameGroup(frame)).to.deep.equal(TURN);
  });

  it('refuses a frame group of more than 100,000 messages', () => {
    const commit = encode([{ kind: 'handOver' }]).subarray(4);
    const frame = Buffer.alloc(commit.byteLength * 100_001, commit);
    expect(() => decodeFrameGroup(frame)).to.throw(PeerDecodeError, '100000 messages');
  });

  it('refuses a frame that ends within a message', () => {
    const frame = encode(TURN).subarray(4);
    for (const end of [1, 3, frame.byteLength - 1]) {
      expect(() => decodeFrameGroup(frame.subarray(0, end)), `cut at ${end}`).to.throw(PeerDecodeError);
    }
  });
});

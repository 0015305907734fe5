/** Frames come out whole, however the stream was cut into chunks. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FrameError, FrameSplitter } from '../../../src/codec/index.js';
import { bytes, framed } from '../helpers/bytes.js';

const LENGTH_MAX = 1000;

/** All payloads that the chunks hold. Each is copied: the next chunk may take its place. */
function split(chunks: readonly Buffer[], splitter = new FrameSplitter(LENGTH_MAX)): string[] {
  const payloads: string[] = [];
  for (const chunk of chunks) {
    splitter.feed(chunk);
    while (splitter.next()) payloads.push(splitter.bytes.toString('latin1', splitter.start, splitter.end));
    expect(splitter.next(), 'a frame after the last').to.equal(false);
  }
  return payloads;
}

function cutAt(whole: Buffer, ...places: number[]): Buffer[] {
  const edges = [0, ...places, whole.byteLength];
  return edges.slice(1).map((end, i) => whole.subarray(edges[i], end));
}

const PAYLOADS: [what: string, payloads: string[]][] = [
  ['one frame', ['hello']],
  ['an empty frame', ['']],
  ['several frames', ['a', 'bc', 'def']],
  ['empty frames between others', ['', 'x', '', '', 'yz', '']],
  ['a frame of the greatest length', ['m'.repeat(LENGTH_MAX)]],
  ['frames longer and shorter than what precedes them', ['p'.repeat(90), 'q', 'r'.repeat(200), 's']],
];

describe('FrameSplitter', () => {
  for (const [what, payloads] of PAYLOADS) {
    const stream = Buffer.concat(payloads.map((payload) => framed(Buffer.from(payload))));

    it(`finds ${what} in one chunk`, () => {
      expect(split([stream])).to.deep.equal(payloads);
    });

    it(`finds ${what} byte by byte`, () => {
      expect(split([...stream].map((byte) => Buffer.from([byte])))).to.deep.equal(payloads);
    });

    it(`finds ${what} split at each place`, () => {
      for (let at = 0; at <= stream.byteLength; at++) {
        expect(split(cutAt(stream, at)), `split at ${at}`).to.deep.equal(payloads);
      }
    });
  }

  it('finds two frames split at any two places', () => {
    const stream = Buffer.concat([framed(Buffer.from('abcdef')), framed(Buffer.from('ghi'))]);
    for (let first = 0; first <= stream.byteLength; first++) {
      for (let second = first; second <= stream.byteLength; second++) {
        expect(split(cutAt(stream, first, second)), `${first}, ${second}`).to.deep.equal(['abcdef', 'ghi']);
      }
    }
  });

  it('finds any frames in any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary-ascii', maxLength: 150 }), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (payloads, cuts) => {
          const stream = Buffer.concat(payloads.map((payload) => framed(Buffer.from(payload))));
          const places = cuts.map((cut) => cut % (stream.byteLength + 1)).sort((a, b) => a - b);
          expect(split(cutAt(stream, ...places))).to.deep.equal(payloads);
        },
      ),
    );
  });

  it('reads a frame in place when its chunk holds all of it', () => {
    const splitter = new FrameSplitter(LENGTH_MAX);
    const chunk = Buffer.concat([framed(Buffer.from('a')), framed(Buffer.from('b'))]);
    splitter.feed(chunk);
    for (let frames = 0; frames < 2; frames++) {
      expect(splitter.next()).to.equal(true);
      expect(splitter.bytes).to.equal(chunk);
    }
  });

  it('keeps what it held back when the chunk it came in is used again', () => {
    const splitter = new FrameSplitter(LENGTH_MAX);
    const chunk = framed(Buffer.from('abc')).subarray(0, 5);
    splitter.feed(chunk);
    expect(splitter.next()).to.equal(false);
    chunk.fill(0xff);
    expect(split([Buffer.from('bc')], splitter)).to.deep.equal(['abc']);
  });

  it('counts the bytes it holds back, which are no more than have come', () => {
    const splitter = new FrameSplitter(0x7fffffff);
    splitter.feed(bytes().int(0x7fffffff).raw(Buffer.alloc(3)).built);
    expect(splitter.next()).to.equal(false);
    expect(splitter.pending).to.equal(7);
    splitter.feed(Buffer.alloc(10));
    expect(splitter.next()).to.equal(false);
    expect(splitter.pending).to.equal(17);
  });

  it('takes another limit for the frames to come', () => {
    const splitter = new FrameSplitter(3);
    const stream = Buffer.concat([framed(Buffer.from('abc')), framed(Buffer.from('abcd'))]);
    splitter.feed(stream);
    expect(splitter.next()).to.equal(true);
    splitter.accept(4);
    expect(splitter.next()).to.equal(true);
    splitter.accept(2);
    splitter.feed(framed(Buffer.from('abc')));
    expect(() => splitter.next()).to.throw(FrameError);
  });

  for (const length of [-1, LENGTH_MAX + 1, -(2 ** 31), 2 ** 31 - 1]) {
    const bad = bytes().int(length).raw(Buffer.alloc(8)).built;

    it(`throws FrameError at a length of ${length}`, () => {
      const splitter = new FrameSplitter(LENGTH_MAX);
      splitter.feed(bad);
      expect(() => splitter.next()).to.throw(FrameError, '0 to 1000 are allowed');
    });

    it(`throws FrameError at a length of ${length} that comes in two chunks`, () => {
      for (const at of [1, 2, 3, 4]) {
        const splitter = new FrameSplitter(LENGTH_MAX);
        const [head = bad, tail = bad] = cutAt(bad, at);
        splitter.feed(head);
        if (at < 4) {
          expect(splitter.next()).to.equal(false);
          splitter.feed(tail);
        }
        expect(() => splitter.next()).to.throw(FrameError);
      }
    });

    it(`gives the frames before a length of ${length} first`, () => {
      const splitter = new FrameSplitter(LENGTH_MAX);
      splitter.feed(Buffer.concat([framed(Buffer.from('good')), bad]));
      expect(splitter.next()).to.equal(true);
      expect(() => splitter.next()).to.throw(FrameError);
    });
  }
});

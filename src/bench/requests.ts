/** Requests of the load as bytes: whole frames, with room for the xid that the lane puts in. */
import { Writer, writeACL } from '../codec/index.js';
import { OPEN_ACL, OpCode } from '../types/index.js';
import type { Cycle } from './lane.js';

/** What a request says behind its header. */
export type Body = (w: Writer) => void;

/** One request as a frame; its xid is 0. */
export function frame(type: number, body: Body): Buffer {
  const w = new Writer(512);
  const mark = w.startFrame();
  w.int(0);
  w.int(type);
  body(w);
  w.endFrame(mark);
  return w.copy();
}

/** Frames one behind the other, to be sent in turn. */
export function cycleOf(frames: readonly Buffer[], patch?: Cycle['patch']): Cycle {
  const offsets = [0];
  for (const { byteLength } of frames) offsets.push((offsets.at(-1) ?? 0) + byteLength);
  return { bytes: Buffer.concat(frames), offsets, ...(patch === undefined ? {} : { patch }) };
}

export function getData(path: string, watch = false): Buffer {
  return frame(OpCode.getData, (w) => {
    w.ustring(path);
    w.boolean(watch);
  });
}

export function getChildren(path: string): Buffer {
  return frame(OpCode.getChildren, (w) => {
    w.ustring(path);
    w.boolean(false);
  });
}

export function setData(path: string, data: Buffer): Buffer {
  return frame(OpCode.setData, setDataBody(path, data));
}

export function create(path: string, data: Buffer, flags = 0): Buffer {
  return frame(OpCode.create, createBody(path, data, flags));
}

export function remove(path: string): Buffer {
  return frame(OpCode.delete, deleteBody(path));
}

/** A check, a set, a create and a delete: all or nothing, and the tree is afterwards as it was. */
export function multi(path: string, data: Buffer): Buffer {
  const child = `${path}/multi`;
  const ops: readonly (readonly [number, Body])[] = [
    [
      OpCode.check,
      (w): void => {
        w.ustring(path);
        w.int(-1);
      },
    ],
    [OpCode.setData, setDataBody(path, data)],
    [OpCode.create, createBody(child, data, 0)],
    [OpCode.delete, deleteBody(child)],
  ];
  return frame(OpCode.multi, (w) => {
    const header = (type: number, done: boolean): void => {
      w.int(type);
      w.boolean(done);
      w.int(-1);
    };
    for (const [type, body] of ops) {
      header(type, false);
      body(w);
    }
    header(-1, true);
  });
}

const DIGITS = 10;
const ZERO = 0x30;

/** A name whose last digits `numbered` counts up. */
export const NUMBERED = '0'.repeat(DIGITS);

/**
 * Counts the digits of a path up, from `first` on, one per request: frames whose path begins behind the header and
 * ends with `NUMBERED`.
 */
export function numbered(path: string, first = 0): NonNullable<Cycle['patch']> {
  // A frame's length, xid, type and the length of the path go before it.
  const digitsAt = 16 + Buffer.byteLength(path) - DIGITS;
  return (bytes, at, nth) => {
    let rest = first + nth;
    for (let digit = at + digitsAt + DIGITS - 1; rest > 0; digit--) {
      bytes[digit] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  };
}

function setDataBody(path: string, data: Buffer): Body {
  return (w) => {
    w.ustring(path);
    w.buffer(data);
    w.int(-1);
  };
}

function createBody(path: string, data: Buffer, flags: number): Body {
  return (w) => {
    w.ustring(path);
    w.buffer(data);
    w.vector(OPEN_ACL, writeACL);
    w.int(flags);
  };
}

function deleteBody(path: string): Body {
  return (w) => {
    w.ustring(path);
    w.int(-1);
  };
}

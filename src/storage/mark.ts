/**
 * `mark`: a small file beside `log.db` that knows how far the log went. SQLite silently forgets the commits behind a
 * damaged place of its WAL; the mark is how we notice. Two slots, each in a disk sector of its own and with a
 * checksum, are written in turn, so that a torn write leaves the other one.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Epochs, LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { codeOf } from './errors.js';

/** What a slot says. */
export interface MarkState {
  readonly serverId: number;
  /** 16 random bytes in hex: which `log.db` this belongs to. */
  readonly dataId: string;
  readonly epochs: Epochs;
  /** A lower bound of what was reported as durable. */
  readonly acked: LogMark;
  /** An I/O error, or accepted data loss. See `Storage.suspect`. */
  readonly suspect: boolean;
}

const MAGIC = Buffer.from('ZBKMARK1', 'latin1');
const SLOT_BYTES = 4096;
/** Magic 8, sequence 8, server id 8, data id 16, epochs 4 + 4, index 8, zxid 8, chain 8, flags 4. */
const CHECKED_BYTES = 76;
const USED_BYTES = CHECKED_BYTES + 4;
const SUSPECT_FLAG = 1;

/** What was found at start. */
export type MarkFinding = { kind: 'absent' } | { kind: 'damaged' } | { kind: 'valid'; state: MarkState };

/** Reads the newer valid slot. */
export function readMark(file: string): MarkFinding {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  const newest = newestSlot(bytes);
  return newest === undefined ? { kind: 'damaged' } : { kind: 'valid', state: newest.state };
}

/** The open file. Whoever has it is the only one who writes it. */
export class MarkFile {
  readonly #fd: number;
  #state: MarkState;
  #sequence: bigint;
  /** The slot to overwrite: the other one is on disk, whatever happens to this one. */
  #slot: 0 | 1;
  #dirty = false;

  private constructor(fd: number, state: MarkState, sequence: bigint, slot: 0 | 1) {
    this.#fd = fd;
    this.#state = state;
    this.#sequence = sequence;
    this.#slot = slot;
  }

  /** Makes the file, or overwrites whatever is in it. The caller syncs the directory. */
  static create(file: string, state: MarkState): MarkFile {
    const fd = openSync(file, 'w');
    // Both slots get their blocks now, so that a full disk cannot stop a later write.
    writeSync(fd, Buffer.alloc(2 * SLOT_BYTES), 0, 2 * SLOT_BYTES, 0);
    const mark = new MarkFile(fd, state, 0n, 0);
    for (let slot = 0; slot < 2; slot++) {
      mark.write(state);
      mark.sync();
    }
    fsyncSync(fd);
    return mark;
  }

  /** Opens a file that `readMark` found valid. */
  static open(file: string): MarkFile {
    const newest = newestSlot(readFileSync(file));
    if (newest === undefined) throw new Error(`${file} has no valid slot.`);
    const mark = new MarkFile(openSync(file, 'r+'), newest.state, newest.sequence, newest.slot === 0 ? 1 : 0);
    // The newest slot may be in the page cache only; it must be on disk before its neighbour is overwritten.
    fdatasyncSync(mark.#fd);
    return mark;
  }

  get state(): MarkState {
    return this.#state;
  }

  /** Whether there is something to sync. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Survives the process, not the power. */
  write(state: MarkState): void {
    this.#sequence += 1n;
    this.#state = state;
    const slot = encode(state, this.#sequence);
    writeSync(this.#fd, slot, 0, slot.byteLength, this.#slot * SLOT_BYTES);
    this.#dirty = true;
  }

  /** From here on the last write survives the power, too. */
  sync(): void {
    if (!this.#dirty) return;
    fdatasyncSync(this.#fd);
    this.#dirty = false;
    this.#slot = this.#slot === 0 ? 1 : 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function encode(state: MarkState, sequence: bigint): Buffer {
  const slot = Buffer.alloc(USED_BYTES);
  MAGIC.copy(slot);
  slot.writeBigUInt64BE(sequence, 8);
  slot.writeBigInt64BE(BigInt(state.serverId), 16);
  slot.write(state.dataId, 24, 16, 'hex');
  slot.writeUInt32BE(state.epochs.acceptedEpoch, 40);
  slot.writeUInt32BE(state.epochs.currentEpoch, 44);
  slot.writeBigInt64BE(BigInt(state.acked.index), 48);
  slot.writeBigInt64BE(state.acked.zxid, 56);
  slot.writeBigInt64BE(state.acked.chain, 64);
  slot.writeUInt32BE(state.suspect ? SUSPECT_FLAG : 0, 72);
  slot.writeUInt32BE(crc32(slot.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  return slot;
}

interface Slot {
  readonly slot: 0 | 1;
  readonly sequence: bigint;
  readonly state: MarkState;
}

function newestSlot(bytes: Buffer): Slot | undefined {
  const first = decode(bytes, 0);
  const second = decode(bytes, 1);
  if (first === undefined || second === undefined) return first ?? second;
  return first.sequence > second.sequence ? first : second;
}

function decode(bytes: Buffer, slot: 0 | 1): Slot | undefined {
  const at = bytes.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + USED_BYTES);
  if (at.byteLength < USED_BYTES || !at.subarray(0, 8).equals(MAGIC)) return undefined;
  if (at.readUInt32BE(CHECKED_BYTES) !== crc32(at.subarray(0, CHECKED_BYTES))) return undefined;
  return {
    slot,
    sequence: at.readBigUInt64BE(8),
    state: {
      serverId: Number(at.readBigInt64BE(16)),
      dataId: at.toString('hex', 24, 40),
      epochs: { acceptedEpoch: at.readUInt32BE(40), currentEpoch: at.readUInt32BE(44) },
      acked: {
        index: Number(at.readBigInt64BE(48)),
        zxid: zxidOf(at.readBigInt64BE(56)),
        chain: at.readBigInt64BE(64),
      },
      suspect: (at.readUInt32BE(72) & SUSPECT_FLAG) !== 0,
    },
  };
}

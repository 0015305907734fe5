/**
 * A snapshot in pieces: made of rows at its source, taken apart and believed nothing where it is staged. Both the
 * storage on disk and its twin in memory use this, so each can bring up the other.
 */
import { crc32 } from 'node:zlib';
import {
  DecodeError,
  Reader,
  readSnapshotChunk,
  Writer,
  writeSnapshotChunk,
  type SessionRow,
  type SnapshotChunk,
  type ZnodeRow,
} from '../codec/index.js';
import type { LogMark } from '../engine/ports.js';
import type { SnapshotPart } from './api.js';
import { sessionCrc, TreeDigest, znodeCrc } from './treeRows.js';

/** About so many bytes of rows go into a piece; a single row may be longer. */
const CHUNK_BYTES = 256 << 10;
/** What a row takes besides its path, data and ACL: only for estimates. */
const ROW_BYTES = 100;

/** The checksum comes first and covers the rest. */
const CRC_BYTES = 4;

/** Collects rows into pieces. */
export class ChunkWriter {
  readonly #base: LogMark;
  readonly #fileBytes: number;
  #znodes: ZnodeRow[] = [];
  #sessions: SessionRow[] = [];
  #bytes = 0;
  #sequence = 0;

  /** @param fileBytes what the whole will need on disk, about */
  constructor(base: LogMark, fileBytes: number) {
    this.#base = base;
    this.#fileBytes = fileBytes;
  }

  /** Whether enough is collected for a piece. */
  get full(): boolean {
    return this.#bytes >= CHUNK_BYTES;
  }

  znode(row: ZnodeRow): void {
    this.#znodes.push(row);
    this.#bytes += ROW_BYTES + row.path.length + (row.data?.byteLength ?? 0) + (row.acl?.length ?? 0);
  }

  session(row: SessionRow): void {
    this.#sessions.push(row);
    this.#bytes += 12;
  }

  /** @param digest over all rows so far */
  take(digest: TreeDigest, last: boolean): SnapshotPart {
    const { index, zxid, chain } = this.#base;
    const writer = new Writer(this.#bytes + 1024);
    writeSnapshotChunk(writer, {
      crc: 0,
      sequence: this.#sequence++,
      last,
      index: BigInt(index),
      zxid,
      chain,
      fileBytes: BigInt(this.#fileBytes),
      rows: BigInt(digest.rows),
      digest: BigInt(digest.sum),
      znodes: this.#znodes,
      sessions: this.#sessions,
    });
    writer.patchInt(0, crc32(writer.bytes().subarray(CRC_BYTES)) | 0);
    this.#znodes = [];
    this.#sessions = [];
    this.#bytes = 0;
    return { bytes: writer.take(), last };
  }
}

/** A row with the checksum it is stored with. */
export interface CheckedRow<T> {
  readonly row: T;
  readonly crc: number;
}

/** A piece that is what its source sent, at its place. */
export interface CheckedChunk {
  readonly fileBytes: number;
  readonly znodes: readonly CheckedRow<ZnodeRow>[];
  readonly sessions: readonly CheckedRow<SessionRow>[];
}

/** Takes the pieces of one snapshot in order. */
export class ChunkChecker {
  /** Over all rows so far. */
  readonly digest = new TreeDigest(0, 0);
  readonly #base: LogMark;
  #sequence = 0;

  constructor(base: LogMark) {
    this.#base = base;
  }

  /** @returns the rows, or in words what is wrong; nothing is taken after that */
  take(bytes: Buffer, last: boolean): CheckedChunk | string {
    let chunk: SnapshotChunk;
    try {
      if (bytes.byteLength < CRC_BYTES || bytes.readInt32BE(0) !== (crc32(bytes.subarray(CRC_BYTES)) | 0)) {
        return 'a piece does not match its checksum';
      }
      const reader = Reader.over(bytes);
      chunk = readSnapshotChunk(reader);
      if (reader.remaining > 0) return 'a piece is longer than its rows';
    } catch (error) {
      if (error instanceof DecodeError) return 'a piece is malformed';
      throw error;
    }
    if (chunk.sequence !== this.#sequence) {
      return `piece ${chunk.sequence} came where ${this.#sequence} is next`;
    }
    this.#sequence += 1;
    const { index, zxid, chain } = this.#base;
    if (chunk.index !== BigInt(index) || chunk.zxid !== zxid || chunk.chain !== chain) {
      return 'a piece belongs to another snapshot';
    }
    if (chunk.last !== last) return 'it does not end where its source says';
    const znodes = chunk.znodes.map((row) => ({ row, crc: this.#count(znodeCrc(row)) }));
    const sessions = chunk.sessions.map((row) => ({ row, crc: this.#count(sessionCrc(row)) }));
    if (!this.digest.equals(new TreeDigest(Number(chunk.rows), Number(chunk.digest)))) {
      return `its ${this.digest.rows} rows are not the ${chunk.rows} that were sent`;
    }
    return { fileBytes: Number(chunk.fileBytes), znodes, sessions };
  }

  #count(crc: number): number {
    this.digest.add(crc);
    return crc;
  }
}

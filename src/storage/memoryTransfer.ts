/** What learners and leaders ask of the storage in memory: see `transfer.ts` for its counterpart on disk. */
import { Writer, writeLogRecord, type SessionRow, type ZnodeRow } from '../codec/index.js';
import type { LogBatch, LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import type { SnapshotPart, SnapshotReader, StagedPart } from './api.js';
import { RECORD_HEADER_BYTES } from './batch.js';
import type { MemoryDisk } from './memory.js';
import { ChunkChecker, ChunkWriter } from './snapshotChunk.js';
import { sessionCrc, TreeDigest, znodeCrc } from './treeRows.js';

/** The mark of a record, or of the start of the log; undefined if the log has neither. */
export function markIn({ logStart, records }: MemoryDisk, index: number): LogMark | undefined {
  if (index === logStart.index) return logStart;
  const record = records[index - logStart.index - 1];
  return record && { index, zxid: zxidOf(record.zxid), chain: record.chain };
}

/** See `Storage.find`. */
export function findIn(disk: MemoryDisk, zxid: bigint): LogMark | undefined {
  if (zxid < disk.logStart.zxid) return undefined;
  if (zxid >= disk.tail.zxid) return disk.tail;
  const above = disk.records.findIndex((record) => record.zxid > zxid);
  return above < 0 ? undefined : markIn(disk, disk.logStart.index + above);
}

/** See `Storage.read`. */
export function readFrom(
  { logStart, records }: MemoryDisk,
  after: number,
  maxBytes: number,
): LogBatch | undefined {
  if (after < logStart.index) return undefined;
  const writer = new Writer();
  let count = 0;
  let last: LogMark | undefined;
  let bytes = 0;
  for (
    let at = after - logStart.index;
    at < records.length && (count === 0 || bytes < maxBytes);
    at++, count++
  ) {
    const record = records[at];
    if (record === undefined) break;
    writeLogRecord(writer, record);
    bytes += RECORD_HEADER_BYTES + record.payload.byteLength;
    last = { index: Number(record.index), zxid: zxidOf(record.zxid), chain: record.chain };
  }
  return last && { bytes: writer.take(), count, last };
}

/** Rows as they are now: they are replaced, never changed. */
export class MemorySnapshot implements SnapshotReader {
  readonly base: LogMark;
  readonly #onClose: (snapshot: MemorySnapshot) => void;
  readonly #znodes: ZnodeRow[];
  readonly #sessions: SessionRow[];
  readonly #digest = new TreeDigest(0, 0);
  readonly #chunk: ChunkWriter;
  #closed = false;

  constructor(disk: MemoryDisk, onClose: (snapshot: MemorySnapshot) => void) {
    this.base = disk.treeMark;
    this.#onClose = onClose;
    this.#znodes = disk.sortedZnodes().reverse();
    this.#sessions = [...disk.sessions].map(([sessionId, timeOut]) => ({ sessionId, timeOut }));
    this.#chunk = new ChunkWriter(this.base, 0);
  }

  async next(): Promise<SnapshotPart | undefined> {
    await nextTurn();
    if (this.#closed) return undefined;
    while (!this.#chunk.full) {
      const znode = this.#znodes.pop();
      const session = znode === undefined ? this.#sessions.pop() : undefined;
      if (znode !== undefined) {
        this.#digest.add(znodeCrc(znode));
        this.#chunk.znode(znode);
      } else if (session !== undefined) {
        this.#digest.add(sessionCrc(session));
        this.#chunk.session(session);
      } else return this.#chunk.take(this.#digest, true);
    }
    return this.#chunk.take(this.#digest, false);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose(this);
  }
}

/** A snapshot that comes in. */
export class MemoryStage {
  readonly base: LogMark;
  readonly znodes: ZnodeRow[] = [];
  readonly sessions: SessionRow[] = [];
  complete = false;
  readonly #checker: ChunkChecker;

  constructor(base: LogMark) {
    this.base = base;
    this.#checker = new ChunkChecker(base);
  }

  /** @returns whether it is intact */
  write({ bytes, last }: StagedPart): boolean {
    const chunk = this.#checker.take(Buffer.from(bytes), last);
    if (typeof chunk === 'string') return false;
    for (const { row } of chunk.znodes) this.znodes.push(row);
    for (const { row } of chunk.sessions) this.sessions.push(row);
    this.complete = last;
    return new Set(this.znodes.map(({ path }) => path)).size === this.znodes.length;
  }
}

/** Answers never come within the turn of the question. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

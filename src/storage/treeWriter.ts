/**
 * The one writer of `tree.db`. It is written behind the log, so it may take its time: changes of the same znode
 * merge, and what is left is written in path order, which is the order of the pages.
 */
import { crc32 } from 'node:zlib';
import { Reader, readSessionRow, readZnodeRow, type ZnodeRow } from '../codec/index.js';
import type { LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import { checkpoint, openForWriting, transaction, WAL_PAGE_BYTES, type Connection } from './database.js';
import { markValues, Meta } from './meta.js';
import {
  digestValues,
  prepareTree,
  readDigest,
  sessionCrc,
  znodeValues,
  type TreeDigest,
  type TreeStatements,
} from './treeRows.js';

/** More than this is not collected. */
const PENDING_BYTES_MAX = 16 << 20;
const PENDING_ROWS_MAX = 50_000;

const WAL_LONG_BYTES = 16 << 20;
const WAL_HUGE_BYTES = 256 << 20;

interface PendingZnode {
  readonly row: ZnodeRow;
  readonly crc: number;
}

/** An open `tree.db` and what waits to be written to it. */
export class TreeWriter {
  readonly #db: Connection;
  readonly #meta: Meta;
  readonly #statements: TreeStatements;
  #znodes = new Map<string, PendingZnode | null>();
  #sessions = new Map<bigint, number | null>();
  #pendingMark: LogMark | undefined;
  #pendingBytes = 0;
  #writtenMark: LogMark;
  /** What an earlier run wrote may be in the WAL only. */
  #uncheckpointed = true;

  constructor(file: string) {
    this.#db = openForWriting(file, 'NORMAL');
    this.#meta = Meta.read(this.#db, file);
    this.#statements = prepareTree(this.#db);
    this.#writtenMark = this.#meta.mark('applied');
  }

  /** Merges a jute TreeFlush into what is waiting. Keeps `bytes`. */
  merge(bytes: Buffer): void {
    const reader = Reader.over(bytes);
    const index = reader.long();
    const zxid = zxidOf(reader.long());
    const chain = reader.long();
    const mark = { index: Number(index), zxid, chain };
    assert(
      mark.index >= (this.#pendingMark ?? this.#writtenMark).index,
      'A flush is older than the one before.',
    );
    for (let count = reader.int(); count > 0; count--) {
      const start = bytes.byteLength - reader.remaining;
      const row = readZnodeRow(reader);
      const end = bytes.byteLength - reader.remaining;
      this.#znodes.set(row.path, { row, crc: crc32(bytes.subarray(start, end)) });
    }
    for (let count = reader.int(); count > 0; count--) this.#znodes.set(reader.ustring(), null);
    for (let count = reader.int(); count > 0; count--) {
      const { sessionId, timeOut } = readSessionRow(reader);
      this.#sessions.set(sessionId, timeOut);
    }
    for (let count = reader.int(); count > 0; count--) this.#sessions.set(reader.long(), null);
    this.#pendingMark = mark;
    this.#pendingBytes += bytes.byteLength;
  }

  /** Bytes of the flushes that wait. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether so much waits that it should be written without delay. */
  get overdue(): boolean {
    return this.#pendingBytes >= PENDING_BYTES_MAX || this.#znodes.size >= PENDING_ROWS_MAX;
  }

  /**
   * Writes all that waits, in one transaction. If it throws, it still waits.
   * @returns the bytes of the flushes that were written
   */
  write(): number {
    const mark = this.#pendingMark;
    if (mark === undefined) return 0;
    try {
      transaction(this.#db, () => this.#writeRows(mark));
    } catch (error) {
      this.#meta.reload();
      throw error;
    }
    const bytes = this.#pendingBytes;
    this.#znodes = new Map();
    this.#sessions = new Map();
    this.#pendingMark = undefined;
    this.#pendingBytes = 0;
    this.#writtenMark = mark;
    this.#uncheckpointed = true;
    return bytes;
  }

  /** Whether the WAL is so long that a checkpoint should not wait for its time. */
  get walLong(): boolean {
    const wal = checkpoint(this.#db, 'NOOP');
    return (
      (wal.pages - wal.moved) * WAL_PAGE_BYTES >= WAL_LONG_BYTES ||
      wal.pages * WAL_PAGE_BYTES >= WAL_HUGE_BYTES
    );
  }

  /** Whether something was written since the last complete checkpoint. */
  get uncheckpointed(): boolean {
    return this.#uncheckpointed;
  }

  /**
   * @param alone whether nothing else is going on, so that the WAL can be emptied, too
   * @returns the mark that is in the file now, undefined if a reader is in the way
   */
  checkpoint(alone: boolean): LogMark | undefined {
    const { pages, done } = checkpoint(this.#db, 'PASSIVE');
    if (!done) return undefined;
    this.#uncheckpointed = false;
    if (alone || pages * WAL_PAGE_BYTES >= WAL_HUGE_BYTES) checkpoint(this.#db, 'TRUNCATE');
    return this.#writtenMark;
  }

  close(): void {
    this.#db.close();
  }

  #writeRows(mark: LogMark): void {
    const { oldZnode, insertZnode, updateZnode, deleteZnode } = this.#statements;
    const digest = readDigest(this.#meta);
    for (const path of [...this.#znodes.keys()].sort()) {
      const pending = this.#znodes.get(path);
      const old = oldZnode.get(path);
      if (old !== undefined) digest.remove(old[1]);
      if (pending === undefined || pending === null) {
        if (old !== undefined) deleteZnode.run(old[0]);
      } else {
        const { row, crc } = pending;
        digest.add(crc);
        if (old === undefined) insertZnode.run(path, ...znodeValues(row), crc);
        else updateZnode.run(...znodeValues(row), crc, old[0]);
      }
    }
    this.#writeSessions(digest);
    this.#meta.write({ ...markValues('applied', mark), ...digestValues(digest) });
  }

  #writeSessions(digest: TreeDigest): void {
    const { oldSession, putSession, deleteSession } = this.#statements;
    for (const [sessionId, timeOut] of this.#sessions) {
      const old = oldSession.get(sessionId);
      if (old !== undefined) digest.remove(old);
      if (timeOut === null) deleteSession.run(sessionId);
      else {
        const crc = sessionCrc({ sessionId, timeOut });
        digest.add(crc);
        putSession.run(sessionId, timeOut, crc);
      }
    }
  }
}

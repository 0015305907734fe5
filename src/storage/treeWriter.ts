/**
 * The one writer of `tree.db`. It is written behind the log, so it may take its time: changes of the same znode
 * merge, and what is left is written in path order, which is the order of the pages.
 */
import { Reader, readSessionRow } from '../codec/index.js';
import type { LogMark } from '../engine/ports.js';
import { zxidOf } from '../types/index.js';
import { assert } from '../util/index.js';
import { checkpoint, openForWriting, transaction, WAL_PAGE_BYTES, type Connection } from './database.js';
import { codeOf } from './errors.js';
import { endOf, FlushBytes, type FlushedZnode } from './flushedZnodes.js';
import { markValues, Meta } from './meta.js';
import {
  digestValues,
  prepareTree,
  readDigest,
  ROWS_PER_INSERT,
  sessionCrc,
  type TreeDigest,
  type TreeStatements,
} from './treeRows.js';

/** More than this is not collected. */
const PENDING_BYTES_MAX = 16 << 20;
const PENDING_ROWS_MAX = 50_000;

const WAL_LONG_BYTES = 16 << 20;
const WAL_HUGE_BYTES = 256 << 20;

/** An open `tree.db` and what waits to be written to it. */
export class TreeWriter {
  readonly #db: Connection;
  readonly #meta: Meta;
  readonly #statements: TreeStatements;
  #znodes = new Map<string, FlushedZnode | null>();
  #sessions = new Map<bigint, number | null>();
  /** New znodes that wait for their INSERT. */
  #inserts: { readonly path: string; readonly znode: FlushedZnode }[] = [];
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
    const flush = new FlushBytes(bytes);
    const index = reader.long();
    const zxid = zxidOf(reader.long());
    const chain = reader.long();
    const mark = { index: Number(index), zxid, chain };
    assert(
      mark.index >= (this.#pendingMark ?? this.#writtenMark).index,
      'A flush is older than the one before.',
    );
    for (let count = reader.int(); count > 0; count--) {
      const znode = flush.znode(bytes.byteLength - reader.remaining);
      this.#znodes.set(flush.path(znode), znode);
      reader.seek(endOf(znode), bytes.byteLength);
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
    const digest = readDigest(this.#meta);
    this.#inserts = [];
    for (const path of [...this.#znodes.keys()].sort()) {
      const znode = this.#znodes.get(path);
      if (znode === undefined || znode === null) this.#deleteZnode(path, digest);
      // Made since the last flush, so its path is not there, unless another znode had it before.
      else if (znode.flush.czxid(znode) > this.#writtenMark.zxid) {
        if (this.#inserts.push({ path, znode }) === ROWS_PER_INSERT) this.#insertZnodes(digest);
      } else this.#putZnode(path, znode, digest);
    }
    this.#insertZnodes(digest);
    this.#writeSessions(digest);
    this.#meta.write({ ...markValues('applied', mark), ...digestValues(digest) });
  }

  /** Inserts what waits; one by one if there are few, or one of the paths is there already. */
  #insertZnodes(digest: TreeDigest): void {
    const inserts = this.#inserts;
    this.#inserts = [];
    if (inserts.length === ROWS_PER_INSERT) {
      const values: unknown[] = [];
      let sum = 0;
      for (const { path, znode } of inserts) {
        const crc = znode.flush.crc(znode);
        sum += crc;
        values.push(path);
        znode.flush.pushValues(values, znode);
        values.push(crc);
      }
      if (this.#inserted(values)) {
        digest.addAll(inserts.length, sum);
        return;
      }
    }
    for (const { path, znode } of inserts) this.#putZnode(path, znode, digest);
  }

  /** @returns false if nothing was inserted, because a path is there already */
  #inserted(values: unknown[]): boolean {
    try {
      this.#statements.insertZnodes.run(values);
      return true;
    } catch (error) {
      // SQLite takes back what the statement did, and goes on with the transaction.
      if (!codeOf(error).startsWith('SQLITE_CONSTRAINT') || !this.#db.inTransaction) throw error;
      return false;
    }
  }

  #putZnode(path: string, znode: FlushedZnode, digest: TreeDigest): void {
    const { oldZnode, insertZnode, updateZnode } = this.#statements;
    const { flush } = znode;
    const crc = flush.crc(znode);
    const values: unknown[] = [];
    flush.pushValues(values, znode);
    const old = oldZnode.get(path);
    if (old !== undefined) {
      digest.remove(old[1]);
      updateZnode.run(...values, crc, old[0]);
    } else {
      // What is loaded in the order of the rows has parents first: its parent may be among these.
      this.#insertZnodes(digest);
      insertZnode.run(path, ...values, crc);
    }
    digest.add(crc);
  }

  #deleteZnode(path: string, digest: TreeDigest): void {
    const { oldZnode, deleteZnode } = this.#statements;
    const old = oldZnode.get(path);
    if (old === undefined) return;
    digest.remove(old[1]);
    deleteZnode.run(old[0]);
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

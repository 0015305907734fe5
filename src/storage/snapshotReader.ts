/** Reads `tree.db` in one transaction, piece by piece, while it is written to. Runs on the transfer worker. */
import { statSync } from 'node:fs';
import type { LogMark } from '../engine/ports.js';
import type { SnapshotPart } from './api.js';
import { openForReading, type Connection } from './database.js';
import { Meta } from './meta.js';
import { ChunkWriter } from './snapshotChunk.js';
import { readDigest, selectSessions, selectZnodes, sessionOf, TreeDigest, znodeOf } from './treeRows.js';

/**
 * The transaction keeps the WAL from starting over. Beyond this length the writer is more important (zab.md 7.2).
 */
export const SNAPSHOT_WAL_BYTES_MAX = 1024 ** 3;

const PAGE_BYTES = 4096;

/** An open view of a tree. */
export class TreeSnapshot {
  readonly base: LogMark;
  readonly #file: string;
  readonly #walBytesMax: number;
  readonly #db: Connection;
  readonly #expected: TreeDigest;
  readonly #digest = new TreeDigest(0, 0);
  readonly #chunk: ChunkWriter;
  #rows: IterableIterator<unknown[]>;
  #table: 'znodes' | 'sessions' = 'znodes';

  constructor(file: string, walBytesMax = SNAPSHOT_WAL_BYTES_MAX) {
    this.#file = file;
    this.#walBytesMax = walBytesMax;
    this.#db = openForReading(file);
    try {
      // The transaction begins with the first read in it; all that is read is from that moment.
      this.#db.exec('BEGIN');
      const meta = Meta.read(this.#db, file);
      this.base = meta.mark('applied');
      this.#expected = readDigest(meta);
      const pages = this.#db.pragma('page_count', { simple: true });
      this.#chunk = new ChunkWriter(this.base, Number(pages) * PAGE_BYTES);
      this.#rows = selectZnodes(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** @returns the next piece, or in words why there is none; after that, only `close` is of use */
  next(): SnapshotPart | string {
    const wal = statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (wal > this.#walBytesMax) return `its WAL has grown to ${wal} bytes while it was read`;
    while (!this.#chunk.full) {
      const { done, value } = this.#rows.next() as IteratorResult<unknown[], undefined>;
      if (done !== true) {
        const damage = this.#take(value);
        if (damage !== undefined) return damage;
      } else if (this.#table === 'znodes') {
        this.#table = 'sessions';
        this.#rows = selectSessions(this.#db);
      } else {
        if (this.#digest.equals(this.#expected)) return this.#chunk.take(this.#digest, true);
        return `its ${this.#digest.rows} rows are not the ${this.#expected.rows} that were written last`;
      }
    }
    return this.#chunk.take(this.#digest, false);
  }

  close(): void {
    this.#rows.return?.();
    this.#db.close();
  }

  #take(columns: readonly unknown[]): string | undefined {
    if (this.#table === 'znodes') {
      const row = znodeOf(columns, this.#digest);
      if (row === undefined)
        return `the row of znode ${JSON.stringify(String(columns[0]))} does not match its checksum`;
      this.#chunk.znode(row);
    } else {
      const row = sessionOf(columns, this.#digest);
      if (row === undefined) return 'a row of table sessions does not match its checksum';
      this.#chunk.session(row);
    }
    return undefined;
  }
}

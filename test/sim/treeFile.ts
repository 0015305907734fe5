/** The simulated `tree.db`: rows written behind the log, set back by a power loss, read and replaced by snapshots. */
import {
  Reader,
  Writer,
  readTreeFlush,
  writeTreeFlush,
  type SessionRow,
  type TreeFlush,
  type ZnodeRow,
} from '../../src/codec/index.js';
import { zxidOf } from '../../src/types/index.js';
import { LOG_START, type LogMark } from '../../src/zab/index.js';

/** Rows as of a record of the log. */
export class TreeRows {
  mark: LogMark = LOG_START;
  readonly znodes = new Map<string, ZnodeRow>();
  readonly sessions = new Map<bigint, number>();

  copy(): TreeRows {
    const copy = new TreeRows();
    copy.mark = this.mark;
    for (const [path, row] of this.znodes) copy.znodes.set(path, row);
    for (const [id, timeOut] of this.sessions) copy.sessions.set(id, timeOut);
    return copy;
  }

  apply(flush: TreeFlush): void {
    this.mark = { index: Number(flush.index), zxid: zxidOf(flush.zxid), chain: flush.chain };
    this.add(flush);
    for (const path of flush.deletedPaths) this.znodes.delete(path);
    for (const id of flush.endedSessions) this.sessions.delete(id);
  }

  /** Rows without their mark: a part of a snapshot. */
  add(rows: { readonly znodes: readonly ZnodeRow[]; readonly sessions: readonly SessionRow[] }): void {
    for (const row of rows.znodes) this.znodes.set(row.path, row);
    for (const { sessionId, timeOut } of rows.sessions) this.sessions.set(sessionId, timeOut);
  }

  /** Parents before their children. */
  get ordered(): ZnodeRow[] {
    return [...this.znodes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

/** A tree on its way to another server, in chunks. */
export class SnapshotReader {
  readonly base: LogMark;
  readonly #znodes: ZnodeRow[];
  readonly #sessions: SessionRow[];
  readonly #chunkBytes: number;

  constructor(rows: TreeRows, chunkBytes: number) {
    this.base = rows.mark;
    this.#znodes = rows.ordered;
    this.#sessions = [...rows.sessions].map(([sessionId, timeOut]) => ({ sessionId, timeOut }));
    this.#chunkBytes = chunkBytes;
  }

  next(): { bytes: Buffer; last: boolean } {
    const znodes: ZnodeRow[] = [];
    for (let size = 0; size < this.#chunkBytes && this.#znodes.length > 0;) {
      const row = this.#znodes.shift();
      if (row === undefined) break;
      size += row.path.length + (row.data?.byteLength ?? 0) + 80;
      znodes.push(row);
    }
    const last = this.#znodes.length === 0;
    const w = new Writer();
    writeTreeFlush(w, {
      index: BigInt(this.base.index),
      zxid: this.base.zxid,
      chain: this.base.chain,
      znodes,
      deletedPaths: [],
      sessions: last ? this.#sessions : [],
      endedSessions: [],
    });
    return { bytes: w.take(), last };
  }
}

/** A flush, or a chunk of a snapshot, with bytes of its own. */
export function rowsOf(bytes: Buffer): TreeFlush {
  return readTreeFlush(Reader.over(Buffer.from(bytes)));
}

/** The file: what the process sees, and what is left of it after a power loss. */
export class TreeFile {
  #rows = new TreeRows();
  #checkpoint = new TreeRows();
  #since: TreeFlush[] = [];

  constructor(rows = new TreeRows()) {
    this.#rows = rows;
    this.#checkpoint = rows.copy();
  }

  get rows(): TreeRows {
    return this.#rows;
  }

  /** What no power loss takes away. */
  get checkpointed(): LogMark {
    return this.#checkpoint.mark;
  }

  write(flush: TreeFlush): void {
    this.#rows.apply(flush);
    this.#since.push(flush);
  }

  checkpoint(): void {
    this.#checkpoint = this.#rows.copy();
    this.#since = [];
  }

  /** Flushes since the last checkpoint: as many as a power loss can take. */
  get exposed(): number {
    return this.#since.length;
  }

  /** The power went: of the flushes since the last checkpoint the first `kept` are there. */
  losePower(kept: number): void {
    const rows = this.#checkpoint.copy();
    this.#since = this.#since.slice(0, kept);
    for (const flush of this.#since) rows.apply(flush);
    this.#rows = rows;
  }
}

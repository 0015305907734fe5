/** Writes a whole tree into an empty `tree.db`, or another database with its tables. */
import { Writer, writeSessionRow, type SessionRow } from '../codec/index.js';
import { LOG_START, type LogMark } from '../engine/ports.js';
import { StorageError } from './errors.js';
import { TreeWriter } from './treeWriter.js';

/** All znodes and sessions of a server, as of one moment. */
export interface StateRows {
  /** The last record whose effects they contain. */
  readonly mark: LogMark;
  /** Pieces of `count` jute ZnodeRows, parents before their children. */
  znodes(): Iterable<{ readonly bytes: Buffer; readonly count: number }>;
  sessions(): Iterable<SessionRow>;
}

/** @param progress told how many znodes were written so far */
export function fillTree(file: string, rows: StateRows, progress?: (znodes: number) => void): void {
  const filler = new TreeFiller(file);
  try {
    let written = 0;
    for (const { bytes, count } of rows.znodes()) {
      filler.znodes(bytes, count);
      written += count;
      progress?.(written);
    }
    for (const session of rows.sessions()) filler.session(session);
    filler.finish(rows.mark);
  } finally {
    filler.close();
  }
}

/** Takes rows; they count once `finish` is done. */
export class TreeFiller {
  readonly #file: string;
  readonly #tree: TreeWriter;
  readonly #sessions: SessionRow[] = [];

  constructor(file: string) {
    this.#file = file;
    this.#tree = new TreeWriter(file);
  }

  znodes(bytes: Buffer, count: number): void {
    // Not the mark yet: rows of znodes that are younger than what was written last need no look-up.
    this.#tree.merge(flush(LOG_START, bytes, count, []));
    if (this.#tree.overdue) this.#tree.write();
  }

  session(row: SessionRow): void {
    this.#sessions.push(row);
  }

  finish(mark: LogMark): void {
    this.#tree.write();
    this.#tree.merge(flush(mark, Buffer.alloc(0), 0, this.#sessions));
    this.#tree.write();
    if (this.#tree.checkpoint(true) === undefined) {
      throw new StorageError('io', `${this.#file} could not be checkpointed.`);
    }
  }

  close(): void {
    this.#tree.close();
  }
}

/** A jute TreeFlush. */
function flush(mark: LogMark, znodes: Buffer, count: number, sessions: readonly SessionRow[]): Buffer {
  const w = new Writer(64 + znodes.byteLength + 12 * sessions.length);
  w.whole(mark.index);
  w.long(mark.zxid);
  w.long(mark.chain);
  w.int(count);
  w.raw(znodes);
  w.int(0);
  w.vector(sessions, writeSessionRow);
  w.int(0);
  return w.bytes();
}

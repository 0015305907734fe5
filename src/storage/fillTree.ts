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
  const tree = new TreeWriter(file);
  try {
    let written = 0;
    for (const { bytes, count } of rows.znodes()) {
      // Not the mark yet: rows of znodes that are younger than what was written last need no look-up.
      tree.merge(flush(LOG_START, bytes, count, []));
      if (tree.overdue) tree.write();
      written += count;
      progress?.(written);
    }
    tree.write();
    tree.merge(flush(rows.mark, Buffer.alloc(0), 0, [...rows.sessions()]));
    tree.write();
    if (tree.checkpoint(true) === undefined) {
      throw new StorageError('io', `${file} could not be checkpointed.`);
    }
  } finally {
    tree.close();
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

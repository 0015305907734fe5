/** Reads `tree.db` at start, row by row, and notices when it is not what was written. */
import type { Connection } from './database.js';
import type { TreeSink } from './api.js';
import { isDamage, textOf } from './errors.js';
import type { Meta } from './meta.js';
import { readDigest, selectSessions, selectZnodes, sessionOf, TreeDigest, znodeOf } from './treeRows.js';

/** Other work of the process goes on after so many rows. */
const ROWS_PER_TURN = 4000;
const PROGRESS_MS = 2000;

/**
 * @param meta of the same database
 * @param progress told the number of rows so far, every two seconds
 * @returns what is damaged, in words; the sink has got some rows then
 */
export async function loadRows(
  db: Connection,
  meta: Meta,
  sink: TreeSink,
  progress: (rows: number, of: number) => void,
): Promise<string | undefined> {
  const expected = readDigest(meta);
  const digest = new TreeDigest(0, 0);
  let toldAt = performance.now();
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    progress(digest.rows, expected.rows);
  };
  try {
    for (const columns of selectZnodes(db)) {
      const row = znodeOf(columns, digest);
      if (row === undefined) return `the row of znode ${String(columns[0])} does not match its checksum`;
      sink.znode(row);
      if (digest.rows % ROWS_PER_TURN === 0) await pause();
    }
    for (const columns of selectSessions(db)) {
      const row = sessionOf(columns, digest);
      if (row === undefined) return 'a row of table sessions does not match its checksum';
      sink.session(row);
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    return textOf(error);
  }
  if (digest.equals(expected)) return undefined;
  return `its ${digest.rows} rows are not the ${expected.rows} that were written last`;
}

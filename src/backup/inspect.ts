/** Looks at stored data as a whole and verifies all of it. */
import { statSync } from 'node:fs';
import { StorageError, type StoredData, type StoredFacts } from '../storage/index.js';
import { PIECE_BYTES, type Progress } from './progress.js';
import { loadState } from './state.js';
import { measure, type Extent } from './subtrees.js';

const LISTED = 10;

/** A session and what it holds. */
export interface InspectedSession {
  readonly id: bigint;
  readonly timeoutMs: number;
  readonly ephemerals: number;
}

/** What was found. */
export interface Inspection extends Extent {
  readonly facts: StoredFacts;
  readonly treeBytes: number;
  readonly logBytes: number;
  readonly zxid: bigint;
  readonly znodes: number;
  readonly ephemerals: number;
  readonly sessions: readonly InspectedSession[];
  /** Records in the log, and those of them behind the rows of the tree. */
  readonly records: number;
  readonly recordsBehindTree: number;
  readonly lastTime: bigint | undefined;
  /** ZooKeeper's digest (version 2) of the state at the end of the log. */
  readonly digest: bigint;
}

/**
 * Reads everything: each row and record with its checksum, all rows together, the chain of the log.
 * @throws StorageError for what is damaged
 */
export async function inspect(stored: StoredData, progress?: Progress): Promise<Inspection> {
  const { facts } = stored;
  const before = await stored.readLog(facts.logStart, undefined, (index) =>
    progress?.('Verifying the log', index, facts.tail.index),
  );
  if (before.damage !== undefined) {
    throw new StorageError('corrupt', `${facts.logFile ?? 'The log'}: ${before.damage}.`);
  }
  const { state, records, lastTime } = await loadState(stored, { progress });
  const { tree, sessions, applied } = state;
  return {
    facts,
    treeBytes: sizeOf(facts.treeFile),
    logBytes: facts.logFile === facts.treeFile ? 0 : sizeOf(facts.logFile),
    zxid: applied.zxid,
    znodes: tree.nodeCount,
    ephemerals: tree.ephemeralsCount,
    sessions: [...sessions].map(({ id, timeoutMs }) => ({
      id,
      timeoutMs,
      ephemerals: tree.ephemeralsOf(id).size,
    })),
    records: facts.tail.index - facts.logStart.index,
    recordsBehindTree: records,
    lastTime,
    digest: tree.digest,
    ...measure(tree.rows(PIECE_BYTES), LISTED),
  };
}

/** Bytes of a database, its write-ahead log included. */
function sizeOf(file: string | undefined): number {
  if (file === undefined) return 0;
  return [file, `${file}-wal`].reduce(
    (sum, name) => sum + (statSync(name, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

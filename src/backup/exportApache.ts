/** Hands a state on to Apache ZooKeeper: a snapshot that it loads. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSnapshot } from '../apache/index.js';
import { StorageError, codeOf, writeError, type StoredData } from '../storage/index.js';
import type { Zxid } from '../types/index.js';
import type { Progress } from './progress.js';
import { forgetConfiguration, loadState, rowsOf } from './state.js';

/** What was written. */
export interface ExportReport {
  readonly file: string;
  readonly bytes: number;
  readonly zxid: Zxid;
  readonly znodes: number;
  readonly sessions: number;
  readonly ephemerals: number;
  readonly digest: bigint;
}

/**
 * Writes `version-2/snapshot.<zxid>` below `directory`, which is Apache's dataDir then.
 * @throws StorageError when the data cannot be used, or there are snapshots already
 */
export async function exportApache(
  stored: StoredData,
  directory: string,
  progress?: Progress,
): Promise<ExportReport> {
  const versionDir = join(directory, 'version-2');
  refuseExisting(versionDir);
  const { state } = await loadState(stored, { progress });
  forgetConfiguration(state);
  const { tree, sessions, applied } = state;
  const file = join(versionDir, `snapshot.${BigInt.asUintN(64, applied.zxid).toString(16)}`);
  const { digest } = tree;
  const bytes = writing(file, () => {
    mkdirSync(versionDir, { recursive: true, mode: 0o700 });
    return writeSnapshot(file, { zxid: applied.zxid, digest, ...rowsOf(state) }, (znodes) =>
      progress?.('Writing znodes', znodes, tree.nodeCount),
    );
  });
  return {
    file,
    bytes,
    zxid: applied.zxid,
    znodes: tree.nodeCount,
    sessions: sessions.size,
    ephemerals: tree.ephemeralsCount,
    digest,
  };
}

/** Apache takes the snapshot with the highest zxid, and every log that it finds. */
function refuseExisting(versionDir: string): void {
  if (!existsSync(versionDir)) return;
  const [found] = readdirSync(versionDir);
  if (found === undefined) return;
  throw new StorageError(
    'config',
    `${versionDir} is not empty (${found}): Apache would mix what is there with the export. Name another directory.`,
  );
}

/** What the system has against it, in a sentence. */
function writing<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (codeOf(error) === '') throw error;
    throw writeError(error, file, () => true);
  }
}

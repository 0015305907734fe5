/** Saves the state of a server in a file, and brings it back as the history of a new ensemble. */
import { statSync } from 'node:fs';
import {
  FoundingSite,
  StorageError,
  isLocked,
  openBackup,
  openRemains,
  openStored,
  writeBackup,
  type BackupInfo,
  type FoundingPlace,
  type StoredData,
  type StoredFacts,
  type StoredLocation,
} from '../storage/index.js';
import { epochOf, type Zxid } from '../types/index.js';
import type { Epochs, LogMark } from '../zab/index.js';
import type { State } from '../engine/index.js';
import type { Progress } from './progress.js';
import { forgetConfiguration, loadState, rowsOf } from './state.js';

/** How long a running server may take until what it has in its log is in its tree as well, which says: committed. */
const CONFIRM_MS_MAX = 5000;
const CONFIRM_POLL_MS = 50;

/**
 * A new ensemble that continues an old state begins so many epochs later. Clients of the old one may know of zxids
 * that the state does not reach; no server takes back a client that has seen more than it has. With these epochs in
 * between they see zxids go on, their sessions end, and they begin new ones by themselves.
 */
const EPOCHS_SKIPPED = 1024;

/** What a backup holds. */
export interface BackupReport extends BackupInfo {
  readonly file: string;
  readonly bytes: number;
  readonly rows: number;
  /** The last record in it. */
  readonly tail: LogMark;
  /** Records behind the rows. */
  readonly records: number;
  /** Records at its end of which is not known whether they were committed. */
  readonly unconfirmed: number;
  readonly ensembleId: string | undefined;
}

/**
 * Saves the data of a server, which may run meanwhile.
 * @throws StorageError; then there is no file
 */
export async function backUp(
  location: StoredLocation,
  file: string,
  release: string,
  createdAt: number,
  progress?: Progress,
): Promise<BackupReport> {
  const stored = openStored(location);
  try {
    const { facts } = stored;
    let confirmed = facts.applied.index;
    const tail = await writeBackup(file, stored, {
      createdAt,
      release,
      confirmed: async (end) => (confirmed = await confirmedUpTo(location, facts.applied, end)),
      progress,
    });
    confirmed = Math.min(confirmed, tail.index);
    return {
      file,
      bytes: statSync(file).size,
      rows: facts.rows,
      tail,
      records: tail.index - facts.applied.index,
      unconfirmed: tail.index - confirmed,
      ensembleId: facts.ensembleId,
      createdAt,
      release,
      confirmed,
    };
  } finally {
    stored.close();
  }
}

/** A record is committed when the server has applied it; a moment later that shows in its tree. */
async function confirmedUpTo(location: StoredLocation, applied: LogMark, tail: LogMark): Promise<number> {
  const deadline = performance.now() + CONFIRM_MS_MAX;
  let index = applied.index;
  while (index < tail.index && isLocked(location.dataDir) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, CONFIRM_POLL_MS));
    index = Math.max(index, appliedNow(location));
  }
  return Math.min(index, tail.index);
}

function appliedNow(location: StoredLocation): number {
  try {
    const stored = openStored(location);
    stored.close();
    return stored.facts.applied.index;
  } catch (error) {
    // The copy is made and complete; only this question stays open.
    if (error instanceof StorageError) return 0;
    throw error;
  }
}

/** What to restore, and where to. */
export interface RestoreOptions {
  readonly file: string;
  readonly place: FoundingPlace;
  /** Leave out what came after this zxid. */
  readonly upTo?: Zxid | undefined;
  /** The directory of a `log.db` that goes on where the backup ends. */
  readonly logDir?: string | undefined;
  readonly progress?: Progress | undefined;
}

/** What was restored. */
export interface RestoreReport {
  readonly zxid: Zxid;
  readonly znodes: number;
  readonly sessions: number;
  readonly ephemerals: number;
  readonly digest: bigint;
  readonly records: number;
  readonly lastTime: bigint | undefined;
  readonly backup: BackupInfo;
}

/**
 * Makes the data directory of a server from a backup.
 * @throws StorageError; then nothing has changed
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { file, place, upTo, logDir, progress } = options;
  const { stored, info } = openBackup(file);
  let more: StoredData | undefined;
  let site: FoundingSite | undefined;
  try {
    site = new FoundingSite(place, 'refuse');
    if (logDir !== undefined) more = openLog(logDir, stored.facts);
    const { state, records, lastTime } = await loadState(stored, { upTo, more, progress });
    found(site, state, stored.facts.epochs, progress);
    return {
      zxid: state.applied.zxid,
      znodes: state.tree.nodeCount,
      sessions: state.sessions.size,
      ephemerals: state.tree.ephemeralsCount,
      digest: state.tree.digest,
      records,
      lastTime,
      backup: info,
    };
  } finally {
    site?.release();
    more?.close();
    stored.close();
  }
}

/** Makes a state the history that a new ensemble begins with. */
export function found(site: FoundingSite, state: State, old: Epochs, progress: Progress | undefined): void {
  forgetConfiguration(state);
  const currentEpoch = Math.max(old.currentEpoch, epochOf(state.applied.zxid));
  const epochs = { acceptedEpoch: Math.max(old.acceptedEpoch, currentEpoch) + EPOCHS_SKIPPED, currentEpoch };
  site.found({ rows: rowsOf(state), epochs }, (what, done) => progress?.(what, done, state.tree.nodeCount));
}

function openLog(directory: string, backup: StoredFacts): StoredData {
  const log = openRemains({ dataDir: directory, dataLogDir: directory });
  const { logFile, ensembleId } = log.facts;
  if (logFile === undefined || ensembleId !== backup.ensembleId) {
    log.close();
    throw new StorageError(
      'config',
      logFile === undefined
        ? `${directory} has no log that can be read.`
        : `${logFile} belongs to the ensemble ${ensembleId ?? ''}, and the backup to ${backup.ensembleId ?? ''}.`,
    );
  }
  return log;
}

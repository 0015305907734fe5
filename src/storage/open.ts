/**
 * How a storage comes up: checks, and what follows from them. Nothing is changed before it is clear that the start
 * will succeed, except that missing parts which nobody was promised anything about are made.
 */
import { realpathSync, statfsSync } from 'node:fs';
import { LOG_START, type LogMark } from '../engine/ports.js';
import type { Storage, StorageOptions } from './api.js';
import { createAll, createMark, rebuildTree } from './create.js';
import { checkpoint, openForWriting, requireSafeSqlite, sqliteVersion } from './database.js';
import { prepareDirectory, syncFile } from './directories.js';
import { DiskStorage } from './disk.js';
import { codeOf, StorageError, writeError } from './errors.js';
import {
  checkWritable,
  filesOf,
  removeLeftovers,
  treeFile,
  treeGenerations,
  type StorageFiles,
} from './files.js';
import { describe } from './logReader.js';
import { DirectoryLock } from './lock.js';
import { MarkFile } from './mark.js';
import { mayContinue, replaceMark, salvage } from './salvage.js';
import { checkLog, closeSurvey, surveyFiles, type LogFound, type Survey, type TreeFound } from './survey.js';

/** A repair changes files and makes a new survey necessary; no start needs more of them. */
const REPAIRS_MAX = 3;

/**
 * Locks, checks and opens the directories of a server.
 * @throws StorageError
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  return openDisk(options);
}

/** As `openStorage`, with the methods that only tests need. */
export async function openDisk(options: StorageOptions): Promise<DiskStorage> {
  requireSafeSqlite(sqliteVersion());
  prepareDirectory(options.dataDir, 'dataDir', options.autocreate);
  prepareDirectory(options.dataLogDir, 'dataLogDir', options.autocreate);
  const locks = lock(options);
  try {
    return await openLocked(filesOf(options), options, locks);
  } catch (error) {
    for (const held of locks) held.release();
    // Without a code it is a mistake of this program, and its stack is worth more than a sentence.
    if (error instanceof StorageError || codeOf(error) === '') throw error;
    throw writeError(error, options.dataLogDir, () => statfsSync(options.dataLogDir).bavail > 0);
  }
}

function lock({ dataDir, dataLogDir }: StorageOptions): DirectoryLock[] {
  const first = DirectoryLock.take(dataLogDir);
  if (realpathSync(dataDir) === realpathSync(dataLogDir)) return [first];
  try {
    return [first, DirectoryLock.take(dataDir)];
  } catch (error) {
    first.release();
    throw error;
  }
}

async function openLocked(
  files: StorageFiles,
  options: StorageOptions,
  locks: readonly DirectoryLock[],
): Promise<DiskStorage> {
  checkWritable(files);
  if (!options.forceSync) {
    options.onProgress?.('forceSync is off: a power failure loses acknowledged writes.', {});
  }
  for (let repairs = 0; repairs <= REPAIRS_MAX; repairs++) {
    const survey = surveyFiles(files, options);
    try {
      const state = await judge(survey, files, options);
      if (state !== undefined) return takeOver(state, files, options, locks);
    } catch (error) {
      closeSurvey(survey);
      throw error;
    }
    // A repair was made, with everything closed: look again.
  }
  throw new StorageError('corrupt', `${options.dataLogDir}: repairs do not hold. Restore a backup.`);
}

interface Intact {
  readonly log: LogFound;
  readonly tree: TreeFound;
  readonly tail: LogMark;
  readonly suspect: boolean;
}

/** @returns undefined if a repair was made: then the survey is closed */
async function judge(
  survey: Survey,
  files: StorageFiles,
  options: StorageOptions,
): Promise<Intact | undefined> {
  const { log, mark, tree } = survey;
  if (log.kind === 'absent' && mark.kind === 'absent' && treeGenerations(files).length === 0) {
    closeSurvey(survey);
    createAll(files, options.serverId);
    return undefined;
  }
  const state = mark.kind === 'valid' ? mark.state : undefined;
  const problems: string[] = [];
  let tail = LOG_START;
  if (log.kind === 'open') {
    const found = tree.kind === 'open' ? tree.found : undefined;
    const verdict = await checkLog(log.found, state, found, files, options);
    problems.push(...verdict.problems);
    tail = verdict.tail;
  } else if (log.kind === 'absent') {
    problems.push(`${files.log} is missing, but the files that belong to it are there.`);
  } else {
    problems.push(`${files.log} is damaged: ${log.reason}.`);
  }
  if (problems.length > 0 || log.kind !== 'open') {
    if (!mayContinue(options)) throw refusal(problems);
    await salvage(survey, problems, files, options);
    return undefined;
  }
  const unpromised = tail.index === 0 && log.found.epochs.acceptedEpoch === 0;
  if (state === undefined && !(unpromised && mark.kind === 'absent')) {
    if (!mayContinue(options)) {
      const found = mark.kind === 'absent' ? 'missing' : 'damaged';
      throw refusal([`${files.mark} is ${found}: nothing tells how far the log went.`]);
    }
    replaceMark(survey, log.found, tail, files, options);
    return undefined;
  }
  return completeOrJudge(survey, log.found, tail, files, options);
}

/** The log is intact: makes the parts that can be made again from it. */
function completeOrJudge(
  survey: Survey,
  log: LogFound,
  tail: LogMark,
  files: StorageFiles,
  options: StorageOptions,
): Intact | undefined {
  const { mark, tree } = survey;
  if (mark.kind !== 'valid') {
    closeSurvey(survey);
    createMark(files, { ...log, acked: tail, suspect: false });
    return undefined;
  }
  const file = treeFile(files, log.generation);
  const inEnsemble = options.inEnsemble === true;
  if (tree.kind === 'open') {
    // An empty tree may be what is left of one that was damaged: its replacement has to come from a leader.
    if (tree.found.mark.index >= log.logStart.index || inEnsemble) {
      return { log, tree: tree.found, tail, suspect: mark.state.suspect };
    }
    throw new StorageError(
      'corrupt',
      `${file} ends at ${describe(tree.found.mark)}, but the log begins after ${describe(log.logStart)}: the records between are missing. Restore dataDir and dataLogDir from the same backup.`,
    );
  }
  const found = tree.kind === 'absent' ? 'is missing' : `is damaged (${tree.reason})`;
  if (log.logStart.index > 0 && !inEnsemble) {
    throw new StorageError(
      'corrupt',
      `${file} ${found}, and it cannot be rebuilt: the log begins after ${describe(log.logStart)}. Restore dataDir and dataLogDir from the same backup.`,
    );
  }
  closeSurvey(survey);
  const old = rebuildTree(files, log);
  if (log.logStart.index > 0) options.onProgress?.(`${file} ${found}.`, { setAside: old });
  else if (tail.index > 0) {
    options.onProgress?.(`${file} ${found}: the tree is rebuilt from the log, which is complete.`, {
      records: tail.index,
      setAside: old,
    });
  }
  return undefined;
}

/** Everything is intact: from here on the files change. */
function takeOver(
  { log, tree, tail, suspect }: Intact,
  files: StorageFiles,
  options: StorageOptions,
  locks: readonly DirectoryLock[],
): DiskStorage {
  removeLeftovers(files, log.generation);
  makeDurable(files, options);
  const mark = MarkFile.open(files.mark);
  const { state } = mark;
  const epochs = {
    acceptedEpoch: Math.max(log.epochs.acceptedEpoch, state.epochs.acceptedEpoch),
    currentEpoch: log.epochs.currentEpoch,
  };
  mark.write({ ...state, epochs, acked: tail });
  mark.sync();
  mark.close();
  if (suspect) {
    const text = 'An earlier run ended in an I/O error or lost records. All that is left was verified.';
    options.onProgress?.(text, { tail: describe(tail) });
  }
  if (tree.mark.index < log.logStart.index) {
    options.onProgress?.(
      `The tree is lost, and the log begins after ${describe(log.logStart)}. This server has no state, and no vote, until a leader sends a snapshot; its log is intact.`,
      { tail: describe(tail) },
    );
  }
  if (options.acceptDataLoss) {
    options.onProgress?.('acceptDataLoss is set. Remove it: the next damage would be accepted unseen.', {});
  }
  return new DiskStorage({ files, options, locks, log, tree, tail, epochs, suspect });
}

/**
 * What a killed process wrote can be in the page cache only. Nobody was told that it is durable; from now on
 * everybody is, so it must be. The checkpoint is not needed for that, and a full disk has no room for it.
 */
function makeDurable(files: StorageFiles, options: StorageOptions): void {
  const { forceSync } = options;
  if (forceSync) syncFile(`${files.log}-wal`);
  const db = openForWriting(files.log, forceSync ? 'FULL' : 'OFF');
  try {
    checkpoint(db, 'TRUNCATE');
  } catch (error) {
    if (codeOf(error) !== 'SQLITE_FULL') throw error;
    options.onProgress?.('No space is left: the log can be read, but not written.', { file: files.log });
  } finally {
    db.close();
  }
}

function refusal(problems: readonly string[]): StorageError {
  return new StorageError(
    'corrupt',
    `${problems.join(' ')} Restore dataDir and dataLogDir from a backup, or start once with zabkeeper.acceptDataLoss=true to continue from what is intact.`,
  );
}

/**
 * What `acceptDataLoss` and `inEnsemble` do: makes a new `log.db` of what can be proved, and sets the old one aside. It never goes on
 * writing into a damaged file, and never keeps a record behind a damaged one: what is kept is a prefix of what
 * clients were told.
 *
 * - An intact tree stays. Of the log, the records that continue it without a gap are kept, up to the first damage;
 *   the records before are kept, too, if all of them are intact.
 * - A tree that is ahead of the log stays: the log then begins, empty, where the tree is.
 * - Of a log that is intact nothing is changed; if only the mark is missing, the end of the log is believed.
 * - Without an intact tree, the log must reach back to the first record; the tree is rebuilt from what is kept.
 *   Otherwise there is nothing to continue from. In an ensemble the server then starts empty: the others have it all.
 *
 * In an ensemble this needs no operator, because a suspect server takes no part in votes. But its promise must not be
 * forgotten: one copy of the epochs has to be left.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LogRecord } from '../codec/index.js';
import { LOG_START, type Epochs, type LogMark } from '../engine/ports.js';
import type { StorageOptions } from './api.js';
import { createLog, createMark } from './create.js';
import { checkpoint, openForWriting, type Connection } from './database.js';
import { syncDirectory } from './directories.js';
import { isDamage, StorageError } from './errors.js';
import { removeDatabase, setAside, treeFile, treeGenerations, type StorageFiles } from './files.js';
import { describe, markAt, scanLog } from './logReader.js';
import { closeSurvey, type LogFound, type Survey } from './survey.js';

const UNTIL_SYNCHRONISED = 'This server takes no part in votes until a leader has brought it up to date.';

/** Whether storage may continue without everything that it once reported as durable. */
export function mayContinue({ acceptDataLoss, inEnsemble }: StorageOptions): boolean {
  return acceptDataLoss || inEnsemble === true;
}

/**
 * The log is intact, but the mark is not: nothing tells whether the log was longer once.
 * Closes the survey and changes the files; afterwards they can be surveyed again.
 */
export function replaceMark(
  survey: Survey,
  log: LogFound,
  tail: LogMark,
  files: StorageFiles,
  options: StorageOptions,
): void {
  closeSurvey(survey);
  createMark(files, { ...log, acked: tail, suspect: true });
  const text = options.acceptDataLoss
    ? 'DATA LOSS ACCEPTED: the log is taken as it is, without a mark.'
    : `${files.mark} is missing or damaged: the log may have lost records. ${UNTIL_SYNCHRONISED}`;
  options.onProgress?.(text, { keptThrough: describe(tail) });
}

/** Closes the survey and changes the files; afterwards they can be surveyed again. */
export async function salvage(
  survey: Survey,
  problems: readonly string[],
  files: StorageFiles,
  options: StorageOptions,
): Promise<void> {
  const log = survey.log.kind === 'open' ? survey.log.found : undefined;
  const tree = survey.tree.kind === 'open' ? survey.tree.found : undefined;
  const mark = survey.mark.kind === 'valid' ? survey.mark.state : undefined;
  const base = tree?.mark ?? (log?.logStart.index === 0 ? LOG_START : undefined);
  let gap: string | undefined;
  if (base === undefined) gap = 'neither the tree nor the beginning of the log is intact';
  else if (log !== undefined && base.index < log.logStart.index) {
    gap = 'records between the tree and the beginning of the log are missing';
  }
  if (gap !== undefined && options.inEnsemble !== true) throw hopeless(problems, gap);
  const epochs = greater(log?.epochs, mark?.epochs);
  if (!options.acceptDataLoss) {
    if (log === undefined && mark === undefined) throw forgotten(problems, files);
    // No leader's initial history is here completely, for all that can be proved.
    epochs.currentEpoch = 0;
  }
  const identity = {
    serverId: options.serverId,
    dataId: log?.dataId ?? mark?.dataId ?? tree?.dataId ?? randomBytes(16).toString('hex'),
    secret: log?.secret ?? randomBytes(32),
    epochs,
    generation: log?.generation ?? tree?.generation ?? 1,
  };
  const rebuilt = join(files.dataLogDir, 'log-rebuilt.db');
  removeDatabase(rebuilt);
  let to = LOG_START;
  if (base === undefined || gap !== undefined) {
    const generation = 1 + Math.max(identity.generation, ...treeGenerations(files));
    createLog(rebuilt, files.dataLogDir, { ...identity, logStart: LOG_START, generation });
    closeSurvey(survey);
    // While the old log is there, a crash in between leads here again.
    for (const each of treeGenerations(files)) {
      setAside(files.dataDir, basename(treeFile(files, each)), new Date());
    }
  } else {
    const logStart = log === undefined ? base : await keptFrom(log, base);
    createLog(rebuilt, files.dataLogDir, { ...identity, logStart });
    to = log === undefined ? base : await copyRecords(log.db, logStart, rebuilt);
    closeSurvey(survey);
  }
  const old = setAside(files.dataLogDir, basename(files.log), new Date());
  renameSync(rebuilt, files.log);
  syncDirectory(files.dataLogDir);
  createMark(files, { ...identity, acked: to, suspect: true });
  tell(options, gap !== undefined, {
    problems,
    keptThrough: describe(to),
    lostRecords: Math.max(0, (mark?.acked.index ?? 0) - to.index),
    setAside: old,
  });
}

function tell(options: StorageOptions, empty: boolean, detail: Record<string, unknown>): void {
  if (options.acceptDataLoss && !empty) {
    options.onProgress?.('DATA LOSS ACCEPTED: continuing from what is intact.', detail);
    return;
  }
  const rest = empty
    ? 'Nothing of it is left to continue from, so it is empty now.'
    : 'It goes on with the rest.';
  options.onProgress?.(
    `This server has lost records that it had acknowledged. ${rest} ${UNTIL_SYNCHRONISED}`,
    detail,
  );
}

/** The start of the intact run that leads to `base` and beyond. */
async function keptFrom({ db, logStart }: LogFound, base: LogMark): Promise<LogMark> {
  const { last } = await scanLog(db, logStart);
  if (last.index >= base.index && (base.index === logStart.index || matches(db, base))) return logStart;
  return base;
}

/** @returns the last record that was copied; none if the log does not continue `from` */
async function copyRecords(log: Connection, from: LogMark, file: string): Promise<LogMark> {
  const db = openForWriting(file, 'FULL');
  try {
    const insert = db.prepare<[bigint, bigint, number, bigint, number, Buffer]>(
      'INSERT INTO log (idx, zxid, type, chain, crc, payload) VALUES (?, ?, ?, ?, ?, ?)',
    );
    db.exec('BEGIN IMMEDIATE');
    const { last } = await scanLog(log, from, ({ index, zxid, type, chain, payload }: LogRecord) => {
      insert.run(index, zxid, type, chain, crc32(payload), payload);
    });
    db.exec('COMMIT');
    // Only the file itself gets the name of the log.
    if (!checkpoint(db, 'TRUNCATE').done) throw new StorageError('io', `${file} could not be checkpointed.`);
    return last;
  } finally {
    db.close();
  }
}

function matches(db: Connection, mark: LogMark): boolean {
  try {
    const there = markAt(db, mark.index);
    return there?.zxid === mark.zxid && there.chain === mark.chain;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

function greater(...epochs: (Epochs | undefined)[]): { acceptedEpoch: number; currentEpoch: number } {
  return {
    acceptedEpoch: Math.max(...epochs.map((at) => at?.acceptedEpoch ?? 0)),
    currentEpoch: Math.max(...epochs.map((at) => at?.currentEpoch ?? 0)),
  };
}

function forgotten(problems: readonly string[], { log, mark }: StorageFiles): StorageError {
  return new StorageError(
    'corrupt',
    `${problems.join(' ')} What this server promised to leaders is lost with both ${log} and ${mark}. Remove the server from the ensemble and add it anew, or start once with zabkeeper.acceptDataLoss=true if no other server is damaged.`,
  );
}

function hopeless(problems: readonly string[], reason: string): StorageError {
  return new StorageError(
    'corrupt',
    `${problems.join(' ')} There is nothing to continue from: ${reason}. Restore dataDir and dataLogDir from a backup.`,
  );
}

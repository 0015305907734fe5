/**
 * Looks at all files of a server together, without changing any: what is there, and what contradicts itself or each
 * other (zab.md 7.4). What to do about it is decided in `open.ts`.
 */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Epochs, LogMark } from '../engine/ports.js';
import type { StorageOptions } from './api.js';
import { openForReading, openForWriting, type Connection } from './database.js';
import { codeOf, isDamage, StorageError, textOf, writeError } from './errors.js';
import { treeFile, treeGenerations, type StorageFiles } from './files.js';
import { describe, indexBefore, markAt, scanLog } from './logReader.js';
import { readMark, type MarkFinding, type MarkState } from './mark.js';
import { Meta } from './meta.js';
import { inspectSchema, LOG_SCHEMA, migrate, TREE_SCHEMA, type Schema } from './schema.js';

/** The chain is verified over at least this much of the log's end, or all of it after an I/O error. */
const VERIFIED_BYTES = 64 << 20;
/** SQLite checks its own structures up to this size of the log; the chain covers the rest. */
const QUICK_CHECK_BYTES_MAX = 256 << 20;
const PAGE_BYTES = 4096;

/** Whose file it is. */
interface Identity {
  readonly serverId: number;
  readonly dataId: string;
}

/** An open `log.db`. */
export interface LogFound extends Identity {
  readonly db: Connection;
  readonly secret: Buffer;
  readonly epochs: Epochs;
  readonly logStart: LogMark;
  readonly generation: number;
}

/** An open `tree.db`. Its rows are verified when they are loaded. */
export interface TreeFound extends Identity {
  readonly db: Connection;
  readonly file: string;
  readonly generation: number;
  readonly mark: LogMark;
}

/** A database that was looked for. */
export type Found<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'open'; readonly found: T };

/** All that is there. `close` it. */
export interface Survey {
  readonly log: Found<LogFound>;
  readonly mark: MarkFinding;
  readonly tree: Found<TreeFound>;
}

/**
 * Opens what can be opened.
 * @throws StorageError for files that are not this server's, or that this release cannot read
 */
export function surveyFiles(files: StorageFiles, options: StorageOptions): Survey {
  const mark = readMark(files.mark);
  const log = findLog(files);
  let tree: Found<TreeFound> = { kind: 'absent' };
  try {
    tree = findTree(files, log);
    const survey = { log, mark, tree };
    checkIdentity(survey, files, options);
    return survey;
  } catch (error) {
    closeSurvey({ log, mark, tree });
    throw error;
  }
}

/**
 * Opens what can be opened, each as of one moment and without changing anything: also while a server runs on it. The
 * log is opened first, so it holds what follows the tree, or the tree holds all of it.
 */
export function surveyForReading(files: StorageFiles): Survey {
  const mark = readMark(files.mark);
  const log = findLog(files, 'reading');
  try {
    return { log, mark, tree: findTree(files, log, 'reading') };
  } catch (error) {
    closeSurvey({ log, mark, tree: { kind: 'absent' } });
    throw error;
  }
}

/** Closes both databases. */
export function closeSurvey({ log, tree }: Survey): void {
  if (log.kind === 'open') log.found.db.close();
  if (tree.kind === 'open') tree.found.db.close();
}

/** What `checkLog` found. */
export interface LogVerdict {
  /** The last intact record. */
  readonly tail: LogMark;
  /** What is wrong, as sentences; none if all is well. */
  readonly problems: readonly string[];
}

/** Holds the log against itself, the mark and the tree. */
export async function checkLog(
  log: LogFound,
  mark: MarkState | undefined,
  tree: TreeFound | undefined,
  files: StorageFiles,
  options: StorageOptions,
): Promise<LogVerdict> {
  const problems: string[] = [];
  const structure = quickCheck(log.db, files.log);
  if (structure !== undefined) problems.push(`${files.log} is damaged: ${structure}.`);
  const { last: tail, damage } = await scanLog(log.db, verifiedFrom(log, mark, tree), undefined, (index) =>
    options.onProgress?.(`Checking ${files.log}.`, { index }),
  );
  if (damage !== undefined) problems.push(`${files.log}: ${damage}.`);
  if (mark !== undefined) {
    const { acked, epochs } = mark;
    problems.push(...contradictions(log, tail, acked, 'reported as durable', files.log, files.mark));
    if (epochs.currentEpoch > log.epochs.currentEpoch) {
      problems.push(
        `${files.log} is in epoch ${log.epochs.currentEpoch}, ${files.mark} in epoch ${epochs.currentEpoch}.`,
      );
    }
  }
  if (tree !== undefined) {
    problems.push(...contradictions(log, tail, tree.mark, 'written to the tree', files.log, tree.file));
  }
  return { tail, problems };
}

/** What speaks against the log having the record at `mark`, which `witness` remembers. */
function contradictions(
  { db, logStart }: LogFound,
  tail: LogMark,
  mark: LogMark,
  promise: string,
  file: string,
  witness: string,
): string[] {
  const told = `${describe(mark)} was ${promise} (${basename(witness)})`;
  if (mark.index > tail.index) {
    return [`${file} ends at ${describe(tail)}, but ${told}: ${mark.index - tail.index} records are lost.`];
  }
  const there = mark.index === logStart.index ? logStart : markAt(db, mark.index);
  if (there === undefined || (there.zxid === mark.zxid && there.chain === mark.chain)) return [];
  return [`${file} has another ${describe(there)}: ${told} with other contents.`];
}

/** From where the chain is verified: before all that is replayed, and far enough before the end. */
function verifiedFrom(
  { db, logStart }: LogFound,
  mark: MarkState | undefined,
  tree: TreeFound | undefined,
): LogMark {
  if (tree === undefined || mark?.suspect === true) return logStart;
  try {
    const index = Math.min(tree.mark.index, indexBefore(db, VERIFIED_BYTES, logStart.index));
    return index <= logStart.index ? logStart : (markAt(db, index) ?? logStart);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return logStart;
  }
}

function checkIdentity({ log, mark, tree }: Survey, files: StorageFiles, options: StorageOptions): void {
  const holders: { file: string; identity: Identity }[] = [];
  if (log.kind === 'open') holders.push({ file: files.log, identity: log.found });
  if (mark.kind === 'valid') holders.push({ file: files.mark, identity: mark.state });
  if (tree.kind === 'open') holders.push({ file: tree.found.file, identity: tree.found });
  const first = holders[0];
  for (const { file, identity } of holders) {
    if (identity.serverId !== options.serverId) {
      throw new StorageError(
        'config',
        `${file} belongs to server ${identity.serverId}, and this is server ${options.serverId}. Correct myid, dataDir or dataLogDir.`,
      );
    }
    if (first !== undefined && identity.dataId !== first.identity.dataId) {
      throw new StorageError(
        'config',
        `${first.file} and ${file} were not written together. Correct dataDir and dataLogDir, or restore both from the same backup.`,
      );
    }
  }
}

function quickCheck(db: Connection, file: string): string | undefined {
  const what = statSync(file).size <= QUICK_CHECK_BYTES_MAX ? '1' : 'sqlite_schema';
  try {
    const result = db.pragma(`quick_check(${what})`, { simple: true });
    // SQLite heads its findings with a line of its own; an operator's log takes one line.
    const lines = String(result).split('\n');
    return result === 'ok' ? undefined : lines.filter((line) => !line.startsWith('***')).join('; ');
  } catch (error) {
    if (!isDamage(error)) throw error;
    return textOf(error);
  }
}

/** A start may bring old schemas up to date; `reading` changes nothing, and sees one moment. */
type Purpose = 'start' | 'reading';

function findLog(files: StorageFiles, purpose: Purpose = 'start'): Found<LogFound> {
  return find(files.log, LOG_SCHEMA, purpose, (db) => {
    const meta = Meta.read(db, files.log);
    return {
      db,
      dataId: meta.text('dataId'),
      serverId: meta.number('serverId'),
      secret: meta.bytes('secret'),
      epochs: { acceptedEpoch: meta.number('acceptedEpoch'), currentEpoch: meta.number('currentEpoch') },
      logStart: meta.mark('logStart'),
      generation: meta.number('treeGeneration'),
    };
  });
}

function findTree(files: StorageFiles, log: Found<LogFound>, purpose: Purpose = 'start'): Found<TreeFound> {
  // Without a log that says which one counts, the latest is meant.
  const generation = log.kind === 'open' ? log.found.generation : Math.max(0, ...treeGenerations(files));
  const file = treeFile(files, generation);
  return find(file, TREE_SCHEMA, purpose, (db) => {
    const meta = Meta.read(db, file);
    return {
      db,
      file,
      generation,
      mark: meta.mark('applied'),
      dataId: meta.text('dataId'),
      serverId: meta.number('serverId'),
    };
  });
}

function find<T>(file: string, schema: Schema, purpose: Purpose, read: (db: Connection) => T): Found<T> {
  if (!existsSync(file)) return { kind: 'absent' };
  // SQLite would take the database for a new one and delete its WAL, which may be all that is left.
  if (statSync(file).size < PAGE_BYTES && existsSync(`${file}-wal`)) {
    return { kind: 'damaged', reason: 'it is empty, but its WAL is there' };
  }
  let db: Connection | undefined;
  try {
    db = openForReading(file);
    if (purpose === 'reading') db.exec('BEGIN');
    let state = inspectSchema(db, schema, file);
    if (state === 'old' && purpose === 'reading') {
      throw new StorageError(
        'config',
        `${file} was written by an earlier release. Start the server once, which brings it up to date.`,
      );
    }
    if (state === 'old') {
      // Before its contents are checked: the checks know the current schema only.
      db.close();
      db = openForWriting(file, 'FULL');
      migrate(db, schema);
      db.close();
      db = openForReading(file);
      state = inspectSchema(db, schema, file);
    }
    // A file whose first transaction never happened is as good as none.
    if (state !== 'empty') return { kind: 'open', found: read(db) };
    db.close();
    return { kind: 'absent' };
  } catch (error) {
    db?.close();
    if (isDamage(error)) return { kind: 'damaged', reason: textOf(error) };
    if (error instanceof StorageError) {
      if (error.kind === 'corrupt') return { kind: 'damaged', reason: error.message };
      throw error;
    }
    if (codeOf(error).startsWith('SQLITE_CANTOPEN')) {
      const text = `${file} cannot be opened: ${textOf(error)}. Check owner and permissions.`;
      throw new StorageError('config', text, { cause: error });
    }
    // Even reading needs a little space, for the memory that the connections share.
    const failure = writeError(error, file, () => statfsSync(dirname(file)).bavail > 0);
    if (failure.kind === 'full') throw failure;
    throw new StorageError('io', `${file} could not be read: ${textOf(error)}.`, { cause: error });
  }
}

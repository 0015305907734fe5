/**
 * The data of a server as they are on the disk at one moment, or in a backup, for reading only: while the server runs, or
 * long after. Read transactions keep together what is seen; close it soon, because the write-ahead logs grow meanwhile.
 */
import { existsSync } from 'node:fs';
import type { LogRecord, SessionRow } from '../codec/index.js';
import { LOG_START, type Epochs, type LogMark } from '../engine/ports.js';
import { openForReading, type Connection } from './database.js';
import { codeOf, isDamage, StorageError, textOf } from './errors.js';
import { filesOf, type StorageFiles } from './files.js';
import { LogRows } from './logRows.js';
import { describe, scanLog, type LogScan } from './logReader.js';
import type { MarkState } from './mark.js';
import { Meta } from './meta.js';
import { closeSurvey, surveyForReading, type LogFound, type Survey, type TreeFound } from './survey.js';
import { ensembleIdOf } from './ensembleId.js';
import { readDigest, selectSessions, sessionOf, TreeDigest } from './treeRows.js';
import { RowDamage, ZnodeChunks } from './znodeChunks.js';

/** The directories with `tree-<generation>.db`, and with `log.db` and `mark`. */
export interface StoredLocation {
  readonly dataDir: string;
  readonly dataLogDir: string;
}

/** Takes the rows of a tree. */
export interface RowSink {
  /** `count` jute ZnodeRows, one after the other. */
  znodes(bytes: Buffer, count: number): void;
  session(row: SessionRow): void;
}

/** How many rows were read. */
export interface RowCounts {
  readonly znodes: number;
  readonly sessions: number;
}

/** What is known of stored data without reading all of it. */
export interface StoredFacts {
  readonly serverId: number;
  /** Undefined if the log is lost, which knows it. */
  readonly ensembleId: string | undefined;
  readonly epochs: Epochs;
  /** The record before the first one of the log. */
  readonly logStart: LogMark;
  /** The last record whose effects are in the rows. */
  readonly applied: LogMark;
  /** The last record, unverified. */
  readonly tail: LogMark;
  /** Znodes and sessions that the tree should have. */
  readonly rows: number;
  /** What `mark` says; undefined for a backup, and when it is damaged or missing. */
  readonly mark: MarkState | undefined;
  readonly treeFile: string | undefined;
  readonly logFile: string | undefined;
}

/** An open view of stored data. */
export class StoredData {
  readonly facts: StoredFacts;
  /** What is damaged or missing, as sentences. */
  readonly problems: readonly string[];
  readonly #tree: Connection | undefined;
  readonly #log: Connection | undefined;

  constructor(
    facts: StoredFacts,
    tree: Connection | undefined,
    log: Connection | undefined,
    problems: readonly string[] = [],
  ) {
    this.facts = facts;
    this.problems = problems;
    this.#tree = tree;
    this.#log = log;
  }

  /**
   * Gives all rows to `sink`, and verifies each and all together.
   * @param progress told how many znodes came so far
   * @throws StorageError kind `corrupt`, when `sink` has got a part of them
   */
  readRows(sink: RowSink, progress?: (znodes: number) => void): RowCounts {
    const file = this.facts.treeFile;
    if (this.#tree === undefined || file === undefined) return { znodes: 0, sessions: 0 };
    try {
      return readRows(this.#tree, file, sink, progress);
    } catch (error) {
      if (error instanceof RowDamage || isDamage(error)) throw damagedTree(file, textOf(error));
      throw error;
    }
  }

  /**
   * Gives the records behind `from` to `sink`, verified, up to the end or the first damage.
   * @param sink given payloads that are views of larger memory: copy what you keep
   */
  async readLog(
    from: LogMark,
    sink?: (record: LogRecord) => void,
    progress?: (index: number) => void,
  ): Promise<LogScan> {
    if (this.#log === undefined || from.index >= this.facts.tail.index) {
      return { last: from, damage: undefined };
    }
    return scanLog(this.#log, from, sink, progress);
  }

  close(): void {
    this.#tree?.close();
    this.#log?.close();
  }
}

/**
 * Opens the data of a server.
 * @throws StorageError when they are damaged, incomplete or not there
 */
export function openStored(location: StoredLocation): StoredData {
  const stored = openRemains(location);
  if (stored.problems.length === 0) return stored;
  stored.close();
  throw new StorageError('corrupt', stored.problems.join(' '));
}

/**
 * Opens what is left of a server's data, damaged or not.
 * @throws StorageError when there is nothing, or nothing that this release can read
 */
export function openRemains(location: StoredLocation): StoredData {
  const files = filesOf(location);
  if (!existsSync(files.dataDir) || !existsSync(files.dataLogDir)) throw nothing(files);
  const survey = surveyOf(files);
  try {
    return storedOf(survey, files);
  } catch (error) {
    closeSurvey(survey);
    throw error;
  }
}

function nothing({ dataDir, dataLogDir }: StorageFiles): StorageError {
  const where = dataDir === dataLogDir ? `${dataDir} holds` : `${dataDir} and ${dataLogDir} hold`;
  return new StorageError(
    'config',
    `${where} no data of a server. Check dataDir and dataLogDir of the configuration.`,
  );
}

function surveyOf(files: StorageFiles): Survey {
  try {
    return surveyForReading(files);
  } catch (error) {
    // While it was looked for, a server took over a snapshot: the tree has another name now.
    if (!(error instanceof StorageError) && codeOf(error) !== 'ENOENT') throw error;
    return surveyForReading(files);
  }
}

function storedOf(survey: Survey, files: StorageFiles): StoredData {
  const { log, tree, mark } = survey;
  if (log.kind === 'absent' && tree.kind === 'absent') {
    throw nothing(files);
  }
  const problems: string[] = [];
  if (log.kind === 'absent') problems.push(`${files.log} is missing.`);
  if (log.kind === 'damaged') problems.push(`${files.log} is damaged: ${log.reason}.`);
  if (tree.kind === 'absent') problems.push(`The tree in ${files.dataDir} is missing.`);
  if (tree.kind === 'damaged') problems.push(`The tree in ${files.dataDir} is damaged: ${tree.reason}.`);
  const foundLog = log.kind === 'open' ? log.found : undefined;
  const foundTree = tree.kind === 'open' ? tree.found : undefined;
  if (foundLog !== undefined && foundTree !== undefined && foundLog.dataId !== foundTree.dataId) {
    throw new StorageError(
      'config',
      `${files.log} and ${foundTree.file} were not written together. Correct dataDir or dataLogDir.`,
    );
  }
  const state = mark.kind === 'valid' ? mark.state : undefined;
  return new StoredData(factsOf(foundLog, foundTree, state, files), foundTree?.db, foundLog?.db, problems);
}

function factsOf(
  log: LogFound | undefined,
  tree: TreeFound | undefined,
  mark: MarkState | undefined,
  files: StorageFiles,
): StoredFacts {
  const applied = tree?.mark ?? LOG_START;
  const epochs = log?.epochs ?? mark?.epochs ?? { acceptedEpoch: 0, currentEpoch: 0 };
  return {
    serverId: log?.serverId ?? tree?.serverId ?? mark?.serverId ?? 0,
    ensembleId: log === undefined ? undefined : ensembleIdOf(log.secret),
    epochs: {
      acceptedEpoch: Math.max(epochs.acceptedEpoch, mark?.epochs.acceptedEpoch ?? 0),
      currentEpoch: epochs.currentEpoch,
    },
    logStart: log?.logStart ?? applied,
    applied,
    tail: log === undefined ? applied : (new LogRows(log.db).last() ?? log.logStart),
    rows: tree === undefined ? 0 : readDigest(Meta.read(tree.db, tree.file)).rows,
    mark,
    treeFile: tree?.file,
    logFile: log === undefined ? undefined : files.log,
  };
}

function readRows(
  db: Connection,
  file: string,
  sink: RowSink,
  progress: ((znodes: number) => void) | undefined,
): RowCounts {
  const digest = new TreeDigest(0, 0);
  const chunks = new ZnodeChunks(db, digest);
  let znodes = 0;
  for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) {
    sink.znodes(chunk.bytes, chunk.count);
    znodes += chunk.count;
    progress?.(znodes);
  }
  let sessions = 0;
  for (const columns of selectSessions(db)) {
    const row = sessionOf(columns, digest);
    if (row === undefined) throw damagedTree(file, 'a row of table sessions does not match its checksum');
    sink.session(row);
    sessions += 1;
  }
  const expected = readDigest(Meta.read(db, file));
  if (!digest.equals(expected)) {
    throw damagedTree(file, `its ${digest.rows} rows are not the ${expected.rows} that were written last`);
  }
  return { znodes, sessions };
}

function damagedTree(file: string, reason: string): StorageError {
  return new StorageError('corrupt', `${file} is damaged: ${reason}.`);
}

/** What a statement gave. */
export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly unknown[]>;
}

/**
 * Asks the databases in SQL: tables `znodes`, `sessions`, `meta` of the tree, `log` and `log.meta` of the log. Nothing
 * can be changed.
 * @param take gets the result, and is done with it when it returns
 * @throws StorageError for a statement that SQLite does not understand, or that is not a query
 */
export function queryStored(
  treeFile: string,
  logFile: string | undefined,
  sql: string,
  take: (result: QueryResult) => void,
): void {
  const db = openForReading(treeFile);
  try {
    if (logFile !== undefined && logFile !== treeFile) db.prepare('ATTACH ? AS log').run(logFile);
    const statement = db.prepare<[], unknown[]>(sql);
    if (!statement.reader) throw new StorageError('config', 'Only a query can be asked: select ...');
    take({
      columns: statement.columns().map(({ name }) => name),
      rows: statement.raw().safeIntegers().iterate(),
    });
  } catch (error) {
    if (error instanceof StorageError || !codeOf(error).startsWith('SQLITE_')) throw error;
    throw new StorageError('config', `SQLite cannot answer that: ${textOf(error)}.`, { cause: error });
  } finally {
    db.close();
  }
}

/** A position for people, where something is missing or ends. */
export { describe as describeMark };

/**
 * A backup is one SQLite file: the rows of the tree as of one moment, and the records of the log behind it. Everything in
 * it has the checksums that it has in a server's own files, and is verified in the same way.
 */
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LogRecord } from '../codec/index.js';
import { sameMark, type LogMark } from '../zab/index.js';
import { openForReading, openForWriting, transaction } from './database.js';
import { syncDirectory, syncFile } from './directories.js';
import { codeOf, isDamage, StorageError, textOf, writeError } from './errors.js';
import { removeDatabase } from './files.js';
import { TreeFiller } from './fillTree.js';
import { markValues, Meta } from './meta.js';
import { BACKUP_SCHEMA, createSchema, inspectSchema } from './schema.js';
import { StoredData } from './stored.js';
import { emptyTreeValues, readDigest } from './treeRows.js';

/** What a backup says of itself. */
export interface BackupInfo {
  /** When it was made, ms since 1970. */
  readonly createdAt: number;
  /** The release that made it. */
  readonly release: string;
  /** Up to this record of the log all was committed when the backup was made; behind it, it may have been. */
  readonly confirmed: number;
}

/** A backup that is open. */
export interface OpenBackup {
  readonly stored: StoredData;
  readonly info: BackupInfo;
}

/** How a backup is made. */
export interface WriteBackupOptions {
  readonly createdAt: number;
  readonly release: string;
  /** Asked for what is committed when all is copied, the last record among it perhaps. */
  readonly confirmed: (tail: LogMark) => Promise<number>;
  readonly progress?: ((what: string, done: number, of?: number) => void) | undefined;
}

/**
 * Copies what `stored` shows into a new file, which is there completely and verified, or not at all.
 * @returns the last record that it holds
 * @throws StorageError
 */
export async function writeBackup(
  file: string,
  stored: StoredData,
  options: WriteBackupOptions,
): Promise<LogMark> {
  if (existsSync(file)) {
    throw new StorageError('config', `${file} is there already. Name a file that is not.`);
  }
  const unfinished = `${file}.incomplete`;
  try {
    const tail = await fill(unfinished, stored, options);
    await verify(unfinished, tail, options);
    renameSync(unfinished, file);
    syncDirectory(dirname(resolve(file)));
    return tail;
  } catch (error) {
    removeDatabase(unfinished);
    // Of this file only the system's and SQLite's errors are left.
    if (error instanceof StorageError || codeOf(error) === '') throw error;
    throw writeError(error, unfinished, () => true);
  }
}

async function fill(
  file: string,
  stored: StoredData,
  { createdAt, release, confirmed, progress }: WriteBackupOptions,
): Promise<LogMark> {
  const { facts } = stored;
  removeDatabase(file);
  // What is in it is nobody else's business.
  closeSync(openSync(file, 'wx', 0o600));
  const db = openForWriting(file, 'OFF');
  let tail = facts.applied;
  try {
    createSchema(db, BACKUP_SCHEMA, () => {
      Meta.create(db, file, {
        serverId: BigInt(facts.serverId),
        ensembleId: facts.ensembleId ?? '',
        createdAt: BigInt(createdAt),
        release,
        acceptedEpoch: BigInt(facts.epochs.acceptedEpoch),
        currentEpoch: BigInt(facts.epochs.currentEpoch),
        ...markValues('logStart', facts.applied),
        ...emptyTreeValues(),
      });
    });
    const filler = new TreeFiller(file);
    try {
      stored.readRows(filler, (znodes) => progress?.('Copying znodes', znodes, facts.rows));
      filler.finish(facts.applied);
    } finally {
      filler.close();
    }
    const insert = db.prepare<[bigint, bigint, number, bigint, number, Buffer]>(
      'INSERT INTO log (idx, zxid, type, chain, crc, payload) VALUES (?, ?, ?, ?, ?, ?)',
    );
    db.exec('BEGIN IMMEDIATE');
    const scan = await stored.readLog(
      facts.applied,
      ({ index, zxid, type, chain, payload }: LogRecord) => {
        insert.run(index, zxid, type, chain, crc32(payload), payload);
      },
      (index) => progress?.('Copying the log', index, facts.tail.index),
    );
    db.exec('COMMIT');
    if (scan.damage !== undefined)
      throw new StorageError('corrupt', `${facts.logFile ?? ''}: ${scan.damage}.`);
    tail = scan.last;
    // From here on nothing is read from the server's files: its write-ahead logs may begin anew.
    stored.close();
    const confirmedIndex = BigInt(await confirmed(tail));
    const meta = Meta.read(db, file);
    transaction(db, () => meta.write({ ...markValues('tail', tail), confirmedIndex }));
    // One file, which can be read where nothing can be written.
    db.pragma('journal_mode = DELETE');
  } finally {
    db.close();
  }
  syncFile(file);
  return tail;
}

async function verify(file: string, tail: LogMark, { progress }: WriteBackupOptions): Promise<void> {
  const { stored } = openBackup(file);
  try {
    await verifyBackup(stored, progress);
    if (sameMark(stored.facts.tail, tail)) return;
    throw new StorageError('io', `${file} does not hold what was written to it. Check the disk.`);
  } finally {
    stored.close();
  }
}

/**
 * Reads all of a backup.
 * @throws StorageError kind `corrupt` if anything is not as it was written
 */
export async function verifyBackup(
  stored: StoredData,
  progress?: (what: string, done: number, of?: number) => void,
): Promise<void> {
  const { facts } = stored;
  stored.readRows({ znodes: () => undefined, session: () => undefined }, (znodes) =>
    progress?.('Verifying znodes', znodes, facts.rows),
  );
  const { last, damage } = await stored.readLog(facts.applied);
  if (damage === undefined && sameMark(last, facts.tail)) return;
  throw new StorageError('corrupt', `${facts.logFile ?? ''}: ${damage ?? 'the end of its log is missing'}.`);
}

/**
 * Opens a backup; its contents are verified when they are read.
 * @throws StorageError for what is no backup, or one of a later release
 */
export function openBackup(file: string): OpenBackup {
  if (!existsSync(file)) throw new StorageError('config', `There is no file ${file}.`);
  const foreign = (cause?: unknown): StorageError =>
    new StorageError('config', `${file} is not a backup of zabkeeper, or its beginning is damaged.`, {
      cause,
    });
  let db;
  try {
    db = openForReading(file);
    if (inspectSchema(db, BACKUP_SCHEMA, file) !== 'current') throw foreign();
    const meta = Meta.read(db, file);
    const facts = {
      serverId: meta.number('serverId'),
      ensembleId: meta.text('ensembleId'),
      epochs: { acceptedEpoch: meta.number('acceptedEpoch'), currentEpoch: meta.number('currentEpoch') },
      logStart: meta.mark('logStart'),
      applied: meta.mark('applied'),
      tail: meta.mark('tail'),
      rows: readDigest(meta).rows,
      mark: undefined,
      treeFile: file,
      logFile: file,
    };
    const info = {
      createdAt: meta.number('createdAt'),
      release: meta.text('release'),
      confirmed: meta.number('confirmedIndex'),
    };
    return { stored: new StoredData(facts, db, db), info };
  } catch (error) {
    db?.close();
    if (error instanceof StorageError) {
      throw error.kind === 'config' ? foreign(error) : error;
    }
    if (isDamage(error)) throw foreign(error);
    throw new StorageError('config', `${file} cannot be read: ${textOf(error)}.`, { cause: error });
  }
}

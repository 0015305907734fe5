/** Why this file exists: commands read the data of a server or a backup file, and say so in the same way. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { openBackup, openStored, type StoredData } from '../../backup/index.js';
import type { DataPlace } from '../../config/index.js';

const SQLITE_MAGIC = 'SQLite format 3\0';

/** @param place the directories of the server, asked for if no backup is named */
export function openSource(backup: string | undefined, place: () => DataPlace): StoredData {
  return backup === undefined ? openStored(place()) : openBackup(backup).stored;
}

/** Whether a file is a database, which no zoo.cfg is. */
export function isDatabase(file: string): boolean {
  if (!existsSync(file)) return false;
  const head = Buffer.alloc(SQLITE_MAGIC.length);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, head, 0, head.byteLength, 0);
  } catch {
    // A directory: whoever reads the configuration says so.
    return false;
  } finally {
    closeSync(fd);
  }
  return head.toString('latin1') === SQLITE_MAGIC;
}

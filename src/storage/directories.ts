/** Checks of the two directories, before anything in them is opened. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { codeOf, StorageError, textOf } from './errors.js';

/** `f_type` of statfs(2): SQLite's WAL needs memory that all its users share, and locks that are real. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
]);

/**
 * @param name of the option, for messages
 * @param autocreate whether a missing directory is made
 * @throws StorageError kind `config`
 */
export function prepareDirectory(directory: string, name: string, autocreate: boolean): void {
  const problem = (text: string, cause?: unknown): StorageError =>
    new StorageError('config', `${name}=${directory} ${text}`, { cause });
  if (!isThere(directory, problem)) {
    if (!autocreate)
      throw problem('does not exist, and making it is disabled. Make it, or correct the path.');
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw problem(`does not exist and cannot be made: ${textOf(error)}.`, error);
    }
  }
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw problem(`cannot be written: ${textOf(error)}. Check owner and permissions.`, error);
  }
  const network = networkFileSystem(statfsSync(directory).type);
  if (network !== undefined) {
    throw problem(
      `is on a network file system (${network}), which can lose or tear what SQLite writes. Use a local disk.`,
    );
  }
}

/** @returns the name of a network file system, undefined for what may be a local one */
export function networkFileSystem(type: number): string | undefined {
  return process.platform === 'linux' ? NETWORK_FILE_SYSTEMS.get(type >>> 0) : undefined;
}

/** Makes the names in a directory durable. */
export function syncDirectory(directory: string): void {
  // Windows cannot open a directory; there the names are as durable as the file system makes them.
  if (process.platform === 'win32') return;
  syncFile(directory);
}

/** Brings a file to the disk, if it is there. Not for databases, see `lock.ts`; a WAL has no locks. */
export function syncFile(file: string): void {
  if (!existsSync(file)) return;
  const fd = openSync(file, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isThere(directory: string, problem: (text: string, cause?: unknown) => StorageError): boolean {
  try {
    if (statSync(directory).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    if (codeOf(error) !== 'ENOTDIR') throw problem(`cannot be used: ${textOf(error)}.`, error);
  }
  throw problem('is not a directory. Correct the path.');
}

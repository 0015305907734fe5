/**
 * Why storage stops. The kind decides what the process does, the message tells the operator what was found and what
 * to do next; so every message names a file or a directory.
 */

/** What programs look at. */
export type StorageErrorKind =
  /** No space: the write was undone as a whole, everything before it is intact. */
  | 'full'
  /** A write, an fsync or a checkpoint failed: what the page cache shows may not be on disk. */
  | 'io'
  /** The files contradict themselves or each other. */
  | 'corrupt'
  /** Another server uses the directory. */
  | 'locked'
  /** The directories or the files in them do not fit to this server or this machine. */
  | 'config'
  /** Written by a later release. */
  | 'newer';

/** Exit codes: 3 is ZooKeeper's for a data directory that cannot be used, 74 is EX_IOERR of sysexits.h. */
const EXIT_CODES: Readonly<Record<StorageErrorKind, number>> = {
  full: 74,
  io: 74,
  corrupt: 3,
  locked: 3,
  config: 3,
  newer: 3,
};

/** Storage cannot go on. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly kind: StorageErrorKind;
  /** What the process should exit with. */
  readonly exitCode: number;

  constructor(kind: StorageErrorKind, message: string, options?: { cause?: unknown }) {
    // One line, whatever a damaged file holds: a supervisor shows the last line of a log.
    super(message.replaceAll(/\s*\n\s*/g, ' '), options);
    this.kind = kind;
    this.exitCode = EXIT_CODES[kind];
  }
}

/** The `code` that SQLite's and the system's errors carry: `SQLITE_FULL`, `ENOSPC`. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** The text of anything thrown, also in another thread. */
export function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const message = String(error.message);
  const code = codeOf(error);
  return code === '' || message.includes(code) ? message : `${message} (${code})`;
}

/** Whether SQLite says that the file is not what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/**
 * What a failed write means.
 * @param file the file being written
 * @param hasSpace whether the file system still has free space, asked only where SQLite's code leaves it open
 */
export function writeError(error: unknown, file: string, hasSpace: () => boolean): StorageError {
  if (error instanceof StorageError) return error;
  const code = codeOf(error);
  if (code === '')
    return new StorageError('io', `Writing ${file} failed: ${textOf(error)}.`, { cause: error });
  // The shared-memory file grows with the WAL, before the WAL is written: no space there fails under another name,
  // and is as harmless. The same cannot be said of a failed write or fsync.
  const full =
    code === 'SQLITE_FULL' || code === 'ENOSPC' || (code === 'SQLITE_IOERR_SHMSIZE' && !hasSpace());
  if (full) {
    return new StorageError(
      'full',
      `${file}: no space left on the device (${textOf(error)}). Free some space.`,
      {
        cause: error,
      },
    );
  }
  if (code.startsWith('SQLITE_READONLY') || code === 'EACCES' || code === 'EPERM') {
    return new StorageError(
      'config',
      `${file} cannot be written by this user (${textOf(error)}). Correct owner and permissions.`,
      { cause: error },
    );
  }
  if (isDamage(error)) {
    return new StorageError('corrupt', `${file} is damaged: ${textOf(error)}.`, { cause: error });
  }
  return new StorageError(
    'io',
    `${file} could not be written: ${textOf(error)}. What this process believes to be on disk may not be there; check the device and start again.`,
    { cause: error },
  );
}

/** Why this file exists: why a file cannot be used, in words that an operator reads instead of an error code. */

const REASONS = new Map([
  ['ENOENT', 'it does not exist'],
  ['EACCES', 'permission is denied'],
  ['EPERM', 'permission is denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of its path is not a directory'],
  ['EEXIST', 'a part of its path is not a directory'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
]);

/** A clause: what the system says about a file. */
export function reason(error: unknown): string {
  const code = codeOf(error);
  return (
    (code === undefined ? undefined : REASONS.get(code)) ??
    (error instanceof Error ? error.message : String(error))
  );
}

/** The error code of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

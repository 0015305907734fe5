/** What is wrong with Apache's files, for the operator: which file, where in it, and what to do. */

/** Files of an Apache ZooKeeper server cannot be used. */
export class ApacheDataError extends Error {
  override readonly name = 'ApacheDataError';
  /** ZooKeeper's exit code for a data directory that cannot be used. */
  readonly exitCode = 3;
}

/** The text of anything thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

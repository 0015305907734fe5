/**
 * Why this file exists: whatever stops the process, the operator gets one sentence and a script gets an exit code.
 */
import type { Logger } from 'pino';
import { ConfigError, ExitCode } from '../config/index.js';

/** How the process ends after an error: the sentence for the log and the exit code. */
export interface Failure {
  readonly message: string;
  readonly exitCode: number;
  /** The error itself where its stack trace helps: when it was not foreseen. */
  readonly unexpected: Error | undefined;
}

/** Makes the best of whatever was thrown. An error with an `exitCode` was foreseen and speaks for itself. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof ConfigError) {
    return { message: error.message, exitCode: error.exitCode, unexpected: undefined };
  }
  if (
    typeof error === 'object' &&
    error !== null &&
    'exitCode' in error &&
    typeof error.exitCode === 'number'
  ) {
    const message =
      'message' in error && typeof error.message === 'string' ? error.message : 'The server failed.';
    return { message, exitCode: error.exitCode, unexpected: undefined };
  }
  const unexpected = error instanceof Error ? error : new Error(String(error));
  return { message: `Unexpected error: ${unexpected.message}`, exitCode: ExitCode.UNEXPECTED, unexpected };
}

/** Logs the failure as the last line and ends the process. */
export function exitWith(error: unknown, log: Logger): never {
  const { message, exitCode, unexpected } = describeFailure(error);
  log.fatal(unexpected === undefined ? {} : { err: unexpected }, message);
  process.exit(exitCode);
}

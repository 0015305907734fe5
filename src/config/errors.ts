/**
 * Why this file exists: a server that cannot start must say why in one sentence and leave with the exit code
 * that scripts around ZooKeeper know. Every complaint about configuration is a `ConfigError`.
 */

/** What kind of configuration error it is; match on this, never on the message. */
export type ConfigErrorCode =
  /** The configuration file, or a file it names, cannot be read. */
  | 'FILE'
  /** A line is not in the format of its file. */
  | 'SYNTAX'
  /** A value is not of the type or range of its option. */
  | 'VALUE'
  /** An option that has no default is not set. */
  | 'MISSING'
  /** Two options exclude each other. */
  | 'CONFLICT'
  /** The `server.N` lines, `myid` or the dynamic configuration file do not describe a usable ensemble. */
  | 'MEMBERSHIP'
  /** Valid for ZooKeeper, but this release cannot do it. */
  | 'UNSUPPORTED'
  /** A data directory is missing, not usable or mixed up with another one. */
  | 'DATA_DIR';

/** Exit codes of the server process, as ZooKeeper defines them. */
export const ExitCode = { OK: 0, UNEXPECTED: 1, BAD_CONFIG: 2, DATA_DIR: 3 } as const;

/** Thrown when the server cannot start because of what it was told; `message` is meant for the operator. */
export class ConfigError extends Error {
  /** What went wrong, for programs. */
  readonly code: ConfigErrorCode;
  /** The exit code the process should end with. */
  readonly exitCode: number;
  /** The single mistakes; this error itself, if it is about one. */
  readonly parts: readonly ConfigError[];

  constructor(code: ConfigErrorCode, message: string, parts: readonly ConfigError[] = []) {
    super(message);
    this.name = 'ConfigError';
    this.code = code;
    this.exitCode = code === 'DATA_DIR' ? ExitCode.DATA_DIR : ExitCode.BAD_CONFIG;
    this.parts = parts.length === 0 ? [this] : parts;
  }

  /** One error for several mistakes, on one line: scripts show the last line of a log. Its code is that of the first. */
  static ofSeveral(parts: readonly [ConfigError, ...ConfigError[]]): ConfigError {
    const numbered = parts.map(({ message }, index) => `(${index + 1}) ${message}`);
    const message = `There are ${parts.length} mistakes in the configuration. ${numbered.join(' ')}`;
    return new ConfigError(parts[0].code, message, parts);
  }
}

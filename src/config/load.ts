/**
 * Why this file exists: the one place where configuration meets the disk. It reads zoo.cfg and the files it names, and
 * makes sure that the data directories can be used.
 */
import { accessSync, constants, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './errors.js';
import { codeOf, reason } from './fileReason.js';
import { readTls } from './keyStores.js';
import { Problems } from './problems.js';
import type { ResolvedConfig } from './resolve.js';
import { resolveConfig } from './resolve.js';
import type { ServerConfig } from './serverConfig.js';
import { shellWords } from './shellWords.js';

/** Where to look for a configuration. */
export interface ConfigLocation {
  /** The path of zoo.cfg; undefined when `keys` say everything. */
  readonly file?: string;
  /** Keys given on the command line instead of a file. */
  readonly keys?: Readonly<Record<string, string>>;
  /** The `-Dname=value` arguments. */
  readonly args?: readonly string[];
  /** The environment, for SERVER_JVMFLAGS and JVMFLAGS. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths count from. */
  readonly cwd: string;
}

/** Reads and checks a configuration; throws `ConfigError`. */
export function loadConfig(location: ConfigLocation): ResolvedConfig {
  const { file, keys = {}, args = [], env = {}, cwd } = location;
  const flags = ['SERVER_JVMFLAGS', 'JVMFLAGS'].map((origin) => ({
    origin,
    words: shellWords(env[origin] ?? ''),
  }));
  const resolved = resolveConfig({
    ...(file === undefined ? {} : { file: { name: file, text: readConfigFile(file) } }),
    keys,
    flags: [...flags, { origin: 'the command line', words: args }],
    cwd,
    readText: readIfPresent,
  });
  checkTls(resolved.config);
  return resolved;
}

/** Who checks a configuration, or starts a server, wants to hear of all its key stores at once. */
function checkTls({ clientTls, ensemble }: ServerConfig): void {
  const problems = new Problems();
  for (const tls of [clientTls, ensemble?.tls]) if (tls !== undefined) problems.attempt(() => readTls(tls));
  problems.throwIfAny();
}

/**
 * Makes sure that the data directories exist and can be written, creating them if allowed. Refuses directories in which
 * an Apache ZooKeeper left its log where we are told to keep the tree, or the reverse: then the two are mixed up.
 */
export function prepareDataDirs(config: ServerConfig): void {
  for (const [key, dir] of [
    ['dataDir', config.dataDir],
    ['dataLogDir', config.dataLogDir],
  ] as const) {
    prepareDir(key, join(dir, 'version-2'), config.dataDirAutocreate);
  }
  if (config.dataDir === config.dataLogDir) return;
  refuse('dataLogDir', config.dataLogDir, /^snapshot\./, 'snapshots');
  refuse('dataDir', config.dataDir, /^log\./, 'transaction logs');
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError('FILE', `The configuration file ${file} cannot be read: ${reason(error)}.`);
  }
}

/** The text of a file that the configuration names; undefined if there is none. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError('FILE', `The file ${path} cannot be read: ${reason(error)}.`);
  }
}

function prepareDir(key: string, dir: string, autocreate: boolean): void {
  if (!autocreate && statSync(dir, { throwIfNoEntry: false }) === undefined) {
    throw new ConfigError(
      'DATA_DIR',
      `The directory ${dir} (${key}) does not exist, and datadir.autocreate is false.`,
    );
  }
  try {
    // What is in it is nobody else's business: the log holds the key of session passwords.
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigError('DATA_DIR', `The directory ${dir} (${key}) cannot be used: ${reason(error)}.`);
  }
}

function refuse(key: string, dir: string, pattern: RegExp, what: string): void {
  const found = readdirSync(join(dir, 'version-2')).find((name) => pattern.test(name));
  if (found === undefined) return;
  throw new ConfigError(
    'DATA_DIR',
    `The directory ${dir} (${key}) holds ${what} of ZooKeeper, such as ${found}; dataDir and dataLogDir seem to be mixed up.`,
  );
}

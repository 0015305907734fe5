/**
 * Where the foreign programs live, and the one sentence a reader needs when they do not.
 *
 * A compatibility suite that skips when a client is missing is green for the wrong reason, so a missing tool is
 * a failure here. The paths are Debian's; `scripts/ci/install-foreign-clients.sh` installs all of them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** This file runs as dist/test/interop/tools.js. */
export const PROJECT_ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** A program text kept beside these tests: the compiler copies no .py, .c or .java into dist/. */
export function asset(...names: string[]): string {
  return path.join(PROJECT_ROOT, 'test', 'interop', ...names);
}

const JARS = '/usr/share/java';

export const tools = {
  /** Debian's own interpreter: the kazoo package belongs to it, not to any python3 that comes first on PATH. */
  python: '/usr/bin/python3',
  java: '/usr/bin/java',
  javac: '/usr/bin/javac',
  gcc: '/usr/bin/gcc',
  netcat: '/bin/nc.openbsd',
  promtool: '/usr/bin/promtool',
  zkCli: '/usr/share/zookeeper/bin/zkCli.sh',
  cliMt: '/usr/lib/zookeeper/bin/cli_mt',
  zookeeperHeader: '/usr/include/zookeeper/zookeeper.h',
  /** The jar's manifest pulls in what it needs. */
  zookeeperJar: `${JARS}/zookeeper.jar`,
  slf4jSimpleJar: `${JARS}/slf4j-simple.jar`,
  /** Without these two there is no admin server, which only the tests of ours want. */
  servletJar: `${JARS}/servlet-api.jar`,
  jettyAjaxJar: `${JARS}/jetty9-util-ajax.jar`,
  curatorJars: ['recipes', 'framework', 'client'].map((part) => `${JARS}/curator-${part}.jar`),
} as const;

const INSTALL = 'install the foreign clients with: scripts/ci/install-foreign-clients.sh';

/** Throws the sentence with the install script when one of these files is missing. */
export function requireFiles(...files: readonly string[]): void {
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not found; ${INSTALL}`);
}

/** The same for modules of Debian's python3. */
export function requirePythonModules(...modules: readonly string[]): void {
  requireFiles(tools.python);
  try {
    execFileSync(tools.python, ['-c', `import ${modules.join(', ')}`], { stdio: 'pipe', timeout: 30_000 });
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    throw new Error(`${tools.python} cannot import ${modules.join(', ')} (${reason}); ${INSTALL}`, {
      cause: error,
    });
  }
}

/** The installed version of a Debian package, for titles; 'not installed' rather than an error. */
export function packageVersion(name: string): string {
  try {
    const version = execFileSync('dpkg-query', ['--show', '--showformat=${Version}', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    return version === '' ? 'not installed' : version;
  } catch {
    return 'not installed';
  }
}

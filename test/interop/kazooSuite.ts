/**
 * Runs kazoo's own test suite, as its package ships it, against our server.
 *
 * Its harness starts `java` with the class name of Apache's server. A directory with a launcher of that name comes
 * first on PATH, and so the suite itself stays untouched. It runs in parallel chunks, each with a server of its own,
 * and a pytest plugin reports every test as soon as it has finished.
 */
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { freePortRange } from './network.js';
import { Program, run, until } from './process.js';
import { flavourFromEnvironment, startServer } from './server.js';
import { asset, PROJECT_ROOT, requireFiles, requirePythonModules, tools } from './tools.js';

export interface KazooResult {
  readonly id: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** Traceback and output of a failure, reason of a skip. */
  readonly detail: string;
  /** The server's output during a failed test shows the fault of Apache 3.8 described in interop_report.py. */
  readonly startRace: boolean;
}

/** The whole suite takes about 80 s on one core; this only stops a run that hangs. */
export const SUITE_LIMIT_MS = 15 * 60_000;
const COLLECT_LIMIT_MS = 60_000;
const TESTS_MIN = 400;
const CHUNKS = 2;
/** The harness counts upwards from its base by ten for each server. */
const PORTS_PER_SERVER = 10;

/** Seconds, measured; they only balance the chunks. Modules not listed take less than two. */
const MODULE_SECONDS: Readonly<Record<string, number>> = {
  'test_partitioner.py': 20,
  'test_watchers.py': 17,
  'test_eventlet_handler.py': 13,
  'test_lock.py': 9,
  'test_client.py': 8,
  'test_cache.py': 4,
  'test_sasl.py': 3,
  'test_gevent_handler.py': 3,
  'test_barrier.py': 3,
};

/** Servers per run: kazoo calls it the cluster size. More than one needs a server that can form an ensemble. */
export function serverCount(): number {
  const count = Number(process.env['ZK_INTEROP_KAZOO_SERVERS'] ?? '1');
  if (!Number.isInteger(count) || count < 1) throw new Error('ZK_INTEROP_KAZOO_SERVERS: expected 1, 3, ...');
  return count;
}

/** Modules of Debian's python3 which the suite imports, or skips tests without. */
export function requireKazooSuite(): void {
  requirePythonModules('kazoo.tests', 'pytest', 'mock', 'objgraph', 'puresasl', 'gevent', 'eventlet');
  if (flavourFromEnvironment() === 'apache') requireFiles(tools.java, tools.zookeeperJar);
}

/** The ids of all tests, as `module.py::Class::test`. ZK_INTEROP_KAZOO_SELECT narrows them to some pytest arguments. */
export async function collectKazooTests(): Promise<string[]> {
  const selection = (process.env['ZK_INTEROP_KAZOO_SELECT'] ?? '').split(' ').filter((word) => word !== '');
  const directory = await testDirectory();
  const targets = selection.length === 0 ? [directory] : selection.map((name) => path.join(directory, name));
  const output = await run(tools.python, pytestArguments(directory, ['--collect-only', '-q', ...targets]), {
    cwd: directory,
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    limitMs: COLLECT_LIMIT_MS,
  });
  const ids = output.split('\n').filter((line) => /^test_\w+\.py::\S+$/.test(line));
  // kazoo 2.8 has 479. A package without its tests, or ids in another shape, must not pass for an empty suite.
  if (selection.length === 0 && ids.length < TESTS_MIN)
    throw new Error(`only ${ids.length} tests:\n${output}`);
  return ids;
}

/** One run of the suite: started once, then asked for the result of each test. */
export class KazooRun implements AsyncDisposable {
  readonly #directory: string;
  readonly #programs: readonly Program[];
  readonly #chunks: readonly (readonly string[])[];
  readonly #results = new Map<string, KazooResult>();

  private constructor(
    directory: string,
    programs: readonly Program[],
    chunks: readonly (readonly string[])[],
  ) {
    this.#directory = directory;
    this.#programs = programs;
    this.#chunks = chunks;
  }

  static async start(ids: readonly string[]): Promise<KazooRun> {
    const tests = await testDirectory();
    // First, since a server that does not start is the likeliest failure, and leaves nothing to clean up here.
    const version = await serverVersion();
    const directory = await mkdtemp(path.join(tmpdir(), 'interop-kazoo-'));
    const bin = path.join(directory, 'bin');
    await mkdir(bin);
    await copyFile(asset('kazoo', 'java.sh'), path.join(bin, 'java'));
    await chmod(path.join(bin, 'java'), 0o755);
    const chunks = split(ids);
    const programs: Program[] = [];
    for (const [index, chunk] of chunks.entries()) {
      const chunkDirectory = chunkPath(directory, index);
      await mkdir(chunkDirectory);
      const port = await freePortRange(serverCount() * PORTS_PER_SERVER);
      const targets = chunk.map((id) => path.join(tests, id));
      programs.push(
        Program.start(tools.python, pytestArguments(tests, ['-q', '-p', 'interop_report', ...targets]), {
          cwd: tests,
          env: {
            PATH: `${bin}:${process.env['PATH'] ?? ''}`,
            PYTHONPATH: asset('kazoo'),
            PYTHONDONTWRITEBYTECODE: '1',
            TMPDIR: chunkDirectory,
            // What kazoo's harness reads.
            ZOOKEEPER_CLASSPATH: `${tools.zookeeperJar}:${tools.slf4jSimpleJar}`,
            ZOOKEEPER_CLUSTER_SIZE: String(serverCount()),
            ZOOKEEPER_PORT_OFFSET: String(port),
            ZOOKEEPER_VERSION: version,
            // Without it kazoo skips the test that compares the version above with the server's own.
            TRAVIS: '1',
            // What the launcher and the plugin read.
            ZK_INTEROP_SERVER: flavourFromEnvironment(),
            ZK_INTEROP_JAVA: tools.java,
            ZK_INTEROP_ZKSERVER: path.join(PROJECT_ROOT, 'scripts', 'zkServer.sh'),
            ZK_INTEROP_SERVER_LOG: path.join(chunkDirectory, 'server.log'),
            ZK_INTEROP_RESULTS: path.join(chunkDirectory, 'results.jsonl'),
          },
        }),
      );
    }
    return new KazooRun(directory, programs, chunks);
  }

  /** Waits until a test has finished. A chunk that ends without a word about it is an error. */
  async result(id: string): Promise<KazooResult> {
    const index = this.#chunks.findIndex((chunk) => chunk.includes(id));
    const program = this.#programs[index];
    if (program === undefined) throw new Error(`${id} is in no chunk`);
    return until(`${id} finishes`, SUITE_LIMIT_MS, async () => {
      const known = this.#results.get(id);
      if (known !== undefined) return known;
      // Asked before reading: what a program wrote before it ended is then complete.
      const ended = program.exit !== undefined;
      await this.#read(index);
      const result = this.#results.get(id);
      if (result === undefined && ended) throw new Error(`no result; ${program.describe()}`);
      return result;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) {
      // A finished run still has to stop its servers and delete their data.
      const finished = this.#chunks.flat().every((id) => this.#results.has(id));
      if (finished) await program.endsWithin(20_000);
      await program[Symbol.asyncDispose]();
    }
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async #read(index: number): Promise<void> {
    let text: string;
    try {
      text = await readFile(path.join(chunkPath(this.#directory, index), 'results.jsonl'), 'utf8');
    } catch {
      return; // no test has finished yet
    }
    // The last piece is empty, or a line which is being written.
    for (const line of text.split('\n').slice(0, -1)) {
      const result = parseResult(JSON.parse(line));
      this.#results.set(result.id, result);
    }
  }
}

function chunkPath(directory: string, index: number): string {
  return path.join(directory, `chunk${index}`);
}

/** Whole modules, longest first, each to the chunk that has least to do so far. */
function split(ids: readonly string[]): string[][] {
  const modules = new Map<string, string[]>();
  for (const id of ids) {
    const name = id.split('::')[0] ?? id;
    modules.set(name, [...(modules.get(name) ?? []), id]);
  }
  const cost = (name: string): number => MODULE_SECONDS[name] ?? 0.5;
  const chunks = Array.from({ length: CHUNKS }, () => ({ seconds: 0, ids: [] as string[] }));
  for (const [name, tests] of [...modules].sort(([a], [b]) => cost(b) - cost(a))) {
    const [least] = [...chunks].sort((a, b) => a.seconds - b.seconds);
    if (least === undefined) break;
    least.seconds += cost(name);
    least.ids.push(...tests);
  }
  return chunks.map((chunk) => chunk.ids).filter((chunk) => chunk.length > 0);
}

/** An id relative to the root directory names a test in the same way wherever kazoo is installed. */
function pytestArguments(rootDirectory: string, args: readonly string[]): string[] {
  return ['-m', 'pytest', '-p', 'no:cacheprovider', '-W', 'ignore', `--rootdir=${rootDirectory}`, ...args];
}

async function testDirectory(): Promise<string> {
  const output = await run(
    tools.python,
    ['-c', 'import kazoo.tests, os; print(os.path.dirname(kazoo.tests.__file__))'],
    { limitMs: 30_000 },
  );
  return output.trim();
}

/** Three numbers, from the server that will be tested: kazoo configures newer servers differently. */
async function serverVersion(): Promise<string> {
  await using server = await startServer();
  const answer = await server.fourLetterWord('srvr');
  const version = /^Zookeeper version: (\d+\.\d+\.\d+)/.exec(answer)?.[1];
  if (version === undefined) throw new Error(`srvr names no version: ${answer}`);
  return version;
}

function parseResult(value: unknown): KazooResult {
  if (typeof value === 'object' && value !== null) {
    const fields = new Map<string, unknown>(Object.entries(value));
    const [id, outcome, durationMs, detail, startRace] = [
      'id',
      'outcome',
      'durationMs',
      'detail',
      'startRace',
    ].map((name) => fields.get(name));
    if (
      typeof id === 'string' &&
      (outcome === 'passed' || outcome === 'failed' || outcome === 'skipped') &&
      typeof durationMs === 'number' &&
      typeof detail === 'string' &&
      typeof startRace === 'boolean'
    ) {
      return { id, outcome, durationMs, detail, startRace };
    }
  }
  throw new Error(`not a result: ${JSON.stringify(value)}`);
}

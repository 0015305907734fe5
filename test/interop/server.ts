/**
 * Starts a ZooKeeper-compatible server as a process of its own: ours, or Apache's from the Debian package.
 *
 * Both flavours read the same zoo.cfg and the same -D properties, so one test can run against either. Running it
 * against Apache first proves the test; running it against both shows a difference.
 *
 *     await using server = await startServer({ config: { tickTime: 500 }, properties: { 'jute.maxbuffer': 4096 } });
 *     connect(server.connectString);
 *     await server.kill();       // kill -9
 *     await server.start();      // again, on the same port and data directory
 *
 * Leaving the scope ends the process and deletes its directory. `ZK_INTEROP_SERVER=apache` selects the flavour for
 * tests which do not name one.
 */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { fourLetterWord, freePort, LOOPBACK } from './network.js';
import { Program, sleep, type Exit } from './process.js';
import { PROJECT_ROOT, requireFiles, tools } from './tools.js';

export type Flavour = 'zabkeeper' | 'apache';

export interface ServerOptions {
  /** @default flavourFromEnvironment() */
  readonly flavour?: Flavour;
  /**
   * Passed as `-Dname=value`. Our server gets them in SERVER_JVMFLAGS, which is split at white space as Apache's
   * script does, so a value must not contain any. Properties of Apache's own have their full name,
   * `zookeeper.extendedTypesEnabled` for example.
   */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  /** Settings of Apache's virtual machine, instead of ones that start fast and stay small. */
  readonly jvm?: readonly string[];
  /**
   * Lines of zoo.cfg, which override the ones below.
   * @default dataDir, clientPort, clientPortAddress=127.0.0.1, admin.enableServer=false
   */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** Text of a JAAS file, named to the server by java.security.auth.login.config. */
  readonly jaas?: string;
  /** Written to dataDir/myid: needed with `server.N` lines. */
  readonly myid?: number;
  /** More files, by their name relative to `directory`: key stores, dynamic configuration. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** @default a free port, and another one should someone else take it first */
  readonly clientPort?: number;
  /** Use this existing directory and leave it in place afterwards. @default a temporary directory, deleted */
  readonly directory?: string;
  /**
   * What start() waits for: `serving` is a `srvr` that names a mode; `answering` any reply, which is all that a
   * member of an ensemble without quorum can give. @default 'serving'
   */
  readonly ready?: 'serving' | 'answering';
  /** @default 30000 */
  readonly startLimitMs?: number;
  /** Additional environment of the server process; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const PORT_ATTEMPTS = 3;
const PORT_TAKEN = /EADDRINUSE|Address already in use/i;

export function flavourFromEnvironment(): Flavour {
  const name = process.env['ZK_INTEROP_SERVER'] ?? 'zabkeeper';
  if (name !== 'zabkeeper' && name !== 'apache') {
    throw new Error(`ZK_INTEROP_SERVER=${name}: expected zabkeeper or apache`);
  }
  return name;
}

/** Starts a server and waits until it serves. A failed start leaves nothing behind. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await TestServer.prepare(options);
    try {
      await server.start();
      return server;
    } catch (error) {
      const retry =
        options.clientPort === undefined && attempt < PORT_ATTEMPTS && PORT_TAKEN.test(server.output);
      await server[Symbol.asyncDispose]();
      if (!retry) throw error;
    }
  }
}

export class TestServer implements AsyncDisposable {
  readonly flavour: Flavour;
  readonly host = LOOPBACK;
  readonly port: number;
  /** Holds zoo.cfg, data/, jaas.conf and the files asked for. */
  readonly directory: string;
  readonly configFile: string;
  readonly #options: ServerOptions;
  #program: Program | undefined;
  /** Output of earlier runs, so that a message about a restart shows both. */
  #earlierOutput = '';

  private constructor(options: ServerOptions, flavour: Flavour, directory: string, port: number) {
    this.#options = options;
    this.flavour = flavour;
    this.directory = directory;
    this.configFile = path.join(directory, 'zoo.cfg');
    this.port = port;
  }

  /** Writes the files of a server without starting it; `startServer` is this and `start()`. */
  static async prepare(options: ServerOptions): Promise<TestServer> {
    const flavour = options.flavour ?? flavourFromEnvironment();
    const directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), `interop-${flavour}-`)));
    const server = new TestServer(options, flavour, directory, options.clientPort ?? (await freePort()));
    await server.#writeFiles();
    return server;
  }

  get connectString(): string {
    return `${this.host}:${this.port}`;
  }

  get dataDir(): string {
    return path.join(this.directory, 'data');
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  get running(): boolean {
    return this.#program !== undefined && this.#program.exit === undefined;
  }

  /** Both output streams of all runs. */
  get output(): string {
    return this.#earlierOutput + (this.#program?.output ?? '');
  }

  /** Command, state and last output: append this to a failure message. */
  describe(): string {
    return `${this.flavour} server on ${this.connectString}: ${this.#program?.describe() ?? 'not started'}`;
  }

  /** Starts the process on the directory as it is now and waits until it is ready. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`already running: ${this.describe()}`);
    if (this.#program !== undefined) this.#earlierOutput += this.#program.output;
    const program = this.#launch();
    this.#program = program;
    const limitMs = this.#options.startLimitMs ?? START_LIMIT_MS;
    const deadline = Date.now() + limitMs;
    while (!(await this.#isReady())) {
      if (program.exit !== undefined) throw new Error(`ended before it served: ${this.describe()}`);
      if (Date.now() >= deadline) {
        const message = `not ready within ${limitMs} ms: ${this.describe()}`;
        await this.kill();
        throw new Error(message);
      }
      await sleep(50);
    }
  }

  /** SIGTERM, then SIGKILL when the server does not end within ten seconds. The data stays. */
  async stop(): Promise<Exit | undefined> {
    const program = this.#program;
    if (program === undefined) return undefined;
    program.signal('SIGTERM');
    if (!(await program.endsWithin(STOP_LIMIT_MS))) await program[Symbol.asyncDispose]();
    return program.exit;
  }

  /** kill -9, and wait until the process is gone. The data stays as it was at that moment. */
  async kill(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }

  /** Stops in the given way and starts again on the same data and port. */
  async restart(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await (how === 'stop' ? this.stop() : this.kill());
    await this.start();
  }

  /** SIGSTOP or SIGCONT for a server that hangs, or any other signal. */
  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal);
  }

  async fourLetterWord(word: string, limitMs?: number): Promise<string> {
    return fourLetterWord(this.port, word, limitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#options.directory === undefined) {
      await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #writeFiles(): Promise<void> {
    const { config, jaas, myid, files } = this.#options;
    const lines: Record<string, string | number | boolean> = {
      dataDir: this.dataDir,
      clientPort: this.port,
      clientPortAddress: this.host,
      'admin.enableServer': false,
      ...config,
    };
    await mkdir(this.dataDir, { recursive: true });
    const text = Object.entries(lines).map(([key, value]) => `${key}=${String(value)}\n`);
    await writeFile(this.configFile, text.join(''));
    if (jaas !== undefined) await writeFile(this.#jaasFile, jaas);
    if (myid !== undefined) await writeFile(path.join(this.dataDir, 'myid'), `${myid}\n`);
    for (const [name, content] of Object.entries(files ?? {})) {
      const file = path.join(this.directory, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  get #jaasFile(): string {
    return path.join(this.directory, 'jaas.conf');
  }

  #launch(): Program {
    const properties = { ...this.#options.properties };
    if (this.#options.jaas !== undefined) properties['java.security.auth.login.config'] = this.#jaasFile;
    const flags = Object.entries(properties).map(([name, value]) => `-D${name}=${String(value)}`);
    const launch =
      this.flavour === 'apache' ? apacheCommand(flags, this.#options.jvm) : zabkeeperCommand(flags);
    return Program.start(launch.command, [...launch.args, this.configFile], {
      cwd: this.directory,
      env: { ...launch.env, ...this.#options.env },
    });
  }

  async #isReady(): Promise<boolean> {
    try {
      const answer = await fourLetterWord(this.port, 'srvr', 1000);
      return this.#options.ready === 'answering' ? answer !== '' : /^Mode: /m.test(answer);
    } catch {
      return false; // refused or reset: not yet
    }
  }
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

function zabkeeperCommand(flags: readonly string[]): Launch {
  const script = path.join(PROJECT_ROOT, 'scripts', 'zkServer.sh');
  for (const flag of flags) {
    if (/\s/.test(flag)) throw new Error(`white space cannot travel in SERVER_JVMFLAGS: ${flag}`);
  }
  // JVMFLAGS of the developer's shell must not leak into a test.
  return {
    command: script,
    args: ['start-foreground'],
    env: { SERVER_JVMFLAGS: flags.join(' '), JVMFLAGS: undefined },
  };
}

const SMALL_JVM = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Debian's zkServer.sh insists on /var/log/zookeeper and on a pid file, so Apache's main class is started directly.
 * slf4j-simple makes its log visible on stderr; without a binding it would be silent about the reason of a failure.
 */
function apacheCommand(flags: readonly string[], jvm: readonly string[] = SMALL_JVM): Launch {
  requireFiles(tools.java, tools.zookeeperJar, tools.slf4jSimpleJar);
  const defaults = [
    ...jvm,
    '-Dfile.encoding=UTF-8',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dzookeeper.jmx.log4j.disable=true',
  ];
  return {
    command: tools.java,
    args: [
      ...defaults,
      ...flags,
      '-cp',
      [tools.zookeeperJar, tools.slf4jSimpleJar, tools.servletJar, tools.jettyAjaxJar].join(':'),
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    ],
    env: { JVMFLAGS: undefined },
  };
}

/**
 * Why this file exists: service files and scripts rely on zkServer.sh: on its words, its exit codes, its pid file, and on
 * `start` meaning that the server serves. Every test runs the script as an operator would, through a symbolic link and
 * from another directory.
 */
import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fourLetterWord } from '../../src/cli/status.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/zkServer.sh', import.meta.url));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory with a link to the script, a configuration and a data directory; whatever runs in it ends with it. */
class Installation {
  readonly dir = mkdtempSync(join(tmpdir(), 'zabkeeper-sh-'));
  readonly script = join(this.dir, 'zkServer.sh');
  readonly config = join(this.dir, 'conf', 'test.cfg');
  readonly dataDir = join(this.dir, 'data');
  readonly pidFile = join(this.dataDir, 'zookeeper_server.pid');

  private constructor(readonly port: number) {
    mkdirSync(join(this.dir, 'conf'));
    symlinkSync(SCRIPT, this.script);
    this.configure('');
  }

  static async create(): Promise<Installation> {
    return new Installation(await freePort());
  }

  configure(more: string): void {
    writeFileSync(
      this.config,
      `tickTime=2000\ndataDir=${this.dataDir}\nclientPort=${this.port}\nclientPortAddress=127.0.0.1\n${more}`,
    );
  }

  /** The environment of a service: nothing inherited that would change what the script does. */
  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.dir,
      NODE: process.execPath,
      ZOO_LOG_DIR: join(this.dir, 'logs'),
      ...more,
    };
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
    return spawnSync(this.script, args, {
      cwd: this.dir,
      env: this.env(env),
      encoding: 'utf8',
      timeout: 20_000,
    });
  }

  pid(): number {
    return Number(readFileSync(this.pidFile, 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(this.pidFile)) this.run(['stop', this.config]);
    rmSync(this.dir, { recursive: true, force: true });
    return Promise.resolve();
  }
}

describe('zkServer.sh', function () {
  this.timeout(30_000);

  it('start returns when the server serves; status, stop and a second start know it', async () => {
    await using zk = await Installation.create();

    const started = zk.run(['start', zk.config]);
    expect(started.stderr).to.equal(`Using config: ${zk.config}\n`);
    expect(started).to.include({ status: 0, stdout: 'Starting zookeeper ... STARTED\n' });
    const pid = zk.pid();
    expect(await fourLetterWord('ruok', '127.0.0.1', zk.port)).to.equal('imok');

    const status = zk.run(['status', zk.config]);
    expect(status).to.include({
      status: 0,
      stdout: `Client port found: ${zk.port}. Client address: 127.0.0.1. Client SSL: false.\nMode: standalone\n`,
    });

    const again = zk.run(['start', zk.config]);
    expect(again).to.include({
      status: 1,
      stdout: `Starting zookeeper ... already running as process ${pid}.\n`,
    });

    const stopped = zk.run(['stop', zk.config]);
    expect(stopped).to.include({ status: 0, stdout: 'Stopping zookeeper ... STOPPED\n' });
    expect(existsSync(zk.pidFile)).to.equal(false);
    expect(alive(pid)).to.equal(false);
    expect(zk.run(['status', zk.config]).status).to.equal(1);
  });

  it('restart replaces the process', async () => {
    await using zk = await Installation.create();
    zk.run(['start', zk.config]);
    const pid = zk.pid();
    const restarted = zk.run(['restart', zk.config]);
    expect(restarted.stdout).to.equal('Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n');
    expect(zk.pid()).to.not.equal(pid);
    expect(alive(pid)).to.equal(false);
  });

  it('start says why the server does not start', async () => {
    await using zk = await Installation.create();
    zk.configure('standaloneEnabled=perhaps\n');
    const outcome = zk.run(['start', zk.config], { ZOOPIDFILE: join(zk.dir, 'run', 'zk.pid') });
    expect(outcome).to.include({ status: 1, stdout: 'Starting zookeeper ... FAILED TO START\n' });
    expect(outcome.stderr).to.include('The value "perhaps" of standaloneEnabled');
    expect(existsSync(join(zk.dir, 'run', 'zk.pid'))).to.equal(false);
  });

  it('start notices that the port is taken by somebody else', async () => {
    await using first = await Installation.create();
    await using second = await Installation.create();
    first.run(['start', first.config]);
    writeFileSync(
      second.config,
      `dataDir=${second.dataDir}\nclientPort=${first.port}\nclientPortAddress=127.0.0.1\n`,
    );
    const refused = second.run(['start', second.config]);
    expect(refused).to.include({ status: 1, stdout: 'Starting zookeeper ... FAILED TO START\n' });
    expect(refused.stderr).to.match(/Cannot listen on 127\.0\.0\.1, port \d+: another program uses it/);
  });

  it('stop without a server is no error', async () => {
    await using zk = await Installation.create();
    expect(zk.run(['stop', zk.config])).to.include({
      status: 0,
      stdout: `Stopping zookeeper ... no zookeeper to stop (could not find file ${zk.pidFile})\n`,
    });
  });

  it('a pid file left by a crash does not stop a start, even if another process has its number now', async () => {
    await using zk = await Installation.create();
    mkdirSync(zk.dataDir);
    writeFileSync(zk.pidFile, String(process.pid));
    expect(zk.run(['start', zk.config]).stdout).to.equal('Starting zookeeper ... STARTED\n');
  });

  it('start-foreground keeps its process and ends by SIGTERM with exit code 0 in less than a second', async () => {
    await using zk = await Installation.create();
    const child = spawn(zk.script, ['start-foreground', zk.config], {
      cwd: zk.dir,
      env: zk.env(),
      stdio: 'ignore',
    });
    try {
      await serving(zk.port, child);
      const began = performance.now();
      // This kills the process that was spawned as a script; only if it is the server now, it ends with an exit code.
      child.kill('SIGTERM');
      await once(child, 'exit');
      expect(child.exitCode).to.equal(0);
      expect(performance.now() - began).to.be.lessThan(1000);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('start-foreground ends with the exit code of the server', async () => {
    await using zk = await Installation.create();
    zk.configure('tickTime=0\n');
    expect(zk.run(['start-foreground', zk.config])).to.include({ status: 2 });
  });

  it('-D flags in SERVER_JVMFLAGS and in arguments take effect', async () => {
    await using zk = await Installation.create();
    const env = { SERVER_JVMFLAGS: '-Xmx64m -Dzookeeper.4lw.commands.whitelist=ruok' };
    zk.run(['start', zk.config, '-Dzookeeper.maxClientCnxns=7'], env);
    expect(await fourLetterWord('ruok', '127.0.0.1', zk.port)).to.equal('imok');
    expect(await fourLetterWord('conf', '127.0.0.1', zk.port)).to.equal(
      'conf is not executed because it is not in the whitelist.\n',
    );
    zk.run(['stop', zk.config]);

    zk.run(['start', zk.config, '-Dzookeeper.maxClientCnxns=7']);
    expect(await fourLetterWord('conf', '127.0.0.1', zk.port)).to.include('maxClientCnxns=7\n');
  });

  it('a bare name is a file of ZOOCFGDIR, and java.env there is read', async () => {
    await using zk = await Installation.create();
    const conf = join(zk.dir, 'conf');
    writeFileSync(
      join(conf, 'java.env'),
      'SERVER_JVMFLAGS="-Dzookeeper.tickTime=1"\nZOOPIDFILE=/from/java.env\n',
    );
    for (const [args, env] of [
      [['--config', conf, 'print-cmd', 'test.cfg'], {}],
      [['print-cmd', 'test.cfg'], { ZOOCFGDIR: conf }],
      [['print-cmd'], { ZOOCFGDIR: conf, ZOOCFG: 'test.cfg' }],
    ] as const) {
      const { stdout, stderr } = zk.run(args, env);
      expect(stderr).to.equal(`Using config: ${zk.config}\n`);
      expect(stdout).to.include(`server "${zk.config}" > "${zk.dir}/logs/zookeeper-`);
    }
    const { stdout } = zk.run(['stop', 'test.cfg'], { ZOOCFGDIR: conf });
    expect(stdout).to.include('/from/java.env');
  });

  it('version needs no configuration, and an unknown command shows the usage', async () => {
    await using zk = await Installation.create();
    expect(zk.run(['version']).stdout).to.match(/^zabkeeper, version \d/);
    for (const args of [[], ['begin']]) {
      expect(zk.run(args)).to.include({ status: 1, stdout: '' });
      expect(zk.run(args).stderr).to.match(/^Usage: /);
    }
  });
});

/** Waits until the server answers, or fails with its process. */
async function serving(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}`);
    if ((await fourLetterWord('ruok', '127.0.0.1', port)) === 'imok') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server did not answer in 10 s');
}

/** Where nobody collects orphans, a process that ended stays as a zombie, whose command line is empty. */
function alive(pid: number): boolean {
  try {
    if (existsSync('/proc/self')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

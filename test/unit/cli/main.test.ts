/**
 * Why this file exists: the command as a script sees it: exit codes, and what goes to stdout and stderr.
 */
import { expect } from 'chai';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fourLetterWord } from '../../../src/cli/status.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function zabkeeper(args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  const clean = { SERVER_JVMFLAGS: '', JVMFLAGS: '' };
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...clean, ...env },
  });
}

describe('the zabkeeper command', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zabkeeper-cli-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function config(text: string): string {
    const file = join(dir, 'zoo.cfg');
    writeFileSync(file, text);
    return file;
  }

  it('explains itself and its commands', () => {
    const { status, stdout } = zabkeeper(['--help']);
    expect(status).to.equal(0);
    for (const word of ['server', 'status', 'config', 'version', 'Examples']) expect(stdout).to.include(word);
  });

  it('prints its version in three ways', () => {
    for (const args of [['version'], ['--version'], ['-v']]) {
      expect(zabkeeper(args)).to.deep.include({ status: 0 });
      expect(zabkeeper(args).stdout).to.match(/^zabkeeper, version \d+\.\d+\.\d+/);
    }
  });

  for (const args of [
    ['--bogus'],
    ['nonsense'],
    ['config', '--bogus'],
    ['ensemble', 'start', '--dir'],
    ['completion'],
    [],
  ]) {
    it(`ends with 2 for the wrong call: zabkeeper ${args.join(' ')}`, () => {
      const { status, stdout, stderr } = zabkeeper(args);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
      expect(stderr).to.include('--help');
    });
  }

  it('refuses too many arguments', () => {
    const { status, stderr } = zabkeeper(['server', '1', '2', '3', '4', '5']);
    expect(status).to.equal(2);
    expect(stderr).to.include('too many arguments');
  });

  it('ends a start with a bad configuration with one fatal line on stderr and exit code 2', () => {
    const { status, stderr } = zabkeeper(['server', config('tickTime=0\ndataDir=./d\nclientPort=1')]);
    expect(status).to.equal(2);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).to.have.lengthOf(1);
    expect(JSON.parse(lines[0] ?? '')).to.deep.include({ level: 'fatal' });
    expect(stderr).to.include('The value \\"0\\" of tickTime');
  });

  it('ends a start with an unusable data directory with exit code 3', () => {
    writeFileSync(join(dir, 'file'), '');
    const { status, stderr } = zabkeeper(['server', config(`dataDir=${dir}/file\nclientPort=1`)]);
    expect(status).to.equal(3);
    expect(stderr).to.include('cannot be used');
  });

  it('config prints what follows from a file, and warnings apart from it', () => {
    const { status, stdout, stderr } = zabkeeper(['config', config('dataDir=/d\nclientPort=2181\nfoo=1')]);
    expect(status).to.equal(0);
    expect(stdout).to.include('dataDir=/d\n').and.include('minSessionTimeout=6000\n');
    expect(stderr).to.include('foo (').and.include('is not an option');
  });

  it('config prints one value for scripts', () => {
    const file = config('dataDir=/d\nclientPort=2181');
    expect(zabkeeper(['config', '--get', 'dataDir', file]).stdout).to.equal('/d\n');
    expect(zabkeeper(['config', '--get', 'nothing', file]).status).to.equal(2);
  });

  it('config says what is wrong with a file', () => {
    const { status, stderr } = zabkeeper(['config', config('clientPort=2181')]);
    expect(status).to.equal(2);
    expect(stderr).to.equal('dataDir is not set; it must name a directory.\n');
  });

  it('flags come from arguments and from both variables', () => {
    const file = config('dataDir=/d\nclientPort=2181');
    const get = (args: string[], env: Record<string, string>): string =>
      zabkeeper(['config', '--get', 'tickTime', file, ...args], env).stdout.trim();
    const SERVER_JVMFLAGS = '-Xmx1g "-Dzookeeper.tickTime=1"';
    expect(get([], { SERVER_JVMFLAGS })).to.equal('1');
    expect(get([], { SERVER_JVMFLAGS, JVMFLAGS: '-Dzookeeper.tickTime=2' })).to.equal('2');
    expect(get(['-Dzookeeper.tickTime=3'], { SERVER_JVMFLAGS })).to.equal('3');
  });

  it('status fails with exit code 1 when nobody answers', async () => {
    const port = await freePort();
    const { status, stdout } = zabkeeper(['status', config(`dataDir=/d\nclientPort=${port}`)]);
    expect(status).to.equal(1);
    expect(stdout).to.equal(
      `Client port found: ${port}. Client address: localhost. Client SSL: false.\n` +
        'Error contacting service. It is probably not running.\n',
    );
  });

  const answers: [srvr: string, exitCode: number, line: string][] = [
    ['Zxid: 0x0\nMode: leader\nNode count: 5\n', 0, 'Mode: leader'],
    ['Zxid: 0x0\nMode: observer\nNode count: 5\n', 0, 'Mode: observer'],
    ['READ-ONLY mode; serving only read-only clients\nMode: read-only\n', 0, 'Mode: read-only'],
    [
      'This ZooKeeper instance is not currently serving requests\n',
      1,
      'Error contacting service. It is running, but serves nobody: it has no leader, or begins or ends.',
    ],
  ];
  for (const [srvr, exitCode, line] of answers) {
    it(`status ends with ${exitCode} and "${line}"`, async () => {
      const server = createServer((socket) => socket.on('data', () => socket.end(srvr)));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = server.address() as AddressInfo;
        const file = config(`dataDir=/d\nclientPort=${port}\nclientPortAddress=127.0.0.1`);
        const outcome = await new Promise<[number, string]>((resolve) => {
          const child = execFile(process.execPath, [MAIN, 'status', file], (_error, stdout) =>
            resolve([child.exitCode ?? -1, stdout]),
          );
        });
        expect(outcome).to.deep.equal([
          exitCode,
          `Client port found: ${port}. Client address: 127.0.0.1. Client SSL: false.\n${line}\n`,
        ]);
      } finally {
        server.close();
      }
    });
  }

  it('the sample configuration is valid and open to this machine alone', () => {
    const { status, stdout, stderr } = zabkeeper(['config']);
    expect(status).to.equal(0);
    expect(stdout).to.include('clientPort=2181\n').and.include('clientPortAddress=localhost\n');
    expect(stderr).to.equal('');
  });

  it('a directory is no configuration file', () => {
    mkdirSync(join(dir, 'd'));
    expect(zabkeeper(['config', join(dir, 'd')]).stderr).to.include('it is a directory');
  });
});

describe('fourLetterWord', () => {
  it('gives everything the server sends before it closes', async () => {
    const server = createServer((socket) => {
      socket.once('data', (word) => {
        socket.write(`${word.toString()}: Mode: `);
        setTimeout(() => socket.end('standalone\n'), 20);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await fourLetterWord('srvr', '127.0.0.1', port)).to.equal('srvr: Mode: standalone\n');
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives nothing when nobody listens', async () => {
    expect(await fourLetterWord('srvr', '127.0.0.1', await freePort())).to.equal('');
  });
});

/** A port that nobody listens on, as far as one can tell. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

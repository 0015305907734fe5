/**
 * Why this file exists: images, units and manifests are used by people who have no clone to look into. The entry point of
 * the image runs here as it runs there, with the environment of the manifest; the package is what `npm pack` makes.
 */
import { expect } from 'chai';
import { execFileSync, spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exchange, freePorts, until } from './ensemble.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ENTRYPOINT = join(ROOT, 'scripts', 'docker-entrypoint.sh');
const WAIT_MS_MAX = 20_000;

function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

describe('the entry point of the image', function () {
  this.timeout(60_000);
  let dir = '';
  const place = (name: string): string => join(dir, name);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zabkeeper-image-'));
    for (const name of ['bin', 'conf', 'data', 'datalog']) mkdirSync(place(name));
    command(`exec "${process.execPath}" "${join(ROOT, 'dist/src/cli/main.js')}" "$@"`);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** What `zabkeeper` is in the image. */
  function command(script: string): void {
    writeFileSync(place('bin/zabkeeper'), `#!/bin/sh\n${script}\n`);
    chmodSync(place('bin/zabkeeper'), 0o755);
  }

  function environment(more: Readonly<Record<string, string>>): Record<string, string> {
    return {
      PATH: `${place('bin')}:${process.env['PATH'] ?? ''}`,
      ZOO_CONF_DIR: place('conf'),
      ZOO_DATA_DIR: place('data'),
      ZOO_DATA_LOG_DIR: place('datalog'),
      ...more,
    };
  }

  function run(env: Readonly<Record<string, string>>, ...args: string[]): SpawnSyncReturns<string> {
    const options = { env: environment(env), encoding: 'utf8', timeout: WAIT_MS_MAX } as const;
    return spawnSync('bash', [ENTRYPOINT, ...args], options);
  }

  it('runs a server that is configured by the variables of ZooKeeper’s image', async () => {
    const [port = 0] = await freePorts(3);
    const env = environment({
      ZOO_MY_ID: '7',
      ZOO_SERVERS: `server.7=localhost:${port + 1}:${port + 2};127.0.0.1:${port}`,
      ZOO_TICK_TIME: '1234',
      ZOO_4LW_COMMANDS_WHITELIST: 'conf,srvr',
      ZOO_CFG_EXTRA: 'globalOutstandingLimit=77 extendedTypesEnabled=false',
    });
    const child = spawn('bash', [ENTRYPOINT, 'zkServer.sh', 'start-foreground'], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      await until('it serves', () =>
        exchange(port, 'srvr').then(
          (text) => text.includes('Mode: standalone'),
          () => false,
        ),
      );
      const conf = await exchange(port, 'conf');
      expect(conf)
        .to.contain('tickTime=1234')
        .and.contain('serverId=7')
        .and.contain(`dataDir=${place('data')}`);
      const cfg = readFileSync(place('conf/zoo.cfg'), 'utf8');
      expect(cfg).to.contain('\nglobalOutstandingLimit=77\nextendedTypesEnabled=false\n');
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).to.deep.equal([0, null]);
  });

  it('leaves a zoo.cfg and a myid that are there', () => {
    writeFileSync(place('conf/zoo.cfg'), 'mine=1\n');
    writeFileSync(place('data/myid'), '3\n');
    command('cat "$2"');
    expect(run({ ZOO_MY_ID: '5' }).stdout).to.equal('mine=1\n');
    expect(readFileSync(place('data/myid'), 'utf8')).to.equal('3\n');
  });

  it('runs another command instead', () => {
    expect(run({}, 'zabkeeper', 'version').stdout).to.match(/^Zabkeeper|^zabkeeper|\d+\.\d+\.\d+/);
    expect(existsSync(place('conf/zoo.cfg'))).to.equal(false);
  });

  it('says which directory is missing, and ends as for a wrong configuration', () => {
    const { status, stderr } = run({ ZOO_DATA_DIR: place('none') });
    expect(status).to.equal(2);
    expect(stderr).to.equal(
      `The directory ${place('none')} does not exist; mount a volume there, or name another one (ZOO_CONF_DIR, ZOO_DATA_DIR, ZOO_DATA_LOG_DIR).\n`,
    );
  });

  for (const [file, extraLines] of [
    ['conf/kubernetes/zabkeeper.yaml', /name: ZOO_CFG_EXTRA\n\s+value: (.*)/],
    ['docs/deployment.md', /ZOO_CFG_EXTRA: (.*)/],
  ] as const)
    it(`makes a configuration of the environment in ${file} that the server accepts`, () => {
      const manifest = readFileSync(join(ROOT, file), 'utf8');
      const servers = manifest.match(/server\.\d=\S+/g) ?? [];
      const extra = extraLines.exec(manifest)?.[1] ?? '';
      expect(servers).to.have.length(3);
      command(`exec "${process.execPath}" "${join(ROOT, 'dist/src/cli/main.js')}" config "$2"`);
      const { status, stdout, stderr } = run({
        ZOO_SERVERS: servers.join(' '),
        ZOO_CFG_EXTRA: extra,
        ZOO_MY_ID: '2',
      });
      expect(status, stdout + stderr).to.equal(0);
      expect(readFileSync(place('conf/zoo.cfg'), 'utf8')).to.contain('zabkeeper.peerAddressCheck=false\n');
    });
});

describe('the systemd unit', function () {
  this.timeout(60_000);

  it('is one that systemd understands', function () {
    if (!hasProgram('systemd-analyze')) this.skip();
    const unit = join(ROOT, 'conf/systemd/zabkeeper.service');
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
  });

  it('is told when the server listens and when it stops', async function () {
    if (!hasProgram('systemd-notify') || !hasProgram('python3')) this.skip();
    const dir = mkdtempSync(join(tmpdir(), 'zabkeeper-notify-'));
    const socket = join(dir, 'notify');
    const listen = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(30)
print("bound", flush=True)
while True: print(s.recv(4096).decode().split("\\n")[0], flush=True)`;
    const systemd = spawn('python3', ['-c', listen, socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    let heard = '';
    systemd.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text));
    const [port = 0] = await freePorts(1);
    try {
      await until('the socket is there', () => heard.includes('bound'));
      const args = ['server', String(port), join(dir, 'data')];
      const server = spawn(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...args], {
        env: { ...process.env, NOTIFY_SOCKET: socket },
        stdio: 'ignore',
      });
      const ended = once(server, 'exit');
      await until('systemd knows that it is ready', () => heard.includes('READY=1'));
      expect(await exchange(port, 'ruok')).to.equal('imok');
      server.kill('SIGTERM');
      expect(await ended).to.deep.equal([0, null]);
      await until('systemd knows that it stops', () => heard.includes('STOPPING=1'));
    } finally {
      systemd.kill();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('the package', function () {
  this.timeout(120_000);

  it('holds a command that runs a server, with its scripts, configuration and documentation', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'zabkeeper-package-'));
    try {
      const env = { ...process.env, npm_config_cache: join(dir, 'cache') };
      // Its scripts would build it anew, which has been done.
      const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', dir];
      const name =
        execFileSync('npm', args, { cwd: ROOT, env, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
      execFileSync('tar', ['-xzf', join(dir, name), '-C', dir]);
      symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
      const { bin, version } = JSON.parse(readFileSync(join(dir, 'package/package.json'), 'utf8')) as {
        bin: { zabkeeper: string };
        version: string;
      };
      const main = join(dir, 'package', bin.zabkeeper);
      expect(execFileSync(process.execPath, [main, '--version'], { encoding: 'utf8' })).to.contain(version);
      for (const file of ['conf/zoo.cfg', 'conf/systemd/zabkeeper.service', 'docs/operations.md'])
        expect(existsSync(join(dir, 'package', file)), file).to.equal(true);
      const [port = 0] = await freePorts(1);
      const server = spawn(process.execPath, [main, 'server', String(port), join(dir, 'data')], {
        stdio: 'ignore',
      });
      const ended = once(server, 'exit');
      await until('it serves', () =>
        exchange(port, 'ruok').then(
          (text) => text === 'imok',
          () => false,
        ),
      );
      server.kill('SIGTERM');
      expect(await ended).to.deep.equal([0, null]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

/**
 * Why this file exists: who takes part changes while clients write. So members come and go here, the leader among them,
 * and every refusal is asked for in the order of ZooKeeper's checks.
 */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/index.js';
import { connect, type RunningServer, type ZooKeeper } from '../../src/index.js';
import { runServer } from '../../src/start/index.js';
import { Ensemble, exchange, freePorts, until } from './ensemble.js';

const RECONFIG = { reconfigEnabled: 'true', skipACL: 'yes' };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'OK';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function clientOf(ensemble: Ensemble, ...ids: number[]): Promise<ZooKeeper> {
  return connect({ servers: ids.map((id) => `127.0.0.1:${ensemble.port(id)}`).join(',') });
}

function textOf({ data }: { readonly data: Buffer | null }): string {
  return data?.toString() ?? '';
}

describe('reconfig', function () {
  this.timeout(60_000);
  let directory: string;
  let ensemble: Ensemble;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reconfig-'));
    ensemble = new Ensemble(await freePorts(6), RECONFIG, directory);
    await Promise.all([1, 2, 3].map((id) => ensemble.start(id)));
    await ensemble.settled('leader', 'follower');
  });

  afterEach(async () => {
    await ensemble[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  it('adds an observer, makes it a voter, and tells every server and its watchers', async () => {
    await using client = await clientOf(ensemble, 1, 2, 3);
    await client.create('/before', 'x');
    const [quorum, election] = await freePorts(2);
    const line = `127.0.0.1:${quorum}:${election}`;
    const watched = await client.getConfig({ watch: () => undefined });
    expect(textOf(watched)).to.contain('version=0');

    const added = await client.reconfig({ joining: [`server.4=${line}:observer;127.0.0.1:2181`] });
    expect(textOf(added)).to.match(/server\.4=.*:observer;127\.0\.0\.1:2181\nversion=[0-9a-f]+$/);
    expect(added.stat.version).to.equal(-1);
    await ensemble.start(4, { 'server.4': `${line}:observer;127.0.0.1:2181` });
    await ensemble.settled('leader', 'follower', 'observer');

    await client.reconfig({ joining: [`server.4=${line}:participant;127.0.0.1:2181`] });
    const { followers } = await ensemble.settled('leader', 'follower');
    expect(followers).to.contain(4);
    await using there = await clientOf(ensemble, 4);
    await there.sync('/');
    expect(textOf(await there.getData('/before'))).to.equal('x');
    expect(textOf(await there.getConfig())).to.contain(':participant;127.0.0.1:2181');
  });

  it('removes a follower, which then serves nobody', async () => {
    const { leader, followers } = await ensemble.settled('leader', 'follower');
    const [gone = 0, stays = 0] = followers;
    await using client = await clientOf(ensemble, leader, stays);
    await client.reconfig({ leaving: [gone] });
    await ensemble.until(async () => (await ensemble.mode(gone)) === undefined);
    await client.create('/after', 'x');
    await ensemble.stop(stays);
    expect(await codeOf(client.create('/alone', 'x', { signal: AbortSignal.timeout(3000) }))).not.to.equal(
      'OK',
    );
  });

  it('removes the leader, and another one takes over with all that was written', async () => {
    const { leader, followers } = await ensemble.settled('leader', 'follower');
    await using client = await clientOf(ensemble, ...followers);
    await client.create('/before', 'x');
    await codeOf(client.reconfig({ leaving: [leader] }));
    await ensemble.until(async () => (await ensemble.mode(leader)) === undefined);
    await client.create('/after', 'x');
    expect(textOf(await client.getData('/before'))).to.equal('x');
    expect(textOf(await client.getConfig())).not.to.contain(`server.${leader}=`);
  });

  it('is remembered by servers that start again, whatever their files say', async () => {
    const { leader, followers } = await ensemble.settled('leader', 'follower');
    const [gone = 0, stays = 0] = followers;
    {
      await using client = await clientOf(ensemble, leader);
      await client.reconfig({ leaving: [gone] });
      await client.create('/x', 'x');
    }
    for (const id of [1, 2, 3]) await ensemble.stop(id);
    // One that was removed is no quorum together with one that stays.
    await ensemble.start(gone);
    await ensemble.start(stays);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await ensemble.mode(stays)).to.equal(undefined);
    await ensemble.start(leader);
    await ensemble.until(async () => (await ensemble.mode(stays)) !== undefined);
    await using client = await clientOf(ensemble, stays);
    expect(textOf(await client.getConfig())).not.to.contain(`server.${gone}=`);
  });

  it('is refused as ZooKeeper refuses it, and each refusal costs a zxid', async () => {
    const { leader, followers } = await ensemble.settled('leader', 'follower');
    await using client = await clientOf(ensemble, leader);
    const [, stays = 0] = followers;
    const nobody = '127.0.0.1:1:2:participant;3';
    const cases: [string, Parameters<ZooKeeper['reconfig']>[0]][] = [
      ['BADVERSION', { leaving: [stays], fromVersion: 7n }],
      ['BADARGUMENTS', { joining: ['some thing'] }],
      ['BADARGUMENTS', { joining: ['server.4=127.0.0.1:1:2'] }],
      ['BADARGUMENTS', { members: ['nonsense=1'] }],
      ['MARSHALLINGERROR', { leaving: ['four'] }],
      ['BADARGUMENTS', { leaving: followers }],
      ['NEWCONFIGNOQUORUM', { joining: [4, 5, 6, 7].map((id) => `server.${id}=${nobody}`) }],
    ];
    for (const [code, options] of cases)
      expect(await codeOf(client.reconfig(options)), JSON.stringify(options.joining ?? '')).to.equal(code);
    const config = await client.getConfig();
    expect(textOf(config)).to.contain('version=0');
  });
});

describe('reconfig of a protected ensemble', function () {
  this.timeout(60_000);

  it('needs the right to write the configuration, and the option that allows it at all', async () => {
    for (const [properties, code] of [
      [{ reconfigEnabled: 'true' }, 'NOAUTH'],
      [{}, 'RECONFIGDISABLED'],
    ] as const) {
      await using ensemble = new Ensemble(await freePorts(6), properties);
      await Promise.all([1, 2, 3].map((id) => ensemble.start(id)));
      const { leader } = await ensemble.settled('leader', 'follower');
      await using client = await clientOf(ensemble, leader);
      expect(await codeOf(client.reconfig({ joining: ['server.9=127.0.0.1:1:2:observer;3'] }))).to.equal(
        code,
      );
    }
  });
});

describe('after a reconfig the files of a server', function () {
  this.timeout(60_000);
  let directory: string;
  const servers: RunningServer[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reconfig-files-'));
    const ports = await freePorts(9);
    const lines = [1, 2, 3].map((id) => {
      const [quorum, election, client] = ports.slice(3 * id - 3);
      return `server.${id}=127.0.0.1:${quorum}:${election};127.0.0.1:${client}`;
    });
    for (const id of [1, 2, 3]) {
      const dataDir = join(directory, String(id));
      await mkdir(dataDir);
      await writeFile(join(dataDir, 'myid'), String(id));
      const text = ['tickTime=500', 'initLimit=10', 'syncLimit=5', `dataDir=${dataDir}`, 'skipACL=yes'];
      text.push('reconfigEnabled=true', ...lines, '');
      await writeFile(join(dataDir, 'zoo.cfg'), text.join('\n'));
    }
    // This one has a directory in the place of the file that it would write.
    await mkdir(join(directory, '2', 'zoo.cfg.tmp'));
    for (const id of [1, 2, 3]) servers.push(await start(id));
    const staying = servers.slice(0, 2).map((server) => server.connectString);
    await using client = await connect({ servers: staying.join(',') });
    // The leader may be the one that goes: then the connection, and with it the answer, is lost.
    await client.reconfig({ leaving: [3] }).catch(() => undefined);
  });

  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await rm(directory, { recursive: true, force: true });
  });

  function start(id: number, log: string[] = logs[id] ?? []): Promise<RunningServer> {
    const file = join(directory, String(id), 'zoo.cfg');
    const stream = { write: (line: string) => void log.push(line) };
    return runServer(loadConfig({ file, cwd: '/' }).config, pino({ level: 'warn' }, stream));
  }
  const logs: string[][] = [[], [], [], []];

  function dynamicFileOf(name: string): string {
    const text = readFileSync(join(directory, name, 'zoo.cfg'), 'utf8');
    return /^dynamicConfigFile=(.*)$/m.exec(text)?.[1] ?? '';
  }

  it('name the new members, and it starts from them', async () => {
    const own = join(directory, '1');
    await until('a dynamic file', async () =>
      (await readdir(own)).some((name) => name.startsWith('zoo.cfg.dynamic.')),
    );
    await until('zoo.cfg names it', async () =>
      (await readFile(join(own, 'zoo.cfg'), 'utf8')).includes('dynamicConfigFile='),
    );
    const { config } = loadConfig({ file: join(own, 'zoo.cfg'), cwd: '/' });
    expect(config.membership.members.map(({ id }) => id)).to.deep.equal([1, 2]);
    await servers[0]?.close();
    servers[0] = await start(1);
    await until('it serves', () => servers[0]?.status.serving === true);
  });

  it('and its listener follow the client port in its line; clients of the former port are let go', async () => {
    const [server] = servers;
    const [port = 0] = await freePorts(1);
    const former = server?.port ?? 0;
    const line = readFileSync(dynamicFileOf('1'), 'utf8').split('\n')[0] ?? '';
    await using there = await connect({ servers: `127.0.0.1:${former}` });
    const lost = new Promise((resolve) => there.on('attemptFailed', resolve));
    await using client = await connect({ servers: servers[1]?.connectString ?? '' });
    await client.reconfig({ joining: [line.replace(/;.*/, `;127.0.0.1:${port}`)] });
    await until('the port is another', () => server?.port === port);
    expect(await exchange(port, 'ruok')).to.equal('imok');
    expect(await codeOf(exchange(former, 'ruok'))).to.contain('ECONNREFUSED');
    await lost;
    expect(loadConfig({ file: join(directory, '1', 'zoo.cfg'), cwd: '/' }).config.clientPort).to.equal(port);
  });

  it('stay as they are when it was removed', async () => {
    const names = await readdir(join(directory, '3'));
    expect(names.filter((name) => name.startsWith('zoo.cfg.'))).to.deep.equal([]);
  });

  it('stay as they are when they cannot be written, and the log says what that means', async () => {
    await until(
      'the log says it',
      () => logs[2]?.some((line) => line.includes('cannot be written')) === true,
    );
    expect(await readFile(join(directory, '2', 'zoo.cfg'), 'utf8')).to.contain('server.3=');
    expect(logs[2]?.find((line) => line.includes('cannot be written'))).to.contain(
      'correct the server.N lines',
    );
  });
});

/**
 * Why this file exists: `zabkeeper ensemble start` around its servers: what it makes on disk, what it refuses, and what
 * it says when servers come, lead and die. The servers are stand-ins.
 */
import { expect } from 'chai';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepareEnsemble, type EnsembleWish } from '../../../src/cli/ensemble/layout.js';
import { readWish } from '../../../src/cli/ensemble/start.js';
import { LocalEnsemble } from '../../../src/cli/ensemble/run.js';
import { leaderOf, modeIn, table } from '../../../src/cli/ensemble/view.js';
import { loadConfig } from '../../../src/config/index.js';
import { rejection, until } from '../client/helpers.js';

const FAKE = fileURLToPath(new URL('./fakeServer.js', import.meta.url));

let parent = '';
function wish(more: Partial<EnsembleWish> = {}): EnsembleWish {
  const directory = join(parent, 'e');
  return { directory, servers: undefined, observers: undefined, clientPort: undefined, ...more };
}

describe('zabkeeper ensemble start', () => {
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'zabkeeper-local-'));
  });
  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  describe('the directory of a local ensemble', () => {
    it('has three servers that know each other, each with a usable configuration', async () => {
      const { servers, isNew } = await prepareEnsemble(wish());
      expect(isNew).to.equal(true);
      expect(servers.map(({ id, role }) => [id, role])).to.deep.equal([
        [1, 'participant'],
        [2, 'participant'],
        [3, 'participant'],
      ]);
      const configs = servers.map(({ configFile }) => loadConfig({ file: configFile, cwd: '/' }));
      for (const [index, { config, warnings }] of configs.entries()) {
        expect(warnings).to.deep.equal([]);
        expect(config.ensemble?.id).to.equal(index + 1);
        expect(config.membership).to.deep.equal(configs[0]?.config.membership);
        expect(config.clientPortAddress).to.equal('127.0.0.1');
        expect(config.dataDir).to.equal(join(parent, 'e', `server.${index + 1}`, 'data'));
      }
      const ports = configs.flatMap(({ config: { clientPort, membership } }, index) => {
        const [address] = membership.members[index]?.addresses ?? [];
        return [clientPort, address?.quorumPort, address?.electionPort];
      });
      expect(new Set(ports).size).to.equal(9);
      expect(readdirSync(parent)).to.deep.equal(['e'], 'nothing is left beside it');
    });

    it('has observers behind the servers, and client ports as asked for', async () => {
      const { servers } = await prepareEnsemble(wish({ servers: 2, observers: 2, clientPort: 21_810 }));
      expect(servers.map(({ role, client }) => `${role} ${client}`)).to.deep.equal([
        'participant 127.0.0.1:21810',
        'participant 127.0.0.1:21811',
        'observer 127.0.0.1:21812',
        'observer 127.0.0.1:21813',
      ]);
      const { config } = loadConfig({ file: servers[3]?.configFile ?? '', cwd: '/' });
      expect(config.ensemble?.self.role).to.equal('observer');
    });

    it('is used again as it is, with what was changed in it', async () => {
      const first = await prepareEnsemble(wish({ servers: 2, observers: 1 }));
      const file = first.servers[1]?.configFile ?? '';
      writeFileSync(file, `${readFileSync(file, 'utf8')}snapCount=7\n`);
      for (const again of [wish(), wish({ servers: 2 }), wish({ observers: 1, servers: 2 })]) {
        const { servers, isNew } = await prepareEnsemble(again);
        expect(isNew).to.equal(false);
        expect(servers).to.deep.equal(first.servers);
      }
      expect(readFileSync(file, 'utf8')).to.include('snapCount=7');
    });

    it('of one server makes it standalone', async () => {
      const { servers } = await prepareEnsemble(wish({ servers: 1 }));
      const { config } = loadConfig({ file: servers[0]?.configFile ?? '', cwd: '/' });
      expect(config.ensemble).to.equal(undefined);
    });

    const conflicts: [claim: string, more: Partial<EnsembleWish>, message: string][] = [
      ['another number of servers', { servers: 5 }, '--servers 5 is not what the ensemble in'],
      ['another number of observers', { observers: 1 }, 'has: 0 observers. Leave --observers out'],
      ['another client port', { clientPort: 1 }, 'its first server has the client port'],
    ];
    for (const [claim, more, message] of conflicts) {
      it(`is left alone when ${claim} is asked for`, async () => {
        await prepareEnsemble(wish());
        expect(await rejection(prepareEnsemble(wish(more))))
          .to.be.an('error')
          .that.includes({ code: 'CONFLICT' })
          .with.property('message')
          .that.includes(message);
      });
    }

    it('is not made among somebody else’s files', async () => {
      mkdirSync(join(parent, 'e'));
      writeFileSync(join(parent, 'e', 'letter.txt'), '');
      expect(await rejection(prepareEnsemble(wish()))).to.include({ code: 'DATA_DIR', exitCode: 3 });
      expect(readdirSync(join(parent, 'e'))).to.deep.equal(['letter.txt']);
    });

    it('is refused when a myid does not fit', async () => {
      const { servers } = await prepareEnsemble(wish());
      writeFileSync(join(servers[2]?.dataDir ?? '', 'myid'), '1\n');
      expect(await rejection(prepareEnsemble(wish())))
        .to.have.property('message')
        .that.includes('belongs to server 3, but the file');
    });

    it('is not made for observers without an ensemble to observe', async () => {
      expect(await rejection(prepareEnsemble(wish({ servers: 1, observers: 1 })))).to.include({
        code: 'CONFLICT',
      });
      expect(existsSync(join(parent, 'e'))).to.equal(false);
    });
  });

  describe('the arguments of ensemble start', () => {
    it('are numbers in their ranges, or missing', () => {
      expect(readWish({ dir: '/e', servers: '5', clientPort: '2181' })).to.deep.equal({
        directory: '/e',
        servers: 5,
        observers: undefined,
        clientPort: 2181,
      });
      for (const bad of ['0', '-1', 'x', '', '51', '3.5']) {
        expect(() => readWish({ dir: '/e', servers: bad }))
          .to.throw(`--servers ${bad} is not valid; expected a whole number from 1 to 50.`)
          .that.includes({ exitCode: 2 });
      }
    });
  });

  describe('the table of a local ensemble', () => {
    const server = {
      role: 'participant',
      configFile: '/e/1/zoo.cfg',
      dataDir: '/e/1/data',
      clientPort: 1,
    } as const;
    const sights = [
      { server: { ...server, id: 1, client: 'h:1' }, pid: 10, mode: 'follower', running: true },
      { server: { ...server, id: 2, client: 'h:20' }, pid: 11, mode: 'leader', running: true },
      { server: { ...server, id: 3, client: 'h:3' }, pid: 12, mode: undefined, running: true },
      { server: { ...server, id: 4, client: 'h:4' }, pid: 13, mode: undefined, running: false },
    ];

    it('shows who does what, and where', () => {
      expect(table(sights).split('\n')).to.deep.equal([
        'server  mode            clients  process  data',
        '1       follower        h:1      10       /e/1/data',
        '2       leader          h:20     11       /e/1/data',
        '3       does not serve  h:3      12       /e/1/data',
        '4       ended           h:4               /e/1/data',
        'Connect string: h:1,h:20,h:3,h:4',
      ]);
    });

    it('knows the leader by its mode', () => {
      expect(leaderOf(sights)).to.equal(2);
      expect(leaderOf(sights.slice(2))).to.equal(undefined);
      expect(modeIn('Zookeeper version: 1\nMode: leader\nNode count: 4\n')).to.equal('leader');
      expect(modeIn('This ZooKeeper instance is not currently serving requests\n')).to.equal(undefined);
    });
  });

  describe('a running local ensemble', () => {
    it('tells who leads, who takes over and who dies, and stops all', async () => {
      const { servers } = await prepareEnsemble(wish());
      const setMode = (id: number, mode: string): void =>
        writeFileSync(join(parent, 'e', `server.${id}`, 'mode'), mode);
      setMode(1, 'looking');
      setMode(2, 'looking');
      setMode(3, 'looking');
      let said = '';
      const program = { command: process.execPath, args: [FAKE], flags: ['-Da=b'] };
      const ensemble = new LocalEnsemble(servers, program, (text) => (said += `${text}\n`));
      const run = ensemble.run();
      const saying = (text: string): Promise<void> => until(() => said.includes(text), text, 15_000);
      await saying('1 | fake server with -Da=b');
      await saying('3 | fake server');
      expect(said).to.not.include('leads');

      setMode(2, 'leader');
      await saying('Server 2 leads.\n');
      await saying(`Connect string: ${servers.map(({ client }) => client).join(',')}`);
      setMode(1, 'follower');
      await saying('1       follower');

      setMode(2, 'die');
      await saying('Server 2 ended with exit code 7. The others go on.');
      setMode(3, 'leader');
      await saying('Server 3 leads. Before it was server 2.');
      await saying('2       ended');

      ensemble.stop();
      expect(await run).to.equal(0);
      expect(said).to.include('1 | fake server stops').and.to.include('3 | fake server stops');
      expect(said).to.not.include('Server 1 ended');
    });

    it('gives up when no server is left', async () => {
      const { servers } = await prepareEnsemble(wish({ servers: 2 }));
      let said = '';
      const program = { command: process.execPath, args: ['-e', 'process.exit(2)'], flags: [] };
      expect(await new LocalEnsemble(servers, program, (text) => (said += text)).run()).to.equal(1);
      expect(said).to.include('Server 1 ended with exit code 2.').and.to.include('No server is left.');
    });
  });
});

/**
 * Why this file exists: four-letter words share the port with clients, and come from nc, from scripts and from
 * monitoring, each with its own way of using a socket. So a real server is asked through real sockets here; what the
 * words say in detail is tested in test/unit/ops.
 */
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, startServer, type RunningServer, type ZooKeeper } from '../../src/index.js';
import {
  aiozkVersion,
  goCons,
  goSrvr,
  kazooServerVersion,
  oldGoCons,
  telegrafMntr,
} from '../unit/ops/readers.js';

const ANSWER_MS_MAX = 5000;

/** The client closes its half of the connection, at once behind what it sent before. */
const END = Symbol('end');

/** What a client does, in turn: parts are sent in segments of their own. */
type Step = Buffer | string | typeof END;

/** Sends the steps and gives all that comes back until the server closes. */
function exchange(port: number, ...steps: readonly Step[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket: Socket = connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${ANSWER_MS_MAX} ms, but: ${JSON.stringify(text)}`));
    }, ANSWER_MS_MAX);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    const send = (index: number): void => {
      const step = steps[index];
      if (step === undefined) return;
      if (step === END) {
        socket.end();
        return;
      }
      socket.write(step);
      if (steps[index + 1] === END) send(index + 1);
      // Long enough for the server to get the parts one by one.
      else setTimeout(() => send(index + 1), 20);
    };
    socket.on('connect', () => send(0));
  });
}

/** A server whose words are all allowed unless `whitelist` says otherwise. */
function start(whitelist = '*'): Promise<RunningServer> {
  return startServer({ port: 0, properties: { '4lw.commands.whitelist': whitelist } });
}

describe('four-letter words through sockets', () => {
  const ways: [claim: string, steps: readonly Step[]][] = [
    ['without newline', ['ruok']],
    ['with a newline', ['ruok\n']],
    ['with what telnet adds', ['ruok\r\n']],
    ['with the newline apart', ['ruok', '\n']],
    ['byte by byte', ['r', 'u', 'o', 'k']],
    ['in two parts', ['ruo', 'k\n']],
    ['and a half that is closed at once', ['ruok', END]],
    ['byte by byte, then a closed half', ['r', 'u', 'o', 'k', END]],
    ['with something longer behind it', [`ruok${'x'.repeat(100_000)}`]],
  ];
  for (const [claim, steps] of ways) {
    it(`answers ruok ${claim}`, async () => {
      await using server = await start();
      expect(await exchange(server.port, ...steps)).to.equal('imok');
    });
  }

  const notWords: [claim: string, steps: readonly Step[]][] = [
    ['an unknown word', ['lead']],
    ['a word in capitals', ['RUOK']],
    ['HTTP', ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n']],
    ['half a word and a closed half', ['ru', END]],
    ['nothing and a closed half', [END]],
  ];
  for (const [claim, steps] of notWords) {
    it(`closes without a byte after ${claim}`, async () => {
      await using server = await start();
      expect(await exchange(server.port, ...steps)).to.equal('');
      expect(await exchange(server.port, 'ruok'), 'and lives on').to.equal('imok');
    });
  }

  it('answers a large word to a client that closed its half', async () => {
    await using server = await start();
    await using zk = await connect({ servers: server.connectString });
    const names = Array.from({ length: 2000 }, (_, index) => `/${'n'.repeat(100)}-${index}`);
    await Promise.all(names.map((path) => zk.create(path, undefined, { ephemeral: true })));
    const text = await exchange(server.port, 'dump', END);
    expect(text.split('\n').filter((line) => line.startsWith('\t/'))).to.have.members(
      names.map((path) => `\t${path}`),
    );
  });

  it('answers the words that ask the disk', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'zabkeeper-words-'));
    try {
      await using server = await startServer({ dataDir, properties: { '4lw.commands.whitelist': '*' } });
      expect(await exchange(server.port, 'dirs', END)).to.match(
        /^datadir_size: [1-9]\d*\nlogdir_size: [1-9]\d*\n$/,
      );
      expect(await exchange(server.port, 'conf', END)).to.contain(
        `\ndataDir=${join(dataDir, 'version-2')}\n`,
      );
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it('refuses a word that is not on the whitelist', async () => {
    await using server = await start('ruok');
    expect(await exchange(server.port, 'mntr', END)).to.equal(
      'mntr is not executed because it is not in the whitelist.\n',
    );
    expect(await exchange(server.port, 'ruok')).to.equal('imok');
    expect(await exchange(server.port, 'srvr')).to.match(/^Zookeeper version: /);
  });

  describe('every word of a server with a client', () => {
    let server: RunningServer;
    let zk: ZooKeeper;
    before(async () => {
      server = await start();
      zk = await connect({ servers: server.connectString });
      await zk.create('/lock');
      await zk.create('/lock/holder', 'me', { ephemeral: true });
      const watch = { watch: (): void => undefined };
      await zk.getData('/lock', watch);
      await zk.exists('/lock/holder', watch);
      await zk.getChildren('/lock', watch);
    });
    after(async () => {
      await zk.close();
      await server.close();
    });
    const ask = (word: string): Promise<string> => exchange(server.port, word, END);
    const sessionId = (): string => `0x${BigInt.asUintN(64, zk.sessionId).toString(16)}`;

    it('conf', async () => {
      expect(await ask('conf')).to.match(
        new RegExp(
          `^clientPort=${server.port}\nsecureClientPort=-1\ndataDir=/.*/version-2\ndataDirSize=\\d+\n` +
            `dataLogDir=/.*/version-2\ndataLogSize=\\d+\ntickTime=2000\nmaxClientCnxns=\\d+\n` +
            `minSessionTimeout=4000\nmaxSessionTimeout=40000\nclientPortListenBacklog=-1\nserverId=0\n$`,
        ),
      );
    });

    it('cons', async () => {
      const text = await ask('cons');
      expect(goCons(text).map(([, , , , id]) => id)).to.deep.equal([sessionId()]);
      expect(oldGoCons(text)).to.have.lengthOf(2);
      expect(text)
        .to.match(/,lop=GETC,/)
        .and.match(/\)\n\n$/);
    });

    it('dirs', async () => {
      expect(await ask('dirs')).to.match(/^datadir_size: \d+\nlogdir_size: \d+\n$/);
    });

    it('dump', async () => {
      const lines = (await ask('dump')).split('\n');
      expect(lines.slice(0, 2)).to.deep.equal(['SessionTracker dump:', 'Session Sets (1)/(1):']);
      expect(lines[2]).to.match(/^1 expire at [A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}:$/);
      expect(lines.slice(3, 9)).to.deep.equal([
        `\t${sessionId()}`,
        'ephemeral nodes dump:',
        'Sessions with Ephemerals (1):',
        `${sessionId()}:`,
        '\t/lock/holder',
        'Connections dump:',
      ]);
      expect(lines[9]).to.equal('Connections Sets (2)/(2):');
    });

    it('envi', async () => {
      expect(kazooServerVersion(await ask('envi'))).to.deep.equal([3, 9, 5]);
    });

    it('gtmk and stmk, with the mask in one piece or several', async () => {
      expect(await ask('gtmk')).to.equal('306');
      const mask = Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]);
      expect(await exchange(server.port, Buffer.concat([Buffer.from('stmk'), mask]))).to.equal('258');
      expect(await ask('gtmk')).to.equal('258');
      expect(await exchange(server.port, 'stmk', mask.subarray(0, 3), mask.subarray(3), END)).to.equal('258');
      expect(await exchange(server.port, 'stmk', mask.subarray(0, 3), END), 'cut off').to.equal('');
    });

    it('hash', async () => {
      expect(await ask('hash')).to.match(/^(?:[0-9a-f]+: -?\d+\n)*$/);
    });

    it('isro', async () => {
      expect(await ask('isro')).to.equal('rw');
    });

    it('mntr', async () => {
      const entries = telegrafMntr(await ask('mntr'));
      expect(entries?.get('server_state')).to.equal('standalone');
      expect(entries?.get('ephemerals_count')).to.equal('1');
      expect(entries?.get('global_sessions')).to.equal('1');
      expect(entries?.get('watch_count')).to.equal('3');
      expect(entries?.get('num_alive_connections')).to.equal('2');
      expect(entries?.get('znode_count')).to.equal('7');
    });

    it('srvr', async () => {
      const stats = goSrvr(await ask('srvr'));
      expect(stats).to.deep.include({ mode: 'standalone', nodeCount: 7, connections: 2, outstanding: 0 });
      expect(stats?.received).to.be.at.least(6);
      expect(aiozkVersion(await ask('srvr'))).to.deep.equal([3, 9, 5]);
    });

    it('stat', async () => {
      expect(await ask('stat')).to.match(
        /^Zookeeper version: .+\nClients:\n(?: \/127\.0\.0\.1:\d+\[[01]\]\(queued=\d+,recved=\d+,sent=\d+\)\n){2}\nLatency [^]*Mode: standalone\nNode count: 7\n$/,
      );
    });

    it('wchs, wchc and wchp, which do not know the watch on children', async () => {
      expect(await ask('wchs')).to.equal('1 connections watching 2 paths\nTotal watches:2\n');
      expect(await ask('wchc')).to.equal(`${sessionId()}\n\t/lock\n\t/lock/holder\n\n`);
      expect(await ask('wchp')).to.equal(`/lock\n\t${sessionId()}\n/lock/holder\n\t${sessionId()}\n\n`);
    });

    it('crst and srst, last because they forget', async () => {
      expect(await ask('crst')).to.equal('Connection stats reset.\n');
      expect(await ask('srst')).to.equal('Server stats reset.\n');
      expect(goSrvr(await ask('srvr'))?.received).to.be.lessThan(6);
    });
  });
});

/**
 * Data on their way from Apache's server to ours and back: both real, both started on what the other one wrote. What a
 * client sees must not change, down to each Stat.
 */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ZooKeeper } from '../../src/client/index.js';
import { Ensemble, freePorts } from '../server/ensemble.js';
import { startServer, TestServer, type ServerOptions } from './server.js';
import { PROJECT_ROOT } from './tools.js';
import { clientOf, fillWorld, seeWorld } from './world.js';

const APACHE: ServerOptions = {
  flavour: 'apache',
  properties: { 'zookeeper.extendedTypesEnabled': true },
};
/** So large that Apache writes snapshots while it serves. */
const MANY = 1500;
const SNAP_COUNT = 500;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function zabkeeper(...args: readonly string[]): Promise<Outcome> {
  const main = join(PROJECT_ROOT, 'dist', 'src', 'cli', 'main.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

async function fillMany(zk: ZooKeeper): Promise<void> {
  await zk.create('/many');
  const data = Buffer.alloc(100, 'x');
  await Promise.all(
    Array.from({ length: MANY }, async (_, i) => {
      await zk.create(`/many/n-${i}`, data);
      if (i % 3 === 0) await zk.setData(`/many/n-${i}`, String(i));
      if (i % 5 === 0) await zk.delete(`/many/n-${i}`);
    }),
  );
}

/** Names and contents of all files of a directory, as a hash. */
function fingerprint(directory: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(directory).sort())
    hash.update(name).update(readFileSync(join(directory, name)));
  return hash.digest('hex');
}

describe('moving between Apache ZooKeeper and Zabkeeper', function () {
  this.timeout(120_000);

  for (const method of ['checked', 'gz', 'snappy']) {
    it(`a killed Apache server's data are taken over whole (snapshots: ${method})`, async () => {
      await using apache = await startServer({
        ...APACHE,
        properties: {
          'zookeeper.extendedTypesEnabled': true,
          'zookeeper.snapCount': SNAP_COUNT,
          'zookeeper.snapshot.compression.method': method,
        },
      });
      await using before = await clientOf(apache);
      await fillMany(before);
      await fillWorld(before);
      const seen = await seeWorld(before);
      await before.close({ keepSession: true });
      await apache.kill();
      const source = join(apache.dataDir, 'version-2');
      const untouched = fingerprint(source);

      await using ours = await TestServer.prepare({ flavour: 'zabkeeper' });
      const outcome = await zabkeeper('import', '--from', apache.dataDir, ours.configFile, '--json');
      expect(outcome, outcome.err).to.include({ code: 0, err: '' });
      expect(fingerprint(source)).to.equal(untouched);
      const report = JSON.parse(outcome.out) as Record<string, unknown>;
      expect(report).to.include({ sessions: 1, ephemerals: 2, lostEphemerals: 0 });
      expect(report['verifiedZxid']).to.equal(report['zxid']);
      expect(report['snapshot']).to.not.match(/snapshot\.0(\.|$)/);

      await ours.start();
      await using zk = await clientOf(ours);
      expect(await seeWorld(zk)).to.deep.equal(seen);
      expect(await zk.create('/app/seq-', '', { sequential: true })).to.equal('/app/seq-0000000014');

      const again = await zabkeeper('import', '--from', apache.dataDir, ours.configFile);
      expect(again).to.include({ code: 3, out: '' });
      expect(again.err).to.match(/is in use by|is not empty/);
    });
  }

  it('an imported history is that of an ensemble whose other members were empty', async () => {
    await using apache = await startServer(APACHE);
    await using before = await clientOf(apache);
    await fillWorld(before);
    const seen = await seeWorld(before);
    await before.close({ keepSession: true });
    await apache.kill();
    const directory = mkdtempSync(join(tmpdir(), 'zabkeeper-ensemble-'));
    try {
      await using ensemble = new Ensemble(await freePorts(6), {}, directory);
      const config = join(directory, 'zoo.cfg');
      const lines = { dataDir: join(directory, '1'), clientPort: 2181, initLimit: 10, syncLimit: 5 };
      const all = Object.entries({ ...lines, ...ensemble.membership });
      writeFileSync(config, all.map(([key, value]) => `${key}=${value}\n`).join(''));
      for (const id of ['1', '2']) mkdirSync(join(directory, id));
      writeFileSync(join(directory, '1', 'myid'), '1');
      writeFileSync(join(directory, '2', 'initialize'), '');
      const outcome = await zabkeeper('import', '--from', apache.dataDir, config);
      expect(outcome, outcome.err).to.include({ code: 0, err: '' });
      expect(outcome.out).to.include('Make an empty file "initialize"');
      await ensemble.start(1);
      await ensemble.start(2);
      await ensemble.settled('leader', 'follower');
      await ensemble.start(3);
      await ensemble.settled('leader', 'follower');
      await using zk = await connect({ servers: `127.0.0.1:${ensemble.port(3)}` });
      expect(await seeWorld(zk)).to.deep.equal(seen);
      expect((await zk.getConfig()).data?.toString()).to.match(/^server\.1=.*version=0$/s);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('what is exported from a running server is loaded by Apache, and comes back as it was', async () => {
    await using ours = await startServer({ flavour: 'zabkeeper' });
    await using first = await clientOf(ours);
    await fillWorld(first);
    await fillMany(first);
    const seen = await seeWorld(first);
    const directory = mkdtempSync(join(tmpdir(), 'zabkeeper-export-'));
    try {
      const exported = join(directory, 'data');
      const outcome = await zabkeeper('export', exported, ours.configFile, '--json');
      expect(outcome, outcome.err).to.include({ code: 0, err: '' });
      const report = JSON.parse(outcome.out) as Record<string, unknown>;

      await using apache = await TestServer.prepare({
        ...APACHE,
        properties: {
          'zookeeper.extendedTypesEnabled': true,
          'org.slf4j.simpleLogger.defaultLogLevel': 'info',
        },
      });
      rmSync(apache.dataDir, { recursive: true });
      renameSync(exported, apache.dataDir);
      await apache.start();
      expect(apache.output).to.match(/The digest in the snapshot has digest version of 2/);
      // Line by line, so that a failure shows which.
      const alarms = apache.output.split('\n').filter((line) => /ERROR|mismatch/i.test(line));
      expect(alarms).to.deep.equal([]);
      await using second = await clientOf(apache);
      expect(await seeWorld(second)).to.deep.equal(seen);
      await second.create('/back', 'home');
      const changed = await seeWorld(second);
      await second.close({ keepSession: true });
      await first.close({ keepSession: true });
      await apache.stop();

      await using home = await TestServer.prepare({ flavour: 'zabkeeper' });
      const back = await zabkeeper('import', '--from', apache.dataDir, home.configFile, '--json');
      expect(back, back.err).to.include({ code: 0, err: '' });
      expect((JSON.parse(back.out) as Record<string, unknown>)['znodes']).to.equal(
        Number(report['znodes']) + 1,
      );
      await home.start();
      await using third = await clientOf(home);
      expect(await seeWorld(third)).to.deep.equal(changed);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

/**
 * Why this file exists: a server that has lost its log has lost with it the key by which the servers of an ensemble know
 * one another. What it makes up instead must not keep it away from those that have everything it needs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect } from '../../src/client/index.js';
import { Ensemble, freePorts, IDS } from './ensemble.js';

describe('a server whose log is lost, but not its tree', function () {
  this.timeout(60_000);

  it('is brought up to date by the others and follows', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'zabkeeper-log-lost-'));
    try {
      await using ensemble = new Ensemble(await freePorts(6), {}, directory);
      await Promise.all(IDS.map((id) => ensemble.start(id)));
      const { followers } = await ensemble.settled('leader', 'follower', 'follower');
      const [victim = 0] = followers;
      const servers = IDS.map((id) => `127.0.0.1:${ensemble.port(id)}`);
      await using zk = await connect({ servers });
      await zk.create('/before', 'x');
      await ensemble.stop(victim);
      const data = join(directory, String(victim), 'version-2');
      for (const name of ['log.db', 'log.db-wal', 'log.db-shm']) rmSync(join(data, name), { force: true });
      await zk.create('/meanwhile', 'y');

      await ensemble.start(victim);
      await ensemble.until(async () => (await ensemble.mode(victim)) === 'follower');
      await using back = await connect({ servers: `127.0.0.1:${ensemble.port(victim)}` });
      await back.sync('/');
      expect((await back.getChildren('/')).children).to.include.members(['before', 'meanwhile']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

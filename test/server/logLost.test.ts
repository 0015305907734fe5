/**
 * Why this file exists: a server that has lost its log has lost with it the key by which the servers of an ensemble know
 * one another, and one that has lost its tree may have a log that does not reach back to the first record. Neither may
 * keep it away from those that have everything it needs.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { connect, type ZooKeeper } from '../../src/client/index.js';
import { Ensemble, freePorts, IDS } from './ensemble.js';

describe('a follower that has lost files', function () {
  this.timeout(60_000);
  let directory = '';
  let ensemble: Ensemble;
  let zk: ZooKeeper;
  let victim = 0;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'zabkeeper-log-lost-'));
    ensemble = new Ensemble(await freePorts(6), {}, directory);
    await Promise.all(IDS.map((id) => ensemble.start(id)));
    const { leader, followers } = await ensemble.settled('leader', 'follower', 'follower');
    victim = followers[0] ?? 0;
    zk = await connect({ servers: `127.0.0.1:${ensemble.port(leader)}` });
    await zk.create('/before', 'x');
  });
  after(async () => {
    await zk.close();
    await ensemble[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  async function loses(files: RegExp, meanwhile: string): Promise<void> {
    await ensemble.stop(victim);
    const data = join(directory, String(victim), 'version-2');
    const lost = readdirSync(data).filter((name) => files.test(name));
    expect(lost).to.not.be.empty;
    for (const name of lost) rmSync(join(data, name));
    await zk.create(meanwhile, 'y');
    await ensemble.start(victim);
    await ensemble.until(async () => (await ensemble.mode(victim)) === 'follower');
    await using back = await connect({ servers: `127.0.0.1:${ensemble.port(victim)}` });
    await back.sync('/');
    expect((await back.getChildren('/')).children).to.include.members(['before', meanwhile.slice(1)]);
  }

  it('is brought up to date by the others after the loss of its log', () => loses(/^log\.db/, '/first'));

  it('is sent a snapshot after the loss of its tree, which its log cannot make up for', () =>
    loses(/^tree-\d+\.db/, '/second'));

  it('is sent a snapshot when its tree proves damaged only as it is read', async () => {
    await ensemble.stop(victim);
    const data = join(directory, String(victim), 'version-2');
    const tree = readdirSync(data).find((name) => /^tree-\d+\.db$/.test(name)) ?? '';
    spoilRows(join(data, tree));
    await ensemble.start(victim);
    await ensemble.until(async () => (await ensemble.mode(victim)) === 'follower');
    expect(readdirSync(data).some((name) => /^damaged-.*tree/.test(name))).to.equal(true);
    await loses(/^tree-\d+\.db/, '/third');
  });
});

/** What stands in the rows is not what their checksums say. */
function spoilRows(file: string): void {
  const db = new Database(file);
  db.prepare('UPDATE znodes SET version = version + 1').run();
  db.close();
}

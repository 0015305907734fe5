/** Why this file exists: what one server has left becomes the history of a new ensemble, once somebody has said so. */
import { expect } from 'chai';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/index.js';
import { Machines, seeTree, zabkeeper } from './dataCommands.js';
import { Ensemble, freePorts } from './ensemble.js';

describe('recover', function () {
  this.timeout(90_000);

  it('makes the last of three servers the history of a new ensemble', async () => {
    using machines = new Machines();
    const ports = await freePorts(6);
    let before: Map<string, unknown>;
    const membership = new Ensemble(ports).membership;
    {
      await using ensemble = new Ensemble(ports, {}, machines.directory);
      await Promise.all([1, 2, 3].map((id) => ensemble.start(id)));
      const { followers } = await ensemble.settled('leader', 'follower');
      expect(followers).to.have.length(2);
      await using zk = await connect({ servers: `127.0.0.1:${ensemble.port(1)}` });
      await zk.create('/kept');
      for (let i = 0; i < 50; i++) await zk.create('/kept/n-', String(i), { sequential: true });
      before = await seeTree(zk, '/kept');
    }
    // Two machines are gone for good; of the first, one of the two copies of old data comes back later.
    cpSync(machines.dataDir('2'), machines.file('2.old'), { recursive: true });
    for (const id of ['2', '3']) rmSync(machines.dataDir(id), { recursive: true });
    const config = machines.config('1', { initLimit: '10', syncLimit: '5', ...membership });
    writeFileSync(join(machines.dataDir('1'), 'myid'), '1');

    const asked = await zabkeeper('recover', config);
    expect(asked.code, asked.err).to.equal(3);
    expect(asked.out)
      .to.match(/last record +record \d+ \(zxid 0x/)
      .and.to.match(/What may be lost/);
    expect(asked.err).to.match(/there is no terminal. Say --yes/);
    expect(readdirSync(machines.dataDir('1')).sort()).to.deep.equal(['myid', 'version-2']);

    const done = await zabkeeper('recover', config, '--yes');
    expect(done, done.err).to.include({ code: 0, err: '' });
    expect(done.out).to.match(/Make an empty file "initialize"/);
    expect(readdirSync(machines.dataDir('1')).sort().join()).to.match(
      /^myid,version-2,version-2.before-recovery-\d+T\d+Z$/,
    );

    await using ensemble = new Ensemble(ports, {}, machines.directory);
    mkdirSync(machines.dataDir('2'));
    writeFileSync(join(machines.dataDir('2'), 'initialize'), '');
    await ensemble.start(1);
    await ensemble.start(2);
    await ensemble.settled('leader', 'follower');
    {
      await using zk = await connect({ servers: `127.0.0.1:${ensemble.port(2)}` });
      expect(await seeTree(zk, '/kept')).to.deep.equal(before);
      expect(await zk.create('/kept/n-', '', { sequential: true })).to.equal('/kept/n-0000000050');
    }
    await ensemble.start(3);
    await ensemble.settled('leader', 'follower');

    // With the data of the old ensemble it is a stranger.
    await ensemble.stop(2);
    rmSync(machines.dataDir('2'), { recursive: true });
    cpSync(machines.file('2.old'), machines.dataDir('2'), { recursive: true });
    await ensemble.start(2);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await ensemble.mode(2)).to.equal(undefined);
    expect([await ensemble.mode(1), await ensemble.mode(3)].sort()).to.deep.equal(['follower', 'leader']);
  });

  it('keeps what is intact of a damaged log, and says how much is lost', async () => {
    using machines = new Machines();
    const config = machines.config('it');
    {
      await using server = await machines.start('it');
      await using zk = await connect({ servers: server.connectString });
      for (let i = 0; i < 40; i++) await zk.create(`/n-${i}`, `payload ${i} `.repeat(10));
    }
    const directory = join(machines.dataDir('it'), 'version-2');
    // A tree that is lost altogether, and a log with a damage in its middle.
    for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
    const bytes = readFileSync(join(directory, 'log.db'));
    const at = bytes.indexOf('payload 25 ');
    expect(at).to.be.greaterThan(0);
    bytes[at] = 0x50;
    rmSync(join(directory, 'log.db'));
    writeFileSync(join(directory, 'log.db'), bytes);

    const done = await zabkeeper('recover', config, '--yes', '--json');
    expect(done, done.err).to.include({ code: 0, err: '' });
    const plan = JSON.parse(done.out) as { problems: string[]; lostRecords: number; setAside: string[] };
    expect(plan.problems.join())
      .to.match(/tree .* is missing/)
      .and.to.match(/does not match its checksum/);
    expect(plan.lostRecords).to.be.within(15, 16);
    expect(readdirSync(plan.setAside[0] ?? '')).to.include('log.db');
    await using server = await machines.start('it');
    await using zk = await connect({ servers: server.connectString });
    expect((await zk.getData('/n-24')).data?.toString()).to.equal('payload 24 '.repeat(10));
    expect(await zk.exists('/n-25')).to.equal(null);
  });

  it('refuses a server that runs, and data of which the beginning is lost', async () => {
    using machines = new Machines();
    const config = machines.config('it');
    {
      await using server = await machines.start('it');
      const ended = await zabkeeper('recover', config, '--yes');
      expect(ended).to.include({ code: 3, out: '' });
      expect(ended.err).to.match(/is in use by another server/);
      expect(server.status.serving).to.equal(true);
      await using zk = await connect({ servers: server.connectString });
      await zk.create('/first');
    }
    // Recovered, its log does not reach back to the first record any more.
    expect((await zabkeeper('recover', config, '--yes')).code).to.equal(0);
    const directory = join(machines.dataDir('it'), 'version-2');
    {
      await using server = await machines.start('it');
      await using zk = await connect({ servers: server.connectString });
      await zk.create('/a');
    }
    for (const name of readdirSync(directory)) if (name.startsWith('tree-')) rmSync(join(directory, name));
    const before = readdirSync(machines.dataDir('it'));
    const ended = await zabkeeper('recover', config, '--yes');
    expect(ended).to.include({ code: 3, out: '' });
    expect(ended.err).to.match(/The tree is lost, and the log .* does not reach back .* restore a backup/);
    expect(readdirSync(machines.dataDir('it'))).to.deep.equal(before);
  });
});

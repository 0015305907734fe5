/** Why this file exists: a backup of a server that goes on writing is one moment of it, and comes back as that moment. */
import { expect } from 'chai';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { connect, type Stat, type ZooKeeper } from '../../src/index.js';
import { Machines, seeTree, zabkeeper, type Ended } from './dataCommands.js';

function report(ended: Ended): Record<string, unknown> {
  expect(ended, ended.err).to.include({ code: 0, err: '' });
  return JSON.parse(ended.out) as Record<string, unknown>;
}

async function client(server: { connectString: string }): Promise<ZooKeeper> {
  return connect({ servers: server.connectString });
}

describe('backup and restore', function () {
  this.timeout(60_000);

  it('of a server that goes on writing holds all writes up to its zxid, and none behind it', async () => {
    using machines = new Machines();
    const config = machines.config('old');
    const restored = machines.config('new', { dataLogDir: machines.file('new-log') });
    const stats = new Map<string, Stat>();
    let zxid = 0n;
    {
      await using server = await machines.start('old');
      await using zk = await client(server);
      await zk.create('/w');
      await zk.create('/before', 'acknowledged before the backup began');
      await zk.create('/held', 'x', { ephemeral: true });
      const stopping = new AbortController();
      const writing = (async (): Promise<void> => {
        for (let i = 0; !stopping.signal.aborted; i++) {
          const { path, stat } = await zk.createWithStat('/w/n-', String(i), { sequential: true });
          stats.set(path, stat);
          if (i % 10 === 0) await zk.setData('/w', String(i));
        }
      })();
      const saved = report(await zabkeeper('backup', machines.file('b'), config, '--json'));
      stopping.abort();
      await writing;
      zxid = BigInt(String(saved['zxid']));
      expect(saved).to.include({ unconfirmed: 0 });
      expect(statSync(machines.file('b')).mode & 0o777).to.equal(0o600);
      expect(readdirSync(machines.directory).filter((name) => name.startsWith('b'))).to.deep.equal(['b']);
    }
    expect(report(await zabkeeper('restore', machines.file('b'), restored, '--json'))['zxid']).to.equal(
      `0x${zxid.toString(16)}`,
    );
    await using again = await machines.start('new', { dataLogDir: machines.file('new-log') });
    await using zk = await client(again);
    const tree = await seeTree(zk);
    expect(tree.get('/before')).to.have.property('data', 'acknowledged before the backup began');
    expect(tree.get('/held')).to.have.nested.property('stat.numChildren', 0);
    const expected = [...stats].filter(([, stat]) => stat.czxid <= zxid).map(([path]) => path);
    expect([...tree.keys()].filter((path) => path.startsWith('/w/')).sort()).to.deep.equal(expected.sort());
    expect(expected.length).to.be.within(1, stats.size - 1);
    for (const path of expected) expect(tree.get(path)).to.deep.include({ stat: stats.get(path) });
    // Clients that know the old server's zxids are taken, with new sessions.
    const { stat } = await zk.createWithStat('/after');
    expect(stat.czxid).to.satisfy((czxid: bigint) => czxid > zxid + (1n << 32n));
  });

  it('comes back with every Stat, access list and sequence number, and the same digest', async () => {
    using machines = new Machines();
    const config = machines.config('old');
    let before: Map<string, unknown>;
    {
      await using server = await machines.start('old');
      await using zk = await client(server);
      await zk.create('/a', null, { acl: [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } }] });
      await zk.create('/a/é', 'x');
      for (let i = 0; i < 3; i++) await zk.setData('/a/é', String(i));
      for (let i = 0; i < 3; i++) await zk.create('/s-', '', { sequential: true });
      await zk.delete('/s-0000000002');
      before = await seeTree(zk);
    }
    const saved = report(await zabkeeper('backup', machines.file('b'), config, '--json'));
    const looked = report(await zabkeeper('inspect', config, '--json'));
    const inBackup = report(await zabkeeper('inspect', machines.file('b'), '--json'));
    expect(inBackup['digest']).to.equal(looked['digest']);
    expect(inBackup).to.include({ zxid: saved['zxid'], ensembleId: looked['ensembleId'] });
    const back = report(await zabkeeper('restore', machines.file('b'), machines.config('new'), '--json'));
    expect(back['digest']).to.equal(looked['digest']);
    await using again = await machines.start('new');
    await using zk = await client(again);
    expect(await seeTree(zk)).to.deep.equal(before);
    expect(await zk.create('/s-', '', { sequential: true })).to.equal('/s-0000000004');
    // A new ensemble: what the old one would do with this history is its own matter.
    const fresh = report(await zabkeeper('inspect', machines.config('new'), '--json'));
    expect(fresh['ensembleId']).to.not.equal(looked['ensembleId']);
  });

  it('goes back to the moment before a mistake, with the log that the server still has', async () => {
    using machines = new Machines();
    const config = machines.config('old');
    let mistake = 0n;
    let before: Map<string, unknown>;
    {
      await using server = await machines.start('old');
      await using zk = await client(server);
      await zk.create('/keep');
      // The server writes its tree behind its log; what is in the tree is where the backup begins.
      for (;;) {
        if (report(await zabkeeper('inspect', config, '--json'))['recordsBehindTree'] === 0) break;
      }
      expect(await zabkeeper('backup', machines.file('b'), config)).to.include({ code: 0 });
      for (let i = 0; i < 20; i++) await zk.create(`/keep/n-${i}`, String(i));
      before = await seeTree(zk);
      const last = await zk.exists('/keep');
      mistake = last?.pzxid ?? 0n;
      for (let i = 0; i < 20; i++) await zk.delete(`/keep/n-${i}`);
    }
    const restore = (...args: string[]): Promise<Ended> =>
      zabkeeper('restore', machines.file('b'), machines.config('new'), ...args);
    const zxid = `0x${mistake.toString(16)}`;
    const tooFar = await restore('--zxid', zxid);
    expect(tooFar).to.include({ code: 3, out: '' });
    expect(tooFar.err).to.match(/The log reaches to record \d+ .* only, not to zxid .*--log/);
    expect((await restore('--zxid', '0x1')).err).to.match(/There is no way back to zxid 0x1/);
    expect((await restore('--zxid', 'yesterday')).code).to.equal(2);
    expect(existsSync(join(machines.dataDir('new'), 'version-2'))).to.equal(false);
    const done = report(await restore('--zxid', zxid, '--log', machines.dataDir('old'), '--json'));
    expect(done).to.include({ zxid, records: 20 });
    await using again = await machines.start('new');
    await using zk = await client(again);
    expect(await seeTree(zk)).to.deep.equal(before);
  });

  it('is refused when it is damaged, cut off, of somebody else, or in the way', async () => {
    using machines = new Machines();
    const config = machines.config('old');
    {
      await using server = await machines.start('old');
      await using zk = await client(server);
      for (let i = 0; i < 200; i++) await zk.create(`/n-${i}`, 'some data '.repeat(20));
      await zk.create('/secret', 'needle in the haystack');
      expect((await zabkeeper('backup', machines.file('b'), config)).code).to.equal(0);
    }
    const target = machines.config('new');
    const refused = async (file: string, reason: RegExp): Promise<void> => {
      const ended = await zabkeeper('restore', file, target);
      expect(ended).to.include({ code: 3, out: '' });
      expect(ended.err).to.match(reason);
      expect(readdirSync(machines.dataDir('new'))).to.deep.equal([]);
    };
    const good = readFileSync(machines.file('b'));
    const flipped = Buffer.from(good);
    const at = flipped.indexOf('needle in the haystack');
    expect(at).to.be.greaterThan(0);
    flipped[at] = 0x4e;
    writeFileSync(machines.file('flipped'), flipped);
    await refused(machines.file('flipped'), /flipped.*does not match its checksum/);
    writeFileSync(machines.file('short'), good.subarray(0, good.byteLength / 2));
    await refused(machines.file('short'), /damaged|not a backup/);
    writeFileSync(
      machines.file('text'),
      'not a database at all, but long enough to be read as one '.repeat(100),
    );
    await refused(machines.file('text'), /is not a backup of zabkeeper/);
    copyFileSync(join(machines.dataDir('old'), 'version-2', 'log.db'), machines.file('log'));
    await refused(machines.file('log'), /is not a backup of zabkeeper/);
    await refused(machines.file('none'), /There is no file/);

    const again = await zabkeeper('backup', machines.file('b'), config);
    expect(again.code).to.equal(3);
    expect(again.err).to.match(/is there already/);
    expect(readFileSync(machines.file('b')).equals(good)).to.equal(true);
    const occupied = await zabkeeper('restore', machines.file('b'), config);
    expect(occupied.code).to.equal(3);
    expect(occupied.err).to.match(/old\/version-2 is not empty/);
  });

  it('is refused to a directory on which a server runs, and of one without data', async () => {
    using machines = new Machines();
    const config = machines.config('old');
    await using server = await machines.start('old');
    expect(server.port).to.be.greaterThan(0);
    expect((await zabkeeper('backup', machines.file('b'), config)).code).to.equal(0);
    const busy = await zabkeeper('restore', machines.file('b'), config);
    expect(busy).to.include({ code: 3 });
    expect(busy.err).to.match(/is in use by another server/);
    const nothing = await zabkeeper('backup', machines.file('c'), machines.config('empty'));
    expect(nothing).to.include({ code: 3 });
    expect(nothing.err).to.match(/holds no data of a server/);
    expect(existsSync(machines.file('c'))).to.equal(false);
  });
});

describe('inspect', function () {
  this.timeout(60_000);

  it('tells epochs, sizes, the largest and the deepest, and sessions of a server that runs', async () => {
    using machines = new Machines();
    const config = machines.config('it');
    await using server = await machines.start('it');
    await using zk = await client(server);
    await zk.create('/big');
    for (let i = 0; i < 5; i++) await zk.create(`/big/${i}`, 'x'.repeat(1000));
    await zk.create('/deep');
    await zk.create('/deep/er');
    await zk.create('/deep/er/est', '', { ephemeral: true });
    const found = report(await zabkeeper('inspect', config, '--json'));
    expect(found).to.include({ znodes: 13, ephemerals: 1, suspect: false });
    expect(found['epochs']).to.deep.equal({ acceptedEpoch: 1, currentEpoch: 1 });
    expect(found['largest']).to.deep.include({ path: '/big', znodes: 6, bytes: 5 * 1000 + 4 + 5 * 6 });
    expect((found['deepest'] as unknown[])[0]).to.deep.equal({ path: '/deep/er/est', depth: 3 });
    expect(found['sessions']).to.have.length(1);
    const text = await zabkeeper('inspect', config);
    expect(text.out)
      .to.match(/state +verified/)
      .and.to.match(/\/deep\/er\/est +3/);
  });

  it('answers questions in SQL, and nothing but questions', async () => {
    using machines = new Machines();
    const config = machines.config('it');
    {
      await using server = await machines.start('it');
      await using zk = await client(server);
      await zk.create('/a', 'text');
      await zk.create('/b', Buffer.from([0xff]));
    }
    const ask = (sql: string, ...more: string[]): Promise<Ended> =>
      zabkeeper('inspect', config, '--sql', sql, ...more);
    const select = "select path, data, version from znodes where path in ('/a', '/b') order by 1";
    expect((await ask(select)).out).to.equal('path\tdata\tversion\n/a\ttext\t0\n/b\t0xff\t0\n');
    const rows = (await ask(select, '--json')).out.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row) as unknown)).to.deep.equal([
      { path: '/a', data: 'text', version: 0 },
      { path: '/b', data: { base64: '/w==' }, version: 0 },
    ]);
    expect((await ask('select count(*) from log where type = 15 or type = 1')).out).to.equal('count(*)\n2\n');
    const before = readFileSync(join(machines.dataDir('it'), 'version-2', 'tree-1.db'));
    for (const sql of ['delete from znodes', 'drop table log', 'nonsense']) {
      const ended = await ask(sql);
      expect(ended, sql).to.include({ code: 3, out: '' });
      expect(ended.err, sql).to.match(/Only a query|SQLite cannot answer/);
    }
    expect(readFileSync(join(machines.dataDir('it'), 'version-2', 'tree-1.db')).equals(before)).to.equal(
      true,
    );
  });

  it('names a damage with its place, and ends with 3', async () => {
    using machines = new Machines();
    const config = machines.config('it');
    {
      await using server = await machines.start('it');
      await using zk = await client(server);
      for (let i = 0; i < 50; i++) await zk.create(`/n-${i}`, `payload ${i} `.repeat(10));
    }
    const log = join(machines.dataDir('it'), 'version-2', 'log.db');
    renameSync(log, `${log}.kept`);
    const bytes = readFileSync(`${log}.kept`);
    const at = bytes.indexOf('payload 25 ');
    expect(at).to.be.greaterThan(0);
    bytes[at] = 0x50;
    writeFileSync(log, bytes);
    const ended = await zabkeeper('inspect', config);
    expect(ended).to.include({ code: 3, out: '' });
    expect(ended.err).to.match(/log\.db: record \d+, which follows .* does not match its checksum/);
  });
});

/** Why this file exists: files of Apache's server, byte by byte: what is read from them, what is tolerated, what is not. */
import { expect } from 'chai';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  findApacheFiles,
  loadApacheState,
  writeSnapshot,
  type ApacheState,
} from '../../../src/apache/index.js';
import { readLog } from '../../../src/apache/txnLog.js';
import { Tree, kindOf } from '../../../src/tree/index.js';
import { sessionIdOf, zxidOf } from '../../../src/types/index.js';
import { dump, paths, recomputedDigest } from '../helpers/treeDump.js';
import { golden } from './golden.js';

describe('files of an Apache server', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zabkeeper-apache-'));
    mkdirSync(join(dir, 'version-2'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function put(name: string, bytes: Uint8Array): void {
    writeFileSync(join(dir, 'version-2', name), bytes);
  }

  function load(force = false): Promise<ApacheState> {
    return loadApacheState(findApacheFiles(dir), { force });
  }

  async function refusal(force = false): Promise<string> {
    try {
      await load(force);
    } catch (error) {
      expect(error).to.have.property('exitCode', 3);
      return error instanceof Error ? error.message : String(error);
    }
    throw new Error('it was accepted');
  }

  /** Entries of the golden log: where each begins and ends. */
  async function entries(): Promise<{ from: number; to: number; zxid: bigint }[]> {
    const found: { from: number; to: number; zxid: bigint }[] = [];
    put('probe', golden.log);
    await readLog(join(dir, 'version-2', 'probe'), ({ offset, header }) => {
      const to = offset + 12 + golden.log.readInt32BE(offset + 8) + 1;
      found.push({ from: offset, to, zxid: header.zxid });
    });
    return found;
  }

  describe('a snapshot', () => {
    it('gives znodes, sessions and the digest that Apache wrote', async () => {
      put('snapshot.19', golden.snapshot);
      const { tree, sessions, report } = await load();
      expect(report.verifiedZxid).to.equal(0x19n);
      expect(tree.get('/app')?.data?.toString()).to.equal('version 2');
      expect(tree.get('/app')?.version).to.equal(3);
      expect(tree.get('/app/null')?.data).to.equal(null);
      expect(tree.get('/app/empty')?.data?.byteLength).to.equal(0);
      expect(tree.get('/app/binary')?.data).to.deep.equal(Buffer.from([0, 255, 128, 10]));
      expect(tree.get('/app/ümläut €')?.data?.toString()).to.equal('names are UTF-8');
      expect(tree.get('/app/guarded')?.acl).to.deep.equal([
        { perms: 31, id: { scheme: 'digest', id: 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=' } },
        { perms: 1, id: { scheme: 'world', id: 'anyone' } },
      ]);
      expect(kindOf(tree.get('/app/container')?.owner ?? 0n)).to.equal('container');
      expect(kindOf(tree.get('/app/ttl')?.owner ?? 0n)).to.equal('ttl');
      expect(tree.ephemeralsCount).to.equal(2);
      expect([...sessions.values()]).to.deep.equal([30_000]);
      expect(tree.ephemeralsOf(sessionIdOf(tree.get('/app/lock')?.owner ?? 0n)).size).to.equal(2);
    });

    it('is the same plain, in gzip and in Snappy', async () => {
      put('snapshot.19', golden.snapshot);
      const plain = await load();
      rmSync(join(dir, 'version-2', 'snapshot.19'));
      put('snapshot.19.gz', gzipSync(golden.snapshot));
      const gzip = await load();
      expect(gzip.report.snapshot?.compression).to.equal('gzip');
      expect(dump(gzip.tree)).to.deep.equal(dump(plain.tree));
      rmSync(join(dir, 'version-2', 'snapshot.19.gz'));
      // Of another run: the same paths at other times.
      put('snapshot.19.snappy', golden.snappySnapshot);
      const snappy = await load();
      expect(snappy.report.snapshot?.compression).to.equal('snappy');
      expect(paths(snappy.tree)).to.deep.equal(paths(plain.tree));
    });

    it('is refused wherever it is cut off, if there is no older one', async function () {
      this.timeout(60_000);
      // Behind the znodes and their seal a release before 3.6 ended; then come digest and its seal.
      const sealed = golden.snapshot.byteLength - 20 - 13;
      for (let length = 0; length < golden.snapshot.byteLength; length += 7) {
        if (length === sealed) continue;
        put('snapshot.19', golden.snapshot.subarray(0, length));
        expect(await refusal(), `${length} bytes`).to.match(/snapshot\.19/);
      }
      put('snapshot.19', golden.snapshot.subarray(0, sealed));
      const { report } = await load();
      expect(report).to.include({ verifiedZxid: undefined, digests: 0 });
    });

    it('is refused with any bit flipped', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(golden.snapshot.byteLength - 1),
          fc.integer({ min: 0, max: 7 }),
          async (at, bit) => {
            const bytes = Buffer.from(golden.snapshot);
            bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
            put('snapshot.19', bytes);
            expect(await refusal()).to.match(/There is no intact snapshot/);
          },
        ),
        { numRuns: 300 },
      );
    });

    it('gives way to an older one when it is damaged, and the report says so', async () => {
      put('snapshot.0', await emptySnapshot());
      put('snapshot.19', golden.snapshot.subarray(0, 900));
      put('log.1', golden.log);
      const { tree, report } = await load();
      expect(report.snapshot?.zxid).to.equal(0n);
      expect(report.damagedSnapshots.join()).to.match(/snapshot\.19 is cut off/);
      expect(tree.get('/app')?.data?.toString()).to.equal('version 2');
    });

    it('as we write it is read as what it was written of, whatever that is', async () => {
      const znode = fc.record({
        parent: fc.nat(30),
        data: fc.option(fc.uint8Array({ maxLength: 50 }), { nil: null }),
        perms: fc.constantFrom(31, 1, 0),
        scheme: fc.constantFrom('world', 'digest', 'ip'),
        owner: fc.constantFrom(0n, 0n, 7n, -0x8000000000000000n, -0x00ffffffffffff00n),
        zxid: fc.bigInt({ min: 1n, max: (1n << 62n) - 1n }),
        time: fc.bigInt({ min: 0n, max: 1n << 45n }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(znode, { maxLength: 30 }), fc.integer(), async (znodes, timeOut) => {
          const tree = new Tree();
          const made = ['/'];
          for (const [at, { parent, data, perms, scheme, owner, zxid, time }] of znodes.entries()) {
            const above = made[parent % made.length] ?? '/';
            const path = `${above === '/' ? '' : above}/é${at}`;
            const acl = [{ perms, id: { scheme, id: scheme === 'world' ? 'anyone' : 'x' } }];
            const bytes = data === null ? null : Buffer.from(data);
            tree.create({ path, data: bytes, acl, owner, parentCVersion: -1 }, zxidOf(zxid), time);
            made.push(path);
          }
          const file = join(dir, 'version-2', 'snapshot.1a');
          writeSnapshot(file, {
            zxid: 0x1an,
            digest: tree.digest,
            znodes: () => tree.rows(300),
            sessions: () => [{ sessionId: 7n, timeOut }],
          });
          const read = await load();
          expect(dump(read.tree)).to.deep.equal(dump(tree));
          expect([...read.sessions]).to.deep.equal([[7n, timeOut]]);
          expect(read.report.verifiedZxid).to.equal(0x1an);
        }),
        { numRuns: 150 },
      );
    });

    it('as we write it holds what the one of Apache held', async () => {
      put('snapshot.19', golden.snapshot);
      const { tree, sessions } = await load();
      // Named as if it were later, so that it is preferred.
      const file = join(dir, 'version-2', 'snapshot.1a');
      writeSnapshot(file, {
        zxid: 0x1an,
        digest: tree.digest,
        znodes: () => tree.rows(1000),
        sessions: () => [...sessions].map(([sessionId, timeOut]) => ({ sessionId, timeOut })),
      });
      const again = await loadApacheState({ ...findApacheFiles(dir), logs: [] }, { force: false });
      expect(again.report.snapshot?.file).to.equal(file);
      expect(dump(again.tree)).to.deep.equal(dump(tree));
      expect(again.report.verifiedZxid).to.equal(0x1an);
      expect(again.sessions).to.deep.equal(sessions);
    });
  });

  describe('a log', () => {
    it('is replayed on a snapshot, and every digest in it fits', async () => {
      put('snapshot.0', await emptySnapshot());
      put('log.1', golden.log);
      const { tree, zxid, report } = await load();
      const all = await entries();
      expect(zxid).to.equal(all.at(-1)?.zxid);
      expect(report).to.include({ txns: all.length, verifiedZxid: zxid });
      expect(report.digests).to.be.greaterThan(20);
      expect(tree.digest).to.equal(recomputedDigest(tree));
      put('snapshot.19', golden.snapshot);
      expect(dump((await load()).tree)).to.deep.equal(dump(tree));
    });

    it('may end anywhere within a record: that record and what follows it is left out', async () => {
      put('snapshot.0', await emptySnapshot());
      const all = await entries();
      const last = all.at(-1);
      const before = all.at(-2);
      if (last === undefined || before === undefined) throw new Error('no entries');
      for (let length = last.from + 1; length < last.to; length += 3) {
        put('log.1', golden.log.subarray(0, length));
        const { zxid, report } = await load();
        expect(zxid, `${length} bytes`).to.equal(before.zxid);
        expect(report.remarks.join()).to.include(`at byte ${last.from}`);
      }
      put('log.1', golden.log.subarray(0, last.to));
      expect((await load()).zxid).to.equal(last.zxid);
    });

    it('with a record damaged in its middle is refused, with the offset', async () => {
      put('snapshot.0', await emptySnapshot());
      const damaged = (await entries())[10];
      if (damaged === undefined) throw new Error('no entry');
      const bytes = Buffer.from(golden.log);
      bytes[damaged.from + 40] = (bytes[damaged.from + 40] ?? 0) ^ 1;
      put('log.1', bytes);
      expect(await refusal()).to.match(new RegExp(`log\\.1 is damaged at byte ${damaged.from}: .*checksum`));
    });

    it('with a record missing is refused, unless it is forced', async () => {
      put('snapshot.0', await emptySnapshot());
      const missing = (await entries())[10];
      if (missing === undefined) throw new Error('no entry');
      put('log.1', Buffer.concat([golden.log.subarray(0, missing.from), golden.log.subarray(missing.to)]));
      expect(await refusal()).to.include(`Txns 0x${missing.zxid.toString(16)} to`);
      const { report } = await load(true);
      expect(report.remarks.join()).to.include('are missing');
      expect(report.remarks.join()).to.include('has the digest');
    });

    it('alone, without a snapshot, is refused', async () => {
      put('log.1', golden.log);
      expect(await refusal()).to.match(/There is no intact snapshot/);
    });

    it('changes nothing when it is replayed on a snapshot that knows its txns already', async () => {
      // What a fuzzy snapshot is: the state of the end under the zxid of the beginning.
      put('snapshot.19', golden.snapshot);
      const { tree } = await load();
      rmSync(join(dir, 'version-2', 'snapshot.19'));
      put('log.1', golden.log);
      for (const name of ['1', '5', '9', 'f', '14']) {
        put(`snapshot.${name}`, golden.snapshot);
        const fuzzy = await load();
        expect(dump(fuzzy.tree), `from ${name}`).to.deep.equal(dump(tree));
        rmSync(join(dir, 'version-2', `snapshot.${name}`));
      }
    });
  });

  it('in a directory without any of them is an error that says what to name', async () => {
    expect(() => findApacheFiles(dir)).to.throw(/holds no snapshot and no log .* Name the dataDir/);
    expect(() => findApacheFiles(join(dir, 'nowhere'))).to.throw(/is not a directory/);
    copyFileSync(new URL(import.meta.url).pathname, join(dir, 'version-2', 'snapshot.5'));
    expect(await refusal()).to.match(/is no snapshot of ZooKeeper/);
  });

  /** Of a server that never had a client. */
  async function emptySnapshot(): Promise<Uint8Array> {
    const tree = new Tree();
    const file = join(dir, 'empty');
    writeSnapshot(file, { zxid: 0n, digest: tree.digest, znodes: () => tree.rows(1000), sessions: () => [] });
    return readFile(file);
  }
});

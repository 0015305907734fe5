/** Everything that keeps a storage from opening, and what the operator is told. */
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_START } from '../../../src/engine/ports.js';
import { requireSafeSqlite, sqliteVersion } from '../../../src/storage/database.js';
import { networkFileSystem } from '../../../src/storage/directories.js';
import { openStorage, StorageError, type Storage, type StorageOptions } from '../../../src/storage/index.js';
import {
  inspectSchema,
  LOG_SCHEMA,
  migrate,
  createSchema,
  type Schema,
} from '../../../src/storage/schema.js';
import { runChild } from './process.js';
import { batchAfter, Directory, expectModel, optionsFor, Recorder } from './support.js';

/** @returns the error of a start that must fail */
async function refused(options: StorageOptions): Promise<StorageError> {
  let storage: Storage;
  try {
    storage = await openStorage(options);
  } catch (error) {
    expect(error).to.be.instanceOf(StorageError);
    if (error instanceof StorageError) return error;
    throw error;
  }
  await storage.close();
  throw new Error('The start was not refused.');
}

/** A store with a few records. */
async function fill(options: StorageOptions): Promise<void> {
  const storage = await openStorage(options);
  const recorder = new Recorder();
  storage.start(recorder);
  storage.append(batchAfter(LOG_START, 10));
  await recorder.untilDurable(10);
  await storage.close();
}

describe('opening a storage', () => {
  let directory: Directory;
  let options: StorageOptions;
  beforeEach(() => {
    directory = new Directory();
    options = optionsFor(directory.path, { forceSync: false });
  });
  afterEach(() => {
    directory[Symbol.dispose]();
  });

  describe('the directories', () => {
    it('are made if autocreate allows it', async () => {
      const dataDir = join(directory.path, 'a/b');
      await (await openStorage({ ...options, dataDir })).close();
      expect(existsSync(join(dataDir, 'tree-1.db'))).to.be.true;
      expect(existsSync(join(directory.path, 'log.db'))).to.be.true;
    });

    it('are not made otherwise', async () => {
      const dataDir = join(directory.path, 'a/b');
      const error = await refused({ ...options, dataDir, autocreate: false });
      expect(error).to.include({ kind: 'config', exitCode: 3 });
      expect(error.message).to.equal(
        `dataDir=${dataDir} does not exist, and making it is disabled. Make it, or correct the path.`,
      );
    });

    it('are not files', async () => {
      const file = join(directory.path, 'file');
      writeFileSync(file, '');
      expect((await refused({ ...options, dataLogDir: file })).message).to.match(
        /^dataLogDir=.* is not a directory/,
      );
      expect((await refused({ ...options, dataDir: join(file, 'below') })).message).to.match(
        /is not a directory/,
      );
    });

    it('can be written', async function () {
      if (process.getuid?.() === 0) this.skip();
      chmodSync(directory.path, 0o500);
      const error = await refused(options);
      chmodSync(directory.path, 0o700);
      expect(error).to.include({ kind: 'config', exitCode: 3 });
      expect(error.message).to.include('cannot be written');
    });

    it('are on local file systems', () => {
      if (process.platform !== 'linux') return;
      expect(networkFileSystem(0x6969)).to.equal('NFS');
      expect(networkFileSystem(0xfe534d42)).to.equal('SMB');
      // A signed 32-bit value, as some systems return it.
      expect(networkFileSystem(0xff534d42 | 0)).to.equal('CIFS');
      expect(networkFileSystem(0xef53), 'ext4').to.be.undefined;
    });
  });

  describe('the lock', () => {
    for (const shared of ['dataDir', 'dataLogDir'] as const) {
      it(`keeps a second storage of this process out of ${shared}`, async () => {
        const dirs = { dataDir: join(directory.path, 'tree'), dataLogDir: join(directory.path, 'log') };
        const first = await openStorage({ ...options, ...dirs });
        const other = join(directory.path, 'other');
        const error = await refused({
          ...options,
          dataDir: other,
          dataLogDir: other,
          [shared]: dirs[shared],
        });
        expect(error).to.include({ kind: 'locked', exitCode: 3 });
        expect(error.message).to.include(dirs[shared]).and.to.include(`pid ${process.pid}`);
        await first.close();
        await (await openStorage({ ...options, ...dirs })).close();
      });
    }

    it('holds against another process, and is gone when that is killed', async () => {
      const storage = await openStorage(options);
      const outcome = await runChild(options, [{ do: 'close' }]);
      expect(outcome.errors).to.include(`is in use by another server (pid ${process.pid})`);
      await storage.close();
      expect((await runChild(options, [{ do: 'kill' }])).signal).to.equal('SIGKILL');
      await (await openStorage(options)).close();
    });

    it('is given back when the start fails', async () => {
      await fill(options);
      await refused({ ...options, serverId: 2 });
      await (await openStorage(options)).close();
    });
  });

  describe('the schema', () => {
    it('of a later release is refused', async () => {
      await fill(options);
      for (const file of ['log.db', 'tree-1.db']) {
        const db = new Database(join(directory.path, file));
        db.pragma('user_version = 7');
        db.close();
        const error = await refused({ ...options, acceptDataLoss: true });
        expect(error).to.include({ kind: 'newer', exitCode: 3 });
        expect(error.message).to.include(file).and.to.include('written by a later release (schema 7');
        const again = new Database(join(directory.path, file));
        again.pragma('user_version = 1');
        again.close();
      }
      await (await openStorage(options)).close();
    });

    it('of another program is refused', async () => {
      const db = new Database(join(directory.path, 'log.db'));
      db.exec('CREATE TABLE t (a)');
      db.close();
      const error = await refused({ ...options, acceptDataLoss: true });
      expect(error.kind).to.equal('config');
      expect(error.message).to.include('not a log database of this program');
    });

    it('may have more than the program needs', async () => {
      await fill(options);
      const db = new Database(join(directory.path, 'tree-1.db'));
      db.exec('CREATE INDEX mine ON znodes (ephemeralOwner)');
      db.close();
      await (await openStorage(options)).close();
    });

    it('goes forward one transaction per step', () => {
      const db = new Database(':memory:');
      createSchema(db, LOG_SCHEMA, () => undefined);
      const next: Schema = {
        ...LOG_SCHEMA,
        migrations: [
          ...LOG_SCHEMA.migrations,
          (at): void => void at.exec('ALTER TABLE log ADD COLUMN format INTEGER'),
          (): void => {
            throw new Error('power failure');
          },
        ],
      };
      expect(inspectSchema(db, next, 'log.db')).to.equal('old');
      expect(() => migrate(db, next)).to.throw('power failure');
      expect(db.pragma('user_version', { simple: true })).to.equal(2);
      migrate(db, { ...next, migrations: next.migrations.slice(0, 2) });
      expect(inspectSchema(db, { ...next, migrations: next.migrations.slice(0, 2) }, 'log.db')).to.equal(
        'current',
      );
      db.close();
    });
  });

  describe('the files', () => {
    it('of another server are refused', async () => {
      await fill(options);
      const error = await refused({ ...options, serverId: 2 });
      expect(error).to.include({ kind: 'config', exitCode: 3 });
      expect(error.message).to.match(/log\.db belongs to server 1, and this is server 2\. Correct myid/);
    });

    it('of two servers do not mix', async () => {
      using other = new Directory();
      const ours = {
        ...options,
        dataDir: join(directory.path, 'tree'),
        dataLogDir: join(directory.path, 'log'),
      };
      await fill(ours);
      await fill({ ...options, dataDir: other.path, dataLogDir: other.path });
      cpSync(join(other.path, 'tree-1.db'), join(ours.dataDir, 'tree-1.db'));
      expect((await refused(ours)).message).to.match(/log\.db and .*tree-1\.db were not written together/);
      cpSync(join(other.path, 'mark'), join(ours.dataLogDir, 'mark'));
      expect((await refused(ours)).message).to.match(/log\.db and .*mark were not written together/);
    });

    it('are complete after a first start that was interrupted', async () => {
      await (await openStorage(options)).close();
      rmSync(join(directory.path, 'mark'));
      rmSync(join(directory.path, 'tree-1.db'));
      const storage = await openStorage(options);
      expect(storage.tail).to.deep.equal(LOG_START);
      await storage.close();
      expect(readdirSync(directory.path)).to.include.members(['log.db', 'mark', 'tree-1.db']);
    });

    it('are refused without the mark', async () => {
      await fill(options);
      rmSync(join(directory.path, 'mark'));
      const error = await refused(options);
      expect(error).to.include({ kind: 'corrupt', exitCode: 3 });
      expect(error.message).to.include('mark is missing').and.to.include('zabkeeper.acceptDataLoss=true');
    });

    it('are refused without the log', async () => {
      await fill(options);
      rmSync(join(directory.path, 'log.db'));
      expect((await refused(options)).message).to.include(
        'log.db is missing, but the files that belong to it',
      );
    });

    it('do without the tree while the log is complete', async () => {
      await fill(options);
      rmSync(join(directory.path, 'tree-1.db'));
      const told: string[] = [];
      const storage = await openStorage({ ...options, onProgress: (message) => told.push(message) });
      expect(told.join()).to.include('tree-1.db is missing: the tree is rebuilt from the log');
      await expectModel(storage);
      await storage.close();
    });
  });

  it('needs a SQLite without the WAL-reset race', () => {
    expect(() => requireSafeSqlite('3.51.2')).to.throw(StorageError, '3.51.3 or later');
    expect(() => requireSafeSqlite('3.50.9')).to.throw(StorageError);
    for (const version of ['3.51.3', '3.52.0', '4.0.0', sqliteVersion()]) requireSafeSqlite(version);
  });

  it('reports the size of its files and the space around them', async () => {
    mkdirSync(join(directory.path, 'unrelated'));
    const storage = await openStorage(options);
    const sizes = await storage.sizes();
    expect(sizes.dataDir).to.be.within(4096, 1 << 20);
    expect(sizes.dataLogDir).to.be.within(4096, 1 << 20);
    const space = await storage.free();
    expect(space.dataDir).to.be.greaterThan(0).and.lessThan(space.dataDirTotal);
    expect(space.dataLogDir).to.be.greaterThan(0).and.lessThan(space.dataLogDirTotal);
    await storage.close();
  });
});

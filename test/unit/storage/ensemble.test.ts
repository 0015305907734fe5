/** Damage on one server of several: it comes up, says what it lost, and waits for a leader. */
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { cpSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_START } from '../../../src/engine/ports.js';
import { openStorage, StorageError, type Storage, type StorageOptions } from '../../../src/storage/index.js';
import { runChild } from './process.js';
import {
  batchAfter,
  Directory,
  expectModel,
  markOfIndex,
  Model,
  optionsFor,
  Recorder,
  rejection,
  restore,
  snapshotOf,
  stageAll,
} from './support.js';

const PURGED = { logRetentionRecords: 100, logRetentionBytes: 0 };

describe('storage in an ensemble', () => {
  let original: Directory;
  let directory: Directory;
  let options: StorageOptions;
  let told: string[];

  before(async () => {
    original = new Directory();
    const settings = optionsFor(original.path, PURGED);
    await runChild(settings, [
      { do: 'raiseEpochs' },
      { do: 'append', batches: 4, records: 1000 },
      { do: 'await' },
      { do: 'flush' },
      { do: 'awaitTree' },
      { do: 'close' },
    ]);
    const outcome = await runChild(settings, [
      { do: 'append', batches: 1, records: 50 },
      { do: 'await' },
      { do: 'raiseEpochs' },
      { do: 'sleep', ms: 100 },
      { do: 'close' },
    ]);
    expect(outcome.errors).to.equal('');
  });
  after(() => {
    original[Symbol.dispose]();
  });
  beforeEach(() => {
    directory = new Directory();
    cpSync(original.path, directory.path, { recursive: true });
    told = [];
    options = optionsFor(directory.path, {
      ...PURGED,
      inEnsemble: true,
      forceSync: false,
      onProgress: (message) => told.push(message),
    });
  });
  afterEach(() => {
    directory[Symbol.dispose]();
  });

  const path = (name: string): string => join(directory.path, name);

  function change(file: string, sql: string): void {
    const db = new Database(path(file));
    db.exec(sql);
    db.close();
  }

  async function sound(): Promise<Storage> {
    const storage = await openStorage(options);
    expect(storage.suspect).to.be.false;
    expect(storage.needsSnapshot).to.be.false;
    return storage;
  }

  /** Brings a server to where another one is, and looks at it after a restart. */
  async function synchronise(storage: Storage): Promise<void> {
    using other = new Directory();
    const recorder = new Recorder();
    const leader = await openStorage(optionsFor(other.path, { serverId: 2 }));
    leader.start(recorder);
    leader.append(batchAfter(LOG_START, 5000));
    await leader.fence();
    leader.flush(new Model().flushTo(markOfIndex(4500)));
    // A tree that is written: its snapshot has a base.
    await leader.close();
    const again = await openStorage(optionsFor(other.path, { serverId: 2 }));
    const { base, parts } = await snapshotOf(again);
    await again.close();

    storage.start(recorder);
    expect(await stageAll(storage, base, parts)).to.be.true;
    const { acceptedEpoch } = storage.epochs;
    await storage.synchronise({
      install: base,
      batches: [batchAfter(base, 100)],
      epochs: { acceptedEpoch, currentEpoch: acceptedEpoch },
    });
    expect(storage.suspect).to.be.false;
    expect(storage.needsSnapshot).to.be.false;
    await storage.close();
    const restarted = await sound();
    expect(restarted.tail.index).to.equal(4600);
    await expectModel(restarted);
    await restarted.close();
    expect(readdirSync(directory.path).filter((name) => /^tree-\d+\.db$/.test(name))).to.have.length(1);
  }

  it('starts as ever when nothing is damaged', async () => {
    const storage = await sound();
    expect(storage.logStart.index).to.equal(3000);
    expect(storage.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 1 });
    await expectModel(storage);
    await storage.close();
    expect(told.filter((text) => !text.startsWith('forceSync'))).to.be.empty;
  });

  it('goes on with the records before a lost one, and is suspect', async () => {
    change('log.db', 'DELETE FROM log WHERE idx = 4030');
    const storage = await openStorage(options);
    expect(storage.suspect).to.be.true;
    expect(storage.needsSnapshot).to.be.false;
    expect(storage.tail.index).to.equal(4029);
    expect(storage.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 0 });
    await expectModel(storage);
    expect(told.join()).to.include(
      'This server has lost records that it had acknowledged. It goes on with the rest. This server takes no part in votes until a leader has brought it up to date.',
    );
    await storage.close();
    const again = await openStorage(options);
    expect(again.suspect, 'until it was synchronised').to.be.true;
    await synchronise(again);
  });

  for (const [what, damage] of [
    ['is no database', (): void => writeFileSync(path('log.db'), 'nothing')],
    ['is missing', (): void => rmSync(path('log.db'))],
  ] as const) {
    it(`continues from the tree when the log ${what}`, async () => {
      damage();
      const storage = await openStorage(options);
      expect(storage.suspect).to.be.true;
      expect(storage.tail).to.deep.equal(markOfIndex(4000));
      expect(storage.epochs, 'from the mark').to.deep.equal({ acceptedEpoch: 2, currentEpoch: 0 });
      await expectModel(storage);
      await synchronise(storage);
    });
  }

  it('is empty when neither log nor tree are left, and remembers its promise', async () => {
    writeFileSync(path('log.db'), 'nothing');
    truncateSync(path('tree-1.db'), 100);
    const storage = await openStorage(options);
    expect(storage.suspect).to.be.true;
    expect(storage.tail).to.deep.equal(LOG_START);
    expect(storage.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 0 });
    expect((await restore(storage)).znodes).to.be.empty;
    expect(told.join()).to.include('Nothing of it is left to continue from, so it is empty now.');
    const names = readdirSync(directory.path).join();
    expect(names)
      .to.match(/damaged-[^,]*-log\.db/)
      .and.to.match(/damaged-[^,]*-tree-1\.db/);
    await synchronise(storage);
  });

  it('refuses when every copy of its promise is lost', async () => {
    writeFileSync(path('log.db'), 'nothing');
    rmSync(path('mark'));
    const error = await rejection(openStorage(options));
    expect(error).to.include({ kind: 'corrupt' });
    expect(error.message).to.include('What this server promised to leaders is lost');
    expect(existsSync(path('log.db'))).to.be.true;
  });

  it('takes the log as it is when the mark is missing', async () => {
    rmSync(path('mark'));
    const storage = await openStorage(options);
    expect(storage.suspect).to.be.true;
    expect(storage.tail).to.deep.equal(markOfIndex(4050));
    expect(told.join()).to.include('mark is missing or damaged');
    await synchronise(storage);
  });

  for (const [what, damage] of [
    ['is missing', (): void => rmSync(path('tree-1.db'))],
    ['is no database', (): void => writeFileSync(path('tree-1.db'), 'nothing')],
  ] as const) {
    it(`keeps log and promises, and needs a snapshot, when the tree ${what}`, async () => {
      damage();
      for (let start = 0; start < 2; start++) {
        const storage = await openStorage(options);
        expect(storage.suspect).to.be.true;
        expect(storage.needsSnapshot).to.be.true;
        expect(storage.tail).to.deep.equal(markOfIndex(4050));
        expect(storage.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 1 });
        const { znodes, records } = await restore(storage);
        expect(znodes).to.be.empty;
        expect(records).to.be.empty;
        expect(told.join()).to.include('no state, and no vote, until a leader sends a snapshot');
        if (start === 0) await storage.close();
        else await synchronise(storage);
      }
    });
  }

  it('needs a snapshot when a row of the tree turns out to be damaged', async () => {
    change('tree-1.db', `UPDATE znodes SET version = version + 1 WHERE path = '/n7'`);
    const storage = await openStorage(options);
    expect(storage.needsSnapshot, 'not known yet').to.be.false;
    let resets = 0;
    await storage.loadTree({ znodes: () => undefined, session: () => undefined, reset: () => resets++ });
    expect(resets).to.equal(1);
    expect(storage.needsSnapshot).to.be.true;
    expect(storage.suspect).to.be.true;
    await storage.replay(() => expect.fail('There is no state to replay to.'));
    storage.start(new Recorder());
    expect(await storage.openSnapshot()).to.be.undefined;
    // The log works as ever.
    storage.append(batchAfter(storage.tail, 3));
    expect(await storage.fence()).to.deep.equal(markOfIndex(4053));
    expect(await storage.read(4000, 1 << 20)).to.deep.include({ count: 53 });
    await storage.close();
    const again = await openStorage(options);
    expect(again.needsSnapshot).to.be.true;
    await synchronise(again);
  });

  it('is refused without other servers', async () => {
    rmSync(path('tree-1.db'));
    const error = await rejection(openStorage({ ...options, inEnsemble: false }));
    expect(error).to.be.instanceOf(StorageError).and.to.include({ kind: 'corrupt' });
  });
});

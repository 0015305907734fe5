/** What reading for learners and staging must not do to the log, the tree and the disk. */
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_START } from '../../../src/engine/ports.js';
import { openDisk } from '../../../src/storage/open.js';
import type { DiskStorage } from '../../../src/storage/disk.js';
import { makeZxid } from '../../../src/types/index.js';
import {
  batchAfter,
  Directory,
  expectModel,
  markOfIndex,
  Model,
  optionsFor,
  Recorder,
  rejection,
  snapshotOf,
  stageAll,
} from './support.js';

const PURGED = { logRetentionRecords: 100, logRetentionBytes: 0 };

describe('the transfer worker', () => {
  let directory: Directory;
  let storage: DiskStorage;
  let recorder: Recorder;
  beforeEach(() => {
    directory = new Directory();
  });
  afterEach(async () => {
    await storage.close();
    directory[Symbol.dispose]();
  });

  async function start(changes = {}): Promise<void> {
    storage = await openDisk(optionsFor(directory.path, changes));
    recorder = new Recorder();
    storage.start(recorder);
  }

  async function append(records: number): Promise<void> {
    storage.append(batchAfter(storage.tail, records));
    await storage.fence();
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(10);
  }

  it('keeps the log behind an open snapshot, and lets it go afterwards', async () => {
    await start(PURGED);
    await append(1500);
    const model = new Model();
    storage.flush(model.flushTo(markOfIndex(1500)));
    await storage.close();
    await start(PURGED);
    const reader = (await storage.openSnapshot())!;
    expect(reader.base).to.deep.equal(markOfIndex(1500));
    await append(3000);
    storage.flush(model.flushTo(markOfIndex(4500)));
    await append(1);
    await until(() => storage.flushBacklogBytes === 0);
    await sleep(200);
    expect(storage.logStart.index).to.be.at.most(1500);
    expect(await storage.read(1500, 100)).to.deep.include({ last: markOfIndex(1502) });

    reader.close();
    await until(() => storage.logStart.index === 4000);
    expect(storage.logStart).to.deep.equal(markOfIndex(4000));
    expect(await storage.read(1500, 100)).to.be.undefined;
    expect(await storage.read(3999, 100)).to.be.undefined;
    expect(await storage.read(4000, 100)).to.deep.include({ last: markOfIndex(4002) });
    expect(await storage.find(makeZxid(1, 3999))).to.be.undefined;
    expect(await storage.find(makeZxid(1, 4000))).to.deep.equal(markOfIndex(4000));
    const refused = await rejection(storage.synchronise({ truncate: markOfIndex(3999), batches: [] }));
    expect(refused.message).to.include('it begins after record 4000');
  });

  it('breaks a snapshot off when the WAL of the tree grows too long', async () => {
    await start();
    await append(3000);
    const model = new Model(40_000);
    storage.flush(model.flushTo(markOfIndex(1000)));
    await until(() => storage.flushBacklogBytes === 0);
    storage.limitSnapshotWal(3 << 20);
    const reader = (await storage.openSnapshot())!;
    expect(await reader.next()).not.to.be.undefined;
    for (let at = 1500; at <= 3000; at += 500) {
      storage.flush(model.flushTo(markOfIndex(at)));
      await until(() => storage.flushBacklogBytes === 0);
    }
    expect(await reader.next()).to.be.undefined;
    reader.close();
  });

  it('says so when the records it reads are damaged', async () => {
    await start();
    await append(50);
    const db = new Database(join(directory.path, 'log.db'));
    db.exec('UPDATE log SET type = 6 WHERE idx = 30');
    db.close();
    expect(await storage.read(0, 1 << 20)).to.deep.include({ count: 29 });
    expect(await rejection(storage.read(29, 1 << 20))).to.include({ kind: 'corrupt' });
    expect(recorder.errors).to.be.empty;
  });

  it('breaks a snapshot off when the tree is damaged', async () => {
    await start();
    await append(50);
    storage.flush(new Model().flushTo(markOfIndex(50)));
    await until(() => storage.flushBacklogBytes === 0);
    const db = new Database(join(directory.path, 'tree-1.db'));
    db.exec(`DELETE FROM znodes WHERE path = '/n7'`);
    db.close();
    const reader = (await storage.openSnapshot())!;
    expect(await reader.next()).to.be.undefined;
  });

  it('reads before start, too', async () => {
    await start();
    await append(50);
    await storage.close();
    storage = await openDisk(optionsFor(directory.path));
    expect(await storage.read(48, 1 << 20)).to.deep.include({ count: 2, last: markOfIndex(50) });
    expect(await storage.find(makeZxid(1, 7))).to.deep.equal(markOfIndex(7));
    const { base } = await snapshotOf(storage);
    expect(base).to.deep.equal(LOG_START);
  });

  it('leaves log, tree and stage as they are when the disk is full at the switch', async () => {
    await start();
    await append(300);
    storage.flush(new Model().flushTo(markOfIndex(200)));
    await until(() => storage.flushBacklogBytes === 0);
    const { base, parts } = await snapshotOf(storage);
    expect(await stageAll(storage, base, parts)).to.be.true;
    await storage.fence();
    storage.limitLogPages(20);
    const full = storage.synchronise({
      install: base,
      batches: [batchAfter(base, 5000)],
      epochs: { acceptedEpoch: 1, currentEpoch: 1 },
    });
    expect(await rejection(full)).to.include({ kind: 'full' });
    expect(recorder.errors.map(({ kind }) => kind)).to.deep.equal(['full']);
    expect(await rejection(storage.fence())).to.include({ kind: 'full' });
    storage.limitLogPages(0);
    expect(await storage.reopen()).to.deep.equal(markOfIndex(300));
    await append(1);
    expect(existsSync(join(directory.path, 'stage.db'))).to.be.true;
    await storage.synchronise({ install: base, batches: [batchAfter(base, 5)] });
    expect(storage.tail).to.deep.equal(markOfIndex(205));
    await storage.close();
    storage = await openDisk(optionsFor(directory.path));
    await expectModel(storage);
  });
});

/** Records that the main thread writes itself: between those of the log's thread, without getting into its way. */
import { expect } from 'chai';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_START, type LogMark } from '../../../src/engine/ports.js';
import { openStorage, type StorageOptions } from '../../../src/storage/index.js';
import type { DiskStorage } from '../../../src/storage/disk.js';
import type { ToLogWorker } from '../../../src/storage/messages.js';
import { QuickLog } from '../../../src/storage/quickLog.js';
import { openDisk } from '../../../src/storage/open.js';
import { batchAfter, Directory, expectModel, optionsFor, Recorder, rejection } from './support.js';
import { lastIndex, runChild } from './process.js';

interface Started {
  readonly storage: DiskStorage;
  readonly recorder: Recorder;
  /** Behind one record that the log's thread wrote. */
  readonly first: LogMark;
}

async function started(directory: string, changes: Partial<StorageOptions> = {}): Promise<Started> {
  const storage = await openDisk(optionsFor(directory, changes));
  const recorder = new Recorder();
  storage.start(recorder);
  storage.limitQuickCommits(Infinity);
  expect(storage.isQuick, 'before the log thread has written').to.be.false;
  const { last } = batchAfter(LOG_START, 1);
  storage.append(batchAfter(LOG_START, 1));
  await recorder.untilDurable(1);
  return { storage, recorder, first: last };
}

/** Appends `count` groups behind `last`, each at once. */
function appendGroups(storage: DiskStorage, last: LogMark, count: number): LogMark {
  let tail = last;
  for (let i = 0; i < count; i++) {
    const batches = [batchAfter(tail, 2), batchAfter(batchAfter(tail, 2).last, 1)];
    const mark = storage.appendNow(batches);
    expect(mark, `group ${i}`).to.deep.equal(batches[1]!.last);
    tail = batches[1]!.last;
  }
  return tail;
}

describe('appendNow', () => {
  it('has the records on disk when it returns, and tells nobody', async () => {
    using directory = new Directory();
    const { storage, recorder, first } = await started(directory.path);
    const tail = appendGroups(storage, first, 3);
    expect(storage.tail).to.deep.equal(tail);
    const other = new Database(join(directory.path, 'log.db'), { readonly: true });
    expect(other.prepare('SELECT max(idx) FROM log').pluck().get()).to.equal(10);
    other.close();
    expect(recorder.durableIndex).to.equal(1);
    await storage.close();
  });

  it('writes nothing while records, epochs or questions are on their way to the log', async () => {
    using directory = new Directory();
    const { storage, recorder, first } = await started(directory.path);
    const second = batchAfter(first, 1);
    storage.append(second);
    expect(storage.isQuick).to.be.false;
    expect(storage.appendNow([batchAfter(second.last, 1)])).to.be.undefined;
    await recorder.untilDurable(2);
    expect(storage.isQuick).to.be.true;

    storage.saveEpochs({ acceptedEpoch: 1, currentEpoch: 0 });
    storage.saveEpochs({ acceptedEpoch: 2, currentEpoch: 1 });
    expect(storage.isQuick).to.be.false;
    await recorder.until(() => recorder.epochs.some(({ acceptedEpoch }) => acceptedEpoch === 2));
    expect(storage.isQuick).to.be.true;

    const fence = storage.fence();
    expect(storage.isQuick).to.be.false;
    expect(await fence).to.deep.equal(second.last);
    expect(storage.isQuick).to.be.true;
    await storage.close();
  });

  it('takes turns with the log thread, which hears of every record before its next one', async () => {
    using directory = new Directory();
    const { storage, recorder, first } = await started(directory.path);
    let tail = first;
    for (let round = 0; round < 20; round++) {
      tail = appendGroups(storage, tail, 1 + (round % 3));
      const batch = batchAfter(tail, 5);
      tail = batch.last;
      storage.append(batch);
      await recorder.untilDurable(tail.index);
    }
    tail = appendGroups(storage, tail, 2);
    expect(await storage.fence()).to.deep.equal(tail);
    await storage.synchronise({ truncate: batchAfter(LOG_START, 10).last, batches: [] });
    tail = appendGroups(storage, storage.tail, 4);
    await storage.close();
    const again = await openStorage(optionsFor(directory.path));
    expect(again.tail).to.deep.equal(tail);
    await expectModel(again);
    await again.close();
  });

  it('loses nothing while the log thread makes room in the WAL and forgets old records', async () => {
    using directory = new Directory();
    const retention = { logRetentionRecords: 100, logRetentionBytes: 0 };
    const { storage, recorder, first } = await started(directory.path, retention);
    let tail = first;
    let here = 0;
    // More than the 4 MiB that are ready in the beginning.
    for (let i = 0; i < 700; i++) {
      const batch = batchAfter(tail, 30);
      tail = batch.last;
      if (storage.appendNow([batch]) === undefined) {
        storage.append(batch);
        await recorder.untilDurable(tail.index);
      } else here++;
      if (i % 50 === 0) await sleep(1);
    }
    expect(here).to.be.greaterThan(100);
    await storage.close();
    const again = await openStorage(optionsFor(directory.path, retention));
    expect(again.tail).to.deep.equal(tail);
    await expectModelFromLog(again);
    await again.close();
  });

  it('leaves the group to the log thread while somebody else writes, and when the disk is full', async () => {
    using directory = new Directory();
    const { storage, recorder, first } = await started(directory.path);
    const tail = appendGroups(storage, first, 1);
    const other = new Database(join(directory.path, 'log.db'));
    other.exec('BEGIN IMMEDIATE');
    expect(storage.appendNow([batchAfter(tail, 1)])).to.be.undefined;
    other.exec('ROLLBACK');
    other.close();
    expect(storage.isQuick, 'nothing happened').to.be.true;

    storage.limitLogPages(4);
    const large = batchAfter(tail, 200);
    expect(storage.appendNow([large])).to.be.undefined;
    storage.append(large);
    await recorder.until(() => recorder.errors.length > 0);
    expect(recorder.errors[0]).to.include({ kind: 'full' });
    expect(storage.isQuick).to.be.false;
    expect(storage.appendNow([batchAfter(tail, 1)])).to.be.undefined;
    storage.limitLogPages(0);
    expect(await storage.reopen()).to.deep.equal(tail);
    const last = appendGroups(storage, tail, 2);
    await storage.close();
    const again = await openStorage(optionsFor(directory.path));
    expect(again.tail).to.deep.equal(last);
    await expectModel(again);
    await again.close();
  });

  it('goes on after a synchronisation that was refused, with the epochs that went with it', async () => {
    using directory = new Directory();
    const { storage, first } = await started(directory.path);
    const refused = storage.synchronise({ truncate: batchAfter(first, 5).last, batches: [] });
    storage.saveEpochs({ acceptedEpoch: 1, currentEpoch: 0 });
    await rejection(refused);
    appendGroups(storage, first, 1);
    await storage.close();
  });

  it('leaves large groups, and slow disks, to the log thread', async () => {
    using directory = new Directory();
    const { storage, recorder, first } = await started(directory.path);
    expect(storage.appendNow([batchAfter(first, 1, 40_000)])).to.be.undefined;
    storage.limitQuickCommits(0);
    expect(storage.isQuick).to.be.false;
    const batch = batchAfter(first, 1);
    expect(storage.appendNow([batch])).to.be.undefined;
    storage.append(batch);
    await recorder.untilDurable(2);
    await storage.close();
  });

  it('leaves everything to the log thread when the log cannot be opened twice', () => {
    const sent: ToLogWorker[] = [];
    const log = new QuickLog('/nonexistent/log.db', 'FULL', (message) => sent.push(message));
    log.took(0.1, 100);
    expect(log.isQuick).to.be.false;
    expect(log.commit(LOG_START, [batchAfter(LOG_START, 1)])).to.be.undefined;
    log.send({ kind: 'resume' });
    log.close();
    expect(sent).to.deep.equal([{ kind: 'resume' }]);
  });

  it('ends with the disk, which is not trusted afterwards', async () => {
    using directory = new Directory();
    const options = optionsFor(directory.path);
    const outcome = await runChild(
      options,
      [
        { do: 'append', batches: 1, records: 1 },
        { do: 'appendNow', batches: 4000, records: 30 },
        { do: 'close' },
      ],
      { fileBlocksMax: 10_240 },
    );
    const failures = outcome.reports.filter((at) => at.is === 'failed');
    expect(failures.map(({ kind }) => kind)).to.deep.equal(['io']);
    const durable = lastIndex(outcome, 'durable');
    expect(durable).to.be.greaterThan(0);
    const storage = await openStorage(options);
    expect(storage.suspect).to.be.true;
    expect(storage.tail.index).to.be.at.least(durable);
    await expectModel(storage);
    await storage.close();
  }).timeout(20_000);
});

/** The log was purged, and there never was a tree. */
async function expectModelFromLog(storage: Awaited<ReturnType<typeof openStorage>>): Promise<void> {
  const batch = await storage.read(storage.tail.index - 50, 1 << 20);
  expect(batch?.last).to.deep.equal(storage.tail);
}

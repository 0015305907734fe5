/** A full disk: the batch is undone as a whole, what was durable stays, and the storage goes on when there is room. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_START } from '../../../src/engine/ports.js';
import {
  openMemoryStorage,
  openStorage,
  StorageError,
  type Storage,
  type StorageOptions,
} from '../../../src/storage/index.js';
import { openDisk } from '../../../src/storage/open.js';
import { batchAfter, Directory, expectModel, Model, optionsFor, Recorder } from './support.js';

describe('a full disk', () => {
  it('undoes a batch and takes it again after reopen', async () => {
    using directory = new Directory();
    const options = optionsFor(directory.path);
    const storage = await openDisk(options);
    const recorder = new Recorder();
    storage.start(recorder);
    const first = batchAfter(LOG_START, 100);
    storage.append(first);
    await recorder.untilDurable(100);

    storage.limitLogPages(40);
    const large = batchAfter(first.last, 5000);
    storage.append(large);
    storage.saveEpochs({ acceptedEpoch: 1, currentEpoch: 1 });
    storage.append(batchAfter(large.last, 1));
    await recorder.until(() => recorder.errors.length > 0);
    expect(recorder.errors).to.have.length(1);
    expect(recorder.errors[0]).to.include({ kind: 'full', exitCode: 74 });
    expect(recorder.errors[0]!.message).to.include('log.db: no space left');
    expect(recorder.durableIndex).to.equal(100);
    expect(recorder.epochs, 'what came behind the batch is not written either').to.be.empty;
    storage.append(batchAfter(LOG_START, 7));
    await sleep(50);
    expect(recorder.durableIndex, 'nothing is taken before reopen').to.equal(100);

    storage.limitLogPages(0);
    expect(await storage.reopen()).to.deep.equal(first.last);
    storage.append(batchAfter(first.last, 5000));
    await recorder.untilDurable(5100);
    await storage.close();
    const again = await openStorage(options);
    await expectModel(again);
    await again.close();
  });

  it('can be closed while it is full', async () => {
    using directory = new Directory();
    const options = optionsFor(directory.path);
    const storage = await openDisk(options);
    const recorder = new Recorder();
    storage.start(recorder);
    storage.limitLogPages(4);
    storage.append(batchAfter(LOG_START, 5000));
    await recorder.until(() => recorder.errors.length > 0);
    await storage.close();
    const again = await openStorage(options);
    expect(again.tail).to.deep.equal(LOG_START);
    await again.close();
  });

  it('is the same in the twin in memory', async () => {
    const storage = openMemoryStorage();
    const recorder = new Recorder();
    storage.start(recorder);
    const first = batchAfter(LOG_START, 3);
    storage.append(first);
    await recorder.untilDurable(3);
    storage.fill();
    storage.append(batchAfter(first.last, 3));
    await recorder.until(() => recorder.errors.length > 0);
    expect(recorder.errors[0]).to.be.instanceOf(StorageError).and.to.include({ kind: 'full' });
    storage.append(batchAfter(LOG_START, 7));
    storage.makeRoom();
    expect(await storage.reopen()).to.deep.equal(first.last);
    storage.append(batchAfter(first.last, 2));
    await recorder.untilDurable(5);
    expect(recorder.errors).to.have.length(1);
    await storage.close();
  });

  it('of a real file system loses nothing', async function () {
    using directory = new Directory();
    if (!mounted(directory.path)) this.skip();
    try {
      const options = optionsFor(directory.path);
      const storage = await openStorage(options);
      const recorder = new Recorder();
      storage.start(recorder);
      const model = new Model();
      let last = LOG_START;
      while (recorder.errors.length === 0) {
        const batch = batchAfter(last, 500);
        last = batch.last;
        storage.append(batch);
        storage.flush(model.flushTo(recorder.marks.at(-1) ?? LOG_START));
        await recorder.until(() => recorder.errors.length > 0 || recorder.durableIndex === last.index);
      }
      expect(recorder.errors[0]).to.include({ kind: 'full' });
      const durable = storage.tail;
      expect(durable.index).to.equal(recorder.durableIndex).and.to.be.lessThan(last.index);
      expect((await storage.free()).dataLogDir).to.be.lessThan(1 << 20);
      await storage.close();

      await openUnlessFull(options, async (again) => {
        expect(again.tail).to.deep.equal(durable);
        await expectModel(again);
      });
    } finally {
      execFileSync('umount', ['-l', directory.path]);
    }
  });

  it('of a real file system can be waited for while the server runs', async function () {
    using directory = new Directory();
    if (!mounted(directory.path)) this.skip();
    try {
      const options = optionsFor(directory.path);
      const storage = await openStorage(options);
      const recorder = new Recorder();
      storage.start(recorder);
      let last = LOG_START;
      const appendUntilFull = async (): Promise<void> => {
        while (recorder.errors.length === 0) {
          const batch = batchAfter(last, 500);
          last = batch.last;
          storage.append(batch);
          await recorder.until(() => recorder.errors.length > 0 || recorder.durableIndex === last.index);
        }
      };
      const ballast = join(directory.path, 'ballast');
      fillUp(ballast);
      await appendUntilFull();
      expect(recorder.errors.pop()).to.include({ kind: 'full' });
      rmSync(ballast);
      last = await storage.reopen();
      expect(last.index).to.equal(recorder.durableIndex);
      const batch = batchAfter(last, 100);
      storage.append(batch);
      await recorder.untilDurable(batch.last.index);
      await storage.close();
      const again = await openStorage(options);
      expect(again.tail).to.deep.equal(batch.last);
      await expectModel(again);
      await again.close();
    } finally {
      execFileSync('umount', ['-l', directory.path]);
    }
  });
});

/** @returns false where only root could do it */
function mounted(directory: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** With nothing left at all SQLite cannot even read; then the start has to say so. */
async function openUnlessFull(
  options: StorageOptions,
  body: (storage: Storage) => Promise<void>,
): Promise<void> {
  let storage: Storage;
  try {
    storage = await openStorage(options);
  } catch (error) {
    expect(error).to.be.instanceOf(StorageError).and.to.include({ kind: 'full', exitCode: 74 });
    return;
  }
  await body(storage);
  await storage.close();
}

function fillUp(file: string): void {
  for (let size = 4 << 20; size > 4096; size >>= 1) {
    try {
      writeFileSync(file, Buffer.alloc(size, 1), { flag: 'a' });
    } catch {
      // As much as fits.
    }
  }
}

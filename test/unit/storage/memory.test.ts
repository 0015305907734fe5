/** The twin in memory: the same promises under any sequence of calls, and what only it can do. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LOG_START } from '../../../src/engine/ports.js';
import {
  MemoryDisk,
  openMemoryStorage,
  StorageError,
  type MemoryStorage,
} from '../../../src/storage/index.js';
import { batchAfter, expectModel, markOfIndex, Model, Recorder } from './support.js';

type Step =
  | { do: 'append'; records: number }
  | { do: 'flush' | 'turn' | 'crash' | 'close' | 'fill' | 'makeRoom' }
  | { do: 'epochs' };

describe('storage in memory', () => {
  it('gives back a prefix with all that was durable, after any sequence of calls', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ do: fc.constant('append' as const), records: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ do: fc.constantFrom('flush', 'turn', 'crash', 'close', 'fill', 'makeRoom', 'epochs') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const disk = new MemoryDisk();
        let storage: MemoryStorage = openMemoryStorage({ disk });
        let recorder = new Recorder();
        let model = new Model();
        let appended = LOG_START;
        let durable = 0;
        const epochs = { appended: 0, durable: 0 };
        const restart = async (): Promise<void> => {
          durable = Math.max(durable, recorder.durableIndex);
          epochs.durable = Math.max(epochs.durable, recorder.epochs.at(-1)?.acceptedEpoch ?? 0);
          storage = openMemoryStorage({ disk });
          expect(storage.tail.index).to.be.within(durable, appended.index);
          expect(storage.epochs.acceptedEpoch).to.be.within(epochs.durable, epochs.appended);
          await expectModel(storage);
          model = Model.at(storage.treeMark.index);
          appended = storage.tail;
          epochs.appended = storage.epochs.acceptedEpoch;
          recorder = new Recorder();
          storage.start(recorder);
        };
        storage.start(recorder);
        for (const at of steps) {
          if (recorder.errors.length > 0) {
            storage.makeRoom();
            expect(await storage.reopen()).to.deep.equal(storage.tail);
            appended = storage.tail;
            recorder.errors.pop();
          }
          switch (at.do) {
            case 'append': {
              const batch = batchAfter(appended, at.records);
              appended = batch.last;
              storage.append(batch);
              break;
            }
            case 'flush':
              storage.flush(model.flushTo(storage.tail));
              break;
            case 'epochs':
              epochs.appended += 1;
              storage.saveEpochs({ acceptedEpoch: epochs.appended, currentEpoch: 0 });
              break;
            case 'turn':
              await new Promise((resolve) => setImmediate(resolve));
              break;
            case 'crash':
              storage.crash();
              await restart();
              break;
            case 'close':
              await storage.close();
              await restart();
              break;
            case 'fill':
              storage.fill();
              break;
            case 'makeRoom':
              storage.makeRoom();
              break;
          }
        }
        await storage.close();
        await restart();
      }),
      { numRuns: 200 },
    );
  });

  it('forgets everything but its marks if it is told to keep nothing', async () => {
    const storage = openMemoryStorage({ keep: false });
    const recorder = new Recorder();
    storage.start(recorder);
    storage.append(batchAfter(LOG_START, 2000));
    await recorder.untilDurable(2000);
    storage.flush(new Model().flushTo(markOfIndex(2000)));
    await storage.close();
    expect(storage.disk.records).to.be.empty;
    expect(storage.disk.znodes).to.be.empty;
    expect(storage.tail.index).to.equal(2000);
    expect(storage.flushBacklogBytes).to.equal(0);
  });

  it('can fail for good', async () => {
    const storage = openMemoryStorage();
    const recorder = new Recorder();
    storage.start(recorder);
    storage.append(batchAfter(LOG_START, 1));
    storage.fail(new StorageError('io', 'The disk is gone.'));
    storage.append(batchAfter(markOfIndex(1), 1));
    await recorder.until(() => recorder.errors.length > 0);
    await storage.close();
    expect(recorder.errors[0]).to.include({ kind: 'io', exitCode: 74 });
    expect(recorder.marks).to.be.empty;
  });

  it('has endless space until it is full', async () => {
    const storage = openMemoryStorage();
    expect((await storage.free()).dataLogDir).to.be.greaterThan(1e15);
    storage.fill();
    expect((await storage.free()).dataLogDir).to.equal(0);
    expect(await storage.sizes()).to.deep.equal({ dataDir: 0, dataLogDir: 0 });
  });
});

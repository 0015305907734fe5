/** What the log forgets, and what it must not. */
import Database from 'better-sqlite3';
import { expect } from 'chai';
import fc from 'fast-check';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_START } from '../../../src/engine/ports.js';
import { MemoryDisk, openMemoryStorage, openStorage } from '../../../src/storage/index.js';
import { Retention } from '../../../src/storage/retention.js';
import { createSchema, LOG_SCHEMA } from '../../../src/storage/schema.js';
import {
  batchAfter,
  Directory,
  expectModel,
  flushAt,
  markOfIndex,
  Model,
  optionsFor,
  Recorder,
} from './support.js';

describe('log retention', () => {
  it('never deletes what must stay, and in the end deletes the rest', () => {
    const append = fc.record({
      kind: fc.constant('append' as const),
      records: fc.integer({ min: 1, max: 2500 }),
      bytes: fc.nat(20),
    });
    const tree = fc.record({ kind: fc.constant('tree' as const), behind: fc.nat(3000) });
    const purge = fc.constant({ kind: 'purge' as const });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(append, tree, purge), { maxLength: 12 }),
        fc.nat(4000),
        fc.nat(30_000),
        fc.nat(2000),
        (steps, keepRecords, keepBytes, already) => {
          const db = new Database(':memory:');
          createSchema(db, LOG_SCHEMA, () => undefined);
          const insert = db.prepare('INSERT INTO log VALUES (?, 1, 1, 1, 1, zeroblob(?))');
          const size: number[] = [0];
          const write = (records: number, bytes: number): number => {
            for (let i = 0; i < records; i++) {
              insert.run(size.length, bytes);
              size.push(bytes);
            }
            return records * bytes;
          };
          write(already, 5);
          const tail = (): number => size.length - 1;
          const retention = new Retention(db, 0, tail(), { records: keepRecords, bytes: keepBytes });
          let logStart = 0;
          const check = (): void => {
            expect(logStart).to.be.at.most(retention.treeIndex);
            const bytes = size.slice(logStart + 1).reduce((sum, at) => sum + at, 0);
            if (logStart > 0) {
              expect(tail() - logStart, 'records').to.be.at.least(keepRecords);
              expect(bytes, 'bytes').to.be.at.least(keepBytes);
            }
          };
          const deleteOne = (): boolean => {
            const end = retention.sliceEnd(tail());
            if (end === undefined) return false;
            expect(end).to.equal(logStart + Retention.sliceRecords);
            retention.deleteSlice(end);
            logStart = end;
            retention.committed(0, logStart);
            return true;
          };
          for (const step of steps) {
            if (step.kind === 'append') retention.committed(write(step.records, step.bytes), 0);
            else if (step.kind === 'tree')
              retention.treeIndex = Math.max(retention.treeIndex, tail() - step.behind);
            else deleteOne();
            check();
          }
          // With enough behind everything, all that is left is what has to be kept, to the slice.
          retention.treeIndex = tail();
          retention.committed(write(1, 0), 0);
          for (let idle = 0; idle < 10;) idle = deleteOne() ? 0 : idle + 1;
          check();
          const next = logStart + Retention.sliceRecords;
          const behindNext = size.slice(next + 1).reduce((sum, at) => sum + at, 0);
          const possible =
            next <= retention.treeIndex && tail() - next >= keepRecords && behindNext >= keepBytes;
          expect(possible, `a slice more than ${logStart}`).to.be.false;
          db.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('purges behind the checkpointed tree, and the rest is still a log', async () => {
    using directory = new Directory();
    const options = optionsFor(directory.path, { logRetentionRecords: 1500, logRetentionBytes: 0 });
    const first = await openStorage(options);
    const recorder = new Recorder();
    first.start(recorder);
    const model = new Model();
    const inTree = batchAfter(LOG_START, 6000);
    first.append(inTree);
    await recorder.untilDurable(6000);
    first.flush(model.flushTo(inTree.last));
    first.append(batchAfter(inTree.last, 10));
    await first.close();

    const second = await openStorage(options);
    expect(second.tail.index).to.equal(6010);
    await expectModel(second);
    second.start(new Recorder());
    const count = new Database(join(directory.path, 'log.db'), { readonly: true });
    const oldest = count.prepare<[], number>('SELECT min(idx) FROM log').pluck();
    while (oldest.get() === 1 || (oldest.get() ?? 0) < 4001) await sleep(5);
    count.close();
    await second.close();

    const third = await openStorage(options);
    expect(third.tail.index).to.equal(6010);
    await expectModel(third);
    await third.close();
    const db = new Database(join(directory.path, 'log.db'), { readonly: true });
    expect(db.prepare('SELECT min(idx), max(idx), count(*) FROM log').raw().get()).to.deep.equal([
      4001, 6010, 2010,
    ]);
    db.close();
  });

  it('is kept by the twin in memory', async () => {
    const disk = new MemoryDisk();
    const storage = openMemoryStorage({ disk, logRetentionRecords: 500 });
    const recorder = new Recorder();
    storage.start(recorder);
    storage.append(batchAfter(LOG_START, 3000));
    await recorder.untilDurable(3000);
    storage.flush(flushAt(markOfIndex(2000), []));
    await storage.close();
    expect(disk.logStart).to.deep.equal(markOfIndex(2000));
    expect(disk.records).to.have.length(1000);
    const again = openMemoryStorage({ disk });
    const indexes: number[] = [];
    await again.replay(({ index }) => void indexes.push(Number(index)));
    expect([indexes[0], indexes.length]).to.deep.equal([2001, 1000]);
  });
});

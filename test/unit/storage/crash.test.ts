/** SIGKILL at any moment: what was reported as durable is there, and nothing that was never appended. */
import { expect } from 'chai';
import fc from 'fast-check';
import { openStorage } from '../../../src/storage/index.js';
import type { Command } from './child.js';
import { lastIndex, runChild, type Outcome } from './process.js';
import { Directory, expectModel, optionsFor } from './support.js';

describe('storage after SIGKILL', () => {
  it('has all durable records, however often the process is killed', async () => {
    using directory = new Directory();
    const options = optionsFor(directory.path);
    const writing: Command[] = [];
    for (let i = 0; i < 500; i++) {
      writing.push({ do: 'append', batches: 5, records: 20 }, { do: 'flush' }, { do: 'sleep', ms: 2 });
      writing.push({ do: 'appendNow', batches: 5, records: 3 });
    }
    let before = 0;
    for (const killAfterMs of [0, 10, 40, 90, 200]) {
      const outcome = await runChild(options, writing, { killAfterMs });
      expect(outcome.signal, outcome.errors).to.equal('SIGKILL');
      const durable = Math.max(before, lastIndex(outcome, 'durable'));
      const appended = Math.max(before, lastIndex(outcome, 'appended'));
      const storage = await openStorage(options);
      expect(storage.tail.index).to.be.within(durable, appended);
      await expectModel(storage);
      before = storage.tail.index;
      await storage.close();
    }
    expect(before).to.be.greaterThan(0);
  });

  it('stops at an I/O error, and says after the restart that there was one', async () => {
    using directory = new Directory();
    const options = optionsFor(directory.path);
    const many: Command[] = Array.from({ length: 40 }, () => [
      { do: 'append' as const, batches: 1, records: 2000 },
      { do: 'await' as const },
    ]).flat();
    const outcome = await runChild(options, [...many, { do: 'close' }], { fileBlocksMax: 8192 });
    const failures = outcome.reports.filter((at) => at.is === 'failed');
    expect(failures.map(({ kind }) => kind)).to.deep.equal(['io']);
    expect(failures[0]!.message).to.include(
      'log.db could not be written: disk I/O error (SQLITE_IOERR_WRITE).',
    );
    const durable = lastIndex(outcome, 'durable');
    expect(durable).to.be.greaterThan(0);

    const told: string[] = [];
    const storage = await openStorage({ ...options, onProgress: (message) => told.push(message) });
    expect(storage.suspect).to.be.true;
    expect(told.join()).to.include('An earlier run ended in an I/O error');
    expect(storage.tail.index).to.be.at.least(durable);
    await expectModel(storage);
    await storage.close();
  });

  it('gives back a prefix with all that was durable, after any sequence of commands', async () => {
    const command: fc.Arbitrary<Command> = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('append' as const),
          batches: fc.integer({ min: 1, max: 4 }),
          records: fc.integer({ min: 1, max: 300 }),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('appendNow' as const),
          batches: fc.integer({ min: 1, max: 40 }),
          records: fc.integer({ min: 1, max: 30 }),
        }),
      },
      { weight: 2, arbitrary: fc.constant<Command>({ do: 'flush' }) },
      { weight: 2, arbitrary: fc.constant<Command>({ do: 'await' }) },
      { weight: 1, arbitrary: fc.constant<Command>({ do: 'awaitTree' }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.constant<Command>({ do: 'raiseEpochs' }) },
    );
    const life = fc.tuple(
      fc.array(command, { minLength: 1, maxLength: 12 }),
      fc.constantFrom<Command>({ do: 'kill' }, { do: 'kill' }, { do: 'close' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
        using directory = new Directory();
        const options = optionsFor(directory.path, {
          logRetentionRecords: 500,
          logRetentionBytes: 0,
          // The page cache survives a kill, and saves time.
          forceSync: false,
        });
        let tail = 0;
        let epoch = 0;
        for (const [commands, end] of lives) {
          const outcome = await runChild(options, [...commands, end]);
          expect(outcome.signal, outcome.errors).to.equal(end.do === 'kill' ? 'SIGKILL' : null);
          const closed = end.do === 'close';
          const appended = Math.max(tail, lastIndex(outcome, 'appended'));
          const durable = closed ? appended : Math.max(tail, lastIndex(outcome, 'durable'));
          const raised = epoch + commands.filter((at) => at.do === 'raiseEpochs').length;
          const kept = closed ? raised : Math.max(epoch, lastEpoch(outcome));
          const storage = await openStorage(options);
          expect(storage.tail.index).to.be.within(durable, appended);
          expect(storage.epochs.acceptedEpoch).to.be.within(kept, raised);
          expect(storage.epochs.currentEpoch).to.equal(Math.max(0, storage.epochs.acceptedEpoch - 1));
          await expectModel(storage);
          tail = storage.tail.index;
          epoch = storage.epochs.acceptedEpoch;
          await storage.close();
        }
      }),
      { numRuns: Number(process.env['STORAGE_RUNS'] ?? 5) },
    );
  }).timeout(60_000);
});

function lastEpoch({ reports }: Outcome): number {
  return Math.max(0, ...reports.map((at) => (at.is === 'epochs' ? at.epochs.acceptedEpoch : 0)));
}

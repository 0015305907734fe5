/** A crash while a log is cut or replaced leaves the old state whole or the new state whole (zab.md 7.6). */
import { expect } from 'chai';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_START, type LogMark } from '../../../src/engine/ports.js';
import { openStorage, type Storage, type StorageOptions } from '../../../src/storage/index.js';
import { openForReading } from '../../../src/storage/database.js';
import { LogWriter } from '../../../src/storage/logWriter.js';
import { readMark } from '../../../src/storage/mark.js';
import { Meta } from '../../../src/storage/meta.js';
import { Stage } from '../../../src/storage/stage.js';
import type { SynchroniseJob } from '../../../src/storage/synchronise.js';
import { runChild, type Outcome } from './process.js';
import {
  batchAfter,
  Directory,
  expectModel,
  markOfIndex,
  Model,
  optionsFor,
  Recorder,
  snapshotOf,
} from './support.js';

const OLD_EPOCHS = { acceptedEpoch: 1, currentEpoch: 1 };
const NEW_EPOCHS = { acceptedEpoch: 2, currentEpoch: 2 };

describe('a crash during a synchronisation', () => {
  let directory: Directory;
  let options: StorageOptions;
  beforeEach(async () => {
    directory = new Directory();
    options = optionsFor(directory.path);
    const storage = await fill(options, 300, 200);
    storage.saveEpochs(OLD_EPOCHS);
    await storage.close();
  });
  afterEach(() => {
    directory[Symbol.dispose]();
  });

  /** A started storage with so many records, some of them in the tree. */
  async function fill(of: StorageOptions, records: number, inTree: number, bytes = 40): Promise<Storage> {
    const storage = await openStorage(of);
    storage.start(new Recorder());
    storage.append(batchAfter(LOG_START, records, bytes));
    await storage.fence();
    storage.flush(new Model().flushTo(markOfIndex(inTree, bytes)));
    return storage;
  }

  /** Does it, and makes a copy of the directory before and after each step. */
  function copies(job: Partial<SynchroniseJob>): Map<string, Directory> {
    const made = new Map<string, Directory>();
    const copy = (step: string): void => {
      const place = new Directory();
      cpSync(directory.path, place.path, { recursive: true });
      // Memory that the dead process shared.
      for (const name of readdirSync(place.path)) {
        if (name.endsWith('-shm')) rmSync(join(place.path, name));
      }
      made.set(step, place);
    };
    const writer = new LogWriter({
      dataDir: directory.path,
      logFile: join(directory.path, 'log.db'),
      markFile: join(directory.path, 'mark'),
      synchronous: 'FULL',
      retentionRecords: 100_000,
      retentionBytes: 64 << 20,
      tail: markOfIndex(300),
    });
    const whole: SynchroniseJob = {
      truncate: undefined,
      install: undefined,
      flushed: 200,
      staged: true,
      batches: [],
      records: 0,
      epochs: NEW_EPOCHS,
      secret: undefined,
      ...job,
    };
    expect(writer.refusal(whole)).to.be.undefined;
    copy('before');
    writer.synchronise(whole, 0, copy);
    writer.close();
    return made;
  }

  /** Stages the snapshot of another server. */
  async function stage(base: LogMark, bytes: number, inTree: number): Promise<void> {
    using other = new Directory();
    const otherOptions = optionsFor(other.path, { serverId: 2 });
    await (await fill(otherOptions, inTree, inTree, bytes)).close();
    const source = await openStorage(otherOptions);
    const snapshot = await snapshotOf(source);
    await source.close();
    expect(snapshot.base).to.deep.equal(base);
    const db = openForReading(join(directory.path, 'log.db'));
    const dataId = Meta.read(db, 'log.db').text('dataId');
    db.close();
    const staged = new Stage(directory.path, base, { serverId: 1, dataId });
    for (const { bytes: piece, last } of snapshot.parts) expect(staged.write(piece, last)).to.be.undefined;
    staged.finish();
  }

  async function look(place: Directory, expected: (storage: Storage) => void): Promise<void> {
    const storage = await openStorage(optionsFor(place.path));
    expected(storage);
    const generation = storage.treeMark.index === 200 ? 1 : 2;
    await storage.close();
    const names = readdirSync(place.path).filter((name) => /^(tree|stage).*\.db$/.test(name));
    expect(names).to.deep.equal([`tree-${generation}.db`]);
    place[Symbol.dispose]();
  }

  it('that truncates', async () => {
    const p = markOfIndex(250);
    const batch = batchAfter(p, 7, 60);
    const { last } = batch;
    const made = copies({ truncate: p, batches: [batch.bytes], records: 7 });
    expect([...made.keys()]).to.deep.equal(['before', 'marked', 'committed', 'raised']);
    const acked = (step: string): number | undefined => {
      const mark = readMark(join(made.get(step)!.path, 'mark'));
      return mark.kind === 'valid' ? mark.state.acked.index : undefined;
    };
    expect(['before', 'marked', 'committed', 'raised'].map(acked)).to.deep.equal([300, 250, 250, 257]);
    for (const [step, place] of made) {
      const isNew = step === 'committed' || step === 'raised';
      await look(place, (storage) => {
        expect(storage.tail, step).to.deep.equal(isNew ? last : markOfIndex(300));
        expect(storage.epochs, step).to.deep.equal(isNew ? NEW_EPOCHS : OLD_EPOCHS);
        expect(storage.suspect).to.be.false;
      });
    }
  });

  for (const [what, base, bytes] of [
    ['below the tail', 280, 40],
    ['of the same length, with other contents', 300, 60],
    ['shorter than the tree', 150, 60],
    ['beyond the tail', 320, 60],
  ] as const) {
    it(`that installs a snapshot ${what}`, async () => {
      const mark = markOfIndex(base, bytes);
      await stage(mark, bytes, base);
      const batch = batchAfter(mark, 5, bytes);
      const { last } = batch;
      const made = copies({ install: mark, batches: [batch.bytes], records: 5 });
      expect([...made.keys()]).to.include.members(['before', 'placed', 'committed', 'raised']);
      for (const [step, place] of made) {
        const isNew = step === 'committed' || step === 'raised';
        await look(place, (storage) => {
          expect(storage.tail, step).to.deep.equal(isNew ? last : markOfIndex(300));
          expect(storage.treeMark, step).to.deep.equal(isNew ? mark : markOfIndex(200));
          expect(storage.logStart, step).to.deep.equal(isNew ? mark : LOG_START);
          expect(storage.epochs, step).to.deep.equal(isNew ? NEW_EPOCHS : OLD_EPOCHS);
          expect(storage.suspect).to.be.false;
        });
      }
    });
  }

  it('leaves no half of a stage', async () => {
    await stage(markOfIndex(280), 40, 280);
    for (const name of ['stage.db-wal', 'stage.db-shm', 'tree-2.db', 'tree-7.db-wal', 'tree-7.db']) {
      writeFileSync(join(directory.path, name), 'remains');
    }
    const storage = await openStorage(options);
    await expectModel(storage);
    await storage.close();
    expect(existsSync(join(directory.path, 'tree-1.db'))).to.be.true;
    expect(readdirSync(directory.path).filter((name) => /stage|tree-[27]/.test(name))).to.be.empty;
  });

  it('by SIGKILL has records and epoch of the same synchronisation', async () => {
    let epoch = 1;
    for (const killAfterMs of [30, 60, 110, 170]) {
      const outcome = await runChild(options, [{ do: 'resynchronise', rounds: 100_000 }], { killAfterMs });
      expect(outcome.signal, outcome.errors).to.equal('SIGKILL');
      const storage = await openStorage(options);
      expect(storage.epochs.currentEpoch).to.be.within(
        Math.max(epoch, lastEpoch(outcome)),
        lastEpoch(outcome) + 1,
      );
      epoch = storage.epochs.currentEpoch;
      expect(storage.tail.index).to.equal(300 + 10 * (epoch - 1));
      await expectModel(storage);
      await storage.close();
    }
    expect(epoch).to.be.greaterThan(2);
  });

  it('by SIGKILL has log and tree of the same snapshot', async () => {
    let epoch = 1;
    for (const killAfterMs of [40, 90, 150, 220]) {
      const outcome = await runChild(options, [{ do: 'reinstall', rounds: 100_000 }], { killAfterMs });
      expect(outcome.signal, outcome.errors).to.equal('SIGKILL');
      const storage = await openStorage(options);
      expect(storage.epochs.currentEpoch).to.be.at.least(Math.max(epoch, lastEpoch(outcome)));
      epoch = storage.epochs.currentEpoch;
      expect(storage.treeMark.index).to.equal(200);
      if (epoch > 1) expect(storage.tail.index).to.equal(200 + (epoch % 10));
      await expectModel(storage);
      await storage.close();
      expect(readdirSync(directory.path).filter((name) => /^(tree|stage).*\.db$/.test(name))).to.have.length(
        1,
      );
    }
    expect(epoch).to.be.greaterThan(2);
  });
});

function lastEpoch({ reports }: Outcome): number {
  return Math.max(0, ...reports.map((at) => (at.is === 'epochs' ? at.epochs.currentEpoch : 0)));
}

/** `acceptDataLoss`: what is kept, what is set aside, what is said. */
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_START } from '../../../src/engine/ports.js';
import { openStorage, StorageError, type Storage, type StorageOptions } from '../../../src/storage/index.js';
import { runChild } from './process.js';
import { batchAfter, Directory, expectModel, Model, optionsFor, Recorder } from './support.js';

const RECORDS = 300;
const IN_TREE = 200;

interface Note {
  message: string;
  detail: Record<string, unknown>;
}

describe('accepting data loss', () => {
  let directory: Directory;
  let options: StorageOptions;
  let notes: Note[];
  beforeEach(() => {
    directory = new Directory();
    notes = [];
    options = optionsFor(directory.path, {
      forceSync: false,
      onProgress: (message, detail) => notes.push({ message, detail }),
    });
  });
  afterEach(() => {
    directory[Symbol.dispose]();
  });

  /** A closed store: 300 records, the effects of 200 of them in the tree. */
  async function fill(changes: Partial<StorageOptions> = {}): Promise<void> {
    const storage = await openStorage({ ...options, ...changes });
    const recorder = new Recorder();
    storage.start(recorder);
    const inTree = batchAfter(LOG_START, IN_TREE);
    storage.append(inTree);
    await recorder.untilDurable(IN_TREE);
    storage.flush(new Model().flushTo(inTree.last));
    storage.append(batchAfter(inTree.last, RECORDS - IN_TREE));
    storage.saveEpochs({ acceptedEpoch: 4, currentEpoch: 4 });
    await recorder.until(() => recorder.epochs.length > 0);
    await storage.close();
  }

  function change(file: string, sql: string): void {
    const db = new Database(join(directory.path, file));
    db.exec(sql);
    db.close();
  }

  async function refusal(changes: Partial<StorageOptions> = {}): Promise<string> {
    let storage: Storage;
    try {
      storage = await openStorage({ ...options, ...changes });
    } catch (error) {
      expect(error).to.be.instanceOf(StorageError).and.to.include({ kind: 'corrupt', exitCode: 3 });
      return error instanceof Error ? error.message : '';
    }
    await storage.close();
    throw new Error('The start was not refused.');
  }

  /** Starts once with the flag, and from then on without it. */
  async function expectAccepted(tail: number): Promise<void> {
    const storage = await openStorage({ ...options, acceptDataLoss: true });
    expect(storage.tail.index).to.equal(tail);
    expect(storage.suspect).to.be.true;
    expect(storage.epochs).to.deep.equal({ acceptedEpoch: 4, currentEpoch: 4 });
    await expectModel(storage);
    await storage.close();
    const note = notes.find(({ message }) => message.startsWith('DATA LOSS ACCEPTED'));
    expect(note?.detail).to.include({ lostRecords: RECORDS - tail });
    expect(
      readdirSync(directory.path).filter((name) => /^damaged-.*-log\.db$/.test(name)),
    ).to.have.length.at.most(1);

    const again = await openStorage(options);
    const recorder = new Recorder();
    again.start(recorder);
    again.append(batchAfter(again.tail, 5));
    again.saveEpochs({ acceptedEpoch: 5, currentEpoch: 4 });
    await recorder.until(() => recorder.epochs.length === 1);
    expect(again.suspect, 'no established leader yet').to.be.true;
    again.saveEpochs({ acceptedEpoch: 5, currentEpoch: 5 });
    await recorder.until(() => recorder.epochs.length === 2);
    expect(again.suspect).to.be.false;
    await again.close();
    const last = await openStorage(options);
    expect(last.suspect).to.be.false;
    expect(last.tail.index).to.equal(tail + 5);
    await expectModel(last);
    await last.close();
  }

  it('is not needed when nothing is damaged, and advises against itself', async () => {
    await fill();
    const storage = await openStorage({ ...options, acceptDataLoss: true });
    expect(storage.suspect).to.be.false;
    await storage.close();
    expect(notes.map(({ message }) => message).join()).to.include('acceptDataLoss is set. Remove it');
  });

  it('keeps the records before a damaged one', async () => {
    await fill();
    change('log.db', `UPDATE log SET payload = x'00' WHERE idx = 251`);
    const message = await refusal();
    expect(message).to.include(
      'log.db: record 251, which follows record 250 (zxid 0x1000000fa), does not match its checksum.',
    );
    expect(message).to.include(
      'log.db ends at record 250 (zxid 0x1000000fa), but record 300 (zxid 0x10000012c) was reported as durable (mark): 50 records are lost.',
    );
    expect(message).to.include('or start once with zabkeeper.acceptDataLoss=true');
    await expectAccepted(250);
  });

  it('loses nothing by damage in records that the tree contains', async () => {
    await fill();
    change('log.db', 'UPDATE log SET zxid = zxid + 1 WHERE idx = 100');
    expect(await refusal()).to.include(
      'record 100, which follows record 99 (zxid 0x100000063), does not continue the chain',
    );
    await expectAccepted(RECORDS);
  });

  it('keeps what is before a missing record', async () => {
    await fill();
    change('log.db', 'DELETE FROM log WHERE idx = 260');
    expect(await refusal()).to.include('record 260, which follows record 259 (zxid 0x100000103), is missing');
    await expectAccepted(259);
  });

  it('continues from the tree if the log lost more than that', async () => {
    await fill();
    change('log.db', 'DELETE FROM log WHERE idx > 150');
    expect(await refusal()).to.include(
      'record 200 (zxid 0x1000000c8) was written to the tree (tree-1.db): 50 records are lost',
    );
    await expectAccepted(IN_TREE);
  });

  for (const [name, ruin] of [
    ['a log that is no database', (file: string) => writeFileSync(file, Buffer.alloc(20_000, 7))],
    ['a log that is missing', (file: string) => rmSync(file)],
  ] as const) {
    it(`continues from the tree with ${name}`, async () => {
      await fill();
      ruin(join(directory.path, 'log.db'));
      await refusal();
      await expectAccepted(IN_TREE);
    });
  }

  it('keeps all but the mark if only that is gone', async () => {
    await fill();
    rmSync(join(directory.path, 'mark'));
    const storage = await openStorage({ ...options, acceptDataLoss: true });
    expect(storage.tail.index).to.equal(RECORDS);
    expect(storage.suspect).to.be.true;
    await expectModel(storage);
    await storage.close();
    await (await openStorage(options)).close();
    expect(readdirSync(directory.path).filter((name) => name.startsWith('damaged-'))).to.be.empty;
  });

  it('rebuilds the tree from a log that is complete', async () => {
    await fill();
    rmSync(join(directory.path, 'tree-1.db'));
    change('log.db', 'DELETE FROM log WHERE idx = 260');
    await expectAccepted(259);
  });

  it('is no help without a tree when the log was purged', async () => {
    const purging = { ...options, logRetentionRecords: 100, logRetentionBytes: 0 };
    await runChild(purging, [
      { do: 'append', batches: 3, records: 1000 },
      { do: 'await' },
      { do: 'flush' },
      { do: 'close' },
    ]);
    await runChild(purging, [{ do: 'sleep', ms: 300 }, { do: 'close' }]);
    rmSync(join(directory.path, 'tree-1.db'));
    for (const acceptDataLoss of [false, true]) {
      expect(await refusal({ acceptDataLoss })).to.match(
        /tree-1\.db is missing, and it cannot be rebuilt: the log begins after record 2000 \(zxid 0x1000007d0\)\. Restore/,
      );
    }
    change('log.db', 'DELETE FROM log WHERE idx = 2500');
    expect(await refusal({ acceptDataLoss: true })).to.include(
      'There is nothing to continue from: neither the tree nor the beginning of the log is intact.',
    );
  });

  it('keeps the transactions before a damaged place of the WAL', async () => {
    // SQLite itself drops what follows, without a word.
    await runChild({ ...options, forceSync: true }, [
      { do: 'append', batches: 1, records: IN_TREE },
      { do: 'await' },
      { do: 'flush' },
      { do: 'awaitTree' },
      { do: 'append', batches: 1, records: 50 },
      { do: 'await' },
      { do: 'append', batches: 1, records: 50 },
      { do: 'await' },
      { do: 'kill' },
    ]);
    const wal = join(directory.path, 'log.db-wal');
    const bytes = readFileSync(wal);
    // Behind the last frame are blocks that wait for the next ones.
    bytes[bytes.findLastIndex((byte) => byte !== 0) - 3000]! ^= 1;
    writeFileSync(wal, bytes);
    expect(await refusal()).to.match(
      /ends at record 2[05]0 .* but record 300 .* was reported as durable \(mark\)/,
    );
    expect(statSync(wal).size, 'the evidence stays').to.equal(bytes.byteLength);
    const storage = await openStorage({ ...options, acceptDataLoss: true });
    expect(storage.tail.index).to.be.oneOf([200, 250]);
    await expectModel(storage);
    await storage.close();
    expect(
      readdirSync(directory.path).filter((name) => /^damaged-.*-log\.db-wal$/.test(name)),
    ).to.have.length(1);
  });
});

/** What ZAB asks of storage beyond appending, held by both implementations. */
import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LOG_START, type LogBatch, type LogMark } from '../../../src/engine/ports.js';
import { MemoryDisk, openMemoryStorage, openStorage, type Storage } from '../../../src/storage/index.js';
import { recordsOf } from '../../../src/storage/batch.js';
import { makeZxid } from '../../../src/types/index.js';
import {
  batchAfter,
  Directory,
  expectModel,
  flushAt,
  markOfIndex,
  Model,
  keepRows,
  optionsFor,
  Recorder,
  rejection,
  restore,
  snapshotOf,
  stageAll,
  znode,
} from './support.js';

interface Place {
  open(): Promise<Storage>;
  remove(): void;
}

function onDisk(): Place {
  const directory = new Directory();
  return {
    open: () => openStorage(optionsFor(directory.path)),
    remove: () => directory[Symbol.dispose](),
  };
}

function inMemory(): Place {
  const disk = new MemoryDisk();
  return { open: () => Promise.resolve(openMemoryStorage({ disk })), remove: () => undefined };
}

const PLACES = [
  ['on disk', onDisk],
  ['in memory', inMemory],
] as const;

for (const [name, make] of PLACES) {
  describe(`storage ${name}, synchronised`, () => {
    let place: Place;
    let storage: Storage;
    let recorder: Recorder;
    beforeEach(async () => {
      place = make();
      await start();
    });
    afterEach(async () => {
      await storage.close();
      place.remove();
    });

    async function start(): Promise<void> {
      storage = await place.open();
      recorder = new Recorder();
      storage.start(recorder);
    }

    async function restart(): Promise<void> {
      await storage.close();
      storage = await place.open();
    }

    /** Appends and waits. */
    async function fill(records: number, after = LOG_START): Promise<LogMark> {
      const batch = batchAfter(after, records);
      storage.append(batch);
      expect(await storage.fence()).to.deep.equal(batch.last);
      return batch.last;
    }

    describe('fence', () => {
      it('resolves with the end of what was handed over', async () => {
        expect(await storage.fence()).to.deep.equal(LOG_START);
        const batch = batchAfter(LOG_START, 5);
        storage.append(batch);
        const fenced = storage.fence();
        storage.append(batchAfter(batch.last, 2));
        expect(await fenced).to.deep.equal(batch.last);
        expect(recorder.durableIndex, 'durable was said before').to.be.at.least(5);
      });

      it('rejects when storage is closed', async () => {
        await storage.close();
        expect(await rejection(storage.fence())).to.include({ kind: 'io' });
      });
    });

    describe('truncation', () => {
      it('drops what is behind, appends and raises the epoch at once', async () => {
        await fill(10);
        const p = markOfIndex(6);
        const batch = batchAfter(p, 2, 50);
        const done = storage.synchronise({
          truncate: p,
          batches: [batch],
          epochs: { acceptedEpoch: 2, currentEpoch: 2 },
          secret: Buffer.alloc(32, 7),
        });
        const more = batchAfter(batch.last, 1, 50);
        storage.append(more);
        await done;
        expect(batch.bytes.byteLength, 'the batch is given away').to.equal(0);
        expect(storage.tail.index).to.be.within(8, 9);
        expect(storage.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 2 });
        expect(storage.secret).to.deep.equal(Buffer.alloc(32, 7));
        expect(await storage.fence()).to.deep.equal(more.last);
        expect(recorder.marks.at(-1)).to.deep.equal(more.last);
        expect(recorder.epochs, 'only what saveEpochs saves is reported').to.be.empty;

        await restart();
        expect(storage.tail).to.deep.equal(more.last);
        expect(storage.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 2 });
        expect(storage.secret).to.deep.equal(Buffer.alloc(32, 7));
        const { records } = await restore(storage);
        expect(records.map(({ payload }) => payload.byteLength)).to.deep.equal([
          40, 40, 40, 40, 40, 40, 50, 50, 50,
        ]);
      });

      it('to the start of the log leaves nothing', async () => {
        await fill(3);
        await storage.synchronise({ truncate: LOG_START, batches: [] });
        expect(storage.tail).to.deep.equal(LOG_START);
        expect(await storage.find(makeZxid(9, 9))).to.deep.equal(LOG_START);
        await fill(2);
      });

      it('is refused where the log has another record, and nothing is changed', async () => {
        const tail = await fill(10);
        const good = markOfIndex(6);
        for (const truncate of [
          { ...good, chain: good.chain + 1n },
          { ...good, zxid: makeZxid(1, 7) },
          markOfIndex(11),
        ]) {
          const batch = batchAfter(truncate, 1);
          const refused = storage.synchronise({
            truncate,
            batches: [batch],
            epochs: { acceptedEpoch: 3, currentEpoch: 3 },
          });
          // Meant for the log as it would be.
          storage.append(batchAfter(batch.last, 1));
          const fence = storage.fence();
          const [reason, after] = await Promise.all([rejection(refused), rejection(fence)]);
          expect(reason).to.include({ kind: 'corrupt' });
          expect(after).to.include({ kind: 'corrupt' });
          expect(storage.tail).to.deep.equal(tail);
          expect(storage.epochs.acceptedEpoch).to.equal(0);
        }
        expect(recorder.errors).to.be.empty;
        await fill(1, tail);
        await restart();
        await expectModel(storage);
      });

      it('below what the tree contains is refused', async () => {
        await fill(10);
        storage.flush(new Model().flushTo(markOfIndex(8)));
        const refused = await rejection(storage.synchronise({ truncate: markOfIndex(7), batches: [] }));
        expect(refused).to.include({ kind: 'corrupt' });
        await storage.synchronise({ truncate: markOfIndex(8), batches: [] });
        await restart();
        await expectModel(storage);
      });
    });

    describe('find', () => {
      it('gives the last record that is not greater', async () => {
        await fill(100);
        for (const counter of [0, 1, 2, 50, 99, 100]) {
          const found = await storage.find(counter === 0 ? 0n : makeZxid(1, counter));
          expect(found, `${counter}`).to.deep.equal(markOfIndex(counter));
        }
        expect(await storage.find(makeZxid(1, 0))).to.deep.equal(LOG_START);
        expect(await storage.find(makeZxid(2, 0))).to.deep.equal(markOfIndex(100));
      });
    });

    describe('read', () => {
      it('gives records in pieces of the wanted size', async () => {
        const tail = await fill(2500);
        const seen: bigint[] = [];
        let at = LOG_START;
        for (;;) {
          const batch: LogBatch | undefined = await storage.read(at.index, 5000);
          if (batch === undefined) break;
          expect(batch.bytes.byteLength).to.be.within(Math.min(5000, (2500 - at.index) * 72), 5000 + 72);
          const records = [...recordsOf(batch.bytes)];
          expect(records).to.have.length(batch.count);
          seen.push(...records.map(({ index }) => index));
          at = batch.last;
        }
        expect(at).to.deep.equal(tail);
        expect(seen).to.have.length(2500);
      });

      it('gives at least one, and nothing behind the end', async () => {
        const tail = await fill(3);
        expect(await storage.read(0, 0)).to.include({ count: 1 });
        expect(await storage.read(2, 1 << 20)).to.deep.include({ count: 1, last: tail });
        expect(await storage.read(3, 1 << 20)).to.be.undefined;
        expect(await storage.read(4, 1 << 20)).to.be.undefined;
      });

      it('gives what another log can append', async () => {
        const tail = await fill(20);
        const batch = await storage.read(0, 1 << 20);
        await storage.synchronise({ truncate: LOG_START, batches: [batch!] });
        expect(storage.tail).to.deep.equal(tail);
      });
    });

    describe('a snapshot', () => {
      it('moves from one server to another', async () => {
        await fill(300);
        storage.flush(new Model().flushTo(markOfIndex(200)));
        await restart();
        storage.start(recorder);
        const { base, parts } = await snapshotOf(storage);
        expect(base).to.deep.equal(markOfIndex(200));
        expect(parts.map(({ last }) => last).lastIndexOf(true)).to.equal(parts.length - 1);
        await storage.close();

        for (const [, makeOther] of PLACES) {
          const other = makeOther();
          storage = await other.open();
          storage.start(recorder);
          storage.append(batchAfter(LOG_START, 30, 60));
          await storage.fence();
          storage.flush(new Model().flushTo(storage.tail));
          expect(await stageAll(storage, base, parts)).to.be.true;
          const batch = batchAfter(base, 50);
          const done = storage.synchronise({
            install: base,
            batches: [batch],
            epochs: { acceptedEpoch: 4, currentEpoch: 4 },
            secret: Buffer.alloc(32, 9),
          });
          storage.append(batchAfter(batch.last, 5));
          const late = new Model();
          const progress = { resolved: false };
          void done.then(() => (progress.resolved = true));
          // Of the old tree: none of it may be in the new one.
          while (!progress.resolved) {
            const mark = markOfIndex(late.index + 1, 60);
            if (mark.index <= 30) {
              late.znodes.set(`/late${mark.index}`, znode(`/late${mark.index}`, 1));
              storage.flush(flushAt({ ...mark, index: 30 }, [...late.znodes.values()]));
              late.index += 1;
            }
            await nextTurn();
          }
          await done;
          expect(storage.logStart).to.deep.equal(base);
          expect(storage.treeMark).to.deep.equal(base);
          expect(storage.flushBacklogBytes).to.equal(0);
          expect(storage.epochs).to.deep.equal({ acceptedEpoch: 4, currentEpoch: 4 });
          expect(await storage.fence()).to.deep.equal(markOfIndex(255));
          // Loaded without a restart; the log goes on, and so does the tree.
          const model = Model.at(200);
          const loaded = new Model();
          await storage.loadTree({
            znodes: (bytes, count) => keepRows(loaded.znodes, bytes, count),
            session: (row) => loaded.sessions.set(row.sessionId, row.timeOut),
          });
          expect(loaded.contents).to.deep.equal(model.contents);
          storage.flush(model.flushTo(markOfIndex(230)));
          expect(await storage.find(makeZxid(1, 199))).to.be.undefined;
          expect(await storage.find(makeZxid(1, 200))).to.deep.equal(base);
          expect(await storage.read(199, 1000)).to.be.undefined;
          expect(await storage.read(200, 1 << 20)).to.deep.include({ count: 55 });
          await storage.close();
          storage = await other.open();
          expect(storage.treeMark).to.deep.equal(markOfIndex(230));
          expect(storage.secret).to.deep.equal(Buffer.alloc(32, 9));
          await expectModel(storage);
          await storage.close();
          other.remove();
        }
      });

      it('is of one moment, whatever is flushed meanwhile', async () => {
        await fill(3000);
        const model = new Model(40_000);
        storage.flush(model.flushTo(markOfIndex(200)));
        await restart();
        storage.start(recorder);
        const reader = (await storage.openSnapshot())!;
        const first = (await reader.next())!;
        expect(first.last).to.be.false;
        expect(first.bytes.byteLength).to.be.within(200_000, 400_000);
        storage.flush(model.flushTo(markOfIndex(2000)));
        const parts = [first];
        for (let part = await reader.next(); part !== undefined; part = await reader.next()) {
          parts.push(part);
          if (part.last) break;
        }
        reader.close();
        expect(parts.length).to.be.greaterThan(2);
        expect(await stageAll(storage, markOfIndex(200), parts)).to.be.true;
      });

      it('is given to two at a time', async () => {
        const one = await storage.openSnapshot();
        const two = await storage.openSnapshot();
        expect(one?.base).to.deep.equal(LOG_START);
        expect(two).not.to.be.undefined;
        expect(await storage.openSnapshot()).to.be.undefined;
        two?.close();
        const three = await storage.openSnapshot();
        expect(three).not.to.be.undefined;
        const part = await three?.next();
        expect(part?.last, 'an empty tree is a snapshot, too').to.be.true;
        three?.close();
        one?.close();
        expect(await one?.next()).to.be.undefined;
      });

      it('breaks off when another one is installed', async () => {
        const reader = (await storage.openSnapshot())!;
        const { base, parts } = await snapshotOf(storage);
        await stageAll(storage, base, parts);
        await storage.synchronise({ install: base, batches: [] });
        expect(await reader.next()).to.be.undefined;
      });
    });

    describe('a stage', () => {
      it('refuses pieces that are damaged, missing, repeated or of another snapshot', async () => {
        await fill(300);
        storage.flush(new Model(40_000).flushTo(markOfIndex(200)));
        await restart();
        storage.start(recorder);
        const { base, parts } = await snapshotOf(storage);
        expect(parts.length).to.be.greaterThan(2);
        const flipped = Buffer.from(parts[1]!.bytes);
        flipped[flipped.byteLength >> 1]! ^= 1;
        const bad = [
          [parts[0]!, { ...parts[1]!, bytes: flipped }],
          [parts[0]!, parts[2]!],
          [parts[0]!, parts[0]!],
          [parts[0]!, { ...parts[1]!, last: true }],
          [parts[0]!, { ...parts[1]!, bytes: Buffer.alloc(0) }],
        ];
        for (const pieces of bad) expect(await stageAll(storage, base, pieces)).to.be.false;
        expect(await stageAll(storage, markOfIndex(201), parts)).to.be.false;
        const second = { base, ...parts[1]!, first: false };
        expect(await storage.stage(second), 'a first piece is due').to.be.false;
        const refused = await rejection(storage.synchronise({ install: base, batches: [] }));
        expect(refused).to.include({ kind: 'corrupt' });
        expect(await stageAll(storage, base, parts)).to.be.true;
        storage.unstage();
        expect(await rejection(storage.synchronise({ install: base, batches: [] }))).to.include({
          kind: 'corrupt',
        });
        expect(storage.tail).to.deep.equal(markOfIndex(300));
        await storage.close();
      });
    });
  });
}

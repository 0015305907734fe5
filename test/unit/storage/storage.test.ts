/** The contract of `Storage`, held by both implementations. */
import { expect } from 'chai';
import { LOG_START } from '../../../src/engine/ports.js';
import { MemoryDisk, openMemoryStorage, openStorage, type Storage } from '../../../src/storage/index.js';
import {
  batchAfter,
  Directory,
  flushAt,
  markOfIndex,
  optionsFor,
  payloadOf,
  Recorder,
  restore,
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

for (const [name, make] of [
  ['on disk', onDisk],
  ['in memory', inMemory],
] as const) {
  describe(`storage ${name}`, () => {
    let place: Place;
    beforeEach(() => {
      place = make();
    });
    afterEach(() => {
      place.remove();
    });

    it('is empty at first', async () => {
      const storage = await place.open();
      expect(storage.tail).to.deep.equal(LOG_START);
      expect(storage.treeMark).to.deep.equal(LOG_START);
      expect(storage.epochs).to.deep.equal({ acceptedEpoch: 0, currentEpoch: 0 });
      expect(storage.secret).to.have.length(32);
      const restored = await restore(storage);
      expect(restored.records).to.be.empty;
      expect(restored.znodes).to.be.empty;
      await storage.close();
    });

    it('gives back what was durable', async () => {
      const first = await place.open();
      await restore(first);
      const recorder = new Recorder();
      first.start(recorder);
      const batch = batchAfter(LOG_START, 10);
      first.append(batch);
      expect(batch.bytes.byteLength, 'the batch is given away').to.equal(0);
      const more = batchAfter(batch.last, 5);
      first.append(more);
      expect(recorder.marks, 'nothing is durable within the turn').to.be.empty;
      await recorder.untilDurable(15);
      expect(recorder.marks.at(-1)).to.deep.equal(more.last);
      expect(first.tail).to.deep.equal(more.last);
      await first.close();

      const second = await place.open();
      expect(second.tail).to.deep.equal(more.last);
      expect(second.secret).to.deep.equal(first.secret);
      const { records } = await restore(second);
      expect(records.map(({ index }) => Number(index))).to.deep.equal(
        Array.from({ length: 15 }, (_, i) => i + 1),
      );
      expect(records[14]).to.deep.include({ zxid: more.last.zxid, chain: more.last.chain, type: 5 });
      expect(records[14]!.payload.equals(payloadOf(15))).to.be.true;
      await second.close();
    });

    it('keeps both epochs', async () => {
      const first = await place.open();
      const recorder = new Recorder();
      first.start(recorder);
      first.saveEpochs({ acceptedEpoch: 3, currentEpoch: 2 });
      await recorder.until(() => recorder.epochs.length > 0);
      expect(first.epochs).to.deep.equal({ acceptedEpoch: 3, currentEpoch: 2 });
      await first.close();
      const second = await place.open();
      expect(second.epochs).to.deep.equal({ acceptedEpoch: 3, currentEpoch: 2 });
      await second.close();
    });

    it('replays only what the tree does not contain', async () => {
      const first = await place.open();
      const recorder = new Recorder();
      first.start(recorder);
      first.append(batchAfter(LOG_START, 4));
      await recorder.untilDurable(4);
      const a = znode('/a', 1);
      const b = znode('/a/b', 2, null);
      const empty = znode('/a/ü', 3, Buffer.alloc(0));
      first.flush(flushAt(markOfIndex(2), [b, a, empty], [], [{ sessionId: -5n, timeOut: 4000 }]));
      const c = znode('/c', 3);
      first.flush(
        flushAt(markOfIndex(3), [c], ['/a/b', '/never'], [{ sessionId: 7n, timeOut: 30000 }], [-5n]),
      );
      expect(first.flushBacklogBytes).to.be.greaterThan(0);
      await first.close();
      expect(first.flushBacklogBytes).to.equal(0);

      const second = await place.open();
      expect(second.treeMark).to.deep.equal(markOfIndex(3));
      const { znodes, sessions, records } = await restore(second);
      expect([...znodes.values()]).to.deep.equal([a, empty, c]);
      expect([...sessions]).to.deep.equal([[7n, 30000]]);
      expect(records.map(({ index }) => index)).to.deep.equal([4n]);
      await second.close();
    });

    it('refuses a gap in the log', async () => {
      const storage = await place.open();
      storage.start(new Recorder());
      storage.append(batchAfter(LOG_START, 2));
      expect(() => storage.append(batchAfter(markOfIndex(3), 1))).to.throw('The log ends at 2');
      await storage.close();
    });

    it('refuses a flush of records that are not durable', async () => {
      const storage = await place.open();
      storage.start(new Recorder());
      storage.append(batchAfter(LOG_START, 1));
      const early = flushAt(markOfIndex(1), []);
      expect(() => storage.flush(early)).to.throw('not durable');
      await storage.close();
    });
  });
}

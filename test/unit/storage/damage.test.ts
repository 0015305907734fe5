/**
 * Files that were changed behind our back. Whatever happens to them, a start either fails and says so, or gives back
 * everything that was durable: never a log that is silently shorter, never a tree that is silently different.
 */
import { expect } from 'chai';
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openStorage, StorageError, type StorageOptions } from '../../../src/storage/index.js';
import type { Command } from './child.js';
import { lastIndex, runChild } from './process.js';
import { Directory, expectModel, optionsFor } from './support.js';

/** More for a long search: every start takes some ten ms. */
const FLIPS_PER_FILE = Number(process.env['STORAGE_FLIPS'] ?? 6);

const KILL: Command = { do: 'kill' };
const CLOSE: Command = { do: 'close' };

/** Some transactions in both databases. */
function writing(rounds: number): Command[] {
  const round: Command[] = [
    { do: 'append', batches: 10, records: 25 },
    { do: 'await' },
    { do: 'flush' },
    { do: 'awaitTree' },
    { do: 'append', batches: 10, records: 5 },
    { do: 'await' },
  ];
  return Array.from({ length: rounds }, () => round).flat();
}

interface Image {
  readonly name: string;
  /** What each process of that server did. */
  readonly lives: readonly Command[][];
  readonly options: Partial<StorageOptions>;
  readonly files: readonly string[];
}

const WITH_WAL = ['log.db', 'log.db-wal', 'mark', 'tree-1.db', 'tree-1.db-wal'];
const WITHOUT_WAL = ['log.db', 'mark', 'tree-1.db'];

const IMAGES: readonly Image[] = [
  {
    name: 'a server that was killed in its first life',
    lives: [[{ do: 'raiseEpochs' }, ...writing(2), KILL]],
    options: {},
    files: WITH_WAL,
  },
  {
    name: 'a server that was closed',
    lives: [[{ do: 'raiseEpochs' }, ...writing(2), CLOSE]],
    options: {},
    files: WITHOUT_WAL,
  },
  {
    name: 'a server that was closed, started again and killed',
    lives: [
      [{ do: 'raiseEpochs' }, ...writing(1), CLOSE],
      [...writing(1), KILL],
    ],
    options: {},
    files: WITH_WAL,
  },
  {
    name: 'a server whose log was purged',
    lives: [
      [
        { do: 'raiseEpochs' },
        { do: 'append', batches: 3, records: 1000 },
        { do: 'await' },
        { do: 'flush' },
        CLOSE,
      ],
      [...writing(2), { do: 'sleep', ms: 50 }, KILL],
    ],
    options: { logRetentionRecords: 100, logRetentionBytes: 0 },
    files: WITH_WAL,
  },
];

for (const image of IMAGES) {
  describe(`storage of ${image.name}`, () => {
    let original: Directory;
    let records = 0;
    before(async () => {
      original = new Directory();
      for (const life of image.lives) {
        const outcome = await runChild(optionsFor(original.path, image.options), life);
        expect(outcome.errors).to.equal('');
        records = lastIndex(outcome, 'durable');
      }
      rmSync(join(original.path, 'log.db-shm'), { force: true });
      rmSync(join(original.path, 'tree-1.db-shm'), { force: true });
    });
    after(() => {
      original[Symbol.dispose]();
    });

    function copy(): Directory {
      const directory = new Directory();
      cpSync(original.path, directory.path, { recursive: true });
      return directory;
    }

    it('is what the other tests here start from', async () => {
      for (const file of image.files)
        expect(statSync(join(original.path, file)).size, file).to.be.greaterThan(0);
      using directory = copy();
      expect(await outcomeOf(records, copied(directory))).to.equal('intact');
    });

    it('a page of the log that is none is reported on one line', async () => {
      using directory = copy();
      const path = join(directory.path, 'log.db');
      const bytes = readFileSync(path);
      // A page that has no rows in it begins with another byte than one of a table.
      for (let at = 4 * 4096; at < bytes.byteLength; at += 4096) bytes[at] = 0x99;
      writeFileSync(path, bytes);
      await outcomeOf(records, copied(directory), 'no pages');
    });

    for (const file of image.files) {
      it(`a flipped bit in ${file} is found or harmless`, async () => {
        const random = generator(file.length * 7919 + image.name.length);
        const outcomes = new Map<string, number>();
        for (let i = 0; i < FLIPS_PER_FILE; i++) {
          using directory = copy();
          const path = join(directory.path, file);
          const bytes = readFileSync(path);
          const at = random(bytes.byteLength * 8);
          bytes[at >> 3]! ^= 1 << (at & 7);
          writeFileSync(path, bytes);
          const outcome = await outcomeOf(records, copied(directory), `bit ${at} of ${file}`);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
        if (process.env['STORAGE_FLIPS'] !== undefined) console.log(file, outcomes);
      }).timeout(Math.max(20_000, FLIPS_PER_FILE * 200));

      it(`a shortened ${file} is found or harmless`, async () => {
        const size = statSync(join(original.path, file)).size;
        for (const length of [0, 1, 50, 4096, size >> 1, size - 5000, size - 1]) {
          if (length < 0 || length >= size) continue;
          using directory = copy();
          truncateSync(join(directory.path, file), length);
          await outcomeOf(records, copied(directory), `${file} cut to ${length}`);
        }
      });

      it(`garbage behind ${file} is found or harmless`, async () => {
        using directory = copy();
        appendFileSync(join(directory.path, file), Buffer.alloc(5000, 0x5a));
        await outcomeOf(records, copied(directory), `longer ${file}`);
      });
    }
  });
}

/** A copy can be thrown away: it need not wait for the disk. */
function copied(directory: Directory): StorageOptions {
  return optionsFor(directory.path, { forceSync: false });
}

/** @returns the kind of the error, or `intact`; anything but all that was durable fails the test */
async function outcomeOf(records: number, options: StorageOptions, what = ''): Promise<string> {
  const before = readdirSync(options.dataDir).filter((name) => !/-shm$|^lock/.test(name));
  try {
    const storage = await openStorage(options);
    try {
      expect(storage.tail.index, what).to.equal(records);
      expect(storage.epochs, what).to.deep.equal({ acceptedEpoch: 1, currentEpoch: 0 });
      await expectModel(storage);
      return 'intact';
    } finally {
      await storage.close();
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw new Error(`${what}: ${String(error)}`, { cause: error });
    expect(error.kind, `${what}: ${error.message}`).to.be.oneOf(['corrupt', 'config', 'newer']);
    expect(error.message, what).not.to.include('\n');
    expect(error.message, what).to.match(
      /Restore|Correct|Start that release|Move it away|Check owner|local disk/,
    );
    for (const name of before) expect(existsSync(join(options.dataDir, name)), `${what}: ${name}`).to.be.true;
    return error.kind;
  }
}

/** A small generator, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return state % below;
  };
}

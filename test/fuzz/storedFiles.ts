/**
 * Real files of a stopped server, damaged, then opened as a start opens them. A start may refuse with a sentence that
 * says what to do, may say that it lost something (in an ensemble, or where the operator accepts it), or gives back all
 * that was durable. It never gives back less and calls it whole.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage, StorageError, type Storage, type StorageOptions } from '../../src/storage/index.js';
import { Random } from '../helpers/random.js';
import type { Command } from '../unit/storage/child.js';
import { lastIndex, runChild } from '../unit/storage/process.js';
import { Directory, expectModel, optionsFor } from '../unit/storage/support.js';
import { damage, type Damage, type Victim } from './damage.js';
import { Violation } from './target.js';

const DAMAGES_MAX = 3;
const HANG_MS = 60_000;
const MEMORY = '/dev/shm';

/** Some transactions in both databases, the last ones in the log only. */
const WRITING: readonly Command[] = [
  { do: 'append', batches: 10, records: 25 },
  { do: 'await' },
  { do: 'flush' },
  { do: 'awaitTree' },
  { do: 'append', batches: 10, records: 5 },
  { do: 'await' },
];
const EPOCHS: Command = { do: 'raiseEpochs' };
const CLOSE: Command = { do: 'close' };
const KILL: Command = { do: 'kill' };

interface Life {
  readonly name: string;
  /** What its processes did; the older copy is taken before the last one. */
  readonly lives: readonly (readonly Command[])[];
  readonly options: Partial<StorageOptions>;
}

const LIVES: readonly Life[] = [
  {
    name: 'killed',
    lives: [
      [EPOCHS, ...WRITING, CLOSE],
      [EPOCHS, ...WRITING, KILL],
    ],
    options: {},
  },
  {
    name: 'closed',
    lives: [
      [EPOCHS, ...WRITING, KILL],
      [EPOCHS, ...WRITING, CLOSE],
    ],
    options: {},
  },
  {
    name: 'purged',
    lives: [
      [EPOCHS, { do: 'append', batches: 3, records: 1000 }, { do: 'await' }, { do: 'flush' }, CLOSE],
      [EPOCHS, ...WRITING, ...WRITING, { do: 'sleep', ms: 50 }, KILL],
    ],
    options: { logRetentionRecords: 100, logRetentionBytes: 0 },
  },
  {
    name: 'installed',
    lives: [
      [EPOCHS, ...WRITING, CLOSE],
      [...WRITING, { do: 'reinstall', rounds: 2 }, ...WRITING, KILL],
    ],
    options: {},
  },
];

interface Image extends Disposable {
  readonly name: string;
  readonly victim: Victim;
  readonly options: Partial<StorageOptions>;
  /** Records that were durable in the end. */
  readonly records: number;
  readonly acceptedEpoch: number;
}

async function makeImage({ name, lives, options }: Life): Promise<Image> {
  const directory = new Directory();
  const older = new Directory();
  let records = 0;
  for (const [at, life] of lives.entries()) {
    if (at === lives.length - 1) cpSync(directory.path, older.path, { recursive: true });
    const outcome = await runChild(optionsFor(directory.path, options), life);
    if (outcome.errors !== '') throw new Error(outcome.errors);
    records = Math.max(records, lastIndex(outcome, 'durable'));
  }
  for (const at of [directory.path, older.path])
    for (const file of ['log.db', 'tree-1.db']) rmSync(join(at, `${file}-shm`), { force: true });
  // A copy that is opened as it is tells what there is, also behind what was synchronised.
  using copy = new Copy(directory.path);
  const storage = await openStorage(optionsFor(copy.path, { ...options, forceSync: false }));
  const whole = Math.max(records, storage.tail.index);
  const { acceptedEpoch } = storage.epochs;
  await expectModel(storage);
  await storage.close();
  return {
    name,
    victim: { directory: directory.path, older: older.path },
    options,
    records: whole,
    acceptedEpoch,
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
      older[Symbol.dispose]();
    },
  };
}

/** Where there is a file system in memory it is there. */
class Copy implements Disposable {
  readonly path = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'fuzz-files-'));

  constructor(of: string) {
    cpSync(of, this.path, { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** In which way the damaged server is started. */
type Mode = 'alone' | 'inEnsemble' | 'acceptDataLoss';

/** Damages and opens so many times. @returns how often what came of it */
export async function fuzzFiles(
  seed: number,
  rounds: number,
  say: (text: string) => void = () => undefined,
): Promise<ReadonlyMap<string, number>> {
  const random = new Random(seed);
  const outcomes = new Map<string, number>();
  const images: Image[] = [];
  try {
    for (const life of LIVES) images.push(await makeImage(life));
    for (let round = 1; round <= rounds; round++) {
      const image = random.pick(images);
      const mode = random.pick<Mode>(['alone', 'alone', 'inEnsemble', 'acceptDataLoss']);
      const outcome = await oneRound(random, image, mode);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (round % 500 === 0) say(`${round} rounds`);
    }
  } finally {
    for (const image of images) image[Symbol.dispose]();
  }
  return outcomes;
}

async function oneRound(random: Random, image: Image, mode: Mode): Promise<string> {
  using copy = new Copy(image.victim.directory);
  const victim = { directory: copy.path, older: image.victim.older };
  const damages: Damage[] = [];
  for (let i = 1 + random.int(DAMAGES_MAX); i > 0; i--) {
    const done = damage(random, victim);
    if (done !== undefined) damages.push(done);
  }
  const options = optionsFor(copy.path, {
    ...image.options,
    forceSync: false,
    inEnsemble: mode === 'inEnsemble',
    acceptDataLoss: mode === 'acceptDataLoss',
  });
  try {
    return `${mode}: ${await inTime(outcomeOf(options, image, mode, damages))}`;
  } catch (error) {
    const what = damages.map(({ file, what: how }) => `${file} ${how}`).join(', ');
    throw new Error(`${image.name}, ${mode}, ${what}: ${String(error)}`, { cause: error });
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Violation('it hangs')), HANG_MS);
  });
  try {
    return await Promise.race([work, hang]);
  } finally {
    clearTimeout(timer);
  }
}

async function outcomeOf(
  options: StorageOptions,
  image: Image,
  mode: Mode,
  damages: readonly Damage[],
): Promise<string> {
  let tail: number;
  let lost: boolean;
  try {
    const storage = await openStorage(options);
    try {
      ({ tail, lost } = await judge(storage, image, damages));
    } finally {
      await storage.close();
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    checkSentence(error);
    return error.kind;
  }
  if (!lost && damages.length % 2 === 1) return 'intact';
  // What was repaired is as good as new, without anybody's leave.
  await using again = disposable(await openStorage({ ...options, acceptDataLoss: false }));
  const { storage } = again;
  if (storage.tail.index !== tail)
    throw new Violation(`${tail} records, and ${storage.tail.index} at the next start`);
  if (lost && !storage.suspect && mode !== 'alone')
    throw new Violation('the next start has forgotten that it lost records');
  await expectWhole(storage);
  return lost ? 'suspect' : storage.needsSnapshot ? 'needs a snapshot' : 'intact';
}

function disposable(storage: Storage): AsyncDisposable & { readonly storage: Storage } {
  return { storage, [Symbol.asyncDispose]: () => storage.close() };
}

async function judge(
  storage: Storage,
  { records, acceptedEpoch }: Image,
  damages: readonly Damage[],
): Promise<{ tail: number; lost: boolean }> {
  const tail = storage.tail.index;
  if (tail > records) throw new Violation(`${tail} records where ${records} were written`);
  await expectWhole(storage);
  if (tail < records && !storage.suspect && !isRolledBack(damages))
    throw new Violation(`${tail} records of ${records}, and it says nothing`);
  // A promise to a leader may not be forgotten, whatever else is lost.
  if (storage.epochs.acceptedEpoch < acceptedEpoch && !isRolledBack(damages))
    throw new Violation(
      `epoch ${acceptedEpoch} was promised, and ${storage.epochs.acceptedEpoch} is remembered`,
    );
  return { tail, lost: storage.suspect };
}

/** Tree and log are those of the records up to the tail. That the tree is lost may show only when it is loaded. */
async function expectWhole(storage: Storage): Promise<void> {
  if (isStateless(storage)) return;
  try {
    await expectModel(storage);
  } catch (error) {
    if (!isStateless(storage) || error instanceof StorageError) throw error;
  }
}

function isStateless(storage: Storage): boolean {
  return storage.needsSnapshot;
}

/** The log, and what remembers how long it was, were both changed: nobody can know. */
function isRolledBack(damages: readonly Damage[]): boolean {
  const files = damages.map(({ file }) => file);
  return files.includes('mark') && files.some((file) => file.startsWith('log.db'));
}

/** For the operator: one sentence or more, and what to do. */
function checkSentence({ kind, message }: StorageError): void {
  if (!/^[^\n]+\.$/.test(message)) throw new Violation(`this is no sentence: ${message}`);
  if (
    !/Restore|Correct|Start that release|Move it away|Check owner|start again|Remove the server|Free some space/.test(
      message,
    )
  )
    throw new Violation(`it does not say what to do: ${message}`);
  if (kind === 'io' || kind === 'full' || kind === 'locked')
    throw new Violation(`damage is taken for ${kind}: ${message}`);
}

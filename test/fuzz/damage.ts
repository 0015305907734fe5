/** What can happen to the files of a stopped server: what a disk, a file system or an operator does to them. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../helpers/random.js';

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
const FLIPS_MAX = 4;

/** What was done, for the message of a failure, and to which file. */
export interface Damage {
  readonly file: string;
  readonly what: string;
}

/** The files of a server that is stopped, and those of the same server at an earlier time. */
export interface Victim {
  readonly directory: string;
  readonly older: string;
}

type Act = (random: Random, path: string, victim: Victim, file: string) => string;

const ACTS: readonly Act[] = [
  changed('bits flipped', (random, bytes) => {
    for (let i = 1 + random.int(FLIPS_MAX); i > 0; i--) {
      const at = random.int(bytes.byteLength);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
    }
  }),
  changed('a byte replaced', (random, bytes) => {
    bytes[random.int(bytes.byteLength)] = random.int(256);
  }),
  changed('a range zeroed', (random, bytes) => {
    const at = random.int(bytes.byteLength);
    bytes.subarray(at, at + 1 + random.int(PAGE_BYTES)).fill(0);
  }),
  changed('a sector zeroed', (random, bytes) => {
    const at = SECTOR_BYTES * random.int(Math.ceil(bytes.byteLength / SECTOR_BYTES));
    bytes.subarray(at, at + SECTOR_BYTES).fill(0);
  }),
  changed('a page zeroed', (random, bytes) => {
    const at = page(random, bytes);
    bytes.subarray(at, at + PAGE_BYTES).fill(0);
  }),
  changed('two pages swapped', (random, bytes) => {
    const [a, b] = [page(random, bytes), page(random, bytes)];
    const first = Buffer.from(bytes.subarray(a, a + PAGE_BYTES));
    bytes.copyWithin(a, b, b + PAGE_BYTES);
    first.copy(bytes, b);
  }),
  changed('a page written over another', (random, bytes) => {
    const from = page(random, bytes);
    bytes.copyWithin(page(random, bytes), from, from + PAGE_BYTES);
  }),
  changed('a range moved by some bytes', (random, bytes) => {
    const at = random.int(bytes.byteLength);
    bytes.copyWithin(at, at + 1 + random.int(64));
  }),
  (random, path) => {
    const { size } = statSync(path);
    const length = random.chance(0.5)
      ? random.int(size)
      : PAGE_BYTES * random.int(Math.ceil(size / PAGE_BYTES));
    truncateSync(path, Math.min(size, length));
    return `cut from ${size} to ${length}`;
  },
  (random, path) => {
    const garbage = random.chance(0.5)
      ? Buffer.alloc(1 + random.int(9000))
      : random.bytes(1 + random.int(9000));
    writeFileSync(path, garbage, { flag: 'a' });
    return `${garbage.byteLength} bytes longer`;
  },
  (_, path) => {
    rmSync(path);
    return 'deleted';
  },
  (_, path, { older }, file) => {
    const old = join(older, file);
    if (existsSync(old)) copyFileSync(old, path);
    else rmSync(path);
    return 'as it was before';
  },
  (random, path, { older }, file) => {
    const old = join(older, file);
    if (!existsSync(old)) return 'as it is';
    const bytes = readFileSync(path);
    const at = page(random, bytes);
    readFileSync(old)
      .subarray(at, at + PAGE_BYTES)
      .copy(bytes, at);
    writeFileSync(path, bytes);
    return `a page as it was before, at ${at}`;
  },
  (random, path, { directory }, file) => {
    const other = random.pick(filesIn(directory));
    if (other !== file) copyFileSync(join(directory, other), path);
    return `with the contents of ${other}`;
  },
];

function changed(what: string, change: (random: Random, bytes: Buffer) => void): Act {
  return (random, path) => {
    const bytes = readFileSync(path);
    if (bytes.byteLength > 0) change(random, bytes);
    writeFileSync(path, bytes);
    return what;
  };
}

function page(random: Random, bytes: Buffer): number {
  return PAGE_BYTES * random.int(Math.max(1, Math.floor(bytes.byteLength / PAGE_BYTES)));
}

/** The files that hold data. */
export function filesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^(log|tree-\d+)\.db(-wal)?$|^mark$/.test(name))
    .sort();
}

/** Damages one of the files. */
export function damage(random: Random, victim: Victim): Damage | undefined {
  const files = filesIn(victim.directory);
  if (files.length === 0) return undefined;
  const file = random.pick(files);
  return { file, what: random.pick(ACTS)(random, join(victim.directory, file), victim, file) };
}

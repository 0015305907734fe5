/**
 * The inputs that are kept, one directory per target. `inputs.hex` is written by `npm run fuzz -- --keep`: one input per
 * line, a short one for each outcome. `found.hex` holds inputs that were bugs once, written by hand; a line that begins
 * with # says which.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../test/fuzz/corpus', import.meta.url));
const KEPT = 'inputs.hex';
const FOUND = 'found.hex';
/** Enough for a short replay; what is behind it is found again by any longer run. */
const KEPT_INPUTS_MAX = 60;
const KEPT_BYTES_MAX = 400;

/** Names of the targets that have a corpus. */
export function corpusNames(): string[] {
  return existsSync(ROOT) ? readdirSync(ROOT) : [];
}

export function readCorpus(target: string): Buffer[] {
  return [KEPT, FOUND].flatMap((name) => readInputs(join(ROOT, target, name)));
}

/** Replaces what was kept. @param inputs by outcome @returns how many of them were not kept before */
export function writeCorpus(target: string, inputs: ReadonlyMap<string, Buffer>): number {
  const before = new Set(readInputs(join(ROOT, target, KEPT)).map((input) => input.toString('hex')));
  const kept = [...inputs.values()]
    .filter(({ byteLength }) => byteLength <= KEPT_BYTES_MAX)
    .slice(0, KEPT_INPUTS_MAX)
    .map((input) => input.toString('hex'));
  mkdirSync(join(ROOT, target), { recursive: true });
  writeFileSync(join(ROOT, target, KEPT), [...new Set(kept)].sort(byLength).join('\n') + '\n');
  return kept.filter((input) => !before.has(input)).length;
}

function readInputs(file: string): Buffer[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').replace(/\n$/, '').split('\n');
  return lines.filter((line) => !line.startsWith('#')).map((line) => Buffer.from(line, 'hex'));
}

function byLength(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/**
 * `npm run sim:mutants -- [--only M01,M02] [--seed N]`: breaks a copy of the compiled core in one place after the other
 * and says whether the simulator noticed. Exits 1 when it did not.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS, type Edit, type Mutant } from './table.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Mutants at a time. */
    jobs: { type: 'string', default: '2' },
    /** Seconds after which a mutant that nobody noticed is given up. */
    seconds: { type: 'string', default: '300' },
  },
});

const root = resolve(import.meta.dirname, '../../../..');
const only = values.only?.split(',');
const waiting = MUTANTS.filter(({ id }) => only?.includes(id) ?? true);
let survivors = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await judge(next);
  }),
);
console.log(survivors === 0 ? 'Every mutant was caught.' : `${survivors} mutants survived.`);
process.exitCode = survivors === 0 ? 0 : 1;

async function judge(mutant: Mutant): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), `zabkeeper-${mutant.id}-`));
  try {
    copyTo(directory);
    for (const edit of mutant.edits) apply(directory, edit);
    const { seed, property } = await run(directory, mutant.seeds);
    if (property === undefined) survivors++;
    const expected = property !== undefined && mutant.caughtBy.includes(property) ? '' : ' (not as expected)';
    const outcome = property === undefined ? 'SURVIVED' : `${property} with seed ${seed}${expected}`;
    console.log(`${mutant.id}  ${outcome.padEnd(34)}  ${mutant.what}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a run needs of the compiled files, and the packages. */
function copyTo(directory: string): void {
  for (const part of ['src', 'test/sim', 'test/helpers', 'test/unit/helpers']) {
    mkdirSync(join(directory, 'dist', part), { recursive: true });
    cpSync(join(root, 'dist', part), join(directory, 'dist', part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  cpSync(join(root, 'package.json'), join(directory, 'package.json'));
}

function apply(directory: string, { file, find, replace }: Edit): void {
  const path = join(directory, 'dist', file);
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times:\n${find}`);
  writeFileSync(path, parts.join(replace));
}

/** Runs seeds until a property fails. */
function run(directory: string, seeds: number): Promise<{ seed: string; property: string | undefined }> {
  const args = ['dist/test/sim/main.js', '--seed', values.seed, '--seeds', String(seeds), '--alone'];
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output = (output + text).slice(-20_000);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), Number(values.seconds) * 1000);
  return new Promise((done) => {
    child.on('exit', () => {
      clearTimeout(timer);
      const found = /^Seed (\d+): (\S+)$/m.exec(output);
      done({ seed: found?.[1] ?? '', property: found?.[2] });
    });
  });
}

/** The compiled core, as it is or with something wrong in a copy of it, and the simulator on top. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Edit } from './mutant.js';

const ROOT = resolve(import.meta.dirname, '../../../..');
/** What a run needs of the compiled files. */
const PARTS = ['src', 'test/sim', 'test/helpers', 'test/unit/helpers'];

const REPLAY_MS_MAX = 60_000;
/** Characters of its end that are kept. */
const OUTPUT_MAX = 100_000;

export type Verdict =
  | { readonly kind: 'failed'; readonly seed: number; readonly property: string }
  /** @field inTime whether all seeds were run */
  | { readonly kind: 'held'; readonly seeds: number; readonly inTime: boolean };

export class Build implements Disposable {
  readonly #directory: string;
  readonly #isCopy: boolean;

  private constructor(directory: string, isCopy: boolean) {
    this.#directory = directory;
    this.#isCopy = isCopy;
  }

  /** This repository, as it is compiled. */
  static unbroken(): Build {
    return new Build(ROOT, false);
  }

  /** A copy with these edits. @throws when one of them does not fit what is compiled */
  static broken(id: string, edits: readonly Edit[]): Build {
    const build = new Build(mkdtempSync(join(tmpdir(), `zabkeeper-${id}-`)), true);
    try {
      build.#fill();
      for (const edit of edits) build.#apply(edit);
      return build;
    } catch (error) {
      build[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Runs seeds until a property fails.
   * @throws when the simulator did not get as far as to say what came of it: such a copy proves nothing
   */
  async run(first: number, seeds: number, msMax: number): Promise<Verdict> {
    const args = ['--seed', String(first), '--seeds', String(seeds), '--alone'];
    const { output, inTime } = await this.#simulate(args, msMax);
    const [, seed, property] = /^Seed (\d+): (\S+)$/m.exec(output) ?? [];
    if (property !== undefined) return { kind: 'failed', seed: Number(seed), property };
    if (!inTime) return { kind: 'held', seeds: Number(lastOf(output, /^(\d+) of \d+ seeds/gm) ?? 0), inTime };
    if (!/^Every property held\.$/m.test(output)) throw new Error(`The simulator broke off:\n${output}`);
    return { kind: 'held', seeds, inTime };
  }

  /** Plays a script. @returns the property that fails; undefined when all hold */
  async replay(file: string): Promise<string | undefined> {
    const { output } = await this.#simulate(['--replay', file], REPLAY_MS_MAX);
    const [, property] = /^Property failed .*\n {2}(\S+):/m.exec(output) ?? [];
    if (property === undefined && !output.includes('Every property held'))
      throw new Error(`The simulator broke off:\n${output}`);
    return property;
  }

  async #simulate(args: readonly string[], msMax: number): Promise<{ output: string; inTime: boolean }> {
    const command = ['dist/test/sim/main.js', ...args];
    const child = spawn(process.execPath, command, {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output = (output + text).slice(-OUTPUT_MAX);
      });
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), Math.max(msMax, 0));
    await new Promise((done) => child.on('close', done));
    clearTimeout(timer);
    return { output, inTime: !child.killed };
  }

  [Symbol.dispose](): void {
    if (this.#isCopy) rmSync(this.#directory, { recursive: true, force: true });
  }

  #fill(): void {
    for (const part of PARTS) {
      mkdirSync(join(this.#directory, 'dist', part), { recursive: true });
      cpSync(join(ROOT, 'dist', part), join(this.#directory, 'dist', part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#directory, 'node_modules'));
    cpSync(join(ROOT, 'package.json'), join(this.#directory, 'package.json'));
  }

  #apply({ file, find, replace }: Edit): void {
    const path = join(this.#directory, 'dist', file);
    const parts = readFileSync(path, 'utf8').split(find);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times:\n${find}`);
    writeFileSync(path, parts.join(replace));
  }
}

/** How to see a seed again on the unbroken core. */
export function replayOf(seed: number): string {
  return `  Again: npm run sim -- --seed ${seed} --seeds 1`;
}

function lastOf(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}

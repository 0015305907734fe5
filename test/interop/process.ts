/**
 * Runs programs we did not write, and never lets one outlive the test that started it.
 *
 * Foreign clients and servers hang, fork and shout on both streams. So every child leads its own process group
 * (killing the group also ends what the child started), its output is kept for the failure message, every wait
 * has a limit, and whatever still lives when this process exits is killed then.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to the environment of this process; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Output beyond this is dropped from the front: enough for any failure message, too little to hurt. */
const OUTPUT_CHARS_MAX = 4 * 1024 * 1024;
const TAIL_CHARS = 6000;

const living = new Set<Program>();
process.on('exit', () => {
  for (const program of living) program.signal('SIGKILL');
});
// Our children do not hear the terminal, and a signal without a handler would end us without an 'exit' event.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

export class Program implements AsyncDisposable {
  readonly title: string;
  /** Resolves once, when the process has ended and its output is complete. */
  readonly exited: Promise<Exit>;
  #child: ChildProcess;
  #output = '';
  /** Where the next `expect` starts to read. */
  #cursor = 0;
  #exit: Exit | undefined;
  #spawnError: Error | undefined;
  readonly #listeners = new Set<() => void>();

  private constructor(command: string, args: readonly string[], options: ProgramOptions) {
    this.title = [command, ...args].join(' ');
    // spawn leaves out what is undefined.
    const env = { ...process.env, ...options.env };
    this.#child = spawn(command, args, { cwd: options.cwd, env, detached: true, stdio: 'pipe' });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#append(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#append(text));
    // A program that ends while we type to it is reported by its exit, not by EPIPE.
    this.#child.stdin?.on('error', () => undefined);
    living.add(this);
    this.exited = new Promise((resolve) => {
      const finish = (exit: Exit): void => {
        this.#exit = exit;
        living.delete(this);
        resolve(exit);
        this.#notify();
      };
      this.#child.once('close', (code, signal) => finish({ code, signal }));
      this.#child.once('error', (error) => {
        this.#spawnError = error;
        if (this.#child.pid === undefined) finish({ code: null, signal: null });
      });
    });
  }

  static start(command: string, args: readonly string[] = [], options: ProgramOptions = {}): Program {
    return new Program(command, args, options);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Both streams, in the order in which they arrived. */
  get output(): string {
    return this.#output;
  }

  /** The title, how it ended and the end of its output: what a failure message needs. */
  describe(): string {
    const state =
      this.#spawnError?.message ??
      (this.#exit === undefined ? 'still running' : `ended: ${JSON.stringify(this.#exit)}`);
    return `${this.title}\n(${state})\n${this.#output.slice(-TAIL_CHARS)}`;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Signals the whole process group, so that children of the program hear it too. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#exit !== undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  }

  /**
   * Waits for `pattern` in the output after the previous match and moves past it, so that successive calls read
   * the output as a conversation. Ends early, with the output, if the program ends first.
   */
  async expect(pattern: RegExp, limitMs: number): Promise<RegExpExecArray> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(
        this.#output.slice(this.#cursor),
      );
      if (match !== null) {
        this.#cursor += match.index + match[0].length;
        return match;
      }
      const remainingMs = deadline - Date.now();
      if (this.#exit !== undefined || remainingMs <= 0) {
        throw new Error(`no ${String(pattern)} within ${limitMs} ms from ${this.describe()}`);
      }
      await this.#change(remainingMs);
    }
  }

  /** Waits for the end; a program that takes longer is killed, and the error shows what it had said. */
  async wait(limitMs: number): Promise<Exit> {
    if (!(await this.endsWithin(limitMs))) {
      const message = `not finished within ${limitMs} ms: ${this.describe()}`;
      await this[Symbol.asyncDispose]();
      throw new Error(message);
    }
    return this.exited;
  }

  /** True when the program ended within the limit. */
  async endsWithin(limitMs: number): Promise<boolean> {
    const deadline = Date.now() + limitMs;
    while (this.#exit === undefined) {
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) return false;
      await this.#change(remainingMs);
    }
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    if (this.#exit !== undefined) return;
    // A grandchild that left the group could hold the pipes open: do not wait for it for ever.
    if (await this.endsWithin(5000)) return;
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
    living.delete(this);
  }

  #append(text: string): void {
    this.#output += text;
    const excess = this.#output.length - OUTPUT_CHARS_MAX;
    if (excess > 0) {
      this.#output = this.#output.slice(excess);
      this.#cursor = Math.max(0, this.#cursor - excess);
    }
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves at the next output or exit, or after `limitMs`. */
  #change(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#listeners.add(done);
    });
  }
}

/** Runs a program to its end and returns its output; anything but exit code 0 is an error that shows it. */
export async function run(
  command: string,
  args: readonly string[],
  options: ProgramOptions & { readonly limitMs: number; readonly input?: string },
): Promise<string> {
  await using program = Program.start(command, args, options);
  if (options.input !== undefined) program.write(options.input);
  program.endInput();
  const { code } = await program.wait(options.limitMs);
  if (code !== 0) throw new Error(`failed: ${program.describe()}`);
  return program.output;
}

/** Polls until `probe` returns something other than undefined or false; `what` completes the sentence of the error. */
export async function until<T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined && result !== false) return result;
    if (Date.now() >= deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(25);
  }
}

export function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Waits for an event of an emitter, but not for ever. */
export async function onceWithin(
  emitter: NodeJS.EventEmitter,
  event: string,
  limitMs: number,
): Promise<unknown[]> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const values: unknown[] = await once(emitter, event, { signal });
    return values;
  } catch (error) {
    if (signal.aborted) throw new Error(`no '${event}' within ${limitMs} ms`, { cause: error });
    throw error;
  }
}

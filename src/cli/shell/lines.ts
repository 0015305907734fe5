/**
 * Why this file exists: where the shell's lines come from: a person at a terminal, with history and completion, or a pipe.
 */
import { createInterface, clearLine, cursorTo, type Interface } from 'node:readline';
import { complete } from './complete.js';
import type { ShellConnection } from './connection.js';
import { HISTORY_LINES_MAX, type HistoryFile } from './historyFile.js';
import type { Output } from './printer.js';
import type { Shell } from './shell.js';

/** Runs the lines of a stream, stdin, until they or the shell end. */
export async function runPipe(shell: Shell, input: NodeJS.ReadableStream): Promise<void> {
  const lines = createInterface({ input, crlfDelay: Infinity });
  for await (const line of lines) {
    await shell.executeLine(line);
    if (shell.ended) break;
  }
  lines.close();
}

/** What a terminal is made of. */
export interface TerminalStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly history: HistoryFile;
}

/** The prompt. Events may come while something is typed: they are printed above it. */
export class Terminal implements Output {
  readonly colour: Output['colour'];
  readonly #output: Output;
  readonly #streams: TerminalStreams;
  #lines: Interface | undefined;
  #prompt: () => string = () => '';
  /** True while a line is being typed. */
  #typing = false;

  constructor(output: Output, streams: TerminalStreams) {
    this.#output = output;
    this.#streams = streams;
    this.colour = output.colour;
  }

  out(text: string): void {
    this.#above(() => this.#output.out(text));
  }

  err(text: string): void {
    this.#above(() => this.#output.err(text));
  }

  #above(print: () => void): void {
    if (this.#lines === undefined || !this.#typing) {
      print();
      return;
    }
    clearLine(this.#streams.output, 0);
    cursorTo(this.#streams.output, 0);
    print();
    this.#lines.setPrompt(this.#prompt());
    this.#lines.prompt(true);
  }

  /** Asks for lines and runs them until the shell or the input ends. */
  async run(shell: Shell, connection: ShellConnection): Promise<void> {
    const { input, output, history: file } = this.#streams;
    const lines = createInterface({
      input,
      output,
      terminal: true,
      history: file.load().reverse(),
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
      completer: (line: string, answer: (error: Error | null, result: [string[], string]) => void) => {
        void complete(line, connection.current).then((result) => answer(null, result));
      },
    });
    this.#lines = lines;
    this.#prompt = () => shell.prompt;
    await new Promise<void>((resolve) => {
      const ask = (): void => {
        lines.setPrompt(shell.prompt);
        this.#typing = true;
        lines.prompt();
      };
      /** Lines that were pasted together come at once: each waits for the one before. */
      let work = Promise.resolve();
      lines.on('line', (line) => {
        this.#typing = false;
        file.add(line);
        work = work.then(async () => {
          if (!shell.ended) await shell.executeLine(line);
          if (shell.ended) lines.close();
          // Ctrl-D may have ended the input meanwhile.
          else if (this.#lines !== undefined) ask();
        });
      });
      lines.on('SIGINT', () => {
        if (!this.#typing) {
          // A command hangs: there is no other way out.
          process.exit(130);
        }
        this.#output.out(lines.line === '' ? '\nquit, or Ctrl-D, leaves the shell.\n' : '\n');
        // Moves to the end of the line and deletes it.
        lines.write(null, { ctrl: true, name: 'e' });
        lines.write(null, { ctrl: true, name: 'u' });
        ask();
      });
      lines.on('close', () => {
        this.#typing = false;
        this.#lines = undefined;
        if (!shell.ended) this.#output.out('\n');
        void work.then(resolve);
      });
      ask();
    });
  }
}

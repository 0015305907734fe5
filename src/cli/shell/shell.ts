/**
 * Why this file exists: one command after the other, from whatever they come: a prompt, a pipe or the command line. It
 * knows the table of commands, the history of this run and the exit code, and nothing of where lines come from.
 */
import type { ZooKeeper } from '../../client/index.js';
import { parseArguments, splitLine } from './arguments.js';
import type { CommandContext, Reply, ShellCommand, ShellControl } from './command.js';
import { commandTable, usageOfAll } from './commands/index.js';
import type { ShellConnection } from './connection.js';
import { EXIT_FAILED, EXIT_UNKNOWN_COMMAND, ShellError } from './errors.js';
import type { Printer, ShellEvent } from './printer.js';

export class Shell implements ShellControl {
  printWatches = true;
  /** That of the last command. */
  exitCode = 0;
  /** True when the last command was `quit`: no further line is to be read. */
  ended = false;
  readonly #connection: ShellConnection;
  readonly #printer: Printer;
  readonly #history: string[] = [];
  /** Whether the session may have ephemerals, which would go with it. */
  #ephemerals = false;

  constructor(connection: ShellConnection, printer: Printer) {
    this.#connection = connection;
    this.#printer = printer;
  }

  get commandCount(): number {
    return this.#history.length - 1;
  }

  /** What stands before the next line: `[zk: localhost:2181(CONNECTED) 3] `. */
  get prompt(): string {
    return `[zk: ${this.#connection.servers}(${this.#connection.stateName}) ${this.#history.length}] `;
  }

  historyLine(index: number): string | undefined {
    return this.#history[index];
  }

  /** For the listener of the connection. */
  printEvent(event: ShellEvent): void {
    if (this.printWatches) this.#printer.event(event);
  }

  /** Runs a line; empty ones are passed over. Never rejects. */
  async executeLine(line: string): Promise<void> {
    const words = splitLine(line);
    if (words.length === 0) return;
    this.#history.push(line);
    await this.execute(words);
  }

  /** Runs a command given as words. Never rejects. */
  async execute([name = '', ...words]: readonly string[]): Promise<void> {
    const path = commandTable.get(name)?.about ?? words.find((word) => word.startsWith('/'));
    try {
      const reply = await this.#run(name, words);
      if (reply === undefined) return;
      this.exitCode = 0;
      this.#printer.reply(name, reply);
    } catch (error) {
      this.exitCode = error instanceof ShellError ? error.exitCode : EXIT_FAILED;
      this.#printer.failure(name, error, this.exitCode, path);
    }
  }

  async #run(name: string, words: readonly string[]): Promise<Reply | undefined> {
    const command = commandTable.get(name);
    if (command === undefined) {
      throw new ShellError('UNKNOWNCOMMAND', `Command not found: Command not found ${name}`, {
        exitCode: EXIT_UNKNOWN_COMMAND,
        before: usageOfAll(),
      });
    }
    const args = parseArguments(command, words);
    const offline = command.offlineOption !== undefined && args.has(command.offlineOption);
    const zk = command.session ? await this.#connection.ready({ offline }) : undefined;
    if (command.name === 'create' && args.has('e')) this.#ephemerals = true;
    return command.run(this.#context(command, zk), args);
  }

  #context(command: ShellCommand, zk: ZooKeeper | undefined): CommandContext {
    return {
      get zk(): ZooKeeper {
        if (zk === undefined) throw new Error(`the command ${command.name} is declared to need no session`);
        return zk;
      },
      watches: this.#connection.watches,
      shell: this,
      note: (text) => this.#printer.note(text),
    };
  }

  async redo(index: number): Promise<void> {
    const line = this.#history[index];
    const words = splitLine(line ?? '');
    // The line stands in the history as what it was, not as `redo 3`.
    if (line === undefined || index >= this.commandCount || index < 0) {
      throw new ShellError('USAGE', 'Command index out of range; type history for the numbers');
    }
    if (words[0] === 'redo') throw new ShellError('USAGE', 'No redoing redos');
    this.#history[this.commandCount] = line;
    await this.execute(words);
  }

  async connect(servers: string | undefined): Promise<void> {
    this.#ephemerals = false;
    await this.#connection.connect(servers);
  }

  async close(): Promise<void> {
    this.#ephemerals = false;
    await this.#connection.close();
  }

  async quit(): Promise<void> {
    this.ended = true;
    await this.#connection.leave(false);
  }

  /**
   * The end of the input. A session that made ephemerals is left to its timeout, as Apache's shell leaves every session:
   * `zabkeeper cli create -e /lock` would otherwise have made nothing.
   */
  async leave(): Promise<void> {
    if (!this.ended) await this.#connection.leave(this.#ephemerals);
  }
}

/**
 * Why this file exists: what a command of the shell is. The interactive shell, the reader of a pipe, the one-shot runner,
 * completion, `help` and docs/cli.md all work from the same table of such commands.
 */
import type { WatchListener, ZooKeeper } from '../../client/index.js';
import type { Arguments } from './arguments.js';
import { ShellError } from './errors.js';

/** What JSON can say. Numbers beyond 2^53 and identifiers are strings. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** An option of a command. All of them are written with one dash, as Apache's shell has them. */
export interface CommandOption {
  /** Without the dash: `s`, or a word such as `members`. */
  readonly name: string;
  /** What stands behind it, for options that take a value. */
  readonly value?: string;
  readonly doc: string;
}

/** What a command has to say when it is done. Text goes out line by line, JSON as one object. */
export interface Reply {
  /** For stdout. */
  readonly lines?: readonly string[];
  /** For stderr: said beside the result, as `Created /a`. */
  readonly notes?: readonly string[];
  /** The same in JSON; null when there is nothing to say but that it is done. */
  readonly json: Json;
}

/** Listeners to leave with watches: they print that a watch was removed. The events themselves are printed anyway. */
export interface WatchListeners {
  readonly data: WatchListener;
  readonly child: WatchListener;
  readonly persistent: WatchListener;
}

/** The shell as the commands that concern itself see it. */
export interface ShellControl {
  /** Whether watch events are printed. */
  printWatches: boolean;
  /** Number of the command that runs. */
  readonly commandCount: number;
  /** The line with this number, of this run. */
  historyLine(index: number): string | undefined;
  /** Runs a line of the history again; what it says is printed as if it had been typed. */
  redo(index: number): Promise<void>;
  /** Leaves the present session, if there is one, and starts one with these servers; undefined for the same ones. */
  connect(servers: string | undefined): Promise<void>;
  /** Ends the session. */
  close(): Promise<void>;
  /** Ends the session and then the shell, without reading on. */
  quit(): Promise<void>;
}

/** What a command works with. */
export interface CommandContext {
  /** For commands with `session`, connected; others must not touch it. */
  readonly zk: ZooKeeper;
  readonly watches: WatchListeners;
  readonly shell: ShellControl;
  /** Says something on stderr at once, before the result or an error. */
  readonly note: (text: string) => void;
}

/** A command of the shell. */
export interface ShellCommand {
  readonly name: string;
  /** What follows the name, in the form in which Apache's shell lists it. */
  readonly usage: string;
  /** One or more sentences: what it does. */
  readonly doc: string;
  readonly options: readonly CommandOption[];
  /** How many arguments besides options there must be. */
  readonly argumentsMin: number;
  /** How many there may be; more are ignored, as in Apache's shell, unless this is set. */
  readonly argumentsMax?: number;
  /** The znode that errors are about which name none; default: the first argument that is a path. */
  readonly about?: string;
  /** False for commands that need no server. */
  readonly session: boolean;
  /** An option with which the command needs a session, but does not wait for a connection. */
  readonly offlineOption?: string;
  /** The shape of `result` in the JSON form. */
  readonly json: string;
  /** Undefined when everything has been said and the exit code is to stay that of the last command. */
  run(context: CommandContext, args: Arguments): Promise<Reply | undefined> | Reply;
}

/** The usage of a command: the line that Apache's shell prints for a wrong call. */
export function usageLine({ name, usage }: ShellCommand): string {
  return `${name} ${usage}`;
}

/** An option as it is typed. */
export function optionText({ name, value }: CommandOption): string {
  return value === undefined ? `-${name}` : `-${name} ${value}`;
}

/** A line for each option, with what it does. */
export function optionLines({ options }: ShellCommand): string[] {
  const texts = options.map(optionText);
  const width = Math.max(0, ...texts.map(({ length }) => length));
  return options.map(({ doc }, index) => ` ${(texts[index] ?? '').padEnd(width)}   ${doc}`);
}

/** The error for a wrong call: what is wrong with it, if that is not plain, and the usage. */
export function usageError(command: ShellCommand, problem?: string): ShellError {
  const lines = optionLines(command).join('\n');
  if (problem === undefined) return new ShellError('USAGE', usageLine(command), { after: lines });
  return new ShellError('USAGE', problem, { after: [usageLine(command), lines].filter(Boolean).join('\n') });
}

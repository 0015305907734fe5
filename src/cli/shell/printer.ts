/**
 * Why this file exists: everything the shell says goes through a Printer, so that text in Apache's form and JSON are two
 * ways to say the same, and no command knows which one is on.
 */
import { styleText } from 'node:util';
import type { NodeEvent, StateEvent } from '../../client/index.js';
import type { Json, Reply } from './command.js';
import { errorJson, errorText, ShellError } from './errors.js';
import { hex } from './format.js';

/** The kinds of watches that can be removed, in Apache's words. */
export type RemovedKind = 'Data' | 'Child' | 'Persistent';

/** What happened beside the commands. */
export type ShellEvent =
  | { readonly kind: 'node'; readonly event: NodeEvent }
  | { readonly kind: 'state'; readonly event: StateEvent }
  | { readonly kind: 'watchRemoved'; readonly watch: RemovedKind; readonly path: string }
  | { readonly kind: 'gap'; readonly path: string };

/** Says what the shell has to say. */
export interface Printer {
  /** Something about the run as a whole: for people, not for scripts. */
  banner(text: string): void;
  /** A remark of the command that runs, before its result. */
  note(text: string): void;
  /** The command is done. */
  reply(command: string, reply: Reply): void;
  /** The command failed. */
  failure(command: string, error: unknown, exitCode: number, path: string | undefined): void;
  event(event: ShellEvent): void;
}

/** Where text goes. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether each of the two shows colours. */
  readonly colour: { readonly out: boolean; readonly err: boolean };
}

/** The streams of the process. */
export function processOutput(): Output {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colour: { out: hasColours(process.stdout), err: hasColours(process.stderr) },
  };
}

/** Asks the terminal, which also looks at NO_COLOR and TERM; anything else has none. */
function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.hasColors();
}

/** The streams have been asked already; newer releases of Node.js would ask stdout again, whichever is meant. */
function coloured(colour: 'red' | 'cyan', text: string): string {
  return styleText(colour, text, { validateStream: false });
}

/** Options of the text form. */
export interface TextOptions {
  /** Whether to tell of the connection: the banner and events of the session. */
  readonly connection: boolean;
  /** Whether an unknown command is answered with the usage of all, as scripts know it; else with where to find it. */
  readonly usage: boolean;
}

/** As Apache's shell: results and events on stdout, the rest on stderr. */
export class TextPrinter implements Printer {
  readonly #output: Output;
  readonly #options: TextOptions;

  constructor(output: Output, options: TextOptions) {
    this.#output = output;
    this.#options = options;
  }

  banner(text: string): void {
    if (this.#options.connection) this.#output.out(`${text}\n`);
  }

  note(text: string): void {
    this.#output.err(`${text}\n`);
  }

  reply(_command: string, { lines = [], notes = [] }: Reply): void {
    for (const note of notes) this.note(note);
    // One write for all: a list of a million paths is not a million writes.
    if (lines.length > 0) this.#output.out(`${lines.join('\n')}\n`);
  }

  failure(_command: string, error: unknown, _exitCode: number, path: string | undefined): void {
    const text = errorText(error, path);
    const { before, after } = error instanceof ShellError ? error : {};
    const shown = this.#output.colour.err ? coloured('red', text) : text;
    const head = this.#options.usage ? before : undefined;
    const parts = [head, shown, before === head ? after : 'help lists the commands.'].filter(
      (part) => part !== undefined && part !== '',
    );
    this.#output.err(`${parts.join('\n')}\n`);
  }

  event(event: ShellEvent): void {
    if (event.kind === 'gap') {
      this.note(
        `The watch on ${event.path} is back after a broken connection; changes meanwhile may have been missed.`,
      );
      return;
    }
    if (event.kind === 'state' && !this.#options.connection) return;
    const text = eventText(event);
    this.#output.out(`\nWATCHER::\n\n${this.#output.colour.out ? coloured('cyan', text) : text}\n`);
  }
}

/** `WatchedEvent state:SyncConnected type:NodeDeleted path:/a zxid: 19` */
function eventText(event: Exclude<ShellEvent, { kind: 'gap' }>): string {
  const text = (state: string, type: string, path: string, zxid: bigint): string =>
    `WatchedEvent state:${state} type:${type} path:${path} zxid: ${zxid}`;
  switch (event.kind) {
    case 'node':
      return text('SyncConnected', capital(event.event.type), event.event.path, event.event.zxid);
    case 'watchRemoved':
      return text('SyncConnected', `${event.watch}WatchRemoved`, event.path, -1n);
    case 'state':
      return text(STATE_NAMES[event.event.type], 'None', 'null', -1n);
  }
}

/** States of the session in the words of Apache's `KeeperState`. */
export const STATE_NAMES: Record<StateEvent['type'], string> = {
  connected: 'SyncConnected',
  readOnly: 'ConnectedReadOnly',
  disconnected: 'Disconnected',
  expired: 'Expired',
  authFailed: 'AuthFailed',
  closed: 'Closed',
};

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/**
 * One object per line on stdout: `{"command":…,"ok":true,"exitCode":0,"result":…}` for each command, with `notes` when
 * there is something to say besides, `error` instead of `result` when it failed, and `{"event":…}` for events.
 */
export class JsonPrinter implements Printer {
  readonly #output: Output;
  #notes: string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  banner(_text: string): void {
    // For people only.
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  reply(command: string, { json }: Reply): void {
    this.#print({ command, ok: true, exitCode: 0, result: json, ...this.#takeNotes() });
  }

  failure(command: string, error: unknown, exitCode: number, path: string | undefined): void {
    this.#print({ command, ok: false, exitCode, error: errorJson(error, path), ...this.#takeNotes() });
  }

  event(event: ShellEvent): void {
    const json = eventJson(event);
    if (json !== undefined) this.#print({ event: json });
  }

  #takeNotes(): { notes?: readonly string[] } {
    const notes = this.#notes;
    this.#notes = [];
    return notes.length === 0 ? {} : { notes };
  }

  #print(json: Json): void {
    this.#output.out(`${JSON.stringify(json)}\n`);
  }
}

function eventJson(event: ShellEvent): Json | undefined {
  switch (event.kind) {
    case 'node':
      return { type: event.event.type, path: event.event.path, zxid: hex(event.event.zxid) };
    case 'watchRemoved':
      return { type: 'watchRemoved', watch: event.watch.toLowerCase(), path: event.path };
    case 'gap':
      return { type: 'gap', path: event.path };
    case 'state':
      // That a session begins and is closed is what the caller asked for.
      if (event.event.type === 'closed') return undefined;
      if (event.event.type === 'connected' && !event.event.resumed) return undefined;
      return { type: event.event.type };
  }
}

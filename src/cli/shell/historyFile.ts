/**
 * Why this file exists: what was typed at the prompt is there again the next time, but for secrets, and for nobody else.
 */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { splitLine } from './arguments.js';

/** Lines kept from one run to the next. */
export const HISTORY_LINES_MAX = 1000;

const OWNER_ONLY = 0o600;

/** `$XDG_STATE_HOME/zabkeeper/cli_history`; a relative XDG_STATE_HOME counts as none, as its specification says. */
export function historyPath(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const state = env['XDG_STATE_HOME'];
  const home = env['HOME'] ?? homedir();
  const base = state?.startsWith('/') === true ? state : join(home, '.local', 'state');
  return join(base, 'zabkeeper', 'cli_history');
}

/** False for lines that are not to be found later: those of addauth hold passwords. */
export function mayBeKept(line: string): boolean {
  return !splitLine(line).some((word) => word.toLowerCase() === 'addauth');
}

/** Lines of earlier runs. A directory that cannot be written costs the history and nothing else. */
export class HistoryFile {
  readonly #path: string;
  #last: string | undefined;

  constructor(path = historyPath()) {
    this.#path = path;
  }

  /** The lines kept, oldest first. The file is cut to its limit, and closed to others. */
  load(): string[] {
    try {
      const all = readFileSync(this.#path, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      const lines = all.slice(-HISTORY_LINES_MAX);
      chmodSync(this.#path, OWNER_ONLY);
      if (all.length > lines.length) writeFileSync(this.#path, `${lines.join('\n')}\n`, { mode: OWNER_ONLY });
      this.#last = lines.at(-1);
      return lines;
    } catch {
      return [];
    }
  }

  /** Keeps a line, unless it is the one before or may hold a secret. */
  add(line: string): void {
    if (line.trim() === '' || line === this.#last || !mayBeKept(line)) return;
    this.#last = line;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      appendFileSync(this.#path, `${line}\n`, { mode: OWNER_ONLY });
    } catch {
      // The shell works without it.
    }
  }
}

/**
 * Why this file exists: work that takes more than a second shows how far it is, in one line that is drawn again and
 * again. Only on a terminal: a log file or a pipe gets the result alone.
 */
import type { Progress } from '../../backup/index.js';

/** Nothing is shown of what is done sooner. */
const QUIET_MS = 700;
const REDRAW_MS = 100;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[K';

/** A line on stderr. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #drawnAt = -Infinity;
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Tells it how far the work is. */
  readonly update: Progress = (what, done, of) => {
    const now = performance.now();
    if (!this.#stream.isTTY || now - this.#startedAt < QUIET_MS || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    this.#stream.write(CLEAR_LINE + progressText(what, done, of));
  };

  /** Takes the line away, before anything else is printed. */
  end(): void {
    if (this.#isDrawn) this.#stream.write(CLEAR_LINE);
    this.#isDrawn = false;
  }
}

/** `Writing znodes   [######------------------]  25 %, 250,000 of 1,000,000` */
export function progressText(what: string, done: number, of?: number): string {
  const count = done.toLocaleString('en-US');
  if (of === undefined || of <= 0) return `${what}: ${count}`;
  const part = Math.min(1, done / of);
  const filled = Math.floor(part * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled);
  return `${what} [${bar}] ${Math.floor(part * 100)} %, ${count} of ${of.toLocaleString('en-US')}`;
}

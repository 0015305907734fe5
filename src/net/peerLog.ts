/** What is worth a line about links, but at most one per address and second: whoever fails, fails often. */

/** The log; pino's `Logger` is one. */
export interface PeerLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const INTERVAL_MS = 1000;
/** Addresses remembered; a scan of ports must not cost memory. */
const ADDRESSES_MAX = 1000;

export class LimitedLog {
  readonly #log: PeerLog;
  readonly #last = new Map<string, number>();

  constructor(log: PeerLog) {
    this.#log = log;
  }

  info(about: string, message: string): void {
    if (this.#due(about)) this.#log.info(message);
  }

  warn(about: string, message: string): void {
    if (this.#due(about)) this.#log.warn(message);
  }

  /** An operator has to act. Limited by itself, so that another line about the same address does not hide it. */
  alarm(about: string, message: string): void {
    if (this.#due(`alarm ${about}`)) this.#log.error(message);
  }

  #due(about: string): boolean {
    const now = performance.now();
    const last = this.#last.get(about);
    if (last !== undefined && now - last < INTERVAL_MS) return false;
    if (this.#last.size >= ADDRESSES_MAX) this.#last.clear();
    this.#last.set(about, now);
    return true;
  }
}

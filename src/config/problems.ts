/**
 * Why this file exists: who fixes a file wants to hear of all its mistakes at once. Parts that can be read
 * independently are tried one by one; a part that needs a broken one is not tried, so that nobody has to read what
 * merely follows from another mistake.
 */
import { ConfigError } from './errors.js';

/** Mistakes found so far. */
export class Problems {
  readonly #found: ConfigError[] = [];

  /** What `read` returns, or undefined if there was a mistake, which is remembered. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const part of error.parts) this.#note(part);
      return undefined;
    }
  }

  /** Throws what was found: one mistake as it is, several as one error that tells them all. */
  throwIfAny(): void {
    const [first, ...more] = this.#found;
    if (first === undefined) return;
    if (more.length === 0) throw first;
    throw ConfigError.ofSeveral([first, ...more]);
  }

  #note(error: ConfigError): void {
    // A value that several parts look at is one mistake.
    if (this.#found.every(({ message }) => message !== error.message)) this.#found.push(error);
  }
}

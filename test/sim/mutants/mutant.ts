/** What a mutant is: the core with one thing wrong, as an edit of compiled text. */

/** A replacement; `find` must occur exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  /** As in zab.md section 5; a letter behind it tells two variants of a row apart. */
  readonly id: string;
  readonly what: string;
  /**
   * What else has to be so, or what is broken would never come up: settings, and defences that other defences make up
   * for. With this alone, none of the properties that are expected to fail may fail.
   */
  readonly given?: readonly Edit[];
  readonly edits: readonly Edit[];
  /** Properties one of which must fail; that another one does shows nothing. */
  readonly caughtBy: readonly string[];
  /** Why there are others among them than zab.md names. */
  readonly because?: string;
  /** What the simulated world does not have yet and this needs: it is not run unless it is asked for. */
  readonly needs?: string;
  /** Within so many seeds. */
  readonly seeds: number;
}

/** A row of zab.md section 5 that no mutant stands for. */
export interface Excepted {
  readonly id: string;
  readonly what: string;
  readonly reason: string;
}

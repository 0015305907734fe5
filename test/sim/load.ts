/** What a client does: who it says to be, and what it asks for next. */
import type { Identity } from '../../src/tree/index.js';
import type { Request } from '../../src/types/index.js';

export interface Load {
  readonly identities: readonly Identity[];
  /** Requests to send now, in one go; none: nothing yet. @param watches whether reads may set one-shot watches */
  next(watches: boolean): Request[];
  /** What an answer taught about a path. */
  learn(path: string, version: number | undefined, children: readonly string[] | undefined): void;
}

/** Who connects without more ado. */
export const ANYBODY: readonly Identity[] = [{ scheme: 'ip', id: '127.0.0.1' }];

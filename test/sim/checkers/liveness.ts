/** What must happen at once; what must happen in time is measured by the phases of a run. */
import type { PeerMessage } from '../../../src/zab/index.js';
import { Checker, type ServerView } from './checker.js';

/** A learner whose leader closed the link looks for another one in the same turn, not when its clock says so (zab.md V1). */
export class LeavesAtOnce extends Checker {
  readonly property = 'liveness';
  /** The link by which each server follows. Before LEADERINFO a leader may still be deciding, and is dialled again. */
  readonly #followed = new Map<number, number>();

  override booted({ id }: ServerView): void {
    this.#followed.delete(id);
  }

  override role({ id }: ServerView): void {
    this.#followed.delete(id);
  }

  override received({ id }: ServerView, link: number, message: PeerMessage): void {
    if (message.kind === 'leaderInfo') this.#followed.set(id, link);
  }

  override linkLost({ id }: ServerView, link: number): void {
    if (this.#followed.get(id) === link) this.fail(`server ${id} follows a leader whose link is down`);
  }
}

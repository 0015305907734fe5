/** What must happen at once; what must happen in time is measured by the phases of a run. */
import type { PeerMessage } from '../../../src/zab/index.js';
import { Checker, type ServerView } from './checker.js';

/** A learner whose leader closed the link looks for another one in the same turn, not when its clock says so (zab.md V1). */
export class LeavesAtOnce extends Checker {
  readonly property = 'liveness';
  /** The link by which each server follows. Before LEADERINFO a leader may still be deciding, and is dialled again. */
  readonly #followed = new Map<number, number>();
  readonly #roles = new Map<number, string>();

  override booted({ id }: ServerView): void {
    this.#followed.delete(id);
  }

  override role({ id }: ServerView, role: string): void {
    this.#followed.delete(id);
    this.#roles.set(id, role);
  }

  override received({ id }: ServerView, link: number, message: PeerMessage): void {
    // Behind the end of its role, in the same turn, it still takes in what had arrived, and does nothing about it.
    const role = this.#roles.get(id);
    const isLearner = role === 'following' || role === 'observing';
    if (message.kind === 'leaderInfo' && isLearner) this.#followed.set(id, link);
  }

  override linkLost({ id }: ServerView, link: number): void {
    if (this.#followed.get(id) === link) this.fail(`server ${id} follows a leader whose link is down`);
  }
}

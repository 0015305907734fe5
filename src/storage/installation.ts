/**
 * The order of events while a snapshot becomes the tree: first `log.db` has it, then the tree's thread changes files, and
 * only then anybody hears of it, before all that follows.
 */
import type { LogMark } from '../engine/ports.js';
import { assert } from '../util/index.js';
import type { FromLogWorker } from './messages.js';

interface Running {
  readonly token: number;
  readonly base: LogMark;
  /** The log has it: the tree's thread is changing files. */
  committed: boolean;
  /** What the tree's thread said meanwhile: true of the old tree only. */
  checkpointed: number;
}

/** At most one installation at a time. */
export class Installation {
  #running: Running | undefined;
  /** What the log said since it has it. */
  #deferred: FromLogWorker[] | undefined;

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Whether the old tree is gone for good. */
  get committed(): boolean {
    return this.#running?.committed === true;
  }

  begin(token: number, base: LogMark): void {
    assert(this.#running === undefined, 'A snapshot is being installed.');
    this.#running = { token, base, committed: false, checkpointed: 0 };
  }

  /** @returns whether the message has to wait */
  defers(message: FromLogWorker): boolean {
    this.#deferred?.push(message);
    return this.#deferred !== undefined;
  }

  /**
   * The log has the synchronisation of this token.
   * @returns whether it is the one that installs
   */
  commit(token: number): boolean {
    if (this.#running?.token !== token) return false;
    this.#running.committed = true;
    this.#deferred = [];
    return true;
  }

  /**
   * The tree up to here is in its file. Behind an installation in the log's queue, the log would take that for the new
   * tree.
   * @returns whether the log must not be told now
   */
  holds(index: number): boolean {
    if (this.#running === undefined) return false;
    this.#running.checkpointed = index;
    return true;
  }

  /**
   * The tree's thread has the new file.
   * @param deliver gets what was deferred, in a later turn
   */
  finish(deliver: (message: FromLogWorker) => void): { token: number; base: LogMark } {
    const running = this.#running;
    assert(running !== undefined, 'No snapshot is being installed.');
    this.#running = undefined;
    setImmediate(() => {
      const deferred = this.#deferred ?? [];
      this.#deferred = undefined;
      deferred.forEach(deliver);
    });
    return running;
  }

  /** It does not happen. @returns the checkpoint that was held, 0 if there is none */
  abandon(): number {
    const checkpointed = this.#running?.checkpointed ?? 0;
    this.#running = undefined;
    return checkpointed;
  }
}

/**
 * Requests that wait for the same signal share one listener on it. With a listener each, a thousand requests under
 * way would look like a leak to the runtime, and it says so.
 */
import { abortReason } from './errors.js';

/** What a signal ends. */
export interface Abortable {
  fail(error: Error): void;
}

/** The requests under one signal. */
export class AbortGroup {
  static readonly #groups = new WeakMap<AbortSignal, AbortGroup>();

  readonly #signal: AbortSignal;
  readonly #members = new Set<Abortable>();
  readonly #onAbort = (): void => {
    // Failing a member takes it out of the set.
    const reason = abortReason(this.#signal);
    for (const member of [...this.#members]) member.fail(reason);
  };

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @returns the group, to leave when the request is done */
  static join(signal: AbortSignal, member: Abortable): AbortGroup {
    let group = AbortGroup.#groups.get(signal);
    if (group === undefined) {
      group = new AbortGroup(signal);
      AbortGroup.#groups.set(signal, group);
      signal.addEventListener('abort', group.#onAbort, { once: true });
    }
    group.#members.add(member);
    return group;
  }

  leave(member: Abortable): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    AbortGroup.#groups.delete(this.#signal);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

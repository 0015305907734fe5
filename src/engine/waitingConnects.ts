/**
 * Clients that connect while there is no leader. An election is short: who waits it out on this server need not look for
 * another one, which looks for the same leader, or has stopped answering.
 */
import type { ConnectInput, ConnectionId } from './messages.js';

export class WaitingConnects {
  readonly #msMax: number;
  readonly #inputs = new Map<ConnectionId, { readonly input: ConnectInput; readonly since: number }>();

  /** @param msMax then a client is sent away after all */
  constructor(msMax: number) {
    this.#msMax = msMax;
  }

  has(connection: ConnectionId): boolean {
    return this.#inputs.has(connection);
  }

  add(input: ConnectInput, now: number): void {
    this.#inputs.set(input.connection, { input, since: now });
  }

  forget(connection: ConnectionId): void {
    this.#inputs.delete(connection);
  }

  /** Those who have waited too long: they are not waited for any more. */
  takeOverdue(now: number): ConnectionId[] {
    const overdue = [...this.#inputs].filter(([, { since }]) => now - since > this.#msMax).map(([id]) => id);
    for (const id of overdue) this.#inputs.delete(id);
    return overdue;
  }

  /** Nobody waits any more. @returns who did, in order */
  end(): ConnectInput[] {
    const inputs = [...this.#inputs.values()].map(({ input }) => input);
    this.#inputs.clear();
    return inputs;
  }
}

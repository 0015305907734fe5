/**
 * What clients ask while there is no leader. An election is short: who waits it out on this server need not look for
 * another one, which looks for the same leader, or has stopped answering (zab.md V13).
 */
import type { ConnectInput, ConnectionId, RequestInput } from './messages.js';

export class Suspended {
  readonly #msMax: number;
  #inputs: (ConnectInput | RequestInput)[] = [];
  #since: number | undefined;

  /** @param msMax then clients are sent away after all */
  constructor(msMax: number) {
    this.#msMax = msMax;
  }

  /** Connections without a request in flight stay. */
  begin(now: number): void {
    this.#since ??= now;
  }

  /** It lasts too long. */
  isOver(now: number): boolean {
    return this.#since !== undefined && now - this.#since > this.#msMax;
  }

  add(input: ConnectInput | RequestInput): void {
    // The bytes of a request belong to its turn.
    if (input.kind === 'request' && input.raw !== undefined)
      this.#inputs.push({ ...input, raw: { ...input.raw, body: Buffer.from(input.raw.body) } });
    else this.#inputs.push(input);
  }

  forget(connection: ConnectionId): void {
    if (this.#inputs.length > 0)
      this.#inputs = this.#inputs.filter((input) => input.connection !== connection);
  }

  /** Ends it. @returns what was asked meanwhile, in order */
  end(): (ConnectInput | RequestInput)[] {
    const inputs = this.#inputs;
    this.#inputs = [];
    this.#since = undefined;
    return inputs;
  }
}

/** Requests made while there is no connection: kept in order, and no longer than it makes sense. */
import { Queue } from '../util/index.js';
import type { Pending } from './request.js';

/** One timer serves all that wait. */
export class WaitingRequests {
  readonly #queue = new Queue<Pending>();
  readonly #waitMsMax: () => number;
  readonly #giveUp: (request: Pending) => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param waitMsMax how long a request may wait, as things stand when it is asked
   * @param giveUp fails a request that has waited that long
   */
  constructor(waitMsMax: () => number, giveUp: (request: Pending) => void) {
    this.#waitMsMax = waitMsMax;
    this.#giveUp = giveUp;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** @param xid as for `Connection.send`, kept in the request */
  push(request: Pending, xid: number | undefined): void {
    if (request.settled) return;
    request.waitingSinceMs = performance.now();
    request.xid = xid ?? 0;
    this.#queue.push(request);
    if (this.#timer === undefined) this.#check(this.#waitMsMax());
  }

  /** Hands over all requests, oldest first. */
  drain(take: (request: Pending, xid: number | undefined) => void): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      take(next, next.xid === 0 ? undefined : next.xid);
    }
  }

  #check(inMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const waitMsMax = this.#waitMsMax();
      for (let oldest = this.#queue.peek(); oldest !== undefined; oldest = this.#queue.peek()) {
        const leftMs = oldest.waitingSinceMs + waitMsMax - performance.now();
        if (leftMs > 1) {
          this.#check(leftMs);
          return;
        }
        this.#queue.shift();
        this.#giveUp(oldest);
      }
    }, Math.ceil(inMs));
  }
}

/** Where clients write down what they do and see: one list, in the order of one process's clock. */
import type { Event } from './history.js';

type Untimed<E> = E extends Event ? Omit<E, 'at'> : never;

export class Recorder {
  events: Event[] = [];
  #links = 0;

  /** A number for a new connection. */
  nextLink(): number {
    return ++this.#links;
  }

  /** @returns when it happened */
  record(event: Untimed<Event>): number {
    const at = performance.now();
    this.events.push({ ...event, at });
    return at;
  }

  /** What was written down since the last call. */
  take(): Event[] {
    const { events } = this;
    this.events = [];
    return events;
  }
}

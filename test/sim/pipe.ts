/** One direction of a connection: what is sent arrives in order, some time later, or not at all. */
import type { SimRandom } from './random.js';
import type { Planned, Scheduler } from './scheduler.js';

/** The road from one host to another, shared by all pipes that take it. */
export class Path {
  /** Nothing gets through; what is sent waits. */
  #cut = false;
  /** What is sent before this arrives after it. */
  cloggedUntil = 0;
  readonly #pipes = new Set<Pipe<unknown>>();

  get cut(): boolean {
    return this.#cut;
  }

  set cut(cut: boolean) {
    this.#cut = cut;
    if (cut) return;
    for (const pipe of this.#pipes) pipe.release();
  }

  add(pipe: Pipe<unknown>): void {
    this.#pipes.add(pipe);
  }

  remove(pipe: Pipe<unknown>): void {
    this.#pipes.delete(pipe);
  }
}

/** How long a message is under way. */
export interface Delay {
  readonly min: number;
  readonly mean: number;
}

export class Pipe<T> {
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #delay: Delay;
  readonly #path: Path;
  readonly #arrive: (message: T) => void;
  readonly #inFlight = new Set<Planned>();
  #held: T[] = [];
  #lastArrival: number;
  #broken = false;

  /** @param notBefore nothing arrives earlier than this */
  constructor(
    scheduler: Scheduler,
    random: SimRandom,
    delay: Delay,
    path: Path,
    arrive: (message: T) => void,
    notBefore = 0,
  ) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#delay = delay;
    this.#path = path;
    this.#arrive = arrive;
    this.#lastArrival = notBefore;
    path.add(this as Pipe<unknown>);
  }

  send(message: T): void {
    if (this.#broken) return;
    if (this.#path.cut) {
      this.#held.push(message);
      return;
    }
    this.#transmit(message);
  }

  /** Of what waits for the road to open, only the latest is kept. */
  keepLatestHeld(): void {
    this.#held = this.#held.slice(-1);
  }

  /** The road is open again. */
  release(): void {
    for (const message of this.#held.splice(0)) this.#transmit(message);
  }

  /** From some point on, what is under way is lost, and so is all that comes. @param keep chance of each to arrive */
  break(keep: number): void {
    this.#broken = true;
    this.#held = [];
    let lost = false;
    for (const planned of this.#inFlight) {
      if (!lost && this.#random.chance(keep)) continue;
      lost = true;
      this.#scheduler.cancel(planned);
    }
    this.#path.remove(this as Pipe<unknown>);
  }

  /** The last message: what is under way arrives first. */
  end(message: T): void {
    this.send(message);
    if (this.#held.length > 0) return;
    this.#broken = true;
    this.#path.remove(this as Pipe<unknown>);
  }

  #transmit(message: T): void {
    const { now } = this.#scheduler;
    const delay = this.#delay.min + this.#random.exponential(this.#delay.mean);
    const at = Math.max(this.#lastArrival, this.#path.cloggedUntil, now + delay);
    this.#lastArrival = at;
    const planned = this.#scheduler.at(at, () => {
      this.#inFlight.delete(planned);
      this.#arrive(message);
    });
    this.#inFlight.add(planned);
  }
}

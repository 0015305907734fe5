/** Chance that can be listened to, and told what to come up with: how a run becomes a script, and a script a run. */
import { SimRandom } from './random.js';

/** Neither small nor large, neither yes nor no: what comes when a script has nothing more to say. */
const MIDDLE = 0.5;

export class SteeredRandom extends SimRandom {
  #heard: number[] | undefined;
  #told: number[] | undefined;
  #other: SimRandom | undefined;

  override next(): number {
    if (this.#told !== undefined) return this.#told.shift() ?? MIDDLE;
    const value = this.#other?.next() ?? super.next();
    this.#heard?.push(value);
    return value;
  }

  /** From now on it is what it is, whatever was drawn or told before: behind a script the run goes on as it did. */
  beginAnew(seed: number): void {
    this.#other = new SimRandom(seed);
  }

  /** @returns what was drawn by `act` */
  listen(act: () => void): readonly number[] {
    const heard: number[] = (this.#heard = []);
    try {
      act();
    } finally {
      this.#heard = undefined;
    }
    return heard;
  }

  /** `act` draws these. */
  tell(draws: readonly number[], act: () => void): void {
    this.#told = [...draws];
    try {
      act();
    } finally {
      this.#told = undefined;
    }
  }
}

/** No chance at all: everything comes out in the middle. */
export class EvenRandom extends SimRandom {
  constructor() {
    super(0);
  }

  override next(): number {
    return MIDDLE;
  }

  override fork(): SimRandom {
    return new EvenRandom();
  }
}

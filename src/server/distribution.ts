/**
 * How long something took, over many times: how often up to which bound, from the first time on, and roughly which
 * part took how long of late. Noting one allocates nothing and reads no clock, so it may stand on the way of a request.
 */

/** Upper bounds of the buckets in ms: 1, 2, 5 over five decades. What is slower is in one more. */
export const BOUNDS_MS: readonly number[] = Object.freeze([
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000,
]);

const BUCKETS = BOUNDS_MS.length + 1;
const bounds = Float64Array.from(BOUNDS_MS);

/** What may be looked at. */
export interface DistributionStatus {
  readonly count: number;
  readonly sum: number;
  /** Both 0 while `count` is 0. */
  readonly min: number;
  readonly max: number;
  /** How often at most `BOUNDS_MS[i]` ms, and last, at all. */
  readonly cumulated: readonly number[];
  /** About how long that part (0 to 1) took at most, of late; undefined when there was none of late. */
  quantile(part: number): number | undefined;
}

export class Distribution implements DistributionStatus {
  readonly #counts = new Float64Array(BUCKETS);
  /** The counts as they were one turn of `age` ago, and two: what lies between those and now is "of late". */
  readonly #young = new Float64Array(BUCKETS);
  readonly #old = new Float64Array(BUCKETS);
  #sum = 0;
  #min = Infinity;
  #max = 0;

  /** @param times that so many took as long */
  note(ms: number, times = 1): void {
    let at = 0;
    while (at < bounds.length && ms > (bounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + times;
    this.#sum += ms * times;
    if (ms > this.#max) this.#max = ms;
    if (ms < this.#min) this.#min = ms;
  }

  /** Time goes by: what was noted between the last two calls but one is not of late any more. */
  age(): void {
    this.#old.set(this.#young);
    this.#young.set(this.#counts);
  }

  reset(): void {
    for (const counts of [this.#counts, this.#young, this.#old]) counts.fill(0);
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = 0;
  }

  get count(): number {
    return this.#counts.reduce((all, count) => all + count, 0);
  }

  get sum(): number {
    return this.#sum;
  }

  get min(): number {
    return this.#min === Infinity ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  get cumulated(): readonly number[] {
    let all = 0;
    return Array.from(this.#counts, (count) => (all += count));
  }

  quantile(part: number): number | undefined {
    const recent = this.#counts.map((count, at) => count - (this.#old[at] ?? 0));
    const wanted = recent.reduce((all, count) => all + count, 0) * part;
    if (wanted === 0) return undefined;
    let below = 0;
    for (const [at, count] of recent.entries()) {
      if (count > 0 && below + count >= wanted) {
        const from = bounds[at - 1] ?? 0;
        const to = bounds[at] ?? this.#max;
        // Within a bucket they are taken to be spread evenly, and never beyond what there ever was.
        const guess = from + ((to - from) * (wanted - below)) / count;
        return Math.min(Math.max(guess, this.min), this.#max);
      }
      below += count;
    }
    return this.#max;
  }
}

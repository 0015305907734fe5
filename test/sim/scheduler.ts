/** Virtual time: a heap of what happens next. Time is in ms with fractions; equal times keep the order of their making. */

/** Something that will happen, unless it is cancelled. */
export interface Planned {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export class Scheduler {
  #now = 0;
  #order = 0;
  readonly #heap: Planned[] = [];
  /** Things that happened so far. */
  happened = 0;

  /** ms since the start of the world. */
  get now(): number {
    return this.#now;
  }

  /** @param delay ms from now, not negative */
  after(delay: number, run: () => void): Planned {
    return this.at(this.#now + Math.max(0, delay), run);
  }

  at(at: number, run: () => void): Planned {
    const planned: Planned = { at: Math.max(at, this.#now), order: this.#order++, run };
    this.#push(planned);
    return planned;
  }

  cancel(planned: Planned | undefined): void {
    if (planned !== undefined) planned.run = undefined;
  }

  /** Lets everything happen that is due up to `end`, or until `stop` says so. */
  runUntil(end: number, stop?: () => boolean): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      const { run } = next;
      if (run === undefined) continue;
      this.#now = next.at;
      this.happened++;
      run();
      if (stop?.() === true) return;
    }
    this.#now = Math.max(this.#now, end);
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || before(above, planned)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, below)) {
        child++;
        below = right;
      }
      if (before(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

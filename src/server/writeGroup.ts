/**
 * Makes groups of the records of several turns, so that one fsync is for all of them (design D7). Without a timer: a
 * group waits for more only while every look at the sockets brings more, and only until it is as large as the one before.
 * Clients that wait for their answers, and were answered together, then come back together: without this, those that are
 * a little later than the first would miss its fsync, and wait for the next one.
 */
import type { LogBatch } from '../zab/index.js';

/** A group does not wait for longer: about as long as a good disk takes. */
const WAIT_MS_MAX = 0.3;

export class WriteGroup {
  readonly #clock: () => number;
  #batches: LogBatch[] = [];
  #records = 0;
  #since = 0;
  /** Records of the last group. */
  #former = 0;
  #hasGrown = false;

  /** @param clock ms */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  add(batch: LogBatch): void {
    if (this.isEmpty && this.#former > batch.count) this.#since = this.#clock();
    this.#batches.push(batch);
    this.#records += batch.count;
    this.#hasGrown = true;
  }

  /** The end of a turn. @returns whether it is worth waiting for another one */
  waits(): boolean {
    const hasGrown = this.#hasGrown;
    this.#hasGrown = false;
    if (!hasGrown || this.#records >= this.#former) return false;
    return this.#clock() - this.#since < WAIT_MS_MAX;
  }

  /** What has come together; the next group begins. */
  take(): LogBatch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#former = this.#records;
    this.#records = 0;
    return batches;
  }

  /** What has come together will not be written. */
  clear(): void {
    this.#batches = [];
    this.#records = 0;
  }
}

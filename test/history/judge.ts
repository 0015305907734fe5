/** All rules at once, on a run that is handed over piece by piece. */
import type { SimRecord } from '../sim/records.js';
import { Ops, type Event, type Problem } from './history.js';
import { Problems } from './problems.js';
import { Witness, type WitnessOptions } from './witness.js';

export class Judge {
  readonly witness: Witness;
  readonly #problems = new Problems();
  readonly #ops = new Ops();
  /** Operations judged so far, by kind and outcome. */
  readonly counts = new Map<string, { ok: number; refused: number; unknown: number }>();
  operations = 0;

  constructor(options: WitnessOptions = {}) {
    this.witness = new Witness(options);
  }

  get problems(): readonly Problem[] {
    return [...this.#problems.list, ...this.witness.problems];
  }

  add(problems: readonly Problem[]): void {
    for (const { rule, what } of problems) this.#problems.add(rule, what);
  }

  /** What was committed although no client has done anything since the last piece. */
  feedLog(log: readonly SimRecord[]): void {
    this.witness.feed(log, []);
  }

  /**
   * Judges a piece of the run at whose end nothing was under way.
   * @param log what was committed in it, all of it
   */
  feed(log: readonly SimRecord[], events: readonly Event[]): void {
    this.witness.feed(log, events);
    const ops = this.#ops.feed(events);
    this.operations += ops.length;
    for (const { call, answer } of ops) {
      const count = this.counts.get(call.op) ?? { ok: 0, refused: 0, unknown: 0 };
      this.counts.set(call.op, count);
      count[answer === undefined ? 'unknown' : answer.err === 0 ? 'ok' : 'refused']++;
    }
  }
}

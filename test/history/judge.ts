/** All rules at once, on a run that is handed over piece by piece. */
import type { SimRecord } from '../sim/records.js';
import { checkBank } from './bank.js';
import { Ops, type Event, type Op, type Problem } from './history.js';
import { Linearizability, type Register } from './linearizable.js';
import { LockOrder } from './lock.js';
import { BANK_ACCOUNTS, BANK_START, RESOURCE, SETS } from './places.js';
import { Problems } from './problems.js';
import { SequentialSets } from './sequentialSet.js';
import { SessionOrder } from './sessionOrder.js';
import { Witness, type WitnessOptions } from './witness.js';

export interface JudgeOptions extends WitnessOptions {
  /** Registers with what they held before the first operation. */
  readonly keys: Iterable<readonly [string, Register]>;
}

/** How operations of one kind ended. */
export interface Ends {
  ok: number;
  refused: number;
  unknown: number;
}

export class Judge {
  readonly witness: Witness;
  /** Operations judged so far, by kind. */
  readonly counts = new Map<Op['call']['op'], Ends>();
  operations = 0;
  readonly #problems = new Problems();
  readonly #ops = new Ops();
  readonly #linearizability = new Linearizability();
  readonly #sessions = new SessionOrder();
  readonly #lock = new LockOrder(RESOURCE);
  readonly #sets = new SequentialSets(SETS);

  constructor(options: JudgeOptions) {
    this.witness = new Witness(options);
    for (const [path, state] of options.keys) this.#linearizability.track(path, state);
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
   * @param log what was committed in it, all of it; undefined if nobody can tell
   * @param ends what the registers hold behind it
   */
  feed(
    log: readonly SimRecord[] | undefined,
    events: readonly Event[],
    ends: ReadonlyMap<string, Register>,
  ): void {
    if (log !== undefined) this.witness.feed(log, events);
    const ops = this.#ops.feed(events);
    this.operations += ops.length;
    for (const { call, answer } of ops) {
      const ends = this.counts.get(call.op) ?? { ok: 0, refused: 0, unknown: 0 };
      this.counts.set(call.op, ends);
      ends[answer === undefined ? 'unknown' : answer.err === 0 ? 'ok' : 'refused']++;
    }
    this.add(this.#sessions.feed(events, ops));
    this.add(this.#linearizability.feed(ops, ends));
    this.add(checkBank(ops, BANK_ACCOUNTS, BANK_START * BANK_ACCOUNTS.length));
    this.add(this.#lock.feed(ops));
    this.add(this.#sets.feed(ops));
  }
}

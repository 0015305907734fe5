/** What was found, bounded: one broken promise shows in a thousand operations, and five of them say all. */
import type { Problem } from './history.js';

const PER_RULE_MAX = 5;

export class Problems {
  readonly list: Problem[] = [];
  readonly #counts = new Map<string, number>();

  add(rule: string, what: string): void {
    const count = (this.#counts.get(rule) ?? 0) + 1;
    this.#counts.set(rule, count);
    if (count <= PER_RULE_MAX) this.list.push({ rule, what });
  }
}

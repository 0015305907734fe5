/** The only source of chance in a simulation: everything that is not decided by the seed is decided by nothing. */
import { Random } from '../helpers/random.js';

/** A generator with the distributions that a simulated world needs. */
export class SimRandom extends Random {
  /** An independent generator, so that one part of the world drawing more does not change what others draw. */
  fork(): SimRandom {
    return new SimRandom(Math.floor(this.next() * 0x1_0000_0000));
  }

  /** low <= n <= high, whole numbers. */
  between(low: number, high: number): number {
    return low + this.int(high - low + 1);
  }

  /** low <= n < high */
  range(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** Exponentially distributed. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    const last = entries.at(-1);
    if (last === undefined) throw new RangeError('nothing to pick from');
    return last[0];
  }

  /** The items in any order. */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const [a, b] = [result[i], result[j]];
      if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a];
    }
    return result;
  }

  /** `count` of the items, in any order. */
  sample<T>(items: readonly T[], count: number): T[] {
    return this.shuffled(items).slice(0, count);
  }
}

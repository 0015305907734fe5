/** Compares two transcripts, and knows the differences that are declared. */
import type { Case } from './steps.js';

/** The declared difference that event headers carry a zxid; all other cases leave that zxid out. */
export const EVENT_ZXID = 'event-zxid';

/** A transcript as this case compares it. */
export function comparable(lines: readonly string[], row: Case): string[] {
  const shown = row.difference?.id === EVENT_ZXID ? [...lines] : lines.map(withoutEventZxid);
  return row.eventsUnordered ? withSortedEvents(shown) : shown;
}

function withoutEventZxid(line: string): string {
  return isEvent(line) ? line.replace(/ @\S+$/, '') : line;
}

function isEvent(line: string): boolean {
  return /^\w+ < event /.test(line);
}

function withSortedEvents(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  let run: string[] = [];
  for (const line of lines) {
    if (isEvent(line)) {
      run.push(line);
      continue;
    }
    sorted.push(...run.sort(), line);
    run = [];
  }
  return [...sorted, ...run.sort()];
}

/**
 * What ours must say when Apache said `apache`: the lines of a declared difference in their order, all others as
 * they are.
 * @throws Error when Apache does not say what the declaration claims it says
 */
export function expected(apache: readonly string[], declared: readonly string[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const line of declared) {
    const sign = line.slice(0, 1);
    const text = line.slice(1);
    if (sign === '+') {
      result.push(text);
      continue;
    }
    const found = apache.indexOf(text, at);
    if (found < 0) throw new Error(`the declared difference is not there: Apache does not say\n  ${text}`);
    result.push(...apache.slice(at, found));
    if (sign !== '-') result.push(text);
    at = found + 1;
  }
  return [...result, ...apache.slice(at)];
}

/** Both transcripts in one: `-` only in the first, `+` only in the second; undefined when they are equal. */
export function difference(first: readonly string[], second: readonly string[]): string[] | undefined {
  if (first.length === second.length && first.every((line, index) => line === second[index]))
    return undefined;
  const common = commonLengths(first, second);
  const merged: string[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    const left = first[i];
    const right = second[j];
    if (left !== undefined && left === right) {
      merged.push(` ${left}`);
      i += 1;
      j += 1;
    } else if (right === undefined || (left !== undefined && common(i + 1, j) >= common(i, j + 1))) {
      merged.push(`-${left ?? ''}`);
      i += 1;
    } else {
      merged.push(`+${right}`);
      j += 1;
    }
  }
  return merged;
}

/** Length of the longest common subsequence of what follows each pair of positions. */
function commonLengths(
  first: readonly string[],
  second: readonly string[],
): (i: number, j: number) => number {
  const width = second.length + 1;
  const lengths = new Uint16Array((first.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = first.length - 1; i >= 0; i -= 1) {
    for (let j = second.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        first[i] === second[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

/** The longest time between two of `times` (sorted or not) within a window whose ends count as well. */
export function longestGap(times: readonly number[], from: number, to: number): number {
  const within = times.filter((time) => time > from && time < to).sort((a, b) => a - b);
  let gap = 0;
  let before = from;
  for (const time of [...within, to]) {
    gap = Math.max(gap, time - before);
    before = time;
  }
  return gap;
}

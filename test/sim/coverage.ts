/** Counts the situations that a run got into: a situation that never comes up is one that the simulator cannot judge. */
export class Coverage {
  readonly counts = new Map<string, number>();

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  add(other: Iterable<readonly [string, number]>): void {
    for (const [what, times] of other) this.count(what, times);
  }

  /** One line per situation, in the order of the names. */
  get lines(): string[] {
    return [...this.counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, times]) => `${String(times).padStart(9)}  ${what}`);
  }
}

/**
 * Situations of zab.md 4.4 that this simulator can bring about; `npm run sim` says which of them did not come up. (A log
 * that is ahead of its epoch is none: it takes more than 16 MiB of synchronisation.)
 */
export const EXPECTED: readonly string[] = [
  'DIFF empty',
  'DIFF with records',
  'TRUNC same epoch',
  'TRUNC over an epoch boundary',
  'SNAP',
  'SNAP installed',
  'crash with unsynced append',
  'crash with unsynced epochs',
  'crash with unsynced synchronise',
  'crash with unsynced stage',
  'crash amid a snapshot',
  'crash before a snapshot is installed',
  'power loss',
  'ACKEPOCH with counts=false',
  'uncommitted tail kept',
  'uncommitted tail discarded',
  'two servers believe to lead',
  'leader looks again',
  'log read for a learner',
  'blank join',
  'suspect join',
  'rollover',
  'hand-over',
  'session expired',
  'session invalid on reconnect',
  'session revalidated',
  'session revalidated in vain',
  'failed write',
  'watch event',
  'request forwarded',
  'sync forwarded',
];

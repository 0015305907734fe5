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

  /** What the gate demands and so many seeds did not come up with often enough, with how often they did. */
  missing(seeds: number): string[] {
    const least = Math.max(1, Math.ceil((seeds * PER_10_000_SEEDS) / 10_000));
    return GATE.filter((what) => (this.counts.get(what) ?? 0) < least).map(
      (what) => `${what} (${this.counts.get(what) ?? 0} of ${least})`,
    );
  }
}

/** So often each situation has to come up. */
const PER_10_000_SEEDS = 10;

/** The situations of zab.md 4.4, in its order. */
export const GATE: readonly string[] = [
  'DIFF empty',
  'DIFF from memory',
  'DIFF from disk',
  'TRUNC same epoch',
  'TRUNC over an epoch boundary',
  'TRUNC + DIFF chunked',
  'SNAP',
  'SNAP aborted',
  'SNAP then crash before install',
  'install crash before switch',
  'install crash after switch',
  'crash between TRUNC chunk and epoch chunk',
  'start with tail.epoch > currentEpoch',
  'leader crash after 0 NEWLEADER acks',
  'leader crash after 1 NEWLEADER ack',
  'leader crash after quorum-1 NEWLEADER acks',
  'leader crash after quorum NEWLEADER acks',
  'leader crash between persist acceptedEpoch and LEADERINFO',
  'ACKEPOCH with counts=false',
  'leader gives up for a more recent follower',
  "follower with acceptedEpoch > e' (V7)",
  'two candidates proposing the same epoch',
  'uncommitted tail kept',
  'uncommitted tail discarded',
  'record on exactly one disk',
  'proposals outstanding when a learner joins',
  'commit between NEWLEADER and UPTODATE',
  'ACK of a stale incarnation received',
  'stale fsync completion dropped',
  'election with > 2 rounds',
  'election decided by sid',
  'election decided by zxid',
  'election decided by epoch',
  'late joiner by out-of-election path',
  'vote change in finalizeWait',
  'two servers believe to lead',
  'lease step-down',
  'sync pending at step-down',
  'failed write',
  'leader paused past its lease',
  'session expiry racing a create',
  'session expiry racing a REVALIDATE',
  'session expiry racing a move',
  'expiry right after leader change',
  'last reply lost then reconnect',
  'close: client has seen a later zxid',
  'watch fired while reconnecting',
  'rollover',
  'reconfig: add',
  'reconfig: remove follower',
  'reconfig: remove leader',
  'reconfig: pending at leader crash',
  'reconfig: discarded by TRUNC',
  'reconfig: NEWCONFIGNOQUORUM',
  'observer sync during election',
  'weight-0 best log',
  'ENOSPC on leader',
  'ENOSPC on follower',
  'EIO in fsync',
  'suspect join',
  'blank join',
  'chain mismatch refused',
  'full restart of all servers',
  'read-only period',
];

/** Lines of zab.md 4.4 that nothing can bring about, and why. */
export const EXCEPTED: Readonly<Record<string, string>> = {
  'SNAP aborted and resumed':
    'a snapshot that breaks off begins anew; there is none that goes on by key (V8)',
  'digest alarm (injected)': 'pings carry no samples of the digest; what servers hold is compared here (SM1)',
};

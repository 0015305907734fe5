/** What of the configuration concerns ZAB. Times in ms; zab.md 1.11. */
import type { Configuration } from './configuration.js';
import type { LogMark } from './mark.js';
import type { ServerId } from './messages.js';

export interface PeerSettings {
  /** `myid`. */
  readonly id: ServerId;
  /** Who takes part, as the configuration files say. */
  readonly configuration: Configuration;
  /** How often the leader pings. */
  readonly heartbeatMs: number;
  /** A leader that no quorum answered for so long steps down. `leaseMs + heartbeatMs < peerTimeoutMs`. */
  readonly leaseMs: number;
  /** A peer that says nothing for so long is given up. */
  readonly peerTimeoutMs: number;
  /** Finding a leader's epoch may take so long. */
  readonly discoveryTimeoutMs: number;
  /** How long a quorum of votes waits for a better one. */
  readonly finalizeWaitMs: number;
  /** Synchronisation may stand still for so long. */
  readonly syncStallMs: number;
  /** Bytes under way to a learner that it has not acknowledged. */
  readonly windowBytes: number;
  /** Applied records that stay in memory for learners that lag. */
  readonly cacheBytes: number;
  /** Beyond so many bytes of records a snapshot is cheaper. */
  readonly snapThresholdBytes: number;
  /** Bytes of records of a synchronisation that are written in one transaction. @default 16 MiB */
  readonly syncBytesMax?: number;
  /** Counter with which an epoch starts; other than 1 only in tests of the rollover. */
  readonly counterStart?: number;
  /** Told what happens, for checkers. */
  readonly trace?: (event: TraceEvent) => void;
}

/** What zab.md section 2 is checked against. */
export type TraceEvent =
  | { readonly kind: 'role'; readonly role: 'looking' | 'following' | 'leading' | 'observing' | 'stopped' }
  | { readonly kind: 'established'; readonly epoch: number; readonly tail: LogMark }
  | { readonly kind: 'broadcast'; readonly epoch: number; readonly mark: LogMark }
  | { readonly kind: 'commit'; readonly index: number }
  | { readonly kind: 'apply'; readonly mark: LogMark }
  | { readonly kind: 'truncated'; readonly to: LogMark }
  | { readonly kind: 'installed'; readonly base: LogMark };

/** A server alone: nobody to wait for. */
export function aloneSettings(id: ServerId, configuration: Configuration): PeerSettings {
  return {
    id,
    configuration,
    heartbeatMs: 150,
    leaseMs: 1200,
    peerTimeoutMs: 1500,
    discoveryTimeoutMs: 2000,
    finalizeWaitMs: 50,
    syncStallMs: 5000,
    windowBytes: 64 * 1024 * 1024,
    cacheBytes: 0,
    snapThresholdBytes: 16 * 1024 * 1024,
  };
}

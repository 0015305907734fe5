/** What the configuration says about the engine. */
import type { PrepareSettings } from '../tree/index.js';

export interface EngineSettings {
  readonly prepare: PrepareSettings;
  /** Goes into session ids, so that two servers never give the same one. 0 .. 254. */
  readonly serverId: number;
  /** `tickTime` in ms: how coarse session expiry is. */
  readonly tickMs: number;
  readonly sessionTimeoutMsMin: number;
  readonly sessionTimeoutMsMax: number;
  /** How long a container that never had a child may stay, in ms; 0 = for ever. */
  readonly containerNeverUsedMsMax: number;
  /** How long the answer to a multiRead may become, roughly. @default 16 MiB */
  readonly multiReadBytesMax?: number;
  /** Counter with which an epoch starts; other than 1 only in tests of the rollover. */
  readonly counterStart?: number;
}

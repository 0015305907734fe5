/** What the configuration says about the engine. */
import type { PrepareSettings } from '../tree/index.js';
import type { ReconfigRequest } from '../codec/index.js';
import type { Zxid } from '../types/index.js';
import type { Configuration, PeerSettings } from '../zab/index.js';

/** Configurations as the text that clients see and the log holds. */
export interface Memberships {
  /** Undefined for a text that is no configuration. */
  parse(text: string): Configuration | undefined;
  /**
   * What a reconfig request makes of `current`.
   * @throws KeeperError BADARGUMENTS, or MARSHALLINGERROR for an id that is no number
   */
  next(
    current: Configuration,
    request: ReconfigRequest,
    version: Zxid,
  ): { readonly text: string; readonly configuration: Configuration };
}

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
  /** A list of children that takes more bytes than this is noted. @default none */
  readonly longListBytes?: number;
  /** A session may have so many watches on this server. @default any number */
  readonly watchesPerSessionMax?: number;
  /** This server's part in the ensemble. @default it is alone */
  readonly peer?: PeerSettings;
  /** Data of /zookeeper/config until a reconfig, which every member takes from its own configuration. @default none */
  readonly configText?: string;
  /** Sessions begin as local ones, known to their server alone. @default false */
  readonly localSessions?: boolean;
  /** A local session becomes a global one when it creates an ephemeral znode. @default false */
  readonly localSessionsUpgrading?: boolean;
  /** Without a quorum, reads are served to clients that take that. @default false */
  readonly readOnlyMode?: boolean;
  /** How configurations are read and made; without it there is no reconfig. */
  readonly memberships?: Memberships;
  /** Clients may connect to this server while it leads. @default true */
  readonly leaderServes?: boolean;
  /** A secret 32-bit number: without it, clients could choose names that are slow to find. @default 0 */
  readonly hashSeed?: number;
  /** Counter with which an epoch starts; other than 1 only in tests of the rollover. */
  readonly counterStart?: number;
}

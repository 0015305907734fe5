/** What single operations can be told. */
import type { OneShotWatch } from './oneShot.js';
import type { WatchListener } from './watches.js';

/** What every operation accepts. */
export interface OpOptions {
  /**
   * Rejects the operation with the signal's reason at once. A request that has not left yet is not sent; one that
   * has may still take effect.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What reads that can leave a watch accept. */
export interface ReadOptions extends OpOptions {
  /**
   * Leaves a one-shot watch. A function is called with its event, a OneShotWatch settles with it; for true the event
   * goes to `zk.on('watchEvent')` only. Default none.
   */
  readonly watch?: true | WatchListener | OneShotWatch | undefined;
}

/** What writes that name a version accept. */
export interface VersionOptions extends OpOptions {
  /** The version that the znode must have, -1 for any. Default -1. */
  readonly version?: number | undefined;
}

/** Options of `removeWatches`. */
export interface RemoveWatchesOptions extends OpOptions {
  /**
   * Without a connection do not wait for one: this client forgets the watches, so the next server is not told of them.
   * Default false.
   */
  readonly local?: boolean | undefined;
}

/** Options of streams of events. */
export interface StreamOptions {
  /** Events that may wait to be read before the stream ends with a StreamOverflowError. Default 10000. */
  readonly bufferMax?: number | undefined;
  /** Ends the stream when aborted: the loop is left without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `watch`. */
export interface WatchOptions extends StreamOptions {
  /** Watch the whole subtree; such a watch tells of znodes, not of lists of children. Default false. */
  readonly recursive?: boolean | undefined;
}

/** A change of the ensemble's members: either `members`, or `joining` and `leaving`. */
export interface ReconfigOptions extends OpOptions {
  /** Servers to add or replace, each as in `server.5=host:2888:3888;2181`. */
  readonly joining?: readonly string[] | undefined;
  /** Ids of servers to remove. */
  readonly leaving?: readonly (string | number)[] | undefined;
  /** The complete list of members, each as in `joining`. */
  readonly members?: readonly string[] | undefined;
  /** Version of the configuration that this is based on, else it fails with BADVERSION. Default any. */
  readonly fromVersion?: bigint | undefined;
}

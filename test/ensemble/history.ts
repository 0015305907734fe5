/**
 * What clients did and saw. Times are milliseconds of one monotonic clock; an operation whose outcome its client never
 * learnt has `unknown` as result and may have happened at any time after its call, or not at all.
 */

/** A write to the data of a key: blind, or only if the key has the version expected. Values are never used twice. */
export interface SetOp {
  readonly kind: 'set';
  readonly key: string;
  readonly value: string;
  readonly expected: number | undefined;
  readonly result: { readonly zxid: bigint; readonly version: number } | 'bad version' | 'unknown';
}

/** A znode that is created once. */
export interface CreateOp {
  readonly kind: 'create';
  readonly path: string;
  readonly result: { readonly zxid: bigint } | 'unknown';
}

/** The end of a created znode. */
export interface DeleteOp {
  readonly kind: 'delete';
  readonly path: string;
  readonly result: 'ok' | 'unknown';
}

export interface ReadOp {
  readonly kind: 'read';
  readonly key: string;
  /** The read came behind a sync of the same session, whose call is the call of this operation. */
  readonly synced: boolean;
  readonly result:
    | { readonly zxid: bigint; readonly version: number; readonly value: string }
    /** It saw nothing, so nothing is wrong with it. */
    | 'unknown';
}

/** An operation of one session; operations of a session do not overlap, and stand in its order. */
export type Op = (SetOp | CreateOp | DeleteOp | ReadOp) & {
  readonly session: string;
  readonly call: number;
  readonly ret: number;
};

/** A znode as a server has it in the end. */
export interface FinalNode {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly version: number;
  readonly value: string;
  readonly ephemeralOwner: bigint;
}

/** What one server has in the end, read behind a sync: by path. */
export interface FinalState {
  readonly server: string;
  readonly nodes: ReadonlyMap<string, FinalNode>;
}

/** How the sessions of the load fared. */
export interface SessionEnd {
  readonly session: string;
  readonly sessionId: bigint;
  /** It owned this ephemeral znode from its first moment. */
  readonly ephemeral: string;
  /** A server said that it had expired. */
  readonly expired: boolean;
}

/** All that a run left behind. */
export interface Run {
  readonly ops: readonly Op[];
  readonly finals: readonly FinalState[];
  readonly sessions: readonly SessionEnd[];
  /** Version of each key before the first operation. */
  readonly firstVersion: number;
}

/**
 * What ZAB takes in and what it wants done, as values. The host (or the simulator) performs the effects of a step in
 * this order: `disk`, then `packets` and `notifications`, then `links`. Nothing here performs I/O.
 */
import type { Epochs, LogBatch, LogMark } from './mark.js';
import type { Notification, PeerMessage, ServerId } from './messages.js';

/** Names a quorum link, for as long as it lasts; never used again. */
export type LinkId = number;

/** Names an operation on the disk. Its completion carries it; a completion that nobody waits for any more is dropped. */
export type Token = number;

/**
 * What goes to the disk. Operations take effect in this order; `find`, `read` and the snapshot's may be answered at any
 * time. When the log fails, nothing after it takes effect and `logFailed` is the only answer.
 */
export type DiskOp =
  /** Answered by `persisted`. `batch.bytes` is given away. */
  | { readonly kind: 'append'; readonly batch: LogBatch }
  /** Answered by `epochsDurable`. */
  | { readonly kind: 'epochs'; readonly token: Token; readonly epochs: Epochs }
  /**
   * In one transaction: drop what lies behind `truncate`, or install the staged snapshot and drop everything; append
   * the batches (given away); save epochs and secret. Answered by `synchronised`.
   */
  | {
      readonly kind: 'synchronise';
      readonly token: Token;
      readonly truncate: LogMark | undefined;
      /** The log then begins behind its base. */
      readonly install: LogMark | undefined;
      readonly batches: readonly LogBatch[];
      readonly epochs: Epochs | undefined;
      readonly secret: Buffer | undefined;
    }
  /** Answered by `fenced` when everything before is on disk. */
  | { readonly kind: 'fence'; readonly token: Token }
  /** Which is the last record whose zxid is not greater? Answered by `found`. */
  | { readonly kind: 'find'; readonly token: Token; readonly zxid: bigint }
  /** Records after `after`, about `bytes` of them. Answered by `read`. */
  | { readonly kind: 'read'; readonly token: Token; readonly after: number; readonly bytes: number }
  /**
   * Opens a consistent view of `tree.db`, answered by `snapshotOpened`. While it is open, the log keeps what lies behind
   * its base.
   */
  | { readonly kind: 'snapshotOpen'; readonly token: Token }
  /** The next chunk of it, answered by `snapshotChunk`. */
  | { readonly kind: 'snapshotRead'; readonly token: Token }
  | { readonly kind: 'snapshotClose'; readonly token: Token }
  /** Writes a chunk beside the tree; the `first` one begins anew. Answered by `staged`, when the `last` one is synced. */
  | {
      readonly kind: 'stage';
      readonly token: Token;
      readonly base: LogMark;
      readonly bytes: Buffer;
      readonly first: boolean;
      readonly last: boolean;
    }
  /** What was staged is not needed any more. */
  | { readonly kind: 'unstage' };

/** What the disk answers. */
export type DiskInput =
  /** All records up to `mark` are on disk (cumulative). */
  | { readonly kind: 'persisted'; readonly mark: LogMark }
  | { readonly kind: 'epochsDurable'; readonly token: Token; readonly epochs: Epochs }
  /** After an `install` the state was put back as of its base before this comes. */
  | { readonly kind: 'synchronised'; readonly token: Token }
  | { readonly kind: 'fenced'; readonly token: Token; readonly tail: LogMark }
  /** Undefined: it lies before the start of the log. The start itself (and 0, if nothing was purged) can be found. */
  | { readonly kind: 'found'; readonly token: Token; readonly mark: LogMark | undefined }
  /** Undefined: they are not in the log any more. */
  | { readonly kind: 'read'; readonly token: Token; readonly batch: LogBatch | undefined }
  /** Undefined: not possible now. */
  | { readonly kind: 'snapshotOpened'; readonly token: Token; readonly base: LogMark | undefined }
  /** Undefined: it broke off. */
  | {
      readonly kind: 'snapshotChunk';
      readonly token: Token;
      readonly chunk: { readonly bytes: Buffer; readonly last: boolean } | undefined;
    }
  /** False: the snapshot is damaged, or there is no space for it. */
  | { readonly kind: 'staged'; readonly token: Token; readonly ok: boolean }
  /** The log takes no more; it ends at its last `persisted`. Until `start`, this server takes no part. */
  | { readonly kind: 'logFailed' };

/** What comes over the network. */
export type NetworkInput =
  | { readonly kind: 'notification'; readonly from: ServerId; readonly notification: Notification }
  /** The election link with this server came up or went down. */
  | { readonly kind: 'electionLink'; readonly peer: ServerId; readonly up: boolean }
  /** A quorum link: the answer to a `dial`, or, `dialled` false, one that a learner opened. */
  | { readonly kind: 'linkUp'; readonly link: LinkId; readonly peer: ServerId; readonly dialled: boolean }
  | { readonly kind: 'linkDown'; readonly link: LinkId }
  | { readonly kind: 'dialFailed'; readonly peer: ServerId }
  | { readonly kind: 'packet'; readonly link: LinkId; readonly message: PeerMessage };

/** What a server knows of itself when it starts to take part. */
export interface Boot {
  readonly kind: 'start';
  readonly epochs: Epochs;
  /** The log on disk: the first record has index `logStart.index + 1`. */
  readonly logStart: LogMark;
  readonly tail: LogMark;
  /** Records were acknowledged that this disk does not have: no vote until synchronised (zab.md 7.4). */
  readonly suspect: boolean;
  /** An operator said that this empty server may vote for one that is not (the file `initialize`). */
  readonly trustBlank: boolean;
  /** `tree.db` was lost and cannot be rebuilt from the log: only a leader's snapshot helps. @default false */
  readonly needsSnapshot?: boolean;
  /** Key of session passwords. */
  readonly secret: Buffer;
  /** Monotonic and wall clock, ms. */
  readonly now: number;
  readonly time: bigint;
}

/** Wants of the network. */
export type LinkOp =
  /** Connect to the quorum port of this server, once. */
  { readonly kind: 'dial'; readonly peer: ServerId } | { readonly kind: 'close'; readonly link: LinkId };

/** Collects the effects of one or more steps. */
export interface PeerOutput {
  readonly disk: DiskOp[];
  readonly packets: { readonly link: LinkId; readonly message: PeerMessage }[];
  /** Only the latest one per receiver needs to be kept until it can be sent. */
  readonly notifications: { readonly to: ServerId; readonly notification: Notification }[];
  readonly links: LinkOp[];
  readonly peerNotes: PeerNote[];
}

/** For the operator's log, and for metrics. */
export type PeerNote =
  | { readonly kind: 'looking'; readonly round: number; readonly why: string }
  | { readonly kind: 'elected'; readonly leader: ServerId; readonly tookMs: number }
  | {
      readonly kind: 'leading' | 'following' | 'observing';
      readonly epoch: number;
      readonly leader: ServerId;
    }
  | {
      readonly kind: 'synchronising';
      readonly learner: ServerId;
      readonly by: 'DIFF' | 'TRUNC' | 'SNAP';
      readonly from: LogMark;
    }
  | { readonly kind: 'learnerSynced'; readonly learner: ServerId; readonly tookMs: number }
  | { readonly kind: 'learnerLost'; readonly learner: ServerId; readonly why: string }
  /** Something that must not happen, and what was done about it. */
  | { readonly kind: 'alarm'; readonly what: string };

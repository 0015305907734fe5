/**
 * What goes into the engine and what comes out of it. All effects are values: the host performs them once per turn,
 * first the log, then the frames to clients, in the order in which they stand here.
 */
import type { Stat } from '../codec/index.js';
import type { AclList, Identity, KeptData, NameList, OpResult } from '../tree/index.js';
import type { ErrorName, EventType, Request, SessionId, Zxid } from '../types/index.js';
import type { Boot, DiskInput, NetworkInput, PeerOutput } from '../zab/index.js';

/** Names a client connection, for as long as it lasts; never used again. */
export type ConnectionId = number;

/** A ConnectRequest whose password the host has checked. */
export interface ConnectInput {
  readonly kind: 'connect';
  readonly connection: ConnectionId;
  readonly sessionId: SessionId;
  readonly passwordValid: boolean;
  /** As asked for, in ms; the engine brings it into its bounds. */
  readonly timeOut: number;
  readonly lastZxidSeen: Zxid;
  readonly identities: readonly Identity[];
  /** The client takes a server that has lost its quorum. @default false */
  readonly readOnly?: boolean;
  /** Wall clock, ms since 1970. */
  readonly time: bigint;
}

/** A decoded request. Requests of a connection are answered in this order. */
export interface RequestInput {
  readonly kind: 'request';
  readonly connection: ConnectionId;
  readonly xid: number;
  readonly request: Request;
  /** Op code and body as they came, for a write that another server may have to do; valid until the turn ends. */
  readonly raw?: { readonly op: number; readonly body: Buffer };
  readonly time: bigint;
}

export type Input =
  /** The server takes part: restored, and with all records of its log known. Again after a `logFailed`. */
  | Boot
  | DiskInput
  | NetworkInput
  | ConnectInput
  | RequestInput
  /** The connection authenticated itself: requests from now on carry these identities. */
  | {
      readonly kind: 'identities';
      readonly connection: ConnectionId;
      readonly identities: readonly Identity[];
    }
  | { readonly kind: 'disconnect'; readonly connection: ConnectionId }
  /** Monotonic clock in ms. Sessions expire on it. */
  | { readonly kind: 'tick'; readonly now: number; readonly time: bigint }
  /** Whether the disk has room for writes that may make the data grow (zab.md 7.3). */
  | { readonly kind: 'room'; readonly hasRoom: boolean }
  /** Remove containers and TTL znodes whose time has come, `most` of them. */
  | { readonly kind: 'reap'; readonly time: bigint; readonly most: number }
  /** The process is to end: a leader hands over first. */
  | { readonly kind: 'stop' };

/** Body of a reply, named by its layout. */
export type ReplyBody =
  | { readonly kind: 'path'; readonly path: string | null }
  | { readonly kind: 'pathStat'; readonly path: string; readonly stat: Stat }
  | { readonly kind: 'stat'; readonly stat: Stat }
  | { readonly kind: 'data'; readonly data: KeptData | null; readonly stat: Stat }
  | { readonly kind: 'acl'; readonly acl: AclList; readonly stat: Stat }
  | { readonly kind: 'names'; readonly names: NameList; readonly stat: Stat | undefined }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'multi'; readonly results: readonly OpResult[] }
  | { readonly kind: 'multiRead'; readonly results: readonly MultiReadResult[] }
  | { readonly kind: 'identities'; readonly identities: readonly Identity[] };

export type MultiReadResult =
  | { readonly kind: 'data'; readonly data: KeptData | null; readonly stat: Stat }
  | { readonly kind: 'names'; readonly names: NameList }
  | { readonly kind: 'error'; readonly code: ErrorName };

/** Why the engine lets a connection go. The host logs it. */
export type CloseReason =
  | 'not serving'
  | 'client has seen a later zxid'
  | 'session expired'
  | 'session closed'
  | 'unknown request'
  | 'too many watches'
  | 'session moved to another connection'
  | 'leadership lost'
  | 'session moved to another server'
  | 'read-only mode ended';

export type ClientEffect =
  /** Answers a ConnectRequest. `timeOut` 0: the session is not valid, close after sending. */
  | {
      readonly kind: 'connected';
      readonly connection: ConnectionId;
      readonly sessionId: SessionId;
      readonly timeOut: number;
      readonly zxid: Zxid;
      /** Reads only: this server has lost its quorum. */
      readonly readOnly: boolean;
    }
  | {
      readonly kind: 'reply';
      readonly connection: ConnectionId;
      readonly xid: number;
      readonly zxid: Zxid;
      /** 0, or an error code. */
      readonly err: number;
      readonly body: ReplyBody | undefined;
    }
  | {
      readonly kind: 'event';
      readonly connection: ConnectionId;
      readonly type: EventType;
      readonly path: string;
      readonly zxid: bigint;
    }
  | { readonly kind: 'close'; readonly connection: ConnectionId; readonly reason: CloseReason };

/** Collects the effects of one or more steps. The host performs and empties it once per turn. */
export interface Output extends PeerOutput {
  readonly clients: ClientEffect[];
  /**
   * Names, access entries and watches that reads have gone through: how much was done since the host set it to 0. An
   * answer that is a hundred thousand names takes no longer to ask for than one that is a number.
   */
  effort: number;
  /** For the log of the operator: quotas exceeded, sessions expired. */
  readonly notes: Note[];
}

export type Note =
  | { readonly kind: 'quotaExceeded'; readonly prefix: string; readonly what: string }
  | { readonly kind: 'sessionExpired'; readonly sessionId: SessionId }
  /** The children of a znode are so many that clients will soon not be able to read their names. */
  | { readonly kind: 'longList'; readonly path: string; readonly children: number; readonly bytes: number }
  | {
      readonly kind: 'serving';
      readonly role: 'leading' | 'following' | 'observing' | 'readOnly';
      readonly epoch: number;
    }
  | { readonly kind: 'notServing' };

export function newOutput(): Output {
  return {
    disk: [],
    packets: [],
    notifications: [],
    links: [],
    peerNotes: [],
    clients: [],
    effort: 0,
    notes: [],
  };
}

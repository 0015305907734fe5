/**
 * What servers say to each other, as values; `net/` turns them into bytes and back. Notifications travel on election
 * links, everything else on quorum links between the leader and one learner. Messages on one link arrive in order.
 */
import type { SessionId, Zxid } from '../types/index.js';
import type { LogBatch, LogMark } from './mark.js';

/** `myid` of a server. */
export type ServerId = number;

/** What a server is doing, as it tells others in an election. */
export type PeerState = 'looking' | 'following' | 'leading' | 'observing';

/** A vote, or the answer to one (zab.md 1.3). Only the latest one of a server counts. */
export interface Notification {
  readonly state: PeerState;
  /** Whom the sender wants to lead, or who leads it. */
  readonly leader: ServerId;
  /** Last zxid and epoch of that candidate, by which votes are compared. */
  readonly zxid: Zxid;
  readonly peerEpoch: number;
  /** Counts the elections of the sender (ZooKeeper's logical clock, `electionEpoch`). */
  readonly round: number;
  /** Version of the sender's configuration. */
  readonly configVersion: Zxid;
  /** The newest one that the sender's log has, for those who were away; absent for the one that ensembles begin with. */
  readonly config?: string;
  /** The sender never had data: its vote counts for a candidate that is as blank only (zab.md 7.4). */
  readonly blank: boolean;
  /** The candidate voted for is blank. */
  readonly leaderBlank: boolean;
}

/** What a learner sends to the leader. */
export type ToLeader =
  /** The first message. `observer`: it does not vote and gets committed records only. */
  | {
      readonly kind: 'followerInfo';
      readonly acceptedEpoch: number;
      readonly observer: boolean;
      readonly configVersion: Zxid;
      readonly blank: boolean;
      readonly suspect: boolean;
    }
  /** `counts` is false if the epoch had been promised before, maybe to another candidate. */
  | {
      readonly kind: 'ackEpoch';
      readonly currentEpoch: number;
      readonly tail: LogMark;
      readonly counts: boolean;
    }
  /** It cannot use what the leader offered (another chain, a lost tree): only a snapshot will do. */
  | { readonly kind: 'wantSnapshot' }
  /** A snapshot chunk is staged on disk: the next one may come. */
  | { readonly kind: 'chunkStaged' }
  /** ACK(e',0): everything up to NEWLEADER is on disk, with the epoch. */
  | { readonly kind: 'ackNewLeader'; readonly epoch: number }
  /** All records up to `index` are on disk. */
  | { readonly kind: 'ack'; readonly epoch: number; readonly index: number }
  /** Answers a ping. `touched`: sessions whose clients were heard since the last pong. `applied`: its state. */
  | {
      readonly kind: 'pong';
      readonly beat: number;
      readonly touched: readonly SessionId[];
      readonly applied: number;
    }
  /** A client's write, or its session's creation; answered by `answers` on the record that it became. */
  | {
      readonly kind: 'request';
      readonly request: number;
      readonly session: SessionId;
      readonly cxid: number;
      /** Op code and jute body, as the client sent them. */
      readonly op: number;
      readonly body: Buffer;
      readonly identities: readonly { readonly scheme: string; readonly id: string }[];
    }
  /** A client wants its session back on this server; answered by `revalidated`. */
  | {
      readonly kind: 'revalidate';
      readonly request: number;
      readonly session: SessionId;
      readonly timeoutMs: number;
    }
  /** Answered by `synced`. */
  | { readonly kind: 'sync'; readonly request: number };

/** What the leader sends to a learner. */
export type ToLearner =
  | { readonly kind: 'leaderInfo'; readonly epoch: number }
  /** The learner's log is a prefix of the leader's up to `from`, its own end. */
  | { readonly kind: 'diff'; readonly from: LogMark }
  /** Everything after `to` goes. */
  | { readonly kind: 'trunc'; readonly to: LogMark }
  /** Chunks follow: a tree and sessions as of `base`. */
  | { readonly kind: 'snap'; readonly base: LogMark }
  /** Opaque to ZAB (the storage makes and takes them); the last one may be empty. */
  | { readonly kind: 'chunk'; readonly bytes: Buffer; readonly last: boolean }
  /**
   * Log records in order: part of synchronisation, proposals, or, to observers, what is committed (ZooKeeper's INFORM).
   * `answers`: which of them answer requests of this learner.
   */
  | { readonly kind: 'records'; readonly batch: LogBatch; readonly answers: readonly Answer[] }
  /** Everything up to `tail` was sent; `secret` is the ensemble's key of session passwords. */
  | { readonly kind: 'newLeader'; readonly epoch: number; readonly tail: LogMark; readonly secret: Buffer }
  /** The learner may serve, with everything up to `commit` applied. */
  | { readonly kind: 'upToDate'; readonly commit: number }
  /** All records up to `index` are committed. */
  | { readonly kind: 'commit'; readonly index: number }
  | { readonly kind: 'ping'; readonly beat: number; readonly commit: number }
  | { readonly kind: 'revalidated'; readonly request: number; readonly valid: boolean }
  /** A quorum confirmed the leadership after the sync came in: to be answered once `index` is applied. */
  | { readonly kind: 'synced'; readonly request: number; readonly index: number }
  /** The leader goes: elect another one at once. */
  | { readonly kind: 'handOver' };

export interface Answer {
  readonly index: number;
  readonly request: number;
}

export type PeerMessage = ToLeader | ToLearner;

/** Which way a message goes, whoever sent it: neither side is believed about that. */
export function isToLeader(message: PeerMessage): message is ToLeader {
  switch (message.kind) {
    case 'followerInfo':
    case 'ackEpoch':
    case 'wantSnapshot':
    case 'chunkStaged':
    case 'ackNewLeader':
    case 'ack':
    case 'pong':
    case 'request':
    case 'revalidate':
    case 'sync':
      return true;
    default:
      return false;
  }
}

/** What the roles of one server share. */
import type { LogRecord } from '../codec/index.js';
import type { Configuration } from './configuration.js';
import type { Election } from './election.js';
import type { History } from './history.js';
import type { Epochs } from './mark.js';
import type { PeerMessage, ServerId } from './messages.js';
import type { DiskOp, LinkId, PeerNote, PeerOutput, Token } from './ports.js';
import type { PeerSettings, TraceEvent } from './settings.js';
import type { StateMachine } from './stateMachine.js';

/** An epoch that far ahead is not one of this ensemble: whoever took it up would pass it on (zab.md 8). */
export const EPOCH_STEP_MAX = 2 ** 20;

export interface PeerContext {
  readonly settings: PeerSettings;
  readonly history: History;
  readonly state: StateMachine;
  readonly election: Election;
  /** Those in which every quorum is needed: the committed one, and one that is in the log but not committed yet. */
  readonly configurations: readonly Configuration[];
  /** A record came into the log that may bring a configuration. */
  logged(record: LogRecord): void;
  /** The log ends at `index` now, whatever was behind it. */
  truncated(index: number): void;
  /** As on disk. */
  readonly epochs: Epochs;
  readonly blank: boolean;
  readonly suspect: boolean;
  secret: Buffer;
  /** `tree.db` was lost: only a snapshot brings it back. */
  needsSnapshot: boolean;
  readonly now: number;
  readonly out: PeerOutput;
  newToken(): Token;
  /** These epochs are on disk once `token` is done, whichever role that finds. */
  savingEpochs(token: Token, epochs: Epochs): void;
  /** Ends the role and looks for a leader. */
  leave(why: string): void;
}

export function send(context: PeerContext, link: LinkId, message: PeerMessage): void {
  context.out.packets.push({ link, message });
}

export function disk(context: PeerContext, op: DiskOp): void {
  context.out.disk.push(op);
}

export function note(context: PeerContext, peerNote: PeerNote): void {
  context.out.peerNotes.push(peerNote);
}

export function trace(context: PeerContext, event: TraceEvent): void {
  context.settings.trace?.(event);
}

/** Whether these servers are a quorum in every configuration that counts. */
export function isQuorum(context: PeerContext, has: (id: ServerId) => boolean): boolean {
  return context.configurations.every((configuration) => configuration.isQuorum(has));
}

export function isVoter(context: PeerContext, id: ServerId): boolean {
  return context.configurations.some((configuration) => configuration.isVoter(id));
}

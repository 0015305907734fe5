/** What ZAB calls: the engine above it, which applies txns and knows clients. All calls happen within a step. */
import type { LogRecord } from '../codec/index.js';
import type { SessionId } from '../types/index.js';
import type { Configuration } from './configuration.js';
import type { Answer, ServerId, ToLeader, ToLearner } from './messages.js';
import type { LinkId } from './ports.js';

/** What a learner forwards for its clients. */
export type FromLearner = Extract<ToLeader, { kind: 'request' | 'revalidate' | 'sync' }>;
/** What the leader says about that, other than by records. */
export type FromLeader = Extract<ToLearner, { kind: 'revalidated' | 'synced' }>;

/** Which learner asked, and on which link: an answer goes there or nowhere. */
export interface Asker {
  readonly learner: ServerId;
  readonly link: LinkId;
  readonly request: number;
}

export interface StateMachine {
  /** Index of the last applied record. */
  readonly appliedIndex: number;
  /** Records up to `index` are committed and on this disk: apply them. */
  commit(index: number): void;
  /** As learner: a snapshot takes the place of the state, by the disk operation that this turn ends with. */
  replaced(): void;
  /** Whether this server knows what a record is, so that it can be applied once it is committed. */
  isReadable(record: LogRecord): boolean;
  /** The configuration that a readable record brings, if it does. */
  configurationOf(record: LogRecord): Configuration | undefined;

  /** The configuration that another server tells of; undefined if that cannot be read. */
  configurationIn(text: string): Configuration | undefined;
  /** Clients can be served: everything that the epoch began with is applied. */
  serve(role: 'leading' | 'following' | 'observing', epoch: number): void;
  /**
   * The role is over. What was proposed and is not applied stays in the log, and may be committed later, or go.
   * @param goesOn whether this server looks for a leader again
   */
  stop(goesOn: boolean): void;
  /** As leader: a learner forwards something. */
  forwarded(asker: Asker, message: FromLearner): void;
  /** As leader: clients of these sessions were heard of. */
  touched(sessions: readonly SessionId[]): void;
  /** As leader: a sync was confirmed by a quorum and is to be answered once `index` is applied. */
  confirmed(token: number, index: number): void;
  /** As learner: these records answer requests of this server. */
  answers(answers: readonly Answer[]): void;
  /** As learner: the leader answers. */
  answered(message: FromLeader): void;
  /** As learner: which clients were heard of since the last call. */
  takeTouched(): SessionId[];
}

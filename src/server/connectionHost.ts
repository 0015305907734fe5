/** What a connection needs of the server around it. */
import type { Logger } from 'pino';
import type { ServerConfig } from '../config/index.js';
import type { ConnectionId, Input } from '../engine/index.js';
import type { SessionId } from '../types/index.js';
import type { Audit } from './audit.js';
import type { Passwords } from './passwords.js';
import type { SlowRequests } from './slowRequests.js';
import type { ServerStats } from './stats.js';
import type { Status } from './status.js';
import type { WriteStages } from './writeStages.js';

/** A word as the connection must know it: how many bytes belong to it. */
export interface Word {
  readonly name: string;
  readonly argumentBytes: number;
}

/** The four-letter words: the room above the server knows them. */
export interface Words<W extends Word = Word> {
  /** @param opening the first four bytes of a connection, as int32 */
  find(opening: number): W | undefined;
  /** A word that is refused needs no argument. */
  isAllowed(word: W, status: Status): boolean;
  answer(word: W, status: Status, argument: Buffer): string | Promise<string>;
}

/** The connection as the host sees it. */
export interface HostedConnection {
  readonly id: ConnectionId;
  readonly sessionId: SessionId;
  finishWith(text: string): void;
}

export interface ConnectionHost {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly stats: ServerStats;
  readonly stages: WriteStages;
  readonly slowRequests: SlowRequests;
  /** A request that takes longer is slow; Infinity when none is. */
  readonly slowRequestMs: number;
  readonly passwords: Passwords;
  readonly words: Words;
  /** Undefined unless changes are to be recorded (`audit.enable`). */
  readonly audit: Audit | undefined;
  readonly status: Status;
  /** Monotonic clock of this turn, ms. */
  readonly now: number;
  /** Wall clock of this turn, ms since 1970. */
  readonly wallMs: number;
  /** The same, for txns. */
  readonly time: bigint;
  /** Reads have done enough in this turn: what else there is to do waits for the next one. */
  readonly turnIsFull: boolean;
  /** So many writes are in progress that who has asked for something has to wait for it (globalOutstandingLimit). */
  readonly isOverloaded: boolean;
  /** Another server does the writes: they are passed on as they came. */
  readonly forwards: boolean;
  submit(input: Input): void;
  /** True while the connection's requests wait for the disk: one that comes now would wait behind them. */
  isWaiting(connection: HostedConnection): boolean;
  /** The connection has held something back: it may `goOn` when the turn has ended. */
  goOnLater(connection: HostedConnection): void;
  /** The connection has something to flush when the turn ends. */
  touch(connection: HostedConnection): void;
  answerWord(connection: HostedConnection, word: Word, argument: Buffer): void;
  noteBadInput(connection: HostedConnection, why: string): void;
  gone(connection: HostedConnection): void;
}

/** What a checker of a property is: it hears what happens and throws when it must not have. */
import type { Epochs, LogMark, PeerMessage, ServerId, TraceEvent } from '../../../src/zab/index.js';
import type { ClientEffect } from '../core.js';
import type { Agreed, Canon } from '../canon.js';
import type { Electorate } from '../electorate.js';
import type { History, Link, Op } from '../history.js';
import type { Model } from '../model.js';
import type { SimRecord } from '../records.js';

/** A property of zab.md section 2 does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly property: string;

  constructor(property: string, text: string) {
    super(`${property}: ${text}`);
    this.property = property;
  }
}

/** A disk as checkers see it. */
export interface DiskView {
  readonly logStart: LogMark;
  readonly tail: LogMark;
  readonly epochs: Epochs;
  readonly suspect: boolean;
  /** The durable record with this index. */
  at(index: number): SimRecord | undefined;
  /** The same with what is only on its way to the disk. */
  volatileAt(index: number): SimRecord | undefined;
}

/** A server as checkers see it. */
export interface ServerView {
  readonly id: ServerId;
  readonly incarnation: number;
  readonly disk: DiskView;
  readonly stateDigest: bigint;
  /** Version of the configuration that it says is in force. */
  readonly configVersion: bigint;
}

/** Whatever every checker may look at. */
export interface CheckedWorld {
  readonly canon: Canon;
  readonly model: Model;
  readonly history: History;
  readonly servers: readonly ServerView[];
  readonly counterStart: number;
  /** Virtual time in ms. */
  now(): number;
  /** A commit of this record needs a quorum in each of these. */
  governing(index: number): readonly Electorate[];
  /** The configuration that counts when this record is applied. */
  activeAt(index: number): Electorate;
  /** Those that count on this server: the one of its state, and what its log brings behind. */
  effective(server: ServerView): readonly Electorate[];
  /** Index up to which the disk of a server once held the agreed history, before a fault took it; 0 for none. */
  destroyed(id: ServerId): number;
  /** Who is at the other end of a quorum link. */
  peerOf(link: number): ServerId | undefined;
  /** Whether both ends of a link stand and nothing lies between them. */
  isWhole(link: number): boolean;
}

export type Traced<K extends TraceEvent['kind']> = Extract<TraceEvent, { kind: K }>;
export type Reply = Extract<ClientEffect, { kind: 'reply' }>;
export type WatchEvent = Extract<ClientEffect, { kind: 'event' }>;
export type Connected = Extract<ClientEffect, { kind: 'connected' }>;

/** Hears of everything, in order. Each checker overrides what it needs. */
export abstract class Checker {
  abstract readonly property: string;
  protected readonly world: CheckedWorld;

  constructor(world: CheckedWorld) {
    this.world = world;
  }

  booted(_server: ServerView): void {}
  crashed(_server: ServerView): void {}
  role(_server: ServerView, _role: string): void {}
  established(_server: ServerView, _event: Traced<'established'>): void {}
  broadcast(_server: ServerView, _event: Traced<'broadcast'>): void {}
  committed(_server: ServerView, _index: number): void {}
  /** Before `committed` and `applied` tell of an index that was not agreed so far. */
  agreed(_entry: Agreed, _by: ServerView): void {}
  applied(_server: ServerView, _mark: LogMark): void {}
  /** The state was read back from the disk, at a start or behind a snapshot; it is that of this record. */
  restored(_server: ServerView, _mark: LogMark): void {}
  recordsDurable(_server: ServerView, _records: readonly SimRecord[]): void {}
  epochsDurable(_server: ServerView, _before: Epochs, _after: Epochs): void {}
  truncated(_server: ServerView, _to: LogMark, _removed: readonly SimRecord[]): void {}
  installed(_server: ServerView, _base: LogMark, _before: LogMark): void {}
  sending(_server: ServerView, _link: number, _message: PeerMessage): void {}
  received(_server: ServerView, _link: number, _message: PeerMessage): void {}
  /** A server has taken in that a link is down, and done what follows from it. */
  linkLost(_server: ServerView, _link: number): void {}
  /** A wiped or damaged disk: what came before does not bind it any more. */
  disowned(_server: ServerView): void {}
  /** A server steps a request of this connection. */
  heard(_server: ServerView, _connection: number, _session: bigint): void {}
  /** A server says that something is which must not be. */
  alarmed(_server: ServerView, _what: string): void {}
  invoked(_op: Op): void {}
  replied(_op: Op, _reply: Reply): void {}
  connected(_link: Link, _effect: Connected): void {}
  watchEvent(_link: Link, _event: WatchEvent): void {}
  disconnected(_link: Link): void {}

  protected fail(text: string): never {
    throw new Violation(this.property, text);
  }
}

export function hex(zxid: bigint | undefined): string {
  return zxid === undefined ? 'none' : `0x${BigInt.asUintN(64, zxid).toString(16)}`;
}

export function epochOfZxid(zxid: bigint): number {
  return Number(zxid >> 32n);
}

/** Whether a disk, as far as it reaches back, holds this agreed record. Undefined: it was purged, nobody can say. */
export function holds(disk: DiskView, entry: Agreed): boolean | undefined {
  if (entry.index < disk.logStart.index) return undefined;
  if (entry.index === disk.logStart.index) return disk.logStart.chain === entry.chain;
  return disk.at(entry.index)?.chain === entry.chain;
}

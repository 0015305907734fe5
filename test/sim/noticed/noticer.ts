/** Somebody who counts the situations of zab.md 4.4: hears what checkers hear, and a little more, and never objects. */
import type { DiskOp, Notification, PeerNote, ServerId } from '../../../src/zab/index.js';
import { Checker, type CheckedWorld } from '../checkers/index.js';
import type { Input } from '../core.js';
import type { Coverage } from '../coverage.js';
import type { Electorate } from '../electorate.js';
import type { Link, Op } from '../history.js';
import type { SimServer } from '../server.js';

/** The world with its insides. */
export interface NoticedWorld extends CheckedWorld {
  readonly servers: readonly SimServer[];
  readonly coverage: Coverage;
  /** The configuration that was agreed on last. */
  readonly latest: Electorate;
  /** Connections that clients have open, with what waits on each. */
  readonly links: Iterable<Link & { readonly waiting: readonly Op[] }>;
}

export abstract class Noticer extends Checker {
  readonly property = 'coverage';
  protected override readonly world: NoticedWorld;

  constructor(world: NoticedWorld) {
    super(world);
    this.world = world;
  }

  protected count(what: string): void {
    this.world.coverage.count(what);
  }

  protected serverOf(id: ServerId): SimServer | undefined {
    return this.world.servers.find((server) => server.id === id);
  }

  /** A server dies; the disk has not decided yet what stays. */
  crashing(_server: SimServer, _power: boolean): void {}
  wrote(_server: SimServer, _op: DiskOp): void {}
  stepping(_server: SimServer, _input: Input): void {}
  voting(_server: SimServer, _to: ServerId, _vote: Notification): void {}
  noted(_server: SimServer, _note: PeerNote): void {}
  /** It stands still for so many ms. */
  pausing(_server: SimServer, _ms: number): void {}
}

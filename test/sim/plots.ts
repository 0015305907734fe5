/** Faults that take more than one step: each is a way into a situation that single faults hardly ever lead to. */
import type { ServerId } from '../../src/zab/index.js';
import type { FaultyWorld } from './faults.js';
import type { SimServer } from './server.js';
import type { SimRandom } from './random.js';

/** What plots are made of. None of it happens when the faults are over. */
interface Acts {
  crash(server: SimServer, downMs: number): void;
  later(ms: number, act: () => void): void;
  /** How long something lasts, ms. */
  lasting(): number;
}

/** A time in which leaders do not get far. */
interface Plague {
  /** The only one that it is about, and that the others want as their leader. */
  readonly doomed: SimServer | undefined;
  /** What becomes of one leader after the other. */
  readonly deaths: Death[];
}

interface Death {
  /** Once it has entered its epoch, not as soon as it has promised it. */
  readonly entered: boolean;
  readonly afterMs: number;
  readonly downMs: number;
  /** Dies with it, and comes back soon. */
  readonly companion: SimServer | undefined;
}

/** Most leaders that die in one plague. */
const DEATHS_MAX = 8;

export class Plots {
  readonly #world: FaultyWorld;
  readonly #random: SimRandom;
  readonly #act: Acts;
  #plague: Plague | undefined;
  #stranded: { readonly leader: SimServer; readonly afterMs: number } | undefined;

  constructor(world: FaultyWorld, random: SimRandom, act: Acts) {
    this.#world = world;
    this.#random = random;
    this.#act = act;
  }

  /**
   * What this leader proposes next reaches nobody but one whose weight goes with what it has just proposed; and it dies
   * when that is agreed on. Others lead then, with less in their logs than one that counts for nothing.
   */
  strand(leader: SimServer, light: ServerId): void {
    const { network, options, servers } = this.#world;
    const { delayMs, timing } = options;
    const others = servers.map(({ id }) => id).filter((id) => id !== leader.id && id !== light);
    const cut = (isCut: boolean): void =>
      others.forEach((id) => network.cut(leader.id, id, ['quorum'], isCut));
    // The proposal itself leaves in this turn. That it is acknowledged takes a while, for more to be proposed.
    const slowMs = this.#random.range(0.1, 0.5) * timing.leaseMs;
    this.#act.later(0.01, () => {
      cut(true);
      for (const id of others) network.clog(id, leader.id, slowMs);
    });
    this.#act.later(500 + this.#act.lasting(), () => cut(false));
    const afterMs = delayMs.min + this.#random.exponential(1.5 * delayMs.mean);
    const stranded = (this.#stranded = { leader, afterMs });
    this.#act.later(1000, () => {
      if (this.#stranded === stranded) this.#stranded = undefined;
    });
  }

  /** A configuration is agreed on. */
  reconfigured(): void {
    if (this.#stranded === undefined) return;
    const { leader, afterMs } = this.#stranded;
    this.#stranded = undefined;
    this.#act.later(afterMs, () => this.#act.crash(leader, 2 * this.#world.options.timing.peerTimeoutMs));
  }

  /**
   * Leaders die where it matters most: with a promise that nobody else knows of, or in an epoch that nobody else is in.
   * With one that is doomed, promises run ahead of the epochs in which others lead meanwhile.
   */
  plague(server: SimServer): void {
    const random = this.#random;
    const { options, servers } = this.#world;
    const { fsyncMs, delayMs } = options;
    const doomed = random.chance(0.5) ? server : undefined;
    const deaths = Array.from({ length: random.between(2, DEATHS_MAX) }, () => ({
      entered: doomed === undefined && random.chance(0.7),
      afterMs: random.exponential(fsyncMs.mean + 2 * delayMs.mean),
      downMs: doomed === undefined ? this.#act.lasting() : random.range(10, 100),
      companion: doomed === undefined && random.chance(0.5) ? random.pick(servers) : undefined,
    }));
    // The others get on without the one that has promised so much.
    const last = { entered: false, afterMs: 0, downMs: 1000 + this.#act.lasting(), companion: undefined };
    this.#begin({ doomed, deaths: doomed === undefined ? deaths : [...deaths, last] });
  }

  #begin(plague: Plague): void {
    const { network, servers } = this.#world;
    this.#plague = plague;
    const { doomed, deaths } = plague;
    const lasting = 500 + this.#act.lasting();
    const leader = servers.find(({ role }) => role === 'leading');
    if (leader !== undefined && leader !== doomed) this.#silence(leader, lasting);
    if (doomed !== undefined) network.favourite = doomed.id;
    this.#act.later(lasting, () => {
      if (this.#plague !== plague) return;
      this.#plague = undefined;
      if (doomed === undefined) return;
      network.favourite = undefined;
      this.#act.crash(doomed, deaths.at(-1)?.downMs ?? 0);
    });
  }

  /** A leader dies, and what it proposed last has reached nobody. */
  #silence(leader: SimServer, downMs: number): void {
    const { network, servers, options } = this.#world;
    const others = servers.map(({ id }) => id).filter((id) => id !== leader.id);
    const cut = (isCut: boolean): void =>
      others.forEach((id) => network.cut(leader.id, id, ['quorum'], isCut));
    cut(true);
    this.#act.later(this.#random.exponential(2 * options.fsyncMs.mean + options.thinkMs), () => {
      this.#act.crash(leader, downMs);
      cut(false);
    });
  }

  /** The disk of a leader knows of an epoch: promised, or entered. */
  epochSaved(server: SimServer, entered: boolean): void {
    const plague = this.#plague;
    if (plague === undefined || server.role !== 'leading') return;
    if (plague.doomed !== undefined && plague.doomed !== server) return;
    const [death] = plague.deaths;
    const isLast = plague.doomed !== undefined && plague.deaths.length === 1;
    if (death?.entered !== entered || isLast) return;
    plague.deaths.shift();
    // A promise is told of in the next turn: that must not come.
    const { incarnation } = server;
    this.#act.later(entered ? death.afterMs : 0, () => {
      if (server.incarnation === incarnation) this.#act.crash(server, death.downMs);
      if (death.companion !== undefined) this.#act.crash(death.companion, death.afterMs);
    });
  }

  /** The first has a way to one of two others only, now to this one, now to that one; and these two have none. */
  tear([one = 1, ...others]: readonly ServerId[]): void {
    const { network, options } = this.#world;
    if (others.length < 2) return;
    const random = this.#random;
    const { delayMs, fsyncMs, timing } = options;
    const [left = one, right = one] = others;
    const way = (a: ServerId, b: ServerId, isCut: boolean): void => {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        network.cut(from, to, ['election', 'quorum'], isCut);
        if (isCut) network.reset(from, to, 'quorum');
      }
    };
    let at = 0;
    const turns = random.between(2, 8);
    for (let turn = 0; turn <= turns; turn++) {
      const isOver = turn === turns;
      const [open, shut] = turn % 2 === 0 ? [left, right] : [right, left];
      this.#act.later(at, () => {
        way(left, right, !isOver);
        way(one, open, false);
        way(one, shut, !isOver);
        network.favourite = isOver ? undefined : open;
      });
      at += timing.finalizeWaitMs + random.exponential(6 * delayMs.mean + 2 * fsyncMs.mean + 30);
    }
  }
}

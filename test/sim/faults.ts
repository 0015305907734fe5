/** What goes wrong, when and for how long. Everything is drawn from the seed. */
import type { ServerId } from '../../src/zab/index.js';
import type { SimClient } from './client.js';
import type { Channel, Network } from './network.js';
import type { FaultRates, SimOptions } from './options.js';
import { Plots } from './plots.js';
import type { Scheduler } from './scheduler.js';
import type { Director } from './script.js';
import type { SimServer } from './server.js';
import type { SteeredRandom } from './steered.js';

/** What faults act on. */
export interface FaultyWorld {
  readonly options: SimOptions;
  readonly director: Director;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly servers: readonly SimServer[];
  readonly clients: readonly SimClient[];
  /** A server that logs and counts for nothing, if there is one. */
  readonly weightless: ServerId | undefined;
  /** One that an operator wants to count for nothing, if the configuration that says so is not agreed on. */
  readonly unweighed: ServerId | undefined;
  /** Whether losing this disk leaves a quorum that can repair it. */
  maySacrifice(server: SimServer): boolean;
  /** The disk of a server that is down loses data. */
  wipe(server: SimServer): void;
  damage(server: SimServer): void;
  loseTree(server: SimServer): void;
  /** Its disk failed: what it says it has on disk may not be there. */
  distrust(server: SimServer): void;
  note(what: string, ...values: (string | number)[]): void;
}

/** How much likelier a biased fault is at each kind of disk operation. */
const MOMENTS: Readonly<Record<string, number>> = {
  synchronise: 1,
  install: 1,
  part: 1,
  reconfig: 0.1,
  epochs: 1,
  stage: 0.4,
  fence: 0.3,
  append: 0.08,
};

/** Moments that come so seldom that they are worth a fault whenever faults are sought at all. */
const RARE: Readonly<Record<string, number>> = {
  install: 0.25,
  part: 0.3,
  reconfig: 0.06,
};

/** Wall clocks are put forward and back by up to this. */
const WALL_JUMP_MS_MAX = 3_600_000;

/** A server that loses its weight is worth one more often. */
const STRAND = 0.8;

/** What a cut is about, as often as it stands here. */
const CHANNELS: readonly (readonly Channel[])[] = [
  ['election', 'quorum'],
  ['election', 'quorum'],
  ['quorum'],
  ['election'],
];

export class Faults {
  readonly #world: FaultyWorld;
  readonly #random: SteeredRandom;
  #active = true;
  #quietUntil = 0;
  readonly #plots: Plots;

  constructor(world: FaultyWorld, random: SteeredRandom) {
    this.#world = world;
    this.#random = random;
    this.#plots = new Plots(world, random, {
      crash: (server, downMs) => this.#crash(server, false, downMs),
      later: (ms, act) => this.#later(ms, act),
      lasting: () => this.#lasting(),
    });
    if (world.director.isPlaying) return;
    if (world.options.favours) this.#keepFavouring();
    for (const [kind, rate] of Object.entries(world.options.faults) as [keyof FaultRates, number][])
      if (kind !== 'snapshotBreaks' && rate > 0) this.#repeat(kind, rate);
  }

  /** Chance has a favourite for a while, and then another one, or none. */
  #keepFavouring(): void {
    this.#decide('favour');
    this.#world.scheduler.after(this.#random.exponential(600), () => {
      if (this.#active) this.#keepFavouring();
    });
  }

  #favour(): void {
    const { network, servers } = this.#world;
    network.favourite = this.#random.chance(0.5) ? this.#random.pick(servers).id : undefined;
  }

  /** As a script says. */
  perform(kind: string, draws: readonly number[]): void {
    this.#random.tell(draws, () => this.#happen(kind as keyof FaultRates | 'favour'));
  }

  #decide(kind: keyof FaultRates | 'favour'): void {
    this.#world.director.decide('faults', kind, this.#random, () => this.#happen(kind));
  }

  /** No more faults; those that last are for others to heal. */
  stop(): void {
    this.#active = false;
    this.#world.network.favourite = undefined;
  }

  /** A server is at a moment that matters: something is on its way to its disk. */
  moment(server: SimServer, kind: string): void {
    const { options, scheduler } = this.#world;
    const rare = this.#losesWeight(server, kind) === undefined ? RARE[kind] : STRAND;
    const chance = options.bias === 0 ? 0 : Math.max(options.bias * (MOMENTS[kind] ?? 0), rare ?? 0);
    if (!this.#active) return;
    const what = `${server.id} ${kind}`;
    const { director } = this.#world;
    const nth = director.come(what);
    if (director.isPlaying) {
      const decision = director.moment(what, nth);
      if (decision !== undefined) this.#random.tell(decision.draws, () => this.#seize(server, kind));
      return;
    }
    if (chance === 0 || scheduler.now < this.#quietUntil || !this.#random.chance(chance)) return;
    director.decide('moment', what, this.#random, () => this.#seize(server, kind), nth);
  }

  #seize(server: SimServer, kind: string): void {
    const { options, scheduler } = this.#world;
    this.#quietUntil = scheduler.now + this.#random.range(20, 1500);
    this.#world.note(`moment: ${kind}`, server.id);
    const light = this.#losesWeight(server, kind);
    if (light !== undefined && this.#random.chance(0.8)) return this.#plots.strand(server, light);
    const soon = this.#random.exponential(options.fsyncMs.mean + options.delayMs.mean);
    // Now, not when it crashes: what is drawn behind a decision is no part of it, and no script would repeat it.
    const down = this.#lasting();
    switch (this.#random.int(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#crash(server, false);
      case 4:
      case 5:
        return this.#later(soon, () => this.#crash(server, false, down));
      case 6:
        return this.#crash(server, true);
      case 7:
        return this.#pause(server, this.#lasting());
      default: {
        const other = this.#random.pick(this.#world.servers);
        return this.#cutBetween([server.id], [other.id], this.#random.chance(0.5));
      }
    }
  }

  /** Who loses its weight by what this leader has just proposed. */
  #losesWeight({ id, role }: SimServer, kind: string): ServerId | undefined {
    const light = kind === 'reconfig' && role === 'leading' ? this.#world.unweighed : undefined;
    return light === id ? undefined : light;
  }

  /** A configuration is agreed on. */
  reconfigured(): void {
    this.#plots.reconfigured();
  }

  /** The disk of a server knows of an epoch: promised, or entered. */
  epochSaved(server: SimServer, entered: boolean): void {
    this.#plots.epochSaved(server, entered);
  }

  #repeat(kind: keyof FaultRates, rate: number): void {
    this.#world.scheduler.after(this.#random.exponential(1000 / rate), () => {
      if (!this.#active) return;
      this.#decide(kind);
      this.#repeat(kind, rate);
    });
  }

  #happen(kind: keyof FaultRates | 'favour'): void {
    if (kind === 'favour') return this.#favour();
    const { servers, network, clients } = this.#world;
    const random = this.#random;
    const server = random.pick(servers);
    const ids = random.shuffled(servers.map(({ id }) => id));
    this.#world.note(`fault: ${kind}`, server.id);
    switch (kind) {
      case 'crash':
        if (server.up && random.chance(0.25)) {
          server.stop(random.range(50, 500));
          return this.#restart(server, 500 + this.#lasting());
        }
        return this.#crash(server, false);
      case 'crashAll':
        return servers.forEach((each) => this.#crash(each, random.chance(0.3)));
      case 'powerLoss':
        return random
          .sample(servers, random.between(1, servers.length))
          .forEach((each) => this.#crash(each, true));
      case 'pause':
        return this.#pause(server, this.#lasting());
      case 'stall':
        return this.#pause(server, random.range(10, 200));
      case 'wipe':
      case 'damage':
      case 'ioError':
      case 'loseTree':
        return this.#destroy(server, kind);
      case 'jump':
        // As far as somebody who gets the hour wrong, or a time zone.
        server.wallOffsetMs = Math.round(random.range(-1, 1) * WALL_JUMP_MS_MAX);
        return;
      case 'corrupt':
        network.corruptNext(server.id, ids.find((id) => id !== server.id) ?? server.id);
        return;
      case 'full':
        server.disk.full = true;
        return this.#later(this.#lasting(), () => server.roomAgain());
      case 'slowDisk':
        server.disk.slowness = random.range(2, 30);
        return this.#later(this.#lasting(), () => {
          server.disk.slowness = 1;
        });
      case 'cut':
        return this.#cutBetween(ids.slice(0, 1), ids.slice(1, 2), true);
      case 'cutOneWay':
        return this.#cutBetween(ids.slice(0, 1), ids.slice(1, random.between(2, ids.length)), false);
      case 'isolate':
        return this.#cutBetween(ids.slice(0, 1), ids.slice(1), random.chance(0.7));
      case 'split': {
        const light = this.#world.weightless;
        const leader = servers.find(({ role }) => role === 'leading');
        if (light !== undefined && leader !== undefined && random.chance(0.5)) {
          // What the leader proposes now is on a disk that counts for nothing.
          const some = [leader.id, light];
          return this.#cutBetween(
            some,
            ids.filter((id) => !some.includes(id)),
            true,
            CHANNELS[0],
          );
        }
        const at = random.between(1, Math.max(1, ids.length - 1));
        return this.#cutBetween(ids.slice(0, at), ids.slice(at), true);
      }
      case 'bridge': {
        const half = Math.ceil((ids.length - 1) / 2);
        return this.#cutBetween(ids.slice(1, 1 + half), ids.slice(1 + half), true);
      }
      case 'depose': {
        const leader = servers.find(({ role }) => role === 'leading') ?? server;
        const others = ids.filter((id) => id !== leader.id);
        this.#cutBetween([leader.id], others, true, ['election', 'quorum']);
        for (const id of others) network.breakOneEnd(id, leader.id);
        return;
      }
      case 'clog':
        return this.#pairs(ids.slice(0, 1), ids.slice(1, 2), (a, b) =>
          network.clog(a, b, Math.min(5000, this.#lasting())),
        );
      case 'reset':
        return this.#pairs(ids.slice(0, 1), ids.slice(1), (a, b) => {
          if (random.chance(0.5)) network.reset(a, b, random.pick(['election', 'quorum'] as const));
        });
      case 'refuse':
        network.refusing.add(server.id);
        return this.#later(this.#lasting(), () => network.refusing.delete(server.id));
      case 'cutClient': {
        if (clients.length === 0) return;
        const client = random.pick(clients);
        const paths = [client.pathTo(server.id), client.pathFrom(server.id)];
        for (const path of random.sample(paths, random.between(1, 2))) path.cut = true;
        return this.#later(this.#lasting(), () => {
          for (const path of paths) path.cut = false;
        });
      }
      case 'plague':
        return this.#plots.plague(server);
      case 'fickle':
        return this.#plots.tear(ids);
      case 'snapshotBreaks':
        return;
    }
  }

  #crash(server: SimServer, power: boolean, downMs = this.#lasting()): void {
    if (!server.up) return;
    server.crash(power);
    this.#restart(server, downMs);
  }

  #restart(server: SimServer, downMs: number): void {
    this.#later(downMs, () => server.start());
  }

  #pause(server: SimServer, ms: number): void {
    server.pause(ms);
  }

  #destroy(server: SimServer, kind: 'wipe' | 'damage' | 'ioError' | 'loseTree'): void {
    if (!this.#world.maySacrifice(server)) return;
    server.crash(false);
    if (kind === 'wipe') this.#world.wipe(server);
    else if (kind === 'damage') this.#world.damage(server);
    else if (kind === 'loseTree') this.#world.loseTree(server);
    else this.#world.distrust(server);
    this.#restart(server, this.#lasting());
  }

  #cutBetween(
    some: readonly ServerId[],
    others: readonly ServerId[],
    bothWays: boolean,
    channels: readonly Channel[] = this.#random.pick(CHANNELS),
  ): void {
    const set = (cut: boolean): void =>
      this.#pairs(some, others, (a, b) => {
        this.#world.network.cut(a, b, channels, cut);
        if (bothWays) this.#world.network.cut(b, a, channels, cut);
      });
    set(true);
    this.#later(this.#lasting(), () => set(false));
  }

  #pairs(
    some: readonly ServerId[],
    others: readonly ServerId[],
    act: (a: ServerId, b: ServerId) => void,
  ): void {
    for (const a of some) for (const b of others) if (a !== b) act(a, b);
  }

  #lasting(): number {
    return this.#random.exponential(this.#world.options.faultMs);
  }

  /** What ends a fault; when the faults are over somebody else has healed everything. */
  #later(ms: number, act: () => void): void {
    this.#world.scheduler.after(ms, () => {
      if (this.#active) act();
    });
  }
}

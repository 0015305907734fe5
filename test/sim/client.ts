/**
 * A simulated client: connects to any server, pipelines requests, reads what it is told, loses its connection, comes
 * back elsewhere, moves without saying so, falls silent until its session is over, and begins anew.
 */
import {
  NO_SESSION,
  OpCode,
  Xid,
  isWrite,
  sessionIdOf,
  zxidOf,
  type Request,
} from '../../src/types/index.js';
import { ping } from '../unit/helpers/requests.js';
import { copyOf } from './copy.js';
import { rawOf } from './encode.js';
import type { ClientEffect } from './core.js';
import type { History, Link, Op } from './history.js';
import type { SimOptions } from './options.js';
import type { Load } from './load.js';
import { Path, Pipe } from './pipe.js';
import type { SimRandom } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { Director } from './script.js';
import type { SimServer } from './server.js';
import type { SteeredRandom } from './steered.js';
import { WatchList } from './watchList.js';
import { WATCH_ALL, Workload, pathOf } from './workload.js';

type Reply = Extract<ClientEffect, { kind: 'reply' }>;

/** What the world hears from a client. */
export interface ClientWatcher {
  invoked(op: Op): void;
  replied(op: Op, reply: Reply): void;
  connected(link: Link, effect: Extract<ClientEffect, { kind: 'connected' }>): void;
  watchEvent(link: Link, effect: Extract<ClientEffect, { kind: 'event' }>): void;
  disconnected(link: Link): void;
}

/** What a client needs of the world. */
export interface ClientWorld {
  readonly options: SimOptions;
  readonly director: Director;
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly watcher: ClientWatcher;
  readonly servers: readonly SimServer[];
  /** Registers a connection, so that what a server tells it finds its way. @returns its id */
  open(connection: ClientLink): number;
  forget(id: number): void;
}

/** One connection, as the client has it. */
export class ClientLink implements Link {
  readonly id: number;
  readonly client: string;
  readonly server: number;
  session = 0n;
  readOnly = false;
  readonly lastZxidSeen: bigint;
  left = false;
  superseded = false;
  closed = false;
  /** What is still on its way to the server gets lost. */
  unheard = false;
  readonly waiting: Op[] = [];
  lastWrite: Op | undefined;
  readonly #world: ClientWorld;
  readonly #owner: SimClient;
  readonly #host: SimServer;
  readonly #incarnation: number;
  readonly #up: Pipe<() => void>;
  readonly #down: Pipe<() => void>;

  constructor(world: ClientWorld, owner: SimClient, host: SimServer, random: SimRandom) {
    this.#world = world;
    this.#owner = owner;
    this.#host = host;
    this.#incarnation = host.incarnation;
    this.client = owner.name;
    this.server = host.id;
    this.lastZxidSeen = owner.lastZxid;
    this.id = world.open(this);
    const { scheduler, options } = world;
    const run = (act: () => void): void => act();
    this.#up = new Pipe(scheduler, random, options.delayMs, owner.pathTo(host.id), run);
    this.#down = new Pipe(scheduler, random, options.delayMs, owner.pathFrom(host.id), run);
    const passwordValid = owner.secret === undefined || owner.secret.equals(host.disk.secret);
    this.#toServer(() => {
      this.#host.input({
        kind: 'connect',
        connection: this.id,
        sessionId: sessionIdOf(owner.session),
        passwordValid,
        timeOut: owner.timeOut,
        lastZxidSeen: zxidOf(this.lastZxidSeen),
        identities: owner.identities,
        readOnly: owner.takesReadOnly,
        time: host.time,
      });
    });
  }

  get secretOfServer(): Buffer {
    return this.#host.disk.secret;
  }

  /** Whether the process that this is a connection to still lives. */
  get reachesSomebody(): boolean {
    return this.#host.up && this.#host.incarnation === this.#incarnation;
  }

  send(request: Request, xid: number): void {
    const op: Op = {
      link: this,
      xid,
      request,
      invokedAt: this.#world.scheduler.now,
      floor: this.#world.history.returnedZxid,
      superseded: this.superseded,
      previousWrite: isWrite(request) ? this.lastWrite : undefined,
      answered: false,
    };
    this.waiting.push(op);
    if (isWrite(request)) {
      this.lastWrite = op;
      this.#world.history.add(op);
    }
    this.#world.watcher.invoked(op);
    const { id: connection } = this;
    this.#toServer(() => {
      const raw = rawOf(request);
      const { time } = this.#host;
      const input = { kind: 'request', connection, xid, request, time } as const;
      this.#host.input(raw === undefined ? input : { ...input, raw });
    });
  }

  /** Something that the server tells this connection leaves the server. */
  tell(effect: ClientEffect): void {
    const copy = copyOf(effect);
    this.#down.send(() => {
      if (!this.closed) this.#receive(copy);
    });
  }

  /** The client lets go. */
  disconnect(): void {
    if (this.closed) return;
    this.#end();
    this.#toServer(() => this.#host.input({ kind: 'disconnect', connection: this.id }));
  }

  /** The server's process died. @param silently its host, too */
  serverDied(silently: boolean): void {
    if (!silently) this.#down.send(() => this.#broken());
  }

  #toServer(act: () => void): void {
    this.#up.send(() => {
      if (this.unheard) return;
      if (this.reachesSomebody) act();
      else if (this.#host.up) this.#down.send(() => this.#broken());
    });
  }

  #receive(effect: ClientEffect): void {
    switch (effect.kind) {
      case 'connected':
        this.session = this.session === 0n ? this.#owner.session : this.session;
        if (effect.timeOut > 0) this.session = effect.sessionId;
        this.readOnly = effect.readOnly;
        this.#world.watcher.connected(this, effect);
        this.#owner.connected(this, effect.timeOut > 0, effect.readOnly);
        if (effect.timeOut === 0) this.#broken();
        return;
      case 'reply': {
        const op = this.waiting.shift();
        if (op === undefined) throw new Error(`${this.client} is answered ${effect.xid} and asked nothing.`);
        op.answered = true;
        this.#world.watcher.replied(op, effect);
        if (isWrite(op.request) && effect.zxid > this.#world.history.returnedZxid)
          this.#world.history.returnedZxid = effect.zxid;
        this.#owner.replied(this, op, effect);
        return;
      }
      case 'event':
        this.#world.watcher.watchEvent(this, effect);
        this.#owner.watchEvent(this, effect.path, effect.zxid);
        return;
      case 'close':
        return this.#broken();
    }
  }

  #broken(): void {
    if (this.closed) return;
    this.#end();
    this.#owner.lost(this);
  }

  #end(): void {
    this.closed = true;
    this.#world.forget(this.id);
    this.#world.watcher.disconnected(this);
  }
}

export class SimClient {
  readonly name: string;
  session = NO_SESSION as bigint;
  secret: Buffer | undefined;
  lastZxid = 0n;
  readonly timeOut: number;
  link: ClientLink | undefined;
  /** No more requests and no new connections. */
  retired = false;
  /** Connects and pings, and asks for nothing by itself. */
  idle = false;
  /** Servers it may connect to. */
  allowed: (id: number) => boolean = () => true;
  readonly #world: ClientWorld;
  readonly #random: SteeredRandom;
  /** Of the network, and of all that is no decision. */
  readonly #delays: SimRandom;
  readonly #load: Load;
  readonly #watchesAll: boolean;
  /** A server without a leader will do, if there is nothing better. */
  readonly takesReadOnly: boolean;
  readonly #paths = new Map<string, Path>();
  #xid = 0;
  #connected = false;
  #heardAt = 0;
  #sentAt = 0;
  #silentUntil = 0;
  #old: ClientLink | undefined;
  #watches = new WatchList();

  /** @param load what it does. @default what clients usually do */
  constructor(world: ClientWorld, number: number, random: SteeredRandom, load?: (random: SimRandom) => Load) {
    this.#world = world;
    this.#random = random;
    this.#delays = random.fork();
    this.name = `c${number}`;
    const { sessionMs, paths } = world.options;
    this.timeOut = random.between(sessionMs.min, sessionMs.max);
    this.#load = load?.(random) ?? new Workload(random, this.name, paths);
    this.#watchesAll = random.chance(0.2);
    this.takesReadOnly = world.options.readOnlyMode && load === undefined && random.chance(0.5);
    this.#keepGoing();
  }

  get identities(): Load['identities'] {
    return this.#load.identities;
  }

  pathTo(server: number): Path {
    return this.#path(`to ${server}`);
  }

  pathFrom(server: number): Path {
    return this.#path(`from ${server}`);
  }

  get connectedLink(): ClientLink | undefined {
    return this.#connected && this.link?.closed === false ? this.link : undefined;
  }

  /** Sends outside of the usual load. */
  send(...requests: Request[]): void {
    const link = this.connectedLink;
    if (link === undefined) return;
    for (const request of requests) this.#send(link, request);
  }

  /** Asks for nothing any more, and what it has asked for arrives nowhere unless it has. */
  retire(): void {
    this.retired = true;
    if (this.link !== undefined) this.link.unheard = true;
    this.disconnect();
  }

  /** Nobody tells it any more what to do, if somebody did. */
  decideAlone(seed: number): void {
    this.#random.beginAnew(seed);
  }

  disconnect(): void {
    this.link?.disconnect();
    this.link = undefined;
    this.#connected = false;
  }

  // --- what connections tell ---------------------------------------------------------------------------------------

  /** @param readOnly the session is one of that server alone, for as long as it has no leader */
  connected(link: ClientLink, valid: boolean, readOnly: boolean): void {
    if (link !== this.link) return;
    this.#heardAt = this.#world.scheduler.now;
    if (!valid) {
      // Before this, the id in `link.session` names the session that is over.
      this.session = 0n;
      this.secret = undefined;
      this.lastZxid = 0n;
      return;
    }
    this.#connected = true;
    if (readOnly) this.#xid = 0;
    else if (this.session === 0n) {
      this.session = link.session;
      this.secret = Buffer.from(link.secretOfServer);
      this.#xid = 0;
    }
    if (this.#old !== undefined) this.#old.superseded = true;
    if (this.#watchesAll) this.#send(link, WATCH_ALL);
    else if (!readOnly) this.#takeWatchesAlong(link);
    // Whoever comes back through another door may still have a foot in the old one.
    const old = this.#old;
    if (!this.#delays.chance(0.7) || old?.closed !== false || old.session !== this.session) return;
    const draws = Array.from({ length: 20 }, () => this.#delays.next());
    this.#random.tell(draws, () => {
      for (const request of this.#load.next(false)) this.#send(old, request);
    });
  }

  replied(link: ClientLink, op: Op, reply: Reply): void {
    if (link !== this.link) return;
    this.#heardAt = this.#world.scheduler.now;
    this.seen(link, reply.zxid);
    this.#watches.learn(op.request, reply.err);
    const path = pathOf(op.request);
    const { body } = reply;
    if (path !== undefined && body !== undefined && 'stat' in body) {
      const names = body.kind === 'names' ? [...body.names] : undefined;
      this.#load.learn(path, body.stat?.version, names);
    }
    if (op.request.type === OpCode.closeSession) {
      this.session = 0n;
      this.secret = undefined;
      this.lastZxid = 0n;
      this.disconnect();
    }
  }

  /** What it watched before it watches on, and wants to hear what it missed; or it does not care any more. */
  #takeWatchesAlong(link: ClientLink): void {
    if (this.#watches.isEmpty) return;
    if (this.#delays.chance(0.7)) this.#send(link, this.#watches.request(this.lastZxid));
    this.#watches = new WatchList();
  }

  watchEvent(link: ClientLink, path: string, zxid: bigint): void {
    if (link !== this.link) return;
    this.#watches.fired(path);
    this.seen(link, zxid);
  }

  seen(link: ClientLink, zxid: bigint): void {
    if (link === this.link && zxid > this.lastZxid) this.lastZxid = zxid;
  }

  lost(link: ClientLink): void {
    if (link !== this.link) return;
    this.link = undefined;
    this.#connected = false;
  }

  // --- what it does ------------------------------------------------------------------------------------------------

  #keepGoing(): void {
    const { thinkMs } = this.#world.options;
    const idle = this.link === undefined ? 3 : 1;
    this.#world.scheduler.after(this.#delays.exponential(thinkMs) * idle + 0.5, () => {
      this.#act();
      this.#keepGoing();
    });
  }

  #act(): void {
    if (!this.#keepUp()) return;
    const { director } = this.#world;
    if (director.isPlaying) return;
    if (this.link !== undefined && (!this.#connected || this.idle)) return;
    director.decide(this.name, '', this.#random, () => this.#decide());
  }

  /** What a script says. */
  perform(draws: readonly number[]): void {
    if (this.#keepUp()) this.#random.tell(draws, () => this.#decide());
  }

  /** What needs no decision. @returns whether there is one to make */
  #keepUp(): boolean {
    const { now } = this.#world.scheduler;
    if (this.retired || now < this.#silentUntil) return false;
    if (this.link === undefined) return true;
    const patience = Math.max(300, this.timeOut * 0.66);
    if (now - this.#heardAt > patience) {
      this.disconnect();
      return false;
    }
    if (this.#connected && now - this.#sentAt > this.timeOut / 3) this.#send(this.link, ping);
    return true;
  }

  #decide(): void {
    const random = this.#random;
    const { link } = this;
    if (link === undefined) return this.#connect();
    if (!this.#connected || this.idle) return;
    if (random.chance(0.002)) return this.disconnect();
    if (random.chance(0.002)) {
      this.#silentUntil = this.#world.scheduler.now + this.timeOut * random.range(0.3, 2);
      return;
    }
    if (random.chance(0.003)) return this.#move();
    if (link.waiting.length < this.#world.options.pipeline)
      for (const request of this.#load.next(!this.#watchesAll)) this.#send(link, request);
  }

  #connect(): void {
    const servers = this.#world.servers.filter(({ id }) => this.allowed(id));
    if (servers.length === 0) return;
    const server = this.#random.pick(servers);
    this.#heardAt = this.#world.scheduler.now;
    // A refused connection is noticed at once.
    if (!server.up) return;
    this.link = new ClientLink(this.#world, this, server, this.#delays);
  }

  /** Connects elsewhere and leaves the old connection open. */
  #move(): void {
    this.#old?.disconnect();
    this.#old = this.link;
    if (this.#old !== undefined) this.#old.left = true;
    this.#connected = false;
    this.link = undefined;
    this.#connect();
  }

  #send(link: ClientLink, request: Request): void {
    const xid =
      request.type === OpCode.ping
        ? Xid.ping
        : request.type === OpCode.setWatches
          ? Xid.setWatches
          : ++this.#xid;
    this.#sentAt = this.#world.scheduler.now;
    link.send(request, xid);
    if (request.type === OpCode.closeSession) this.#silentUntil = this.#world.scheduler.now + 50;
  }

  #path(key: string): Path {
    let path = this.#paths.get(key);
    if (path === undefined) this.#paths.set(key, (path = new Path()));
    return path;
  }
}

/**
 * One simulated server: a process that may run, stand still or be dead, and the disk that outlives it. It plays the
 * host: takes what is queued, one turn at a time, and performs what comes out, in order.
 */
import {
  Engine,
  digestOf,
  newOutput,
  rejoin,
  restoreFrom,
  restoreRows,
  settingsOf,
  type Input,
  type Output,
  type TraceEvent,
} from './core.js';
import type { DiskOp, LogMark, Notification, ServerId } from '../../src/zab/index.js';
import { SimDisk, type DiskWatcher } from './disk.js';
import type { Network } from './network.js';
import type { SimOptions } from './options.js';
import type { SimRandom } from './random.js';
import type { Planned, Scheduler } from './scheduler.js';
import type { TreeRows } from './treeFile.js';

/** Wall clock at the start of the world. */
const TIME_START = 1_700_000_000_000;
/** A tick comes at least so often. */
const TICK_MS = 10;

type Effect = Output['clients'][number];
interface Queued {
  /** Made when it is stepped. */
  readonly input: () => Input | undefined;
  /** Done just before. */
  readonly before?: ((engine: Engine) => void) | undefined;
}

/** What the rest of the world hears from a server. */
export interface ServerWatcher {
  traced(server: SimServer, event: TraceEvent): void;
  booted(server: SimServer): void;
  /** The state was read from the disk, at a start or behind a snapshot. */
  restored(server: SimServer, mark: LogMark): void;
  /** Before the disk decides what stays. */
  crashing(server: SimServer, power: boolean): void;
  crashed(server: SimServer): void;
  sending(server: SimServer, link: number, message: Output['packets'][number]['message']): void;
  /** A disk operation was handed over. A fault may follow at this very boundary. */
  wrote(server: SimServer, op: DiskOp): void;
  /** It is to stand still for so many ms. */
  pausing(server: SimServer, ms: number): void;
  told(server: SimServer, effect: Effect): void;
  noted(server: SimServer, note: Output['peerNotes'][number]): void;
  voting(server: SimServer, to: ServerId, vote: Notification): void;
  /** Anything is about to be stepped. */
  stepping(server: SimServer, input: Input): void;
  /** A message of another server is about to be stepped. */
  received(server: SimServer, link: number, message: Output['packets'][number]['message']): void;
  /** That a link is down was stepped. */
  linkLost(server: SimServer, link: number): void;
  /** It has no leader, and serves reads nevertheless. */
  servesReads(server: SimServer): void;
  /** A request of a client is about to be stepped. */
  heard(server: SimServer, connection: number): void;
  disk(server: SimServer): DiskWatcher;
}

export class SimServer {
  readonly id: ServerId;
  readonly disk: SimDisk;
  /** Counts the processes of this server. */
  incarnation = 0;
  engine: Engine | undefined;
  /** What its configuration file says about who takes part; undefined: nobody has set this machine up. */
  file: string | undefined;
  role = 'down';
  /** How far somebody has put the wall clock of this host, whole ms. */
  wallOffsetMs = 0;
  readonly #options: SimOptions;
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #network: Network;
  readonly #watcher: ServerWatcher;
  readonly #rate: number;
  readonly #clockStart: number;
  readonly #out = newOutput();
  #queue: Queued[] = [];
  #turn: Planned | undefined;
  #pausedUntil = 0;
  #ticks: Planned | undefined;
  #flushes: Planned | undefined;
  #dead = true;
  #stopping = false;
  /** A snapshot is replacing the tree: what the engine still has of the old one does not belong into it. */
  #installing = false;

  constructor(
    id: ServerId,
    options: SimOptions,
    scheduler: Scheduler,
    random: SimRandom,
    network: Network,
    watcher: ServerWatcher,
  ) {
    this.id = id;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#network = network;
    this.#watcher = watcher;
    this.#rate = 1 + random.range(-options.drift, options.drift);
    this.#clockStart = random.between(0, 1_000_000);
    const settings = { ...options, snapshotBreaks: Math.min(1, options.faults.snapshotBreaks) };
    this.disk = new SimDisk(settings, scheduler, random.fork(), watcher.disk(this));
  }

  get up(): boolean {
    return !this.#dead;
  }

  get paused(): boolean {
    return this.#scheduler.now < this.#pausedUntil;
  }

  /** Monotonic clock of this host, whole ms. */
  get clock(): number {
    return this.#clockStart + Math.floor(this.#scheduler.now * this.#rate);
  }

  /** Wall clock. */
  get time(): bigint {
    return BigInt(TIME_START + Math.floor(this.#scheduler.now) + this.wallOffsetMs);
  }

  get leaseMs(): number {
    return this.#options.timing.leaseMs;
  }

  get serving(): boolean {
    return this.engine?.serving === true && this.engine.service !== 'readOnly';
  }

  get configVersion(): bigint {
    return this.engine?.peer.configuration.version ?? 0n;
  }

  /** Whether it would talk to this server, and knows where it is. */
  knows(id: ServerId): boolean {
    return this.engine?.peer.configurations.some(({ members }) => members.has(id)) === true;
  }

  get stateDigest(): bigint {
    return this.engine === undefined ? 0n : digestOf(this.engine);
  }

  // --- life --------------------------------------------------------------------------------------------------------

  start(): void {
    if (this.#stopping) this.crash(false);
    const { file } = this;
    if (!this.#dead || file === undefined) return;
    this.#dead = false;
    this.#stopping = false;
    this.#installing = false;
    this.incarnation++;
    this.role = 'starting';
    const { incarnation } = this;
    const trace = (event: TraceEvent): void => {
      if (this.incarnation === incarnation && !this.#dead) this.#traced(event);
    };
    const engine = new Engine(settingsOf(this.#options, this.id, file, trace));
    this.engine = engine;
    this.disk.open((input, install) =>
      this.#enqueue({ input: () => input, before: this.#restorer(install) }),
    );
    this.#watcher.booted(this);
    restoreFrom(engine, this.disk);
    this.#watcher.restored(this, engine.applied);
    this.#network.started(this.id, (input) => this.input(input));
    this.#enqueue({ input: () => this.#bootInput() });
    this.#keepTicking();
    this.#keepFlushing();
  }

  /** @param power takes the host along: nobody is told, and what was not synced may be gone */
  crash(power: boolean): void {
    if (this.#dead) return;
    this.#watcher.crashing(this, power);
    this.#dead = true;
    this.#queue = [];
    for (const planned of [this.#turn, this.#ticks, this.#flushes]) this.#scheduler.cancel(planned);
    this.#turn = undefined;
    this.#pausedUntil = 0;
    this.engine = undefined;
    this.role = 'down';
    this.#clear();
    this.disk.crash(power);
    this.#network.stopped(this.id, power);
    this.#watcher.crashed(this);
  }

  /** Stands still, as after SIGSTOP: what comes in waits. */
  pause(ms: number): void {
    if (this.#dead) return;
    this.#watcher.pausing(this, ms);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#scheduler.now + ms);
    this.#scheduler.cancel(this.#turn);
    this.#turn = undefined;
    this.#plan();
  }

  resume(): void {
    if (!this.paused) return;
    this.#pausedUntil = 0;
    this.#scheduler.cancel(this.#turn);
    this.#turn = undefined;
    this.#plan();
  }

  /** SIGTERM: hands over what it can, and dies soon after. */
  stop(graceMs: number): void {
    this.#stopping = true;
    this.input({ kind: 'stop' });
    const { incarnation } = this;
    this.#scheduler.after(graceMs, () => {
      if (this.incarnation === incarnation) this.crash(false);
    });
  }

  /** The full disk has room again. */
  roomAgain(): void {
    this.disk.full = false;
    if (this.#dead || !this.disk.failed) return;
    // In its turn: the failure itself may still wait to be heard of.
    this.#enqueue({
      input: () => {
        const { engine, disk } = this;
        if (engine === undefined || !disk.failed) return undefined;
        // What this turn has for the disk so far is from before the failure: it is lost with the rest.
        this.#perform(engine);
        if (this.engine !== engine) return undefined;
        disk.reopenLog();
        this.#installing = false;
        rejoin(engine, disk);
        return this.#bootInput();
      },
    });
  }

  input(input: Input): void {
    this.#enqueue({ input: () => input });
  }

  #bootInput(): Input {
    const { epochs, logStart, tail, needsSnapshot, secret } = this.disk;
    const clocks = { now: this.clock, time: this.time };
    const suspect = this.disk.suspect || needsSnapshot;
    const state = { epochs, logStart, tail, suspect, needsSnapshot, trustBlank: false };
    return { kind: 'start', ...state, secret: Buffer.from(secret), ...clocks };
  }

  /** Puts the rows of a snapshot that was installed into the engine. */
  #restorer(rows: TreeRows | undefined): ((engine: Engine) => void) | undefined {
    if (rows === undefined) return undefined;
    return (engine) => {
      this.#installing = false;
      restoreRows(engine, rows);
      this.#watcher.restored(this, engine.applied);
    };
  }

  #keepTicking(): void {
    this.#ticks = this.#scheduler.after(TICK_MS * this.#random.range(0.5, 0.98), () => {
      this.#plan();
      this.#keepTicking();
    });
  }

  #keepFlushing(): void {
    this.#flushes = this.#scheduler.after(this.#random.exponential(this.#options.flushMs), () => {
      const isLost = this.#installing || this.disk.needsSnapshot;
      const bytes = this.paused || isLost ? undefined : this.engine?.takeFlush();
      if (bytes !== undefined) this.disk.flush(bytes);
      this.#keepFlushing();
    });
  }

  // --- turns -------------------------------------------------------------------------------------------------------

  #enqueue(queued: Queued): void {
    if (this.#dead) return;
    this.#queue.push(queued);
    this.#plan();
  }

  #plan(): void {
    if (this.#turn !== undefined || this.#dead) return;
    const delay = this.#random.exponential(this.#options.turnMs);
    this.#turn = this.#scheduler.at(Math.max(this.#scheduler.now + delay, this.#pausedUntil), () => {
      this.#turn = undefined;
      this.#takeTurn();
    });
  }

  #takeTurn(): void {
    const { engine } = this;
    if (engine === undefined) return;
    const out = this.#out;
    // A turn takes what there is, or, on a busy host, a part of it.
    const most = this.#random.chance(0.9) ? this.#queue.length : this.#random.between(1, 3);
    const inputs = this.#queue.splice(0, most);
    engine.step({ kind: 'tick', now: this.clock, time: this.time }, out);
    for (const { input: make, before } of inputs) {
      before?.(engine);
      const input = make();
      if (this.engine !== engine) return;
      if (input === undefined) continue;
      this.#watcher.stepping(this, input);
      if (input.kind === 'packet' && this.#network.isLetGo(input.link)) continue;
      if (input.kind === 'packet') this.#watcher.received(this, input.link, input.message);
      if (input.kind === 'request') this.#watcher.heard(this, input.connection);
      engine.step(input, out);
      if (input.kind === 'linkDown') this.#watcher.linkLost(this, input.link);
    }
    engine.endTurn(out);
    this.#perform(engine);
    if (this.#queue.length > 0) this.#plan();
  }

  /** In the order of the contract. Whoever watches may end the process between any two of them. */
  #perform(engine: Engine): void {
    const out = this.#out;
    const alive = (): boolean => this.engine === engine;
    for (const op of out.disk.splice(0)) {
      if (!alive()) return;
      this.disk.perform(op);
      if (op.kind === 'synchronise' && op.install !== undefined) this.#installing = true;
      this.#watcher.wrote(this, op);
    }
    for (const { link, message } of out.packets.splice(0)) {
      if (!alive()) return;
      this.#watcher.sending(this, link, message);
      if (alive()) this.#network.send(this.id, link, message);
    }
    for (const { to, notification } of out.notifications.splice(0)) {
      if (!alive()) return;
      this.#watcher.voting(this, to, notification);
      this.#network.notify(this.id, to, notification);
    }
    for (const op of out.links.splice(0)) {
      if (!alive()) return;
      if (op.kind === 'dial') this.#network.dial(this.id, op.peer);
      else this.#network.close(this.id, op.link);
    }
    for (const effect of out.clients.splice(0)) {
      if (!alive()) return;
      this.#watcher.told(this, effect);
    }
    for (const note of out.peerNotes.splice(0)) this.#watcher.noted(this, note);
    for (const note of out.notes.splice(0))
      if (note.kind === 'serving' && note.role === 'readOnly') this.#watcher.servesReads(this);
  }

  #clear(): void {
    const { disk, packets, notifications, links, clients, notes, peerNotes } = this.#out;
    for (const list of [disk, packets, notifications, links, clients, notes, peerNotes]) list.length = 0;
  }

  #traced(event: TraceEvent): void {
    if (event.kind === 'role') this.role = event.role;
    this.#watcher.traced(this, event);
  }
}

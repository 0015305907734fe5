/** A simulated ensemble with its clients, its faults and whoever watches: everything that one seed is about. */
import type { DiskOp, Epochs } from '../../src/zab/index.js';
import { Canon } from './canon.js';
import {
  Violation,
  allCheckers,
  type CheckedWorld,
  type Checker,
  holds,
  type ServerView,
} from './checkers/index.js';
import type { ClientLink } from './client.js';
import { SimClient, type ClientWatcher, type ClientWorld } from './client.js';
import { Coverage } from './coverage.js';
import type { TraceEvent } from './core.js';
import type { DiskWatcher } from './disk.js';
import { isMemberOf, type Electorate } from './electorate.js';
import { Ensemble } from './ensemble.js';
import { Faults, type FaultyWorld } from './faults.js';
import { History } from './history.js';
import type { Load } from './load.js';
import { Model } from './model.js';
import { allNoticers, type NoticedWorld, type Noticer } from './noticed/index.js';
import { Network } from './network.js';
import { electorateAtFirst, machinesOf, type SimOptions } from './options.js';
import { OperatorLoad, type OperatedWorld } from './operator.js';
import { SimRandom } from './random.js';
import { chainAfter, type SimRecord } from './records.js';
import { Scheduler } from './scheduler.js';
import { SimServer, type ServerWatcher } from './server.js';
import { Director, type Decision, type Script } from './script.js';
import { Situations } from './situations.js';
import { EvenRandom, SteeredRandom } from './steered.js';
import { Trace } from './trace.js';

export class World implements CheckedWorld, ClientWorld, FaultyWorld, OperatedWorld, NoticedWorld {
  readonly options: SimOptions;
  readonly scheduler = new Scheduler();
  readonly canon = new Canon();
  readonly model: Model;
  readonly ensemble: Ensemble;
  readonly history = new History();
  readonly coverage = new Coverage();
  readonly trace: Trace;
  readonly network: Network;
  readonly servers: readonly SimServer[];
  readonly clients: SimClient[] = [];
  readonly machines: readonly number[];
  readonly operator: SimClient | undefined;
  readonly counterStart: number;
  readonly watcher: ClientWatcher;
  readonly faults: Faults;
  unweighed: number | undefined;
  readonly director: Director;
  readonly random: SimRandom;
  readonly #checkers: readonly Checker[];
  readonly #situations: Situations;
  readonly #noticers: readonly Noticer[];
  readonly #links = new Map<number, ClientLink>();
  readonly #destroyed = new Map<number, number>();
  #nextConnection = 1;

  /** @param how freely, recorded, or as a script says */
  constructor(options: SimOptions, print?: (line: string) => void, how: 'free' | 'record' | Script = 'free') {
    this.options = options;
    const delays = typeof how === 'object' ? how.delays : options.seed;
    this.random = delays === 'even' ? new EvenRandom() : new SimRandom(delays);
    this.director = new Director(() => this.scheduler.now, how);
    // Before anything else is planned: what was decided at a time happened before what its maker did next.
    for (const decision of this.director.decisions)
      this.scheduler.at(decision.at, () => this.#perform(decision));
    this.trace = new Trace(() => this.scheduler.now, print);
    this.counterStart = options.counterStart;
    this.ensemble = new Ensemble(this.canon, electorateAtFirst(options));
    const [one = 1] = this.ensemble.latest.weights.keys();
    this.model = new Model(this.ensemble.fileFor(one));
    const ids = (this.machines = machinesOf(options));
    this.network = new Network(this.scheduler, this.random.fork(), options.delayMs, ids);
    this.#noticers = allNoticers(this);
    this.#checkers = [...allCheckers(this), ...this.#noticers];
    this.#situations = new Situations(this.coverage, this.canon);
    this.watcher = this.#clientWatcher();
    const watcher = this.#serverWatcher();
    this.servers = ids.map(
      (id) => new SimServer(id, options, this.scheduler, this.random.fork(), this.network, watcher),
    );
    for (let i = 1; i <= options.clients; i++) this.addClient();
    this.faults = new Faults(this, new SteeredRandom(this.random.int(2 ** 32)));
    for (const server of this.members) {
      server.file = this.ensemble.fileFor(server.id);
      this.scheduler.after(this.random.range(0, 300), () => server.start());
    }
    this.operator = this.#addOperator();
  }

  /** What a script says. */
  #perform({ who, what, draws }: Decision): void {
    if (!this.director.isPlaying) return;
    if (who === 'faults') this.faults.perform(what, draws);
    else this.clients.find(({ name }) => name === who)?.perform(draws);
  }

  // --- who takes part ----------------------------------------------------------------------------------------------

  #addOperator(): SimClient | undefined {
    const { reconfig, groups } = this.options;
    if (reconfig === undefined) return undefined;
    const byId = new Map(this.servers.map((server) => [server.id, server]));
    this.network.knows = (id, other) => byId.get(id)?.knows(other) === true;
    const forget = (): void => {
      this.network.forgetStrangers();
      this.scheduler.after(this.options.timing.peerTimeoutMs / 3, forget);
    };
    forget();
    return this.addClient((random) => new OperatorLoad(this, random, reconfig.everyMs, groups !== undefined));
  }

  get latest(): Electorate {
    return this.ensemble.latest;
  }

  get changes(): number {
    return this.ensemble.changes;
  }

  get leader(): number | undefined {
    return this.servers.find(({ role }) => role === 'leading')?.id;
  }

  install(id: number): void {
    const server = this.servers.find((other) => other.id === id);
    if (server === undefined || server.file !== undefined) return;
    this.note('install', id);
    server.file = this.ensemble.fileFor(id);
    this.scheduler.after(this.random.exponential(200), () => server.start());
  }

  unweighs(id: number): void {
    this.unweighed = id;
  }

  /** Servers of the configuration that was agreed on last. */
  get members(): SimServer[] {
    return this.servers.filter(({ id }) => isMemberOf(this.ensemble.latest, id));
  }

  governing(index: number): readonly Electorate[] {
    return this.ensemble.governing(index);
  }

  activeAt(index: number): Electorate {
    return this.ensemble.activeAt(index);
  }

  effective(server: ServerView): readonly Electorate[] {
    const applied = this.servers.find(({ id }) => id === server.id)?.engine?.applied.index ?? 0;
    return this.ensemble.effective(server.disk, applied);
  }

  /** All configurations that may count: the last one, and what some log has in excess of it. */
  get possible(): readonly Electorate[] {
    return this.ensemble.possible(this.servers.map(({ disk }) => disk));
  }

  /** Whether this server's log has the configuration that was agreed on last. */
  isInformed({ disk }: SimServer): boolean {
    const entry = this.canon.at(this.ensemble.latestIndex);
    return entry === undefined || holds(disk, entry) !== false;
  }

  // --- what checkers look at ---------------------------------------------------------------------------------------

  now(): number {
    return this.scheduler.now;
  }

  destroyed(id: number): number {
    return this.#destroyed.get(id) ?? 0;
  }

  peerOf(link: number): number | undefined {
    return this.network.peerOf(link);
  }

  isWhole(link: number): boolean {
    return this.network.isWhole(link);
  }

  // --- what clients use --------------------------------------------------------------------------------------------

  addClient(load?: (random: SimRandom) => Load): SimClient {
    const client = new SimClient(
      this,
      this.clients.length + 1,
      new SteeredRandom(this.random.int(2 ** 32)),
      load,
    );
    this.clients.push(client);
    return client;
  }

  open(connection: ClientLink): number {
    const id = this.#nextConnection++;
    this.#links.set(id, connection);
    return id;
  }

  forget(id: number): void {
    this.#links.delete(id);
  }

  /** Connections that clients have open. */
  get links(): Iterable<ClientLink> {
    return this.#links.values();
  }

  // --- what faults do ----------------------------------------------------------------------------------------------

  /** Servers whose disk is worth something. */
  get healthy(): SimServer[] {
    const isWhole = ({ blank, suspect, needsSnapshot }: SimServer['disk']): boolean =>
      !blank && !suspect && !needsSnapshot;
    return this.servers.filter(({ id, disk }) => isWhole(disk) && !this.#destroyed.has(id));
  }

  maySacrifice(server: SimServer): boolean {
    // Who does not know of the last configuration may not find those who do.
    const rest = this.healthy.filter((other) => other !== server && this.isInformed(other));
    const left = new Set(rest.map(({ id }) => id));
    return (
      server.file !== undefined &&
      !this.#destroyed.has(server.id) &&
      this.ensemble.isSafe(this.possible, left)
    );
  }

  wipe(server: SimServer): void {
    this.#destroyed.set(server.id, server.disk.tail.index);
    server.disk.wipe();
    server.file = this.ensemble.fileFor(server.id);
    for (const checker of this.#checkers) checker.disowned(server);
  }

  damage(server: SimServer): void {
    const { index } = server.disk.tail;
    server.disk.damage(this.random.between(1, 30));
    // Losing what nobody was told of is no loss.
    if (server.disk.suspect) this.#destroyed.set(server.id, index);
  }

  loseTree({ disk }: SimServer): void {
    disk.loseTree();
    this.coverage.count(disk.needsSnapshot ? 'tree lost, log purged' : 'tree lost, log complete');
  }

  distrust({ disk }: SimServer): void {
    this.coverage.count('EIO in fsync');
    // The mark may be the very file that cannot be written; then this was a crash like others.
    if (this.random.chance(0.8)) disk.suspect = true;
  }

  note(what: string, ...values: (string | number)[]): void {
    this.trace.note('world', what, ...values);
  }

  // --- what servers tell -------------------------------------------------------------------------------------------

  #serverWatcher(): ServerWatcher {
    const each = (act: (checker: Checker) => void): void => this.#checkers.forEach(act);
    return {
      traced: (server, event) => this.#traced(server, event),
      booted: (server) => {
        const { disk, id } = server;
        this.trace.note(`s${id}`, 'boot', disk.tail.index, disk.tail.zxid, disk.epochs.currentEpoch);
        this.#situations.booted(server);
        each((checker) => checker.booted(server));
      },
      restored: (server, mark) => {
        this.trace.note(`s${server.id}`, 'restored', mark.index);
        each((checker) => checker.restored(server, mark));
      },
      crashing: (server, power) => {
        this.#situations.crashing(server, power);
        for (const noticer of this.#noticers) noticer.crashing(server, power);
      },
      pausing: (server, ms) => {
        for (const noticer of this.#noticers) noticer.pausing(server, ms);
      },
      crashed: (server) => {
        this.trace.note(`s${server.id}`, 'crash', server.disk.tail.index);
        each((checker) => checker.crashed(server));
        for (const link of [...this.#links.values()])
          if (link.server === server.id) link.serverDied(this.random.chance(0.2));
      },
      sending: (server, link, message) => {
        const size = 'index' in message ? message.index : 'epoch' in message ? message.epoch : 0;
        this.trace.note(`s${server.id}`, `send ${message.kind}`, this.network.peerOf(link), size);
        this.#situations.sending(server, message);
        each((checker) => checker.sending(server, link, message));
      },
      stepping: (server, input) => {
        for (const noticer of this.#noticers) noticer.stepping(server, input);
        if (input.kind === 'electionLink')
          this.trace.note(`s${server.id}`, `election link ${input.up ? 'up' : 'down'}`, input.peer);
        else if (input.kind === 'linkUp')
          this.trace.note(`s${server.id}`, 'link up', input.peer, input.dialled);
        else if (input.kind === 'linkDown')
          this.trace.note(`s${server.id}`, 'link down', this.network.peerOf(input.link));
      },
      voting: (server, to, vote) => {
        this.trace.note(`s${server.id}`, `vote ${vote.state}`, to, vote.leader, vote.round);
        for (const noticer of this.#noticers) noticer.voting(server, to, vote);
      },
      received: (server, link, message) => each((checker) => checker.received(server, link, message)),
      linkLost: (server, link) => each((checker) => checker.linkLost(server, link)),
      wrote: (server, op) => {
        const { kind } = op;
        for (const noticer of this.#noticers) noticer.wrote(server, op);
        this.trace.note(`s${server.id}`, `disk ${kind}`);
        this.#situations.wrote(server, kind);
        this.faults.moment(server, momentOf(server, op));
      },
      told: (_server, effect) => {
        if (effect.kind === 'close') this.coverage.count(`close: ${effect.reason}`);
        this.#links.get(effect.connection)?.tell(effect);
      },
      noted: (server, note) => {
        const detail = 'why' in note ? note.why : 'what' in note ? note.what : 'by' in note ? note.by : '';
        this.trace.note(`s${server.id}`, `note ${note.kind}`, detail);
        this.#situations.noted(server, note);
        for (const noticer of this.#noticers) noticer.noted(server, note);
        if (note.kind === 'alarm' && !this.#isExcused(server, note.what))
          each((checker) => checker.alarmed(server, note.what));
      },
      servesReads: (server) => {
        this.trace.note(`s${server.id}`, 'serves reads only');
        this.coverage.count('read-only period');
      },
      heard: (server, connection) => {
        const session = this.#links.get(connection)?.session ?? 0n;
        if (session !== 0n) each((checker) => checker.heard(server, connection, session));
      },
      disk: (server) => this.#diskWatcher(server),
    };
  }

  /** A server that was sent a flipped bit is right to complain, once. */
  #isExcused({ id }: SimServer, what: string): boolean {
    return (
      /does not follow record|not a record|other records than/.test(what) && this.network.corrupted.delete(id)
    );
  }

  #diskWatcher(server: SimServer): DiskWatcher {
    const each = (act: (checker: Checker) => void): void => this.#checkers.forEach(act);
    return {
      recordsDurable: (records) => {
        this.trace.note(`s${server.id}`, 'durable', records.at(-1)?.index);
        each((checker) => checker.recordsDurable(server, records));
      },
      epochsDurable: (before: Epochs, after: Epochs) => {
        this.trace.note(`s${server.id}`, 'epochs', after.acceptedEpoch, after.currentEpoch);
        if (after.currentEpoch > before.currentEpoch) this.#destroyed.delete(server.id);
        each((checker) => checker.epochsDurable(server, before, after));
        this.faults.epochSaved(server, after.currentEpoch > before.currentEpoch);
      },
      truncated: (to, removed) => {
        this.trace.note(`s${server.id}`, 'truncated', to.index, removed.length);
        this.#situations.truncated(to, removed);
        each((checker) => checker.truncated(server, to, removed));
      },
      installed: (base, before) => {
        this.trace.note(`s${server.id}`, 'installed', base.index, before.index);
        this.coverage.count('SNAP installed');
        each((checker) => checker.installed(server, base, before));
      },
    };
  }

  #traced(server: SimServer, event: TraceEvent): void {
    const each = (act: (checker: Checker) => void): void => this.#checkers.forEach(act);
    this.#situations.traced(server, event, this.servers);
    const who = `s${server.id}`;
    switch (event.kind) {
      case 'role':
        this.trace.note(who, `role ${event.role}`);
        return each((checker) => checker.role(server, event.role));
      case 'established':
        this.trace.note(who, 'established', event.epoch, event.tail.index);
        each((checker) => checker.established(server, event));
        return this.#agree(server, event.tail.index);
      case 'broadcast':
        this.trace.note(who, 'broadcast', event.mark.index, event.mark.zxid);
        return each((checker) => checker.broadcast(server, event));
      case 'commit':
        this.trace.note(who, 'commit', event.index);
        this.#agree(server, event.index);
        return each((checker) => checker.committed(server, event.index));
      case 'apply':
        this.trace.note(who, 'apply', event.mark.index, event.mark.zxid);
        this.#agree(server, event.mark.index);
        return each((checker) => checker.applied(server, event.mark));
      case 'truncated':
      case 'installed':
        return;
    }
  }

  /** Everything up to `index` is committed: what is new is taken from the log of whoever says so first. */
  #agree(server: SimServer & ServerView, index: number): void {
    while (this.canon.length < index) {
      const next = this.canon.length + 1;
      const record = server.disk.volatileAt(next) ?? this.#heldBySomebody(next);
      if (record === undefined)
        throw new Violation('Z3', `server ${server.id} commits ${index} and does not have ${next}`);
      const entry = this.canon.append(record);
      try {
        this.model.apply(entry);
      } catch (error) {
        throw new Violation('SM1', `record ${next} cannot be applied: ${String(error)}`);
      }
      const before = this.ensemble.latest;
      this.ensemble.agreed(entry);
      if (this.ensemble.latest !== before) {
        this.#situations.reconfigured(before, this.ensemble.latest, this.leader);
        this.unweighed = undefined;
        this.faults.reconfigured();
      }
      this.#situations.agreed(entry);
      for (const checker of this.#checkers) checker.agreed(entry, server);
    }
  }

  /** A leader whose log just failed still commits what the others have. */
  #heldBySomebody(index: number): SimRecord | undefined {
    const before = this.canon.last?.chain ?? 0n;
    return this.servers
      .map(({ disk }) => disk.volatileAt(index))
      .find((record) => record !== undefined && chainAfter(before, record) === record.chain);
  }

  // --- what clients tell -------------------------------------------------------------------------------------------

  #clientWatcher(): ClientWatcher {
    const each = (act: (checker: Checker) => void): void => this.#checkers.forEach(act);
    return {
      invoked: (op) => {
        this.trace.note(op.link.client, 'call', op.link.server, op.xid, op.request.type);
        each((checker) => checker.invoked(op));
      },
      replied: (op, reply) => {
        this.trace.note(op.link.client, 'return', op.link.server, op.xid, reply.zxid, reply.err);
        this.coverage.count(reply.err === 0 ? 'answered' : 'answered with an error');
        this.#situations.replied(op, reply);
        each((checker) => checker.replied(op, reply));
      },
      connected: (link, effect) => {
        const { sessionId, timeOut, zxid } = effect;
        this.trace.note(link.client, 'connected', link.server, sessionId, timeOut, zxid);
        this.coverage.count(timeOut > 0 ? 'connected' : 'session invalid on reconnect');
        each((checker) => checker.connected(link, effect));
      },
      watchEvent: (link, effect) => {
        this.trace.note(link.client, 'event', link.server, effect.type, effect.path, effect.zxid);
        this.coverage.count(effect.zxid === -1n ? 'watch fired while reconnecting' : 'watch event');
        each((checker) => checker.watchEvent(link, effect));
      },
      disconnected: (link) => {
        this.trace.note(link.client, 'disconnected', link.server);
        each((checker) => checker.disconnected(link));
      },
    };
  }

  get weightless(): number | undefined {
    return [...this.ensemble.latest.weights].find(([, weight]) => weight === 0)?.[0];
  }

  /** Where everybody stands, for a failure's report. */
  get standing(): string[] {
    return this.servers.map((server) => {
      const { disk, engine } = server;
      const { acceptedEpoch, currentEpoch } = disk.epochs;
      const state = server.paused ? 'paused' : server.role;
      const flags = `${disk.suspect ? ' suspect' : ''}${disk.failed ? ' log-failed' : ''}`;
      return (
        `s${server.id} ${state}${server.serving ? ' serving' : ''} log ${disk.logStart.index}..${disk.tail.index}` +
        ` epochs ${acceptedEpoch}/${currentEpoch} tree ${disk.tree.rows.mark.index}` +
        ` applied ${engine?.applied.index ?? '-'}${flags}`
      );
    });
  }
}

/** What a disk operation is to those who look for a moment to fail. */
function momentOf({ engine }: SimServer, op: DiskOp): string {
  if (op.kind === 'append' && engine?.peer.isReconfiguring === true) return 'reconfig';
  if (op.kind !== 'synchronise') return op.kind;
  if (op.install !== undefined) return 'install';
  return op.epochs === undefined ? 'part' : op.kind;
}

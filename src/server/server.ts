/**
 * The host loop: the one place where order and I/O meet. Within a turn every input goes straight into the engine; at
 * the end of the turn, once,
 *   1. what was proposed goes to the log (one batch; the storage commits it as a group),
 *   2. epochs to save go to the log behind it,
 *   3. replies and events are encoded, in the engine's order,
 *   4. every connection that has something sends it in one write,
 *   5. and only then records are written on this thread, if they are few and the disk is quick.
 * A reply to a write leaves only in a later turn: the engine makes it when the log says that the record is durable.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from 'pino';
import type { ServerConfig } from '../config/index.js';
import { Engine, newOutput, type ConnectionId, type Input, type Note } from '../engine/index.js';
import type { Storage } from '../storage/index.js';
import { hex, unreachable } from '../util/index.js';
import { Audit } from './audit.js';
import { ClientPorts } from './clientPorts.js';
import { Connection } from './connection.js';
import type { ConnectionHost, HostedConnection, Word, Words } from './connectionHost.js';
import { DiskWatch } from './diskWatch.js';
import { engineSettings } from './engineSettings.js';
import { EnsembleMember } from './ensembleMember.js';
import { Passwords } from './passwords.js';
import { Persistence } from './persistence.js';
import { SlowRequests } from './slowRequests.js';
import { ServerStats } from './stats.js';
import { ServerStatus } from './serverStatus.js';
import { WriteStages } from './writeStages.js';

/** Members of an ensemble tell each other by time that they are there. */
const MEMBER_TICK_MS = 10;
/** A leader may take so long to hand over. */
const HAND_OVER_MS_MAX = 400;
/** How often deadlines of connections are looked at. */
const SWEEP_MS = 1000;
/** Quantiles are those of the last one or two of these. */
const AGE_MS = 60_000;
/** Changes go to `tree.db` at least this often. */
const FLUSH_MS = 100;
/** Entries that the reads of one turn go through: some milliseconds. Whoever asks for more goes on in the next turn. */
const TURN_EFFORT_MAX = 50_000;
/** Bytes of outstanding writes above which connections that have some are not read. */
const OUTSTANDING_BYTES_MAX = 64 * 1024 * 1024;
/** Connections without a session; beyond this new ones are refused until some of them have one, or their time is over. */
const HALF_OPEN_MAX = 10_000;
/** Messages about so many different matters are logged once a second each. */
const LIMITED_MESSAGES_MAX = 1000;

/** The server cannot go on. */
export interface FatalError extends Error {
  readonly exitCode: number;
}

export class Server implements ConnectionHost {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly stats = new ServerStats();
  readonly stages = new WriteStages(() => performance.now());
  readonly slowRequests: SlowRequests;
  readonly slowRequestMs: number;
  readonly passwords: Passwords;
  readonly words: Words;
  readonly audit: Audit | undefined;
  readonly connections = new Map<ConnectionId, Connection>();
  /** Undefined when this server is alone. */
  readonly member: EnsembleMember | undefined;
  /** Settles when the server cannot go on; never when it is closed. */
  readonly failed: Promise<FatalError>;

  /** Replaced only while the state is brought back, when a damaged `tree.db` makes it begin again. */
  #engine: Engine;
  readonly #storage: Storage;
  readonly #status: ServerStatus;
  readonly #disk: DiskWatch;
  readonly #persistence: Persistence;
  readonly #out = newOutput();
  #touched = new Set<HostedConnection>();
  readonly #held = new Set<HostedConnection>();
  readonly #perAddress = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #loggedLately = new Set<string>();
  #fail: (error: FatalError) => void = () => undefined;
  readonly #ports: ClientPorts;
  #nextConnection: ConnectionId = 1;
  #turnPending = false;
  #now = performance.now();
  #wallMs = Date.now();
  #clockFresh = false;
  #throttling = false;
  #closing = false;
  /** The storage takes writes. */
  #started = false;

  constructor(config: ServerConfig, storage: Storage, log: Logger, words: Words) {
    this.config = config;
    this.words = words;
    this.log = log;
    this.slowRequests = new SlowRequests(log);
    this.slowRequestMs = config.monitoring.slowRequestMs || Infinity;
    this.#storage = storage;
    if (config.auditFile !== undefined) this.audit = new Audit(config.auditFile, log);
    this.passwords = new Passwords(() => storage.secret);
    this.#engine = new Engine(engineSettings(config));
    this.#status = new ServerStatus(this, storage);
    this.#ports = new ClientPorts(config, log, {
      accept: (socket, subject) => this.#accept(socket, subject),
      refused: (address, why) => this.#refused(address, why),
    });
    this.#disk = new DiskWatch(
      storage,
      config,
      log,
      (hasRoom) => this.submit({ kind: 'room', hasRoom }),
      (error) => this.halt(error),
    );
    this.#persistence = new Persistence(storage, this, this.#disk);
    if (config.ensemble !== undefined) this.member = new EnsembleMember(config.ensemble, storage, this);
    this.failed = new Promise((resolve) => (this.#fail = resolve));
  }

  /** What operators may look at. */
  get status(): ServerStatus {
    return this.#status;
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** The port for plain clients; 0 before `start` is through, and when there is none. */
  get port(): number {
    return this.#ports.plain?.port ?? 0;
  }

  /** The port for clients with TLS; 0 before `start` is through, and when there is none. */
  get securePort(): number {
    return this.#ports.secure?.port ?? 0;
  }

  /** The address listened on for plain clients, or for those with TLS when there are no others. */
  get address(): string {
    return (this.#ports.plain ?? this.#ports.secure)?.address ?? '';
  }

  // --- clocks: read once a turn ------------------------------------------------------------------------------------

  get now(): number {
    this.#readClocks();
    return this.#now;
  }

  get wallMs(): number {
    this.#readClocks();
    return this.#wallMs;
  }

  get time(): bigint {
    return BigInt(this.wallMs);
  }

  clockMoved(): void {
    this.#clockFresh = false;
  }

  #readClocks(): void {
    if (this.#clockFresh) return;
    this.#clockFresh = true;
    this.#now = performance.now();
    this.#wallMs = Date.now();
    if (this.#started)
      this.engine.step({ kind: 'tick', now: this.#now, time: BigInt(this.#wallMs) }, this.#out);
    this.#scheduleTurn();
  }

  // --- life --------------------------------------------------------------------------------------------------------

  /**
   * Brings the state back from disk, opens the port, and resolves when clients are served.
   * @throws StorageError when the data cannot be read, or the disk fails before clients are served
   */
  async start(): Promise<void> {
    await this.#persistence.recover(() => (this.#engine = new Engine(engineSettings(this.config))));
    await this.#ports.open();
    await this.member?.start();
    await new Promise<void>((resolve, reject) => {
      this.#served = resolve;
      void this.failed.then(reject);
      this.#started = true;
      this.#persistence.start();
      const tickMs = Math.max(10, Math.min(500, this.config.tickTime / 2));
      this.#every(this.member === undefined ? tickMs : MEMBER_TICK_MS, () => this.#readClocks());
      // The others may be a while; until then this server says that it does not serve.
      if (this.member !== undefined) resolve();
      this.#every(SWEEP_MS, () => this.#sweep());
      this.#every(AGE_MS, () => {
        this.stats.age();
        this.stages.age();
      });
      this.#every(FLUSH_MS, () => this.#persistence.flush(1));
      this.#every(this.config.containerCheckIntervalMs, () => this.#reap());
    });
    this.#tellWhere();
    this.audit?.noteServer('serverStart');
    this.#every(DiskWatch.INTERVAL_MS, () => void this.#disk.look());
    void this.#disk.look();
  }
  #served: () => void = () => undefined;

  #tellWhere(): void {
    const { plain, secure } = this.#ports;
    const places = [
      ...(plain === undefined ? [] : [displayAddress(plain)]),
      ...(secure === undefined ? [] : [`${displayAddress(secure)} (TLS)`]),
    ].join(' and ');
    this.log.info(
      {
        address: this.address,
        port: this.port,
        ...(secure === undefined ? {} : { securePort: secure.port }),
      },
      this.member === undefined
        ? `Serving clients on ${places}, epoch ${this.#status.epoch}.`
        : `Listening for clients on ${places}.`,
    );
    if (plain !== undefined && this.config.clientPortAddress === undefined)
      this.log.warn('Every machine that reaches this one can connect: clientPortAddress narrows it.');
  }

  /** Clients connect elsewhere from now on, as a reconfig says; those that came in by the former port are let go. */
  async moveClients(port: number, host: string | undefined): Promise<void> {
    const former = this.port;
    try {
      await this.#ports.movePlain(port, host);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.error(
        { port },
        `Clients go on connecting to port ${former}, not to that of the new configuration: ${reason}`,
      );
      return;
    }
    if (this.#closing) {
      this.#ports.close();
      return;
    }
    this.#tellWhere();
    for (const connection of [...this.connections.values()])
      if (connection.socket.localPort === former) connection.destroy();
  }

  /** Stops serving, brings everything to disk and frees the directories. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#ports.close();
    if (this.member !== undefined && this.#started) await this.#handOver();
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of [...this.connections.values()]) connection.destroy();
    this.#endTurn();
    if (this.#started) this.#persistence.flush(0);
    this.#persistence.close();
    await this.member?.stop();
    await this.#storage.close();
    this.audit?.noteServer('serverStop');
  }

  /** The others need not notice that this server is gone: it says so. */
  async #handOver(): Promise<void> {
    this.submit({ kind: 'stop' });
    const until = performance.now() + HAND_OVER_MS_MAX;
    while (!this.engine.peer.hasStopped && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 5));
    // What it said last is still to leave.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The server cannot go on. */
  halt(error: FatalError): void {
    if (this.#closing) return;
    this.submit({ kind: 'logFailed' });
    this.#fail(error);
  }

  #every(ms: number, action: () => void): void {
    const timer = setInterval(action, ms);
    this.#timers.push(timer);
  }

  // --- the turn ----------------------------------------------------------------------------------------------------

  submit(input: Input): void {
    // Whoever leads learns first how much time has gone by: after a pause it may not be the leader any more.
    if (!this.#clockFresh) this.#readClocks();
    this.engine.step(input, this.#out);
    this.#scheduleTurn();
  }

  touch(connection: HostedConnection): void {
    this.#touched.add(connection);
    this.#scheduleTurn();
  }

  get turnIsFull(): boolean {
    return this.#out.effort > TURN_EFFORT_MAX;
  }

  get isOverloaded(): boolean {
    const { outstanding, outstandingBytes } = this.engine;
    return outstanding > this.config.globalOutstandingLimit || outstandingBytes > OUTSTANDING_BYTES_MAX;
  }

  get forwards(): boolean {
    return this.engine.service !== 'leading';
  }

  isWaiting(connection: HostedConnection): boolean {
    return this.engine.isWaiting(connection.id);
  }

  goOnLater(connection: HostedConnection): void {
    this.#held.add(connection);
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnPending) return;
    this.#turnPending = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#turnPending = false;
    const out = this.#out;
    this.engine.endTurn(out);
    this.stages.turnEnds(this.engine.appliedIndex, this.#now);
    this.#persistence.perform(out.disk.splice(0));
    this.member?.perform(out);
    const effects = out.clients.splice(0);
    for (const effect of effects) {
      const connection = this.connections.get(effect.connection);
      if (connection === undefined) continue;
      connection.deliver(effect);
      this.#touched.add(connection);
    }
    const touched = this.#touched;
    this.#touched = new Set();
    for (const connection of touched) this.connections.get(connection.id)?.flush();
    this.stages.turnEnded();
    this.#goOn();
    for (const note of out.notes.splice(0)) this.#report(note);
    for (const note of out.peerNotes.splice(0)) this.member?.report(note);
    this.#throttle();
    this.#persistence.flush();
    this.#clockFresh = false;
    if (this.#persistence.settle()) this.#scheduleTurn();
  }

  /** Lets those go on that had to wait, who waited longest first, until this turn is full as well. */
  #goOn(): void {
    this.#out.effort = 0;
    for (const connection of this.#held) {
      if (this.turnIsFull) return this.#scheduleTurn();
      this.#held.delete(connection);
      this.connections.get(connection.id)?.goOn();
    }
  }

  /** Above globalOutstandingLimit connections with requests in progress are not read; nothing is refused. */
  #throttle(): void {
    const over = this.isOverloaded;
    if (!over && !this.#throttling) return;
    this.#throttling = over;
    for (const connection of this.connections.values())
      connection.throttle(over && connection.outstanding > 0);
  }

  #reap(): void {
    const perSweep = (this.config.containerMaxPerMinute * this.config.containerCheckIntervalMs) / 60_000;
    this.submit({ kind: 'reap', time: this.time, most: Math.max(1, Math.floor(perSweep)) });
  }

  #sweep(): void {
    for (const connection of this.connections.values()) connection.checkDeadlines();
    this.#loggedLately.clear();
  }

  #report(note: Note): void {
    switch (note.kind) {
      case 'quotaExceeded':
        return this.#warnOncePerSecond(
          { path: note.prefix },
          note.prefix,
          `Quota of ${note.prefix} exceeded: ${note.what}.`,
        );
      case 'longList':
        return this.#warnOncePerSecond(
          { path: note.path },
          `children of ${note.path}`,
          `${note.path} has ${note.children} children, and their names take ${note.bytes} bytes: clients whose ` +
            `jute.maxbuffer is the server's ${this.config.maxFrameBytes} cannot list them beyond that. Spread them over several ` +
            'znodes, or raise jute.maxbuffer everywhere.',
        );
      case 'sessionExpired':
        this.stats.sessionsExpired++;
        this.log.info({ session: hex(note.sessionId) }, `Session ${hex(note.sessionId)} expired.`);
        return;
      case 'serving':
        if (note.role === 'readOnly')
          this.log.warn('There is no leader: clients that ask for it are served with reads.');
        else this.#persistence.serving(note.epoch);
        this.#served();
        return;
      case 'notServing':
        if (this.member !== undefined && !this.#closing)
          this.log.warn('Clients are not served until there is a leader.');
        return;
      default:
        return unreachable(note);
    }
  }

  // --- connections -------------------------------------------------------------------------------------------------

  #accept(socket: Socket, subject: string | undefined): void {
    const { maxCnxns, maxClientCnxns } = this.config;
    const address = socket.remoteAddress ?? '';
    const fromThere = this.#perAddress.get(address) ?? 0;
    let limit: string | undefined;
    if (maxCnxns > 0 && this.connections.size >= maxCnxns) limit = `maxCnxns=${maxCnxns}`;
    else if (maxClientCnxns > 0 && fromThere >= maxClientCnxns) limit = `maxClientCnxns=${maxClientCnxns}`;
    else if (this.connections.size - this.engine.connected >= HALF_OPEN_MAX)
      limit = `the limit of ${HALF_OPEN_MAX} connections without a session`;
    if (this.#closing || limit !== undefined) {
      this.stats.connectionsRejected++;
      if (limit !== undefined) {
        const message = `Refused a connection from ${address}: ${limit} is reached.`;
        this.#warnOncePerSecond({ address }, address, message);
      }
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, fromThere + 1);
    socket.once('close', () => {
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    const id = this.#nextConnection++;
    this.connections.set(id, new Connection(id, socket, this, subject));
  }

  #refused(address: string, why: string): void {
    this.#warnOncePerSecond({ address }, address, `Refused a connection from ${address}: ${why}.`);
  }

  gone(connection: HostedConnection): void {
    if (!this.connections.delete(connection.id)) return;
    this.submit({ kind: 'disconnect', connection: connection.id });
  }

  noteBadInput(connection: HostedConnection, why: string): void {
    this.stats.requestsMalformed++;
    const address = this.connections.get(connection.id)?.socket.address ?? '';
    this.#warnOncePerSecond({ address }, address, `Closed the connection of ${address}: ${why}`);
  }

  /** Clients decide how often these are due, so there is one per second about each subject. */
  #warnOncePerSecond(fields: Readonly<Record<string, string>>, subject: string, message: string): void {
    if (this.#loggedLately.has(subject) || this.#loggedLately.size >= LIMITED_MESSAGES_MAX) return;
    this.#loggedLately.add(subject);
    this.log.warn(fields, message);
  }

  answerWord(connection: HostedConnection, word: Word, argument: Buffer): void {
    Promise.resolve(this.words.answer(word, this.#status, argument)).then(
      (text) => connection.finishWith(text),
      (error: unknown) => {
        this.log.error({ err: error }, `The four-letter word ${word.name} failed.`);
        connection.finishWith('');
      },
    );
  }
}

/** As one writes it into a client's connect string. */
function displayAddress({ address, port }: AddressInfo): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

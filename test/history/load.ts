/**
 * The base load of zab.md 6.2: sessions spread over all servers, each asking for one thing at a time, and everything
 * they do and see written down. Values are never used twice.
 */
import { connect } from '../../src/client/index.js';
import { Random } from '../helpers/random.js';
import { sleep, until } from '../interop/process.js';
import {
  BANK,
  BANK_ACCOUNTS,
  BANK_START,
  EPHEMERALS,
  keyPath,
  LOCK,
  RESOURCE,
  ROOT,
  SETS,
} from './places.js';
import { RecordingClient, type ServerAddress } from './client.js';
import type { Register } from './linearizable.js';
import { Locker } from './locker.js';
import { expiredEarly } from './sessionOrder.js';
import type { Problem } from './history.js';
import { Recorder } from './recorder.js';
import { Worker, type WorkerHost } from './worker.js';

export interface LoadOptions {
  /** @default 29 */
  readonly workers?: number;
  /** Sessions that want the lock. @default 3 */
  readonly lockers?: number;
  /** @default 50 */
  readonly keys?: number;
  /** All workers together. @default 1200 */
  readonly operationsPerSecond?: number;
  /** @default 10000 */
  readonly sessionTimeoutMs?: number;
  readonly seed: number;
}

/** Of the workers, those with one-shot watches and those with a watch on everything. */
const WATCHERS = 20;
/** What keys hold in the beginning. */
const FIRST = 'first';
const WATCH_ALL = 2;

interface Actor {
  readonly client: RecordingClient;
  run(): Promise<void>;
}

export class Load implements WorkerHost {
  readonly recorder = new Recorder();
  /** When operations succeeded, and of them the writes. */
  readonly succeededAt: number[] = [];
  readonly acknowledgedAt: number[] = [];
  /** The registers, with what they hold in the beginning. */
  readonly keys: ReadonlyMap<string, Register>;
  readonly sessionTimeoutMs: number;
  readonly #actors: Actor[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #resting = 0;
  #paused = false;
  #wake: (() => void)[] = [];
  stopping = false;

  private constructor(keys: number, sessionTimeoutMs: number) {
    const first: Register = { version: 0, value: FIRST };
    this.keys = new Map(Array.from({ length: keys }, (_, key) => [keyPath(key), first]));
    this.sessionTimeoutMs = sessionTimeoutMs;
  }

  /** Prepares the tree, connects the sessions, and begins. */
  static async start(servers: readonly ServerAddress[], options: LoadOptions): Promise<Load> {
    const { workers = 29, lockers = 3, keys = 50, operationsPerSecond = 1200 } = options;
    const { sessionTimeoutMs = 10_000, seed } = options;
    await prepare(servers, keys);
    const load = new Load(keys, sessionTimeoutMs);
    const pauseMs = (1000 * workers) / operationsPerSecond;
    for (let i = 0; i < workers + lockers; i++) {
      const first = i % servers.length;
      const random = new Random(seed * 1000 + i);
      const watchesAll = i < WATCH_ALL;
      const client = new RecordingClient({
        name: i < workers ? `s${i}` : `l${i - workers}`,
        servers: [...servers.slice(first), ...servers.slice(0, first)],
        sessionTimeoutMs,
        random,
        recorder: load.recorder,
        greet: () => (watchesAll ? [{ op: 'watchAll' }] : []),
      });
      const watches = i >= WATCH_ALL && i < WATCH_ALL + WATCHERS;
      // No key is used by more than half of the workers: the search for an order is bounded by their number.
      const own = Array.from({ length: keys }, (_, key) => key).filter((key) => key % 2 === i % 2);
      const worker = new Worker(load, client, { keys: own, random, pauseMs, watches, churns: i % 3 === 2 });
      load.#actors.push(i < workers ? worker : new Locker(load, client, random));
    }
    await Promise.all(load.#actors.map(({ client }) => client.ready(20_000)));
    load.#running = Promise.all(load.#actors.map((actor) => actor.run()));
    return load;
  }

  get clients(): readonly RecordingClient[] {
    return this.#actors.map(({ client }) => client);
  }

  succeeded(write: boolean): void {
    const now = performance.now();
    this.succeededAt.push(now);
    if (write) this.acknowledgedAt.push(now);
  }

  /** Sessions that ended before their time, since the last call. */
  takeExpiredEarly(): Problem[] {
    return this.clients.flatMap((client) =>
      expiredEarly(client.name, client.expired.splice(0), this.sessionTimeoutMs),
    );
  }

  /** Called by workers between two operations: comes back when there is something to do. */
  async rest(): Promise<void> {
    if (!this.#paused || this.stopping) return;
    this.#resting++;
    await new Promise<void>((resolve) => this.#wake.push(resolve));
    this.#resting--;
  }

  /** Operations per second that succeeded in the last `windowMs`. */
  recentRate(windowMs = 1000): number {
    const since = performance.now() - windowMs;
    let count = 0;
    while ((this.succeededAt.at(-1 - count) ?? 0) >= since) count++;
    return (count * 1000) / windowMs;
  }

  /** Waits until the load flows, so that a fault has something to hit. */
  async flows(rate = 200, limitMs = 30_000): Promise<void> {
    await until(`${rate} operations a second`, limitMs, () => this.recentRate() >= rate).catch(
      (error: unknown) => {
        throw new Error(`the load flows at ${this.recentRate()} operations a second`, { cause: error });
      },
    );
  }

  /** Lets every operation under way come to its end, and no other one begin. */
  async pause(limitMs = 20_000): Promise<void> {
    this.#paused = true;
    await until('the load rests', limitMs, () => this.#resting === this.#actors.length);
  }

  resume(): void {
    this.#paused = false;
    const wake = this.#wake;
    this.#wake = [];
    for (const each of wake) each();
  }

  /** Ends the load when every operation under way has come to its end. The sessions stay. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.resume();
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.race([Promise.all(this.clients.map((client) => client.retire())), sleep(3000)]);
  }
}

async function prepare(servers: readonly ServerAddress[], keys: number): Promise<void> {
  await using zk = await connect({ servers: servers.map(({ host, port }) => `${host}:${port}`) });
  const { children } = await zk.getChildren('/');
  if (children.some((name) => name !== 'zookeeper'))
    throw new Error(`the tree is not empty: ${children.join()}`);
  for (const path of [ROOT, BANK, LOCK, EPHEMERALS, ...SETS]) await zk.create(path, '');
  await zk.create(RESOURCE, '');
  await Promise.all(Array.from({ length: keys }, (_, i) => zk.create(keyPath(i), FIRST)));
  await Promise.all(BANK_ACCOUNTS.map((path) => zk.create(path, String(BANK_START))));
}

/**
 * Clients that read and write through all servers at once, each one operation at a time, and write down what they did
 * and saw. Values are never used twice.
 */
import { connect, KeeperError, type ZooKeeper } from '../../src/client/index.js';
import { Random } from '../helpers/random.js';
import { sleep } from '../interop/process.js';
import type { Ensemble, Member } from './ensemble.js';
import type { FinalNode, FinalState, Op, SessionEnd } from './history.js';

export interface LoadOptions {
  /** Spread over the servers. @default 12 */
  readonly sessions?: number;
  /** @default 16 */
  readonly keys?: number;
  /** All sessions together. @default 800 */
  readonly operationsPerSecond?: number;
  /** @default 10000 */
  readonly sessionTimeoutMs?: number;
  readonly seed?: number;
}

const ROOT = '/load';
/** Requests of one reader that are outstanding at a time. */
const READ_BATCH = 500;

/** What an operation brings along beside its times. */
type Recorded<T> = T extends Op ? Omit<T, 'session' | 'call' | 'ret'> : never;

export class Load {
  readonly ops: Op[] = [];
  readonly firstVersion = 0;
  /** When writes were acknowledged. */
  readonly acknowledgedAt: number[] = [];
  readonly #workers: Worker[] = [];
  #running: Promise<unknown> = Promise.resolve();

  /** Prepares the tree, connects the sessions, and begins. */
  static async start(ensemble: Ensemble, options: LoadOptions = {}): Promise<Load> {
    const { sessions = 12, keys = 16, operationsPerSecond = 800, sessionTimeoutMs = 10_000 } = options;
    const names = Array.from({ length: keys }, (_, i) => `${ROOT}/k${i}`);
    await using zk = await connect({ servers: ensemble.connectString });
    await zk.create(ROOT);
    await Promise.all(names.map((name) => zk.create(name, 'first')));
    const load = new Load();
    for (let i = 0; i < sessions; i++) {
      const random = new Random((options.seed ?? 1) * 1000 + i);
      const first = i % ensemble.members.length;
      const members = [...ensemble.members.slice(first), ...ensemble.members.slice(0, first)];
      const worker = await Worker.start(load, `s${i}`, members, names, random, sessionTimeoutMs);
      load.#workers.push(worker);
    }
    const pauseMs = (1000 * sessions) / operationsPerSecond;
    load.#running = Promise.all(load.#workers.map((worker) => worker.run(pauseMs)));
    return load;
  }

  record(op: Op): void {
    this.ops.push(op);
    if (op.kind !== 'read' && op.result !== 'unknown' && op.result !== 'bad version') {
      this.acknowledgedAt.push(op.ret);
    }
  }

  /** Operations per second that succeeded in the last `windowMs`. */
  recentRate(windowMs = 1000): number {
    const since = performance.now() - windowMs;
    let count = 0;
    for (let i = this.ops.length - 1; i >= 0; i--) {
      const op = this.ops[i];
      if (op === undefined || op.call < since - 1000) break;
      if (op.ret >= since && op.result !== 'unknown') count++;
    }
    return (count * 1000) / windowMs;
  }

  /** Waits until the load flows, so that a fault has something to hit. */
  async flows(rate = 200, limitMs = 30_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (this.recentRate() < rate) {
      if (performance.now() > deadline) {
        throw new Error(`the load does not reach ${rate} operations a second: ${this.recentRate()}`);
      }
      await sleep(50);
    }
  }

  /** Ends the load when every operation under way has had its answer. The sessions stay. */
  async stop(): Promise<void> {
    for (const worker of this.#workers) worker.stopping = true;
    await this.#running;
  }

  /** How each session fares, once it has a server again or has heard that it expired. */
  async sessions(): Promise<SessionEnd[]> {
    return Promise.all(this.#workers.map((worker) => worker.end()));
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.#workers.map((worker) => worker.zk.close()));
  }
}

/** What each of the servers has, read behind a sync. */
export async function finalStates(members: readonly Member[]): Promise<FinalState[]> {
  return Promise.all(
    members.map(async ({ id, connectString }) => {
      await using zk = await connect({ servers: connectString });
      await zk.sync(ROOT);
      const { children } = await zk.getChildren(ROOT);
      const nodes = new Map<string, FinalNode>();
      for (let from = 0; from < children.length; from += READ_BATCH) {
        const paths = children.slice(from, from + READ_BATCH).map((name) => `${ROOT}/${name}`);
        const read = await Promise.all(paths.map((path) => zk.getData(path)));
        for (const [i, { data, stat }] of read.entries()) {
          const { czxid, mzxid, version, ephemeralOwner } = stat;
          const value = data?.toString() ?? '';
          nodes.set(paths[i] ?? '', { czxid, mzxid, version, value, ephemeralOwner });
        }
      }
      return { server: `server ${id}`, nodes };
    }),
  );
}

/** One session. */
class Worker {
  readonly zk: ZooKeeper;
  stopping = false;
  readonly #load: Load;
  readonly #name: string;
  readonly #keys: readonly string[];
  readonly #random: Random;
  /** Version of a key as last seen, for the next conditional write. */
  readonly #versions = new Map<string, number>();
  readonly #created: string[] = [];
  #expired = false;
  #serial = 0;

  private constructor(load: Load, name: string, zk: ZooKeeper, keys: readonly string[], random: Random) {
    this.#load = load;
    this.#name = name;
    this.zk = zk;
    this.#keys = keys;
    this.#random = random;
    zk.on('state', ({ type }) => {
      if (type === 'expired') this.#expired = true;
    });
  }

  static async start(
    load: Load,
    name: string,
    members: readonly Member[],
    keys: readonly string[],
    random: Random,
    sessionTimeoutMs: number,
  ): Promise<Worker> {
    const zk = await connect({
      servers: members.map(({ connectString }) => connectString),
      shuffle: false,
      sessionTimeoutMs,
      // A frozen server takes connections and says nothing.
      attemptTimeoutMs: 300,
      retryDelayMsMin: 10,
      retryDelayMsMax: 50,
    });
    const worker = new Worker(load, name, zk, keys, random);
    await zk.create(worker.#ephemeral, name, { ephemeral: true });
    return worker;
  }

  get #ephemeral(): string {
    return `${ROOT}/e-${this.#name}`;
  }

  async run(pauseMs: number): Promise<void> {
    await sleep(this.#random.next() * pauseMs);
    let due = performance.now();
    while (!this.stopping && !this.#expired) {
      await this.#one();
      // Behind schedule after a fault: what was missed is not made up for.
      due = Math.max(due + pauseMs, performance.now());
      await sleep(Math.max(0, due - performance.now()));
    }
  }

  async end(): Promise<SessionEnd> {
    if (!this.#expired) await this.zk.connected({ timeoutMs: 20_000 }).catch(() => undefined);
    const { sessionId } = this.zk;
    return { session: this.#name, sessionId, ephemeral: this.#ephemeral, expired: this.#expired };
  }

  async #one(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.4) return this.#set(true);
    if (dice < 0.55) return this.#set(false);
    if (dice < 0.65) return this.#create();
    if (dice < 0.75) return this.#delete();
    return this.#read(dice < 0.9);
  }

  async #set(conditional: boolean): Promise<void> {
    const key = this.#random.pick(this.#keys);
    const expected = conditional ? this.#versions.get(key) : undefined;
    if (conditional && expected === undefined) return this.#read(false, key);
    const value = `${this.#name}.${this.#serial++}`;
    await this.#do(async () => {
      try {
        const options = expected === undefined ? {} : { version: expected };
        const { mzxid, version } = await this.zk.setData(key, value, options);
        this.#versions.set(key, version);
        return { kind: 'set', key, value, expected, result: { zxid: mzxid, version } };
      } catch (error) {
        // Whatever it is now, it is to be read before the next conditional write.
        this.#versions.delete(key);
        const refused = error instanceof KeeperError && error.code === 'BADVERSION';
        if (!refused) expectLoss(error);
        return { kind: 'set', key, value, expected, result: refused ? 'bad version' : 'unknown' };
      }
    });
  }

  async #create(): Promise<void> {
    const path = `${ROOT}/c-${this.#name}-${this.#serial++}`;
    await this.#do(async () => {
      try {
        const { stat } = await this.zk.createWithStat(path, this.#name);
        this.#created.push(path);
        return { kind: 'create', path, result: { zxid: stat.czxid } };
      } catch (error) {
        expectLoss(error);
        return { kind: 'create', path, result: 'unknown' };
      }
    });
  }

  async #delete(): Promise<void> {
    const path = this.#created.shift();
    if (path === undefined) return this.#create();
    await this.#do(async () => {
      try {
        await this.zk.delete(path);
        return { kind: 'delete', path, result: 'ok' };
      } catch (error) {
        expectLoss(error);
        return { kind: 'delete', path, result: 'unknown' };
      }
    });
  }

  async #read(synced: boolean, key = this.#random.pick(this.#keys)): Promise<void> {
    await this.#do(async () => {
      try {
        // The order of a session makes the read wait for the sync, but only while both go through one connection.
        if (synced) await this.zk.sync(key);
        const server = this.zk.server;
        const { data, stat } = await this.zk.getData(key);
        const { mzxid: zxid, version } = stat;
        this.#versions.set(key, version);
        const moved = this.zk.server !== server;
        const value = data?.toString() ?? '';
        return { kind: 'read', key, synced: synced && !moved, result: { zxid, version, value } };
      } catch (error) {
        expectLoss(error);
        return { kind: 'read', key, synced, result: 'unknown' };
      }
    });
  }

  async #do(act: () => Promise<Recorded<Op>>): Promise<void> {
    const call = performance.now();
    const op = await act();
    const ret = op.result === 'unknown' ? Infinity : performance.now();
    this.#load.record({ ...op, session: this.#name, call, ret });
  }
}

/** Anything else than a lost connection or session is a fault of the server, or of the test. */
function expectLoss(error: unknown): void {
  const codes = ['CONNECTIONLOSS', 'SESSIONEXPIRED', 'SESSIONMOVED', 'OPERATIONTIMEOUT'];
  if (error instanceof KeeperError && codes.includes(error.code)) return;
  throw error;
}

/** One session of the load, with the mix of zab.md 6.2. */
import { ErrorCode } from '../../src/types/index.js';
import type { Random } from '../helpers/random.js';
import { sleep } from '../interop/process.js';
import type { RecordingClient } from './client.js';
import type { Answer, Call } from './history.js';
import { BANK_ACCOUNTS, EPHEMERALS, keyPath, SETS } from './places.js';

/** What workers have in common. */
export interface WorkerHost {
  readonly stopping: boolean;
  rest(): Promise<void>;
  succeeded(write: boolean): void;
}

export interface WorkerOptions {
  readonly keys: readonly number[];
  readonly random: Random;
  readonly pauseMs: number;
  /** Leaves watches with its reads. */
  readonly watches: boolean;
  /** Ends its session now and then, one way or the other. */
  readonly churns: boolean;
}

const READS = new Set<Call['op']>(['get', 'exists', 'children', 'getAll', 'sync', 'watchAll']);
/** Of its own sequential znodes a worker keeps so many. */
const OWN_MAX = 6;

export class Worker {
  readonly client: RecordingClient;
  readonly #host: WorkerHost;
  readonly #options: WorkerOptions;
  /** Version of a key as last seen, for the next conditional write. */
  readonly #versions = new Map<string, number>();
  readonly #created: string[] = [];
  #serial = 0;

  constructor(host: WorkerHost, client: RecordingClient, options: WorkerOptions) {
    this.#host = host;
    this.client = client;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { random, pauseMs } = this.#options;
    await sleep(random.next() * pauseMs);
    let due = performance.now();
    while (!this.#host.stopping) {
      await this.#host.rest();
      if (await this.client.ready(100)) await this.#one();
      // Behind schedule after a fault: what was missed is not made up for.
      due = Math.max(due + pauseMs, performance.now());
      await sleep(Math.max(0, due - performance.now()));
    }
  }

  async #one(): Promise<void> {
    const { random } = this.#options;
    const dice = random.next();
    if (dice < 0.4) return this.#set(true);
    if (dice < 0.55) return this.#set(false);
    if (dice < 0.65) return this.#sequential();
    if (dice < 0.7) return this.#ephemeral();
    if (dice < 0.75) return this.#transfer();
    if (dice < 0.9) return this.#read();
    await this.#do({ op: 'sync', path: '/' });
    const what = random.next();
    if (what < 0.1) await this.#do({ op: 'getAll', paths: BANK_ACCOUNTS });
    else if (what < 0.2) await this.#do({ op: 'children', path: random.pick(SETS), watch: false });
    else await this.#get(this.#key());
  }

  #key(): string {
    return keyPath(this.#options.random.pick(this.#options.keys));
  }

  async #set(conditional: boolean): Promise<void> {
    const path = this.#key();
    const version = conditional ? this.#versions.get(path) : -1;
    if (version === undefined) return this.#get(path);
    const answer = await this.#do({ op: 'set', path, data: this.#value(), version });
    // Whatever it is now, it is to be read before the next conditional write.
    if (answer?.stat === undefined) this.#versions.delete(path);
    else this.#versions.set(path, answer.stat.version);
  }

  async #get(path: string): Promise<void> {
    const answer = await this.#do({ op: 'get', path, watch: this.#watch() });
    if (answer?.stat !== undefined) this.#versions.set(path, answer.stat.version);
  }

  async #read(): Promise<void> {
    const { random } = this.#options;
    const dice = random.int(3);
    if (dice === 0) return this.#get(this.#key());
    if (dice === 1) await this.#do({ op: 'exists', path: this.#key(), watch: this.#watch() });
    else await this.#do({ op: 'children', path: random.pick(SETS), watch: this.#watch() });
  }

  async #sequential(): Promise<void> {
    const { random } = this.#options;
    if (this.#created.length >= OWN_MAX || (this.#created.length > 0 && random.chance(0.5))) {
      const path = this.#created.shift();
      if (path !== undefined) await this.#do({ op: 'delete', path, version: -1 });
      return;
    }
    const path = `${random.pick(SETS)}/n-`;
    const answer = await this.#do({ op: 'create', path, data: this.#value(), mode: 'persistentSequential' });
    if (answer?.path !== undefined) this.#created.push(answer.path);
  }

  async #ephemeral(): Promise<void> {
    const { random, churns } = this.#options;
    const path = `${EPHEMERALS}/${this.client.name}-${this.#serial++}`;
    const answer = await this.#do({ op: 'create', path, data: '', mode: 'ephemeral' });
    if (churns && random.chance(0.03)) await this.client.closeSession();
    else if (churns && random.chance(0.01)) this.client.abandonSession();
    else if (random.chance(0.01)) this.client.move();
    else if (answer?.err === 0 && random.chance(0.9)) await this.#do({ op: 'delete', path, version: -1 });
  }

  /** From one account to another one, or not at all. */
  async #transfer(): Promise<void> {
    const { random } = this.#options;
    const from = random.pick(BANK_ACCOUNTS);
    const to = random.pick(BANK_ACCOUNTS);
    if (from === to) return;
    const [a, b] = [await this.#balance(from), await this.#balance(to)];
    const amount = 1 + random.int(9);
    if (a === undefined || b === undefined || a.sum < amount) return;
    await this.#do({
      op: 'multi',
      ops: [
        { op: 'set', path: from, data: String(a.sum - amount), version: a.version },
        { op: 'set', path: to, data: String(b.sum + amount), version: b.version },
      ],
    });
  }

  async #balance(path: string): Promise<{ sum: number; version: number } | undefined> {
    const answer = await this.#do({ op: 'get', path, watch: false });
    if (answer?.stat === undefined) return undefined;
    return { sum: Number(answer.data), version: answer.stat.version };
  }

  #watch(): boolean {
    return this.#options.watches && this.#options.random.chance(0.5);
  }

  #value(): string {
    return `${this.client.name}.${this.#serial++}`;
  }

  async #do(call: Call): Promise<Answer | undefined> {
    const answer = await this.client.call(call);
    if (answer === undefined) return undefined;
    expected(call, answer);
    if (answer.err === 0) this.#host.succeeded(!READS.has(call.op));
    return answer;
  }
}

const ORDINARY: ReadonlySet<number> = new Set([
  ErrorCode.BADVERSION,
  // Of a znode whose creation or end nobody confirmed, or that went with an earlier session.
  ErrorCode.NONODE,
  ErrorCode.NODEEXISTS,
  // The end of a session, on its way.
  ErrorCode.SESSIONEXPIRED,
  ErrorCode.SESSIONMOVED,
  // A full disk.
  ErrorCode.SYSTEMERROR,
]);

/** Any other error is a fault of the server, or of this test. */
function expected(call: Call, { err }: Answer): void {
  if (err !== 0 && !ORDINARY.has(err)) throw new Error(`${call.op} is answered ${err}`);
}

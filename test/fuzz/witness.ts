/** A client that does nothing wrong beside those that do: it writes, reads back, and says what was not as it should be. */
import { connect, KeeperError, type ZooKeeper } from '../../src/client/index.js';

const PAUSE_MS = 5;
/** What an election may do to a client, for those who allow elections. */
const LOST: ReadonlySet<string> = new Set(['CONNECTIONLOSS', 'SESSIONMOVED', 'OPERATIONTIMEOUT']);

export interface WitnessReport {
  readonly writes: number;
  readonly slowestMs: number;
  /** Writes whose fate the client was not told. */
  readonly lost: number;
}

export class Witness {
  readonly #zk: ZooKeeper;
  readonly #path: string;
  readonly #mayLose: boolean;
  #version = 0;
  #writes = 0;
  #lost = 0;
  #slowestMs = 0;
  #stopped = false;
  #failure: Error | undefined;
  readonly #done: Promise<void>;

  private constructor(zk: ZooKeeper, path: string, mayLose: boolean) {
    this.#zk = zk;
    this.#path = path;
    this.#mayLose = mayLose;
    this.#done = this.#run().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  /** @param mayLose whether a lost connection is no failure; what was acknowledged has to be there in any case */
  static async start(servers: string, path: string, mayLose: boolean): Promise<Witness> {
    const zk = await connect({ servers, sessionTimeoutMs: 20_000 });
    await zk.create(path, '0');
    return new Witness(zk, path, mayLose);
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** @throws what was not as it should be */
  async stop(): Promise<WitnessReport> {
    this.#stopped = true;
    await this.#done;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#zk.close();
    return { writes: this.#writes, slowestMs: this.#slowestMs, lost: this.#lost };
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const startedAt = performance.now();
      try {
        await this.#step();
        this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedAt);
      } catch (error) {
        if (!this.#mayLose || !(error instanceof KeeperError) || !LOST.has(error.code)) throw error;
        this.#lost++;
        await this.#catchUp();
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #step(): Promise<void> {
    const next = this.#version + 1;
    const { version } = await this.#zk.setData(this.#path, `value ${next}`, { version: this.#version });
    this.#version = version;
    this.#writes++;
    const { data, stat } = await this.#zk.getData(this.#path);
    if (version !== next || stat.version !== next || data?.toString() !== `value ${next}`)
      throw new Error(`wrote version ${next}, read ${String(data)} at version ${stat.version}`);
  }

  /** The write whose answer was lost has happened, or it has not; nothing before it may be gone. */
  async #catchUp(): Promise<void> {
    for (;;) {
      try {
        await this.#zk.sync(this.#path);
        const { stat, data } = await this.#zk.getData(this.#path);
        const ahead = stat.version - this.#version;
        const expected = stat.version === 0 ? '0' : `value ${stat.version}`;
        if (ahead < 0 || ahead > 1 || data?.toString() !== expected)
          throw new Error(`at version ${this.#version} it read ${String(data)} at version ${stat.version}`);
        this.#version = stat.version;
        return;
      } catch (error) {
        if (!(error instanceof KeeperError) || !LOST.has(error.code)) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}

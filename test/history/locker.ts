/**
 * A session that takes a lock by the usual recipe (an ephemeral with a sequence number, the lowest one holds it) and
 * writes its token to what the lock guards. Each write is fenced by a check of the lock's own znode in the same multi.
 */
import type { Random } from '../helpers/random.js';
import { sleep } from '../interop/process.js';
import type { RecordingClient } from './client.js';
import type { Answer, Call } from './history.js';
import { LOCK, RESOURCE } from './places.js';
import type { WorkerHost } from './worker.js';

const POLL_MS = 40;

export class Locker {
  readonly client: RecordingClient;
  readonly #host: WorkerHost;
  readonly #random: Random;

  constructor(host: WorkerHost, client: RecordingClient, random: Random) {
    this.#host = host;
    this.client = client;
    this.#random = random;
  }

  async run(): Promise<void> {
    while (!this.#host.stopping) {
      await this.#host.rest();
      if (await this.client.ready(100)) await this.#round();
      await sleep(POLL_MS);
    }
  }

  async #round(): Promise<void> {
    const created = await this.#do({
      op: 'create',
      path: `${LOCK}/${this.client.name}-`,
      data: '',
      mode: 'ephemeralSequential',
    });
    const own = created?.path;
    // After a lost answer there may be a znode that holds the lock for nobody, until its session ends.
    if (own === undefined) return this.client.closeSession();
    const { session } = this.client;
    while (!(await this.#holds(own))) {
      if (this.#host.stopping || this.client.session !== session) return;
      await this.#host.rest();
      await sleep(POLL_MS);
    }
    for (let i = this.#random.int(5); i >= 0; i--) {
      const answer = await this.#do({
        op: 'multi',
        ops: [
          { op: 'check', path: own, version: 0 },
          { op: 'set', path: RESOURCE, data: own, version: -1 },
        ],
      });
      if (answer === undefined) break;
    }
    const deleted = await this.#do({ op: 'delete', path: own, version: -1 });
    if (deleted === undefined) await this.client.closeSession();
  }

  async #holds(own: string): Promise<boolean> {
    const answer = await this.#do({ op: 'children', path: LOCK, watch: false });
    const names = answer?.children;
    if (names === undefined) return false;
    const mine = suffixOf(own);
    return names.includes(own.slice(LOCK.length + 1)) && names.every((name) => suffixOf(name) >= mine);
  }

  async #do(call: Call): Promise<Answer | undefined> {
    const answer = await this.client.call(call);
    if (answer?.err === 0) this.#host.succeeded(call.op !== 'children');
    return answer;
  }
}

/** The number at the end of a sequential name. */
export function suffixOf(name: string): number {
  return Number(name.slice(-10));
}

/** Three servers in this process that form an ensemble, for tests that look at them through their ports. */
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { startServer, type RunningServer } from '../../src/index.js';
import { freePortRange } from '../interop/network.js';

const WAIT_MS_MAX = 20_000;
export const IDS = [1, 2, 3] as const;

/** An ensemble of this process, with its data in memory unless it is given a directory. */
export class Ensemble implements AsyncDisposable {
  readonly servers = new Map<number, RunningServer>();
  readonly membership: Readonly<Record<string, string>>;
  readonly #properties: Readonly<Record<string, string>>;

  readonly #directory: string | undefined;

  /** @param ports two for each of the three servers @param properties as in zoo.cfg */
  constructor(
    ports: readonly number[],
    properties: Readonly<Record<string, string>> = {},
    directory?: string,
  ) {
    this.#directory = directory;
    this.membership = Object.fromEntries(
      IDS.map((id, at) => [
        `server.${id}`,
        `127.0.0.1:${String(ports[2 * at])}:${String(ports[2 * at + 1])}:participant`,
      ]),
    );
    this.#properties = properties;
  }

  /** @param joining `server.N` lines of members that the others do not know yet */
  async start(id: number, joining: Readonly<Record<string, string>> = {}): Promise<void> {
    const properties = {
      tickTime: '500',
      initLimit: '10',
      syncLimit: '5',
      '4lw.commands.whitelist': '*',
      ...this.membership,
      ...joining,
      ...this.#properties,
    };
    const dataDir = this.#directory === undefined ? {} : { dataDir: join(this.#directory, String(id)) };
    this.servers.set(id, await startServer({ serverId: id, properties, ...dataDir }));
  }

  async stop(id: number): Promise<void> {
    const server = this.servers.get(id);
    this.servers.delete(id);
    await server?.close();
  }

  ask(id: number, word: string): Promise<string> {
    return exchange(this.port(id), word);
  }

  port(id: number): number {
    return this.servers.get(id)?.port ?? 0;
  }

  async mode(id: number): Promise<string | undefined> {
    return /^Mode: (.*)$/m.exec(await this.ask(id, 'srvr'))?.[1];
  }

  until(holds: () => Promise<boolean>): Promise<void> {
    return until('what was waited for', holds);
  }

  /** Until all that run have one of these modes. @returns who leads and who follows */
  async settled(...modes: readonly (string | undefined)[]): Promise<{ leader: number; followers: number[] }> {
    const until = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const found = new Map<number, string | undefined>();
      for (const id of this.servers.keys()) found.set(id, await this.mode(id));
      const followers = [...found].filter(([, mode]) => mode === 'follower').map(([id]) => id);
      const leaders = [...found].filter(([, mode]) => mode === 'leader').map(([id]) => id);
      const isDone = [...found.values()].every((mode) => modes.includes(mode)) && leaders.length < 2;
      if (isDone && modes.every((mode) => [...found.values()].includes(mode)))
        return { leader: leaders[0] ?? 0, followers };
      if (performance.now() > until) throw new Error(`modes are ${JSON.stringify([...found])}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.close()));
  }
}

/** Waits until it holds, and says what did not come about when that takes too long. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: that did not come about in time`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Ports nobody listens on, outside of the range from which outgoing connections get theirs. */
export async function freePorts(count: number): Promise<number[]> {
  const base = await freePortRange(count);
  return Array.from({ length: count }, (_, i) => base + i);
}

export function exchange(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connectSocket({ port, host: '127.0.0.1' }, () => socket.write(word));
    socket.setEncoding('utf8').setTimeout(5000, () => socket.destroy(new Error(`no answer to ${word}`)));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/**
 * Why this file exists: the life of a local ensemble: all servers started, somebody waited for who leads, every change
 * of leader and every death told, and all of them stopped when we are.
 */
import { fourLetterWord } from '../status.js';
import type { LocalServer } from './layout.js';
import { ServerProcess, type ServerProgram } from './processes.js';
import { leaderOf, modeIn, table, type Sight } from './view.js';

/** How often the servers are asked for their mode. */
const LOOK_MS = 250;
/** Servers give themselves 5 seconds to close. */
const STOP_MS_MAX = 7000;
/** So long nobody leads before this is worth a line. */
const LEADERLESS_MS = 3000;

/** Runs until all servers have ended; returns the exit code. */
export class LocalEnsemble {
  readonly #processes: readonly ServerProcess[];
  readonly #say: (text: string) => void;
  #stopping = false;
  #leader: number | undefined;
  #leaderlessSince = performance.now();
  #complained = false;
  #shown: string | undefined;

  /** @param say prints one or more lines */
  constructor(servers: readonly LocalServer[], program: ServerProgram, say: (text: string) => void) {
    this.#say = say;
    this.#processes = servers.map(
      (server) => new ServerProcess(server, program, (line) => say(`${server.id} | ${line}`)),
    );
    for (const process of this.#processes) {
      void process.ended.then((how) => {
        if (!this.#stopping) say(`Server ${process.server.id} ${how}. The others go on.`);
      });
    }
  }

  /** Looks after the servers until they have all ended. @returns 0 if that was asked for, 1 if not */
  async run(): Promise<number> {
    while (!this.#stopping && this.#processes.some(({ running }) => running)) {
      await this.#look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    if (!this.#stopping) {
      this.#say('No server is left.');
      return 1;
    }
    await Promise.all(this.#processes.map(({ ended }) => ended));
    return 0;
  }

  /** Stops all servers; asked a second time it does not wait for them. */
  stop(): void {
    if (this.#stopping) {
      for (const process of this.#processes) process.kill();
      return;
    }
    this.#stopping = true;
    this.#say('Stopping all servers; once more ends them at once.');
    for (const process of this.#processes) void process.stop(STOP_MS_MAX);
  }

  async #look(): Promise<void> {
    const sights = await Promise.all(this.#processes.map((process) => this.#sight(process)));
    if (this.#stopping) return;
    const leader = leaderOf(sights);
    if (leader === undefined) {
      this.#lookForLeader();
      return;
    }
    this.#complained = false;
    this.#leaderlessSince = performance.now();
    const text = table(sights);
    const changed = leader !== this.#leader;
    if (changed) {
      const led = this.#leader === undefined ? '' : ` Before it was server ${this.#leader}.`;
      this.#leader = leader;
      this.#say(`\nServer ${leader} leads.${led}`);
    }
    // Also when a follower has come up, but not twice the same.
    if (changed || text !== this.#shown) this.#say(`${text}\n`);
    this.#shown = text;
  }

  #lookForLeader(): void {
    if (this.#complained || performance.now() - this.#leaderlessSince < LEADERLESS_MS) return;
    this.#complained = true;
    const running = this.#processes.filter(({ running }) => running).length;
    this.#say(`No server leads at the moment; ${running} of ${this.#processes.length} are running.`);
  }

  async #sight(process: ServerProcess): Promise<Sight> {
    const { server, pid, running } = process;
    const [host, port] = splitAddress(server.client);
    const mode = running ? modeIn(await fourLetterWord('srvr', host, port)) : undefined;
    return { server, pid, mode, running: process.running };
  }
}

function splitAddress(address: string): [host: string, port: number] {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), Number(address.slice(at + 1))];
}

/**
 * Why this file exists: the servers of a local ensemble as processes: started, heard line by line, and ended with us.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { LocalServer } from './layout.js';

/** The program that runs one server: `<command> <args> <zoo.cfg> <flags>`. */
export interface ServerProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: readonly string[];
}

/** One server's process. */
export class ServerProcess {
  readonly server: LocalServer;
  /** How it ended, in words, once it has. */
  readonly ended: Promise<string>;
  #child: ChildProcess;
  #running = true;

  /** @param say gets each line the process writes */
  constructor(server: LocalServer, program: ServerProgram, say: (line: string) => void) {
    this.server = server;
    this.#child = spawn(program.command, [...program.args, server.configFile, ...program.flags], {
      cwd: dirname(server.configFile),
      // A group of its own: Ctrl-C is for us, and we tell the servers. The channel tells them if we are killed.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', say);
    }
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#running = false;
        resolve(how);
      };
      this.#child.once('error', (error) => end(`could not be started: ${error.message}`));
      this.#child.once('close', (code, signal) =>
        end(signal === null ? `ended with exit code ${code ?? 0}` : `was ended by ${signal}`),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Asks it to stop; kills it if it takes too long. */
  async stop(limitMs: number): Promise<void> {
    if (!this.#running) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), limitMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    if (this.#running) this.#child.kill('SIGKILL');
  }
}

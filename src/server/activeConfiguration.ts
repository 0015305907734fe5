/** Follows the configuration that is in force: what changes on this server when a reconfig is committed. */
import type { Logger } from 'pino';
import { saveMembership, type Member, type ServerConfig } from '../config/index.js';
import type { Configuration } from '../zab/index.js';
import { EnsembleConfiguration } from './memberships.js';

/** What it does on its server. */
export interface ActiveConfigurationHost {
  readonly config: ServerConfig;
  readonly log: Logger;
  /** @param host undefined: every address */
  moveClients(port: number, host: string | undefined): Promise<void>;
}

/** Addresses that mean every one of this machine's. */
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export class ActiveConfiguration {
  readonly #host: ActiveConfigurationHost;
  #seen: Configuration | undefined;
  /** The version that the files have. */
  #savedVersion: bigint;
  /** Where plain clients connect; undefined where no line can say it. */
  #clientPort: number | undefined;
  /** One move after the other. */
  #moving: Promise<void> = Promise.resolve();

  constructor(host: ActiveConfigurationHost) {
    this.#host = host;
    const { membership, clientPort } = host.config;
    this.#savedVersion = BigInt(`0x${membership.version}`);
    // Port 0 was asked for by a program that wants any.
    this.#clientPort = clientPort === 0 ? undefined : clientPort;
  }

  /** Called once a turn. */
  look(active: Configuration): void {
    if (active === this.#seen) return;
    this.#seen = active;
    if (!(active instanceof EnsembleConfiguration)) return;
    const self = active.membership.members.find(({ id }) => id === this.#host.config.ensemble?.id);
    // Whoever was removed keeps its port, and the file that it could be started with.
    if (self === undefined) return;
    this.#move(self);
    this.#save(active, self);
  }

  /** Another address with the same port counts from the next start on: both cannot be listened on. */
  #move({ client }: Member): void {
    if (this.#clientPort === undefined || client === undefined || client.port === this.#clientPort) return;
    this.#clientPort = client.port;
    const address = EVERYWHERE.has(client.host) ? undefined : client.host;
    this.#moving = this.#moving.then(() => this.#host.moveClients(client.port, address));
  }

  #save({ membership, version }: EnsembleConfiguration, { id }: Member): void {
    const { config, log } = this.#host;
    const { configFile } = config;
    if (configFile === undefined || version <= this.#savedVersion) return;
    this.#savedVersion = version;
    const named = { ...membership, version: version.toString(16) };
    try {
      const file = saveMembership(configFile, id, named);
      log.info({ version: named.version }, `The configuration of the ensemble is now in ${file}.`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(
        { version: named.version },
        `The new configuration of the ensemble cannot be written beside ${configFile}: ${reason}. The log has it; should ` +
          'this server ever lose its data, correct the server.N lines of that file before it is started.',
      );
    }
  }
}

/** Follows the configuration that is in force: what changes on this server when a reconfig is committed. */
import type { Logger } from 'pino';
import { saveMembership, type ServerConfig } from '../config/index.js';
import type { Configuration } from '../zab/index.js';
import { EnsembleConfiguration } from './memberships.js';

export class ActiveConfiguration {
  readonly #config: ServerConfig;
  readonly #log: Logger;
  #seen: Configuration | undefined;
  /** The version that the files have. */
  #savedVersion: bigint;

  constructor(config: ServerConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#savedVersion = BigInt(`0x${config.membership.version}`);
  }

  /** Called once a turn. */
  look(active: Configuration): void {
    if (active === this.#seen) return;
    this.#seen = active;
    if (active instanceof EnsembleConfiguration) this.#save(active);
  }

  #save({ membership, version }: EnsembleConfiguration): void {
    const { configFile, ensemble } = this.#config;
    if (configFile === undefined || ensemble === undefined || version <= this.#savedVersion) return;
    // Whoever was removed keeps the file that it could be started with.
    if (!membership.members.some(({ id }) => id === ensemble.id)) return;
    this.#savedVersion = version;
    const named = { ...membership, version: version.toString(16) };
    try {
      const file = saveMembership(configFile, ensemble.id, named);
      this.#log.info({ version: named.version }, `The configuration of the ensemble is now in ${file}.`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn(
        { version: named.version },
        `The new configuration of the ensemble cannot be written beside ${configFile}: ${reason}. The log has it; should ` +
          'this server ever lose its data, correct the server.N lines of that file before it is started.',
      );
    }
  }
}

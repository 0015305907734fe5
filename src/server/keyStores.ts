/**
 * Why this file exists: certificates live for weeks, a server for months. The files are looked at every second, and when
 * they have changed and lie still, they are read again: handshakes to come use them, connections live on. Files that are
 * not usable leave everything as it is; the log says why.
 */
import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import { ConfigError, filesOf, readTls, type TlsConfig, type TlsMaterial } from '../config/index.js';

/** How often the files are looked at. They count as changed when two looks agree on what is new. */
const LOOK_MS = 1000;
/** An own certificate that ends within this time is worth a warning, once a day. */
const EXPIRY_WARNING_MS = 30 * 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;

export class KeyStores {
  readonly config: TlsConfig;
  readonly #log: Logger;
  readonly #whose: string;
  readonly #lookMs: number;
  #material: TlsMaterial;
  /** How the files looked when they were read last, and at the last look. */
  #read: string;
  #seen: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #warnedAt = -Infinity;

  /**
   * Reads the stores.
   * @param whose for the log: whose connections they are for
   * @throws ConfigError when they cannot be used
   */
  constructor(config: TlsConfig, log: Logger, whose: string, lookMs = LOOK_MS) {
    this.config = config;
    this.#log = log;
    this.#whose = whose;
    this.#lookMs = lookMs;
    // Before they are read: what changes meanwhile is then read once more.
    this.#read = signature(filesOf(config));
    this.#material = readTls(config);
  }

  /** As read last. */
  get material(): TlsMaterial {
    return this.#material;
  }

  /** Calls `changed` whenever the stores were read again. */
  watch(changed: (material: TlsMaterial) => void): void {
    this.#warnOfExpiry();
    this.#timer = setInterval(() => this.#look(changed), this.#lookMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(changed: (material: TlsMaterial) => void): void {
    this.#warnOfExpiry();
    if (!this.config.reload) return;
    const now = signature(filesOf(this.config));
    const still = now === this.#seen;
    this.#seen = now;
    if (now === this.#read || !still) return;
    this.#read = now;
    try {
      this.#material = readTls(this.config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#log.error(
        `The key stores for ${this.#whose} have changed and cannot be used; those read before stay in use. ${error.message}`,
      );
      return;
    }
    changed(this.#material);
    const until = this.#material.validTo;
    this.#log.info(
      until === undefined ? {} : { validTo: until.toISOString() },
      `Read the changed key stores for ${this.#whose}; handshakes from now on use them.`,
    );
    this.#warnedAt = -Infinity;
    this.#warnOfExpiry();
  }

  #warnOfExpiry(): void {
    const { validTo } = this.#material;
    const now = Date.now();
    if (validTo === undefined || now - this.#warnedAt < DAY_MS) return;
    const left = validTo.getTime() - now;
    if (left > EXPIRY_WARNING_MS) return;
    this.#warnedAt = now;
    const when = validTo.toISOString();
    const text = `The certificate for ${this.#whose} ${left < 0 ? 'expired' : 'expires'} at ${when}; renew it: ${this.config.keyStore?.path ?? ''}`;
    if (left < 0) this.#log.error({ validTo: when }, `${text}.`);
    else this.#log.warn({ validTo: when }, `${text}.`);
  }
}

/** What changes when a file is written or another one takes its name, also behind a symbolic link. */
function signature(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = statSync(file);
        return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      } catch {
        return 'none';
      }
    })
    .join();
}

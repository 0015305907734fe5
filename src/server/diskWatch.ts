/** Looks at the free space of both directories, warns early and stops growth before the disk is full (zab.md 7.3). */
import type { Logger } from 'pino';
import type { ServerConfig } from '../config/index.js';
import { StorageError, type Storage } from '../storage/index.js';

/** On a small file system the lower limit is this share of it instead. */
const MIN_SHARE = 0.05;

export class DiskWatch {
  static readonly INTERVAL_MS = 2000;
  readonly #storage: Storage;
  readonly #config: ServerConfig;
  readonly #log: Logger;
  readonly #onRoom: (hasRoom: boolean) => void;
  readonly #onLost: (error: StorageError) => void;
  #hasRoom = true;
  #warned = false;
  #looking: Promise<boolean> | undefined;

  /**
   * @param onRoom told when writes that grow the data become impossible, and when they are possible again
   * @param onLost told when the files are no longer there
   */
  constructor(
    storage: Storage,
    config: ServerConfig,
    log: Logger,
    onRoom: (hasRoom: boolean) => void,
    onLost: (error: StorageError) => void,
  ) {
    this.#storage = storage;
    this.#config = config;
    this.#log = log;
    this.#onRoom = onRoom;
    this.#onLost = onLost;
  }

  /** Looks at the disk; calls while it looks wait for the same look. @returns whether there is room */
  look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<boolean> {
    try {
      const space = await this.#storage.free();
      const { diskMinFreeBytes, diskWarnFreeBytes } = this.#config;
      const free = Math.min(space.dataDir, space.dataLogDir);
      const total = Math.min(space.dataDirTotal, space.dataLogDirTotal);
      const least = Math.min(diskMinFreeBytes, total * MIN_SHARE);
      this.#judge(free, least, Math.max(Math.min(diskWarnFreeBytes, total * 2 * MIN_SHARE), least));
    } catch (error) {
      if (error instanceof StorageError && error.kind !== 'full') this.#onLost(error);
      else this.#log.warn({ err: error }, 'The free disk space cannot be found out.');
    }
    return this.#hasRoom;
  }

  #judge(free: number, least: number, warnBelow: number): void {
    const hasRoom = free >= least;
    if (hasRoom !== this.#hasRoom) {
      this.#hasRoom = hasRoom;
      this.#onRoom(hasRoom);
      if (hasRoom) this.#log.info(`There is room on the disk again (${mib(free)}): all writes are accepted.`);
      else {
        this.#log.error(
          `Only ${mib(free)} of disk are free, ${mib(least)} are needed: writes are refused, except deletions. Free some space.`,
        );
      }
    }
    const low = free < warnBelow;
    if (low && !this.#warned && hasRoom) {
      this.#log.warn(`Only ${mib(free)} of disk are free; below ${mib(least)} writes will be refused.`);
    }
    this.#warned = low;
  }
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / 1048576)} MiB`;
}

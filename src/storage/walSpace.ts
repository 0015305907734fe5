/**
 * Keeps blocks ready for the WAL of `log.db`. A commit that makes the file longer waits for the file system's journal,
 * too (measured: 240 us; 125 us if it overwrites blocks that were written before). So zeros are written where the next
 * frames will go: SQLite takes a WAL without a valid header as empty, and a frame without the salt of the header as the
 * end of the log. It is a matter of speed only: without space for it, nothing happens.
 */
import { closeSync, fdatasyncSync, fstatSync, openSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { WAL_PAGE_BYTES } from './database.js';
import { codeOf } from './errors.js';

/** So much is ready when the WAL is empty: a thousand small commits. */
const READY_BYTES = 4 << 20;
/** So much at a time is written when commits come near the end. */
const STEP_BYTES = 1 << 20;
/** When less than this is left, it is near. */
const NEAR_BYTES = 512 << 10;
/** A WAL that is longer got so by large commits, and each of those waits once for many records. */
const LENGTH_MAX = 32 << 20;
/** On a disk with less free space than this, no byte is taken that is not needed at once. */
const FREE_BYTES_MIN = 512 << 20;

/** No disk is broken for these: there is no more space, or not for this user, or not in one file. */
const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const ZEROS = Buffer.alloc(STEP_BYTES);

/** What it has to know of the database. */
export interface WalOwner {
  /** Pages in the WAL. */
  pages(): number;
  /** Calls `body` while no connection can write to the WAL: zeros must not meet a frame that has just got there. */
  alone(body: () => void): void;
}

/** The WAL of `log.db`. */
export class WalSpace {
  readonly #fd: number;
  readonly #directory: string;
  readonly #owner: WalOwner;
  #length = 0;
  /** The end of the frames, or more. */
  #used = 0;
  /** There was no space. */
  #isShort = false;

  /** @param file the database, open for writing: its WAL is there */
  constructor(file: string, owner: WalOwner) {
    this.#fd = openSync(`${file}-wal`, 'r+');
    this.#directory = dirname(file);
    this.#owner = owner;
  }

  /** The WAL was just opened, or emptied. */
  begin(): void {
    this.#isShort = false;
    this.#used = this.#owner.pages() * WAL_PAGE_BYTES;
    this.#extend(READY_BYTES);
  }

  /**
   * Transactions were committed.
   * @param pages at least as many as they have written
   */
  committed(pages: number): void {
    this.#used += pages * WAL_PAGE_BYTES;
    if (this.#isNear()) this.look();
  }

  /** The same, of so many that a guess would be far off. */
  look(): void {
    this.#used = this.#owner.pages() * WAL_PAGE_BYTES;
    this.#length = fstatSync(this.#fd).size;
    if (this.#isNear()) this.#extend(this.#used + STEP_BYTES);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #isNear(): boolean {
    return this.#used + NEAR_BYTES > this.#length && this.#used < LENGTH_MAX && !this.#isShort;
  }

  #extend(length: number): void {
    this.#owner.alone(() => {
      this.#length = fstatSync(this.#fd).size;
      if (this.#length < length) this.#writeZeros(length);
    });
  }

  #writeZeros(length: number): void {
    const { bavail, bsize } = statfsSync(this.#directory);
    if (bavail * bsize < FREE_BYTES_MIN) return;
    try {
      while (this.#length < length) {
        const bytes = Math.min(length - this.#length, STEP_BYTES);
        this.#length += writeSync(this.#fd, ZEROS, 0, bytes, this.#length);
      }
      fdatasyncSync(this.#fd);
    } catch (error) {
      if (!NO_SPACE.has(codeOf(error))) throw error;
      this.#isShort = true;
    }
  }
}

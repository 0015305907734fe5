/**
 * What this machine lets a campaign do, found out by trying: small file systems for disks that fill up, a library for
 * clocks that jump. What is not there is said, and the faults that need it are left out.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { ServerId } from '../ensemble/network.js';

/** Enough for the log of a long campaign, and less than the machine. */
const SMALL_DISK = '1500m';
/** Of the servers, so many have a small disk: less than all of three, and a quorum of them. */
const SMALL_DISKS = 2;
const CHUNK_BYTES = 64 * 1024;

const LIBFAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
];

export class Machine implements Disposable {
  /** Everything that a campaign leaves behind is in here. */
  readonly directory = mkdtempSync(path.join(tmpdir(), 'zabkeeper-faults-'));
  /** Why there are no small disks. */
  readonly noSmallDisks: string | undefined;
  /** Why no clock jumps. */
  readonly noFakeTime: string | undefined;
  /** Why packets are not lost. */
  readonly noPacketLoss: string | undefined;
  readonly #mounts = new Map<ServerId, string>();
  readonly #library: string | undefined;
  /** Whose clock can jump. */
  readonly clockServer: ServerId;

  /** @param servers they are numbered from 1 */
  constructor(servers: number) {
    this.clockServer = servers;
    this.noSmallDisks = reasonOf(() => this.#mountDisks(Math.min(SMALL_DISKS, servers)));
    this.#library = LIBFAKETIME.find((file) => existsSync(file));
    this.noFakeTime =
      this.#library === undefined ? 'libfaketime is not installed (package faketime)' : undefined;
    this.setClock('+0');
    const command = 'ip link set lo up && tc qdisc add dev lo root netem loss 1%';
    const reason = reasonOf(() => execFileSync('unshare', ['--net', 'sh', '-c', command], { stdio: 'pipe' }));
    this.noPacketLoss = `no netem in a network namespace of one's own: ${reason ?? 'not written yet'}`;
  }

  /** The small disk of a server, if it has one. */
  diskOf(id: ServerId): string | undefined {
    return this.#mounts.get(id);
  }

  get smallDisks(): readonly ServerId[] {
    return [...this.#mounts.keys()];
  }

  /** Leaves no byte free on a server's small disk. @returns what frees it again */
  fillDisk(id: ServerId): () => void {
    const mount = this.#mounts.get(id);
    if (mount === undefined) throw new Error(`server ${id} has no small disk`);
    const file = path.join(mount, 'somebody-elses');
    const { bavail, bsize } = statfsSync(mount);
    // Most of it at once; the rest piece by piece, because the server writes meanwhile.
    const most = Math.max(CHUNK_BYTES, bavail * bsize - 64 * CHUNK_BYTES);
    execFileSync('fallocate', ['-l', String(most), file], { stdio: 'pipe' });
    const fd = openSync(file, 'a');
    try {
      for (const chunk = Buffer.alloc(CHUNK_BYTES); ;) writeSync(fd, chunk);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(fd);
    }
    return () => rmSync(file, { force: true });
  }

  /** Additional environment of a server's process. */
  envOf(id: ServerId): Readonly<Record<string, string>> | undefined {
    if (id !== this.clockServer || this.#library === undefined) return undefined;
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#clockFile,
      FAKETIME_CACHE_DURATION: '1',
      // The wall clock only: timers go by the other one.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Puts the wall clock of one server forward or back. @param offset as `+3600s` */
  setClock(offset: string): void {
    writeFileSync(this.#clockFile, `${offset}\n`);
  }

  /** @param keep leaves the directory, which has what a failure is understood by */
  close(keep: boolean): void {
    for (const mount of this.#mounts.values()) {
      execFileSync('umount', ['--lazy', mount], { stdio: 'pipe' });
      rmSync(mount, { recursive: true, force: true });
    }
    this.#mounts.clear();
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.close(true);
  }

  get #clockFile(): string {
    return path.join(this.directory, 'clock');
  }

  #mountDisks(count: number): void {
    for (let id = 1; id <= count; id++) {
      const mount = path.join(this.directory, `disk-${id}`);
      mkdirSync(mount);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', mount], { stdio: 'pipe' });
      this.#mounts.set(id, mount);
    }
  }
}

/** What an attempt fails with, in one line. */
function reasonOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return text.trim().split('\n')[0] ?? 'no reason';
  }
}

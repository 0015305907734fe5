/**
 * The state that an Apache server would have after a start on its files: the newest intact snapshot, and the txns behind
 * it. Where Apache would go on without a word although something is missing, this stops and says so.
 */
import { basename } from 'node:path';
import { CONFIG, Tree } from '../tree/index.js';
import { ZXID_ZERO, epochOf, zxidOf, type Zxid } from '../types/index.js';
import { hex } from '../util/index.js';
import type { ApacheFiles, NamedFile } from './dataDirs.js';
import { ApacheDataError } from './errors.js';
import { DIGEST_VERSION, type StateDigest } from './format.js';
import { Replay } from './replay.js';
import { readSnapshot, type SnapshotInfo } from './snapshotReader.js';
import { readLog, type LogEntry } from './txnLog.js';

/** How to load. */
export interface LoadOptions {
  /** Go on where txns are missing or the state is not what its digest says. */
  readonly force: boolean;
  /** Told how far it is: of what, how much, and of how much if that is known. */
  progress?(what: string, done: number): void;
}

/** What was read, for the report. */
export interface LoadReport {
  readonly snapshot: (SnapshotInfo & NamedFile) | undefined;
  /** Newer snapshots that are damaged, with the reason. */
  readonly damagedSnapshots: readonly string[];
  readonly logs: readonly { readonly file: string; readonly txns: number }[];
  /** Txns behind the snapshot. */
  readonly txns: number;
  /** How often the state was held against a digest of Apache's, and after which txn last. */
  readonly digests: number;
  readonly verifiedZxid: bigint | undefined;
  /** Ephemerals whose session had ended. */
  readonly lostEphemerals: number;
  /** When the last txn was made, ms since 1970; undefined if no log was read. */
  readonly lastTime: bigint | undefined;
  /** What is not as it should be. */
  readonly remarks: readonly string[];
}

/** An Apache server's state. */
export interface ApacheState {
  readonly tree: Tree;
  readonly sessions: ReadonlyMap<bigint, number>;
  /** Of the last txn. */
  readonly zxid: Zxid;
  readonly report: LoadReport;
}

/** @throws ApacheDataError when the files do not add up to a state */
export async function loadApacheState(files: ApacheFiles, options: LoadOptions): Promise<ApacheState> {
  return new Loading(files, options).run();
}

class Loading {
  readonly #files: ApacheFiles;
  readonly #options: LoadOptions;
  readonly #damagedSnapshots: string[] = [];
  readonly #remarks: string[] = [];
  #replay = new Replay(new Tree());
  #zxid: bigint = ZXID_ZERO;
  /** The snapshot's, until the state is where it counts. */
  #awaited: StateDigest | undefined;
  /** Whether every txn's digest must fit; else the snapshot may be fuzzy, and only the last one has to. */
  #exact = false;
  #txns = 0;
  #lastTime: bigint | undefined;
  #digests = 0;
  #verifiedZxid: bigint | undefined;
  /** The last digest did not fit. */
  #mismatch: string | undefined;

  constructor(files: ApacheFiles, options: LoadOptions) {
    this.#files = files;
    this.#options = options;
  }

  async run(): Promise<ApacheState> {
    const snapshot = await this.#loadSnapshot();
    if (snapshot === undefined) this.#doubt(this.#noSnapshot());
    else this.#begin(snapshot);
    const logs = await this.#replayLogs();
    this.#checkEnd();
    const { tree, sessions } = this.#replay;
    const zxid = zxidOf(this.#zxid);
    const lostEphemerals = this.#replay.endLostSessions(zxid);
    // Who the members are is said by the zoo.cfg of the server to be, not by that of the one that was.
    tree.setData(CONFIG, Buffer.alloc(0), 0, ZXID_ZERO, 0n);
    return {
      tree,
      sessions,
      zxid,
      report: {
        snapshot,
        damagedSnapshots: this.#damagedSnapshots,
        logs,
        txns: this.#txns,
        digests: this.#digests,
        verifiedZxid: this.#verifiedZxid,
        lostEphemerals,
        lastTime: this.#lastTime,
        remarks: this.#remarks,
      },
    };
  }

  // --- the snapshot --------------------------------------------------------------------------------------------------

  async #loadSnapshot(): Promise<(SnapshotInfo & NamedFile) | undefined> {
    for (const named of this.#files.snapshots) {
      const name = basename(named.file);
      const replay = new Replay(new Tree());
      const { tree, sessions, withoutAcl } = replay;
      const sink = {
        session: (sessionId: bigint, timeOut: number) => void sessions.set(sessionId, timeOut),
        znodes: (bytes: Buffer, count: number) => tree.restoreRows(bytes, count),
        withoutAcl: (path: string) => void withoutAcl.add(path),
      };
      try {
        const info = await readSnapshot(named.file, sink, (znodes) =>
          this.#options.progress?.(`Reading ${name}`, znodes),
        );
        tree.restored();
        this.#replay = replay;
        return { ...named, ...info };
      } catch (error) {
        // Apache, too, takes the one before: nothing is lost as long as the logs reach back to it.
        if (!(error instanceof ApacheDataError)) throw error;
        this.#damagedSnapshots.push(error.message);
      }
    }
    return undefined;
  }

  #begin({ zxid, digest, file }: SnapshotInfo & NamedFile): void {
    this.#zxid = zxid;
    if (digest === undefined || digest.zxid === 0n || digest.zxid < zxid) return;
    if (digest.version !== DIGEST_VERSION) {
      this.#remarks.push(
        `${file} has a digest of version ${digest.version}, which cannot be verified; ${DIGEST_VERSION} can.`,
      );
      return;
    }
    this.#awaited = digest;
    if (digest.zxid === zxid) this.#meetAwaited();
  }

  #noSnapshot(): string {
    const reasons = this.#damagedSnapshots.map((reason) => ` ${reason}`).join('');
    return `There is no intact snapshot, and logs alone may not be all that there was.${reasons}`;
  }

  // --- the logs ------------------------------------------------------------------------------------------------------

  async #replayLogs(): Promise<{ file: string; txns: number }[]> {
    const { logs } = this.#files;
    const from = Math.max(
      0,
      logs.findLastIndex(({ zxid }) => zxid <= this.#zxid),
    );
    const read: { file: string; txns: number }[] = [];
    for (const [at, { file }] of logs.entries()) {
      if (at < from) continue;
      const before = this.#txns;
      const name = basename(file);
      const { torn, bytes } = await readLog(file, (entry) => {
        this.#take(entry, file);
        if (this.#txns % 1000 === 0) this.#options.progress?.(`Replaying ${name}`, this.#txns);
      });
      read.push({ file, txns: this.#txns - before });
      if (torn) {
        this.#remarks.push(
          `${file} ends with a record that was not written completely, at byte ${bytes}. It was never acknowledged, and is left out as by Apache.`,
        );
      }
    }
    return read;
  }

  #take(entry: LogEntry, file: string): void {
    const { zxid, time } = entry.header;
    // Also the same one once more: a request that could not be decoded is logged under the zxid before it.
    if (zxid <= this.#zxid) return;
    const follows = this.#zxid + 1n;
    if (epochOf(zxidOf(zxid)) === epochOf(zxidOf(this.#zxid)) && zxid !== follows) {
      this.#doubt(
        `Txns ${hex(follows)} to ${hex(zxid - 1n)} are missing: ${file} goes on with ${hex(zxid)} at byte ${entry.offset}.`,
      );
    }
    this.#replay.apply(entry);
    this.#zxid = zxid;
    this.#txns += 1;
    this.#lastTime = time;
    this.#compare(entry);
  }

  // --- digests -------------------------------------------------------------------------------------------------------

  #compare({ header: { zxid }, digest }: LogEntry): void {
    if (this.#awaited !== undefined) {
      if (zxid === this.#awaited.zxid) this.#meetAwaited();
      else if (zxid > this.#awaited.zxid) {
        this.#remarks.push(`No log has the txn ${hex(this.#awaited.zxid)} whose digest the snapshot holds.`);
        this.#awaited = undefined;
      }
    } else if (digest?.version === DIGEST_VERSION) this.#hold(digest.value, zxid);
  }

  #meetAwaited(): void {
    if (this.#awaited === undefined) return;
    const { value, zxid } = this.#awaited;
    this.#awaited = undefined;
    this.#exact = true;
    this.#hold(value, zxid);
  }

  #hold(expected: bigint, zxid: bigint): void {
    this.#digests += 1;
    const actual = this.#replay.tree.digest;
    if (BigInt.asUintN(64, expected) === actual) {
      this.#mismatch = undefined;
      this.#verifiedZxid = zxid;
      return;
    }
    this.#mismatch = `The state after txn ${hex(zxid)} has the digest ${hex(actual)}, but on the server that wrote it the digest was ${hex(expected)}: something is missing or damaged.`;
    if (!this.#exact) return;
    this.#doubt(this.#mismatch);
    // Said once: from here on none fits.
    this.#exact = false;
  }

  #checkEnd(): void {
    if (this.#awaited !== undefined) {
      this.#doubt(
        `The snapshot was finished at ${hex(this.#awaited.zxid)} and may hold effects of all txns up to there, but the logs end at ${hex(this.#zxid)}. If they are in a dataLogDir of their own, name it behind a comma.`,
      );
    }
    if (this.#mismatch !== undefined) this.#doubt(this.#mismatch);
    const { size } = this.#replay.withoutAcl;
    if (size > 0) {
      const [path = ''] = this.#replay.withoutAcl;
      throw new ApacheDataError(
        `The access lists of ${size} znodes, such as ${path}, are neither in the snapshot nor in a log. Take the data of another server.`,
      );
    }
  }

  #doubt(what: string): void {
    if (!this.#options.force) {
      throw new ApacheDataError(
        `${what} Take the data of another server of the ensemble, or say --force to go on with what is there.`,
      );
    }
    if (!this.#remarks.includes(what)) this.#remarks.push(what);
  }
}

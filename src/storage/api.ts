/**
 * What the host loop sees of storage, whichever of the two implementations is behind it: the databases on disk
 * (`disk.ts`) or their twin in memory (`memory.ts`). The order of calls is part of the contract:
 *
 * 1. `openStorage` checks what is there. If it resolves, everything up to `tail` is intact and on disk.
 * 2. `loadTree`, then `replay`: the state as of `tail`.
 * 3. `start`: from here `append`, `saveEpochs`, `synchronise` and `flush`, in any order, from one thread.
 * 4. `close`.
 *
 * `find`, `read` and `openSnapshot` only read, on a thread of their own, and may come at any time before `close`.
 */
import type { LogRecord, SessionRow } from '../codec/index.js';
import type { Epochs, LogBatch, LogMark } from '../engine/ports.js';
import type { StorageError } from './errors.js';

/** Where and how a server keeps its data. */
export interface StorageOptions {
  /** Directory of `tree-<generation>.db`. */
  dataDir: string;
  /** Directory of `log.db` and `mark`; may be the same. */
  dataLogDir: string;
  /** `myid`: files of another server are refused. */
  serverId: number;
  /** At least this many of the latest records stay in the log. */
  logRetentionRecords: number;
  /** At least this many bytes of the latest payloads stay in the log. */
  logRetentionBytes: number;
  /** Continue from what is intact where storage would refuse to open; see ADR 0002 for what that is. */
  acceptDataLoss: boolean;
  /**
   * Other servers have what this one lost: where storage would refuse to open, it sets the damaged files aside and
   * comes up `suspect` with what is intact, or empty. @default false
   */
  inEnsemble?: boolean;
  /** Make missing directories. In an empty directory a new store is made in any case. */
  autocreate: boolean;
  /** False: a write counts as durable before it is on disk. For tests and throw-away data. */
  forceSync: boolean;
  /** Told what an operator should know: long steps of a start, repairs, doubtful settings. */
  onProgress?(message: string, detail: Record<string, unknown>): void;
}

/** Takes the rows of `loadTree`. What it is given stays valid; nobody else keeps it. */
export interface TreeSink {
  /**
   * `bytes` are `count` jute ZnodeRows, one after the other, verified, and in memory of their own of about 1 MiB. A view
   * of `bytes` that is kept keeps all of it, so copy what you keep.
   */
  znodes(bytes: Buffer, count: number): void;
  session(row: SessionRow): void;
  /**
   * Forget all rows given so far: `tree.db` turned out to be damaged, was set aside, and the tree is rebuilt from the
   * log, which reaches back to the first record. Without this method `loadTree` rejects instead.
   */
  reset?(): void;
}

/** Called back, never from within a call into storage. */
export interface StorageHandler {
  /** All records up to `mark` are on disk (cumulative). */
  durable(mark: LogMark): void;
  /** These epochs are on disk, in `log.db` and in `mark`; earlier ones may have been skipped. */
  epochsDurable(epochs: Epochs): void;
  /**
   * Kind `full`: the records after the last `durable` are not on disk, and nothing is taken until `reopen`.
   * Any other kind is fatal: stop with `error.exitCode`; there are no more callbacks.
   */
  failed(error: StorageError): void;
}

/** Bytes of the files in each directory. */
export interface StorageSizes {
  dataDir: number;
  dataLogDir: number;
}

/** Free and total bytes of the file systems under each directory. */
export interface StorageSpace {
  dataDir: number;
  dataLogDir: number;
  dataDirTotal: number;
  dataLogDirTotal: number;
}

/** What `synchronise` does, all of it or nothing. */
export interface Synchronisation {
  /** Drop the records behind this one, which must be in the log, or be its start. */
  truncate?: LogMark | undefined;
  /** Take the snapshot that was staged with this base; the log begins anew behind it. Not together with `truncate`. */
  install?: LogMark | undefined;
  /** Records that follow then. Given away as in `append`. */
  batches: readonly LogBatch[];
  epochs?: Epochs | undefined;
  /** The new key of session passwords. */
  secret?: Buffer | undefined;
}

/** A piece of a snapshot on its way. */
export interface SnapshotPart {
  readonly bytes: Buffer;
  readonly last: boolean;
}

/** A piece of a snapshot that came in. */
export interface StagedPart {
  /** Of the snapshot, as its source says. */
  readonly base: LogMark;
  /** Not kept. */
  readonly bytes: Buffer;
  /** Begins anew: what was staged before is dropped. */
  readonly first: boolean;
  readonly last: boolean;
}

/** A consistent view of `tree.db`. While it is open, the log keeps all records behind its base. */
export interface SnapshotReader {
  /** The last record whose effects it contains. */
  readonly base: LogMark;
  /**
   * The next piece, about 256 KiB. Undefined when it broke off: the WAL of `tree.db` grew too long meanwhile, the tree
   * is damaged, or another snapshot was installed.
   */
  next(): Promise<SnapshotPart | undefined>;
  close(): void;
}

/** The durable side of one server. */
export interface Storage {
  /** The key of session passwords: 32 random bytes made at the first start, or what `synchronise` brought. */
  readonly secret: Buffer;
  /** The epochs on disk. */
  readonly epochs: Epochs;
  /**
   * An earlier run ended in an I/O error or lost acknowledged records: no vote until an established leader has
   * synchronised this server. Cleared by the `saveEpochs` that raises `currentEpoch`, and by the `synchronise` that
   * saves the epoch of such a leader, raised or not. Always true with `needsSnapshot`.
   */
  readonly suspect: boolean;
  /**
   * The log and its promises are intact, but the tree was lost and the log does not reach back far enough to rebuild it.
   * There is no state until a snapshot was installed: `loadTree` and `replay` give nothing, nothing may be flushed.
   */
  readonly needsSnapshot: boolean;
  /** The record before the first one of the log. */
  readonly logStart: LogMark;
  /** The durable end of the log. */
  readonly tail: LogMark;
  /** What `tree.db` contains: `replay` starts after it. */
  readonly treeMark: LogMark;

  /**
   * Gives all rows of `tree.db` to `sink`, parents before their children, and lets other work of the process go on in
   * between. Once before `start`, and again after each `synchronise` that installed a snapshot, before the first flush.
   */
  loadTree(sink: TreeSink): Promise<void>;
  /**
   * Gives the records after `treeMark` to `sink`, in order; each is verified. Payloads are views of larger memory: copy
   * what you keep.
   */
  replay(sink: (record: LogRecord) => void): Promise<void>;
  /** Ends the reading phase. */
  start(handler: StorageHandler): void;

  /**
   * Writes the records behind all earlier ones. `batch.bytes` is given away: it must own its ArrayBuffer from offset
   * 0, and is empty afterwards. After a `full` this does nothing until `reopen` has resolved.
   */
  append(batch: LogBatch): void;
  /** Whether `appendNow` would write a small group. */
  readonly isQuick: boolean;
  /**
   * Writes a few records at once, and lets nothing else happen on this thread until they are on disk: quicker than
   * `append` where the disk is quick and nothing is on its way to it.
   * @returns their end, for which `durable` is not called; undefined when nothing was written, because it would not be
   *   quicker, or could not be done: `append` the same batches, or hear from `failed`
   */
  appendNow(batches: readonly LogBatch[]): LogMark | undefined;
  /** Writes both epochs, behind all records appended before. After a `full` this does nothing, like `append`. */
  saveEpochs(epochs: Epochs): void;
  /**
   * Resolves with the durable end of the log when all that was handed over before is on disk; rejects when the log
   * failed before that.
   */
  fence(): Promise<LogMark>;
  /**
   * Brings the log to where a leader wants it, in one transaction behind all that was handed over before; a crash
   * leaves all of it or nothing. `durable` and `epochsDurable` are not called for what it contains: when it resolves,
   * `tail` and `epochs` say so.
   *
   * Rejects and changes nothing if the log does not have the record to truncate to, or the tree already contains
   * effects of later ones; then what was appended or saved since is dropped, too, and the log goes on from `tail`.
   *
   * With `install`, all flushes handed over before it resolves are dropped, and `treeMark` is the base afterwards.
   */
  synchronise(op: Synchronisation): Promise<void>;

  /** The last record whose zxid is not greater, or the start of the log; undefined if it lies before that. */
  find(zxid: bigint): Promise<LogMark | undefined>;
  /**
   * Durable records after index `after`, at least one and about `maxBytes` of them, verified. Undefined if the log does
   * not have the first of them: not any more, or not yet. Rejects with kind `corrupt` if they are damaged.
   */
  read(after: number, maxBytes: number): Promise<LogBatch | undefined>;
  /** Undefined while two others are open, or if there is no tree. */
  openSnapshot(): Promise<SnapshotReader | undefined>;
  /**
   * Writes a piece of a snapshot into a file beside the tree. One at a time, in order. With the `last` one all is
   * verified and brought to the disk, ready for `synchronise`.
   * @returns false if it is damaged or there is no space for it; then the next one has to be a first one
   */
  stage(part: StagedPart): Promise<boolean>;
  /** Drops what was staged. */
  unstage(): void;

  /**
   * Hands over a jute `TreeFlush`, given away as in `append`. It may contain effects of durable records only.
   */
  flush(bytes: Buffer): void;
  /** Bytes handed to `flush` that are not in `tree.db` yet. */
  readonly flushBacklogBytes: number;

  /**
   * After `full`: opens the log again. Resolves with the durable tail, from which index and chain continue; rejects,
   * and may be tried again, if even that finds no space.
   */
  reopen(): Promise<LogMark>;
  sizes(): Promise<StorageSizes>;
  free(): Promise<StorageSpace>;
  /** Waits until everything appended and flushed is on disk, then lets go of the directories. */
  close(): Promise<void>;
}

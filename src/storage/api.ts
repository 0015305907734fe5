/**
 * What the host loop sees of storage, whichever of the two implementations is behind it: the databases on disk
 * (`disk.ts`) or their twin in memory (`memory.ts`). The order of calls is part of the contract:
 *
 * 1. `openStorage` checks what is there. If it resolves, everything up to `tail` is intact and on disk.
 * 2. `loadTree`, then `replay`: the state as of `tail`.
 * 3. `start`: from here `append`, `saveEpochs` and `flush`, in any order, from one thread.
 * 4. `close`.
 */
import type { LogRecord, SessionRow, ZnodeRow } from '../codec/index.js';
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
  /** Make missing directories. In an empty directory a new store is made in any case. */
  autocreate: boolean;
  /** False: a write counts as durable before it is on disk. For tests and throw-away data. */
  forceSync: boolean;
  /** Told what an operator should know: long steps of a start, repairs, doubtful settings. */
  onProgress?(message: string, detail: Record<string, unknown>): void;
}

/** Takes the rows of `loadTree`. What it is given stays valid; nobody else keeps it. */
export interface TreeSink {
  znode(row: ZnodeRow): void;
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

/** The durable side of one server. */
export interface Storage {
  /** 32 random bytes made at the first start: the key of session passwords. */
  readonly secret: Buffer;
  /** The epochs on disk. */
  readonly epochs: Epochs;
  /**
   * An earlier run ended in an I/O error or lost acknowledged records: no vote until an established leader has
   * synchronised this server. Cleared by the `saveEpochs` that raises `currentEpoch`.
   */
  readonly suspect: boolean;
  /** The durable end of the log. */
  readonly tail: LogMark;
  /** What `tree.db` contains: `replay` starts after it. */
  readonly treeMark: LogMark;

  /**
   * Gives all rows of `tree.db` to `sink`, parents before their children, and lets other work of the process go on in
   * between.
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
  /** Writes both epochs, behind all records appended before. After a `full` this does nothing, like `append`. */
  saveEpochs(epochs: Epochs): void;
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

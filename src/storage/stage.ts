/**
 * Writes a snapshot that comes in piece by piece into a database beside the tree (zab.md 7.6): nothing looks at it
 * before it is complete, verified and on disk. Runs on the transfer worker.
 */
import { statfsSync } from 'node:fs';
import type { LogMark } from '../engine/ports.js';
import type { TreeIdentity } from './create.js';
import { checkpoint, openForWriting, transaction, WAL_PAGE_BYTES, type Connection } from './database.js';
import { syncDirectory, syncFile } from './directories.js';
import { StorageError } from './errors.js';
import { removeDatabase, stageFile } from './files.js';
import { markValues, Meta } from './meta.js';
import { createSchema, TREE_SCHEMA } from './schema.js';
import { ChunkChecker, type CheckedChunk } from './snapshotChunk.js';
import { digestValues, emptyTreeValues, prepareTree, znodeValues, type TreeStatements } from './treeRows.js';

/** So much stays free for the log, but no more than a part of a small disk. */
const SPARE_BYTES = 128 << 20;
const SPARE_PART = 1 / 20;

const WAL_LONG_BYTES = 16 << 20;

/** Whose tree it will be. */
export type StageIdentity = Omit<TreeIdentity, 'generation'>;

/** An unfinished stage. */
export class Stage {
  readonly base: LogMark;
  readonly #dataDir: string;
  readonly #file: string;
  readonly #db: Connection;
  readonly #meta: Meta;
  readonly #statements: TreeStatements;
  readonly #checker: ChunkChecker;
  #started = false;

  /** Drops what was staged before. */
  constructor(dataDir: string, base: LogMark, { serverId, dataId }: StageIdentity) {
    this.base = base;
    this.#dataDir = dataDir;
    this.#file = stageFile(dataDir);
    this.#checker = new ChunkChecker(base);
    removeDatabase(this.#file);
    // Nothing of it counts before `finish` has brought it to the disk as a whole.
    this.#db = openForWriting(this.#file, 'OFF');
    try {
      createSchema(this.#db, TREE_SCHEMA, () => {
        Meta.create(this.#db, this.#file, { serverId: BigInt(serverId), dataId, ...emptyTreeValues() });
      });
      this.#meta = Meta.read(this.#db, this.#file);
      this.#statements = prepareTree(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** @returns what is wrong, in words; then `drop` it */
  write(bytes: Buffer, last: boolean): string | undefined {
    const chunk = this.#checker.take(bytes, last);
    if (typeof chunk === 'string') return `The snapshot is damaged: ${chunk}.`;
    // The first piece tells the size of all, the others only have to fit themselves: in the WAL and in the file.
    const needed = this.#started ? 2 * bytes.byteLength : Math.max(chunk.fileBytes, 2 * bytes.byteLength);
    this.#started = true;
    const missing = missingBytes(this.#dataDir, needed);
    if (missing > 0) {
      return `${this.#dataDir}: ${missing} bytes are missing for a snapshot beside the tree. Free some space.`;
    }
    transaction(this.#db, () => this.#insert(chunk, last));
    const { pages } = checkpoint(this.#db, 'NOOP');
    if (pages * WAL_PAGE_BYTES >= WAL_LONG_BYTES) checkpoint(this.#db, 'TRUNCATE');
    return undefined;
  }

  /** After the last piece: the file is complete in itself, and on disk. */
  finish(): void {
    const { done } = checkpoint(this.#db, 'TRUNCATE');
    if (!done) throw new StorageError('io', `${this.#file} could not be checkpointed.`);
    // The last connection removes the WAL; only then the file has no locks that opening it elsewhere would drop.
    this.#db.close();
    syncFile(this.#file);
    syncDirectory(this.#dataDir);
  }

  drop(): void {
    this.#db.close();
    removeDatabase(this.#file);
  }

  #insert({ znodes, sessions }: CheckedChunk, last: boolean): void {
    for (const { row, crc } of znodes) this.#statements.insertZnode.run(row.path, ...znodeValues(row), crc);
    for (const { row, crc } of sessions) this.#statements.putSession.run(row.sessionId, row.timeOut, crc);
    if (last)
      this.#meta.write({ ...markValues('applied', this.base), ...digestValues(this.#checker.digest) });
  }
}

/** How much is missing to write so many bytes and leave room for others. */
function missingBytes(directory: string, needed: number): number {
  const { bavail, blocks, bsize } = statfsSync(directory);
  const spare = Math.min(SPARE_BYTES, blocks * bsize * SPARE_PART);
  return Math.ceil(needed + spare - bavail * bsize);
}

/** Makes the files of a new server, and the single ones that a start may have to make again. */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { LOG_START, type Epochs, type LogMark } from '../engine/ports.js';
import { checkpoint, openForWriting } from './database.js';
import { syncDirectory } from './directories.js';
import { setAside, treeFile, type StorageFiles } from './files.js';
import { epochValues } from './logWriter.js';
import { MarkFile, type MarkState } from './mark.js';
import { markValues, Meta } from './meta.js';
import { createSchema, LOG_SCHEMA, TREE_SCHEMA } from './schema.js';
import { emptyTreeValues } from './treeRows.js';

const NO_EPOCHS: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };

/** What a new `log.db` says about itself. */
export interface LogIdentity {
  readonly serverId: number;
  readonly dataId: string;
  readonly secret: Buffer;
  readonly epochs: Epochs;
  readonly logStart: LogMark;
  readonly generation: number;
}

/**
 * Makes everything. `log.db` comes first: without it, the other files are remains of a damaged store, and without
 * them, an empty `log.db` is a first start that was interrupted.
 */
export function createAll(files: StorageFiles, serverId: number): void {
  const identity: LogIdentity = {
    serverId,
    dataId: randomBytes(16).toString('hex'),
    secret: randomBytes(32),
    epochs: NO_EPOCHS,
    logStart: LOG_START,
    generation: 1,
  };
  createLog(files.log, files.dataLogDir, identity);
  createTree(files, identity);
  createMark(files, { ...identity, acked: LOG_START, suspect: false });
}

/** Makes an empty log. */
export function createLog(file: string, directory: string, identity: LogIdentity): void {
  const { serverId, dataId, secret, epochs, logStart, generation } = identity;
  const db = openForWriting(file, 'FULL');
  try {
    createSchema(db, LOG_SCHEMA, () => {
      Meta.create(db, file, {
        serverId: BigInt(serverId),
        dataId,
        secret,
        ...epochValues(epochs),
        ...markValues('logStart', logStart),
        treeGeneration: BigInt(generation),
      });
    });
    checkpoint(db, 'TRUNCATE');
  } finally {
    db.close();
  }
  syncDirectory(directory);
}

/** Whose tree it is, and which. */
export type TreeIdentity = Pick<LogIdentity, 'serverId' | 'dataId' | 'generation'>;

/**
 * Sets the tree aside, if there is one, and makes an empty one. All its connections must be closed.
 * @returns the new name of the old one, if there was one
 */
export function rebuildTree(files: StorageFiles, identity: TreeIdentity): string | undefined {
  const old = setAside(files.dataDir, basename(treeFile(files, identity.generation)), new Date());
  createTree(files, identity);
  return old;
}

/** Makes an empty tree of the generation that `log.db` names. */
export function createTree(files: StorageFiles, { serverId, dataId, generation }: TreeIdentity): void {
  const file = treeFile(files, generation);
  const db = openForWriting(file, 'FULL');
  try {
    createSchema(db, TREE_SCHEMA, () => {
      Meta.create(db, file, { serverId: BigInt(serverId), dataId, ...emptyTreeValues() });
    });
    checkpoint(db, 'TRUNCATE');
  } finally {
    db.close();
  }
  syncDirectory(files.dataDir);
}

/** Makes or replaces the mark. */
export function createMark(files: StorageFiles, state: MarkState): void {
  const { serverId, dataId, epochs, acked, suspect } = state;
  MarkFile.create(files.mark, { serverId, dataId, epochs, acked, suspect }).close();
  syncDirectory(files.dataLogDir);
}

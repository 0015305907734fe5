/** The durable side of a server: the log, the tree behind it, both epochs. */
export type {
  SnapshotPart,
  SnapshotReader,
  StagedPart,
  Storage,
  StorageHandler,
  StorageOptions,
  StorageSizes,
  StorageSpace,
  Synchronisation,
  TreeSink,
} from './api.js';
export { StorageError, type StorageErrorKind } from './errors.js';
export { MemoryDisk, MemoryStorage, openMemoryStorage, type MemoryStorageOptions } from './memory.js';
export { openStorage } from './open.js';
export { ensembleIdOf } from './ensembleId.js';

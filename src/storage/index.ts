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
export { codeOf, StorageError, writeError, type StorageErrorKind } from './errors.js';
export { MemoryDisk, MemoryStorage, openMemoryStorage, type MemoryStorageOptions } from './memory.js';
export { openStorage } from './open.js';
export { ensembleIdOf } from './ensembleId.js';
export {
  openBackup,
  verifyBackup,
  writeBackup,
  type BackupInfo,
  type OpenBackup,
  type WriteBackupOptions,
} from './backupFile.js';
export { isLocked } from './lock.js';
export type { StateRows } from './fillTree.js';
export { FoundingSite, type Existing, type Founding, type FoundingPlace } from './founding.js';
export {
  describeMark,
  openRemains,
  openStored,
  queryStored,
  StoredData,
  type QueryResult,
  type RowCounts,
  type RowSink,
  type StoredFacts,
  type StoredLocation,
} from './stored.js';

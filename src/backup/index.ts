/** The data of a server as a whole, from outside of it: taken over, handed on, saved, brought back, looked at. */
export type { Progress } from './progress.js';
export { importApache, type ImportOptions, type ImportReport } from './importApache.js';
export { exportApache, type ExportReport } from './exportApache.js';
export { backUp, restore, type BackupReport, type RestoreOptions, type RestoreReport } from './backup.js';
export { inspect, type Inspection } from './inspect.js';
export { recover, type Recovery, type RecoveryPlan } from './recover.js';
export {
  describeMark,
  openBackup,
  openStored,
  queryStored,
  StorageError,
  type BackupInfo,
  type QueryResult,
  type StoredData,
} from '../storage/index.js';

/** The data of a server as a whole, from outside of it: taken over, handed on, saved, brought back, looked at. */
export type { Progress } from './progress.js';
export { importApache, type ImportOptions, type ImportReport } from './importApache.js';
export { exportApache, type ExportReport } from './exportApache.js';
export { openStored, StorageError, type StoredData } from '../storage/index.js';

/** Files of Apache ZooKeeper: its snapshots and logs, read and written. */
export { ApacheDataError } from './errors.js';
export { findApacheFiles, type ApacheFiles, type NamedFile } from './dataDirs.js';
export { writeSnapshot, type SnapshotSource } from './snapshotWriter.js';
export { loadApacheState, type ApacheState, type LoadOptions, type LoadReport } from './load.js';

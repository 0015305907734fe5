/** The server: the host loop, and what may be looked at while it runs. */
export { Server, type FatalError } from './server.js';
export type { Word, Words } from './connectionHost.js';
export { BOUNDS_MS, type DistributionStatus } from './distribution.js';
export { WRITE_STAGES, type WriteStage } from './writeStages.js';
export type {
  ConnectionStatus,
  LatencyStatus,
  Mode,
  Phase,
  SessionLoad,
  Status,
  SummaryStatus,
  WatchStatus,
} from './status.js';

/** The server: the host loop, and what may be looked at while it runs. */
export { Server, type FatalError } from './server.js';
export type { Word, Words } from './connectionHost.js';
export type { ConnectionStatus, LatencyStatus, Mode, Status, WatchStatus } from './status.js';

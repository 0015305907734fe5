/** `zabkeeper`: the client, and the server for embedding into programs and tests. */
export * from './client/index.js';
export { startServer, type RunningServer, type StartOptions } from './start/index.js';

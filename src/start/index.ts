/** Puts a server together out of configuration, storage, host and four-letter words. */
export { runServer, startServer, type RunningServer, type StartOptions } from './start.js';

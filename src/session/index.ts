/** The session table and its deadlines. */
export { Sessions, type SessionChanges } from './sessions.js';

/** The state machine that the host loop and the simulator drive. */
export { Engine } from './engine.js';
export { State } from './state.js';
export type { EngineSettings, Memberships } from './settings.js';
export {
  newOutput,
  type ClientEffect,
  type CloseReason,
  type ConnectionId,
  type Input,
  type MultiReadResult,
  type Note,
  type Output,
  type ReplyBody,
} from './messages.js';
export { LOG_START, type Epochs, type LogBatch, type LogMark } from './ports.js';

/** Watch tables: a change in, events out. */
export { Watches, sizeOfLists, type EmitEvent, type NodeZxids, type WatchLists } from './watches.js';
export { type WatcherId, type WatchTable } from './table.js';

/** All tables. */
import { aclTable, authTable } from './acl.js';
import { addWatchTable, removeWatchesTable } from './addWatch.js';
import { createTable, modesTable } from './create.js';
import { deleteTable } from './delete.js';
import { handshake } from './handshake.js';
import { multiReadTable, multiTable } from './multi.js';
import { readsTable, xidTable } from './reads.js';
import { sequence } from './sequence.js';
import { setDataTable } from './setData.js';
import { setWatchesTable } from './setWatches.js';
import { eventZxidTable, watchTable } from './watches.js';
import type { Group } from '../steps.js';

export const groups: readonly Group[] = [
  handshake,
  createTable,
  modesTable,
  sequence,
  deleteTable,
  setDataTable,
  readsTable,
  xidTable,
  aclTable,
  authTable,
  multiTable,
  multiReadTable,
  watchTable,
  eventZxidTable,
  addWatchTable,
  removeWatchesTable,
  setWatchesTable,
];

/** All tables. */
import { aclTable } from './acl.js';
import { addWatchTable } from './addWatch.js';
import { authTable } from './auth.js';
import { createTable, modesTable } from './create.js';
import { deleteTable } from './delete.js';
import { handshake } from './handshake.js';
import { containerTable, ttlTable } from './kinds.js';
import { multiReadTable, multiTable } from './multi.js';
import { eagerTable, narrowTable, noTtlTable } from './narrow.js';
import { pathTable } from './paths.js';
import { quotaTable, trackingTable } from './quota.js';
import { readsTable, xidTable } from './reads.js';
import { enforcedTable, noSaslTable, openTable, saslTable } from './security.js';
import { removeWatchesTable } from './removeWatches.js';
import { sequence } from './sequence.js';
import { internalTable, malformedTable, sessionTable, unknownTable } from './sessions.js';
import { setDataTable } from './setData.js';
import { setWatchesTable } from './setWatches.js';
import { expiryTable, reapingTable } from './time.js';
import { eventZxidTable, watchOrderTable } from './watchOrder.js';
import { watchTable } from './watches.js';
import { reconfigTable, wordTable } from './words.js';
import type { Group } from '../steps.js';

export const groups: readonly Group[] = [
  // First, because an older Apache counts watches that others of these tables made it forget.
  wordTable,
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
  watchOrderTable,
  eventZxidTable,
  addWatchTable,
  removeWatchesTable,
  setWatchesTable,
  sessionTable,
  unknownTable,
  internalTable,
  malformedTable,
  containerTable,
  ttlTable,
  pathTable,
  expiryTable,
  reapingTable,
  quotaTable,
  trackingTable,
  noSaslTable,
  saslTable,
  enforcedTable,
  openTable,
  narrowTable,
  noTtlTable,
  eagerTable,
  reconfigTable,
];

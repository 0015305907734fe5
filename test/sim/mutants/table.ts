/**
 * The core with one thing wrong at a time (zab.md section 5): what the simulator must find, or it cannot see. Edits are
 * made in compiled files, below dist/, so that nothing of this is in the product.
 */
import { BROADCAST } from './broadcast.js';
import { CLIENTS } from './clients.js';
import { ELECTION } from './election.js';
import { HOSTS } from './hosts.js';
import type { Excepted, Mutant } from './mutant.js';
import { SESSIONS } from './sessions.js';
import { SYNCHRONISATION } from './synchronisation.js';

/** In the order of their ids. */
export const MUTANTS: readonly Mutant[] = [
  ...ELECTION,
  ...SYNCHRONISATION,
  ...BROADCAST,
  ...HOSTS,
  ...SESSIONS,
  ...CLIENTS,
].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Rows without a mutant. */
export const EXCEPTED: readonly Excepted[] = [
  {
    id: 'M34',
    what: 'the lease is checked by a timer only, not after a pause',
    reason:
      'nothing is answered on the word of the lease: syncs wait for a quorum that answers a later ping, failed writes ' +
      'are records, and the end of a session is one too, so a leader past its lease confirms nothing',
  },
];

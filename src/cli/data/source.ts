/** Why this file exists: commands read the data of a server or a backup file, and say so in the same way. */
import { openStored, type StoredData } from '../../backup/index.js';
import type { DataPlace } from '../../config/index.js';

/** @param place the directories of the server, asked for if no backup is named */
export function openSource(backup: string | undefined, place: () => DataPlace): StoredData {
  if (backup !== undefined) throw new Error('not yet');
  return openStored(place());
}

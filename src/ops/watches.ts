/**
 * Why this file exists: wchs, wchc and wchp. As in ZooKeeper they know the data table alone: watches on children are
 * counted by mntr only.
 */
import type { Status } from '../server/index.js';
import { hex } from '../util/index.js';
import { lines, whole } from './format.js';

/** How many watches there are. */
export function wchs({ watches }: Status): string {
  return lines(
    `${watches.bySession().size} connections watching ${watches.byPath().size} paths`,
    `Total watches:${whole(watches.dataTotal)}`,
  );
}

/** Watched paths by session. */
export function wchc({ watches }: Status): string {
  const entries = [...watches.bySession()];
  return lines(...entries.flatMap(([id, paths]) => [hex(id), ...paths.map((path) => `\t${path}`)]), '');
}

/** Watching sessions by path. */
export function wchp({ watches }: Status): string {
  const entries = [...watches.byPath()];
  return lines(...entries.flatMap(([path, ids]) => [path, ...ids.map((id) => `\t${hex(id)}`)]), '');
}

/** All that count situations. */
import { Elections, Leaderships } from './election.js';
import type { NoticedWorld, Noticer } from './noticer.js';
import { Sessions } from './sessions.js';
import { DiskMoments, Synchronisations } from './synchronisation.js';

export type { NoticedWorld, Noticer } from './noticer.js';

const NOTICERS: readonly (new (world: NoticedWorld) => Noticer)[] = [
  Elections,
  Leaderships,
  Synchronisations,
  DiskMoments,
  Sessions,
];

export function allNoticers(world: NoticedWorld): Noticer[] {
  return NOTICERS.map((Each) => new Each(world));
}

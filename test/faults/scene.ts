/** What faults are, and what they are given. */
import type { Ensemble, Member } from '../ensemble/ensemble.js';
import type { Random } from '../helpers/random.js';
import { sleep } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';
import type { Machine } from './machine.js';

export interface Scene {
  readonly ensemble: Ensemble;
  readonly machine: Machine;
  readonly random: Random;
  /** Into the campaign's log, with the time. */
  readonly note: (what: string) => void;
}

/**
 * Does something to an ensemble under load, for a while, and undoes it: when it returns every server runs and every
 * link is whole again, though servers need not serve yet.
 */
export interface FaultKind {
  readonly name: string;
  /** Why it cannot happen here; undefined if it can. */
  readonly skip?: (where: { readonly flavour: Flavour; readonly machine: Machine }) => string | undefined;
  readonly act: (scene: Scene) => Promise<void>;
}

/** What the others need to hear nothing for until they know: syncLimit ticks with Apache's, peerTimeoutMs with ours. */
export function silentMs({ ensemble, random }: Scene): number {
  return ensemble.flavour === 'apache' ? 12_000 : 2000 + random.int(3000);
}

export function pause({ random }: Scene, msMin: number, msMax: number): Promise<void> {
  return sleep(msMin + random.int(msMax - msMin));
}

export async function aFollower({ ensemble, random }: Scene): Promise<Member> {
  return random.pick(ensemble.others(await ensemble.leader()));
}

export function anybody({ ensemble, random }: Scene): Member {
  return random.pick(ensemble.members);
}

export function onLeader(act: (scene: Scene, leader: Member) => Promise<void>): FaultKind['act'] {
  return async (scene: Scene): Promise<void> => act(scene, await scene.ensemble.leader());
}

export function onFollower(act: (scene: Scene, follower: Member) => Promise<void>): FaultKind['act'] {
  return async (scene: Scene): Promise<void> => act(scene, await aFollower(scene));
}

export function notForApache({ flavour }: { readonly flavour: Flavour }): string | undefined {
  return flavour === 'apache' ? 'it knows the files of our server only' : undefined;
}

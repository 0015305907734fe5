/** Faults of processes: killed, frozen, told to stop. */
import type { Member } from '../ensemble/ensemble.js';
import { sleep } from '../interop/process.js';
import { onFollower, onLeader, pause, silentMs, type FaultKind, type Scene } from './scene.js';

async function killed(scene: Scene, victims: readonly Member[], downMsMax: number): Promise<void> {
  scene.note(`kill -9 of ${victims.map(({ id }) => id).join(', ')}`);
  await Promise.all(victims.map((victim) => victim.kill()));
  await pause(scene, 0, downMsMax);
  await Promise.all(victims.map((victim) => victim.start()));
}

async function frozen(scene: Scene, victim: Member): Promise<void> {
  const durationMs = scene.random.pick([500, 1500, silentMs(scene)]);
  scene.note(`SIGSTOP of ${victim.id} for ${durationMs} ms`);
  victim.freeze();
  await sleep(durationMs);
  victim.thaw();
}

async function restarted(scene: Scene, victim: Member): Promise<void> {
  scene.note(`SIGTERM of ${victim.id}`);
  await victim.stop();
  await pause(scene, 0, 1000);
  await victim.start();
}

async function rolling(scene: Scene): Promise<void> {
  const leader = await scene.ensemble.leader();
  const followers = scene.ensemble.others(leader);
  scene.note('a rolling restart');
  for (const member of [...followers, leader]) {
    await member.stop();
    await member.start();
    await member.serving();
  }
}

function quorumOf({ ensemble }: Scene): number {
  return Math.floor(ensemble.members.length / 2) + 1;
}

export const PROCESS_FAULTS: readonly FaultKind[] = [
  { name: 'kill -9 leader', act: onLeader((scene, leader) => killed(scene, [leader], 2000)) },
  { name: 'kill -9 follower', act: onFollower((scene, follower) => killed(scene, [follower], 3000)) },
  {
    name: 'kill -9 quorum',
    act: async (scene: Scene): Promise<void> => {
      const members = [...scene.ensemble.members];
      while (members.length > quorumOf(scene)) members.splice(scene.random.int(members.length), 1);
      await killed(scene, members, 1500);
    },
  },
  { name: 'kill -9 all', act: (scene) => killed(scene, scene.ensemble.members, 1000) },
  {
    name: 'kill -9 leader, again and again',
    act: async (scene: Scene): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        const leader = await scene.ensemble.leader();
        await killed(scene, [leader], 500);
        await pause(scene, 0, 700);
      }
    },
  },
  { name: 'SIGSTOP leader', act: onLeader(frozen) },
  { name: 'SIGSTOP follower', act: onFollower(frozen) },
  { name: 'SIGTERM leader', act: onLeader(restarted) },
  { name: 'SIGTERM follower', act: onFollower(restarted) },
  { name: 'rolling restart', act: rolling },
];

/**
 * The faults of a campaign. Each does something to an ensemble under load, for a while, and undoes it: when it returns
 * every server runs and every link is whole again, though servers need not serve yet.
 */
import type { Ensemble, Member } from '../ensemble/ensemble.js';
import type { Random } from '../helpers/random.js';
import { sleep } from '../interop/process.js';
import type { Flavour } from '../interop/server.js';

/** What a fault is given. */
export interface Scene {
  readonly ensemble: Ensemble;
  readonly random: Random;
  /** Into the campaign's log, with the time. */
  readonly note: (what: string) => void;
}

export interface FaultKind {
  readonly name: string;
  /** Why it cannot happen here; undefined if it can. */
  readonly skip?: (machine: { readonly flavour: Flavour }) => string | undefined;
  readonly act: (scene: Scene) => Promise<void>;
}

/** Apache's servers hear of a silent peer after syncLimit ticks; ours after peerTimeoutMs. */
function silentMs({ ensemble, random }: Scene): number {
  return ensemble.flavour === 'apache' ? 12_000 : 2000 + random.int(3000);
}

function pause({ random }: Scene, msMin: number, msMax: number): Promise<void> {
  return sleep(msMin + random.int(msMax - msMin));
}

async function leaderAndFollowers({ ensemble }: Scene): Promise<readonly [Member, readonly Member[]]> {
  const leader = await ensemble.leader();
  return [leader, ensemble.others(leader)];
}

function quorumOf({ ensemble }: Scene): number {
  return Math.floor(ensemble.members.length / 2) + 1;
}

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

async function isolated(
  scene: Scene,
  victim: Member,
  how: Parameters<Ensemble['network']['isolate']>[1],
): Promise<void> {
  scene.note(`${victim.id} is cut off: ${how}`);
  scene.ensemble.network.isolate(victim.id, how);
  await sleep(silentMs(scene));
  scene.ensemble.network.heal();
}

/** One server sees everybody, the others see only that one. */
async function bridged(scene: Scene): Promise<void> {
  const bridge = scene.random.pick(scene.ensemble.members);
  const others = scene.ensemble.others(bridge);
  const how = scene.random.pick(['reset', 'silent'] as const);
  scene.note(`only ${bridge.id} sees the others (${how})`);
  for (const a of others) {
    for (const b of others) {
      if (a === b) continue;
      if (how === 'silent') scene.ensemble.network.hold(a.id, b.id);
      else if (a.id < b.id) scene.ensemble.network.cut(a.id, b.id);
    }
  }
  await sleep(silentMs(scene));
  scene.ensemble.network.heal();
}

async function flapping(scene: Scene): Promise<void> {
  const FLAP_MS = 200;
  const victim = scene.random.pick(scene.ensemble.members);
  const how = scene.random.pick(['reset', 'silent'] as const);
  scene.note(`links of ${victim.id} flap (${how})`);
  const until = performance.now() + silentMs(scene);
  while (performance.now() < until) {
    scene.ensemble.network.isolate(victim.id, how);
    await sleep(FLAP_MS);
    scene.ensemble.network.heal();
    await sleep(FLAP_MS);
  }
}

async function slow(scene: Scene): Promise<void> {
  const { ensemble } = scene;
  const victim = scene.random.pick(ensemble.members);
  scene.note(`links of ${victim.id} take 200 ms`);
  for (const { id } of ensemble.others(victim)) {
    ensemble.network.delay(victim.id, id, 100);
    ensemble.network.delay(id, victim.id, 100);
  }
  await pause(scene, 2000, 5000);
  ensemble.network.heal();
}

async function resets(scene: Scene): Promise<void> {
  const { network, members } = scene.ensemble;
  const victim = scene.random.pick(members);
  scene.note(`connections of ${victim.id} are reset, now and then`);
  for (let i = 0; i < 5; i++) {
    network.isolate(victim.id, 'reset');
    network.heal();
    await pause(scene, 100, 600);
  }
}

async function rolling(scene: Scene): Promise<void> {
  const [leader, followers] = await leaderAndFollowers(scene);
  scene.note('a rolling restart');
  for (const member of [...followers, leader]) {
    await member.stop();
    await member.start();
    await member.serving();
  }
}

function onLeader(act: (scene: Scene, leader: Member) => Promise<void>): FaultKind['act'] {
  return async (scene: Scene): Promise<void> => act(scene, await scene.ensemble.leader());
}

function onFollower(act: (scene: Scene, follower: Member) => Promise<void>): FaultKind['act'] {
  return async (scene: Scene): Promise<void> => {
    const [, followers] = await leaderAndFollowers(scene);
    await act(scene, scene.random.pick(followers));
  };
}

export const KINDS: readonly FaultKind[] = [
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
  { name: 'leader cut off, resets', act: onLeader((scene, leader) => isolated(scene, leader, 'reset')) },
  { name: 'leader cut off, silently', act: onLeader((scene, leader) => isolated(scene, leader, 'silent')) },
  { name: 'leader not heard', act: onLeader((scene, leader) => isolated(scene, leader, 'silent-outwards')) },
  { name: 'leader deaf', act: onLeader((scene, leader) => isolated(scene, leader, 'silent-inwards')) },
  { name: 'follower cut off', act: onFollower((scene, follower) => isolated(scene, follower, 'silent')) },
  { name: 'bridge', act: bridged },
  { name: 'flapping links', act: flapping },
  { name: 'slow links', act: slow },
  { name: 'reset connections', act: resets },
];

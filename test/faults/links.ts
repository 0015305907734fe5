/** Faults of the network between servers. */
import type { Ensemble, Member } from '../ensemble/ensemble.js';
import { sleep } from '../interop/process.js';
import { anybody, onFollower, onLeader, pause, silentMs, type FaultKind, type Scene } from './scene.js';

/** 1 Mbit/s. */
const NARROW_BYTES_PER_SECOND = 125_000;

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
  const bridge = anybody(scene);
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
  const victim = anybody(scene);
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
  const victim = anybody(scene);
  scene.note(`links of ${victim.id} take 200 ms`);
  for (const { id } of ensemble.others(victim)) {
    ensemble.network.delay(victim.id, id, 100);
    ensemble.network.delay(id, victim.id, 100);
  }
  await pause(scene, 2000, 5000);
  ensemble.network.heal();
}

async function resets(scene: Scene): Promise<void> {
  const { network } = scene.ensemble;
  const victim = anybody(scene);
  scene.note(`connections of ${victim.id} are reset, now and then`);
  for (let i = 0; i < 5; i++) {
    network.isolate(victim.id, 'reset');
    network.heal();
    await pause(scene, 100, 600);
  }
}

/** Room for a fraction of what the load needs, if it is the leader's. */
async function narrow(scene: Scene): Promise<void> {
  const { ensemble } = scene;
  const victim = anybody(scene);
  scene.note(`links of ${victim.id} carry 1 Mbit/s`);
  for (const { id } of ensemble.others(victim)) {
    ensemble.network.throttle(victim.id, id, NARROW_BYTES_PER_SECOND);
    ensemble.network.throttle(id, victim.id, NARROW_BYTES_PER_SECOND);
  }
  await pause(scene, 2000, 5000);
  ensemble.network.heal();
}

export const LINK_FAULTS: readonly FaultKind[] = [
  { name: 'leader cut off, resets', act: onLeader((scene, leader) => isolated(scene, leader, 'reset')) },
  { name: 'leader cut off, silently', act: onLeader((scene, leader) => isolated(scene, leader, 'silent')) },
  { name: 'leader not heard', act: onLeader((scene, leader) => isolated(scene, leader, 'silent-outwards')) },
  { name: 'leader deaf', act: onLeader((scene, leader) => isolated(scene, leader, 'silent-inwards')) },
  { name: 'follower cut off', act: onFollower((scene, follower) => isolated(scene, follower, 'silent')) },
  { name: 'bridge', act: bridged },
  { name: 'flapping links', act: flapping },
  { name: 'slow links', act: slow },
  { name: 'reset connections', act: resets },
  { name: 'narrow links', act: narrow },
  {
    name: 'lost packets',
    skip: ({ machine }) => machine.noPacketLoss,
    act: () => Promise.reject(new Error('there is nothing that loses packets')),
  },
];

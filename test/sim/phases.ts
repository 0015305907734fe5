/** The three parts of a run: anything may happen; a quorum is healed and must come to life; all are, and must agree. */
import { isDeepStrictEqual } from 'node:util';
import { OpCode } from '../../src/types/index.js';
import { dump } from '../unit/helpers/treeDump.js';
import { create, getData, sync } from '../unit/helpers/requests.js';
import { Violation } from './checkers/index.js';
import { nameOf } from './checkers/client.js';
import { votersOf } from './electorate.js';
import type { ClientLink, SimClient } from './client.js';
import type { SimServer } from './server.js';
import type { World } from './world.js';

/** A quorum that is healed leads and serves within this (zab.md section 3, worst fault mix). */
const ESTABLISHED_MS = 10_000;
/** Once it serves, a write and a sync through each of its members take no longer. */
const PROBE_MS = 6000;
/** A reconfig that has arrived is in a log within this. */
const SETTLING_MS = 1000;
/** Requests are answered, or their connection is closed, within this. */
const ANSWER_MS = 10_000;
/** Whoever comes back has caught up within this. */
const CAUGHT_UP_MS = 15_000;

/** Faults, load, and every property of section 2. */
export function safetyPhase(world: World): void {
  world.note('safety phase');
  world.scheduler.runUntil(world.options.safetyMs);
  world.faults.stop();
  world.director.end();
  world.clients.forEach((client, i) => client.decideAlone(world.options.seed * 1000 + i));
  if (world.operator === undefined) return;
  // A quorum is chosen next, of what is in the logs by then: no other configuration may come up behind that.
  world.operator.retire();
  world.scheduler.runUntil(world.scheduler.now + SETTLING_MS);
}

/**
 * Whether those that have their data are enough for every configuration that may count. A disk is sacrificed only while
 * they are; but one that was pending then, or came to be since, may need the very server that lost it. There is no leader
 * until an operator decides (zab.md 7.4).
 */
export function isRepairable({ ensemble, possible, healthy }: World): boolean {
  return possible.length < 2 || ensemble.isSafe(possible, new Set(healthy.map(({ id }) => id)));
}

/** A quorum is healed, the rest is dead or cut off for ever. */
export function livenessPhase(world: World): void {
  world.note('liveness phase');
  const core = chooseCore(world);
  const ids = new Set(core.map(({ id }) => id));
  for (const server of world.servers) {
    if (ids.has(server.id)) continue;
    if (world.random.chance(0.5)) server.crash(world.random.chance(0.5));
    else
      for (const id of ids)
        for (const [a, b] of [
          [id, server.id],
          [server.id, id],
        ] as const)
          world.network.cut(a, b, ['election', 'quorum'], true);
  }
  heal(world, core);
  for (const client of world.clients) {
    client.allowed = (id) => ids.has(id);
    if (client.link !== undefined && !ids.has(client.link.server)) client.disconnect();
  }
  // What is pending is completed, and may part with some of them.
  const members = (): SimServer[] => world.members.filter(({ id }) => ids.has(id));
  wait(world, ESTABLISHED_MS, 'no leader is established', () => members().every(({ serving }) => serving));
  for (const server of members()) probe(world, server);
  for (const client of world.clients) client.retired = true;
  settle(world, members);
}

/** Everything is healed: equal trees, and nothing is left of sessions that are over. */
export function finalPhase(world: World): void {
  world.note('final phase');
  const { servers, random } = world;
  if (random.chance(0.5)) for (const server of servers) server.crash(random.chance(0.5));
  for (const server of servers)
    if (server.file !== undefined && !world.isInformed(server)) reinstall(world, server);
  heal(world, servers);
  for (const client of world.clients) client.allowed = () => true;
  const members = (): SimServer[] => world.members;
  wait(world, CAUGHT_UP_MS, 'somebody does not join', () => members().every(({ serving }) => serving));
  settle(world, members);
  drainSessions(world);
  compareTrees(world);
}

function chooseCore(world: World): SimServer[] {
  const { random, servers, ensemble, possible } = world;
  const isEnough = (some: readonly SimServer[]): boolean =>
    ensemble.isSafe(possible, new Set(some.map(({ id }) => id)));
  const healthy = random.shuffled(world.healthy.filter((server) => world.isInformed(server)));
  const voters = servers.filter(({ id }) => votersOf(ensemble.latest).includes(id));
  // A blank ensemble starts with anybody, one that was begun with those who were there.
  let core = voters;
  if (isEnough(healthy)) {
    let least = 1;
    while (!isEnough(healthy.slice(0, least))) least++;
    core = healthy.slice(0, random.between(least, healthy.length));
  }
  for (const server of servers)
    if (!core.includes(server) && !server.disk.blank && world.isInformed(server) && random.chance(0.2))
      core.push(server);
  world.note('core', core.map(({ id }) => id).join());
  return core;
}

/** It was away while those it knows left: an operator sets it up anew. */
function reinstall(world: World, server: SimServer): void {
  world.coverage.count('server set up anew');
  server.crash(false);
  world.wipe(server);
}

function heal(world: World, core: readonly SimServer[]): void {
  const ids = new Set(core.map(({ id }) => id));
  world.network.healAll((id) => ids.has(id));
  for (const id of ids) world.network.refusing.delete(id);
  for (const server of core) {
    server.disk.slowness = 1;
    server.disk.snapshotBreaks = 0;
    server.resume();
    server.roomAgain();
    server.start();
    for (const client of world.clients) {
      client.pathTo(server.id).cut = false;
      client.pathFrom(server.id).cut = false;
    }
  }
}

/** A write, a sync and a read through this server. */
function probe(world: World, server: SimServer): void {
  const client: SimClient = world.addClient();
  client.idle = true;
  client.allowed = (id) => id === server.id;
  const through = `through server ${server.id}`;
  const isGone = (): boolean => !world.members.includes(server);
  wait(
    world,
    PROBE_MS,
    `nobody can connect ${through}`,
    () => client.connectedLink !== undefined || isGone(),
  );
  client.send(create(`/probe${client.name}`, { data: client.name }), sync('/'), getData('/'));
  wait(world, PROBE_MS, `a write and a sync are not answered ${through}`, () => {
    if (isGone()) return true;
    return client.connectedLink?.waiting.every(({ request }) => request.type === OpCode.ping) === true;
  });
  client.disconnect();
  client.retired = true;
}

/** Requests come to an end, and all servers to the same state. */
function settle(world: World, members: () => readonly SimServer[]): void {
  const ids = new Set(members().map(({ id }) => id));
  const unanswered = (): ClientLink | undefined =>
    [...world.links].find(
      ({ server, waiting, reachesSomebody }) => ids.has(server) && reachesSomebody && waiting.length > 0,
    );
  wait(
    world,
    ANSWER_MS,
    () => `${nameOfFirst(unanswered())} is not answered`,
    () => unanswered() === undefined,
  );
  wait(world, CAUGHT_UP_MS, 'a server falls behind', () => caughtUp(world, members()));
}

function nameOfFirst(link: ClientLink | undefined): string {
  const [op] = link?.waiting ?? [];
  return op === undefined ? 'nothing' : nameOf(op);
}

function caughtUp(world: World, servers: readonly SimServer[]): boolean {
  const { length } = world.canon;
  return servers.every(({ engine }) => engine?.applied.index === length);
}

/** With no client left, every session expires, and its ephemerals with it. */
function drainSessions(world: World): void {
  for (const client of world.clients) client.disconnect();
  const longest = world.options.sessionMs.max;
  if (longest > 4000) return;
  const open = (): number =>
    [...world.model.sessions.values()].filter(({ closedAt }) => closedAt === undefined).length;
  wait(world, 3 * longest + 5000, 'a session outlives its client', () => open() === 0);
  wait(world, CAUGHT_UP_MS, 'a server falls behind', () => caughtUp(world, world.members));
  for (const path of world.model.paths) {
    const node = world.model.at(path, world.canon.last?.zxid ?? 0n);
    if (node !== undefined && node.owner !== 0n)
      throw new Violation('S1', `${path} is left when all sessions are over`);
  }
}

function compareTrees(world: World): void {
  const [first, ...rest] = world.members;
  if (first?.engine === undefined) return;
  const expected = dump(first.engine.tree);
  for (const server of rest) {
    if (server.engine === undefined) continue;
    if (!isDeepStrictEqual(dump(server.engine.tree), expected))
      throw new Violation('SM1', `the trees of servers ${first.id} and ${server.id} differ in the end`);
    if (server.stateDigest !== first.stateDigest)
      throw new Violation('SM1', `the sessions of servers ${first.id} and ${server.id} differ in the end`);
  }
  const zxid = world.canon.last?.zxid ?? 0n;
  const { tree } = first.engine;
  if (tree.nodeCount !== world.model.paths.length)
    throw new Violation(
      'SM1',
      `${tree.nodeCount} znodes in the end, ${world.model.paths.length} by the model`,
    );
  for (const path of world.model.paths) {
    if (!isDeepStrictEqual(tree.get(path)?.stat(), world.model.statAt(path, zxid)))
      throw new Violation('SM1', `${path} differs from the model in the end`);
  }
}

/** @throws Violation when it does not come true in time */
function wait(world: World, ms: number, complaint: string | (() => string), done: () => boolean): void {
  const { scheduler } = world;
  const end = scheduler.now + ms;
  while (!done()) {
    if (scheduler.now >= end)
      throw new Violation(
        'liveness',
        `${typeof complaint === 'string' ? complaint : complaint()} for ${ms} ms; ${world.standing.join('; ')}`,
      );
    scheduler.runUntil(Math.min(end, scheduler.now + 20));
  }
}

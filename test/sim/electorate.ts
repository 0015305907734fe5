/**
 * Configurations as checkers understand them: read from the text in a record by a parser of our own, and with a quorum
 * function of our own. Nothing of the product's is in here.
 */
import type { ServerId } from '../../src/zab/index.js';

/** One configuration: who votes, with which weight, in which group. */
export interface Electorate {
  /** Zxid of its record; 0 for the one that an ensemble begins with. */
  readonly version: bigint;
  /** All participants, those without a weight too. */
  readonly weights: ReadonlyMap<ServerId, number>;
  readonly observers: ReadonlySet<ServerId>;
  /** Empty: a majority of all that have a weight. */
  readonly groups: readonly (readonly ServerId[])[];
}

/** Participants that count for something. */
export function votersOf({ weights, groups }: Electorate): ServerId[] {
  const grouped = new Set(groups.flat());
  return [...weights]
    .filter(([id, weight]) => weight > 0 && (groups.length === 0 || grouped.has(id)))
    .map(([id]) => id);
}

export function isMemberOf({ weights, observers }: Electorate, id: ServerId): boolean {
  return weights.has(id) || observers.has(id);
}

/** More than half of those who vote; with groups, more than half of the weight in more than half of the groups. */
export function isQuorum(electorate: Electorate, has: (id: ServerId) => boolean): boolean {
  const { weights, groups } = electorate;
  if (groups.length === 0) {
    const voters = votersOf(electorate);
    return voters.filter(has).length > voters.length / 2;
  }
  let [counted, won] = [0, 0];
  for (const group of groups) {
    let [all, those] = [0, 0];
    for (const id of group) {
      const weight = weights.get(id) ?? 0;
      all += weight;
      if (has(id)) those += weight;
    }
    if (all === 0) continue;
    counted++;
    if (those > all / 2) won++;
  }
  return won > counted / 2;
}

/** Reads the text of `/zookeeper/config`. */
export function electorateOf(text: string): Electorate {
  const weights = new Map<ServerId, number>();
  const observers = new Set<ServerId>();
  const groups: ServerId[][] = [];
  const given = new Map<ServerId, number>();
  let version = 0n;
  for (const line of text.split(/[\n,]/)) {
    const [, kind = '', id = '', value = ''] =
      /^(server|weight|group|version)\.?(\w*)=(.*)$/.exec(line) ?? [];
    if (kind === 'version') version = BigInt(`0x${value}`);
    else if (kind === 'group') groups.push(value.split(':').map(Number));
    else if (kind === 'weight') given.set(Number(id), Number(value));
    else if (kind === 'server' && value.includes(':observer')) observers.add(Number(id));
    else if (kind === 'server') weights.set(Number(id), 1);
  }
  for (const [id, weight] of given) if (weights.has(id)) weights.set(id, weight);
  return { version, weights, observers, groups };
}

/** A `server.N` line; everybody lives behind ports that are made of the id. */
export function lineOf(id: ServerId, role: 'participant' | 'observer'): string {
  return `server.${id}=10.0.0.${id}:2888:3888:${role};10.0.0.${id}:2181`;
}

/** The lines of a configuration, without its version. */
export function linesOf({ weights, observers, groups }: Omit<Electorate, 'version'>): string[] {
  const members = [...weights.keys(), ...observers].sort((a, b) => a - b);
  const lines = members.map((id) => lineOf(id, observers.has(id) ? 'observer' : 'participant'));
  if (groups.length === 0 && [...weights.values()].every((weight) => weight === 1)) return lines;
  groups.forEach((ids, i) => lines.push(`group.${i + 1}=${ids.join(':')}`));
  for (const [id, weight] of weights) lines.push(`weight.${id}=${weight}`);
  return lines;
}

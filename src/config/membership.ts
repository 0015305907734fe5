/**
 * Why this file exists: from the `server.N`, `group.N` and `weight.N` lines follows whether this server runs alone or in
 * an ensemble, and a mistake in them must stop the start rather than split an ensemble.
 */
import { ConfigError } from './errors.js';
import { Problems } from './problems.js';
import type { Member } from './serverLine.js';
import { formatServerLine, parseServerLine } from './serverLine.js';

/** The members and how they vote. */
export interface Membership {
  /** In the order of their ids. */
  readonly members: readonly Member[];
  /** Ids of the members of each group; empty unless quorums are hierarchical. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
  /** Weights that differ from 1. */
  readonly weights: ReadonlyMap<number, number>;
  /** The version in the name of the dynamic configuration file (zoo.cfg.dynamic.100000000), in hex; else 0. */
  readonly version: string;
}

/** A key of a file together with its place, ready for error messages. */
export interface PlacedKey {
  readonly key: string;
  readonly value: string;
  /** File and line. */
  readonly where: string;
}

/** What the membership says about how to run. */
export interface MembershipVerdict {
  /** Whether this server is a member of an ensemble rather than standalone. */
  readonly distributed: boolean;
  readonly warnings: readonly string[];
}

/** Whether a key describes members. ZooKeeper looks at the beginning of the key only. */
export function isMembershipKey(key: string): boolean {
  return /^(server\.|group|weight)/.test(key);
}

/** Reads the membership keys of zoo.cfg or of a dynamic configuration file. */
export function parseMembership(keys: readonly PlacedKey[], version = '0'): Membership {
  const members = new Map<number, Member>();
  const groups = new Map<string, readonly number[]>();
  const weights = new Map<number, number>();
  const problems = new Problems();
  const read = ({ key, value, where }: PlacedKey): void => {
    const [kind = '', ...rest] = key.split('.');
    const name = rest.join('.');
    if (kind === 'server') {
      const member = parseServerLine(name, value, where);
      members.set(member.id, member);
    } else if (kind === 'group') {
      groups.set(
        name,
        value.split(':').map((id) => readInteger(id.trim(), key, where)),
      );
    } else if (kind === 'weight') {
      weights.set(readInteger(name, key, where), readInteger(value, key, where));
    } else {
      throw new ConfigError(
        'MEMBERSHIP',
        `${key} (${where}) is not an option; expected group.N or weight.N.`,
      );
    }
  };
  for (const key of keys) problems.attempt(() => read(key));
  problems.throwIfAny();
  for (const id of [...groups.values()].flat()) {
    if (!members.has(id)) {
      throw new ConfigError(
        'MEMBERSHIP',
        `A group names server ${id}, for which there is no server.${id} line.`,
      );
    }
  }
  return Object.freeze({
    members: Object.freeze([...members.values()].sort((left, right) => left.id - right.id)),
    groups,
    weights,
    version,
  });
}

/** Decides between standalone and ensemble, as ZooKeeper does, and refuses what makes no sense as either. */
export function judgeMembership(membership: Membership, standaloneEnabled: boolean): MembershipVerdict {
  const participants = membership.members.filter(({ role }) => role === 'participant').length;
  const observers = membership.members.length - participants;
  if (participants === 0) {
    if (!standaloneEnabled) {
      throw new ConfigError(
        'MEMBERSHIP',
        'With standaloneEnabled=false there must be at least one server.N line.',
      );
    }
    if (observers > 0) {
      throw new ConfigError(
        'MEMBERSHIP',
        'There are observers but no participants among the server.N lines.',
      );
    }
    return { distributed: false, warnings: [] };
  }
  if (participants === 1 && standaloneEnabled) {
    if (observers > 0) {
      throw new ConfigError(
        'MEMBERSHIP',
        'There are observers but only one participant among the server.N lines; an ensemble of one needs standaloneEnabled=false.',
      );
    }
    return {
      distributed: false,
      warnings: ['There is only one server.N line: this server runs standalone and ignores its peer ports.'],
    };
  }
  const warnings: string[] = [];
  if (participants <= 2) {
    warnings.push(
      `An ensemble of ${participants} tolerates no failure; it takes 3 participants to tolerate one.`,
    );
  } else if (participants % 2 === 0) {
    warnings.push(
      `An ensemble of ${participants} tolerates no more failures than one of ${participants - 1}.`,
    );
  }
  return { distributed: true, warnings };
}

/**
 * The membership as ZooKeeper shows it in `conf` and in /zookeeper/config, which Curator and kazoo read: no newline at
 * the end. With groups or weights every voter has a weight line.
 */
export function formatMembership(membership: Membership): string {
  return [...membershipLines(membership), `version=${membership.version}`].join('\n');
}

/** The same without the version, which a dynamic configuration file has in its name. */
export function membershipLines({ members, groups, weights }: Membership): string[] {
  const lines = members.map(formatServerLine);
  if (groups.size > 0 || weights.size > 0) {
    for (const [group, ids] of groups) lines.push(`group.${group}=${ids.join(':')}`);
    for (const { id, role } of members)
      if (role === 'participant') lines.push(`weight.${id}=${weights.get(id) ?? 1}`);
  }
  return lines;
}

/** The version at the end of the name of a dynamic configuration file, in hex, or 0. */
export function versionOfDynamicFile(fileName: string): string {
  const suffix = /\.([0-9a-fA-F]+)$/.exec(fileName)?.[1];
  return suffix === undefined ? '0' : BigInt(`0x${suffix}`).toString(16);
}

function readInteger(text: string, key: string, where: string): number {
  if (!/^-?\d{1,15}$/.test(text)) {
    throw new ConfigError('MEMBERSHIP', `"${text}" in ${key} (${where}) must be a whole number.`);
  }
  return Number(text);
}

/**
 * Configurations as text: what `/zookeeper/config` shows, a reconfig asks for, and the log holds. The version of one is
 * the zxid of the record that brought it, in hexadecimal.
 */
import type { ReconfigRequest } from '../codec/index.js';
import {
  ConfigError,
  formatMembership,
  parseMembership,
  parseServerLine,
  type Member,
  type Membership,
  type PlacedKey,
} from '../config/index.js';
import type { Memberships } from '../engine/index.js';
import { KeeperError, ZXID_ZERO, zxidOf, type Zxid } from '../types/index.js';
import { Configuration } from '../zab/index.js';

/** A configuration that still knows where its members are. */
export class EnsembleConfiguration extends Configuration {
  readonly membership: Membership;

  constructor(membership: Membership, version: Zxid = ZXID_ZERO) {
    super(membership.members, [...membership.groups.values()], membership.weights, version);
    this.membership = membership;
  }

  /** As ZooKeeper writes it. */
  override get text(): string {
    return formatMembership({ ...this.membership, version: this.version.toString(16) });
  }
}

/** @param soleVoterAllowed `standaloneEnabled=false`: an ensemble may shrink to one participant */
export function memberships(soleVoterAllowed: boolean): Memberships {
  return {
    parse: configurationIn,
    next: (current, request, version) => {
      const next = nextMembership(current, request);
      const voters = next.members.filter(({ role }) => role === 'participant').length;
      const least = soleVoterAllowed ? 1 : 2;
      if (voters < least)
        throw new KeeperError('BADARGUMENTS', undefined, `there must be at least ${least} participants`);
      const { text } = new EnsembleConfiguration(next, version);
      // As everybody else reads it: what the text does not say, such as the weight of an observer, is forgotten.
      return { text, configuration: parse(text) };
    },
  };
}

/** @returns undefined for what is not a configuration, such as the empty text that an ensemble begins with */
function configurationIn(text: string): Configuration | undefined {
  return /^version=/m.test(text) ? parse(text) : undefined;
}

function parse(text: string): EnsembleConfiguration {
  const keys: PlacedKey[] = [];
  let version = ZXID_ZERO;
  for (const line of text.split('\n')) {
    const [key = '', ...value] = line.split('=');
    if (key === 'version') version = zxidOf(BigInt(`0x${value.join('=')}`));
    else if (line !== '') keys.push({ key, value: value.join('='), where: '/zookeeper/config' });
  }
  return new EnsembleConfiguration(parseMembership(keys), version);
}

function nextMembership(current: Configuration, request: ReconfigRequest): Membership {
  const { joiningServers, leavingServers, newMembers } = request;
  try {
    if (newMembers !== null) return replaced(newMembers);
    if (!(current instanceof EnsembleConfiguration) || current.membership.groups.size > 0)
      throw new KeeperError('BADARGUMENTS', undefined, 'only a majority system can be changed in steps');
    return changed(current.membership, joiningServers, leavingServers);
  } catch (error) {
    if (error instanceof ConfigError) throw new KeeperError('BADARGUMENTS', undefined, error.message);
    throw error;
  }
}

function replaced(text: string): Membership {
  const lines = text.split(/[,\n]/).filter((line) => line.trim() !== '');
  return parseMembership(
    lines.map((line) => {
      const [key = '', ...value] = line.split('=');
      return { key: key.trim(), value: value.join('=').trim(), where: 'newMembers' };
    }),
  );
}

/** Those that leave go first; one that joins replaces what stood under its id. */
function changed(current: Membership, joining: string | null, leaving: string | null): Membership {
  const members = new Map(current.members.map((member) => [member.id, member]));
  for (const id of list(leaving)) members.delete(idOf(id));
  for (const spec of list(joining)) {
    const [key = '', value, ...more] = spec.split('=');
    if (value === undefined || more.length > 0)
      throw new KeeperError('BADARGUMENTS', undefined, `${spec} is not of the form server.N=...`);
    const id = idOf(key.slice(key.lastIndexOf('.') + 1));
    const member = parseServerLine(String(id), value, 'joiningServers');
    if (member.client === undefined)
      throw new KeeperError('BADARGUMENTS', undefined, `${spec} names no client port`);
    for (const other of members.values()) if (other.id !== id) checkApart(member, other);
    members.set(id, member);
  }
  const sorted = [...members.values()].sort((left, right) => left.id - right.id);
  return { members: sorted, groups: new Map(), weights: current.weights, version: '0' };
}

function list(text: string | null): string[] {
  return text === null ? [] : text.split(',').filter((item) => item !== '');
}

function idOf(text: string): number {
  const trimmed = text.trim();
  // ZooKeeper fails to read the number, and says so in this way.
  if (!/^-?\d{1,15}$/.test(trimmed)) throw new KeeperError('MARSHALLINGERROR', undefined, `${text} is no id`);
  return Number(trimmed);
}

/** Two members behind one port: one of them would vote twice. Addresses that every machine has are its own. */
function checkApart(member: Member, other: Member): void {
  const ports = new Set(portsOf(other));
  const clash = portsOf(member).find((port) => ports.has(port));
  if (clash !== undefined)
    throw new KeeperError('BADARGUMENTS', undefined, `${clash} belongs to server ${other.id} already`);
}

const EVERYWHERE: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '0.0.0.0', '::', '::1']);

function portsOf({ addresses, client }: Member): string[] {
  const ports = addresses.flatMap(({ host, quorumPort, electionPort }) =>
    EVERYWHERE.has(host) ? [] : [`${host}:${quorumPort}`, `${host}:${electionPort}`],
  );
  return client === undefined || EVERYWHERE.has(client.host)
    ? ports
    : [...ports, `${client.host}:${client.port}`];
}

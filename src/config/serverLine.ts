/**
 * Why this file exists: the `server.N` lines have a grammar of their own, shared by zoo.cfg, dynamic configuration files,
 * reconfig requests and the text that `conf` and /zookeeper/config show.
 *
 *   server.<id> = <addr>[|<addr>...][;[<client>][;<secureClient>]]
 *   <addr>      = <host>:<quorumPort>:<electionPort>[:participant|observer]
 *   <client>    = [<host>:]<port>
 */
import { ConfigError } from './errors.js';

/** What a member is in an ensemble. */
export type MemberRole = 'participant' | 'observer';

/** A host with one port. IPv6 addresses stand here without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** One way to reach a member. */
export interface PeerAddress {
  readonly host: string;
  /** Where followers connect to the leader. */
  readonly quorumPort: number;
  /** Where votes are exchanged. */
  readonly electionPort: number;
}

/** A member of the ensemble, as its `server.N` line describes it. */
export interface Member {
  /** The N of the line and of the member's `myid`. */
  readonly id: number;
  /** At least one. */
  readonly addresses: readonly PeerAddress[];
  readonly role: MemberRole;
  /** Where it serves plain clients, if the line says so. */
  readonly client: HostPort | undefined;
  /** Where it serves TLS clients, if the line says so. */
  readonly secureClient: HostPort | undefined;
}

/** In no name or address. A new line in the middle would make two lines of one, where members are kept as text. */
const BLANK = /[\s\p{Cc}]/u;

const FORM = 'host:quorumPort:electionPort[:participant|observer][;[clientHost:]clientPort]';

/**
 * Reads the value of a `server.N` line.
 * @param where the file and line for error messages, or another description of the origin
 */
export function parseServerLine(idText: string, value: string, where: string): Member {
  const name = `server.${idText}`;
  const id = /^-?\d+$/.test(idText) ? Number(idText) : NaN;
  if (!Number.isSafeInteger(id)) {
    throw new ConfigError('MEMBERSHIP', `The id in ${name} (${where}) must be a whole number.`);
  }
  const fail = (reason: string): never => {
    throw new ConfigError('MEMBERSHIP', `${name}=${value} (${where}) ${reason}`);
  };
  const [peers = '', client = '', secureClient = '', ...more] = value.split(';').map((part) => part.trim());
  if (more.length > 0) fail(`has too many parts; expected ${FORM}.`);

  const roles = new Set<MemberRole>();
  const addresses = peers.split('|').map((part): PeerAddress => {
    const [host, quorum, election, role, ...rest] = splitHost(part.trim());
    if (host === undefined || host === '' || quorum === undefined || rest.length > 0) {
      return fail(`is not of the form ${FORM}.`);
    }
    if (BLANK.test(host)) return fail('has white space in a host, or a control character.');
    if (election === undefined) return fail('has no election port; add it after the quorum port.');
    const quorumPort = readPort(quorum) ?? fail(`has a quorum port that is not a port number: ${quorum}.`);
    const electionPort =
      readPort(election) ?? fail(`has an election port that is not a port number: ${election}.`);
    if (quorumPort === electionPort) fail('uses the same port for quorum and election; they must differ.');
    if (role !== undefined) {
      roles.add(readRole(role) ?? fail(`has an unknown role: ${role}. Expected participant or observer.`));
    }
    return { host, quorumPort, electionPort };
  });
  if (roles.size > 1) fail('gives its addresses different roles; they must agree.');

  const [role = 'participant'] = roles;
  const readClient = (part: string): HostPort | undefined =>
    part === ''
      ? undefined
      : (readHostPort(part) ?? fail(`has a client part that is not [host:]port: ${part}.`));
  return Object.freeze({
    id,
    addresses: Object.freeze(addresses),
    role,
    client: readClient(client),
    secureClient: readClient(secureClient),
  });
}

/** Writes a member the way ZooKeeper does everywhere it shows one: `server.1=host:2888:3888:participant;0.0.0.0:2181`. */
export function formatServerLine(member: Member): string {
  const byHost = (left: PeerAddress, right: PeerAddress): number =>
    left.host < right.host ? -1 : left.host > right.host ? 1 : 0;
  const peers = [...member.addresses]
    .sort(byHost)
    .map(({ host, quorumPort, electionPort }) => `${bracketed(host)}:${quorumPort}:${electionPort}`)
    .join('|');
  const parts = [`server.${member.id}=${peers}:${member.role}`];
  if (member.client !== undefined || member.secureClient !== undefined)
    parts.push(formatHostPort(member.client));
  if (member.secureClient !== undefined) parts.push(formatHostPort(member.secureClient));
  return parts.join(';');
}

/** Splits at colons, except inside the brackets of an IPv6 address at the start, whose brackets go. */
function splitHost(part: string): string[] {
  const match = /^\[([^\]]*)\](?::(.*))?$/.exec(part);
  if (match === null) return part.split(':').map((piece) => piece.trim());
  const [, host = '', rest] = match;
  return [host, ...(rest === undefined ? [] : rest.split(':').map((piece) => piece.trim()))];
}

function readHostPort(part: string): HostPort | undefined {
  const pieces = splitHost(part);
  const portText = pieces.at(-1);
  const host = pieces.length === 1 ? '0.0.0.0' : pieces[0];
  const port = portText === undefined ? undefined : readPort(portText);
  if (pieces.length > 2 || host === undefined || port === undefined) return undefined;
  if (host === '' || BLANK.test(host)) return undefined;
  return { host, port };
}

function readPort(text: string): number | undefined {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 65535 ? number : undefined;
}

function readRole(text: string): MemberRole | undefined {
  const role = text.toLowerCase();
  return role === 'participant' || role === 'observer' ? role : undefined;
}

function formatHostPort(address: HostPort | undefined): string {
  return address === undefined ? '' : `${bracketed(address.host)}:${address.port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

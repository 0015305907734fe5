/**
 * The servers a client may talk to, and the order in which it tries them. Clients of one ensemble must not all fall
 * on the same server, so the list is shuffled once and then walked round.
 */
import { KeeperError } from '../types/index.js';

/** One address of the ensemble. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The port of a server that is named without one. */
export const DEFAULT_PORT = 2181;

/**
 * Reads a connection string: `host:port` pairs separated by commas, then an optional path that becomes the chroot,
 * as in `zk1:2181,zk2,[::1]:2183/app`. The port defaults to 2181.
 * @throws KeeperError BADARGUMENTS naming the part that cannot be read
 */
export function parseConnectString(text: string): { servers: ServerAddress[]; chroot: string } {
  const slash = text.indexOf('/');
  const hosts = slash === -1 ? text : text.slice(0, slash);
  const chroot = slash === -1 ? '' : text.slice(slash);
  const servers = hosts
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseAddress);
  if (servers.length === 0) throw new KeeperError('BADARGUMENTS', undefined, 'no server is named');
  return { servers, chroot };
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address. */
function parseAddress(text: string): ServerAddress {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: parsePort(bracketed[2], text) };
  const parts = text.split(':');
  if (parts.length > 2) return { host: text, port: DEFAULT_PORT };
  const [host = '', port] = parts;
  if (host === '') throw new KeeperError('BADARGUMENTS', undefined, `no host in '${text}'`);
  return { host, port: parsePort(port, text) };
}

function parsePort(digits: string | undefined, where: string): number {
  if (digits === undefined) return DEFAULT_PORT;
  const port = /^\d+$/.test(digits) ? Number(digits) : NaN;
  if (!(port >= 1 && port <= 65535)) {
    throw new KeeperError('BADARGUMENTS', undefined, `'${where}' has no port between 1 and 65535`);
  }
  return port;
}

/** The address as people write it: `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Walks round the servers for ever. */
export class ServerList {
  readonly #servers: readonly ServerAddress[];
  #at = 0;

  /**
   * @param servers at least one
   * @param random numbers in 0 .. 1 for the shuffle, undefined to keep the order
   */
  constructor(servers: readonly ServerAddress[], random: (() => number) | undefined) {
    const order = [...servers];
    if (random !== undefined) shuffle(order, random);
    this.#servers = order;
  }

  get length(): number {
    return this.#servers.length;
  }

  /** The server to try next. */
  next(): ServerAddress {
    const server = this.#servers[this.#at % this.#servers.length];
    this.#at = (this.#at + 1) % this.#servers.length;
    if (server === undefined) throw new RangeError('a server list is empty');
    return server;
  }

  /** Makes `server` the one that `next` returns, if it is in the list. */
  prefer(server: ServerAddress): void {
    const at = this.#servers.indexOf(server);
    if (at !== -1) this.#at = at;
  }
}

/** Fisher and Yates, in place. */
function shuffle(items: ServerAddress[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    const a = items[last];
    const b = items[chosen];
    if (a === undefined || b === undefined) throw new RangeError('random() left the range 0 .. 1');
    items[last] = b;
    items[chosen] = a;
  }
}

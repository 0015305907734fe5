/**
 * Where members of the ensemble are, and whether somebody who says to be one calls from there. Names are looked up each
 * time, because a server that moved keeps its name; when the name service is silent, what it said last holds.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ServerId } from '../zab/index.js';
import { plainAddress } from './peerSocket.js';

/** One way to reach a member; the same shape as in `config/serverLine.ts`. */
export interface PeerAddress {
  readonly host: string;
  readonly quorumPort: number;
  readonly electionPort: number;
}

/** A member of the ensemble as far as links are concerned; a `Member` of `config/` is one. */
export interface PeerMember {
  readonly id: ServerId;
  /** At least one; all lead to the same server. */
  readonly addresses: readonly PeerAddress[];
}

/** Looks a name up. @throws whatever the name service says */
export type Lookup = (host: string) => Promise<readonly string[]>;

export class Resolver {
  readonly #lookup: Lookup;
  readonly #timeoutMs: number;
  readonly #known = new Map<string, readonly string[]>();

  /** @param timeoutMs how long the name service may take */
  constructor(timeoutMs: number, lookupName: Lookup = systemLookup) {
    this.#timeoutMs = timeoutMs;
    this.#lookup = lookupName;
  }

  /** Addresses of a host; none if they are not known. */
  async addressesOf(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#timeoutMs);
    });
    try {
      const found = await Promise.race([this.#lookup(host), late]);
      if (found !== undefined) this.#known.set(host, found);
    } catch {
      // What it said last, if anything.
    } finally {
      clearTimeout(timer);
    }
    return this.#known.get(host) ?? [];
  }

  /**
   * Whether a connection from `address` can be the member's. It can if one of the member's hosts is a wildcard or
   * unknown: then there is nothing to hold it against.
   */
  async isAddressOf(address: string, member: PeerMember): Promise<boolean> {
    const from = plainAddress(address);
    for (const { host } of member.addresses) {
      const known = await this.addressesOf(host);
      if (known.length === 0) return true;
      for (const item of known.map(plainAddress)) {
        if (item === from || isWildcard(item) || (isLoopback(item) && isLoopback(from))) return true;
      }
    }
    return false;
  }
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

async function systemLookup(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/** Access lists: who may do what, and which lists may be stored (protocol.md section 6). */
import ipaddr from 'ipaddr.js';
import type { ACL, Id } from '../codec/index.js';
import { KeeperError, OPEN_ACL, Perms } from '../types/index.js';

/** Who a connection has shown itself to be. */
export interface Identity {
  readonly scheme: string;
  readonly id: string;
}

/** Scheme of the identity that passes every check. */
export const SUPER_SCHEME = 'super';

/** What the settings say about access. */
export interface AclRules {
  /** `skipACL=yes`: no check at all. */
  readonly skip: boolean;
  /** Schemes whose ids may be stored in a list, besides `world` and `auth`. */
  readonly schemes: ReadonlySet<string>;
  /** An identity that matches every sasl entry (`letAnySaslUserDoX`). */
  readonly anySaslUser?: string;
}

export type AclList = readonly ACL[];

/** Every request to the znode goes through the whole list, so there is an end to its length. */
const ACL_ENTRIES_MAX = 1000;
/** IPv6 in full has 45 characters, and the name of a zone is short. To look at a megabyte of them takes half a second. */
const ADDRESS_LENGTH_MAX = 64;

/** True when one of `ids` may do one of the things in `perms`. An empty list is open. */
export function permits(acl: AclList, perms: number, ids: readonly Identity[], rules: AclRules): boolean {
  if (acl === OPEN_ACL || acl.length === 0 || rules.skip) return true;
  for (const id of ids) if (id.scheme === SUPER_SCHEME) return true;
  for (const entry of acl) {
    if ((entry.perms & perms) === 0) continue;
    const { scheme, id } = entry.id;
    if (scheme === 'world' && id === 'anyone') return true;
    for (const identity of ids)
      if (identity.scheme === scheme && matches(identity, entry, rules)) return true;
  }
  return false;
}

/** @throws KeeperError NOAUTH unless permitted */
export function checkAcl(
  acl: AclList,
  perms: number,
  ids: readonly Identity[],
  rules: AclRules,
  path: string,
): void {
  if (!permits(acl, perms, ids, rules)) throw new KeeperError('NOAUTH', path);
}

function matches(identity: Identity, entry: ACL, rules: AclRules): boolean {
  const expression = entry.id.id ?? '';
  switch (identity.scheme) {
    case 'ip':
      return addressMatches(identity, entry);
    case 'sasl':
      return identity.id === expression || identity.id === 'super' || expression === rules.anySaslUser;
    default:
      return identity.id === expression;
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [address: Address, bits: number];

/** Parsed once, because comparing is a hundred times faster. null: not an address. */
const addresses = new WeakMap<Identity, Address | null>();
const ranges = new WeakMap<ACL, Range | null>();

function addressMatches(identity: Identity, entry: ACL): boolean {
  let address = addresses.get(identity);
  if (address === undefined) {
    address = ipaddr.isValid(identity.id) ? ipaddr.parse(identity.id) : null;
    addresses.set(identity, address);
  }
  let range = ranges.get(entry);
  if (range === undefined) ranges.set(entry, (range = parseRange(entry.id.id ?? '') ?? null));
  if (address === null || range === null) return false;
  return address.kind() === range[0].kind() && address.match(range);
}

function parseRange(expression: string): Range | undefined {
  const [address = '', bits, ...rest] = expression.split('/');
  if (rest.length > 0 || address.length > ADDRESS_LENGTH_MAX) return undefined;
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return undefined;
  const parsed = ipaddr.parse(address);
  const most = parsed.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [parsed, most];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? [parsed, Number(bits)] : undefined;
}

/**
 * Makes a list as a client sent it into one that may be stored: duplicates dropped, `auth` replaced by the
 * connection's authenticated identities.
 * @throws KeeperError INVALIDACL, or MARSHALLINGERROR for an entry without an id
 */
export function fixupAcl(
  acl: AclList | null,
  ids: readonly Identity[],
  rules: AclRules,
  path: string,
): AclList {
  if (acl === null || acl.length === 0 || acl.length > ACL_ENTRIES_MAX)
    throw new KeeperError('INVALIDACL', path);
  // By far the most frequent one, and nothing about it can be wrong.
  if (isOpen(acl)) return OPEN_ACL;
  const fixed: ACL[] = [];
  const seen = new Set<string>();
  for (const entry of acl) {
    const { scheme, id } = entry.id;
    const key = JSON.stringify([entry.perms, scheme, id]);
    if (seen.has(key)) continue;
    seen.add(key);
    if (scheme === 'auth') {
      const own = ids.filter((identity) => identity.scheme !== 'ip' && identity.scheme !== SUPER_SCHEME);
      if (own.length === 0) throw new KeeperError('INVALIDACL', path);
      for (const identity of own) fixed.push({ perms: entry.perms, id: identity });
    } else {
      // Of a scheme that is known an id is expected: without one the entry is malformed, as ZooKeeper has it.
      const known = scheme === 'world' || (scheme !== null && rules.schemes.has(scheme));
      if (known && id === null) throw new KeeperError('MARSHALLINGERROR', path);
      if (!isStorable(entry.id, rules)) throw new KeeperError('INVALIDACL', path);
      fixed.push(entry);
    }
  }
  // Each `auth` entry may have become many.
  if (fixed.length > ACL_ENTRIES_MAX) throw new KeeperError('INVALIDACL', path);
  return isOpen(fixed) ? OPEN_ACL : fixed;
}

function isStorable({ scheme, id }: Id, rules: AclRules): boolean {
  if (scheme === null) return false;
  const text = id ?? '';
  if (scheme === 'world') return text === 'anyone';
  if (!rules.schemes.has(scheme)) return false;
  switch (scheme) {
    case 'digest':
      // Two parts; what a Java split drops at the end does not count.
      return /^[^:]*:[^:]+:*$/.test(text);
    case 'ip':
      return parseRange(text) !== undefined;
    case 'sasl':
      return /^[^/@]+(\/[^/@]+)?(@[^/@]+)?$/.test(text);
    case 'x509':
      // An attribute without a short name is written as its number.
      return /^\s*(?:[A-Za-z][\w.]*|\d+(?:\.\d+)*)\s*=/.test(text);
    default:
      return false;
  }
}

function isOpen(acl: AclList): boolean {
  if (acl === OPEN_ACL) return true;
  const [first] = acl;
  return (
    acl.length === 1 && first?.perms === Perms.all && first.id.scheme === 'world' && first.id.id === 'anyone'
  );
}

/** A list as a reader without ADMIN sees it: the hashes of digest ids are hidden. */
export function redactAcl(acl: AclList): AclList {
  return acl.map((entry) =>
    entry.id.scheme === 'digest' && entry.id.id !== null
      ? { perms: entry.perms, id: { scheme: 'digest', id: entry.id.id.replace(/:.*$/s, ':x') } }
      : entry,
  );
}

/** The text under which a list is kept in `tree.db`; null for the open list. */
export function aclToText(acl: AclList): string | null {
  if (acl === OPEN_ACL || isOpen(acl)) return null;
  return JSON.stringify(acl.map(({ perms, id }) => ({ perms, scheme: id.scheme, id: id.id })));
}

/** @throws Error where the text is not what aclToText wrote */
export function aclFromText(text: string | null): AclList {
  if (text === null) return OPEN_ACL;
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new Error('An ACL in tree.db is not a JSON list.');
  return parsed.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null)
      throw new Error('An ACL in tree.db has a malformed entry.');
    const { perms, scheme, id } = entry as Record<string, unknown>;
    if (typeof perms !== 'number') throw new Error('An ACL in tree.db has no perms.');
    return { perms, id: { scheme: textOrNull(scheme), id: textOrNull(id) } };
  });
}

/** Lists by their texts, so that a million znodes with the same list share it. */
export class AclTexts {
  readonly #lists = new Map<string, AclList>();

  /** @throws Error where the text is not what aclToText wrote */
  fromText(text: string | null): AclList {
    if (text === null) return OPEN_ACL;
    let list = this.#lists.get(text);
    if (list === undefined) this.#lists.set(text, (list = aclFromText(text)));
    return list;
  }

  clear(): void {
    this.#lists.clear();
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

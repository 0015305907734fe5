/**
 * Why this file exists: what the server answers, as text in the form of Apache's shell and as JSON. Scripts read both.
 */
import { Perms, type ACL, type Stat } from '../../client/index.js';
import type { Json } from './command.js';
import { ShellError } from './errors.js';

/** A 64-bit identifier in hexadecimal, as Java prints a long. */
export function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

/** The eleven lines of a Stat, whose names and order scripts rely on. */
export function statLines(stat: Stat): string[] {
  return [
    `cZxid = ${hex(stat.czxid)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = ${hex(stat.mzxid)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = ${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ];
}

/** A Stat with the protocol's names; zxids and the owner in hexadecimal, times in ISO 8601. */
export function statJson(stat: Stat): Json {
  return {
    czxid: hex(stat.czxid),
    mzxid: hex(stat.mzxid),
    pzxid: hex(stat.pzxid),
    ctime: isoDate(stat.ctime),
    mtime: isoDate(stat.mtime),
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: hex(stat.ephemeralOwner),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}

/** Largest distance from 1970 that a date can have, in ms. */
const DATE_MS_MAX = 8_640_000_000_000_000n;

function dateOf(ms: bigint): Date | undefined {
  return ms > DATE_MS_MAX || ms < -DATE_MS_MAX ? undefined : new Date(Number(ms));
}

function isoDate(ms: bigint): Json {
  return dateOf(ms)?.toISOString() ?? String(ms);
}

/** As `java.util.Date` prints it, in the local zone: `Thu Jan 01 00:00:00 UTC 1970`. */
export function javaDate(ms: bigint): string {
  const date = dateOf(ms);
  if (date === undefined) return String(ms);
  // Names of days and months are Java's in this locale, whatever that of the user.
  const [weekday = '', month = '', day = '', year = '', time = ''] = date.toString().split(' ');
  return `${weekday} ${month} ${day} ${time} ${zoneName(date)} ${Number(year)}`;
}

/** Which locale knows the short name of a zone is a matter of where the zone is. */
const ZONE_LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'en-NZ'];

function zoneName(date: Date): string {
  let name = 'UTC';
  for (const locale of ZONE_LOCALES) {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date);
    name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? name;
    if (!/^(GMT|UTC)[+-]/.test(name)) return name;
  }
  return name;
}

/** Data as Apache's shell prints it: UTF-8, and `null` for none. */
export function dataText(data: Buffer | null): string {
  return data === null ? 'null' : data.toString('utf8');
}

/** Data in JSON: text if it is UTF-8, else its base64. */
export function dataJson(data: Buffer | null): { readonly [key: string]: Json } {
  if (data === null) return { data: null };
  try {
    return { data: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data) };
  } catch {
    return { dataBase64: data.toString('base64') };
  }
}

const BYTES_PER_ROW = 16;

/** Data as a table of bytes, 16 in a row. */
export function hexDump(data: Buffer): string[] {
  if (data.length === 0) return [];
  const head = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
  const rule = `+--------+${'-'.repeat(49)}+${'-'.repeat(16)}+`;
  const lines = [
    `         +${'-'.repeat(49)}+`,
    `         |${head.map((digit) => `  ${digit}`).join('')} |`,
    rule,
  ];
  for (let at = 0; at < data.length; at += BYTES_PER_ROW) {
    const row = [...data.subarray(at, at + BYTES_PER_ROW)];
    const bytes = row.map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
    const text = row.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`|${at.toString(16).padStart(8, '0')}|${bytes.padEnd(48)} |${text.padEnd(16)}|`);
  }
  lines.push(rule);
  return lines;
}

/** Letters of permissions in the order in which they are printed. */
const PERM_LETTERS = [
  ['c', Perms.create],
  ['d', Perms.delete],
  ['r', Perms.read],
  ['w', Perms.write],
  ['a', Perms.admin],
] as const;

/** `cdrwa`, without the letters of what is not allowed. */
export function permText(perms: number): string {
  return PERM_LETTERS.map(([letter, bit]) => ((perms & bit) === 0 ? '' : letter)).join('');
}

/** Two lines for each entry. */
export function aclLines(acl: readonly ACL[]): string[] {
  return acl.flatMap(({ perms, id }) => [`'${id.scheme},'${id.id}`, `: ${permText(perms)}`]);
}

/** An access list in JSON. */
export function aclJson(acl: readonly ACL[]): Json {
  return acl.map(({ perms, id }) => ({ scheme: id.scheme, id: id.id, perms: permText(perms) }));
}

/**
 * Reads an access list: entries `scheme:id:perms` with commas between them; the id may have colons. As in Apache's shell,
 * an entry of another form and an unknown letter are complained about and passed over.
 * @throws ShellError INVALIDACL when no entry is left
 */
export function parseAcl(text: string, path: string, complain: (text: string) => void): ACL[] {
  const acl: ACL[] = [];
  for (const entry of text.split(',')) {
    const first = entry.indexOf(':');
    const last = entry.lastIndexOf(':');
    if (first === last) {
      complain(`${entry} does not have the form scheme:id:perm`);
      continue;
    }
    let perms = 0;
    for (const letter of entry.slice(last + 1)) {
      const bit = PERM_LETTERS.find(([known]) => known === letter)?.[1];
      if (bit === undefined) complain(`Unknown perm type: ${letter}`);
      else perms |= bit;
    }
    acl.push({ perms, id: { scheme: entry.slice(0, first), id: entry.slice(first + 1, last) } });
  }
  if (acl.length === 0) throw new ShellError('INVALIDACL', `Acl is not valid : ${path}`, { path });
  return acl;
}

/** A list in brackets, as Java prints one. */
export function listText(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** By UTF-16 units, as Java sorts strings; in place. */
export function sortNames(names: string[]): string[] {
  return names.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
}

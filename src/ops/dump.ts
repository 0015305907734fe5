/** Why this file exists: dump, the sessions, their ephemeral znodes and the connections with the time they have left. */
import type { ConnectionStatus, Status } from '../server/index.js';
import { hex } from '../util/index.js';
import { javaDate, lines, socketAddress } from './format.js';

/** Entries that expire at one time (ms since 1970). */
type Buckets = readonly { readonly expiresAt: number; readonly entries: readonly string[] }[];

/** Sessions by expiry, ephemeral znodes by session, connections by expiry. */
export function dump(status: Status): string {
  return lines(
    'SessionTracker dump:',
    ...expirySets('Session', sessions(status)),
    'ephemeral nodes dump:',
    ...ephemerals(status),
    'Connections dump:',
    ...expirySets('Connections', connections(status)),
  );
}

function sessions(status: Status): Buckets {
  return status.sessionBuckets().map(({ expiresAt, ids }) => ({ expiresAt, entries: ids.map(hex) }));
}

function ephemerals(status: Status): string[] {
  const bySession = [...status.ephemerals()];
  return [
    `Sessions with Ephemerals (${bySession.length}):`,
    ...bySession.flatMap(([id, paths]) => [`${hex(id)}:`, ...[...paths].map((path) => `\t${path}`)]),
  ];
}

/** A connection goes with its session; without one it has `sessionlessTimeoutMs` to ask for one. */
function connections(status: Status): Buckets {
  const sessionExpiry = new Map(
    status.sessionBuckets().flatMap(({ expiresAt, ids }) => ids.map((id) => [id, expiresAt] as const)),
  );
  const byExpiry = new Map<number, string[]>();
  for (const connection of status.connections()) {
    const { address, port, sessionId } = connection;
    const expiresAt = sessionExpiry.get(sessionId) ?? connection.establishedAt + patience(connection, status);
    const entries = byExpiry.get(expiresAt) ?? [];
    entries.push(`ip: ${socketAddress(address, port)} sessionId: ${hex(sessionId)}`);
    byExpiry.set(expiresAt, entries);
  }
  return [...byExpiry].sort(([a], [b]) => a - b).map(([expiresAt, entries]) => ({ expiresAt, entries }));
}

/** For a connection whose session is not (or no longer) known. */
function patience({ sessionId, sessionTimeoutMs }: ConnectionStatus, { config }: Status): number {
  return sessionId === 0n ? config.sessionlessTimeoutMs : sessionTimeoutMs;
}

function expirySets(what: string, buckets: Buckets): string[] {
  const total = buckets.reduce((sum, { entries }) => sum + entries.length, 0);
  return [
    `${what} Sets (${buckets.length})/(${total}):`,
    ...buckets.flatMap(({ expiresAt, entries }) => [
      `${entries.length} expire at ${javaDate(expiresAt)}:`,
      ...entries.map((entry) => `\t${entry}`),
    ]),
  ];
}

/** Why this file exists: dump, the sessions, their ephemeral znodes and the connections with the time they have left. */
import type { ConnectionStatus, Status } from '../server/index.js';
import { hex } from '../util/index.js';
import { javaDate, lines, socketAddress, whole } from './format.js';

/** Entries that expire at one time (ms since 1970). */
type Buckets = readonly { readonly expiresAt: number; readonly entries: readonly string[] }[];

/** Sessions by expiry, ephemeral znodes by session, connections by expiry. */
export function dump(status: Status): string {
  return lines(
    'SessionTracker dump:',
    ...localSessions(status),
    ...(knowsExpiry(status) ? globalSessions(status) : sessionList(status)),
    'ephemeral nodes dump:',
    ...ephemerals(status),
    'Connections dump:',
    ...expirySets('Connections', connections(status)),
  );
}

/** Followers and observers tell their leader who is there, and only that decides when a session is over. */
function knowsExpiry({ ensemble }: Status): boolean {
  return ensemble === undefined || ensemble.leader !== undefined;
}

/** Only where there may be any, and then the global ones of a leader are called so. */
function localSessions(status: Status): string[] {
  return hasLocalSessions(status) ? expirySets('Local Session', byExpiry(status.localSessionBuckets())) : [];
}

function globalSessions(status: Status): string[] {
  const what = hasLocalSessions(status) ? 'Global Session' : 'Session';
  return expirySets(what, byExpiry(status.sessionBuckets()));
}

function hasLocalSessions({ config }: Status): boolean {
  return config.ensemble?.localSessionsEnabled === true;
}

function sessionList(status: Status): string[] {
  const sessions = status.sessions();
  return [
    `Global Sessions(${sessions.length}):`,
    ...sessions.map(({ id, timeoutMs }) => `${hex(id)}\t${whole(timeoutMs)}ms`),
  ];
}

function byExpiry(buckets: ReturnType<Status['sessionBuckets']>): Buckets {
  return buckets.map(({ expiresAt, ids }) => ({ expiresAt, entries: ids.map(hex) }));
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
  const known = [...(knowsExpiry(status) ? status.sessionBuckets() : []), ...status.localSessionBuckets()];
  const sessionExpiry = new Map(
    known.flatMap(({ expiresAt, ids }) => ids.map((id) => [id, expiresAt] as const)),
  );
  const byExpiry = new Map<number, string[]>();
  for (const connection of status.connections()) {
    const { address, port, sessionId } = connection;
    const expiresAt =
      sessionExpiry.get(sessionId) ?? lastSeen(connection, status) + patience(connection, status);
    const entries = byExpiry.get(expiresAt) ?? [];
    entries.push(`ip: ${socketAddress(address, port)} sessionId: ${hex(sessionId)}`);
    byExpiry.set(expiresAt, entries);
  }
  return [...byExpiry].sort(([a], [b]) => a - b).map(([expiresAt, entries]) => ({ expiresAt, entries }));
}

/** When its client was heard of last, in ms since 1970 and rounded up to ticks, where only another server knows more. */
function lastSeen({ establishedAt, lastResponseAt }: ConnectionStatus, status: Status): number {
  if (knowsExpiry(status)) return establishedAt;
  const seen = Math.max(establishedAt, performance.timeOrigin + lastResponseAt);
  return Math.ceil(seen / status.config.tickTime) * status.config.tickTime;
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

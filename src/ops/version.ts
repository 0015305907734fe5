/**
 * Why this file exists: clients decide from the version what a server can do, so ours has to say two things at once:
 * which ZooKeeper it behaves like, and what it is.
 *
 * `3.9.5-zabkeeper-0.1.0-<revision>, built on 2026-01-01 00:00 UTC`, because of those who read it:
 * - kazoo takes the leading digits and points (`([\d\.]*).*`) and skips operations the server seems too old for:
 *   the first thing must be ZooKeeper's number, followed by neither digit nor point.
 * - aiozk wants `(\d+)\.(\d+)\.(\d+)-`, Datadog's check `([^.]+)\.([^.]+)\.([^-]+)`: a hyphen after it.
 * - the Go client wants `[A-Za-z0-9.-]+` up to `, built on `, and a date that `2006-01-02 15:04 MST` parses: no
 *   blanks, brackets or plus signs, and a zone by name.
 * - people and scripts that look for `zabkeeper`, or for the revision as the last part, find both.
 */
import type { Status } from '../server/index.js';

/** The release of ZooKeeper whose behaviour and formats clients may expect. */
export const ZOOKEEPER_VERSION = '3.9.5';

/** The version as srvr, stat, mntr and envi give it. */
export function fullVersion({ version, revision, builtAt }: Status): string {
  const name = [ZOOKEEPER_VERSION, 'zabkeeper', version, ...(revision === undefined ? [] : [revision])]
    .join('-')
    .replace(/[^A-Za-z0-9.-]/g, '-');
  const [date, time] = new Date(builtAt).toISOString().split('T');
  return `${name}, built on ${String(date)} ${String(time).slice(0, 5)} UTC`;
}

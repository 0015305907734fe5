/**
 * Why this file exists: mntr, the word that monitoring polls: `zk_<key>` TAB value, one per line; and the same as an
 * object, for the admin server. What /metrics says is made from the same tables (`families.ts`), so the two agree.
 */
import type { Status } from '../server/index.js';
import { decimal, lines, whole } from './format.js';
import { QUANTILES, histograms, metrics, summaries, type SummaryValues } from './metrics.js';
import { processStatus } from './processStatus.js';
import { serverState } from './srvr.js';
import { fullVersion } from './version.js';

/** A key without `zk_`, and its value as Java prints it. */
export type MntrEntry = readonly [key: string, value: string];

/** Version and state, which are text, then all numbers. */
export async function mntr(status: Status): Promise<string> {
  const entries = await mntrEntries(status);
  return lines(...entries.map(([key, value]) => `zk_${key}\t${value}`));
}

/** What mntr prints. */
export async function mntrEntries(status: Status): Promise<readonly MntrEntry[]> {
  const ofProcess = await processStatus();
  const entries: MntrEntry[] = [
    ['version', fullVersion(status)],
    ['server_state', serverState(status)],
    ...peerState(status),
  ];
  for (const { name, fractional, value } of metrics) {
    const number = value(status, ofProcess);
    if (number !== undefined) entries.push([name, (fractional === true ? decimal : whole)(number)]);
  }
  for (const { name, values } of summaries) {
    const found = values(status);
    if (found !== undefined) entries.push(...expand(name, found, whole), ...quantiles(name, found));
  }
  for (const { name, values } of histograms) {
    for (const [key, found] of Object.entries(values(status)))
      entries.push(...expand(`${key}_${name}`, found, decimal));
  }
  return entries;
}

/** Role and phase of a member. Only in this phase clients are served and mntr says more than that they are not. */
function peerState({ ensemble, readOnly, mode }: Status): MntrEntry[] {
  if (ensemble === undefined || readOnly || mode === 'standalone') return [];
  const roles = { leader: 'leading', follower: 'following', observer: 'observing' } as const;
  return [['peer_state', `${roles[mode]} - broadcast`]];
}

/**
 * The lines that ZooKeeper's default provider makes of a summary; all 0 before the first event.
 * @param print integers where ZooKeeper has them; our own times would be 0 then
 */
function expand(
  name: string,
  { count, sum, min, max }: SummaryValues,
  print: (value: number) => string,
): MntrEntry[] {
  const empty = count === 0;
  return [
    [`avg_${name}`, decimal(empty ? 0 : sum / count)],
    [`min_${name}`, print(empty ? 0 : min)],
    [`max_${name}`, print(empty ? 0 : max)],
    [`cnt_${name}`, whole(count)],
    [`sum_${name}`, print(sum)],
  ];
}

function quantiles(name: string, found: SummaryValues): MntrEntry[] {
  if (found.quantile === undefined) return [];
  return QUANTILES.map((part) => [`p${quantileName(part)}_${name}`, whole(found.quantile?.(part) ?? 0)]);
}

/** The names of these lines. @param quantiles whether it has any */
export function expandedNames(name: string, quantiles: boolean): readonly string[] {
  const parts = ['avg', 'min', 'max', 'cnt', 'sum'];
  if (quantiles) parts.push(...QUANTILES.map((part) => `p${quantileName(part)}`));
  return parts.map((part) => `${part}_${name}`);
}

/** `50` for 0.5, `999` for 0.999: the digits, as ZooKeeper has them. */
function quantileName(part: number): string {
  return String(part).replace('0.', '').padEnd(2, '0');
}

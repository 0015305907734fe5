/** Why this file exists: mntr, the word that monitoring polls: `zk_<key>` TAB value, one per line. */
import type { Status } from '../server/index.js';
import { decimal, lines, whole } from './format.js';
import type { Summary } from './metrics.js';
import { metrics, summaries } from './metrics.js';
import { processStatus } from './processStatus.js';
import { serverState } from './srvr.js';
import { fullVersion } from './version.js';

/** Version and state, which are text, then all numbers. */
export async function mntr(status: Status): Promise<string> {
  const ofProcess = await processStatus();
  const entries: [key: string, value: string][] = [
    ['version', fullVersion(status)],
    ['server_state', serverState(status)],
    ...peerState(status),
  ];
  for (const { name, fractional, value } of metrics) {
    const number = value(status, ofProcess);
    if (number !== undefined) entries.push([name, (fractional === true ? decimal : whole)(number)]);
  }
  for (const summary of summaries) entries.push(...expand(summary, status));
  return lines(...entries.map(([key, value]) => `zk_${key}\t${value}`));
}

/** Role and phase of a member. Only in this phase clients are served and mntr says more than that they are not. */
function peerState({ ensemble, readOnly, mode }: Status): [key: string, value: string][] {
  if (ensemble === undefined || readOnly || mode === 'standalone') return [];
  const roles = { leader: 'leading', follower: 'following', observer: 'observing' } as const;
  return [['peer_state', `${roles[mode]} - broadcast`]];
}

/** The five lines that ZooKeeper's default provider makes of a summary; all 0 before the first event. */
function expand({ name, values }: Summary, status: Status): [key: string, value: string][] {
  const found = values(status);
  if (found === undefined) return [];
  const { count, sum, min, max } = found;
  const empty = count === 0;
  return [
    [`avg_${name}`, decimal(empty ? 0 : sum / count)],
    [`min_${name}`, whole(empty ? 0 : min)],
    [`max_${name}`, whole(empty ? 0 : max)],
    [`cnt_${name}`, whole(count)],
    [`sum_${name}`, whole(sum)],
  ];
}

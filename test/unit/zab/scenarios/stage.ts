/** What the conversations begin with: a follower of server 3 in epoch 3, and what it looks like after a restart. */
import type { LogMark, ServerId } from '../../../../src/zab/index.js';
import { PeerHost, vote, type PeerOptions } from '../../helpers/peer.js';
import { log, say, type Rec } from '../../helpers/peerLines.js';

/** The first link of the follower with its leader. */
export const LINK = 10;
/** Four records that everyone has. */
export const LOG: readonly Rec[] = log('1:1 1:2 1:3 1:4');
export const END: LogMark = LOG[3]!.mark;
/** What the leader of epoch 3 has behind them, and proposes later. */
export const MORE: readonly Rec[] = log('2:1 2:2', END);
export const T: LogMark = MORE[1]!.mark;
export const NEXT: readonly Rec[] = log('3:1 3:2 3:3', T);

/** Its link with the leader is up. */
export function following(options: PeerOptions = {}): PeerHost {
  const host = new PeerHost({ log: LOG, applied: 2, epochs: [1, 1], ...options }).joining(3);
  return host.connected(LINK, 3);
}

/** It has promised epoch 3, and waits for what the leader has. */
export function promised(options: PeerOptions = {}): PeerHost {
  const host = following(options).hears(LINK, say.leaderInfo(3)).disk();
  host.take();
  return host;
}

/** It follows, and serves; its log ends with T, and all of it is applied. */
export function serving(options: PeerOptions = {}): PeerHost {
  const host = promised(options).hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).disk();
  if (!host.hears(LINK, say.upToDate(6)).take().includes('serve following 3'))
    throw new Error('It does not serve.');
  return host;
}

/** The process dies; the next one starts with what is on the disk. Its first votes are there to be taken. */
export function restarted(host: PeerHost, options: PeerOptions = {}): PeerHost {
  const { acceptedEpoch, currentEpoch } = host.epochs;
  const { id } = host.peer.settings;
  return new PeerHost({ id, log: host.log, epochs: [acceptedEpoch, currentEpoch], ...options }).start();
}

/** Servers 2 and 3 lead and follow in this epoch: the server, which looks for a leader, joins them on another link. */
export function joinsAgain(host: PeerHost, epoch: number, link = LINK + 1): PeerHost {
  for (const from of [3, 2] as readonly ServerId[]) {
    host.electionLink(from, true);
    host.notified(from, vote(3, { state: from === 3 ? 'leading' : 'following', peerEpoch: epoch, round: 9 }));
  }
  host.connected(link, 3);
  host.take();
  return host;
}

/** The first vote since the last look at it. */
export function firstVote(host: PeerHost): string | undefined {
  return host.take().find((line) => line.startsWith('vote'));
}

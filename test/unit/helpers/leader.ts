/** A leader with learners that say what learners say: sets the stage for its conversations. */
import type { LogMark, ServerId, ToLeader } from '../../../src/zab/index.js';
import { PeerHost, type PeerOptions } from './peer.js';
import { log, say, type Rec } from './peerLines.js';

/** Four records that everyone has. */
export const LOG: readonly Rec[] = log('1:1 1:2 1:3 1:4');
export const END: LogMark = LOG[3]!.mark;

/** The link of a learner, the first time that it connects. */
export function linkOf(peer: ServerId): number {
  return 10 + peer;
}

/** Server 3, which everyone wants to lead; nobody has connected. Its epoch will be 2. */
export function electedLeader(options: PeerOptions = {}): PeerHost {
  return new PeerHost({ id: 3, log: LOG, applied: 2, epochs: [1, 1], ...options }).elected();
}

type Info = Partial<Extract<ToLeader, { kind: 'followerInfo' }>>;

export interface Joins {
  readonly link?: number;
  readonly tail?: LogMark;
  readonly accepted?: number;
  readonly current?: number;
  readonly counts?: boolean;
  readonly info?: Info;
}

/** A learner connects and says which epoch it has promised. */
export function connects(host: PeerHost, peer: ServerId, { accepted = 1, ...of }: Joins = {}): PeerHost {
  const link = of.link ?? linkOf(peer);
  return host.linked(link, peer).hears(link, say.followerInfo(accepted, of.info)).disk();
}

/** It connects and promises the leader's epoch. */
export function promises(host: PeerHost, peer: ServerId, of: Joins = {}): PeerHost {
  connects(host, peer, of);
  const { link = linkOf(peer), tail = END, current = 1, counts = true } = of;
  return host.hears(link, say.ackEpoch(current, tail, counts)).disk();
}

/** It connects, promises, and has the leader's history on its disk. */
export function joins(host: PeerHost, peer: ServerId, of: Joins = {}): PeerHost {
  promises(host, peer, of);
  return host.hears(of.link ?? linkOf(peer), say.ackNewLeader(host.peer.epoch)).disk();
}

/** These have promised server 3 its epoch, and are being brought up to its history. */
export function promisedLeader(options: PeerOptions, followers: readonly ServerId[]): PeerHost {
  const host = electedLeader(options);
  for (const peer of followers) connects(host, peer);
  for (const peer of followers) host.hears(linkOf(peer), say.ackEpoch(1, END));
  return host.disk();
}

/** Server 3 leads epoch 2, and these follow. */
export function establishedLeader(options: PeerOptions = {}, followers: readonly ServerId[] = [1]): PeerHost {
  const host = promisedLeader(options, followers);
  for (const peer of followers) host.hears(linkOf(peer), say.ackNewLeader(host.peer.epoch));
  if (!host.said().some((line) => line === `serve leading ${host.peer.epoch}`))
    throw new Error('It does not lead.');
  return host;
}

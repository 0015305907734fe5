/** Valid messages between servers, to be bent: every kind, with numbers at the edges of their ranges. */
import { FrameGroupWriter, encodeNotification, encodePeerMessage } from '../../src/net/index.js';
import { makeZxid, sessionIdOf, type SessionId, type Zxid } from '../../src/types/index.js';
import type { LogMark, PeerMessage } from '../../src/zab/index.js';
import type { Random } from '../helpers/random.js';

const EPOCHS = [0, 1, 2, 1000, 0x7fff_fffe, 0x7fff_ffff];
const INDEXES = [0, 1, 127, 128, 2 ** 31, Number.MAX_SAFE_INTEGER];

function zxid(random: Random): Zxid {
  return makeZxid(random.pick(EPOCHS), random.pick([0, 1, 0x7fff_ffff, 0xffff_ffff]));
}

function mark(random: Random): LogMark {
  return { index: random.pick(INDEXES), zxid: zxid(random), chain: random.pick([0n, -1n, 1n << 62n]) };
}

function session(random: Random): SessionId {
  return sessionIdOf(random.pick([0n, 1n, -1n, -(1n << 63n)]));
}

type Makers = { readonly [K in PeerMessage['kind']]: (random: Random) => Extract<PeerMessage, { kind: K }> };

/** One per kind: the compiler tells when one is missing. */
const MAKERS: Makers = {
  followerInfo: (r) => ({
    kind: 'followerInfo',
    acceptedEpoch: r.pick(EPOCHS),
    observer: r.chance(0.5),
    configVersion: zxid(r),
    blank: r.chance(0.5),
    suspect: r.chance(0.5),
  }),
  ackEpoch: (r) => ({ kind: 'ackEpoch', currentEpoch: r.pick(EPOCHS), tail: mark(r), counts: r.chance(0.5) }),
  wantSnapshot: () => ({ kind: 'wantSnapshot' }),
  chunkStaged: () => ({ kind: 'chunkStaged' }),
  ackNewLeader: (r) => ({ kind: 'ackNewLeader', epoch: r.pick(EPOCHS) }),
  ack: (r) => ({ kind: 'ack', epoch: r.pick(EPOCHS), index: r.pick(INDEXES) }),
  pong: (r) => ({
    kind: 'pong',
    beat: r.pick(INDEXES),
    touched: Array.from({ length: r.int(4) }, () => session(r)),
    applied: r.pick(INDEXES),
  }),
  request: (r) => ({
    kind: 'request',
    request: r.pick(INDEXES),
    session: session(r),
    cxid: r.int(1000),
    op: r.int(110) - 11,
    body: r.bytes(r.int(60)),
    identities: Array.from({ length: r.int(3) }, () => ({ scheme: 'digest', id: 'ann:\u00e9' })),
  }),
  revalidate: (r) => ({
    kind: 'revalidate',
    request: r.pick(INDEXES),
    session: session(r),
    timeoutMs: r.int(40_000),
  }),
  sync: (r) => ({ kind: 'sync', request: r.pick(INDEXES) }),
  leaderInfo: (r) => ({ kind: 'leaderInfo', epoch: r.pick(EPOCHS) }),
  diff: (r) => ({ kind: 'diff', from: mark(r) }),
  trunc: (r) => ({ kind: 'trunc', to: mark(r) }),
  snap: (r) => ({ kind: 'snap', base: mark(r) }),
  chunk: (r) => ({ kind: 'chunk', bytes: r.bytes(r.int(100)), last: r.chance(0.5) }),
  records: (r) => ({
    kind: 'records',
    batch: { bytes: r.bytes(r.int(100)), count: r.int(5), last: mark(r) },
    answers: Array.from({ length: r.int(3) }, () => ({ index: r.pick(INDEXES), request: r.pick(INDEXES) })),
  }),
  newLeader: (r) => ({ kind: 'newLeader', epoch: r.pick(EPOCHS), tail: mark(r), secret: r.bytes(32) }),
  upToDate: (r) => ({ kind: 'upToDate', commit: r.pick(INDEXES) }),
  commit: (r) => ({ kind: 'commit', index: r.pick(INDEXES) }),
  ping: (r) => ({ kind: 'ping', beat: r.pick(INDEXES), commit: r.pick(INDEXES) }),
  revalidated: (r) => ({ kind: 'revalidated', request: r.pick(INDEXES), valid: r.chance(0.5) }),
  synced: (r) => ({ kind: 'synced', request: r.pick(INDEXES), index: r.pick(INDEXES) }),
  handOver: () => ({ kind: 'handOver' }),
};

function message(random: Random): PeerMessage {
  return random.pick(Object.values(MAKERS))(random);
}

export function peerMessage(random: Random): Buffer {
  return encodePeerMessage(message(random));
}

export function notification(random: Random): Buffer {
  return encodeNotification({
    state: random.pick(['looking', 'following', 'leading', 'observing']),
    leader: random.int(256) - 1,
    zxid: zxid(random),
    peerEpoch: random.pick(EPOCHS),
    round: random.pick(EPOCHS),
    configVersion: zxid(random),
    blank: random.chance(0.5),
    leaderBlank: random.chance(0.5),
  });
}

/** Without its length. */
export function frameGroup(random: Random): Buffer {
  const writer = new FrameGroupWriter();
  for (let i = 1 + random.int(4); i > 0; i--) writer.add(message(random));
  return Buffer.concat(writer.take()).subarray(4);
}

/** A frame with one message of this kind, without its length. */
export function groupOf(random: Random, kind: PeerMessage['kind']): Buffer {
  const writer = new FrameGroupWriter();
  writer.add(MAKERS[kind](random));
  return Buffer.concat(writer.take()).subarray(4);
}

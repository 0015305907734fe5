/** Any message that servers may send each other, within the limits of the wire. */
import fc from 'fast-check';
import type { Hello } from '../../../src/net/electionCodec.js';
import { makeZxid, sessionIdOf, type SessionId, type Zxid } from '../../../src/types/index.js';
import type { LogMark, Notification, PeerMessage } from '../../../src/zab/index.js';

const INT31_MAX = 0x7fff_ffff;

export const int31: fc.Arbitrary<number> = fc.integer({ min: 0, max: INT31_MAX });
const int32 = fc.integer({ min: -0x8000_0000, max: INT31_MAX });
const index = fc.maxSafeNat();
const sessionId: fc.Arbitrary<SessionId> = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map(sessionIdOf);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 100 });

export const zxid: fc.Arbitrary<Zxid> = fc
  .tuple(int31, fc.integer({ min: 0, max: 0xffff_ffff }))
  .map(([epoch, counter]) => makeZxid(epoch, counter));
export const mark: fc.Arbitrary<LogMark> = fc.record({
  index,
  zxid,
  chain: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});

export const notification: fc.Arbitrary<Notification> = fc.record({
  state: fc.constantFrom('looking', 'following', 'leading', 'observing'),
  leader: fc.integer({ min: -1, max: INT31_MAX }),
  zxid,
  peerEpoch: int31,
  round: int31,
  configVersion: zxid,
  blank: fc.boolean(),
  leaderBlank: fc.boolean(),
});

export const hello: fc.Arbitrary<Hello> = fc.record({
  channel: fc.constantFrom('election', 'quorum'),
  from: int31,
  to: int31,
  ensembleId: fc.option(text, { nil: undefined }),
  version: text,
  capabilities: fc.array(text, { maxLength: 8 }),
});

type Message<K> = Extract<PeerMessage, { kind: K }>;

function kind<K extends PeerMessage['kind']>(
  name: K,
  fields: { [F in Exclude<keyof Message<K>, 'kind'>]: fc.Arbitrary<Message<K>[F]> },
): fc.Arbitrary<PeerMessage> {
  return fc.record({ kind: fc.constant(name), ...fields }) as fc.Arbitrary<PeerMessage>;
}

/** One arbitrary per kind: the compiler tells when one is missing. */
const KINDS: Readonly<Record<PeerMessage['kind'], fc.Arbitrary<PeerMessage>>> = {
  followerInfo: kind('followerInfo', {
    acceptedEpoch: int31,
    observer: fc.boolean(),
    configVersion: zxid,
    blank: fc.boolean(),
    suspect: fc.boolean(),
  }),
  ackEpoch: kind('ackEpoch', { currentEpoch: int31, tail: mark, counts: fc.boolean() }),
  wantSnapshot: kind('wantSnapshot', {}),
  chunkStaged: kind('chunkStaged', {}),
  ackNewLeader: kind('ackNewLeader', { epoch: int31 }),
  ack: kind('ack', { epoch: int31, index }),
  pong: kind('pong', { beat: index, touched: fc.array(sessionId), applied: index }),
  request: kind('request', {
    request: index,
    session: sessionId,
    cxid: int32,
    op: int32,
    body: bytes,
    identities: fc.array(fc.record({ scheme: text, id: text })),
  }),
  revalidate: kind('revalidate', { request: index, session: sessionId, timeoutMs: int31 }),
  sync: kind('sync', { request: index }),
  leaderInfo: kind('leaderInfo', { epoch: int31 }),
  diff: kind('diff', { from: mark }),
  trunc: kind('trunc', { to: mark }),
  snap: kind('snap', { base: mark }),
  chunk: kind('chunk', { bytes, last: fc.boolean() }),
  records: kind('records', {
    batch: fc.record({ bytes, count: int31, last: mark }),
    answers: fc.array(fc.record({ index, request: index })),
  }),
  newLeader: kind('newLeader', { epoch: int31, tail: mark, secret: bytes }),
  upToDate: kind('upToDate', { commit: index }),
  commit: kind('commit', { index }),
  ping: kind('ping', { beat: index, commit: index }),
  revalidated: kind('revalidated', { request: index, valid: fc.boolean() }),
  synced: kind('synced', { request: index, index }),
  handOver: kind('handOver', {}),
};

export const messageKinds: readonly (readonly [string, fc.Arbitrary<PeerMessage>])[] = Object.entries(KINDS);

export const peerMessage: fc.Arbitrary<PeerMessage> = fc.oneof(...Object.values(KINDS));

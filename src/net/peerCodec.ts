/** What travels on quorum links, between its form in `zab/` and its form on the wire. */
import { counterOf, epochOf, type Zxid } from '../types/index.js';
import { unreachable } from '../util/index.js';
import type { LogMark, PeerMessage } from '../zab/index.js';
import {
  readMessage,
  sizeMessage,
  writeMessage,
  type Mark,
  type Message,
  type Zxid as ZxidFields,
} from './generated/peer.js';
import {
  atMost,
  BODY_BYTES_MAX,
  bytes,
  decoding,
  ID_LENGTH_MAX,
  IDENTITIES_MAX,
  int31,
  mark,
  ownBytes,
  present,
  safeInteger,
  SCHEME_LENGTH_MAX,
  SECRET_BYTES_MAX,
  sessionId,
  text,
  zxid,
} from './peerLimits.js';
import { protoReader, protoWriter, writtenBytes } from './protobuf.js';

/** One message alone, without a frame; links send groups of them (`frameGroup.ts`). */
export function encodePeerMessage(message: PeerMessage): Buffer {
  const wire = toWire(message);
  const writer = protoWriter(sizeMessage(wire));
  writeMessage(writer, wire);
  return writtenBytes(writer);
}

/** @throws PeerDecodeError */
export function decodePeerMessage(encoded: Buffer): PeerMessage {
  return decoding('message', () => fromWire(readMessage(protoReader(encoded))));
}

/** A message as the generated code takes it. Bytes are still those of `message`. */
export function toWire(message: PeerMessage): Message {
  switch (message.kind) {
    case 'followerInfo': {
      const { acceptedEpoch, observer, blank, suspect } = message;
      const configVersion = zxidFields(message.configVersion);
      return { kind: 'followerInfo', value: { acceptedEpoch, observer, configVersion, blank, suspect } };
    }
    case 'ackEpoch': {
      const { currentEpoch, counts } = message;
      return { kind: 'ackEpoch', value: { currentEpoch, tail: markFields(message.tail), counts } };
    }
    case 'wantSnapshot':
      return { kind: 'wantSnapshot', value: {} };
    case 'chunkStaged':
      return { kind: 'chunkStaged', value: {} };
    case 'ackNewLeader':
      return { kind: 'ackNewLeader', value: { epoch: message.epoch } };
    case 'ack':
      return { kind: 'ack', value: { epoch: message.epoch, index: BigInt(message.index) } };
    case 'pong': {
      const { beat, touched, applied } = message;
      return { kind: 'pong', value: { beat: BigInt(beat), touched, applied: BigInt(applied) } };
    }
    case 'request': {
      const { request, session, cxid, op, body, identities } = message;
      return { kind: 'request', value: { request: BigInt(request), session, cxid, op, body, identities } };
    }
    case 'revalidate': {
      const { request, session, timeoutMs } = message;
      return { kind: 'revalidate', value: { request: BigInt(request), session, timeoutMs } };
    }
    case 'sync':
      return { kind: 'sync', value: { request: BigInt(message.request) } };
    case 'leaderInfo':
      return { kind: 'leaderInfo', value: { epoch: message.epoch } };
    case 'diff':
      return { kind: 'diff', value: { from: markFields(message.from) } };
    case 'trunc':
      return { kind: 'trunc', value: { to: markFields(message.to) } };
    case 'snap':
      return { kind: 'snap', value: { base: markFields(message.base) } };
    case 'chunk':
      return { kind: 'chunk', value: { bytes: message.bytes, last: message.last } };
    case 'records': {
      const { batch } = message;
      const answers = message.answers.map(({ index, request }) => ({
        index: BigInt(index),
        request: BigInt(request),
      }));
      const last = markFields(batch.last);
      return { kind: 'records', value: { bytes: batch.bytes, count: batch.count, last, answers } };
    }
    case 'newLeader': {
      const { epoch, secret } = message;
      return { kind: 'newLeader', value: { epoch, tail: markFields(message.tail), secret } };
    }
    case 'upToDate':
      return { kind: 'upToDate', value: { commit: BigInt(message.commit) } };
    case 'commit':
      return { kind: 'commit', value: { index: BigInt(message.index) } };
    case 'ping':
      return { kind: 'ping', value: { beat: BigInt(message.beat), commit: BigInt(message.commit) } };
    case 'revalidated':
      return { kind: 'revalidated', value: { request: BigInt(message.request), valid: message.valid } };
    case 'synced':
      return {
        kind: 'synced',
        value: { request: BigInt(message.request), index: BigInt(message.index) },
      };
    case 'handOver':
      return { kind: 'handOver', value: {} };
    default:
      return unreachable(message);
  }
}

/**
 * The message that `wire` stands for. Bytes are copied: those of records and chunks into memory of their own, which may
 * be given away.
 * @throws PeerDecodeError
 */
export function fromWire(wire: Message): PeerMessage {
  const { kind } = wire;
  const of = (field: string): string => `${field} of ${kind}`;
  switch (kind) {
    case 'followerInfo':
      return {
        kind,
        acceptedEpoch: int31(wire.value.acceptedEpoch, of('acceptedEpoch')),
        observer: wire.value.observer,
        configVersion: zxid(wire.value.configVersion, of('configVersion')),
        blank: wire.value.blank,
        suspect: wire.value.suspect,
      };
    case 'ackEpoch':
      return {
        kind,
        currentEpoch: int31(wire.value.currentEpoch, of('currentEpoch')),
        tail: mark(wire.value.tail, of('tail')),
        counts: wire.value.counts,
      };
    case 'wantSnapshot':
    case 'chunkStaged':
    case 'handOver':
      return { kind };
    case 'ackNewLeader':
    case 'leaderInfo':
      return { kind, epoch: int31(wire.value.epoch, of('epoch')) };
    case 'ack':
      return {
        kind,
        epoch: int31(wire.value.epoch, of('epoch')),
        index: safeInteger(wire.value.index, of('index')),
      };
    case 'pong':
      return {
        kind,
        beat: safeInteger(wire.value.beat, of('beat')),
        touched: wire.value.touched.map((session) => sessionId(session, of('touched'))),
        applied: safeInteger(wire.value.applied, of('applied')),
      };
    case 'request':
      atMost(wire.value.identities.length, IDENTITIES_MAX, of('identities'));
      return {
        kind,
        request: safeInteger(wire.value.request, of('request')),
        session: sessionId(wire.value.session, of('session')),
        cxid: present(wire.value.cxid, of('cxid')),
        op: present(wire.value.op, of('op')),
        body: bytes(wire.value.body, BODY_BYTES_MAX, of('body')),
        identities: wire.value.identities.map(({ scheme, id }) => ({
          scheme: text(scheme, SCHEME_LENGTH_MAX, of('scheme of an identity')),
          id: text(id, ID_LENGTH_MAX, of('id of an identity')),
        })),
      };
    case 'revalidate':
      return {
        kind,
        request: safeInteger(wire.value.request, of('request')),
        session: sessionId(wire.value.session, of('session')),
        timeoutMs: int31(wire.value.timeoutMs, of('timeoutMs')),
      };
    case 'sync':
      return { kind, request: safeInteger(wire.value.request, of('request')) };
    case 'diff':
      return { kind, from: mark(wire.value.from, of('from')) };
    case 'trunc':
      return { kind, to: mark(wire.value.to, of('to')) };
    case 'snap':
      return { kind, base: mark(wire.value.base, of('base')) };
    case 'chunk':
      return { kind, bytes: ownBytes(wire.value.bytes, of('bytes')), last: wire.value.last };
    case 'records':
      return {
        kind,
        batch: {
          bytes: ownBytes(wire.value.bytes, of('bytes')),
          count: int31(wire.value.count, of('count')),
          last: mark(wire.value.last, of('last')),
        },
        answers: wire.value.answers.map(({ index, request }) => ({
          index: safeInteger(index, of('index of an answer')),
          request: safeInteger(request, of('request of an answer')),
        })),
      };
    case 'newLeader':
      return {
        kind,
        epoch: int31(wire.value.epoch, of('epoch')),
        tail: mark(wire.value.tail, of('tail')),
        secret: bytes(wire.value.secret, SECRET_BYTES_MAX, of('secret')),
      };
    case 'upToDate':
      return { kind, commit: safeInteger(wire.value.commit, of('commit')) };
    case 'commit':
      return { kind, index: safeInteger(wire.value.index, of('index')) };
    case 'ping':
      return {
        kind,
        beat: safeInteger(wire.value.beat, of('beat')),
        commit: safeInteger(wire.value.commit, of('commit')),
      };
    case 'revalidated':
      return {
        kind,
        request: safeInteger(wire.value.request, of('request')),
        valid: wire.value.valid,
      };
    case 'synced':
      return {
        kind,
        request: safeInteger(wire.value.request, of('request')),
        index: safeInteger(wire.value.index, of('index')),
      };
    default:
      return unreachable(wire);
  }
}

export function zxidFields(value: Zxid): ZxidFields {
  return { epoch: epochOf(value), counter: counterOf(value) };
}

function markFields({ index, zxid: at, chain }: LogMark): Mark {
  return { index: BigInt(index), zxid: zxidFields(at), chain };
}

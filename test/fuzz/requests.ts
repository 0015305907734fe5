/** Makes frames that are nearly right: valid requests of every kind, then bent a little. */
import * as codec from '../../src/codec/index.js';
import { Writer } from '../../src/codec/index.js';
import { OPEN_ACL, OpCode } from '../../src/types/index.js';
import type { Random } from '../helpers/random.js';

const PATHS = [
  '/',
  '',
  '/f',
  '/f/a',
  '/f/a/b',
  '/f/',
  '//',
  '/f/../a',
  '/zookeeper',
  '/zookeeper/quota',
  '/f/\0',
  '/f/é😀',
];
const EDGES = [-2147483648, -2, -1, 0, 1, 2, 5, 100, 0xfffff, 2147483647];
const OPS = [...Object.values(OpCode), 0, 10, 99, 1000];

/** The body of a request with this op code, valid as far as there is such a thing. */
function body(random: Random, w: Writer, op: number): void {
  const path = random.pick(PATHS);
  const data = random.chance(0.2) ? null : random.bytes(random.int(64));
  const version = random.pick(EDGES);
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return codec.writeCreateRequest(w, { path, data, acl: OPEN_ACL, flags: random.int(8) });
    case OpCode.createTTL:
      return codec.writeCreateTTLRequest(w, { path, data, acl: OPEN_ACL, flags: 5, ttl: BigInt(version) });
    case OpCode.delete:
    case OpCode.check:
      return codec.writeDeleteRequest(w, { path, version });
    case OpCode.setData:
      return codec.writeSetDataRequest(w, { path, data, version });
    case OpCode.setACL:
      return codec.writeSetACLRequest(w, { path, acl: OPEN_ACL, version });
    case OpCode.multi:
    case OpCode.multiRead:
      for (let i = random.int(5); i > 0; i--) {
        const inner = random.pick(OPS);
        codec.writeMultiHeader(w, { type: inner, done: false, err: -1 });
        if (inner !== OpCode.multi && inner !== OpCode.multiRead) body(random, w, inner);
      }
      return codec.writeMultiHeader(w, { type: -1, done: true, err: -1 });
    case OpCode.setWatches2:
    case OpCode.setWatches: {
      const lists = { dataWatches: PATHS, existWatches: PATHS, childWatches: [path] };
      const lasting = { persistentWatches: [path], persistentRecursiveWatches: ['/'] };
      return codec.writeSetWatches2(w, { relativeZxid: BigInt(version), ...lists, ...lasting });
    }
    case OpCode.addWatch:
    case OpCode.checkWatches:
    case OpCode.removeWatches:
      return codec.writeAddWatchRequest(w, { path, mode: random.int(7) - 1 });
    case OpCode.auth:
      return codec.writeAuthPacket(w, {
        type: 0,
        scheme: random.pick(['digest', 'ip', 'x', '']),
        auth: data,
      });
    case OpCode.sasl:
      return codec.writeSaslPacket(w, { token: data });
    case OpCode.reconfig:
      return codec.writeReconfigRequest(w, {
        joiningServers: path,
        leavingServers: null,
        newMembers: null,
        curConfigId: -1n,
      });
    default:
      return codec.writeGetDataRequest(w, { path, watch: random.chance(0.5) });
  }
}

/** A request without its frame length. */
export function request(random: Random): { readonly op: number; readonly bytes: Buffer } {
  const op = random.pick(OPS);
  const w = new Writer();
  w.int(random.chance(0.1) ? random.pick(EDGES) : random.int(1000));
  w.int(op);
  body(random, w, op);
  return { op, bytes: w.take() };
}

/** With its length in front; now and then with a wrong one. */
export function framed(random: Random, bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(random.chance(0.02) ? random.pick(EDGES) : bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

/** A ConnectRequest with its length; valid unless `fields` are not. */
export function connectRequest(fields: Partial<codec.ConnectRequest> = {}): Buffer {
  const w = new Writer();
  const mark = w.startFrame();
  codec.writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: 0n,
    timeOut: 4000,
    sessionId: 0n,
    passwd: Buffer.alloc(16),
    readOnly: false,
    ...fields,
  });
  w.endFrame(mark);
  return w.take();
}

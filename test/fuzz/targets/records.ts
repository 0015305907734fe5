/** Every jute record that the schema knows, the streams of frames they come in, and requests and txns made of them. */
import * as codec from '../../../src/codec/index.js';
import {
  DecodeError,
  FrameError,
  FrameSplitter,
  OPEN_ACL,
  Reader,
  Writer,
} from '../../../src/codec/index.js';
import {
  OpCode,
  isWrite,
  readRequest,
  readTxn,
  writeTxn,
  type MultiOp,
  type Request,
  type Txn,
} from '../../../src/types/index.js';
import type { Random } from '../../helpers/random.js';
import { connectRequest, framed, request } from '../requests.js';
import { checkRoundTrip } from '../roundTrip.js';
import { Violation, type Target } from '../target.js';

type Decode = (reader: Reader) => unknown;
type Encode = (writer: Writer, value: unknown) => void;

const EXPORTED = new Map<string, unknown>(Object.entries(codec));

/** Readers of records, each with the writer of the same name. */
const RECORDS = [...EXPORTED]
  .filter((entry): entry is [string, Decode] => /^read[A-Z]/.test(entry[0]) && isFunction(entry[1]))
  .map(([name, decode]) => {
    const write = EXPORTED.get(name.replace('read', 'write'));
    if (!isEncoder(write)) throw new Error(`${name} has no writer.`);
    return { name, decode, write };
  });

function isFunction(value: unknown): value is Decode {
  return typeof value === 'function';
}

function isEncoder(value: unknown): value is Encode {
  return typeof value === 'function';
}

const isDecodeError = (error: unknown): boolean => error instanceof DecodeError;

const scratch = new Writer(4096);

function encoded(write: (writer: Writer) => void): Buffer {
  scratch.reset();
  write(scratch);
  return scratch.copy();
}

/** The first byte of an input says which record. */
const records: Target = {
  name: 'records',
  doc: 'every jute record of the schema (the first byte of an input says which)',
  generate: (random) => {
    const body = random.chance(0.5) ? request(random).bytes.subarray(8) : txnBytes(random);
    return Buffer.concat([random.bytes(1), body]);
  },
  run: (input) => {
    const record = RECORDS[(input[0] ?? 0) % RECORDS.length];
    if (record === undefined) throw new RangeError('there are no records');
    const { name, decode, write } = record;
    const value = decode(Reader.over(input.subarray(1)));
    checkRoundTrip(
      value,
      (read) => encoded((w) => write(w, read)),
      (bytes) => whole(bytes, decode),
    );
    return { kind: name, value };
  },
  refuses: isDecodeError,
};

/** What a writer wrote is read to its end. */
function whole<T>(bytes: Buffer, decode: (reader: Reader) => T): T {
  const reader = Reader.over(bytes);
  const value = decode(reader);
  if (reader.remaining > 0) throw new Violation(`${reader.remaining} bytes that were written are not read`);
  return value;
}

const connect: Target = {
  name: 'connect',
  doc: 'ConnectRequest, with and without its last byte and with passwords of any length',
  generate: (random) => {
    const bytes = connectRequest({
      passwd: random.pick([null, Buffer.alloc(0), Buffer.alloc(16), random.bytes(random.int(40))]),
      sessionId: random.pick([0n, 1n, -1n, -(2n ** 63n)]),
      timeOut: random.pick([0, -1, 4000, 2147483647]),
      lastZxidSeen: random.pick([0n, -1n, 2n ** 62n]),
    }).subarray(4);
    return random.chance(0.4) ? bytes.subarray(0, -1) : bytes;
  },
  run: (input) => {
    const value = codec.readConnectRequest(Reader.over(input));
    checkRoundTrip(
      value,
      (read) => encoded((w) => codec.writeConnectRequest(w, read)),
      (bytes) => whole(bytes, codec.readConnectRequest),
    );
    return value;
  },
  refuses: isDecodeError,
};

const requests: Target = {
  name: 'requests',
  doc: 'requests of every kind behind their header: multi, auth, watches, reconfig',
  generate: (random) => request(random).bytes,
  run: (input) => {
    const reader = Reader.over(input);
    const { type } = codec.readRequestHeader(reader);
    if (type === OpCode.auth) return codec.readAuthPacket(reader);
    if (type === OpCode.sasl) return codec.readSaslPacket(reader);
    const value = readRequest(type, reader);
    if (value.type !== 'undecodable' && value.type !== 'unknown' && value.type !== OpCode.error) {
      checkRoundTrip<Request>(
        value,
        (read) => encoded((w) => writeRequest(w, read)),
        (bytes) => whole(bytes, (again) => readRequest(type, again)),
      );
    }
    return { value, write: isWrite(value) };
  },
  refuses: isDecodeError,
};

/** The body of a request, as a client writes it. */
function writeRequest(w: Writer, request: Request): void {
  switch (request.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.check:
      return writeMultiOp(w, request);
    case OpCode.setACL:
      return codec.writeSetACLRequest(w, request.record);
    case OpCode.multi:
      for (const op of request.ops) {
        codec.writeMultiHeader(w, { type: op.type, done: false, err: -1 });
        writeMultiOp(w, op);
      }
      return codec.writeMultiHeader(w, { type: -1, done: true, err: -1 });
    case OpCode.multiRead:
      for (const { type, record } of request.ops) {
        codec.writeMultiHeader(w, { type, done: false, err: -1 });
        codec.writeGetDataRequest(w, record);
      }
      return codec.writeMultiHeader(w, { type: -1, done: true, err: -1 });
    case OpCode.reconfig:
      return codec.writeReconfigRequest(w, request.record);
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      return codec.writeGetDataRequest(w, request.record);
    case OpCode.getACL:
    case OpCode.getAllChildrenNumber:
      return codec.writeGetACLRequest(w, request.record);
    case OpCode.getEphemerals:
      return codec.writeGetEphemeralsRequest(w, request.record);
    case OpCode.setWatches:
      return codec.writeSetWatches(w, request.record);
    case OpCode.setWatches2:
      return codec.writeSetWatches2(w, request.record);
    case OpCode.addWatch:
      return codec.writeAddWatchRequest(w, request.record);
    case OpCode.checkWatches:
    case OpCode.removeWatches:
      return codec.writeRemoveWatchesRequest(w, request.record);
    case OpCode.sync:
      return codec.writeSyncRequest(w, request.record);
    default:
  }
}

function writeMultiOp(w: Writer, op: MultiOp): void {
  switch (op.type) {
    case OpCode.createTTL:
      return codec.writeCreateTTLRequest(w, op.record);
    case OpCode.delete:
      return codec.writeDeleteRequest(w, op.record);
    case OpCode.setData:
      return codec.writeSetDataRequest(w, op.record);
    case OpCode.check:
      return codec.writeCheckVersionRequest(w, op.record);
    default:
      return codec.writeCreateRequest(w, op.record);
  }
}

const PATHS = ['/', '/a', '/a/b', '/zookeeper/config', ''];

/** A txn of a kind that stands alone, or in a multi. */
function simpleTxn(random: Random): Txn {
  const path = random.pick(PATHS);
  const data = random.chance(0.2) ? null : random.bytes(random.int(40));
  const acl = random.chance(0.5) ? OPEN_ACL : [{ perms: 31, id: { scheme: 'ip', id: '10.0.0.0/8' } }];
  const parentCVersion = random.int(100) - 1;
  const version = random.int(100) - 1;
  return random.pick<() => Txn>([
    () => ({
      type: random.pick([OpCode.create, OpCode.create2]),
      record: { path, data, acl, ephemeral: random.chance(0.5), parentCVersion },
    }),
    () => ({ type: OpCode.createContainer, record: { path, data, acl, parentCVersion } }),
    () => ({ type: OpCode.createTTL, record: { path, data, acl, parentCVersion, ttl: 1000n } }),
    () => ({ type: random.pick([OpCode.delete, OpCode.deleteContainer]), record: { path } }),
    () => ({ type: random.pick([OpCode.setData, OpCode.reconfig]), record: { path, data, version } }),
    () => ({ type: OpCode.setACL, record: { path, acl, version } }),
    () => ({ type: OpCode.check, record: { path, version } }),
    () => ({ type: OpCode.createSession, record: { timeOut: random.int(40_000) } }),
    () => ({ type: OpCode.closeSession, record: { paths2Delete: [path, '/b'] } }),
    () => ({ type: OpCode.error, record: { err: -101 } }),
  ])();
}

/** A txn with its header. */
export function txnBytes(random: Random): Buffer {
  const txn: Txn = random.chance(0.25)
    ? { type: OpCode.multi, txns: Array.from({ length: random.int(4) }, () => simpleTxn(random)) }
    : simpleTxn(random);
  const header = {
    clientId: random.pick([0n, 1n, -1n]),
    cxid: random.int(1000),
    zxid: BigInt(random.int(1 << 30)),
    time: BigInt(random.int(1 << 30)),
    type: txn.type,
  };
  return encoded((w) => writeTxn(w, header, txn));
}

const txns: Target = {
  name: 'txns',
  doc: "txns with their header, as in the log's records and in what a leader proposes",
  generate: txnBytes,
  run: (input) => {
    const value = readTxn(Reader.over(input));
    checkRoundTrip(
      value,
      ({ header, txn }) => encoded((w) => writeTxn(w, header, txn)),
      (bytes) => whole(bytes, readTxn),
    );
    return value.txn;
  },
  refuses: isDecodeError,
};

const FRAME_BYTES_MAX = 1000;

/** The first byte says how the stream is cut into chunks; a reader without state is what the splitter is held against. */
const frames: Target = {
  name: 'frames',
  doc: 'a stream of frames in chunks of any size',
  generate: (random) =>
    Buffer.concat([
      random.bytes(1),
      ...Array.from({ length: 1 + random.int(5) }, () => framed(random, random.bytes(random.int(90)))),
    ]),
  run: (input) => {
    const chunk = 1 + ((input[0] ?? 0) % 60);
    const stream = input.subarray(1);
    const splitter = new FrameSplitter(FRAME_BYTES_MAX);
    const expected = framesOf(stream);
    const found: Buffer[] = [];
    let refused: Error | undefined;
    try {
      for (let at = 0; at < stream.byteLength; at += chunk) {
        splitter.feed(Buffer.from(stream.subarray(at, at + chunk)));
        while (splitter.next())
          found.push(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)));
        if (splitter.pending > at + chunk) throw new Violation('more is held back than came');
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      refused = error;
    }
    if ((refused !== undefined) !== expected.refused && !(refused instanceof Violation))
      throw new Violation(`it should${expected.refused ? '' : ' not'} be refused`);
    if (
      found.length !== expected.frames.length ||
      found.some((frame, i) => !expected.frames[i]?.equals(frame))
    )
      throw new Violation(`${found.length} frames came where there are ${expected.frames.length}`);
    if (refused !== undefined) throw refused;
    return { frames: found, chunk: chunk > 8 };
  },
  refuses: (error) => error instanceof FrameError,
};

function framesOf(stream: Buffer): { frames: Buffer[]; refused: boolean } {
  const whole: Buffer[] = [];
  for (let at = 0; at + 4 <= stream.byteLength;) {
    const length = stream.readInt32BE(at);
    if (length < 0 || length > FRAME_BYTES_MAX) return { frames: whole, refused: true };
    if (at + 4 + length > stream.byteLength) break;
    whole.push(stream.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { frames: whole, refused: false };
}

export const recordTargets: readonly Target[] = [connect, requests, records, txns, frames];

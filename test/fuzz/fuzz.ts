/**
 * The fuzzer: bent input into every decoder, and into a running server beside a client that must not notice.
 * The same seed gives the same input.
 */
import { connect as connectSocket } from 'node:net';
import * as codec from '../../src/codec/index.js';
import { DecodeError, FrameError, FrameSplitter, Reader } from '../../src/codec/index.js';
import { connect, startServer } from '../../src/index.js';
import {
  PeerDecodeError,
  decodeFrameGroup,
  decodeNotification,
  decodePeerMessage,
} from '../../src/net/index.js';
import { readRequest, readTxn } from '../../src/types/index.js';
import type { Random } from '../helpers/random.js';
import { connectRequest, framed, mutate, request } from './input.js';
import { frameGroup, notification, peerMessage } from './peerInput.js';

type Decode = (reader: Reader) => unknown;

const EXPORTED: readonly [string, unknown][] = Object.entries(codec);

const DECODERS: readonly [string, Decode][] = [
  ...EXPORTED.filter((entry): entry is [string, Decode] => /^read[A-Z]/.test(entry[0])),
  ['a txn with its header', readTxn],
];

/** What may come from other servers, with something valid to begin with. */
const PEER_DECODERS: readonly [string, (bytes: Buffer) => unknown, (random: Random) => Buffer][] = [
  ['decodePeerMessage', decodePeerMessage, peerMessage],
  ['decodeNotification', decodeNotification, notification],
  ['decodeFrameGroup', decodeFrameGroup, frameGroup],
];

/** What went wrong, with the bytes that did it. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';

  constructor(what: string, bytes: Buffer, cause: unknown) {
    super(`${what} with ${bytes.toString('hex')}: ${String(cause)}`, { cause });
  }
}

/** Feeds `runs` inputs to every decoder. Nothing but its own kind of error may come out. */
export function fuzzDecoders(random: Random, runs: number): void {
  for (let run = 0; run < runs; run++) {
    const { op, bytes } = request(random);
    const input = mutate(random, random.chance(0.2) ? random.bytes(random.int(200)) : bytes);
    for (const [name, decode] of DECODERS) {
      attempt(name, input, () => decode(Reader.over(input)));
    }
    attempt('readRequest', input, () => {
      const reader = Reader.over(input);
      reader.seek(Math.min(8, input.byteLength), input.byteLength);
      readRequest(op, reader);
    });
    const stream = Buffer.concat([framed(random, bytes), framed(random, input)]);
    attempt('FrameSplitter', stream, () => {
      const splitter = new FrameSplitter(1 << 20);
      for (let at = 0; at < stream.byteLength;) {
        const size = 1 + random.int(40);
        splitter.feed(stream.subarray(at, at + size));
        while (splitter.next());
        at += size;
      }
    });
    for (const [name, decode, valid] of PEER_DECODERS) {
      const bent = mutate(random, random.chance(0.1) ? random.bytes(random.int(200)) : valid(random));
      attempt(name, bent, () => decode(bent));
    }
  }
}

function attempt(name: string, input: Buffer, decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (error instanceof DecodeError || error instanceof FrameError || error instanceof PeerDecodeError)
      return;
    throw new FuzzFailure(name, input, error);
  }
}

/** Heap and buffers may grow by this much over a run, whatever was sent. */
const GROWTH_BYTES_MAX = 256 * 1024 * 1024;
const REQUESTS_PER_CONNECTION = 40;

/**
 * Opens `connections` one after the other, each with a handshake and bent requests, while another client writes and
 * reads. Throws when that one notices anything.
 */
export async function fuzzServer(random: Random, connections: number, stopAt = Infinity): Promise<number> {
  await using server = await startServer({ properties: { tickTime: '200' } });
  await using control = await connect({ servers: server.connectString });
  await control.create('/control', '0');
  const before = process.memoryUsage();
  let done = 0;
  for (; done < connections && performance.now() < stopAt; done++) {
    const input = oneConnection(random);
    await send(server.port, input);
    const value = `value ${done}`;
    const { version } = await control.setData('/control', value);
    const { data } = await control.getData('/control');
    if (data?.toString() !== value || version !== done + 1) {
      throw new FuzzFailure('the other client', input, `it read ${String(data)} at version ${version}`);
    }
  }
  const after = process.memoryUsage();
  const growth = after.heapUsed + after.external - before.heapUsed - before.external;
  if (growth > GROWTH_BYTES_MAX) throw new Error(`Memory grew by ${growth} bytes over ${done} connections.`);
  return done;
}

function oneConnection(random: Random): Buffer {
  const opening = random.chance(0.9) ? connectRequest() : mutate(random, connectRequest());
  const parts = [opening];
  for (let i = random.int(REQUESTS_PER_CONNECTION); i > 0; i--) {
    const { bytes } = request(random);
    parts.push(framed(random, random.chance(0.5) ? bytes : mutate(random, bytes)));
  }
  return Buffer.concat(parts);
}

/** Sends all, takes what comes for a moment, and goes without a goodbye. */
function send(port: number, input: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host: '127.0.0.1', port });
    socket.on('error', () => socket.destroy());
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
    socket.end(input);
    setTimeout(() => socket.destroy(), 200).unref();
  });
}

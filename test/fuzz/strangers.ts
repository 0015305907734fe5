/** Connections that break the rules, one at a time: what they say and how they say it follows from a seed. */
import { connect as connectSocket, type Socket } from 'node:net';
import { encodeHello, type PeerChannel } from '../../src/net/electionCodec.js';
import { fourLetterWords } from '../../src/ops/index.js';
import type { Random } from '../helpers/random.js';
import { mutate } from './mutate.js';
import { frameGroup, notification } from './peerMessages.js';
import { connectRequest, framed, request } from './requests.js';
import { INPUT_BYTES_MAX } from './target.js';

const REQUESTS_MAX = 40;
const FRAMES_MAX = 6;
/** How long a connection is left open when the server does not close it. */
const OPEN_MS_MAX = 400;
const PIECE_BYTES = 700;

function bent(random: Random, bytes: Buffer): Buffer {
  return mutate(random, bytes, bytes, INPUT_BYTES_MAX);
}

/** For the client port: a handshake, requests, or a word; most of it nearly right. */
export function clientBytes(random: Random): Buffer {
  if (random.chance(0.05)) return random.bytes(random.int(300));
  if (random.chance(0.1)) {
    return Buffer.concat([Buffer.from(random.pick(fourLetterWords).name), random.bytes(random.int(12))]);
  }
  const opening = connectRequest({ sessionId: random.chance(0.9) ? 0n : random.pick([1n, -1n]) });
  const parts = [random.chance(0.9) ? opening : bent(random, opening)];
  for (let i = random.int(REQUESTS_MAX); i > 0; i--) {
    const { bytes } = request(random);
    parts.push(framed(random, random.chance(0.5) ? bytes : bent(random, bytes)));
  }
  return Buffer.concat(parts);
}

/** Whom a stranger claims to be, and whom it calls. */
export interface Claim {
  readonly channel: PeerChannel;
  readonly from: number;
  readonly to: number;
}

/** For a port between servers: a hello, then messages; most of it nearly right. */
export function peerBytes(random: Random, { channel, from, to }: Claim): Buffer {
  if (random.chance(0.1)) return random.bytes(random.int(300));
  const hello = encodeHello({ channel, from, to, ensembleId: undefined, version: '0', capabilities: [] });
  const parts = [framed(random, random.chance(0.7) ? hello : bent(random, hello))];
  for (let i = random.int(FRAMES_MAX); i > 0; i--) {
    const frame = channel === 'quorum' ? frameGroup(random) : notification(random);
    parts.push(framed(random, random.chance(0.5) ? frame : bent(random, frame)));
  }
  return Buffer.concat(parts);
}

/** Says `bytes` at once or in pieces, listens or does not, and goes with or without a goodbye. */
export function say(random: Random, port: number, bytes: Buffer): Promise<void> {
  const inPieces = random.chance(0.3);
  const isDeaf = random.chance(0.1);
  const saysGoodbye = random.chance(0.5);
  const openMs = 1 + random.int(OPEN_MS_MAX);
  return new Promise((resolve) => {
    const socket = connectSocket({ host: '127.0.0.1', port });
    const timer = setTimeout(() => socket.destroy(), openMs);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    if (isDeaf) socket.pause();
    else socket.resume();
    socket.on('connect', () => {
      void (
        inPieces
          ? writeSlowly(socket, bytes, 1 + random.int(PIECE_BYTES))
          : Promise.resolve(socket.write(bytes))
      ).then(() => {
        if (saysGoodbye) socket.end();
      });
    });
  });
}

async function writeSlowly(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength && socket.writable; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

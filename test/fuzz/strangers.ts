/** Connections that break the rules, one at a time: what they say and how they say it follows from a seed. */
import { connect as connectSocket, type Socket } from 'node:net';
import { encodeHello, type PeerChannel } from '../../src/net/electionCodec.js';
import { fourLetterWords } from '../../src/ops/index.js';
import type { Random } from '../helpers/random.js';
import { mutate } from './mutate.js';
import { frameGroup, groupOf, notification } from './peerMessages.js';
import { connectRequest, framed, request } from './requests.js';
import { INPUT_BYTES_MAX } from './target.js';

const REQUESTS_MAX = 40;
const FRAMES_MAX = 6;
/** What a learner says to a leader, in this order: the further it goes, the more there is to get wrong. */
const LEARNER_SAYS = [
  'followerInfo',
  'ackEpoch',
  'ackNewLeader',
  'ack',
  'pong',
  'request',
  'sync',
  'revalidate',
] as const;
/** How long a connection is left open when the server does not close it. */
const OPEN_MS_MAX = 400;
const PIECE_BYTES = 700;
/** How long a hello may take to be answered. */
const ANSWER_MS_MAX = 200;

function bent(random: Random, bytes: Buffer): Buffer {
  return mutate(random, bytes, bytes, INPUT_BYTES_MAX);
}

/** For the client port: a handshake, requests, or a word; most of it nearly right. */
export function clientSpeech(random: Random): Speech {
  return { opening: clientBytes(random), rest: Buffer.alloc(0) };
}

function clientBytes(random: Random): Buffer {
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

/** What a stranger says: `rest` behind an answer to `opening`, or behind a while. */
export interface Speech {
  readonly opening: Buffer;
  readonly rest: Buffer;
}

/** For a port between servers: a hello, then messages; most of it nearly right. */
export function peerSpeech(random: Random, { channel, from, to }: Claim): Speech {
  if (random.chance(0.1)) return { opening: random.bytes(random.int(300)), rest: Buffer.alloc(0) };
  const hello = encodeHello({ channel, from, to, ensembleId: undefined, version: '0', capabilities: [] });
  const opening = framed(random, random.chance(0.8) ? hello : bent(random, hello));
  const parts: Buffer[] = [];
  if (channel === 'quorum' && random.chance(0.6)) {
    for (const kind of LEARNER_SAYS.slice(0, 1 + random.int(LEARNER_SAYS.length)))
      parts.push(framed(random, groupOf(random, kind)));
  }
  for (let i = random.int(FRAMES_MAX); i > 0; i--) {
    const frame = channel === 'quorum' ? frameGroup(random) : notification(random);
    parts.push(framed(random, random.chance(0.5) ? frame : bent(random, frame)));
  }
  const rest = Buffer.concat(parts);
  // Who goes on talking before its hello is answered is refused: that is to be seen, too.
  return random.chance(0.2)
    ? { opening: Buffer.concat([opening, rest]), rest: Buffer.alloc(0) }
    : { opening, rest };
}

/** Speaks at once or in pieces, listens or does not, and goes with or without a goodbye. */
export function say(random: Random, port: number, { opening, rest }: Speech): Promise<void> {
  const piece = random.chance(0.3) ? 1 + random.int(PIECE_BYTES) : Infinity;
  const isDeaf = rest.byteLength === 0 && random.chance(0.1);
  const saysGoodbye = random.chance(0.5);
  const openMs = 1 + random.int(OPEN_MS_MAX);
  return new Promise((resolve) => {
    const socket = connectSocket({ host: '127.0.0.1', port });
    const timer = setTimeout(() => socket.destroy(), openMs + (rest.byteLength > 0 ? ANSWER_MS_MAX : 0));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    if (isDeaf) socket.pause();
    else socket.resume();
    socket.on('connect', () => {
      void speak(socket, opening, rest, piece).then(() => {
        if (saysGoodbye) socket.end();
      });
    });
  });
}

async function speak(socket: Socket, opening: Buffer, rest: Buffer, piece: number): Promise<void> {
  await writePieces(socket, opening, piece);
  if (rest.byteLength === 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ANSWER_MS_MAX);
    socket.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  await writePieces(socket, rest, piece);
}

async function writePieces(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  if (size >= bytes.byteLength) {
    socket.write(bytes);
    return;
  }
  for (let at = 0; at < bytes.byteLength && socket.writable; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What a stranger can say on the client port: bytes into a real connection, with a server around it that is not there. */
import { Socket } from 'node:net';
import { pino } from 'pino';
import { Reader, Writer, writeAuthPacket, writeSaslPacket } from '../../../src/codec/index.js';
import type { ClientEffect, Input } from '../../../src/engine/index.js';
import { answer, fourLetterWord, fourLetterWords, isWhitelisted } from '../../../src/ops/index.js';
import { Authenticator } from '../../../src/server/authenticator.js';
import { Connection } from '../../../src/server/connection.js';
import type { ConnectionHost } from '../../../src/server/connectionHost.js';
import { Passwords } from '../../../src/server/passwords.js';
import { SlowRequests } from '../../../src/server/slowRequests.js';
import { ServerStats } from '../../../src/server/stats.js';
import { WriteStages } from '../../../src/server/writeStages.js';
import { NO_SESSION, OpCode, ZXID_ZERO, sessionIdOf } from '../../../src/types/index.js';
import { Queue } from '../../../src/util/index.js';
import type { Random } from '../../helpers/random.js';
import { exampleConfig, exampleStatus } from '../../unit/ops/exampleStatus.js';
import { connectRequest, framed, request } from '../requests.js';
import { Violation, type Target } from '../target.js';

/** A socket that goes nowhere. */
class DeafSocket extends Socket {
  override write(): boolean {
    return true;
  }
  override end(): this {
    return this;
  }
  override destroy(): this {
    return this;
  }
  override pause(): this {
    return this;
  }
  override resume(): this {
    return this;
  }
}

const CONFIG = (() => {
  const config = exampleConfig();
  return {
    ...config,
    maxFrameBytes: 4096,
    auth: {
      ...config.auth,
      sasl: { users: new Map([['ann', 'secret']]), allowFailedClients: false, aclScheme: true },
      ensembleNames: ['us'],
    },
  };
})();
const STATUS = exampleStatus();
/** What is dear to make, and nothing of one input changes what becomes of the next. */
const LOG = pino({ level: 'silent' });
const STATS = new ServerStats();
const SESSION = sessionIdOf(0x100000000000001n);

/** The host: it says yes to every session, and answers requests with an error. */
class Host implements ConnectionHost {
  readonly config = CONFIG;
  readonly log = LOG;
  readonly stats = STATS;
  readonly passwords = new Passwords(() => Buffer.alloc(32, 7));
  readonly words = { find: fourLetterWord, isAllowed: isWhitelisted, answer };
  readonly status = STATUS;
  readonly now = 1000;
  readonly wallMs = 1_700_000_000_000;
  readonly time = 1_700_000_000_000n;
  readonly turnIsFull = false;
  readonly isOverloaded = false;
  readonly forwards = true;
  readonly stages = new WriteStages(() => this.now);
  readonly slowRequests = new SlowRequests(this.log);
  readonly slowRequestMs = Infinity;
  readonly audit = undefined;
  readonly seen: string[] = [];
  readonly #effects = new Queue<ClientEffect>();
  requests = 0;

  submit(input: Input): void {
    if (input.kind === 'connect') {
      this.seen.push('connect');
      const valid = input.sessionId === NO_SESSION || input.passwordValid;
      const [sessionId, timeOut] = valid ? [SESSION, 4000] : [NO_SESSION, 0];
      this.#effects.push({
        kind: 'connected',
        connection: 1,
        sessionId,
        timeOut,
        zxid: ZXID_ZERO,
        readOnly: false,
      });
      return;
    }
    if (input.kind !== 'request') {
      this.seen.push(input.kind);
      return;
    }
    if (!this.seen.includes('connect')) throw new Violation('a request came before the session');
    const { xid, request: asked, raw } = input;
    this.requests++;
    if (this.seen.length < 12) this.seen.push(`${asked.type}${raw === undefined ? '' : ' raw'}`);
    if (asked.type === OpCode.closeSession) return;
    this.#effects.push({ kind: 'reply', connection: 1, xid, zxid: ZXID_ZERO, err: -101, body: undefined });
  }

  /** The turn ends. */
  perform(connection: Connection): void {
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift())
      connection.deliver(effect);
    connection.flush();
  }

  isWaiting(): boolean {
    return false;
  }
  goOnLater(): void {
    this.seen.push('later');
  }
  touch(): void {
    // Every turn ends with a flush.
  }
  answerWord(_: unknown, { name }: { readonly name: string }, argument: Buffer): void {
    this.seen.push(`word ${name} ${argument.byteLength}`);
  }
  noteBadInput(_: unknown, why: string): void {
    this.seen.push(`bad ${why.replaceAll(/\d+|".*/g, '#')}`);
  }
  gone(): void {
    this.seen.push('gone');
  }
}

function authPacket(random: Random): Buffer {
  const w = new Writer();
  w.int(random.pick([-4, 1]));
  w.int(random.pick([OpCode.auth, OpCode.sasl]));
  writeAuthPacket(w, {
    type: 0,
    scheme: random.pick(['digest', 'ip', 'ensemble', 'x']),
    auth: Buffer.from('ann:secret'),
  });
  return w.take();
}

/** The first byte says how the stream is cut into chunks. */
const connection: Target = {
  name: 'connection',
  doc: 'a client connection: four-letter word or handshake, then requests, in chunks of any size',
  generate: (random) => {
    const parts = [random.bytes(1)];
    if (random.chance(0.15)) {
      const { name } = random.pick(fourLetterWords);
      return Buffer.concat([...parts, Buffer.from(name), random.bytes(random.int(10))]);
    }
    const passwd = random.chance(0.5)
      ? new Passwords(() => Buffer.alloc(32, 7)).of(SESSION)
      : Buffer.alloc(16);
    parts.push(connectRequest({ sessionId: random.pick([0n, 0n, 0n, SESSION, -1n]), passwd }));
    for (let i = random.int(6); i > 0; i--) {
      parts.push(framed(random, random.chance(0.2) ? authPacket(random) : request(random).bytes));
    }
    return Buffer.concat(parts);
  },
  run: (input) => {
    const host = new Host();
    const socket = new DeafSocket();
    const one = new Connection(1, socket, host);
    const size = 1 + ((input[0] ?? 0) % 128);
    for (let at = 1; at < input.byteLength; at += size) {
      socket.emit('data', Buffer.from(input.subarray(at, at + size)));
      host.perform(one);
    }
    socket.emit('end');
    one.flush();
    socket.emit('close');
    // A header of eight bytes behind a length of four is the least that a request takes.
    if (host.requests > input.byteLength / 12) throw new Violation('more requests than there was room for');
    return {
      kind: host.seen.slice(0, 8).join('; ').slice(0, 20),
      seen: host.seen.length > 3,
      requests: host.requests > 1,
    };
  },
  refuses: () => false,
};

const RESPONSES = [
  'username="ann"',
  'realm="zk-sasl-md5"',
  'nonce="x"',
  'nc=00000001',
  'cnonce="y"',
  'qop=auth',
  'maxbuf=65536',
  'digest-uri="zookeeper/zk-sasl-md5"',
  'response=0123456789abcdef0123456789abcdef',
  'charset=utf-8',
  'authzid="ann"',
  'username="a\\"b"',
  'a'.repeat(1500),
];

/** The second token is the input: the first one asks for the challenge. */
const sasl: Target = {
  name: 'sasl',
  doc: 'the answer to a DIGEST-MD5 challenge',
  bytesMax: 4096,
  // Whoever asks is a stranger, and may ask often.
  msMax: 4,
  generate: (random) =>
    Buffer.from(
      Array.from({ length: random.int(12) }, () => random.pick(RESPONSES)).join(
        random.pick([',', ' , ', '']),
      ),
    ),
  run: (input) => {
    const auth = new Authenticator(CONFIG.auth, '127.0.0.1');
    auth.takeSasl(token(Buffer.alloc(0)));
    const step = auth.takeSasl(token(input));
    if (auth.identities.some(({ scheme }) => scheme === 'sasl')) throw new Violation('it knew no password');
    return step;
  },
  refuses: () => false,
};

function token(bytes: Buffer): Reader {
  const w = new Writer();
  writeSaslPacket(w, { token: bytes });
  return Reader.over(w.take());
}

const auth: Target = {
  name: 'auth',
  doc: 'auth packets with names, passwords and ensemble names',
  generate: (random) => authPacket(random).subarray(8),
  run: (input) => {
    const one = new Authenticator(CONFIG.auth, '127.0.0.1');
    const answered = one.takeAuth(Reader.over(input));
    if (one.identities.some(({ scheme }) => scheme === 'super')) throw new Violation('it became super');
    return { answered, identities: one.identities.map(({ scheme }) => ({ kind: scheme })) };
  },
  refuses: () => false,
};

/** Words whose answer is a promise: one of each is enough, since nobody waits for them here. */
const askingDisk = new Set<string>();

/** The first four bytes are the word. */
const words: Target = {
  name: 'words',
  doc: 'four-letter words and their argument, answered',
  bytesMax: 64,
  generate: (random) =>
    Buffer.concat([Buffer.from(random.pick(fourLetterWords).name), random.bytes(random.int(9))]),
  run: (input) => {
    if (input.byteLength < 4) return 'short';
    const word = fourLetterWord(input.readInt32BE(0));
    if (word === undefined) return 'none';
    if (askingDisk.has(word.name)) return word.name;
    const text = answer(word, STATUS, input.subarray(4, 4 + word.argumentBytes));
    if (typeof text !== 'string') {
      text.catch(() => undefined);
      askingDisk.add(word.name);
      return word.name;
    }
    return { kind: word.name, empty: text === '' };
  },
  refuses: () => false,
};

export const connectionTargets: readonly Target[] = [connection, auth, sasl, words];

/** The verbs of the tables besides requests: connections, pipelines, bytes, waits, four-letter words. */
import { setTimeout as delay } from 'node:timers/promises';
import { framed, greeting, type Hello, type Link, type Player, type Step } from './player.js';
import { RawClient, WAIT_LIMIT_MS } from './rawClient.js';
import type { Request } from './requests.js';
import { wordLines, type WordReading } from './words.js';

/** A difference that stands in docs/differences.md, and exactly where it shows. */
export interface Difference {
  readonly id: string;
  /**
   * Lines of the transcript: `-` only Apache's, `+` only ours, ` ` both (to say where a `+` belongs). Lines that
   * are not named are the same on both sides.
   */
  readonly lines: readonly string[];
}

export interface Case {
  /** A claim about the protocol. */
  readonly name: string;
  readonly steps: readonly Step[];
  readonly difference: Difference | undefined;
  /** Events next to each other are sorted: the protocol leaves their order open. */
  readonly eventsUnordered: boolean;
}

export interface Group {
  readonly subject: string;
  /** A key of the table in servers.ts. */
  readonly server: string;
  readonly cases: readonly Case[];
}

/** How long is long enough to say that no answer comes. */
const SILENCE_MS = 300;

interface Mark {
  readonly mark: 'differs' | 'unordered';
  readonly difference?: Difference;
}

export function differs(id: string, ...lines: readonly string[]): Mark {
  return { mark: 'differs', difference: { id, lines } };
}

export const EVENTS_IN_ANY_ORDER: Mark = { mark: 'unordered' };

export function group(subject: string, server: string, ...cases: readonly Case[]): Group {
  return { subject, server, cases };
}

/** One row: a claim, then steps and marks in any order. */
export function row(name: string, ...parts: readonly (Step | Mark)[]): Case {
  const marks: Mark[] = [];
  const steps: Step[] = [];
  for (const part of parts) {
    if (typeof part === 'object' && 'mark' in part) marks.push(part);
    else steps.push(part);
  }
  return {
    name,
    steps,
    difference: marks.find(({ mark }) => mark === 'differs')?.difference,
    eventsUnordered: marks.some(({ mark }) => mark === 'unordered'),
  };
}

/** Steps on another connection, which is opened with a session of its own when it is new. */
export function on(name: string, ...steps: readonly Step[]): Step {
  return async (player) => {
    const before = player.current;
    player.current = name;
    try {
      await player.link();
      for (const step of steps) await player.step(step);
    } finally {
      player.current = before;
    }
  };
}

/** Several requests in one write; then their replies. */
export function pipeline(...requests: readonly Request[]): Step {
  return async (player) => {
    const link = await player.link();
    player.say(`${link.name} > ${requests.map(({ text }) => text).join(' + ')}`);
    link.client.send(Buffer.concat(requests.map((request) => player.encode(link, request))));
    await player.replies(link, requests.length);
  };
}

/** A request that a server may leave without an answer. */
export function maybeAnswered(request: Request): Step {
  return async (player) => {
    const link = await player.link();
    player.say(`${link.name} > ${request.text}`);
    link.client.send(player.encode(link, request));
    await player.replyOrSilence(link, SILENCE_MS);
  };
}

/** A request that may be answered by a ConnectResponse. */
export function maybeConnected(request: Request): Step {
  return async (player) => {
    const link = await player.link();
    player.say(`${link.name} > ${request.text}`);
    link.client.send(player.encode(link, request));
    await player.welcome(link);
  };
}

/** Collects what has arrived by now, without a line for the ping that makes sure of it. */
export function settle(...names: readonly string[]): Step {
  return async (player) => {
    for (const name of names) {
      const link = player.linkNamed(name);
      if (link !== undefined) await player.settle(link);
    }
  };
}

export interface OpenOptions extends Omit<Hello, 'lastZxidSeen' | 'sessionId' | 'passwd'> {
  /** Whose session to take over, by connection name; or an id that nobody has. */
  readonly session?: string | bigint;
  /** @default the session's own */
  readonly passwd?: Buffer | null | 'wrong';
  /** Distance from the start of the case. @default 0, nothing seen */
  readonly lastZxidSeen?: number;
  /** Bytes sent behind the record within the frame. */
  readonly tail?: number;
  /** The record ends this many bytes early. */
  readonly short?: number;
  /** Sent right behind the ConnectRequest. */
  readonly pipelined?: readonly Request[];
  /** The frame arrives in pieces of this many bytes. */
  readonly pieces?: number;
}

/** Opens a connection with a ConnectRequest of choice and notes the answer. */
export function open(name: string, options: OpenOptions = {}): Step {
  return async (player) => {
    const { session, passwd, lastZxidSeen, tail = 0, short = 0, pipelined = [], pieces, ...plain } = options;
    const sessionId = typeof session === 'string' ? player.sessionOf(session) : (session ?? 0n);
    const hello: Hello = {
      ...plain,
      sessionId,
      passwd: passwordFor(player, sessionId, passwd),
      ...(lastZxidSeen === undefined ? {} : { lastZxidSeen: player.names.zxidAt(lastZxidSeen) }),
    };
    player.say(`${name} > connect${optionsText(options)}`);
    const link = await player.attach(name);
    const record = greeting(hello);
    const bent = Buffer.concat([record.subarray(0, record.length - short), Buffer.alloc(tail)]);
    const whole = Buffer.concat([framed(bent), ...pipelined.map((request) => player.encode(link, request))]);
    await sendInPieces(link, whole, pieces ?? whole.length);
    await player.welcome(link);
    if (pipelined.length > 0) await player.replies(link, pipelined.length);
  };
}

function passwordFor(player: Player, sessionId: bigint, passwd: OpenOptions['passwd']): Buffer | null {
  if (passwd === 'wrong') return Buffer.alloc(16, 7);
  return passwd === undefined ? player.passwordOf(sessionId) : passwd;
}

function optionsText(options: OpenOptions): string {
  const texts = Object.entries(options).map(([name, value]) => {
    if (name === 'pipelined') return ` then ${(options.pipelined ?? []).map(({ text }) => text).join(' + ')}`;
    return ` ${name}=${Buffer.isBuffer(value) ? `${value.length} bytes` : String(value)}`;
  });
  return texts.join('');
}

/** Opens a TCP connection and says nothing. */
export function dial(name: string): Step {
  return async (player) => {
    await player.attach(name);
  };
}

/** Drops the TCP connection; the session lives on. */
export function drop(name = 'A'): Step {
  return (player) => {
    player.say(`${name} dropped`);
    player.drop(name);
  };
}

/** Waits for the server to close the connection. */
export function closes(limitMs = WAIT_LIMIT_MS): Step {
  return async (player) => {
    const link = player.linkNamed(player.current);
    if (link !== undefined) await player.closes(link, limitMs);
  };
}

/** Waits for frames that nothing asked for. */
export function receives(count: number, limitMs = WAIT_LIMIT_MS): Step {
  return async (player) => player.frames(await player.link(), count, limitMs);
}

/** For rows about time; nothing else may wait. */
export function wait(ms: number): Step {
  return async (player) => {
    player.say(`wait ${ms} ms`);
    await delay(ms);
  };
}

/** Keeps a session alive while time passes. */
export function pingFor(ms: number, everyMs: number): Step {
  return async (player) => {
    const link = await player.link();
    player.say(`${link.name} pings for ${ms} ms`);
    for (let passed = 0; passed < ms && !link.gone; passed += everyMs) {
      await delay(everyMs);
      await player.settle(link);
    }
  };
}

/** Bytes as they are, on the current connection or on one that said nothing yet, then one reply or a close. */
export function bytes(text: string, content: string | Buffer): Step {
  return async (player) => {
    const link = await linkAsItIs(player);
    player.say(`${link.name} > bytes ${text}`);
    link.client.send(typeof content === 'string' ? Buffer.from(content, 'hex') : content);
    await player.replies(link, 1);
  };
}

/** The same within a frame. */
export function frame(text: string, content: string | Buffer): Step {
  const payload = typeof content === 'string' ? Buffer.from(content, 'hex') : content;
  return bytes(`${text} (frame of ${payload.length})`, framed(payload));
}

/** A request cut into pieces of this size, each in a segment of its own. */
export function slowly(request: Request, pieceBytes: number): Step {
  return async (player) => {
    const link = await player.link();
    player.say(`${link.name} > ${request.text} in pieces of ${pieceBytes}`);
    const whole = player.encode(link, request);
    await sendInPieces(link, whole, pieceBytes);
    await player.replies(link, 1);
  };
}

async function sendInPieces(link: Link, whole: Buffer, pieceBytes: number): Promise<void> {
  for (let at = 0; at < whole.length; at += pieceBytes) {
    if (at > 0) await delay(1);
    link.client.send(whole.subarray(at, at + pieceBytes));
  }
}

async function linkAsItIs(player: Player): Promise<Link> {
  return player.linkNamed(player.current) ?? player.link();
}

/** The ids of these connections' sessions rise in this order. */
export function sessionsRise(...names: readonly string[]): Step {
  return (player) => {
    const ids = names.map((name) => player.sessionOf(name));
    const rises = ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id));
    player.say(`session ids ${rises ? 'rise' : 'do not rise'}`);
  };
}

/** A four-letter word on a connection of its own, and the answer in lines without numbers that vary. */
export function word(text: string | Buffer, reading: WordReading = {}): Step {
  return async (player) => {
    const name = text.toString('latin1');
    player.say(`word ${JSON.stringify(name)}`);
    using client = await RawClient.connect(player.port);
    if (reading.split === true) {
      for (const byte of Buffer.from(name, 'latin1')) {
        client.send(Buffer.of(byte));
        await delay(5);
      }
    } else {
      client.send(Buffer.from(name, 'latin1'));
    }
    if (reading.halfClose === true) client.end();
    const answer = await client.untilClosed();
    if (answer === undefined) throw new Error(`no end of the answer to ${name}`);
    for (const line of wordLines(name.slice(0, 4), answer.toString('utf8'), player.names, reading)) {
      player.say(`  ${line}`);
    }
  };
}

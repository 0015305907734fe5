/**
 * From a bare connection to one that is known to be with a certain server: a Hello each way, within a time, the caller's
 * first. Until then it costs next to nothing, and there are few of them.
 */
import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerId } from '../zab/index.js';
import { decodeHello, encodeHello, type Hello, type PeerChannel } from './electionCodec.js';
import type { PeerMember, Resolver } from './peerAddresses.js';
import { judgeHello, type HelloContext } from './peerHello.js';
import { HELLO_BYTES_MAX, PeerDecodeError } from './peerLimits.js';
import type { LimitedLog } from './peerLog.js';
import { AcceptGate, bindingOf, CallGate, PROOF_BYTES, type PeerSecret } from './peerSecret.js';
import { PeerSocket } from './peerSocket.js';
import type { PeerTls } from './peerTls.js';

/** What handshakes need to know of this server and of the others. */
export interface HandshakeContext {
  readonly self: ServerId;
  readonly members: () => readonly PeerMember[];
  readonly ensembleId: () => string | undefined;
  readonly version: string;
  readonly addressCheck: boolean;
  readonly connectTimeoutMs: number;
  /** How long whom we dialled may take to answer our hello. */
  readonly answerTimeoutMs: number;
  readonly resolver: Resolver;
  /** Undefined: connections are plain. */
  readonly tls: PeerTls | undefined;
  /** Undefined: nobody has to prove anything. */
  readonly secret: PeerSecret | undefined;
  readonly log: LimitedLog;
}

/**
 * Who takes the connection when the hello is over. Sets the socket's handler and the length of its frames before it
 * returns: the next frame may be there already.
 */
export type TakeSocket = (socket: PeerSocket, hello: Hello) => void;

/** Where to call. */
interface Place {
  /** As the server line has it. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

interface Dialled {
  readonly outcome: DialOutcome;
  /** It closed instead of asking for the proof that was offered. */
  readonly unproved: boolean;
}

/** How a dial ended. `refused`: nothing listens there, so that server does not run. */
export type DialOutcome =
  | { readonly kind: 'up' }
  /** Whom we called has heard our hello and closed; that is how a knock ends. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly why: string };

/** How long an accepted connection may take to say hello. */
const HELLO_TIMEOUT_MS = 2000;
/** Accepted connections that have not said hello yet, on both ports together. */
const HALF_OPEN_MAX = 100;
const FIRST_BYTES_MAX = HELLO_BYTES_MAX + PROOF_BYTES;

export class Handshakes {
  readonly #context: HandshakeContext;
  readonly #sockets = new Set<Socket>();
  #halfOpen = 0;
  #refused = 0;
  #stopped = false;

  constructor(context: HandshakeContext) {
    this.#context = context;
  }

  /** Accepted connections that have not said hello yet. */
  get halfOpen(): number {
    return this.#halfOpen;
  }

  /** Connections closed because of what they said, or did not say, at first. */
  get refused(): number {
    return this.#refused;
  }

  /** Somebody called. A caller whose hello `isKnock` gets no answer but is taken. */
  accept(raw: Socket, channel: PeerChannel, isKnock: (from: ServerId) => boolean, take: TakeSocket): void {
    const { log } = this.#context;
    if (this.#stopped || this.#halfOpen >= HALF_OPEN_MAX) {
      raw.on('error', () => undefined);
      raw.destroy();
      if (this.#stopped) return;
      this.#refused++;
      log.warn('half open', `More than ${HALF_OPEN_MAX} connections to the peer ports have not said hello.`);
      return;
    }
    this.#track(raw);
    this.#halfOpen++;
    let waiting = true;
    const over = (): void => {
      if (waiting) this.#halfOpen--;
      waiting = false;
      clearTimeout(timer);
    };
    const refuse = (why: string, alarm = false): void => {
      if (!waiting) return;
      over();
      this.#refused++;
      this.#logRefusal(
        `Refused a connection from ${address} to the ${channel} port: ${why}.`,
        address,
        alarm,
      );
      socket.destroy(why);
    };
    let said: Hello | undefined;
    const gate = new AcceptGate(this.#context.secret, bindingOf(raw));
    const socket = new PeerSocket(raw, FIRST_BYTES_MAX, {
      frame: (payload) => {
        if (said !== undefined) return refuse('it went on talking before its hello was answered');
        const step = gate.take(payload);
        if (step.kind === 'refused') return refuse(step.why);
        if (step.kind === 'send') return socket.writeFrame(step.payload);
        said = this.#judge(step.payload, channel, undefined, refuse);
        if (said !== undefined) void this.#checkAddress(said, raw, address, refuse, proceed);
      },
      closed: (why) => refuse(`${why} before the hello was over`),
    });
    const { address } = socket;
    const timer = setTimeout(() => refuse(`no hello within ${HELLO_TIMEOUT_MS} ms`), HELLO_TIMEOUT_MS);
    const proceed = (hello: Hello): void => {
      if (!waiting || !socket.open) return;
      over();
      if (!isKnock(hello.from)) socket.writeFrame(gate.answer(this.#hello(channel, hello.from)));
      take(socket, hello);
    };
  }

  /**
   * Calls a server, each of its addresses in turn, until one answers. Never throws.
   * @param knocking a connection that is closed after our hello has served its purpose
   */
  async dial(
    peer: PeerMember,
    channel: PeerChannel,
    knocking: boolean,
    take: TakeSocket,
  ): Promise<DialOutcome> {
    let outcome: DialOutcome = { kind: 'failed', why: 'none of its names is known' };
    for (const { host, quorumPort, electionPort } of peer.addresses) {
      const port = channel === 'quorum' ? quorumPort : electionPort;
      for (const address of await this.#context.resolver.addressesOf(host)) {
        if (this.#stopped) return { kind: 'failed', why: 'this server stops' };
        const { secret } = this.#context;
        const place = { host, address, port };
        const first = await this.#dialOne(peer.id, channel, place, secret, take);
        // Whom the secret is new to closes; as long as it is not required, that is no reason to stay apart.
        const again = first.unproved && secret?.required === false && !this.#isStopped();
        const last = again ? await this.#dialOne(peer.id, channel, place, undefined, take) : first;
        outcome = last.outcome;
        if (outcome.kind === 'up') return outcome;
        if (outcome.kind === 'closed') {
          if (knocking) return outcome;
          outcome = { kind: 'failed', why: 'it closed the connection instead of answering the hello' };
        }
      }
    }
    return outcome;
  }

  /** Closes every connection, whoever has it, and takes no more; resolves when all of them are closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const closed = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #dialOne(
    peer: ServerId,
    channel: PeerChannel,
    { host, address, port }: Place,
    secret: PeerSecret | undefined,
    take: TakeSocket,
  ): Promise<Dialled> {
    const { connectTimeoutMs, answerTimeoutMs, tls } = this.#context;
    return new Promise((resolve) => {
      const raw = tls?.connect(host, address, port) ?? connect({ host: address, port });
      this.#track(raw);
      let connected = false;
      let gate: CallGate | undefined;
      const end = (outcome: DialOutcome): void => {
        clearTimeout(timer);
        const unproved = outcome.kind === 'closed' && secret !== undefined && gate?.answered === false;
        resolve({ outcome, unproved });
      };
      const fail = (why: string): void => {
        end({ kind: 'failed', why });
        socket.destroy(why);
      };
      const refuse = (why: string, alarm: boolean): void => {
        this.#refused++;
        this.#logRefusal(`Refused server ${peer} at ${address}, port ${port}: ${why}.`, address, alarm);
        fail(why);
      };
      const socket = new PeerSocket(raw, FIRST_BYTES_MAX, {
        frame: (payload) => {
          const step = gate?.take(payload);
          if (step === undefined) return refuse('it speaks before it is spoken to', false);
          if (step.kind === 'refused') return refuse(step.why, false);
          if (step.kind === 'send') return socket.writeFrame(step.payload);
          const hello = this.#judge(step.payload, channel, peer, refuse);
          if (hello === undefined) return;
          end({ kind: 'up' });
          take(socket, hello);
        },
        closed: (why) => end(connected ? { kind: 'closed' } : { kind: 'failed', why }),
      });
      let timer = setTimeout(() => fail(`no connection within ${connectTimeoutMs} ms`), connectTimeoutMs);
      raw.once('connect', () => {
        clearTimeout(timer);
        timer = setTimeout(() => fail(`no hello within ${answerTimeoutMs} ms`), answerTimeoutMs);
      });
      raw.once(raw instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
        connected = true;
        gate = new CallGate(secret, bindingOf(raw), this.#hello(channel, peer));
        socket.writeFrame(gate.first());
      });
    });
  }

  /** @returns undefined after it was refused */
  #judge(
    payload: Buffer,
    channel: PeerChannel,
    dialled: ServerId | undefined,
    refuse: (why: string, alarm: boolean) => void,
  ): Hello | undefined {
    const { self, ensembleId } = this.#context;
    let hello: Hello;
    try {
      hello = decodeHello(payload);
    } catch (error) {
      if (!(error instanceof PeerDecodeError)) throw error;
      refuse(error.message.replace(/\.$/, ''), false);
      return undefined;
    }
    const isMember = (id: ServerId): boolean => this.#member(id) !== undefined;
    const context: HelloContext = { self, channel, dialled, isMember, ensembleId: ensembleId() };
    const refusal = judgeHello(hello, context);
    if (refusal === undefined) return hello;
    refuse(refusal.why, refusal.alarm);
    return undefined;
  }

  async #checkAddress(
    hello: Hello,
    raw: Socket,
    address: string,
    refuse: (why: string) => void,
    take: (hello: Hello) => void,
  ): Promise<void> {
    const { addressCheck, resolver, tls } = this.#context;
    const member = this.#member(hello.from);
    const wrong = member && tls?.wrongCertificate(raw, address, member);
    if (wrong !== undefined) {
      refuse(wrong);
      return;
    }
    if (addressCheck && member !== undefined && !(await resolver.isAddressOf(address, member))) {
      refuse(`it says to be server ${hello.from}, which is not at that address`);
      return;
    }
    take(hello);
  }

  #hello(channel: PeerChannel, to: ServerId): Buffer {
    const { self, ensembleId, version } = this.#context;
    return encodeHello({ channel, from: self, to, ensembleId: ensembleId(), version, capabilities: [] });
  }

  #member(id: ServerId): PeerMember | undefined {
    return this.#context.members().find((member) => member.id === id);
  }

  #logRefusal(text: string, address: string, alarm: boolean): void {
    if (alarm) this.#context.log.alarm(address, text);
    else this.#context.log.warn(address, text);
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #track(raw: Socket): void {
    this.#sockets.add(raw);
    raw.once('close', () => this.#sockets.delete(raw));
  }
}

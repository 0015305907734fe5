/**
 * Election links: one connection per pair of servers, over which only the latest vote matters. The server with the higher
 * id dials, again and again; the other one only knocks, and is called back. Each side sends an empty frame now and then,
 * so that a machine that died without a word is noticed.
 */
import type { NetworkInput, Notification, ServerId } from '../zab/index.js';
import { decodeNotification, encodeNotification, type Hello } from './electionCodec.js';
import type { PeerMember } from './peerAddresses.js';
import type { DialOutcome, Handshakes } from './peerHandshake.js';
import { ELECTION_FRAME_BYTES_MAX, PeerDecodeError } from './peerLimits.js';
import type { LimitedLog } from './peerLog.js';
import type { PeerSocket } from './peerSocket.js';

export interface ElectionLinksContext {
  readonly self: ServerId;
  readonly members: () => readonly PeerMember[];
  /** A link over which nothing came for so long is dead. */
  readonly peerTimeoutMs: number;
  readonly handshakes: Handshakes;
  readonly log: LimitedLog;
  readonly sink: (input: NetworkInput) => void;
}

interface Peer {
  readonly id: ServerId;
  link: PeerSocket | undefined;
  /** What the core was told last; undefined: nothing yet. */
  reportedUp: boolean | undefined;
  /** The latest vote, until the link has taken it. */
  pending: Notification | undefined;
  /** A vote was handed to the system, which has not taken it yet. */
  writing: boolean;
  dialling: boolean;
  dialledAt: number;
  /** A dial that is due later. */
  timer: NodeJS.Timeout | undefined;
  backoffMs: number;
  upSince: number;
  heardAt: number;
  undecodable: number;
  /** When the second began in which `count` notifications came. */
  secondAt: number;
  count: number;
}

const BACKOFF_MIN_MS = 20;
const BACKOFF_MAX_MS = 1000;
/** Frames that cannot be decoded until the link is closed. */
const UNDECODABLE_MAX = 3;
/** Notifications of one peer in a second; the rest is dropped, since only the latest matters and it will come again. */
const NOTIFICATIONS_PER_SECOND_MAX = 1000;
/** A knock that arrives so soon after the link came up was sent before. */
const KNOCK_STALE_MS = 100;

const EMPTY = Buffer.alloc(0);

export class ElectionLinks {
  readonly #context: ElectionLinksContext;
  readonly #peers = new Map<ServerId, Peer>();
  #beat: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #dropped = 0;
  #dialsFailed = 0;
  #stopped = false;

  constructor(context: ElectionLinksContext) {
    this.#context = context;
  }

  /** Servers with which there is a link. */
  get up(): readonly ServerId[] {
    return [...this.#peers.values()].filter(({ link }) => link !== undefined).map(({ id }) => id);
  }

  /** Notifications that were too many in their second. */
  get dropped(): number {
    return this.#dropped;
  }

  get dialsFailed(): number {
    return this.#dialsFailed;
  }

  start(): void {
    const interval = Math.max(1, this.#context.peerTimeoutMs / 3);
    this.#beatAt = performance.now();
    this.#beat = setInterval(() => this.#onBeat(interval), interval);
    this.#followMembers();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#beat);
    for (const peer of this.#peers.values()) clearTimeout(peer.timer);
  }

  /** Sends the latest vote as soon as the peer can take it; an earlier one that still waits is forgotten. */
  notify(to: ServerId, notification: Notification): void {
    const peer = this.#peer(to);
    if (peer === undefined) return;
    peer.pending = notification;
    if (peer.link === undefined) this.#dialSoon(peer, 0);
    else this.#sendPending(peer);
  }

  /** True for callers that want to be called back. */
  isKnock(from: ServerId): boolean {
    return from < this.#context.self;
  }

  /** Somebody called, and the hello is over. */
  accepted(socket: PeerSocket, { from }: Hello): void {
    const peer = this.#peer(from);
    if (peer === undefined) return socket.destroy('it is no member any more');
    if (!this.isKnock(from)) return this.#adopt(peer, socket);
    socket.handler = { frame: () => undefined, closed: () => undefined };
    socket.close('it knocked');
    // It has no link with us, whatever we believe: what we have is replaced when the dial succeeds.
    if (peer.link === undefined || performance.now() - peer.upSince > KNOCK_STALE_MS) this.#dialSoon(peer, 0);
  }

  /** Undefined: no member. */
  #peer(id: ServerId): Peer | undefined {
    const { self, members } = this.#context;
    if (this.#stopped || id === self || !members().some((member) => member.id === id)) return undefined;
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      peer = {
        id,
        link: undefined,
        reportedUp: undefined,
        pending: undefined,
        writing: false,
        dialling: false,
        dialledAt: -Infinity,
        timer: undefined,
        backoffMs: BACKOFF_MIN_MS,
        upSince: 0,
        heardAt: 0,
        undecodable: 0,
        secondAt: 0,
        count: 0,
      };
      this.#peers.set(id, peer);
    }
    return peer;
  }

  /** Dials members that are new, and lets go of those that are no members any more. */
  #followMembers(): void {
    const { self, members } = this.#context;
    const ids = new Set(members().map(({ id }) => id));
    for (const peer of this.#peers.values()) {
      if (ids.has(peer.id)) continue;
      clearTimeout(peer.timer);
      this.#peers.delete(peer.id);
      peer.link?.close('it is no member any more');
      this.#report(peer, false);
    }
    for (const id of ids) {
      if (id >= self || this.#peers.has(id)) continue;
      const peer = this.#peer(id);
      if (peer !== undefined) this.#dialSoon(peer, 0);
    }
  }

  /** Dials in `delayMs`, or sooner if that was planned, but never twice within the shortest backoff. */
  #dialSoon(peer: Peer, delayMs: number): void {
    if (this.#stopped || peer.dialling || this.#peers.get(peer.id) !== peer) return;
    const now = performance.now();
    const delay = Math.max(delayMs, peer.dialledAt + BACKOFF_MIN_MS - now);
    clearTimeout(peer.timer);
    if (delay <= 0) void this.#dial(peer);
    else peer.timer = setTimeout(() => void this.#dial(peer), delay);
  }

  async #dial(peer: Peer): Promise<void> {
    const { self, members, handshakes } = this.#context;
    const member = members().find(({ id }) => id === peer.id);
    if (this.#stopped || peer.dialling || member === undefined) return;
    peer.dialling = true;
    peer.dialledAt = performance.now();
    const knocking = peer.id > self;
    const outcome = await handshakes.dial(member, 'election', knocking, (socket) =>
      this.#adopt(peer, socket),
    );
    peer.dialling = false;
    this.#dialled(peer, outcome);
  }

  #dialled(peer: Peer, outcome: DialOutcome): void {
    if (this.#stopped || outcome.kind === 'closed') return;
    const calls = peer.id < this.#context.self;
    if (outcome.kind === 'up') {
      // It may be lost again already; that was no reason to dial while this dial was not over.
      if (calls && peer.link === undefined) this.#dialSoon(peer, BACKOFF_MIN_MS);
      return;
    }
    this.#dialsFailed++;
    if (peer.link === undefined) {
      const { id, reportedUp } = peer;
      const text = `Server ${id} cannot be reached on its election port: ${outcome.why}.`;
      if (reportedUp !== false) this.#context.log.info(`election ${id}`, text);
      this.#report(peer, false);
    }
    // The lower one knocks only when it has something to say.
    if (!calls) return;
    // A link that was lost in the meantime, or a knock that came, is served by this as well.
    this.#dialSoon(peer, peer.backoffMs);
    peer.backoffMs = Math.min(peer.backoffMs * 2, BACKOFF_MAX_MS);
  }

  /** A link with a peer replaces the one before: whoever said hello later knows better. */
  #adopt(peer: Peer, socket: PeerSocket): void {
    if (this.#stopped || this.#peers.get(peer.id) !== peer) return socket.destroy('it is no member any more');
    const old = peer.link;
    if (old !== undefined) {
      old.handler = { frame: () => undefined, closed: () => undefined };
      old.destroy('a newer link replaces it');
    }
    clearTimeout(peer.timer);
    peer.link = socket;
    peer.backoffMs = BACKOFF_MIN_MS;
    peer.upSince = peer.heardAt = performance.now();
    peer.undecodable = 0;
    peer.writing = false;
    socket.accept(ELECTION_FRAME_BYTES_MAX);
    socket.handler = {
      frame: (payload) => this.#frame(peer, socket, payload),
      closed: (why) => this.#lost(peer, socket, why),
    };
    this.#report(peer, true);
    this.#sendPending(peer);
  }

  #lost(peer: Peer, socket: PeerSocket, why: string): void {
    if (peer.link !== socket || this.#stopped) return;
    peer.link = undefined;
    peer.writing = false;
    this.#context.log.info(
      `election ${peer.id}`,
      `The election link with server ${peer.id} is down: ${why}.`,
    );
    this.#report(peer, false);
    if (peer.id < this.#context.self) this.#dialSoon(peer, BACKOFF_MIN_MS);
  }

  #frame(peer: Peer, socket: PeerSocket, payload: Buffer): void {
    const now = performance.now();
    peer.heardAt = now;
    if (payload.byteLength === 0) return;
    if (now - peer.secondAt >= 1000) {
      peer.secondAt = now;
      peer.count = 0;
    }
    if (++peer.count > NOTIFICATIONS_PER_SECOND_MAX) {
      this.#dropped++;
      return;
    }
    const notification = this.#decode(peer, socket, payload);
    if (notification !== undefined) {
      this.#context.sink({ kind: 'notification', from: peer.id, notification });
    }
  }

  #decode(peer: Peer, socket: PeerSocket, payload: Buffer): Notification | undefined {
    try {
      return decodeNotification(payload);
    } catch (error) {
      if (!(error instanceof PeerDecodeError)) throw error;
      this.#context.log.warn(
        socket.address,
        `Server ${peer.id} sent what is no notification: ${error.message}`,
      );
      if (++peer.undecodable >= UNDECODABLE_MAX) socket.destroy('it sends what cannot be read');
      return undefined;
    }
  }

  #sendPending(peer: Peer): void {
    const { link, pending } = peer;
    if (link?.open !== true || pending === undefined || peer.writing) return;
    peer.pending = undefined;
    peer.writing = true;
    link.writeFrame(encodeNotification(pending), () => {
      if (peer.link !== link) return;
      peer.writing = false;
      this.#sendPending(peer);
    });
  }

  #report(peer: Peer, up: boolean): void {
    // Up again without a down: the link was replaced, and what was said over the old one may be lost.
    if (!up && peer.reportedUp === false) return;
    peer.reportedUp = up;
    this.#context.sink({ kind: 'electionLink', peer: peer.id, up });
  }

  #onBeat(interval: number): void {
    const now = performance.now();
    // If this process was paused, it is no wonder that nothing was heard.
    const paused = now - this.#beatAt > 2 * interval;
    this.#beatAt = now;
    this.#followMembers();
    for (const peer of this.#peers.values()) {
      const { link } = peer;
      if (link === undefined) continue;
      if (paused) peer.heardAt = now;
      if (now - peer.heardAt > this.#context.peerTimeoutMs) {
        link.destroy(`nothing was heard of it for ${this.#context.peerTimeoutMs} ms`);
      } else if (link.unsent === 0) {
        link.writeFrame(EMPTY);
      }
    }
  }
}

/**
 * Quorum links: between the leader and one learner, in order, as much as is asked for. What is sent in a turn leaves at
 * its end as one frame group. A link is never opened again: the core dials a new one.
 */
import type { LinkId, NetworkInput, PeerMessage, ServerId } from '../zab/index.js';
import { decodeFrameGroup, FrameGroupWriter, FrameTooLongError } from './frameGroup.js';
import type { PeerMember } from './peerAddresses.js';
import type { Handshakes } from './peerHandshake.js';
import { PeerDecodeError, QUORUM_FRAME_BYTES_MAX } from './peerLimits.js';
import type { LimitedLog } from './peerLog.js';
import type { PeerSocket } from './peerSocket.js';

export interface QuorumLinksContext {
  readonly members: () => readonly PeerMember[];
  readonly handshakes: Handshakes;
  readonly log: LimitedLog;
  readonly sink: (input: NetworkInput) => void;
}

/** A quorum link as metrics show it. */
export interface QuorumLinkStatus {
  readonly link: LinkId;
  readonly peer: ServerId;
  readonly dialled: boolean;
  /** Bytes of this turn and of those before that the peer has not taken. */
  readonly unsentBytes: number;
}

interface QuorumLink {
  readonly id: LinkId;
  readonly peer: ServerId;
  readonly dialled: boolean;
  readonly socket: PeerSocket;
  readonly group: FrameGroupWriter;
  /** Closed for a reason that is in the log already. */
  dropped: boolean;
}

/** A peer that has not taken so much is too slow, or gone. */
const UNSENT_BYTES_MAX = 128 * 1024 * 1024;

export class QuorumLinks {
  readonly #context: QuorumLinksContext;
  readonly #links = new Map<LinkId, QuorumLink>();
  #toFlush = new Set<QuorumLink>();
  #nextLink: LinkId = 1;
  #dialsFailed = 0;
  #stopped = false;

  constructor(context: QuorumLinksContext) {
    this.#context = context;
  }

  get dialsFailed(): number {
    return this.#dialsFailed;
  }

  status(): readonly QuorumLinkStatus[] {
    return [...this.#links.values()].map(({ id, peer, dialled, socket, group }) => ({
      link: id,
      peer,
      dialled,
      unsentBytes: group.length + socket.unsent,
    }));
  }

  /** Answered by exactly one `linkUp` or `dialFailed`, in a later turn. */
  dial(peer: ServerId): void {
    void this.#dial(peer);
  }

  /** Somebody called, and the hello is over. */
  accepted(socket: PeerSocket, peer: ServerId): void {
    this.#adopt(socket, peer, false);
  }

  /** Encodes the message now, so that its bytes may be given away; it leaves with `flush`. */
  send(id: LinkId, message: PeerMessage): void {
    const link = this.#links.get(id);
    // Gone already; `linkDown` is on its way or was reported.
    if (link === undefined || !link.socket.open) return;
    try {
      link.group.add(message);
    } catch (error) {
      if (!(error instanceof FrameTooLongError)) throw error;
      this.#drop(link, error.message.replace(/\.$/, ''));
      return;
    }
    this.#toFlush.add(link);
    if (link.group.length + link.socket.unsent > UNSENT_BYTES_MAX) {
      this.#drop(link, `it has not taken ${UNSENT_BYTES_MAX / 1024 / 1024} MiB`);
    }
  }

  /** Sends what this turn collected, one write per link. */
  flush(): void {
    for (const { group, socket } of this.#toFlush) socket.write(group.take());
    this.#toFlush.clear();
  }

  /** Sends what was sent, then closes; `linkDown` follows in a later turn. */
  close(id: LinkId): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    link.socket.write(link.group.take());
    this.#toFlush.delete(link);
    link.socket.close('this server closed it');
  }

  stop(): void {
    this.#stopped = true;
    this.#links.clear();
    this.#toFlush = new Set();
  }

  async #dial(peer: ServerId): Promise<void> {
    const { members, handshakes, log, sink } = this.#context;
    const member = members().find(({ id }) => id === peer);
    const outcome =
      member === undefined
        ? await Promise.resolve({ kind: 'failed' as const, why: `there is no server.${peer} line` })
        : await handshakes.dial(member, 'quorum', false, (socket) => this.#adopt(socket, peer, true));
    if (outcome.kind === 'up' || this.#stopped) return;
    this.#dialsFailed++;
    const why = outcome.kind === 'failed' ? outcome.why : 'it closed the connection';
    log.info(`dial ${peer}`, `Server ${peer} cannot be reached on its quorum port: ${why}.`);
    sink({ kind: 'dialFailed', peer });
  }

  #adopt(socket: PeerSocket, peer: ServerId, dialled: boolean): void {
    if (this.#stopped) return socket.destroy('this server stops');
    const id = this.#nextLink++;
    const link: QuorumLink = { id, peer, dialled, socket, group: new FrameGroupWriter(), dropped: false };
    this.#links.set(link.id, link);
    socket.accept(QUORUM_FRAME_BYTES_MAX);
    socket.handler = {
      frame: (payload) => this.#frame(link, payload),
      closed: (why) => this.#lost(link, why),
    };
    this.#context.sink({ kind: 'linkUp', link: link.id, peer, dialled });
  }

  #frame(link: QuorumLink, payload: Buffer): void {
    let messages: readonly PeerMessage[];
    try {
      messages = decodeFrameGroup(payload);
    } catch (error) {
      if (!(error instanceof PeerDecodeError)) throw error;
      this.#drop(link, error.message.replace(/\.$/, ''));
      return;
    }
    for (const message of messages) {
      // The core may have closed the link because of the message before.
      if (!link.socket.open) return;
      this.#context.sink({ kind: 'packet', link: link.id, message });
    }
  }

  #drop(link: QuorumLink, why: string): void {
    const { address } = link.socket;
    this.#context.log.warn(address, `Closes the quorum link with server ${link.peer}: ${why}.`);
    link.dropped = true;
    link.group.take();
    this.#toFlush.delete(link);
    link.socket.destroy(why);
  }

  #lost(link: QuorumLink, why: string): void {
    this.#toFlush.delete(link);
    if (!this.#links.delete(link.id)) return;
    if (!link.dropped) {
      this.#context.log.info(`link ${link.id}`, `The quorum link with server ${link.peer} is down: ${why}.`);
    }
    this.#context.sink({ kind: 'linkDown', link: link.id });
  }
}

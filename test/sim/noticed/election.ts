/** How elections go, what becomes of leaders, and who promised what. */
import { OpCode } from '../../../src/types/index.js';
import type { Notification, PeerMessage, PeerNote, ServerId } from '../../../src/zab/index.js';
import type { ServerView, Traced } from '../checkers/index.js';
import type { Input } from '../core.js';
import { isQuorum, votersOf } from '../electorate.js';
import type { SimServer } from '../server.js';
import { Noticer } from './noticer.js';

/** By what an election was decided, and how it came about. */
export class Elections extends Noticer {
  readonly #looked = new Map<ServerId, number>();
  readonly #votes = new Map<ServerId, Notification>();
  readonly #heard = new Map<ServerId, Map<ServerId, Notification>>();

  override booted({ id }: ServerView): void {
    this.#looked.delete(id);
    this.#heard.delete(id);
    this.#votes.delete(id);
  }

  override stepping({ id }: SimServer, input: Input): void {
    if (input.kind !== 'notification') return;
    const heard = this.#heard.get(id) ?? new Map<ServerId, Notification>();
    this.#heard.set(id, heard.set(input.from, input.notification));
  }

  override voting({ id }: SimServer, _to: ServerId, vote: Notification): void {
    const before = this.#votes.get(id);
    this.#votes.set(id, vote);
    if (before?.state !== 'looking' || vote.state !== 'looking' || before.round !== vote.round) return;
    if (before.leader === vote.leader || before.leader < 0) return;
    const heard = this.#heard.get(id);
    const alike = (from: ServerId): boolean => {
      const said = heard?.get(from);
      return from === id || (said?.leader === before.leader && said.round === before.round);
    };
    if (isQuorum(this.world.latest, alike)) this.count('vote change in finalizeWait');
  }

  override noted(server: SimServer, note: PeerNote): void {
    const { id } = server;
    if (note.kind === 'looking') this.#looked.set(id, (this.#looked.get(id) ?? 0) + 1);
    if (note.kind === 'elected') this.#elected(server, note.leader);
    if (note.kind !== 'leading' && note.kind !== 'following') return;
    if ((this.#looked.get(id) ?? 0) > 2) this.count('election with > 2 rounds');
    this.#looked.delete(id);
  }

  #elected({ id, disk }: SimServer, leader: ServerId): void {
    if (leader !== id) {
      if (this.serverOf(leader)?.serving === true) this.count('late joiner by out-of-election path');
      return;
    }
    const others = votersOf(this.world.latest)
      .map((other) => this.serverOf(other))
      .filter((other) => other !== undefined && other.id !== id && other.up);
    const { currentEpoch } = disk.epochs;
    if (others.some((other) => (other?.disk.epochs.currentEpoch ?? 0) < currentEpoch))
      this.count('election decided by epoch');
    else if (others.some((other) => (other?.disk.tail.zxid ?? 0n) < disk.tail.zxid))
      this.count('election decided by zxid');
    else if (others.length > 0) this.count('election decided by sid');
  }
}

/** What leaders go through, from discovery to their end. */
export class Leaderships extends Noticer {
  /** Who proposed each epoch. */
  readonly #proposers = new Map<number, ServerId>();
  readonly #pendingSyncs = new Map<ServerId, number>();
  /** Learners that acknowledged the NEWLEADER of the leader with this id, while it leads. */
  readonly #acks = new Map<ServerId, Set<ServerId>>();
  readonly #broadcasting = new Set<ServerId>();
  readonly #established = new Set<ServerId>();

  override sending(server: ServerView, link: number, message: PeerMessage): void {
    const { id } = server;
    if (message.kind === 'leaderInfo') {
      const other = this.#proposers.get(message.epoch);
      if (other !== undefined && other !== id) this.count('two candidates proposing the same epoch');
      this.#proposers.set(message.epoch, id);
    }
    if (message.kind === 'newLeader') this.#acks.set(id, this.#acks.get(id) ?? new Set());
    if (message.kind === 'sync' && this.serverOf(id)?.role === 'observing') this.#syncOfObserver(link);
  }

  #syncOfObserver(link: number): void {
    const leader = this.serverOf(this.world.peerOf(link) ?? 0);
    if (leader?.role !== 'leading' || !this.world.isWhole(link)) this.count('observer sync during election');
  }

  override received(server: ServerView, link: number, message: PeerMessage): void {
    const sim = this.serverOf(server.id);
    switch (message.kind) {
      case 'followerInfo':
        if (sim?.role === 'leading' && message.acceptedEpoch > sim.engine!.peer.epoch && sim.serving)
          this.count("follower with acceptedEpoch > e' (V7)");
        return;
      case 'ackNewLeader':
        this.#acks.get(server.id)?.add(this.world.peerOf(link) ?? 0);
        return;
      case 'ack':
        if (sim?.role !== 'leading' || sim.engine?.peer.epoch !== message.epoch)
          this.count('ACK of a stale incarnation received');
        return;
      default:
        return;
    }
  }

  override stepping(server: SimServer): void {
    if (server.role === 'leading') this.#pendingSyncs.set(server.id, server.engine?.peer.pendingSyncs ?? 0);
  }

  override role(server: ServerView, role: string): void {
    const { id } = server;
    if (role === 'leading') return;
    if ((this.#pendingSyncs.get(id) ?? 0) > 0) this.count('sync pending at step-down');
    const waiting = [...this.world.links].some(
      (link) => link.server === id && link.waiting.some(({ request }) => request.type === OpCode.sync),
    );
    const wasObserving = !votersOf(this.world.latest).includes(id);
    if (role === 'looking' && wasObserving && waiting) this.count('observer sync during election');
    this.#forget(id);
  }

  #forget(id: ServerId): void {
    this.#pendingSyncs.delete(id);
    this.#acks.delete(id);
    this.#broadcasting.delete(id);
    this.#established.delete(id);
  }

  override established({ id, disk }: ServerView): void {
    this.#established.add(id);
    const { weights } = this.world.latest;
    for (const server of this.world.servers)
      if (server.up && weights.get(server.id) === 0 && server.disk.tail.zxid > disk.tail.zxid)
        this.count('weight-0 best log');
  }

  override broadcast({ id }: Pick<ServerView, 'id'>, _event: Traced<'broadcast'>): void {
    this.#broadcasting.add(id);
  }

  override pausing({ id, role }: SimServer, ms: number): void {
    if (role === 'leading' && this.#established.has(id) && ms > this.leaseMs)
      this.count('leader paused past its lease');
  }

  get leaseMs(): number {
    return this.world.servers[0]?.leaseMs ?? Infinity;
  }

  override crashing({ id, disk }: SimServer): void {
    const acks = this.#acks.get(id);
    if (acks !== undefined && !this.#broadcasting.has(id)) {
      const has = (other: ServerId): boolean => other === id || acks.has(other);
      const oneMore = votersOf(this.world.latest).some((more) =>
        isQuorum(this.world.latest, (other) => other === more || has(other)),
      );
      if (isQuorum(this.world.latest, has)) this.count('leader crash after quorum NEWLEADER acks');
      else if (oneMore) this.count('leader crash after quorum-1 NEWLEADER acks');
      if (acks.size === 0) this.count('leader crash after 0 NEWLEADER acks');
      if (acks.size === 1) this.count('leader crash after 1 NEWLEADER ack');
    }
    const role = this.serverOf(id)?.role;
    const { acceptedEpoch, currentEpoch } = disk.epochs;
    if (role === 'leading' && acceptedEpoch > currentEpoch && this.#proposers.get(acceptedEpoch) !== id)
      this.count('leader crash between persist acceptedEpoch and LEADERINFO');
    const rest = this.world.servers.filter((other) => other.id !== id);
    if (rest.length > 0 && rest.every((other) => other.disk.tail.zxid < disk.tail.zxid))
      this.count('record on exactly one disk');
    this.#forget(id);
  }

  override crashed(): void {
    if (this.world.servers.every(({ up }) => !up)) this.count('full restart of all servers');
  }
}

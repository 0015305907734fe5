/**
 * Fast leader election (zab.md 1.3): everyone votes for the best log it has heard of until a quorum votes alike. It may
 * elect the wrong one; that costs time, not data, because discovery checks the logs again.
 */
import { ZXID_ZERO, type Zxid } from '../types/index.js';
import type { Configuration } from './configuration.js';
import { EPOCH_STEP_MAX } from './context.js';
import type { Notification, PeerState, ServerId } from './messages.js';

/** Whom a server wants to lead, with what makes it fit. */
export interface Candidate {
  readonly leader: ServerId;
  readonly zxid: Zxid;
  readonly peerEpoch: number;
  readonly blank: boolean;
}

/** What the election needs of its server. */
export interface ElectionHost {
  readonly id: ServerId;
  readonly configurations: readonly Configuration[];
  readonly finalizeWaitMs: number;
  notify(to: ServerId, notification: Notification): void;
  elected(vote: Candidate, round: number): void;
}

/** A vote for nobody: of those who may not vote. */
const NOBODY: Candidate = { leader: -1, zxid: ZXID_ZERO, peerEpoch: 0, blank: false };

/** As `EPOCH_STEP_MAX`. */
const ROUND_STEP_MAX = 2 ** 20;

const RESEND_MS_MIN = 100;
const RESEND_MS_MAX = 2000;

export class Election {
  readonly #host: ElectionHost;
  /** True while the link is up, false when it was found down, absent while nobody knows. */
  readonly #links = new Map<ServerId, boolean>();
  readonly #received = new Map<ServerId, Notification>();
  /** From servers that are not looking. */
  readonly #settled = new Map<ServerId, Notification>();
  #round = 0;
  #own: Candidate = NOBODY;
  #vote: Candidate = NOBODY;
  #mayVote = false;
  #blank = false;
  #state: PeerState = 'looking';
  #running = false;
  #now = 0;
  #finalizeAt: number | undefined;
  #resendAt = 0;
  #resendMs = RESEND_MS_MIN;

  constructor(host: ElectionHost) {
    this.#host = host;
  }

  get round(): number {
    return this.#round;
  }

  isUp(peer: ServerId): boolean {
    return this.#links.get(peer) === true;
  }

  /**
   * Begins to look for a leader.
   * @param own this server as a candidate, by its durable log
   * @param mayVote false for observers, and servers that may have lost records
   */
  start(now: number, own: Candidate, mayVote: boolean): void {
    this.#now = now;
    // Who may not vote has no round of its own, and takes up that of the others.
    this.#round = mayVote ? this.#round + 1 : 0;
    this.#own = mayVote ? own : NOBODY;
    this.#mayVote = mayVote;
    this.#blank = own.blank;
    this.#state = 'looking';
    this.#running = true;
    this.#received.clear();
    this.#settled.clear();
    this.#adopt(this.#own);
    this.#decide();
  }

  /** The server took a role: it answers those who still look, and no longer looks itself. */
  settle(state: PeerState): void {
    this.#running = false;
    this.#state = state;
  }

  /** After synchronisation the vote names the epoch that was established, or late joiners find no two alike. */
  established(epoch: number): void {
    this.#vote = { ...this.#vote, peerEpoch: epoch };
  }

  linkChanged(peer: ServerId, up: boolean): void {
    this.#links.set(peer, up);
    if (!this.#running) return;
    if (!up) {
      this.#received.delete(peer);
      this.#settled.delete(peer);
      if (peer === this.#vote.leader) this.#startOver();
      return this.#decide();
    }
    this.#resendMs = RESEND_MS_MIN;
    this.#send(peer);
  }

  tick(now: number): void {
    this.#now = now;
    if (!this.#running) return;
    if (this.#finalizeAt !== undefined && now >= this.#finalizeAt) return this.#finish();
    if (now >= this.#resendAt) this.#broadcast();
  }

  receive(from: ServerId, n: Notification): void {
    if (!this.#isMember(from)) return;
    if (!this.#running) {
      if (n.state === 'looking') this.#send(from);
      return;
    }
    if (n.round > this.#round + ROUND_STEP_MAX || n.peerEpoch > this.#own.peerEpoch + EPOCH_STEP_MAX) return;
    if (n.state !== 'looking') return this.#receiveSettled(from, n);
    if (n.round > this.#round && this.#counts(from, n)) {
      this.#round = n.round;
      this.#received.clear();
      this.#adopt(isBetter(n, this.#own) ? candidateOf(n) : this.#own);
    } else if (n.round < this.#round || !this.#counts(from, n)) {
      // Those without a vote ask on a timer only: two of them would answer each other for ever.
      if (this.#mayVote) this.#send(from);
      return;
    } else if (isBetter(n, this.#vote)) this.#adopt(candidateOf(n));
    this.#received.set(from, n);
    this.#decide();
  }

  #receiveSettled(from: ServerId, n: Notification): void {
    if (!this.#isVoter(from)) return;
    this.#settled.set(from, n);
    if (n.round === this.#round) {
      this.#received.set(from, n);
      const alike = this.#who(this.#received, (other) => sameVote(other, n) && other.round === n.round);
      const isMe = n.leader === this.#host.id;
      // Those who decided in this round may have counted my vote: it was theirs. They wait for me to follow.
      const isMine = isMe || (sameVote(n, this.#vote) && (!this.#blank || n.leaderBlank));
      if (isMine && this.#mayVote) alike.add(this.#host.id);
      if (this.#isQuorum(alike) && (isMe ? this.#mayVote : this.#leads(n.leader))) return this.#conclude(n);
    }
    if (n.leader === this.#host.id) return;
    // Neither zxid nor round: servers that joined later than others have different ones.
    const alike = this.#who(
      this.#settled,
      (other) => other.leader === n.leader && other.peerEpoch === n.peerEpoch,
    );
    // In one configuration: a pending one may be discarded already, and need a vote of this server which is not there.
    if (this.#isQuorumOfOne(alike) && this.#leads(n.leader)) this.#conclude(n);
  }

  #leads(leader: ServerId): boolean {
    const said = this.#settled.get(leader);
    return said?.state === 'leading' && said.leader === leader;
  }

  #conclude(n: Notification): void {
    this.#round = n.round;
    this.#vote = candidateOf(n);
    this.#finish();
  }

  /**
   * A vote that may be counted or followed: of a voter, for one that can lead. This server cannot while it may not vote:
   * those who want it do so for what it had before it lost its tree, or records.
   */
  #counts(from: ServerId, n: Notification): boolean {
    const canLead = n.leader === this.#host.id ? this.#mayVote : this.#isVoter(n.leader);
    return this.#isVoter(from) && canLead;
  }

  /** The candidate is gone: a new round, in which votes for it do not count. */
  #startOver(): void {
    if (this.#mayVote) this.#round += 1;
    this.#received.clear();
    this.#adopt(this.#own);
  }

  #adopt(vote: Candidate): void {
    this.#vote = vote;
    this.#finalizeAt = undefined;
    this.#resendMs = RESEND_MS_MIN;
    this.#broadcast();
  }

  #decide(): void {
    if (this.#vote.leader < 0) return;
    const { leader, blank } = this.#vote;
    const supporters = this.#who(
      this.#received,
      // Whoever may have lost what it knew is no witness that nobody knows more (zab.md 7.4).
      (n) => sameVote(n, this.#vote) && (!n.blank || blank),
    );
    if (this.#mayVote && (!this.#blank || blank)) supporters.add(this.#host.id);
    // Who follows need not know who counts: the leader does. One of two configurations may have been discarded.
    const isElected = leader === this.#host.id ? this.#isQuorum(supporters) : this.#isQuorumOfOne(supporters);
    if (!isElected && !this.#isUnanimous()) {
      this.#finalizeAt = undefined;
      return;
    }
    const undecided = (peer: ServerId): boolean =>
      peer !== this.#host.id && !supporters.has(peer) && this.#links.get(peer) !== false;
    const all = this.#host.configurations.every(({ voters }) => !voters.some(undecided));
    if (all && (leader === this.#host.id || this.#links.get(leader) !== false)) return this.#finish();
    this.#finalizeAt ??= this.#now + this.#host.finalizeWaitMs;
  }

  /**
   * Everyone wants this candidate, and it has nothing: there is nobody left who could know more. Without this, a first
   * leader that dies in its first epoch could never lead again, nor follow those who have none.
   */
  #isUnanimous(): boolean {
    if (this.#vote.zxid !== ZXID_ZERO) return false;
    const agreeing = this.#who(this.#received, (n) => sameVote(n, this.#vote));
    if (this.#mayVote) agreeing.add(this.#host.id);
    return this.#host.configurations.every(({ voters }) => voters.every((id) => agreeing.has(id)));
  }

  #finish(): void {
    this.#running = false;
    this.#finalizeAt = undefined;
    this.#host.elected(this.#vote, this.#round);
  }

  #who(votes: ReadonlyMap<ServerId, Notification>, agrees: (n: Notification) => boolean): Set<ServerId> {
    const who = new Set<ServerId>();
    for (const [id, n] of votes) if (agrees(n)) who.add(id);
    return who;
  }

  #isQuorum(servers: ReadonlySet<ServerId>): boolean {
    return this.#host.configurations.every((configuration) =>
      configuration.isQuorum((id) => servers.has(id)),
    );
  }

  #isQuorumOfOne(servers: ReadonlySet<ServerId>): boolean {
    return this.#host.configurations.some((configuration) => configuration.isQuorum((id) => servers.has(id)));
  }

  #isVoter(id: ServerId): boolean {
    return this.#host.configurations.some((configuration) => configuration.isVoter(id));
  }

  #isMember(id: ServerId): boolean {
    return this.#host.configurations.some(({ members }) => members.has(id));
  }

  #broadcast(): void {
    const voters = new Set(this.#host.configurations.flatMap((configuration) => configuration.voters));
    voters.delete(this.#host.id);
    for (const peer of voters) this.#send(peer);
    // Spread over +-20 %, so that servers that began together do not go on together.
    const spread = 0.8 + (0.4 * ((this.#host.id * 7919 + this.#round * 104_729) % 1000)) / 1000;
    this.#resendAt = this.#now + this.#resendMs * spread;
    this.#resendMs = Math.min(this.#resendMs * 2, RESEND_MS_MAX);
  }

  #send(to: ServerId): void {
    // Whoever may not vote asks, and answers with nobody.
    const vote = this.#running && !this.#mayVote ? NOBODY : this.#vote;
    const { configurations } = this.#host;
    const config = configurations.at(-1)?.text ?? '';
    this.#host.notify(to, {
      state: this.#state,
      leader: vote.leader,
      zxid: vote.zxid,
      peerEpoch: vote.peerEpoch,
      round: this.#round,
      configVersion: configurations[0]?.version ?? ZXID_ZERO,
      ...(config === '' ? {} : { config }),
      blank: this.#blank,
      leaderBlank: vote.blank,
    });
  }
}

function candidateOf(n: Notification): Candidate {
  return { leader: n.leader, zxid: n.zxid, peerEpoch: n.peerEpoch, blank: n.leaderBlank };
}

function sameVote(n: Notification, other: Pick<Candidate, 'leader' | 'zxid' | 'peerEpoch'>): boolean {
  return n.leader === other.leader && n.zxid === other.zxid && n.peerEpoch === other.peerEpoch;
}

/** By epoch, then by zxid, then by id. */
export function isBetter(
  left: Pick<Candidate, 'leader' | 'zxid' | 'peerEpoch'>,
  right: Pick<Candidate, 'leader' | 'zxid' | 'peerEpoch'>,
): boolean {
  if (left.peerEpoch !== right.peerEpoch) return left.peerEpoch > right.peerEpoch;
  if (left.zxid !== right.zxid) return left.zxid > right.zxid;
  return left.leader > right.leader;
}

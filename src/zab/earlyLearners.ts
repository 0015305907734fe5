/** Learners that found their leader before it knew that it leads: their links wait for the end of its election. */
import type { ServerId, ToLeader } from './messages.js';
import type { LinkId, PeerOutput } from './ports.js';

/** A learner waits for an answer to its first message; more than a few are not kept. */
const MESSAGES_MAX = 4;

/** One of them, with what it said so far. */
export interface EarlyLearner {
  readonly peer: ServerId;
  readonly link: LinkId;
  readonly messages: readonly ToLeader[];
}

export class EarlyLearners {
  readonly #output: () => PeerOutput;
  readonly #learners = new Map<ServerId, EarlyLearner & { readonly messages: ToLeader[] }>();

  /** @param output collects the effects of the step that is under way */
  constructor(output: () => PeerOutput) {
    this.#output = output;
  }

  /** A newer link with the same learner replaces the one before. */
  linkUp(link: LinkId, peer: ServerId): void {
    const former = this.#learners.get(peer);
    if (former !== undefined) this.#output().links.push({ kind: 'close', link: former.link });
    this.#learners.set(peer, { peer, link, messages: [] });
  }

  linkDown(link: LinkId): void {
    for (const learner of this.#learners.values())
      if (learner.link === link) this.#learners.delete(learner.peer);
  }

  receive(link: LinkId, message: ToLeader): void {
    for (const learner of this.#learners.values())
      if (learner.link === link && learner.messages.length < MESSAGES_MAX) learner.messages.push(message);
  }

  /** This server leads: they are its own from now on. */
  take(): EarlyLearner[] {
    const learners = [...this.#learners.values()];
    this.#learners.clear();
    return learners;
  }

  /** They took this server for a leader and wait for one that will not be. */
  close(): void {
    for (const { link } of this.#learners.values()) this.#output().links.push({ kind: 'close', link });
    this.#learners.clear();
  }
}

/** The learners that have a link with a leader, at most one each, and which of them count. */
import type { PeerContext } from './context.js';
import type { LearnerHandler } from './learnerHandler.js';
import type { ServerId } from './messages.js';
import type { LinkId } from './ports.js';

export class Learners {
  readonly #context: PeerContext;
  readonly #handlers = new Map<ServerId, LearnerHandler>();

  constructor(context: PeerContext) {
    this.#context = context;
  }

  [Symbol.iterator](): Iterator<LearnerHandler> {
    return this.#handlers.values();
  }

  /** As of now: for loops in which some may be dropped. */
  get list(): LearnerHandler[] {
    return [...this.#handlers.values()];
  }

  get(id: ServerId): LearnerHandler | undefined {
    return this.#handlers.get(id);
  }

  at(link: LinkId): LearnerHandler | undefined {
    for (const handler of this.#handlers.values()) if (handler.link === link) return handler;
    return undefined;
  }

  /** False for one that is gone, or that came back on another link. */
  has(handler: LearnerHandler): boolean {
    return this.#handlers.get(handler.peer) === handler;
  }

  add(handler: LearnerHandler): void {
    this.#handlers.set(handler.peer, handler);
  }

  remove(handler: LearnerHandler): void {
    this.#handlers.delete(handler.peer);
  }

  clear(): void {
    this.#handlers.clear();
  }

  /** The leader itself, which is no learner and counts with them. */
  isSelf(id: ServerId): boolean {
    return id === this.#context.settings.id;
  }

  /** Undefined unless it is here and its word counts. */
  voter(id: ServerId): LearnerHandler | undefined {
    const handler = this.#handlers.get(id);
    return handler?.votes === true ? handler : undefined;
  }

  /** Has the leader's log, or is the leader. */
  isSynced(id: ServerId): boolean {
    return this.isSelf(id) || this.#handlers.get(id)?.synced === true;
  }

  isSyncedVoter(id: ServerId): boolean {
    return this.isSelf(id) || this.voter(id)?.synced === true;
  }
}

/** Who votes, with which weight, in which group, and which sets of servers are a quorum (zab.md 1.9). */
import { ZXID_ZERO, type Zxid } from '../types/index.js';
import type { ServerId } from './messages.js';

export interface ConfigMember {
  readonly id: ServerId;
  readonly role: 'participant' | 'observer';
}

/** One configuration of an ensemble. */
export class Configuration {
  /** Zxid of the record that made it; 0 for the one that the ensemble started with. */
  readonly version: Zxid;
  readonly members: ReadonlyMap<ServerId, ConfigMember>;
  /** Participants with a weight. */
  readonly voters: readonly ServerId[];
  readonly #groups: readonly (readonly ServerId[])[];
  readonly #weights: ReadonlyMap<ServerId, number>;

  /**
   * @param groups ids per group for hierarchical quorums; none: a majority of all voters
   * @param weights weights that differ from 1; they count in hierarchical quorums, and 0 takes the vote in both
   */
  constructor(
    members: readonly ConfigMember[],
    groups: readonly (readonly ServerId[])[] = [],
    weights: ReadonlyMap<ServerId, number> = new Map(),
    version: Zxid = ZXID_ZERO,
  ) {
    this.version = version;
    this.members = new Map(members.map((member) => [member.id, member]));
    this.#weights = weights;
    const grouped = new Set(groups.flat());
    this.voters = members
      .filter(({ id, role }) => role === 'participant' && this.weightOf(id) > 0)
      .filter(({ id }) => groups.length === 0 || grouped.has(id))
      .map(({ id }) => id);
    this.#groups = groups
      .map((ids) => ids.filter((id) => this.voters.includes(id)))
      .filter((ids) => ids.length > 0);
  }

  /** From which other servers can make it again; empty for one that nobody else needs. */
  get text(): string {
    return '';
  }

  isVoter(id: ServerId): boolean {
    return this.voters.includes(id);
  }

  weightOf(id: ServerId): number {
    return this.#weights.get(id) ?? 1;
  }

  /** More than half of the voters, or more than half of the weight in more than half of the groups. */
  isQuorum(has: (id: ServerId) => boolean): boolean {
    if (this.#groups.length === 0) return 2 * this.voters.filter(has).length > this.voters.length;
    const won = this.#groups.filter((ids) => 2 * this.#weigh(ids.filter(has)) > this.#weigh(ids));
    return 2 * won.length > this.#groups.length;
  }

  #weigh(ids: readonly ServerId[]): number {
    return ids.reduce((sum, id) => sum + this.weightOf(id), 0);
  }
}

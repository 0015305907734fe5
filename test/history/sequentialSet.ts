/**
 * Sequential znodes as a set: each acknowledged creation is listed behind a sync until somebody deletes it, none is
 * listed whose deletion was acknowledged, and no name is ever given twice.
 */
import { tell, type Op, type Problem } from './history.js';

interface Member {
  readonly name: string;
  readonly createdAt: number;
  /** When somebody began to delete it, and when that was acknowledged. */
  deletedFrom: number;
  deletedAt: number;
}

export class SequentialSets {
  readonly #parents: ReadonlyMap<string, Map<string, Member>>;
  readonly #given = new Set<string>();

  constructor(parents: readonly string[]) {
    this.#parents = new Map(parents.map((parent) => [parent, new Map()]));
  }

  feed(ops: readonly Op[]): Problem[] {
    const problems: Problem[] = [];
    for (const op of ops) problems.push(...this.#change(op));
    for (const op of ops) problems.push(...this.#listing(op));
    for (const members of this.#parents.values())
      for (const [name, { deletedAt }] of members) if (deletedAt !== Infinity) members.delete(name);
    return problems;
  }

  #change(op: Op): Problem[] {
    const { call, answer, from, to } = op;
    const path = call.op === 'create' ? answer?.path : call.op === 'delete' ? call.path : undefined;
    if (path === undefined) return [];
    const slash = path.lastIndexOf('/');
    const members = this.#parents.get(path.slice(0, slash));
    const name = path.slice(slash + 1);
    if (members === undefined) return [];
    if (call.op === 'create') {
      members.set(name, { name, createdAt: to, deletedFrom: Infinity, deletedAt: Infinity });
      if (this.#given.has(path)) return [{ rule: 'set', what: `${tell(op)}: ${path} was there before` }];
      this.#given.add(path);
      return [];
    }
    const member = members.get(name);
    if (member === undefined) return [];
    member.deletedFrom = Math.min(member.deletedFrom, from);
    if (answer?.err === 0) member.deletedAt = to;
    return [];
  }

  #listing(op: Op): Problem[] {
    const { call, answer, syncedAt } = op;
    const listed = answer?.children;
    if (call.op !== 'children' || listed === undefined || syncedAt === undefined) return [];
    const members = this.#parents.get(call.path);
    if (members === undefined) return [];
    const names = new Set(listed);
    const problems: Problem[] = [];
    for (const { name, createdAt, deletedFrom, deletedAt } of members.values()) {
      if (createdAt < syncedAt && deletedFrom > op.to && !names.has(name))
        problems.push({ rule: 'set', what: `${tell(op)} does not list ${name}` });
      if (deletedAt < syncedAt && names.has(name))
        problems.push({ rule: 'set', what: `${tell(op)} lists ${name}, which was deleted` });
    }
    return problems;
  }
}

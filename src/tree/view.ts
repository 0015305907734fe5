/**
 * The state that a write is prepared against: the tree as applied, plus what is outstanding (design D1). Each layer
 * holds changed records only. A multi gets a layer of its own, merged when all its operations pass and dropped when
 * one fails, so nothing is ever rolled back.
 */
import { Queue } from '../util/index.js';
import { ZXID_ZERO, type SessionId, type Zxid } from '../types/index.js';
import type { AclList } from './acl.js';
import { visibleOwner } from './znode.js';

/** What preparing a write may look at. A Znode is one, and so is the record of an outstanding change. */
export interface NodeFacts {
  readonly version: number;
  readonly aversion: number;
  readonly childCreates: number;
  readonly numChildren: number;
  readonly dataLength: number;
  readonly owner: bigint;
  readonly acl: AclList;
}

export interface TreeView {
  /** undefined when there is no such znode */
  node(path: string): NodeFacts | undefined;
  /** Paths of the ephemerals that the session owns. */
  ephemeralsOf(session: SessionId): ReadonlySet<string>;
}

interface OutstandingNode {
  readonly zxid: Zxid;
  readonly facts: NodeFacts | null;
}

/** A view that takes what a prepared write will change. */
export interface WritableView extends TreeView {
  /**
   * Records how a znode will be; null when it will be gone.
   * @param former what `node` says of it now
   */
  set(path: string, facts: NodeFacts | null, former: NodeFacts | undefined): void;
}

/** The same facts with some of them changed. */
export function changed(facts: NodeFacts, to: Partial<NodeFacts>): NodeFacts {
  return {
    version: to.version ?? facts.version,
    aversion: to.aversion ?? facts.aversion,
    childCreates: to.childCreates ?? facts.childCreates,
    numChildren: to.numChildren ?? facts.numChildren,
    dataLength: to.dataLength ?? facts.dataLength,
    owner: to.owner ?? facts.owner,
    acl: to.acl ?? facts.acl,
  };
}

/** Changes over a view. */
export class Layer implements WritableView {
  readonly #base: TreeView;
  readonly #nodes = new Map<string, NodeFacts | null>();

  constructor(base: TreeView) {
    this.#base = base;
  }

  node(path: string): NodeFacts | undefined {
    const own = this.#nodes.get(path);
    return own === undefined ? this.#base.node(path) : (own ?? undefined);
  }

  ephemeralsOf(session: SessionId): ReadonlySet<string> {
    return this.#base.ephemeralsOf(session);
  }

  set(path: string, facts: NodeFacts | null): void {
    this.#nodes.set(path, facts);
  }

  /** Hands all changes over, in the order in which their paths were first touched. */
  mergeInto(target: WritableView): void {
    for (const [path, facts] of this.#nodes) target.set(path, facts, target.node(path));
  }
}

/** The lowest layer: every prepared change that is not applied yet. An entry vanishes as its zxid is applied. */
export class Outstanding implements WritableView {
  /** The zxid that the write being prepared will have: what `set` records belongs to it. */
  zxid: Zxid = ZXID_ZERO;
  readonly #tree: TreeView;
  readonly #nodes = new Map<string, OutstandingNode>();
  /** Per session the ephemerals that will come (true) or go (false). */
  readonly #ephemerals = new Map<SessionId, Map<string, { zxid: Zxid; exists: boolean }>>();
  readonly #order = new Queue<{ zxid: Zxid; path: string; session: SessionId | undefined }>();

  constructor(tree: TreeView) {
    this.#tree = tree;
  }

  /** Records that wait for their zxid to be applied. */
  get size(): number {
    return this.#order.length;
  }

  node(path: string): NodeFacts | undefined {
    // Reads of an idle server's writes find nothing outstanding: one comparison.
    if (this.#nodes.size === 0) return this.#tree.node(path);
    const own = this.#nodes.get(path);
    return own === undefined ? this.#tree.node(path) : (own.facts ?? undefined);
  }

  /** Whether a change of the znode, its creation or its end is outstanding. */
  changes(path: string): boolean {
    return this.#nodes.has(path);
  }

  ephemeralsOf(session: SessionId): ReadonlySet<string> {
    const applied = this.#tree.ephemeralsOf(session);
    const changes = this.#ephemerals.get(session);
    if (changes === undefined) return applied;
    const all = new Set(applied);
    for (const [path, { exists }] of changes) {
      if (exists) all.add(path);
      else all.delete(path);
    }
    return all;
  }

  set(path: string, facts: NodeFacts | null, former: NodeFacts | undefined): void {
    const { zxid } = this;
    const owner = ephemeralOwner(former);
    const session = ephemeralOwner(facts);
    // A multi may replace a session's ephemeral: what comes here then is only how it ends.
    if (owner !== undefined && owner !== session) this.#noteEphemeral(owner, path, false);
    if (session !== undefined) this.#noteEphemeral(session, path, true);
    this.#nodes.set(path, { zxid, facts });
    this.#order.push({ zxid, path, session: undefined });
  }

  #noteEphemeral(session: SessionId, path: string, exists: boolean): void {
    const { zxid } = this;
    let changes = this.#ephemerals.get(session);
    if (changes === undefined) this.#ephemerals.set(session, (changes = new Map<string, never>()));
    changes.set(path, { zxid, exists });
    this.#order.push({ zxid, path, session });
  }

  /** Forgets what the tree now holds itself: all changes up to `zxid`. */
  applied(zxid: Zxid): void {
    for (let next = this.#order.peek(); next !== undefined && next.zxid <= zxid; next = this.#order.peek()) {
      this.#order.shift();
      // A later change of the same znode stays.
      if (this.#nodes.get(next.path)?.zxid === next.zxid) this.#nodes.delete(next.path);
      if (next.session === undefined) continue;
      const changes = this.#ephemerals.get(next.session);
      if (changes?.get(next.path)?.zxid !== next.zxid) continue;
      changes.delete(next.path);
      if (changes.size === 0) this.#ephemerals.delete(next.session);
    }
  }

  /** Forgets everything: leadership is lost, and with it what was only proposed. */
  clear(): void {
    this.#nodes.clear();
    this.#ephemerals.clear();
    this.#order.clear();
  }
}

function ephemeralOwner(facts: NodeFacts | null | undefined): SessionId | undefined {
  if (facts === null || facts === undefined || facts.owner === 0n) return undefined;
  const owner = visibleOwner(facts.owner);
  return owner === 0n ? undefined : owner;
}

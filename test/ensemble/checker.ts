/**
 * Judges a run by its history alone; it knows nothing of how servers work. Each rule is one of the promises:
 *
 *   lost        what was acknowledged is there in the end, on every server, and took place once
 *   diverged    all servers have the same in the end
 *   order       a write that was called after another one had returned has the greater zxid
 *   stale       a read behind a sync sees every write acknowledged before the sync was called
 *   backwards   a session never sees a key older than it has seen it
 *   invented    nobody sees what nobody wrote, or before it was called
 *   refused     a write is refused for its version only if the version was different at some time meanwhile
 *   expired     sessions whose clients lived live, with what they own
 *
 * Keys take part in all rules; every rule is checked in linear or n log n time.
 */
import type { CreateOp, FinalNode, Op, ReadOp, Run, SetOp } from './history.js';

export type Rule = 'lost' | 'diverged' | 'order' | 'stale' | 'backwards' | 'invented' | 'refused' | 'expired';

export interface Fault {
  readonly rule: Rule;
  readonly what: string;
}

type Timed<T> = T & { readonly session: string; readonly call: number; readonly ret: number };
type DoneSet = Timed<SetOp> & { readonly result: { readonly zxid: bigint; readonly version: number } };
type DoneRead = Timed<ReadOp> & { readonly result: Exclude<ReadOp['result'], 'unknown'> };

/** Faults of one rule beyond these say nothing new. */
const FAULTS_PER_RULE_MAX = 5;

/** Everything that is wrong with a run; empty if nothing is. */
export function check(run: Run): Fault[] {
  return new Checker(run).faults();
}

class Checker {
  readonly #run: Run;
  readonly #faults: Fault[] = [];
  readonly #setsByKey = new Map<string, Timed<SetOp>[]>();
  readonly #readsByKey = new Map<string, DoneRead[]>();
  readonly #writer = new Map<string, Timed<SetOp>>();

  constructor(run: Run) {
    this.#run = run;
    for (const op of run.ops) {
      if (op.kind === 'set') {
        listOf(this.#setsByKey, op.key).push(op);
        this.#writer.set(op.value, op);
      } else if (isDoneRead(op)) listOf(this.#readsByKey, op.key).push(op);
    }
  }

  faults(): Fault[] {
    this.#realTimeOrder();
    this.#sessionsSeeForwards();
    for (const [key, sets] of this.#setsByKey) {
      this.#versions(key, sets);
      this.#refusals(key, sets);
    }
    for (const [key, reads] of this.#readsByKey) {
      this.#readsAreFresh(key, reads);
      for (const read of reads) this.#isReal(read);
    }
    this.#finals();
    this.#sessions();
    return this.#faults;
  }

  #fault(rule: Rule, what: string): void {
    const before = this.#faults.filter((fault) => fault.rule === rule).length;
    if (before < FAULTS_PER_RULE_MAX) this.#faults.push({ rule, what });
  }

  #realTimeOrder(): void {
    const writes = this.#run.ops.flatMap((op) => {
      const zxid = op.kind === 'read' ? undefined : zxidOf(op);
      return zxid === undefined ? [] : [{ op, zxid }];
    });
    const seen = new Map<bigint, Op>();
    for (const { op, zxid } of writes) {
      const other = seen.get(zxid);
      if (other !== undefined) this.#fault('order', `${tell(op)} has the zxid of ${tell(other)}`);
      seen.set(zxid, op);
    }
    const byReturn = [...writes].sort((a, b) => a.op.ret - b.op.ret);
    const byCall = [...writes].sort((a, b) => a.op.call - b.op.call);
    let returned = 0;
    let greatest: (typeof writes)[number] | undefined;
    for (const { op, zxid } of byCall) {
      for (let next = byReturn[returned]; next !== undefined && next.op.ret < op.call;) {
        if (greatest === undefined || next.zxid > greatest.zxid) greatest = next;
        next = byReturn[++returned];
      }
      if (greatest !== undefined && zxid < greatest.zxid) {
        this.#fault('order', `${tell(op)} was called after ${tell(greatest.op)} had returned`);
      }
    }
  }

  /** Of each key, in the order in which the session had its answers. */
  #sessionsSeeForwards(): void {
    const seen = new Map<string, bigint>();
    for (const op of this.#run.ops) {
      const zxid = op.kind === 'set' || op.kind === 'read' ? zxidOf(op) : undefined;
      if (zxid === undefined || (op.kind !== 'set' && op.kind !== 'read')) continue;
      const name = `${op.session} ${op.key}`;
      const before = seen.get(name);
      if (before !== undefined && zxid < before) {
        this.#fault('backwards', `${tell(op)}, but its session had seen 0x${before.toString(16)}`);
      }
      seen.set(name, zxid);
    }
  }

  /** Each successful set takes the next version: none is given twice, and zxids rise with them. */
  #versions(key: string, sets: readonly Timed<SetOp>[]): void {
    const done = sets.filter(isDoneSet).sort((a, b) => a.result.version - b.result.version);
    for (const [i, set] of done.entries()) {
      const before = done[i - 1];
      if (before !== undefined && set.result.version === before.result.version) {
        this.#fault('lost', `${key}: ${tell(set)} and ${tell(before)} made the same version`);
      } else if (before !== undefined && set.result.zxid <= before.result.zxid) {
        this.#fault('order', `${key}: ${tell(set)} has a later version than ${tell(before)}`);
      }
      if (set.expected !== undefined && set.result.version !== set.expected + 1) {
        this.#fault('lost', `${key}: ${tell(set)} expected version ${set.expected}`);
      }
    }
  }

  /** A refusal is wrong if the key had the expected version from before the call until after the return. */
  #refusals(key: string, sets: readonly Timed<SetOp>[]): void {
    const maker = new Map(sets.filter(isDoneSet).map((set) => [set.result.version, set]));
    for (const set of sets) {
      if (set.result !== 'bad version' || set.expected === undefined) continue;
      const made = maker.get(set.expected);
      const unmade = maker.get(set.expected + 1);
      // Who made or ended that version is unknown: then nothing can be said.
      if (made === undefined || unmade === undefined) continue;
      if (made.ret < set.call && unmade.call > set.ret) {
        this.#fault('refused', `${key}: ${tell(set)}, but it had version ${set.expected} all the time`);
      }
    }
  }

  #readsAreFresh(key: string, reads: readonly DoneRead[]): void {
    const synced = reads.filter((read) => read.synced);
    // What was acknowledged or seen behind a sync before must be seen by whoever syncs afterwards.
    const known = [...(this.#setsByKey.get(key) ?? []).filter(isDoneSet), ...synced].sort(
      (a, b) => a.ret - b.ret,
    );
    const byCall = [...synced].sort((a, b) => a.call - b.call);
    let at = 0;
    let latest: DoneSet | DoneRead | undefined;
    for (const read of byCall) {
      for (let next = known[at]; next !== undefined && next.ret < read.call; next = known[++at]) {
        if (latest === undefined || next.result.zxid > latest.result.zxid) latest = next;
      }
      if (latest !== undefined && read.result.zxid < latest.result.zxid) {
        this.#fault('stale', `${key}: ${tell(read)} was called after ${tell(latest)} had returned`);
      }
    }
  }

  #isReal(read: DoneRead): void {
    const { zxid, version, value } = read.result;
    if (version === this.#run.firstVersion) return;
    const writer = this.#writer.get(value);
    if (writer?.key !== read.key) this.#fault('invented', `${tell(read)}: nobody wrote ${value}`);
    else if (writer.call > read.ret) this.#fault('invented', `${tell(read)} is before ${tell(writer)}`);
    else if (writer.result === 'bad version') this.#fault('invented', `${tell(read)}: ${tell(writer)}`);
    else if (isDoneSet(writer) && (writer.result.zxid !== zxid || writer.result.version !== version)) {
      this.#fault('invented', `${tell(read)} shows another zxid or version than ${tell(writer)}`);
    }
  }

  #finals(): void {
    const [first, ...others] = this.#run.finals;
    if (first === undefined) return;
    for (const other of others) this.#equal(first, other);
    for (const { server, nodes } of this.#run.finals) {
      for (const [key, sets] of this.#setsByKey) this.#finalKey(server, key, nodes.get(key), sets);
      this.#finalCreates(server, nodes);
    }
  }

  #equal(a: Run['finals'][number], b: Run['finals'][number]): void {
    for (const path of new Set([...a.nodes.keys(), ...b.nodes.keys()])) {
      const [left, right] = [a.nodes.get(path), b.nodes.get(path)];
      if (describeNode(left) === describeNode(right)) continue;
      this.#fault(
        'diverged',
        `${path}: ${describeNode(left)} on ${a.server}, ${describeNode(right)} on ${b.server}`,
      );
    }
  }

  #finalKey(server: string, key: string, node: FinalNode | undefined, sets: readonly Timed<SetOp>[]): void {
    if (node === undefined) return this.#fault('lost', `${key} is missing on ${server}`);
    const done = sets.filter(isDoneSet);
    const unknown = sets.filter(({ result }) => result === 'unknown').length;
    const least = this.#run.firstVersion + done.length;
    if (node.version < least || node.version > least + unknown) {
      this.#fault(
        'lost',
        `${key} has version ${node.version} on ${server} after ${done.length} acknowledged and ${unknown} unknown sets`,
      );
    }
    for (const set of done) {
      if (set.result.version > node.version || set.result.zxid > node.mzxid) {
        this.#fault('lost', `${key}: ${tell(set)} is not in ${describeNode(node)} on ${server}`);
      }
    }
    if (node.version === this.#run.firstVersion) return;
    const writer = this.#writer.get(node.value);
    if (writer?.key !== key || writer.result === 'bad version') {
      this.#fault('invented', `${key} has ${node.value} on ${server}, which nobody wrote`);
    }
  }

  #finalCreates(server: string, nodes: ReadonlyMap<string, FinalNode>): void {
    const deletes = new Map(
      this.#run.ops.flatMap((op) => (op.kind === 'delete' ? [[op.path, op.result] as const] : [])),
    );
    for (const op of this.#run.ops) {
      if (op.kind !== 'create') continue;
      const node = nodes.get(op.path);
      const deleted = deletes.get(op.path);
      if (deleted === 'ok' && node !== undefined) {
        this.#fault('lost', `${op.path} was deleted and is on ${server}`);
      }
      if (deleted !== undefined || op.result === 'unknown') continue;
      if (node === undefined) this.#fault('lost', `${tell(op)} is missing on ${server}`);
      else if (node.czxid !== op.result.zxid) {
        this.#fault('lost', `${tell(op)} is ${describeNode(node)} on ${server}`);
      }
    }
  }

  #sessions(): void {
    for (const { session, sessionId, ephemeral, expired } of this.#run.sessions) {
      if (expired) {
        this.#fault('expired', `session ${session} (0x${sessionId.toString(16)})`);
        continue;
      }
      for (const { server, nodes } of this.#run.finals) {
        if (nodes.get(ephemeral)?.ephemeralOwner !== sessionId) {
          this.#fault('expired', `${ephemeral} of session ${session} is gone on ${server}`);
        }
      }
    }
  }
}

function isDoneSet(op: Timed<SetOp>): op is DoneSet {
  return typeof op.result !== 'string';
}

function isDoneRead(op: Op): op is DoneRead & Op {
  return op.kind === 'read' && op.result !== 'unknown';
}

function zxidOf(op: Op): bigint | undefined {
  return typeof op.result === 'string' ? undefined : op.result.zxid;
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const found = lists.get(name) ?? [];
  lists.set(name, found);
  return found;
}

function tell(op: Op | Timed<SetOp> | Timed<CreateOp> | DoneRead): string {
  const subject = 'key' in op ? op.key : op.path;
  const zxid = typeof op.result === 'string' ? op.result : `0x${op.result.zxid.toString(16)}`;
  const version = typeof op.result !== 'string' && 'version' in op.result ? ` v${op.result.version}` : '';
  return `${op.kind} ${subject} by ${op.session} (${op.call.toFixed(1)} to ${op.ret.toFixed(1)} ms: ${zxid}${version})`;
}

function describeNode(node: FinalNode | undefined): string {
  if (node === undefined) return 'nothing';
  const { czxid, mzxid, version, value, ephemeralOwner } = node;
  return `czxid 0x${czxid.toString(16)} mzxid 0x${mzxid.toString(16)} v${version} "${value}" owner 0x${ephemeralOwner.toString(16)}`;
}

/** The longest time between two of `times` (sorted or not) within a window whose ends count as well. */
export function longestGap(times: readonly number[], from: number, to: number): number {
  const within = times.filter((time) => time > from && time < to).sort((a, b) => a - b);
  let gap = 0;
  let before = from;
  for (const time of [...within, to]) {
    gap = Math.max(gap, time - before);
    before = time;
  }
  return gap;
}

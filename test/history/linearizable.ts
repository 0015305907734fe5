/**
 * Checker B: whether the operations on one key can be put into one order that respects real time and makes each of
 * them come to what its client was told. It believes no zxid, so it would notice if zxids lied.
 *
 * The search is that of Wing and Gong with Lowe's memory: walk the calls and returns in time, take any operation that
 * is under way and fits the state as the next one, and go back when a return is met whose operation was not taken; a
 * set of taken operations with a state that was seen before need not be tried again. What nobody learnt the outcome of
 * may be taken at any time after its call, or never.
 */
import { ErrorCode } from '../../src/types/index.js';
import type { Op, Problem } from './history.js';
import { tell } from './history.js';

/** A key at one moment. */
export interface Register {
  readonly version: number;
  readonly value: string;
}

/** More than this cannot be searched for sure. */
export const OPS_MAX = 2000;
export const CLIENTS_MAX = 20;
const SEARCH_MS_MAX = 60_000;

/** An operation on a register. */
export interface RegisterOp {
  readonly client: string;
  readonly from: number;
  /** Infinity if nobody learnt the outcome. */
  readonly to: number;
  /** The one version that it fits, if its answer told: versions only rise, so beyond it is too late. */
  readonly needs: number | undefined;
  /** The state behind it, undefined where it cannot take effect like this. */
  readonly step: (state: Register) => Register | undefined;
  readonly tell: () => string;
}

/** As an operation on a register; undefined for those that say nothing for sure. */
export function registerOp(op: Op, path: string): RegisterOp | undefined {
  const { call, answer, client, to } = op;
  const common = { client, to, tell: () => tell(op) };
  if (!('path' in call) || call.path !== path) return undefined;
  if (call.op === 'set') {
    const { data, version } = call;
    const refused = answer?.err === ErrorCode.BADVERSION;
    // Other errors do not tell whether it took effect before them.
    const end = answer === undefined || (answer.err !== 0 && !refused) ? Infinity : to;
    if (refused)
      return {
        ...common,
        from: op.from,
        needs: undefined,
        step: (state) => (state.version === version ? undefined : state),
      };
    const became = answer?.stat?.version;
    const step = (state: Register): Register | undefined => {
      if (version !== -1 && version !== state.version) return undefined;
      if (became !== undefined && became !== state.version + 1) return undefined;
      return { version: state.version + 1, value: data };
    };
    return { ...common, to: end, from: op.from, needs: became === undefined ? undefined : became - 1, step };
  }
  if (call.op === 'get' && op.syncedAt !== undefined && answer?.stat !== undefined) {
    const { data } = answer;
    const { version } = answer.stat;
    return readOf(common, op.syncedAt, version, data ?? '');
  }
  return undefined;
}

function readOf(
  common: Pick<RegisterOp, 'client' | 'to' | 'tell'>,
  from: number,
  version: number,
  value: string,
): RegisterOp {
  return {
    ...common,
    from,
    needs: version,
    step: (state) => (state.version === version && state.value === value ? state : undefined),
  };
}

/** Call or return of an operation, in a list that operations are taken out of and put back into. */
interface Entry {
  readonly op: number;
  readonly ret: boolean;
  before: Entry | undefined;
  after: Entry | undefined;
  /** Of a call. */
  match: Entry | undefined;
}

export type Verdict =
  | { readonly kind: 'linearizable'; readonly end: Register }
  | { readonly kind: 'not'; readonly stuck: string }
  | { readonly kind: 'undecided'; readonly why: string };

/** Searches for an order. */
export function linearize(ops: readonly RegisterOp[], start: Register, limitMs = SEARCH_MS_MAX): Verdict {
  if (ops.length > OPS_MAX) return { kind: 'undecided', why: `${ops.length} operations, at most ${OPS_MAX}` };
  const clients = new Set(ops.map(({ client }) => client)).size;
  if (clients > CLIENTS_MAX) return { kind: 'undecided', why: `${clients} clients, at most ${CLIENTS_MAX}` };
  const deadline = performance.now() + limitMs;
  const head = entriesOf(ops);
  const taken = new Uint8Array(Math.ceil(ops.length / 8) || 1);
  const seen = new Set<string>();
  const needs = ops
    .flatMap(({ needs: version }, at) => (version === undefined ? [] : [{ version, at }]))
    .sort((a, b) => a.version - b.version);
  const stack: { readonly entry: Entry; readonly state: Register }[] = [];
  let state = start;
  let entry = head.after;
  let deepest = -1;
  let stuck = '';
  for (let steps = 0; ; steps++) {
    if (steps % 1024 === 0 && performance.now() > deadline)
      return { kind: 'undecided', why: `no order found within ${limitMs} ms` };
    // Only calls of unknown outcome are left: they need not have happened.
    if (entry === undefined) return { kind: 'linearizable', end: state };
    const op = ops[entry.op];
    if (op === undefined) throw new Error('an entry of no operation');
    if (!entry.ret) {
      const next = op.step(state);
      if (next !== undefined && !isTooLate(next, entry.op, needs, taken)) {
        flip(taken, entry.op);
        const key = `${Buffer.from(taken.buffer).toString('latin1')} ${next.version} ${next.value}`;
        if (!seen.has(key)) {
          seen.add(key);
          stack.push({ entry, state });
          state = next;
          lift(entry);
          entry = head.after;
          continue;
        }
        flip(taken, entry.op);
      }
      entry = entry.after;
      continue;
    }
    if (stack.length > deepest) {
      deepest = stack.length;
      stuck = `${op.tell()} fits nowhere; before it v${state.version} "${state.value}"`;
    }
    const last = stack.pop();
    if (last === undefined) return { kind: 'not', stuck };
    state = last.state;
    flip(taken, last.entry.op);
    unlift(last.entry);
    entry = last.entry.after;
  }
}

/**
 * Whether an operation that was not taken yet has lost its place. Without this, operations of unknown outcome would be
 * tried in all their combinations before the next answer shows that there was no room for them.
 */
function isTooLate(
  { version }: Register,
  taking: number,
  needs: readonly { readonly version: number; readonly at: number }[],
  taken: Uint8Array,
): boolean {
  for (const { version: needed, at } of needs) {
    if (needed >= version) return false;
    if (at !== taking && !has(taken, at)) return true;
  }
  return false;
}

function entriesOf(ops: readonly RegisterOp[]): Entry {
  const times: { readonly at: number; readonly ret: boolean; readonly op: number }[] = [];
  for (const [op, { from, to }] of ops.entries()) {
    times.push({ at: from, ret: false, op });
    if (to !== Infinity) times.push({ at: to, ret: true, op });
  }
  // At one moment calls come first: operations that touch overlap.
  times.sort((a, b) => a.at - b.at || Number(a.ret) - Number(b.ret));
  const head: Entry = { op: -1, ret: false, before: undefined, after: undefined, match: undefined };
  const calls = new Map<number, Entry>();
  let last = head;
  for (const { op, ret } of times) {
    const entry: Entry = { op, ret, before: last, after: undefined, match: undefined };
    last.after = entry;
    last = entry;
    const call = calls.get(op);
    if (call === undefined) calls.set(op, entry);
    else call.match = entry;
  }
  return head;
}

function lift(call: Entry): void {
  for (const entry of [call, call.match]) {
    if (entry?.before !== undefined) entry.before.after = entry.after;
    if (entry?.after !== undefined) entry.after.before = entry.before;
  }
}

function unlift(call: Entry): void {
  for (const entry of [call.match, call]) {
    if (entry?.before !== undefined) entry.before.after = entry;
    if (entry?.after !== undefined) entry.after.before = entry;
  }
}

function has(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}

function flip(bits: Uint8Array, at: number): void {
  const byte = at >> 3;
  bits[byte] = (bits[byte] ?? 0) ^ (1 << (at & 7));
}

/**
 * All keys of a run, piece by piece: between two pieces nothing is under way but what nobody knows the outcome of. What
 * a key holds then closes its piece, for it is what tells whether such operations took effect.
 */
export class Linearizability {
  readonly #keys = new Map<string, { state: Register; unknown: readonly RegisterOp[] }>();

  /** A key whose state at the beginning is known. */
  track(path: string, state: Register): void {
    this.#keys.set(path, { state, unknown: [] });
  }

  /** @param ends what was read of the keys when the operations were over, by path */
  feed(ops: readonly Op[], ends: ReadonlyMap<string, Register>): Problem[] {
    const byPath = new Map([...this.#keys.keys()].map((path) => [path, [] as RegisterOp[]]));
    for (const op of ops) {
      if (!('path' in op.call)) continue;
      const own = registerOp(op, op.call.path);
      if (own !== undefined) byPath.get(op.call.path)?.push(own);
    }
    const problems: Problem[] = [];
    const deadline = performance.now() + SEARCH_MS_MAX;
    for (const [path, key] of this.#keys) {
      const own = byPath.get(path) ?? [];
      const end = ends.get(path);
      const all = [...key.unknown, ...own, ...(end === undefined ? [] : [endOf(path, own, end)])];
      const verdict = linearize(all, key.state, deadline - performance.now());
      // Late effects are met in the next piece; after it every server has long forgotten the connection. Which of them
      // took effect already is not always clear, so all of them may.
      key.unknown = own.filter(({ to }) => to === Infinity);
      if (end !== undefined) key.state = end;
      else if (verdict.kind === 'linearizable') key.state = verdict.end;
      if (verdict.kind === 'not') problems.push({ rule: 'linearizable', what: `${path}: ${verdict.stuck}` });
      if (verdict.kind === 'undecided') problems.push({ rule: 'undecided', what: `${path}: ${verdict.why}` });
    }
    return problems;
  }
}

function endOf(path: string, ops: readonly RegisterOp[], { version, value }: Register): RegisterOp {
  const times = ops.flatMap(({ from, to }) => (to === Infinity ? [from] : [from, to]));
  const at = times.reduce((latest, time) => Math.max(latest, time), 0) + 1;
  const told = `what ${path} holds in the end, v${version} "${value}",`;
  return readOf({ client: 'end', to: at, tell: () => told }, at, version, value);
}

/**
 * What clients did and were told, as they saw it on the wire: connections, requests, answers and watch events, in the
 * order in which they happened. A history is plain data, so that one can be kept in a file and judged again.
 *
 * A request without an answer has an unknown outcome: it may have taken effect at any time after its call, or never.
 */
import type { Stat } from '../../src/codec/index.js';

export type CreateMode = 'persistent' | 'ephemeral' | 'persistentSequential' | 'ephemeralSequential';

/** A write that may stand in a multi. A `version` of -1 is any. */
export type Write =
  | { readonly op: 'create'; readonly path: string; readonly data: string; readonly mode: CreateMode }
  | { readonly op: 'set'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly op: 'delete'; readonly path: string; readonly version: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number };

export type Read = {
  readonly op: 'get' | 'exists' | 'children';
  readonly path: string;
  /** Leaves a one-shot watch. */
  readonly watch: boolean;
};

export type Call =
  | Exclude<Write, { op: 'check' }>
  | Read
  | { readonly op: 'multi'; readonly ops: readonly Write[] }
  /** Data of several znodes in one request. */
  | { readonly op: 'getAll'; readonly paths: readonly string[] }
  | { readonly op: 'sync'; readonly path: string }
  /** A persistent recursive watch on the root. */
  | { readonly op: 'watchAll' }
  | { readonly op: 'close' };

/** What a server said. Fields are there where the operation has them and did not fail. */
export interface Answer {
  readonly zxid: bigint;
  /** 0, or an error code. */
  readonly err: number;
  /** Of a create: the name with its suffix. */
  readonly path?: string;
  readonly data?: string | null;
  readonly stat?: Stat;
  readonly children?: readonly string[];
  /** Of a multi, one per operation. */
  readonly results?: readonly Outcome[];
  /** Of a getAll, one per path; null where the znode could not be read. */
  readonly values?: readonly (string | null)[];
}

/** What became of one operation of a multi. */
export interface Outcome {
  readonly err: number;
  readonly path: string;
  readonly stat: Stat | undefined;
}

/** Times are milliseconds of one monotonic clock. */
export type Event = { readonly at: number; readonly link: number } & (
  | {
      readonly kind: 'connect';
      readonly client: string;
      readonly server: number;
      /** 0 for a new one. */
      readonly session: bigint;
      readonly lastZxidSeen: bigint;
    }
  /** `timeoutMs` 0: the session is over. */
  | { readonly kind: 'connected'; readonly session: bigint; readonly timeoutMs: number }
  | { readonly kind: 'call'; readonly xid: number; readonly call: Call }
  | { readonly kind: 'answer'; readonly xid: number; readonly answer: Answer }
  | { readonly kind: 'watch'; readonly type: number; readonly path: string; readonly zxid: bigint }
  | { readonly kind: 'disconnect' }
);

export type Connect = Extract<Event, { kind: 'connect' }>;

/** A request with its answer. */
export interface Op {
  /** Whose it is. A client has one session after the other. */
  readonly client: string;
  readonly server: number;
  readonly link: number;
  readonly xid: number;
  readonly call: Call;
  readonly from: number;
  /** Infinity without an answer. */
  readonly to: number;
  readonly answer: Answer | undefined;
  /** When the sync was called behind which this was asked, on the same connection. */
  readonly syncedAt: number | undefined;
}

/** A promise that was not kept. */
export interface Problem {
  readonly rule: string;
  readonly what: string;
}

/** Makes operations of requests and answers, piece by piece; connections go on from one piece to the next. */
export class Ops {
  readonly #links = new Map<number, Connect>();
  /** When the sync was called behind which a connection asks now. */
  readonly #syncs = new Map<number, number>();

  /** Operations in the order of their calls. What is under way at the end of a piece stays without an answer. */
  feed(events: readonly Event[]): Op[] {
    const ops: Op[] = [];
    const open = new Map<string, number>();
    for (const event of events) {
      if (event.kind === 'connect') this.#links.set(event.link, event);
      const link = this.#links.get(event.link);
      if (link === undefined) continue;
      if (event.kind === 'call') {
        const { client, server } = link;
        const { call, xid, at: from } = event;
        open.set(`${event.link} ${xid}`, ops.length);
        const syncedAt = this.#syncs.get(event.link);
        ops.push({
          client,
          server,
          link: event.link,
          xid,
          call,
          from,
          to: Infinity,
          answer: undefined,
          syncedAt,
        });
      } else if (event.kind === 'answer') {
        const at = open.get(`${event.link} ${event.xid}`);
        const op = at === undefined ? undefined : ops[at];
        if (at === undefined || op === undefined) continue;
        ops[at] = { ...op, to: event.at, answer: event.answer };
        if (op.call.op === 'sync' && event.answer.err === 0) this.#syncs.set(event.link, op.from);
      } else if (event.kind === 'disconnect') {
        this.#links.delete(event.link);
        this.#syncs.delete(event.link);
      }
    }
    return ops;
  }
}

/** An operation in the words of a failure message. */
export function tell({ client, server, call, from, to, answer }: Op): string {
  const path = 'path' in call ? ` ${call.path}` : '';
  const version = 'version' in call && call.version >= 0 ? ` if v${call.version}` : '';
  const end = answer === undefined ? 'no answer' : `${to.toFixed(1)} ms`;
  return `${call.op}${path}${version} by ${client} on server ${server} (${from.toFixed(1)} to ${end}${tellAnswer(answer)})`;
}

function tellAnswer(answer: Answer | undefined): string {
  if (answer === undefined) return '';
  if (answer.err !== 0) return `: error ${answer.err} at ${hex(answer.zxid)}`;
  const version = answer.stat === undefined ? '' : ` v${answer.stat.version}`;
  return `: ${hex(answer.zxid)}${version}`;
}

export function hex(zxid: bigint): string {
  return `0x${BigInt.asUintN(64, zxid).toString(16)}`;
}

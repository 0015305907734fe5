/**
 * A correct service with its clients, in memory: what they do, seeded, and the history and log that come of it. It is
 * where histories come from that no checker may object to, and that are spoilt to see who does.
 */
import type { Stat } from '../../src/codec/index.js';
import { ErrorCode, OpCode, makeZxid, type Txn } from '../../src/types/index.js';
import { Random } from '../helpers/random.js';
import { Canon } from '../sim/canon.js';
import { evaluate } from '../sim/evaluate.js';
import { Model } from '../sim/model.js';
import type { SimRecord } from '../sim/records.js';
import type { Answer, Call, Event } from './history.js';
import { encodeRecord } from './kept.js';
import { requestOf } from './words.js';

const EPOCH = 1;
const TIMEOUT_MS = 10_000;

export class Service {
  readonly log: SimRecord[] = [];
  readonly events: Event[] = [];
  readonly #model = new Model();
  readonly #canon = new Canon();
  readonly #xids = new Map<number, number>();
  readonly #sessions = new Map<number, bigint>();
  #now = 0;

  get zxid(): bigint {
    return makeZxid(EPOCH, this.log.length);
  }

  /** A new connection with a new session. */
  connect(link: number, client: string, server = 1): void {
    const session = BigInt(0x1000 + link);
    this.events.push({
      kind: 'connect',
      at: this.#tick(),
      link,
      client,
      server,
      session: 0n,
      lastZxidSeen: 0n,
    });
    this.commit({ type: OpCode.createSession, record: { timeOut: TIMEOUT_MS } }, session, 0);
    this.#sessions.set(link, session);
    this.events.push({ kind: 'connected', at: this.#tick(), link, session, timeoutMs: TIMEOUT_MS });
  }

  /** A request that is under way. @returns its xid */
  call(link: number, call: Call): number {
    const xid = (this.#xids.get(link) ?? 0) + 1;
    this.#xids.set(link, xid);
    this.events.push({ kind: 'call', at: this.#tick(), link, xid, call });
    return xid;
  }

  /** Takes effect now, and is answered. */
  answer(link: number, xid: number, call: Call): Answer {
    const answer = this.#perform(this.#sessions.get(link) ?? 0n, xid, call);
    this.events.push({ kind: 'answer', at: this.#tick(), link, xid, answer });
    return answer;
  }

  do(link: number, call: Call): Answer {
    return this.answer(link, this.call(link, call), call);
  }

  /** A record that nobody may have asked for. */
  commit(txn: Txn, session = 0n, cxid = 0): void {
    const zxid = makeZxid(EPOCH, this.log.length + 1);
    const header = { clientId: session, cxid, zxid, time: BigInt(Math.round(this.#now)), type: txn.type };
    const record = encodeRecord(this.log.length + 1, BigInt(this.log.length + 1), header, txn);
    this.log.push(record);
    this.#model.apply(this.#canon.append(record));
  }

  statOf(path: string): Stat {
    const stat = this.#model.statAt(path, this.zxid);
    if (stat === undefined) throw new Error(`there is no ${path}`);
    return stat;
  }

  #tick(): number {
    return ++this.#now;
  }

  #perform(session: bigint, xid: number, call: Call): Answer {
    const request = requestOf(call);
    switch (call.op) {
      case 'get':
      case 'exists':
      case 'children': {
        const node = this.#model.at(call.path, this.zxid);
        if (node === undefined) return { zxid: this.zxid, err: ErrorCode.NONODE };
        const head = { zxid: this.zxid, err: 0, stat: this.statOf(call.path) };
        if (call.op === 'get') return { ...head, data: node.data?.toString('latin1') ?? null };
        return call.op === 'exists' ? head : { ...head, children: [...node.children] };
      }
      case 'getAll': {
        const values = call.paths.map(
          (path) => this.#model.at(path, this.zxid)?.data?.toString('latin1') ?? null,
        );
        return { zxid: this.zxid, err: 0, values };
      }
      case 'sync':
      case 'watchAll':
        return { zxid: this.zxid, err: 0 };
      case 'close':
        this.commit(
          { type: OpCode.closeSession, record: { paths2Delete: [...this.#model.ownedBy(session)] } },
          session,
          xid,
        );
        return { zxid: this.zxid, err: 0 };
      case 'multi': {
        const next = makeZxid(EPOCH, this.log.length + 1);
        const { errors, paths } = evaluateWrite(this.#model, next, request, session);
        const failed = errors.some((err) => err !== 0);
        const txns = call.ops.map((op, i) =>
          txnOf(failed ? (errors[i] ?? 0) : undefined, op, paths[i] ?? op.path),
        );
        this.commit({ type: OpCode.multi, txns }, session, xid);
        const results = call.ops.map(({ op }, i) => {
          const path = paths[i] ?? '';
          const withStat = !failed && (op === 'set' || op === 'create');
          return { err: errors[i] ?? 0, path, stat: withStat ? this.statOf(path) : undefined };
        });
        return { zxid: this.zxid, err: 0, results };
      }
      default: {
        const next = makeZxid(EPOCH, this.log.length + 1);
        const { errors, paths } = evaluateWrite(this.#model, next, request, session);
        const [err = 0] = errors;
        const [path = ''] = paths;
        this.commit(txnOf(err === 0 ? undefined : err, call, path), session, xid);
        if (err !== 0 || call.op === 'delete') return { zxid: this.zxid, err };
        const head = { zxid: this.zxid, err, stat: this.statOf(path) };
        return call.op === 'create' ? { ...head, path } : head;
      }
    }
  }
}

function evaluateWrite(
  model: Model,
  zxid: bigint,
  request: ReturnType<typeof requestOf>,
  session: bigint,
): { errors: readonly number[]; paths: readonly string[] } {
  if (!('ops' in request) && !('record' in request)) throw new Error('no write');
  const outcome = evaluate(model, zxid, request as Parameters<typeof evaluate>[2], session);
  if (outcome === undefined) throw new Error('no write that can be evaluated');
  return outcome;
}

function txnOf(
  err: number | undefined,
  call: Extract<Call, { path: string }> | { op: 'check'; path: string; version: number },
  path: string,
): Txn {
  if (err !== undefined) return { type: OpCode.error, record: { err } };
  switch (call.op) {
    case 'create': {
      const ephemeral = call.mode === 'ephemeral' || call.mode === 'ephemeralSequential';
      const record = { path, data: Buffer.from(call.data), acl: null, ephemeral, parentCVersion: -1 };
      return { type: OpCode.create2, record };
    }
    case 'set':
      return { type: OpCode.setData, record: { path, data: Buffer.from(call.data), version: -1 } };
    case 'delete':
      return { type: OpCode.delete, record: { path } };
    case 'check':
      return { type: OpCode.check, record: { path, version: call.version } };
    default:
      throw new Error(`${call.op} makes no txn`);
  }
}

/** A long history of clients that read and write the same few keys, with operations of two clients overlapping. */
export function longHistory(seed: number, operations: number): Service {
  const CLIENTS = 32;
  const KEYS = 50;
  const random = new Random(seed);
  const service = new Service();
  for (let key = 0; key < KEYS; key++)
    service.commit(
      txnOf(undefined, { op: 'create', path: '', data: 'first', mode: 'persistent' }, `/k${key}`),
    );
  for (let link = 1; link <= CLIENTS; link++) service.connect(link, `c${link}`, 1 + (link % 3));
  const under = new Map<number, { readonly xid: number; readonly call: Call }>();
  for (let done = 0; done < operations;) {
    const link = 1 + random.int(CLIENTS);
    const now = under.get(link);
    if (now !== undefined) {
      service.answer(link, now.xid, now.call);
      under.delete(link);
      done++;
      continue;
    }
    const path = `/k${random.int(KEYS)}`;
    const dice = random.next();
    const call: Call =
      dice < 0.5
        ? { op: 'set', path, data: `v${done}`, version: dice < 0.2 ? random.int(5) : -1 }
        : dice < 0.6
          ? { op: 'sync', path: '/' }
          : { op: 'get', path, watch: false };
    under.set(link, { xid: service.call(link, call), call });
  }
  for (const [link, { xid, call }] of under) service.answer(link, xid, call);
  return service;
}

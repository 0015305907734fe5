/** C1 to C3, C5 to C9: what clients are told (zab.md 2.4), against the model of the agreed history. */
import { isDeepStrictEqual } from 'node:util';
import { CreateMode, ErrorCode, OpCode, isWrite } from '../../../src/types/index.js';
import type { Agreed } from '../canon.js';
import { evaluate, type Outcome } from '../evaluate.js';
import type { Link, Op } from '../history.js';
import { parentOf } from '../model.js';
import { Checker, hex, type Connected, type Reply } from './checker.js';

/** Errors that say nothing about the tree. */
const ASIDE: ReadonlySet<number> = new Set([
  ErrorCode.SESSIONEXPIRED,
  ErrorCode.SESSIONMOVED,
  ErrorCode.SYSTEMERROR,
]);

/** Writes and syncs form one order that respects real time, and each has the outcome of its place in it. */
export class LinearizableWrites extends Checker {
  readonly property: string = 'C1';

  override replied(op: Op, reply: Reply): void {
    if (!isWrite(op.request) || op.link.readOnly === true) return;
    if (reply.zxid <= op.floor)
      this.fail(
        `${nameOf(op)} is answered at ${hex(reply.zxid)}, before ${hex(op.floor)} which had returned`,
      );
    const entry = this.world.canon.byZxid(reply.zxid);
    if (entry === undefined || !this.isMine(op)) return;
    if (ASIDE.has(reply.err)) return this.#checkAside(op, reply);
    const expected = evaluate(this.world.model, reply.zxid, op.request, op.link.session);
    if (expected === undefined) return;
    this.check(op, reply, expected);
  }

  protected isMine(op: Op): boolean {
    return op.request.type !== OpCode.multi;
  }

  protected check(op: Op, reply: Reply, expected: Outcome): void {
    const [err = 0] = expected.errors;
    if (reply.err !== err)
      this.fail(`${nameOf(op)} is answered ${reply.err} at ${hex(reply.zxid)}, where it comes to ${err}`);
    const { body } = reply;
    const [path = ''] = expected.paths;
    if (body?.kind !== 'path' && body?.kind !== 'pathStat') return;
    if (body.path !== path) this.fail(`${nameOf(op)} made ${body.path ?? 'nothing'}, where it makes ${path}`);
  }

  #checkAside(op: Op, reply: Reply): void {
    if (reply.err !== ErrorCode.SESSIONEXPIRED) return;
    const closedAt = this.world.model.sessions.get(op.link.session)?.closedAt;
    if (closedAt === undefined || closedAt > reply.zxid)
      this.fail(`${nameOf(op)} finds its session expired at ${hex(reply.zxid)}, where it lives`);
  }
}

/** A multi does all or nothing, under one zxid, and says which operation failed. */
export class Multi extends LinearizableWrites {
  override readonly property = 'C6';

  protected override isMine(op: Op): boolean {
    return op.request.type === OpCode.multi;
  }

  protected override check(op: Op, reply: Reply, expected: Outcome): void {
    const { body } = reply;
    if (reply.err !== 0 || body?.kind !== 'multi') this.fail(`${nameOf(op)} is answered ${reply.err}`);
    const errors = body.results.map(({ err }) => err);
    if (!isDeepStrictEqual(errors, expected.errors))
      this.fail(`${nameOf(op)} comes to [${errors.join()}] instead of [${expected.errors.join()}]`);
    const txn = this.world.canon.byZxid(reply.zxid)?.txn;
    if (txn?.type !== OpCode.multi) this.fail(`${nameOf(op)} is not a multi in the log`);
  }
}

/** What a session is shown never goes back, whichever server shows it. */
export class MonotonicSession extends Checker {
  readonly property = 'C2';
  readonly #seen = new Map<bigint, bigint>();

  override connected(link: Link, { zxid, timeOut }: Connected): void {
    if (timeOut > 0 && zxid < link.lastZxidSeen)
      this.fail(
        `server ${link.server} at ${hex(zxid)} takes ${link.client}, who saw ${hex(link.lastZxidSeen)}`,
      );
  }

  override replied({ link, xid }: Op, { zxid }: Reply): void {
    if (zxid <= 0n || link.left) return;
    const seen = this.#seen.get(link.session) ?? 0n;
    if (zxid < seen) this.fail(`${link.client} is shown ${hex(zxid)} by ${xid} after ${hex(seen)}`);
    this.#seen.set(link.session, zxid);
  }
}

/** What a sync shows is not older than any write that had returned before it was called. */
export class FreshAfterSync extends Checker {
  readonly property = 'C3';
  readonly #atLeast = new Map<number, bigint>();

  override replied(op: Op, { zxid, err }: Reply): void {
    if (zxid <= 0n || isWrite(op.request)) return;
    if (op.request.type === OpCode.sync && err === 0) this.#atLeast.set(op.link.id, op.floor);
    const least = this.#atLeast.get(op.link.id) ?? 0n;
    if (zxid < least)
      this.fail(`${nameOf(op)} shows ${hex(zxid)}, ${hex(least)} had returned before the sync`);
  }
}

/** Suffixes of sequential znodes: from the parent's counter, never used twice, rising with the zxid. */
export class SequenceSuffixes extends Checker {
  readonly property = 'C5';
  readonly #last = new Map<string, bigint>();

  override agreed({ header, txn, index }: Agreed): void {
    const op = this.world.history.find(header.clientId, header.cxid);
    if (op === undefined || !(txn.type === OpCode.create || txn.type === OpCode.create2)) return;
    if (op.request.type !== OpCode.create && op.request.type !== OpCode.create2) return;
    const { flags, path } = op.request.record;
    if (flags !== CreateMode.persistentSequential && flags !== CreateMode.ephemeralSequential) return;
    const suffix = txn.record.path.slice(path?.length ?? 0);
    if (!/^\d{10}$/.test(suffix)) this.fail(`record ${index} has the suffix ${suffix}`);
    const above = parentOf(txn.record.path);
    // A parent that was made anew counts anew.
    const parent = `${above} ${this.world.model.at(above, header.zxid)?.czxid}`;
    const before = this.#last.get(parent) ?? -1n;
    if (BigInt(suffix) <= before) this.fail(`record ${index} has the suffix ${suffix} behind ${before}`);
    this.#last.set(parent, BigInt(suffix));
  }
}

/** Results come in the order of requests, and so do the effects of a connection's writes, without omission. */
export class SessionFifo extends Checker {
  readonly property = 'C7';
  readonly #waiting = new Map<number, Op[]>();
  readonly #done = new WeakSet<Op>();

  override invoked(op: Op): void {
    const waiting = this.#waiting.get(op.link.id);
    if (waiting === undefined) this.#waiting.set(op.link.id, [op]);
    else waiting.push(op);
  }

  override replied(op: Op, reply: Reply): void {
    const next = this.#waiting.get(op.link.id)?.shift();
    if (next !== op) this.fail(`${nameOf(op)} is answered before ${next === undefined ? '?' : nameOf(next)}`);
    if (reply.xid !== op.xid) this.fail(`${nameOf(op)} is answered as ${reply.xid}`);
  }

  override agreed({ header, index }: Agreed): void {
    const op = this.world.history.find(header.clientId, header.cxid);
    if (op === undefined) return;
    const { previousWrite } = op;
    if (previousWrite !== undefined && !this.#done.has(previousWrite))
      this.fail(`record ${index} is ${nameOf(op)}, and ${nameOf(previousWrite)} was not done before`);
    this.#done.add(op);
  }
}

/** What a read shows is what the model has at the zxid of its reply. */
export class ExactReads extends Checker {
  readonly property = 'C8';

  override replied(op: Op, reply: Reply): void {
    const { model } = this.world;
    const { request } = op;
    switch (request.type) {
      case OpCode.getData:
      case OpCode.exists:
      case OpCode.getChildren2: {
        const { path } = request.record;
        const node = model.at(path, reply.zxid);
        const err = node === undefined ? ErrorCode.NONODE : 0;
        if (reply.err !== err)
          this.fail(`${nameOf(op)} is answered ${reply.err} at ${hex(reply.zxid)}, not ${err}`);
        if (node === undefined) return;
        return this.#compare(op, reply, path, node.data, node.children);
      }
      case OpCode.setData:
        if (reply.err === 0) this.#compare(op, reply, request.record.path ?? '', null, []);
        return;
      case OpCode.create2: {
        const { body } = reply;
        if (body?.kind === 'pathStat') this.#compare(op, reply, body.path, null, []);
        return;
      }
      default:
        return;
    }
  }

  #compare(
    op: Op,
    { zxid, body }: Reply,
    path: string,
    data: Buffer | null,
    children: readonly string[],
  ): void {
    if (body === undefined) return this.fail(`${nameOf(op)} has no answer`);
    if ('stat' in body && !isDeepStrictEqual(body.stat, this.world.model.statAt(path, zxid)))
      this.fail(`${nameOf(op)} shows another stat of ${path} at ${hex(zxid)}`);
    if (body.kind === 'data' && body.data !== (data?.toString('latin1') ?? null))
      this.fail(`${nameOf(op)} shows other data of ${path} at ${hex(zxid)}`);
    if (body.kind === 'names' && !isDeepStrictEqual([...body.names].sort(), children))
      this.fail(`${nameOf(op)} shows other children of ${path} at ${hex(zxid)}`);
  }
}

/** One answer to a write, one record. */
export class ExactlyOnce extends Checker {
  readonly property = 'C9';
  readonly #recorded = new Set<string>();
  readonly #answered = new Set<bigint>();

  override agreed({ header, index }: Agreed): void {
    if (header.cxid === 0) return;
    const key = `${header.clientId} ${header.cxid}`;
    if (this.#recorded.has(key)) this.fail(`record ${index} does request ${header.cxid} once more`);
    this.#recorded.add(key);
  }

  override replied(op: Op, reply: Reply): void {
    if (!isWrite(op.request)) return;
    if (op.link.readOnly === true) return this.#notWritten(op);
    const entry = this.world.canon.byZxid(reply.zxid);
    if (entry?.header.clientId !== op.link.session || entry.header.cxid !== op.xid)
      this.fail(`${nameOf(op)} is answered at ${hex(reply.zxid)}, which is not its record`);
    if (this.#answered.has(reply.zxid)) this.fail(`${hex(reply.zxid)} is answered twice`);
    this.#answered.add(reply.zxid);
  }

  #notWritten({ link, xid }: Op): void {
    if (this.#recorded.has(`${link.session} ${xid}`))
      this.fail(`request ${xid} of ${link.client}, which may only read, is in the log`);
  }
}

export function nameOf({ link, xid, request }: Op): string {
  const path = 'record' in request && 'path' in request.record ? ` ${request.record.path ?? ''}` : '';
  return `request ${xid} (${request.type}${path}) of ${link.client} through server ${link.server}`;
}

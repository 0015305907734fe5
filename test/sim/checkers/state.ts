/** SM1, SM2 and S1 to S5: the state machine and sessions (zab.md 2.3). */
import { OpCode, isWrite, type Txn } from '../../../src/types/index.js';
import type { LogMark, PeerMessage } from '../../../src/zab/index.js';
import type { Agreed } from '../canon.js';
import type { Link, Op } from '../history.js';
import {
  Checker,
  epochOfZxid,
  hex,
  type Connected,
  type Reply,
  type ServerView,
  type Traced,
} from './checker.js';

/** The state after a record is the same on all servers, whether they came to it by records or read it from a disk. */
export class EqualState extends Checker {
  readonly property: string = 'SM1';

  override applied(server: ServerView, mark: LogMark): void {
    this.#compare(server, mark);
  }

  // Without this a tree that is wrong on disk shows only if nothing replaces it before the next record is applied; and
  // who lost a part of a snapshot is usually sent another one.
  override restored(server: ServerView, mark: LogMark): void {
    this.#compare(server, mark);
  }

  #compare(server: ServerView, mark: LogMark): void {
    const entry = this.world.canon.at(mark.index);
    if (entry === undefined) return;
    const isMine = this.isMine(server.id, mark.index);
    const digest = server.stateDigest;
    entry.digest ??= digest;
    if (isMine && entry.digest !== digest)
      this.fail(`server ${server.id} differs after record ${mark.index}`);
  }

  /** Which of the applied records this checker looks at. */
  protected isMine(_id: number, _index: number): boolean {
    return true;
  }
}

/** What a server applies again after a restart comes to what it was before. */
export class Replay extends EqualState {
  override readonly property = 'SM2';
  readonly #reached = new Map<number, number>();

  protected override isMine(id: number, index: number): boolean {
    const reached = this.#reached.get(id) ?? 0;
    this.#reached.set(id, Math.max(reached, index));
    return index <= reached;
  }

  override disowned({ id }: ServerView): void {
    this.#reached.delete(id);
  }
}

/** An ephemeral's owner is a session that lives. */
export class NoOrphan extends Checker {
  readonly property = 'S1';

  override agreed({ index, header, txn }: Agreed): void {
    const session = header.clientId;
    if (txn.type === OpCode.closeSession) {
      const left = this.world.model.ownedBy(session);
      if (left.size > 0) this.fail(`${[...left].join(', ')} outlive session ${hex(session)}`);
      const named = txn.record.paths2Delete ?? [];
      for (const path of named) {
        const node = this.world.model.at(path, this.world.canon.at(index - 1)?.zxid ?? 0n);
        if (node !== undefined && node.owner !== session)
          this.fail(`${path} goes with session ${hex(session)}, which does not own it`);
      }
      return;
    }
    const known = this.world.model.sessions.get(session);
    if (createsEphemeral(txn) && (known === undefined || known.closedAt !== undefined))
      this.fail(`record ${index} makes an ephemeral of session ${hex(session)}, which is closed`);
  }
}

function createsEphemeral(txn: Txn): boolean {
  if (txn.type === OpCode.multi)
    return !txn.txns.some(({ type }) => type === OpCode.error) && txn.txns.some(createsEphemeral);
  return (txn.type === OpCode.create || txn.type === OpCode.create2) && txn.record.ephemeral;
}

/** A session ends once, and nothing of it comes after. */
export class ExpiredOnce extends Checker {
  readonly property = 'S2';
  readonly #closed = new Set<bigint>();

  override agreed({ index, header, txn }: Agreed): void {
    const session = header.clientId;
    if (session === 0n) return;
    const isError =
      txn.type === OpCode.error ||
      (txn.type === OpCode.multi && txn.txns.some((t) => t.type === OpCode.error));
    if (this.#closed.has(session) && !isError)
      this.fail(`record ${index} (${txn.type}) is of session ${hex(session)}, which is closed`);
    if (txn.type === OpCode.closeSession) this.#closed.add(session);
  }
}

interface Heard {
  readonly at: number;
  readonly server: number;
  readonly incarnation: number;
}

/** How far clocks may differ from true time, both ways together, and how coarse they are. */
const DRIFT = 0.03;

/** A session does not expire while a server that its leader hears hears its client. */
export class NotEarly extends Checker {
  readonly property = 'S3';
  readonly #heard = new Map<bigint, Heard[]>();
  /** When deadlines began: with each leadership, and with each session. */
  readonly #began = new Map<number, number>();
  readonly #openedAt = new Map<bigint, number>();
  /** Who broadcast a record, when, and since when it led, by the record's chain. */
  readonly #broadcast = new Map<bigint, Heard & { readonly began: number }>();

  override established({ id }: ServerView): void {
    this.#began.set(id, this.world.now());
  }

  override broadcast({ id, incarnation }: ServerView, { mark }: Traced<'broadcast'>): void {
    const began = this.#began.get(id) ?? 0;
    this.#broadcast.set(mark.chain, { at: this.world.now(), server: id, incarnation, began });
  }

  override heard(server: ServerView, _connection: number, session: bigint): void {
    const list = this.#heard.get(session) ?? [];
    list.push({ at: this.world.now(), server: server.id, incarnation: server.incarnation });
    if (list.length > 400) list.splice(0, 200);
    this.#heard.set(session, list);
  }

  override agreed(entry: Agreed): void {
    const { clientId: session, cxid } = entry.header;
    const by = this.#broadcast.get(entry.chain);
    if (entry.txn.type === OpCode.createSession) this.#openedAt.set(session, this.world.now());
    if (entry.txn.type !== OpCode.closeSession || cxid !== 0 || by === undefined) return;
    const timeOut = this.world.model.sessions.get(session)?.timeOut ?? 0;
    // Only what the leader heard itself, in this life, is certain to have reached it.
    const heard = (this.#heard.get(session) ?? []).filter(
      ({ at, server, incarnation }) => server === by.server && incarnation === by.incarnation && at <= by.at,
    );
    let gap = 0;
    let last = Math.max(by.began, this.#openedAt.get(session) ?? 0);
    for (const { at } of heard) {
      gap = Math.max(gap, at - last);
      last = at;
    }
    gap = Math.max(gap, by.at - last);
    if (gap < timeOut * (1 - DRIFT) - 1)
      this.fail(`session ${hex(session)} of ${timeOut} ms expires after ${gap.toFixed(0)} ms of silence`);
  }
}

/** Nobody is told that a session lives after its end. */
export class NoRevival extends Checker {
  readonly property = 'S4';
  readonly #asked = new Map<string, bigint>();
  readonly #applied = new Map<number, bigint>();

  override applied({ id }: ServerView, mark: LogMark): void {
    this.#applied.set(id, mark.zxid);
  }

  override booted({ id }: ServerView): void {
    this.#applied.delete(id);
  }

  override connected(link: Link, { timeOut, zxid }: Connected): void {
    const closedAt = this.world.model.sessions.get(link.session)?.closedAt;
    if (timeOut > 0 && closedAt !== undefined && zxid >= closedAt)
      this.fail(`server ${link.server} takes session ${hex(link.session)}, which it saw end`);
  }

  override replied(op: Op, reply: Reply): void {
    const closedAt = this.world.model.sessions.get(op.link.session)?.closedAt;
    if (closedAt !== undefined && reply.err === 0 && reply.zxid > closedAt && reply.zxid > 0n)
      this.fail(`session ${hex(op.link.session)} is answered at ${hex(reply.zxid)}, after its end`);
  }

  override received(server: ServerView, link: number, message: PeerMessage): void {
    if (message.kind === 'revalidate')
      this.#asked.set(`${server.id} ${link} ${message.request}`, message.session);
  }

  override sending(server: ServerView, link: number, message: PeerMessage): void {
    if (message.kind !== 'revalidated' || !message.valid) return;
    const session = this.#asked.get(`${server.id} ${link} ${message.request}`);
    const closedAt = session === undefined ? undefined : this.world.model.sessions.get(session)?.closedAt;
    if (closedAt !== undefined && (this.#applied.get(server.id) ?? 0n) >= closedAt)
      this.fail(`server ${server.id} says that session ${hex(session)} lives, and applied its end`);
  }
}

/** A write is accepted from the server that has the session, not from one that the client has left. */
export class Moved extends Checker {
  readonly property = 'S5';

  /** Epoch in which each session last came to another server. A later leader does not know who had it. */
  readonly #movedIn = new Map<bigint, number>();

  override connected(link: Link, { zxid, timeOut }: Connected): void {
    if (timeOut > 0) this.#movedIn.set(link.session, epochOfZxid(zxid));
  }

  override replied(op: Op, reply: Reply): void {
    if (this.#movedIn.get(op.link.session) !== epochOfZxid(reply.zxid)) return;
    if (op.superseded && reply.err === 0 && isWrite(op.request))
      this.fail(`request ${op.xid} of ${op.link.client} succeeds on the connection that it left`);
  }
}

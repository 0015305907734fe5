/** What clients get into: sessions that end while something of theirs is under way, answers that are lost. */
import { OpCode, isWrite } from '../../../src/types/index.js';
import type { PeerMessage } from '../../../src/zab/index.js';
import type { Agreed } from '../canon.js';
import type { Connected, ServerView } from '../checkers/index.js';
import type { Link, Op } from '../history.js';
import { Noticer } from './noticer.js';

const CREATES: ReadonlySet<Op['request']['type']> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createTTL,
  OpCode.createContainer,
]);
/** So long behind a change of leader an expiry counts as one that follows from it, beside the timeout. */
const SOON_MS = 300;

export class Sessions extends Noticer {
  readonly #waiting = new Map<bigint, Set<Op>>();
  /** Sessions that some server asks its leader about. */
  readonly #asked = new Map<string, bigint>();
  /** Writes whose answer got lost, by session. */
  readonly #lost = new Map<bigint, Op[]>();
  readonly #agreed = new Set<string>();
  #establishedAt = -Infinity;

  override established(): void {
    this.#establishedAt = this.world.now();
  }

  override invoked(op: Op): void {
    const waiting = this.#waiting.get(op.link.session) ?? new Set();
    this.#waiting.set(op.link.session, waiting.add(op));
  }

  override replied(op: Op): void {
    this.#waiting.get(op.link.session)?.delete(op);
  }

  override disconnected(link: Link): void {
    const waiting = this.#waiting.get(link.session);
    if (waiting === undefined) return;
    const lost = [...waiting].filter((op) => op.link === link);
    for (const op of lost) waiting.delete(op);
    if (lost.length > 0) this.#lost.set(link.session, lost);
  }

  override connected(link: Link, { timeOut }: Connected): void {
    const lost = this.#lost.get(link.session);
    this.#lost.delete(link.session);
    if (timeOut === 0 || lost === undefined) return;
    if (lost.some(({ request, xid }) => isWrite(request) && this.#agreed.has(`${link.session} ${xid}`)))
      this.count('last reply lost then reconnect');
  }

  override sending(server: ServerView, _link: number, message: PeerMessage): void {
    if (message.kind === 'revalidate') this.#asked.set(`${server.id} ${message.request}`, message.session);
  }

  override received({ id }: ServerView, _link: number, message: PeerMessage): void {
    if (message.kind === 'revalidated') this.#asked.delete(`${id} ${message.request}`);
  }

  override booted({ id }: ServerView): void {
    for (const key of this.#asked.keys()) if (key.startsWith(`${id} `)) this.#asked.delete(key);
  }

  override agreed({ header, txn }: Agreed): void {
    const session = header.clientId;
    this.#agreed.add(`${session} ${header.cxid}`);
    if (txn.type !== OpCode.closeSession || header.cxid !== 0) return;
    const waiting = [...(this.#waiting.get(session) ?? [])];
    if (waiting.some(({ request }) => CREATES.has(request.type)))
      this.count('session expiry racing a create');
    if ([...this.#asked.values()].includes(session)) this.count('session expiry racing a REVALIDATE');
    const links = [...this.world.links].filter((link) => link.session === session);
    if (links.some((link) => link.superseded || link.left)) this.count('session expiry racing a move');
    const timeOut = this.world.model.sessions.get(session)?.timeOut ?? 0;
    if (this.world.now() - this.#establishedAt < timeOut + SOON_MS)
      this.count('expiry right after leader change');
  }
}

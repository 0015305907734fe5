/**
 * Sessions: which exist, and when each expires. Deadlines are rounded up to the next bucket (protocol.md section 9),
 * so that a tick looks at buckets and not at sessions. Time is an argument.
 */
import type { SessionId } from '../types/index.js';

interface Session {
  readonly id: SessionId;
  timeoutMs: number;
  bucket: number;
  closing: boolean;
}

/** What changed in the table since the disk last heard of it. */
export interface SessionChanges {
  readonly opened: { readonly sessionId: SessionId; readonly timeOut: number }[];
  readonly ended: SessionId[];
}

export class Sessions {
  readonly #tickMs: number;
  readonly #sessions = new Map<SessionId, Session>();
  readonly #buckets = new Map<number, Set<Session>>();
  #dirty = new Set<SessionId>();
  /** No bucket before this one holds a session. */
  #nextBucket = 0;

  /** @param tickMs width of a bucket (`tickTime`) */
  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  has(id: SessionId): boolean {
    return this.#sessions.has(id);
  }

  /** True for a session that exists and whose end has not been decided. */
  isOpen(id: SessionId): boolean {
    return this.#sessions.get(id)?.closing === false;
  }

  /** Ids with their timeouts in ms. */
  *[Symbol.iterator](): IterableIterator<{ id: SessionId; timeoutMs: number }> {
    for (const { id, timeoutMs } of this.#sessions.values()) yield { id, timeoutMs };
  }

  /** Expiry times (on the clock of `touch`) with the sessions that then expire, soonest first. */
  get buckets(): { at: number; ids: SessionId[] }[] {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([at, sessions]) => ({ at, ids: [...sessions].map((session) => session.id) }));
  }

  /** A createSession txn was applied. */
  open(id: SessionId, timeoutMs: number, now: number): void {
    this.end(id);
    const session: Session = { id, timeoutMs, bucket: 0, closing: false };
    this.#sessions.set(id, session);
    this.#dirty.add(id);
    this.#moveTo(session, this.#bucketOf(now + timeoutMs));
  }

  /** A closeSession txn was applied. @returns whether the session existed */
  end(id: SessionId): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    this.#leaveBucket(session);
    this.#sessions.delete(id);
    this.#dirty.add(id);
    return true;
  }

  /** The client gave a sign of life. @param timeoutMs given when it negotiated anew */
  touch(id: SessionId, now: number, timeoutMs?: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (timeoutMs !== undefined) session.timeoutMs = timeoutMs;
    const bucket = this.#bucketOf(now + session.timeoutMs);
    if (bucket > session.bucket || timeoutMs !== undefined) this.#moveTo(session, bucket);
  }

  /** From now on no write of this session is accepted: its end is proposed. */
  markClosing(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) session.closing = true;
  }

  /** Sessions whose time is over and whose end is not proposed yet. */
  expired(now: number): SessionId[] {
    const ids: SessionId[] = [];
    if (this.#nextBucket > now) return ids;
    let next = Infinity;
    for (const [at, sessions] of this.#buckets) {
      if (at > now) {
        next = Math.min(next, at);
        continue;
      }
      for (const session of sessions) if (!session.closing) ids.push(session.id);
    }
    this.#nextBucket = Math.min(next, this.#bucketOf(now));
    return ids;
  }

  /** Every session gets its full timeout again, and no end is decided any more: a new leader begins like this. */
  restart(now: number): void {
    for (const session of this.#sessions.values()) {
      session.closing = false;
      this.#moveTo(session, this.#bucketOf(now + session.timeoutMs));
    }
  }

  /** What changed since the last call. */
  takeChanges(): SessionChanges {
    const changes: SessionChanges = { opened: [], ended: [] };
    for (const id of this.#dirty) {
      const session = this.#sessions.get(id);
      if (session === undefined) changes.ended.push(id);
      else changes.opened.push({ sessionId: id, timeOut: session.timeoutMs });
    }
    this.#dirty.clear();
    return changes;
  }

  /** Sessions changed since the last takeChanges. */
  get changesCount(): number {
    return this.#dirty.size;
  }

  #bucketOf(deadline: number): number {
    return (Math.floor(deadline / this.#tickMs) + 1) * this.#tickMs;
  }

  #moveTo(session: Session, bucket: number): void {
    this.#leaveBucket(session);
    session.bucket = bucket;
    this.#nextBucket = Math.min(this.#nextBucket, bucket);
    let sessions = this.#buckets.get(bucket);
    if (sessions === undefined) this.#buckets.set(bucket, (sessions = new Set()));
    sessions.add(session);
  }

  #leaveBucket(session: Session): void {
    const sessions = this.#buckets.get(session.bucket);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#buckets.delete(session.bucket);
  }
}

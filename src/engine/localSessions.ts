/** Sessions that this server alone knows: they cost the ensemble nothing, own no ephemerals and cannot move. */
import { Sessions } from '../session/index.js';
import { CreateMode, OpCode, type SessionId, type WriteRequest } from '../types/index.js';

export class LocalSessions {
  readonly #tickMs: number;
  #sessions: Sessions;

  /** @param tickMs how coarse their expiry is */
  constructor(tickMs: number) {
    this.#tickMs = tickMs;
    this.#sessions = new Sessions(tickMs);
  }

  /** Whether only a session that the ensemble knows may ask for this. */
  static needsGlobal(request: WriteRequest): boolean {
    switch (request.type) {
      case OpCode.create:
      case OpCode.create2:
        return (
          request.record.flags === CreateMode.ephemeral ||
          request.record.flags === CreateMode.ephemeralSequential
        );
      case OpCode.multi:
        return request.ops.some((op) => LocalSessions.needsGlobal(op));
      default:
        return false;
    }
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** See `Sessions`. */
  get buckets(): Sessions['buckets'] {
    return this.#sessions.buckets;
  }

  has(id: SessionId): boolean {
    return this.#sessions.has(id);
  }

  /** In ms; undefined for an unknown one. */
  timeoutOf(id: SessionId): number | undefined {
    for (const session of this.#sessions) if (session.id === id) return session.timeoutMs;
    return undefined;
  }

  open(id: SessionId, timeoutMs: number, now: number): void {
    this.#sessions.open(id, timeoutMs, now);
    this.#sessions.takeChanges();
  }

  touch(id: SessionId, now: number, timeoutMs?: number): void {
    this.#sessions.touch(id, now, timeoutMs);
  }

  end(id: SessionId): void {
    this.#sessions.end(id);
    this.#sessions.takeChanges();
  }

  expired(now: number): SessionId[] {
    return this.#sessions.expired(now);
  }

  clear(): void {
    this.#sessions = new Sessions(this.#tickMs);
  }
}

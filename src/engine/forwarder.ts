/**
 * What a learner asks of its leader for its clients, and what it waits for. Answers to writes come as records: the
 * leader says which record answers which request, so one of another connection is never taken for it.
 */
import { Writer } from '../codec/index.js';
import { OpCode, type SessionId } from '../types/index.js';
import type { Answer, FromLeader, QuorumPeer } from '../zab/index.js';
import type { ClientConnection, WaitingSync } from './connection.js';
import type { ConnectionId } from './messages.js';

/** A write under way: who waits for it, and what it was. */
export interface Forwarded {
  readonly connection: ConnectionId;
  readonly xid: number;
  readonly op: number;
}

type Pending =
  | { readonly kind: 'write'; readonly write: Forwarded }
  | {
      readonly kind: 'revalidate';
      readonly connection: ConnectionId;
      readonly session: SessionId;
      readonly timeOut: number;
    }
  | { readonly kind: 'sync'; readonly connection: ConnectionId; readonly sync: WaitingSync };

/** What an answer is about. */
export type Answered =
  | Extract<Pending, { kind: 'revalidate' }>
  | (Extract<Pending, { kind: 'sync' }> & { readonly index: number });

export class Forwarder {
  readonly #peer: () => QuorumPeer;
  readonly #pending = new Map<number, Pending>();
  /** By index of the record that answers. */
  readonly #answers = new Map<number, Forwarded>();
  #touched = new Set<SessionId>();
  #nextRequest = 1;

  constructor(peer: () => QuorumPeer) {
    this.#peer = peer;
  }

  /** Requests without an answer. */
  get length(): number {
    return this.#pending.size + this.#answers.size;
  }

  /** Another leader: nothing that was asked will be answered. */
  reset(): void {
    this.#pending.clear();
    this.#answers.clear();
    this.#touched.clear();
  }

  /** A client gave a sign of life. */
  touch(session: SessionId): void {
    this.#touched.add(session);
  }

  takeTouched(): SessionId[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  createSession(connection: ClientConnection, session: SessionId, timeOut: number): void {
    const w = new Writer(4);
    w.int(timeOut);
    const op = OpCode.createSession;
    this.#write({ connection: connection.id, xid: 0, op }, connection, session, op, w.take());
  }

  /** @param body as the client sent it */
  request(connection: ClientConnection, xid: number, type: number, op: number, body: Buffer): void {
    this.#write({ connection: connection.id, xid, op: type }, connection, connection.session, op, body);
  }

  revalidate(connection: ConnectionId, session: SessionId, timeOut: number): void {
    const request = this.#ask({ kind: 'revalidate', connection, session, timeOut });
    this.#peer().forward({ kind: 'revalidate', request, session, timeoutMs: timeOut });
  }

  sync(connection: ConnectionId, sync: WaitingSync): void {
    const request = this.#ask({ kind: 'sync', connection, sync });
    this.#peer().forward({ kind: 'sync', request });
  }

  /** The leader says which of its records answer what. */
  answers(answers: readonly Answer[]): void {
    for (const { index, request } of answers) {
      const pending = this.#pending.get(request);
      if (pending?.kind !== 'write') continue;
      this.#pending.delete(request);
      this.#answers.set(index, pending.write);
    }
  }

  /** Whom the record answers, if anybody here. */
  take(index: number): Forwarded | undefined {
    const write = this.#answers.get(index);
    if (write !== undefined) this.#answers.delete(index);
    return write;
  }

  /** What the leader's message is about; undefined when nobody waits for it. */
  answered(message: FromLeader): Answered | undefined {
    const pending = this.#pending.get(message.request);
    if (pending === undefined || pending.kind === 'write') return undefined;
    this.#pending.delete(message.request);
    if (pending.kind === 'revalidate') return pending;
    return message.kind === 'synced' ? { ...pending, index: message.index } : undefined;
  }

  #write(write: Forwarded, connection: ClientConnection, session: SessionId, op: number, body: Buffer): void {
    const request = this.#ask({ kind: 'write', write });
    const { identities } = connection;
    this.#peer().forward({ kind: 'request', request, session, cxid: write.xid, op, body, identities });
  }

  #ask(pending: Pending): number {
    const request = this.#nextRequest++;
    this.#pending.set(request, pending);
    return request;
  }
}

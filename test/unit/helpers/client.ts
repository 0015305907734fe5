/** A client of `Host`: sends requests with rising xids, and checks that their replies come back in order. */
import type { ClientEffect, ReplyBody } from '../../../src/engine/index.js';
import type { Identity } from '../../../src/tree/index.js';
import { EventType, NO_SESSION, errorName, type Request, type SessionId } from '../../../src/types/index.js';
import type { Host } from './host.js';

export interface ConnectOptions {
  readonly session?: SessionId;
  readonly passwordValid?: boolean;
  readonly timeOut?: number;
  readonly lastZxidSeen?: bigint;
  readonly identities?: readonly Identity[];
}

export type Reply = Extract<ClientEffect, { kind: 'reply' }>;

/** The identity that every connection starts with. */
const ADDRESS: Identity = { scheme: 'ip', id: '127.0.0.1' };

export class Client {
  readonly id: number;
  session: SessionId = NO_SESSION;
  timeOut: number | undefined;
  closed: string | undefined;
  identities: readonly Identity[];
  /** All that came, in order. */
  readonly received: ClientEffect[] = [];
  /** Requests by xid. */
  readonly sent = new Map<number, Request>();
  readonly #host: Host;
  #nextXid = 1;
  #nextReply = 1;
  #lastZxid = 0n;
  #taken = 0;

  constructor(host: Host, id: number, { identities = [] }: ConnectOptions) {
    this.#host = host;
    this.id = id;
    this.identities = [ADDRESS, ...identities];
  }

  /** Sends a request. @returns its xid */
  send(request: Request): number {
    const xid = this.#nextXid++;
    this.sent.set(xid, request);
    this.#host.step({ kind: 'request', connection: this.id, xid, request, time: this.#host.time });
    return xid;
  }

  /** Sends a request and lets the disk catch up. @returns the reply */
  call(request: Request): Reply {
    const xid = this.send(request);
    this.#host.persist();
    const reply = this.replyTo(xid);
    if (reply === undefined) throw new Error(`No reply to ${request.type}: ${this.take().join(', ')}.`);
    return reply;
  }

  /** As `call`, for what sets the stage: throws unless it succeeds. */
  given(...requests: Request[]): this {
    for (const request of requests) {
      const { err } = this.call(request);
      if (err !== 0) throw new Error(`The stage cannot be set: ${nameOf(err)}.`);
    }
    this.take();
    return this;
  }

  replyTo(xid: number): Reply | undefined {
    return this.received.find((effect): effect is Reply => effect.kind === 'reply' && effect.xid === xid);
  }

  /** Proves an identity. */
  authenticate(identity: Identity): void {
    this.identities = [...this.identities, identity];
    this.#host.step({ kind: 'identities', connection: this.id, identities: this.identities });
  }

  /** The socket breaks. */
  disconnect(): void {
    this.closed ??= 'disconnected';
    this.#host.step({ kind: 'disconnect', connection: this.id });
  }

  /** What came since the last call, one line each: `reply 1 OK`, `event nodeCreated /a`, `connected`, `close why`. */
  take(): string[] {
    const lines = this.received.slice(this.#taken).map(lineOf);
    this.#taken = this.received.length;
    return lines;
  }

  receive(effect: ClientEffect): void {
    if (this.closed !== undefined) throw new Error(`${lineOf(effect)} comes to a connection that is closed.`);
    this.received.push(effect);
    switch (effect.kind) {
      case 'connected':
        this.session = effect.sessionId;
        this.timeOut = effect.timeOut;
        if (effect.timeOut === 0) this.closed = 'invalid session';
        break;
      case 'close':
        this.closed = effect.reason;
        break;
      case 'reply':
        if (effect.xid !== this.#nextReply++) throw new Error(`${lineOf(effect)} comes out of turn.`);
        this.#noteZxid(effect.zxid);
        break;
      case 'event':
        this.#noteZxid(effect.zxid);
        break;
    }
  }

  /** Zxids of a connection never go back. */
  #noteZxid(zxid: bigint): void {
    if (zxid <= 0n) return;
    if (zxid < this.#lastZxid) throw new Error('A zxid goes back.');
    this.#lastZxid = zxid;
  }
}

function lineOf(effect: ClientEffect): string {
  switch (effect.kind) {
    case 'reply':
      return `reply ${effect.xid} ${nameOf(effect.err)}`;
    case 'event': {
      const name = Object.entries(EventType).find(([, value]) => value === effect.type)?.[0] ?? 'unknown';
      return `event ${name} ${effect.path}`;
    }
    case 'connected':
      return effect.timeOut === 0 ? 'invalid session' : 'connected';
    case 'close':
      return `close ${effect.reason}`;
  }
}

function nameOf(err: number): string {
  return errorName(err) ?? String(err);
}

/** The body of a reply, when it is of this kind. */
export function bodyOf<K extends ReplyBody['kind']>(
  reply: Reply | undefined,
  kind: K,
): Extract<ReplyBody, { kind: K }> {
  const body = reply?.body;
  if (!isKind(body, kind)) throw new Error(`The reply holds ${body?.kind ?? 'no body'}, not ${kind}.`);
  return body;
}

function isKind<K extends ReplyBody['kind']>(
  body: ReplyBody | undefined,
  kind: K,
): body is Extract<ReplyBody, { kind: K }> {
  return body?.kind === kind;
}

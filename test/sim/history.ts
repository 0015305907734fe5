/** What clients did and were told: the history that the checkers of section 2.4 look at. */
import type { Request } from '../../src/types/index.js';

/** A connection of a client to one server. */
export interface Link {
  readonly id: number;
  readonly client: string;
  readonly server: number;
  /** 0 before the handshake is through. */
  session: bigint;
  /** What the client said that it had seen. */
  readonly lastZxidSeen: bigint;
  /** The session is one of a server without a leader: nothing is written in it, and it ends there. @default false */
  readonly readOnly?: boolean;
  /** True once the client has turned to another connection: it does not go by this one any more. */
  left: boolean;
  /** True once the client has moved on to another connection and been told so. */
  superseded: boolean;
}

/** A request of a client. */
export interface Op {
  readonly link: Link;
  readonly xid: number;
  readonly request: Request;
  /** Virtual time of the call. */
  readonly invokedAt: number;
  /** Greatest zxid of any write that had returned to anybody when this was called. */
  readonly floor: bigint;
  /** The connection had been superseded when this was called. */
  readonly superseded: boolean;
  /** The write before this one on the same connection. */
  readonly previousWrite: Op | undefined;
  answered: boolean;
}

/** All requests with a cxid, by session. */
export class History {
  readonly #ops = new Map<string, Op>();
  /** Greatest zxid of a write that has returned. */
  returnedZxid = 0n;

  add(op: Op): void {
    this.#ops.set(`${op.link.session} ${op.xid}`, op);
  }

  find(session: bigint, cxid: number): Op | undefined {
    return this.#ops.get(`${session} ${cxid}`);
  }
}

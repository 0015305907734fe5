/** One client connection as the engine sees it: whose session, which identities, what waits for its turn. */
import type { Identity } from '../tree/index.js';
import { NO_SESSION, type ReadRequest, type SessionId } from '../types/index.js';
import { Queue } from '../util/index.js';
import type { ConnectionId } from './messages.js';

/** Answered when a quorum has confirmed who leads, and everything up to the record `index` is applied. */
export interface WaitingSync {
  readonly kind: 'sync';
  readonly xid: number;
  readonly path: string | null;
  /** Undefined until it is confirmed. */
  index: number | undefined;
}

/**
 * A request that is not answered yet. Replies leave in the order of requests, so a read behind the connection's own
 * write waits for it.
 */
export type Waiting =
  /** Answered when its txn is applied. */
  | { readonly kind: 'write' }
  | WaitingSync
  | {
      readonly kind: 'read';
      readonly xid: number;
      readonly request: ReadRequest;
      /** As of the request's arrival. */
      readonly identities: readonly Identity[];
    };

export class ClientConnection {
  readonly id: ConnectionId;
  identities: readonly Identity[];
  /** NO_SESSION until the handshake is through. */
  session: SessionId = NO_SESSION;
  readonly waiting = new Queue<Waiting>();
  /** The client asked for the end of its session: nothing after that is answered. */
  closing = false;
  /** Its session is known to this server alone (`localSessionsEnabled`, or read-only mode). */
  local = false;
  /** Served without a quorum: reads only. */
  readOnly = false;

  constructor(id: ConnectionId, identities: readonly Identity[]) {
    this.id = id;
    this.identities = identities;
  }
}

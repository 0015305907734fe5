/** One client connection as the engine sees it: whose session, which identities, what waits for its turn. */
import type { Identity } from '../tree/index.js';
import { NO_SESSION, type ReadRequest, type SessionId } from '../types/index.js';
import { Queue } from '../util/index.js';
import type { ConnectionId } from './messages.js';

/**
 * A request that is not answered yet. Replies leave in the order of requests, so a read behind the connection's own
 * write waits for it.
 */
export type Waiting =
  /** Answered when its txn is applied. */
  | { readonly kind: 'write' }
  /** Answered when everything up to the record `index` is applied. */
  | { readonly kind: 'sync'; readonly xid: number; readonly path: string | null; readonly index: number }
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

  constructor(id: ConnectionId, identities: readonly Identity[]) {
    this.id = id;
    this.identities = identities;
  }
}

/** What a client tells about its connection and session. */
import type { SessionId } from '../types/index.js';
import { tell, type NodeEvent } from './watches.js';

/** The connection or the session changed. The last three are final: the client is of no more use after them. */
export type StateEvent =
  /** There is a session. `resumed` is true when it is the one from before. */
  | {
      readonly type: 'connected';
      readonly server: string;
      readonly sessionId: SessionId;
      readonly resumed: boolean;
    }
  /** As `connected`, to a server that serves reads only. */
  | {
      readonly type: 'readOnly';
      readonly server: string;
      readonly sessionId: SessionId;
      readonly resumed: boolean;
    }
  /** The connection broke. The session, with its ephemerals and watches, lives on if a server is found in time. */
  | { readonly type: 'disconnected'; readonly server: string; readonly error: Error }
  /** The servers have ended the session: its ephemerals are gone. */
  | { readonly type: 'expired' }
  /** An identity or the SASL login was refused. */
  | { readonly type: 'authFailed'; readonly error: Error }
  /** The caller has closed the client. */
  | { readonly type: 'closed' };

/** Where a client stands: `connecting` until the first session, then the type of its last StateEvent. */
export type ClientState = 'connecting' | StateEvent['type'];

/** No session came out of an attempt to connect. The client goes on trying, with the next server. */
export interface AttemptFailedEvent {
  /** The server that was tried, as `host:port`. */
  readonly server: string;
  /** What went wrong; its message begins with the server. */
  readonly error: Error;
}

/** The events to listen to with `zk.on`. */
export interface ClientEvents {
  readonly state: StateEvent;
  /** For callers that want to give up sooner, or to tell somebody why it takes so long. */
  readonly attemptFailed: AttemptFailedEvent;
  /** Every watch event from the server, before its listeners; those of `watch: true` are seen only here. */
  readonly watchEvent: NodeEvent;
}

/** Listeners by event name. */
export class Emitter<E> {
  readonly #listeners: { [K in keyof E]?: Set<(event: E[K]) => void> } = {};

  /** @returns a function that takes the listener away again */
  on<K extends keyof E>(name: K, listener: (event: E[K]) => void): () => void {
    const set = (this.#listeners[name] ??= new Set());
    set.add(listener);
    return () => void set.delete(listener);
  }

  emit<K extends keyof E>(name: K, event: E[K]): void {
    const set = this.#listeners[name];
    if (set === undefined) return;
    for (const listener of [...set]) tell(listener, event);
  }
}

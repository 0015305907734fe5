/**
 * Keeps a session alive on an idle connection, and notices a server that has gone silent. One timer, set to the next
 * moment at which something could be due; traffic only moves the marks that it looks at.
 */
import { Xid } from '../types/index.js';
import type { Connection } from './connection.js';
import { operations } from './operations.js';
import { Request } from './request.js';

/** Pings after a third of the timeout without a request; ends the connection after two thirds without a byte. */
export class Heartbeat {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param timeoutMs the session timeout as negotiated */
  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { lastSentMs, lastReceivedMs } = this.#connection;
    const dueMs = Math.min(lastSentMs + this.#timeoutMs / 3, lastReceivedMs + (this.#timeoutMs * 2) / 3);
    this.#timer = setTimeout(
      // After the timers come the sockets, then the immediates: bytes that arrived while the process was busy are
      // read before the server is judged by them.
      () => setImmediate(() => this.#beat()),
      Math.max(1, Math.ceil(dueMs - performance.now())),
    );
  }

  #beat(): void {
    if (this.#stopped) return;
    const connection = this.#connection;
    const now = performance.now();
    const silentMs = now - connection.lastReceivedMs;
    if (silentMs >= (this.#timeoutMs * 2) / 3) {
      connection.destroy(new Error(`nothing was heard for ${Math.round(silentMs)} ms`));
      return;
    }
    if (now - connection.lastSentMs >= this.#timeoutMs / 3) {
      const ping = new Request(operations.ping, undefined, undefined);
      // It fails with the connection, and that is reported elsewhere.
      ping.promise.catch(() => undefined);
      connection.send(ping, Xid.ping);
      connection.flush();
    }
    this.#schedule();
  }
}

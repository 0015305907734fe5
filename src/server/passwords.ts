/**
 * Session passwords. Apache derives them from the session id alone, so that whoever sees an id (in a log, in `cons`)
 * can take the session over; here a key goes in that only the servers know.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SessionId } from '../types/index.js';

/** The C client knows no other length. */
export const PASSWORD_BYTES = 16;

/** What stands in the answer to a client whose session is not valid. */
export const NO_PASSWORD = Buffer.alloc(PASSWORD_BYTES);

export class Passwords {
  readonly #secret: () => Buffer;

  /** @param secret the same on all servers and after every restart; a learner takes over its leader's */
  constructor(secret: () => Buffer) {
    this.#secret = secret;
  }

  of(session: SessionId): Buffer {
    const id = Buffer.alloc(8);
    id.writeBigInt64BE(session);
    return createHmac('sha256', this.#secret()).update(id).digest().subarray(0, PASSWORD_BYTES);
  }

  matches(session: SessionId, password: Buffer | null): boolean {
    return password?.byteLength === PASSWORD_BYTES && timingSafeEqual(password, this.of(session));
  }
}

/** SASL DIGEST-MD5 (RFC 2831) as ZooKeeper's Java server speaks it: protocol.md section 19. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const REALM = 'zk-sasl-md5';
const DIGEST_URI = `zookeeper/${REALM}`;
/** No client's response comes near this; a longer token is an attack. */
const TOKEN_BYTES_MAX = 4096;
/** DIGEST-MD5 takes two; whoever needs more is guessing. */
const ROUNDS_MAX = 8;

export type SaslStep =
  | { readonly kind: 'challenge'; readonly token: Buffer }
  | { readonly kind: 'done'; readonly token: Buffer; readonly user: string }
  | { readonly kind: 'failed' };

const FAILED: SaslStep = { kind: 'failed' };

/** One connection's conversation. */
export class SaslServer {
  readonly #users: ReadonlyMap<string, string>;
  #nonce: string | undefined;
  #rounds = 0;

  /** @param users passwords by name */
  constructor(users: ReadonlyMap<string, string>) {
    this.#users = users;
  }

  /** Takes the client's next token. */
  step(token: Buffer | null): SaslStep {
    this.#rounds++;
    if (this.#rounds > ROUNDS_MAX || (token !== null && token.byteLength > TOKEN_BYTES_MAX)) return FAILED;
    if (token === null || token.byteLength === 0) {
      this.#nonce = randomBytes(30).toString('base64');
      const challenge = `realm="${REALM}",nonce="${this.#nonce}",charset=utf-8,algorithm=md5-sess`;
      return { kind: 'challenge', token: Buffer.from(challenge) };
    }
    const nonce = this.#nonce;
    // A nonce serves one attempt.
    this.#nonce = undefined;
    if (nonce === undefined) return FAILED;
    return this.#verify(parseDirectives(token.toString('utf8')), nonce);
  }

  #verify(directives: ReadonlyMap<string, string>, nonce: string): SaslStep {
    const user = directives.get('username') ?? '';
    const cnonce = directives.get('cnonce') ?? '';
    const nc = directives.get('nc') ?? '';
    const password = this.#users.get(user);
    // Java clients name who they want to be, and hash it along; it must be who they are.
    const authzid = directives.get('authzid');
    const answer: Answer = { user, password: password ?? '', nonce, cnonce, nc, authzid };
    const fits =
      directives.get('nonce') === nonce &&
      directives.get('digest-uri') === DIGEST_URI &&
      (directives.get('qop') ?? 'auth') === 'auth' &&
      (directives.get('realm') ?? REALM) === REALM &&
      nc === '00000001' &&
      (authzid ?? user) === user &&
      cnonce !== '';
    // Compared also for an unknown user, so that the time taken tells nothing.
    const same = equalText(directives.get('response') ?? '', responseOf(answer, 'AUTHENTICATE'));
    if (!fits || !same || password === undefined) return FAILED;
    return { kind: 'done', token: Buffer.from(`rspauth=${responseOf(answer, '')}`), user };
  }
}

interface Answer {
  readonly user: string;
  readonly password: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly nc: string;
  readonly authzid: string | undefined;
}

function responseOf(answer: Answer, method: string): string {
  const { user, password, nonce, cnonce, nc, authzid } = answer;
  const asWhom = authzid === undefined ? '' : `:${authzid}`;
  const secret = md5(Buffer.from(`${user}:${REALM}:${password}`));
  const ha1 = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}${asWhom}`)])).toString('hex');
  const ha2 = md5(Buffer.from(`${method}:${DIGEST_URI}`)).toString('hex');
  return md5(Buffer.from(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`)).toString('hex');
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/**
 * `key=value,key="value"`; the first value of a key counts, and what follows something else does not. Never looked for
 * at every place of the text: strangers could make that take as long as the square of its length.
 */
function parseDirectives(text: string): Map<string, string> {
  const directives = new Map<string, string>();
  const next = /[\s,]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)/y;
  for (let match = next.exec(text); match !== null; match = next.exec(text)) {
    const [, key = '', quoted, plain] = match;
    const value = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1');
    if (!directives.has(key)) directives.set(key, value);
  }
  return directives;
}

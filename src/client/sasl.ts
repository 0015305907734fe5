/** SASL DIGEST-MD5 (RFC 2831) from the client's side, as far as ZooKeeper's servers go: `qop=auth`, `md5-sess`. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { KeeperError } from '../types/index.js';
import type { SaslOptions } from './options.js';

/** The digest-uri that ZooKeeper servers expect. */
export const DEFAULT_DIGEST_URI = 'zookeeper/zk-sasl-md5';

/** Sends a token to the server and gives the one in its reply. */
export type TokenExchange = (token: Buffer) => Promise<Buffer | null>;

/**
 * Logs in.
 * @param cnonce the client's nonce; random unless a test says otherwise
 * @returns false when the server has no SASL and the login is optional
 * @throws KeeperError AUTHFAILED when either side does not accept the other
 */
export async function login(
  options: SaslOptions,
  exchange: TokenExchange,
  cnonce?: string,
): Promise<boolean> {
  const challenge = await exchange(Buffer.alloc(0));
  if (challenge === null) {
    if (options.optional === true) return false;
    throw new KeeperError('AUTHFAILED', undefined, 'the server has no SASL');
  }
  const answer = digestResponse(
    options,
    challenge.toString('utf8'),
    cnonce ?? randomBytes(30).toString('base64'),
  );
  const verdict = await exchange(Buffer.from(answer.token));
  const rspauth = parseDirectives(verdict?.toString('utf8') ?? '').get('rspauth') ?? '';
  const expected = Buffer.from(answer.rspauth);
  const received = Buffer.from(rspauth);
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) {
    throw new KeeperError('AUTHFAILED', undefined, 'the server did not prove that it knows the password');
  }
  return true;
}

/** The client's answer to a challenge, and what the server must say to that. */
export function digestResponse(
  options: SaslOptions,
  challenge: string,
  cnonce: string,
): { token: string; rspauth: string } {
  const directives = parseDirectives(challenge);
  const nonce = directives.get('nonce');
  if (nonce === undefined)
    throw new KeeperError('AUTHFAILED', undefined, 'the challenge of the server has no nonce');
  const realm = directives.get('realm') ?? '';
  const uri = options.digestUri ?? DEFAULT_DIGEST_URI;
  const nc = '00000001';
  const secret = md5(`${options.username}:${realm}:${options.password}`);
  const ha1 = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}`)])).toString('hex');
  const proof = (method: string): string => {
    const ha2 = md5(`${method}:${uri}`).toString('hex');
    return md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`).toString('hex');
  };
  const token =
    `charset=utf-8,username=${quoted(options.username)},realm=${quoted(realm)},nonce=${quoted(nonce)},nc=${nc},` +
    `cnonce=${quoted(cnonce)},digest-uri=${quoted(uri)},maxbuf=65536,response=${proof('AUTHENTICATE')},qop=auth`;
  return { token, rspauth: proof('') };
}

/** `key=value` and `key="value"`, separated by commas; a backslash in quotes takes the next character as it is. */
export function parseDirectives(text: string): Map<string, string> {
  const directives = new Map<string, string>();
  for (const match of text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,"\s]*))/g)) {
    const [, key = '', inQuotes, bare = ''] = match;
    directives.set(key, inQuotes === undefined ? bare : inQuotes.replace(/\\(.)/g, '$1'));
  }
  return directives;
}

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function md5(input: string | Buffer): Buffer {
  return createHash('md5').update(input).digest();
}

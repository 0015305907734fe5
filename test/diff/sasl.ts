/**
 * The client's side of DIGEST-MD5 (RFC 2831, without a security layer) as ZooKeeper's clients speak it, with every
 * field open to be bent by a row.
 */
import { createHash, type BinaryLike } from 'node:crypto';
import { Reader, readReplyHeader, readSaslPacket } from '../../src/codec/index.js';
import { sasl } from './requests.js';
import type { Step } from './player.js';

export const SERVICE = 'zookeeper/zk-sasl-md5';
const REALM = 'zk-sasl-md5';
const CNONCE = 'a client nonce';

/** Fields of the answer that differ from what they should be; null leaves one out. */
export type Bent = Readonly<Record<string, string | null>>;

function md5(...parts: readonly BinaryLike[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

interface Answer {
  readonly text: string;
  /** What the server must prove it knows. */
  readonly rspauth: string;
}

function answerTo(nonce: string, user: string, password: string, bent: Bent): Answer {
  const uri = bent['digest-uri'] ?? SERVICE;
  const nc = bent['nc'] ?? '00000001';
  const secret = md5(md5(`${user}:${REALM}:${password}`), `:${nonce}:${CNONCE}`).toString('hex');
  const prove = (method: string): string =>
    md5(`${secret}:${nonce}:${nc}:${CNONCE}:auth:${md5(`${method}:${uri}`).toString('hex')}`).toString('hex');
  const fields: Record<string, string | null> = {
    charset: 'utf-8',
    username: `"${user}"`,
    realm: `"${REALM}"`,
    nonce: `"${nonce}"`,
    nc,
    cnonce: `"${CNONCE}"`,
    maxbuf: '65536',
    ...bent,
    'digest-uri': `"${uri}"`,
    response: bent['response'] ?? prove('AUTHENTICATE'),
    qop: bent['qop'] ?? 'auth',
  };
  const shown = Object.entries(fields).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
  return { text: shown.join(','), rspauth: prove('') };
}

function tokenOf(reply: Buffer | undefined): string | undefined {
  if (reply === undefined) return undefined;
  const r = Reader.over(reply);
  if (readReplyHeader(r).err !== 0) return undefined;
  return readSaslPacket(r).token?.toString('utf8');
}

/** The whole exchange: empty token, challenge, answer, proof. */
export function login(user: string, password: string, bent: Bent = {}): Step {
  return async (player) => {
    const challenge = tokenOf(await player.exchange(sasl('')));
    if (challenge === undefined) return;
    const nonce = /nonce="([^"]*)"/.exec(challenge)?.[1] ?? '';
    player.say(`  challenge ${challenge.replace(nonce, '<nonce>')}`);
    const answer = answerTo(nonce, user, password, bent);
    const what = Object.entries(bent).map(([key, value]) => ` ${key}=${String(value)}`);
    const proof = tokenOf(await player.exchange(sasl(answer.text, `sasl answer of ${user}${what.join('')}`)));
    if (proof === undefined) return;
    const right = proof === `rspauth=${answer.rspauth}`;
    player.say(`  proof ${right ? 'right' : proof.replace(/[0-9a-f]{32}/, '<hex>')}`);
  };
}

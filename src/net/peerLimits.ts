/**
 * What may come from another server, and what it means when something else does. A value passes through one of these
 * checks on its way out of a frame: a peer may be of another version, broken, or no peer at all.
 */
import { makeZxid, sessionIdOf, type SessionId, type Zxid } from '../types/index.js';
import type { LogMark, ServerId } from '../zab/index.js';
import type { Mark, Zxid as ZxidFields } from './generated/peer.js';

/** Bytes of a Hello. */
export const HELLO_BYTES_MAX = 2 * 1024;
/** Bytes of a frame on an election link. */
export const ELECTION_FRAME_BYTES_MAX = 512 * 1024;
/** Bytes of a frame on a quorum link. */
export const QUORUM_FRAME_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of a request's body; `jute.maxbuffer`, which is the operator's, is held against it by the leader. */
export const BODY_BYTES_MAX = 32 * 1024 * 1024;
export const SECRET_BYTES_MAX = 1024;
export const IDENTITIES_MAX = 1000;
/** Characters of an identity's scheme, and of its id: a certificate's name may be long. */
export const SCHEME_LENGTH_MAX = 256;
export const ID_LENGTH_MAX = 64 * 1024;
/** Of capabilities in a Hello, and of characters in each, in the version and in the ensemble's id. */
export const CAPABILITIES_MAX = 64;
export const WORD_LENGTH_MAX = 256;
/** Characters of a configuration in a vote; longer ones, of more than a thousand members, are left out. */
export const CONFIG_LENGTH_MAX = 128 * 1024;

/** Epochs, rounds and server ids stay below it (zab.md 1.1). */
const INT31 = 0x8000_0000;

/** What came over a link is no message. The message is a sentence that names the field; the link cannot go on. */
export class PeerDecodeError extends Error {
  override readonly name = 'PeerDecodeError';
}

/** Runs a decoder; whatever it throws leaves as PeerDecodeError. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof PeerDecodeError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PeerDecodeError(`A ${what} cannot be read: ${reason}.`, { cause: error });
  }
}

/** A field that must be there. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new PeerDecodeError(`${what} is missing.`);
  return value;
}

/** An epoch, a round or a counter of milliseconds: 0 .. 2^31-1. */
export function int31(value: number | undefined, what: string): number {
  const number = present(value, what);
  if (number >= INT31) throw new PeerDecodeError(`${what} is ${number}; it must be below 2^31.`);
  return number;
}

export function serverId(value: number | undefined, what: string): ServerId {
  return int31(value, what);
}

/** The server that somebody votes for; -1 for nobody. */
export function candidate(value: number | undefined, what: string): ServerId {
  const id = present(value, what);
  if (id < -1) throw new PeerDecodeError(`${what} is ${id}; it must not be negative.`);
  return id;
}

/** An index of the log, a number of a request or of a ping. */
export function safeInteger(value: bigint | undefined, what: string): number {
  const number = Number(present(value, what));
  if (!Number.isSafeInteger(number)) {
    throw new PeerDecodeError(`${what} is ${String(value)}; it must be below 2^53.`);
  }
  return number;
}

export function sessionId(value: bigint | undefined, what: string): SessionId {
  return sessionIdOf(present(value, what));
}

export function zxid(value: ZxidFields | undefined, what: string): Zxid {
  const { epoch, counter } = present(value, what);
  return makeZxid(int31(epoch, `The epoch of ${what}`), present(counter, `The counter of ${what}`));
}

export function mark(value: Mark | undefined, what: string): LogMark {
  const fields = present(value, what);
  return {
    index: safeInteger(fields.index, `The index of ${what}`),
    zxid: zxid(fields.zxid, `the zxid of ${what}`),
    chain: present(fields.chain, `The chain of ${what}`),
  };
}

/** @param max characters */
export function text(value: string | undefined, max: number, what: string): string {
  const characters = present(value, what);
  if (characters.length > max) {
    throw new PeerDecodeError(`${what} has ${characters.length} characters; ${max} are allowed.`);
  }
  return characters;
}

/** A copy, which its receiver may keep without keeping the frame. */
export function bytes(value: Uint8Array | undefined, max: number, what: string): Buffer {
  const found = present(value, what);
  if (found.byteLength > max) {
    throw new PeerDecodeError(`${what} has ${found.byteLength} bytes; ${max} are allowed.`);
  }
  return Buffer.from(found);
}

/** A copy in an ArrayBuffer of its own, so that it can be given away to another thread. */
export function ownBytes(value: Uint8Array | undefined, what: string): Buffer {
  const found = present(value, what);
  const own = Buffer.allocUnsafeSlow(found.byteLength);
  own.set(found);
  return own;
}

export function atMost(count: number, max: number, what: string): void {
  if (count > max) throw new PeerDecodeError(`There are ${count} ${what}; ${max} are allowed.`);
}

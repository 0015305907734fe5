/** Branded 64-bit identifiers: a zxid is not a session id, and neither is any bigint. */

/** Position of a txn: epoch in the upper, counter in the lower 32 bits; signed on the wire. */
export type Zxid = bigint & { readonly __brand: 'Zxid' };

/** A client session, signed 64 bits. */
export type SessionId = bigint & { readonly __brand: 'SessionId' };

/** Before any txn. */
export const ZXID_ZERO = zxidOf(0n);

/** Session id of txns that no session asked for (container and TTL reaping). */
export const NO_SESSION = sessionIdOf(0n);

/** Takes a bigint that came from the wire or the disk as a zxid. */
export function zxidOf(value: bigint): Zxid {
  return value as Zxid;
}

/** Takes a bigint that came from the wire or the disk as a session id. */
export function sessionIdOf(value: bigint): SessionId {
  return value as SessionId;
}

/** The server that gave the session its id: its highest byte. */
export function serverOf(session: SessionId): number {
  return Number(BigInt.asUintN(64, session) >> 56n);
}

/** @param epoch 0 .. 2^31-1 @param counter 0 .. 2^32-1 */
export function makeZxid(epoch: number, counter: number): Zxid {
  return ((BigInt(epoch) << 32n) | BigInt(counter)) as Zxid;
}

export function epochOf(zxid: Zxid): number {
  return Number(zxid >> 32n);
}

export function counterOf(zxid: Zxid): number {
  return Number(zxid & 0xffffffffn);
}

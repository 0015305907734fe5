/**
 * A secret that the members of an ensemble share, for those without certificates. Each side proves that it knows it before
 * anything it says counts, the caller first, so that a stranger who calls learns nothing to guess from:
 *
 *   caller    CALL       its nonce
 *   accepter  CHALLENGE  its nonce
 *   caller    PROOF      a MAC over both nonces and its Hello, and the Hello
 *   accepter  PROOF      the same, for its own Hello; left out for a knock
 *
 * A Hello names who speaks, to whom and on which port, so a proof is of no use anywhere else; each side has a key of its
 * own, so it cannot be sent back. Within TLS the MAC covers the connection's keys as well: nobody sits between. Without
 * TLS nothing protects what follows: the secret keeps strangers out, not whoever can change packets on their way.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What a server knows and how much it insists. */
export interface PeerSecret {
  /** Never to be logged. */
  readonly bytes: Buffer;
  /** With false others are let in and called without proof as well, so that a running ensemble can change over. */
  readonly required: boolean;
}

/** What follows from a frame. */
export type GateStep =
  /** Send this and wait for the next. */
  | { readonly kind: 'send'; readonly payload: Buffer }
  /** The other side's Hello, proved as far as it has to be. */
  | { readonly kind: 'hello'; readonly payload: Buffer }
  | { readonly kind: 'refused'; readonly why: string };

/** No Hello begins with it. */
const MAGIC = Buffer.from('ZBKA');
const CALL = 1;
const CHALLENGE = 2;
const PROOF = 3;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const HEAD_BYTES = 5;
/** By how much a frame with a proof is longer than the Hello in it. */
export const PROOF_BYTES = HEAD_BYTES + MAC_BYTES;

const OPTION = 'zabkeeper.quorumSecretFile';

/** The side that was called. */
export class AcceptGate {
  readonly #secret: PeerSecret | undefined;
  readonly #binding: Buffer;
  #nonces: Buffer | undefined;

  constructor(secret: PeerSecret | undefined, binding: Buffer) {
    this.#secret = secret;
    this.#binding = binding;
  }

  take(payload: Buffer): GateStep {
    const kind = kindOf(payload);
    if (this.#nonces === undefined) {
      if (kind === undefined) {
        return this.#secret?.required === true
          ? refused(`it does not prove that it knows the secret of ${OPTION}`)
          : { kind: 'hello', payload };
      }
      if (this.#secret === undefined)
        return refused(`it wants to prove a shared secret, and this server has none (${OPTION})`);
      if (kind !== CALL || payload.byteLength !== HEAD_BYTES + NONCE_BYTES)
        return refused('it does not begin the proof of the secret as it should');
      const nonce = randomBytes(NONCE_BYTES);
      this.#nonces = Buffer.concat([payload.subarray(HEAD_BYTES), nonce]);
      return { kind: 'send', payload: framed(CHALLENGE, nonce) };
    }
    return opened(payload, this.#secret, 'caller', this.#nonces, this.#binding);
  }

  /** The own Hello as it is to be sent: with the proof if there was one. */
  answer(hello: Buffer): Buffer {
    if (this.#secret === undefined || this.#nonces === undefined) return hello;
    return framed(PROOF, macOf(this.#secret, 'accepter', this.#nonces, this.#binding, hello), hello);
  }
}

/** The side that calls. */
export class CallGate {
  readonly #secret: PeerSecret | undefined;
  readonly #binding: Buffer;
  readonly #hello: Buffer;
  readonly #nonce = randomBytes(NONCE_BYTES);
  #nonces: Buffer | undefined;

  /** @param secret undefined for a call without proof */
  constructor(secret: PeerSecret | undefined, binding: Buffer, hello: Buffer) {
    this.#secret = secret;
    this.#binding = binding;
    this.#hello = hello;
  }

  /** The other side has answered at all. */
  get answered(): boolean {
    return this.#nonces !== undefined;
  }

  /** What to say first. */
  first(): Buffer {
    return this.#secret === undefined ? this.#hello : framed(CALL, this.#nonce);
  }

  take(payload: Buffer): GateStep {
    if (this.#secret === undefined) return { kind: 'hello', payload };
    if (this.#nonces === undefined) {
      if (kindOf(payload) !== CHALLENGE || payload.byteLength !== HEAD_BYTES + NONCE_BYTES)
        return refused('it does not ask for the proof of the secret as it should');
      this.#nonces = Buffer.concat([this.#nonce, payload.subarray(HEAD_BYTES)]);
      const mac = macOf(this.#secret, 'caller', this.#nonces, this.#binding, this.#hello);
      return { kind: 'send', payload: framed(PROOF, mac, this.#hello) };
    }
    return opened(payload, this.#secret, 'accepter', this.#nonces, this.#binding);
  }
}

/** What both ends of an encrypted connection know, and nobody else; empty without TLS. */
export function bindingOf(socket: Socket): Buffer {
  return socket instanceof TLSSocket
    ? socket.exportKeyingMaterial(MAC_BYTES, 'EXPORTER-zabkeeper-peer', Buffer.alloc(0))
    : Buffer.alloc(0);
}

type Side = 'caller' | 'accepter';

function opened(
  payload: Buffer,
  secret: PeerSecret | undefined,
  side: Side,
  nonces: Buffer,
  binding: Buffer,
): GateStep {
  if (secret === undefined || kindOf(payload) !== PROOF || payload.byteLength < PROOF_BYTES)
    return refused(`it does not prove that it knows the secret of ${OPTION}`);
  // A copy: the frame is a view that is valid only now.
  const hello = Buffer.from(payload.subarray(PROOF_BYTES));
  const mac = payload.subarray(HEAD_BYTES, PROOF_BYTES);
  if (timingSafeEqual(mac, macOf(secret, side, nonces, binding, hello)))
    return { kind: 'hello', payload: hello };
  return refused(`its secret is another one (${OPTION})`);
}

function macOf(secret: PeerSecret, side: Side, nonces: Buffer, binding: Buffer, hello: Buffer): Buffer {
  // A key for each side, so that a proof never fits the other direction.
  const key = createHmac('sha256', secret.bytes).update(`zabkeeper peer 1 ${side}`).digest();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(binding.byteLength);
  return createHmac('sha256', key).update(nonces).update(length).update(binding).update(hello).digest();
}

function kindOf(payload: Buffer): number | undefined {
  return payload.subarray(0, MAGIC.byteLength).equals(MAGIC) ? payload[MAGIC.byteLength] : undefined;
}

function framed(kind: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([MAGIC, Buffer.of(kind), ...parts]);
}

function refused(why: string): GateStep {
  return { kind: 'refused', why };
}

/** Who a connection has shown itself to be: takes its auth and SASL packets and says how to answer them. */
import { DecodeError, readAuthPacket, readSaslPacket, type Reader } from '../codec/index.js';
import type { AuthConfig } from '../config/index.js';
import { SUPER_SCHEME, type Identity } from '../tree/index.js';
import { ErrorCode } from '../types/index.js';
import { unreachable } from '../util/index.js';
import { authenticate, userOf, withIdentities } from './identities.js';
import { SaslServer } from './sasl.js';

/** What the connection is to do about an auth or SASL packet. */
export type AuthAnswer =
  | {
      readonly kind: 'reply';
      readonly err: number;
      /** Body of a SASL reply; undefined for none. */
      readonly token: Buffer | null | undefined;
      /** Close when the reply is sent. */
      readonly close: boolean;
    }
  /** Close without a word. */
  | { readonly kind: 'abort'; readonly why: string };

const MALFORMED: AuthAnswer = { kind: 'abort', why: 'an auth packet cannot be decoded' };

export class Authenticator {
  readonly #config: AuthConfig;
  #identities: readonly Identity[];
  #sasl: SaslServer | undefined;
  #failures = 0;

  /**
   * @param address of the client, the one identity that everybody has
   * @param subject of the certificate that it has shown, which is another
   */
  constructor(config: AuthConfig, address: string, subject?: string) {
    this.#config = config;
    const identities: Identity[] = [{ scheme: 'ip', id: address }];
    if (subject !== undefined) identities.push({ scheme: 'x509', id: subject });
    if (subject !== undefined && config.x509SuperUsers.includes(subject))
      identities.push({ scheme: SUPER_SCHEME, id: '' });
    this.#identities = identities;
  }

  get identities(): readonly Identity[] {
    return this.#identities;
  }

  /** The first identity that is more than an address, or else that, as whoAmI tells it. */
  get name(): string {
    const [address, known = address] = this.#identities;
    return known === undefined ? '' : `${known.scheme}:${userOf(known)}`;
  }

  /** Attempts that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** False while the client has to authenticate before it may ask anything (`enforce.auth`). */
  get mayAsk(): boolean {
    const schemes = this.#config.enforcedSchemes;
    return schemes.length === 0 || this.#identities.some((identity) => schemes.includes(identity.scheme));
  }

  /** Takes the body of an auth request. */
  takeAuth(reader: Reader): AuthAnswer {
    const packet = decoded(() => readAuthPacket(reader));
    if (packet === undefined) return MALFORMED;
    const outcome = authenticate(this.#config, this.#identities, packet.scheme, packet.auth);
    switch (outcome.kind) {
      case 'accepted':
        this.#identities = outcome.identities;
        return { kind: 'reply', err: 0, token: undefined, close: false };
      case 'refused':
        this.#failures++;
        return { kind: 'reply', err: ErrorCode.AUTHFAILED, token: undefined, close: true };
      case 'wrongEnsemble':
        return { kind: 'abort', why: 'it asks for another ensemble' };
      default:
        return unreachable(outcome);
    }
  }

  /** Takes the body of a SASL request. */
  takeSasl(reader: Reader): AuthAnswer {
    const packet = decoded(() => readSaslPacket(reader));
    // ZooKeeper's server closes on a null token too, for want of a case for it.
    if (packet === undefined || packet.token === null) return MALFORMED;
    const { sasl, enforcedSchemes } = this.#config;
    if (sasl === undefined) return { kind: 'reply', err: 0, token: null, close: false };
    const step = (this.#sasl ??= new SaslServer(sasl.users)).step(packet.token);
    switch (step.kind) {
      case 'challenge':
        return { kind: 'reply', err: 0, token: step.token, close: false };
      case 'done': {
        const added: Identity[] = [{ scheme: 'sasl', id: step.user }];
        if (this.#config.superUsers.includes(step.user)) added.push({ scheme: SUPER_SCHEME, id: '' });
        this.#identities = withIdentities(this.#identities, added);
        return { kind: 'reply', err: 0, token: step.token, close: false };
      }
      case 'failed': {
        this.#failures++;
        const enforced = enforcedSchemes.includes('sasl');
        if (sasl.allowFailedClients && !enforced) return { kind: 'reply', err: 0, token: null, close: false };
        const err = enforced ? ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH : ErrorCode.AUTHFAILED;
        return { kind: 'reply', err, token: null, close: true };
      }
      default:
        return unreachable(step);
    }
  }
}

function decoded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

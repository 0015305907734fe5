/**
 * The TLS handshake of connections that come in: from a bare socket to one that is encrypted and, if a certificate is
 * asked for, known to have a trusted one. Until then a connection costs little, and there is an end to their number.
 * A port may take plain connections as well; then the first byte decides, which no plain protocol here can begin with.
 */
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { plainAddress } from './peerSocket.js';

/** How connections that come in are encrypted. */
export interface TlsAcceptOptions {
  /** Key, certificates, versions and ciphers. */
  readonly context: SecureContextOptions;
  /** Whether the other side must show a certificate. One that it shows must be good, whether it must or may. */
  readonly clientAuth: 'none' | 'want' | 'need';
  /** How long a handshake may take. */
  readonly handshakeTimeoutMs: number;
  /** How long a port that takes plain connections as well waits for the first byte. */
  readonly detectionTimeoutMs: number;
  /** Connections whose handshake is not over; more are closed. */
  readonly pendingMax: number;
}

export interface TlsAcceptHandler {
  /** The handshake is over, and the certificate, if there is one, is good. */
  secured(socket: TLSSocket): void;
  /** Plain, from its first byte on. Undefined: plain connections are refused. */
  readonly plain?: ((socket: Socket) => void) | undefined;
  /** @param why a clause for the log */
  refused(address: string, why: string): void;
}

/** What a TLS record with a handshake begins with. */
const HANDSHAKE = 0x16;

export class TlsAcceptor {
  readonly #options: TlsAcceptOptions;
  readonly #handler: TlsAcceptHandler;
  /** It listens nowhere: sockets are handed to it. */
  readonly #server: Server;
  readonly #pending = new Map<string, Socket>();
  /** Of the connection that was closed last before its handshake was over: Node.js tells why after it has forgotten who. */
  #closedLast = '';

  constructor(options: TlsAcceptOptions, handler: TlsAcceptHandler) {
    this.#options = options;
    this.#handler = handler;
    const { clientAuth, handshakeTimeoutMs: handshakeTimeout } = options;
    this.#server = createServer({
      ...options.context,
      handshakeTimeout,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'need',
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const why = refusalOf(socket) ?? explain(error, clientAuth);
      handler.refused(addressOf(socket) || this.#closedLast, why);
      socket.destroy();
    });
  }

  /** Handshakes that are not over. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Takes a connection that has just come in. */
  take(raw: Socket): void {
    // Whatever is wrong with it is told by the handshake, or by the end of the connection.
    raw.on('error', () => undefined);
    const address = addressOf(raw);
    if (this.#pending.size >= this.#options.pendingMax) {
      raw.destroy();
      this.#handler.refused(address, `more than ${this.#options.pendingMax} handshakes are not over`);
      return;
    }
    const key = keyOf(raw);
    this.#pending.set(key, raw);
    raw.once('close', () => {
      if (this.#pending.get(key) !== raw) return;
      this.#pending.delete(key);
      this.#closedLast = address;
    });
    if (this.#handler.plain === undefined) this.#server.emit('connection', raw);
    else this.#detect(raw, key, this.#handler.plain);
  }

  /** Key, certificates and trust for handshakes to come; connections that exist live on. */
  reload(context: SecureContextOptions): void {
    this.#server.setSecureContext(context);
  }

  /** Ends handshakes that are not over. */
  stop(): void {
    for (const raw of this.#pending.values()) raw.destroy();
  }

  #detect(raw: Socket, key: string, plain: (socket: Socket) => void): void {
    const { detectionTimeoutMs } = this.#options;
    const timer = setTimeout(() => raw.destroy(), detectionTimeoutMs);
    raw.once('close', () => clearTimeout(timer));
    raw.once('data', (chunk: Buffer) => {
      clearTimeout(timer);
      // Back to where it came from, for whoever reads the connection from its beginning.
      raw.pause();
      raw.unshift(chunk);
      if (chunk[0] === HANDSHAKE) {
        this.#server.emit('connection', raw);
        return;
      }
      this.#pending.delete(key);
      plain(raw);
      raw.resume();
    });
  }

  #secured(socket: TLSSocket): void {
    this.#pending.delete(keyOf(socket));
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) {
      const address = addressOf(socket);
      socket.on('error', () => undefined);
      socket.destroy();
      this.#handler.refused(address, refusalOf(socket) ?? 'its certificate is not accepted');
      return;
    }
    this.#handler.secured(socket);
  }
}

/** A socket and the one that encrypts it have the same. */
function keyOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''} ${localPort ?? ''}`;
}

function addressOf(socket: Socket): string {
  return plainAddress(socket.remoteAddress ?? '');
}

const REFUSALS = new Map([
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet'],
  ['INVALID_PURPOSE', 'its extended key usage does not allow this side of a connection'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'no authority of the trust store has signed it'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'no authority of the trust store has signed it'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'no authority of the trust store has signed it'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'no authority of the trust store has signed it'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'no authority of the trust store has signed it'],
]);

/** Why the certificate of the other side is not accepted; undefined if it is not for that. */
export function refusalOf(socket: TLSSocket): string | undefined {
  // Declared as an Error, and given as its code.
  const error: unknown = socket.authorizationError;
  const code = error instanceof Error ? error.message : error;
  if (typeof code !== 'string') return undefined;
  return `its certificate is not accepted: ${REFUSALS.get(code) ?? code}`;
}

/** What OpenSSL says in words of its own. */
function explain(error: NodeJS.ErrnoException, clientAuth: string): string {
  switch (error.code) {
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_HTTP_REQUEST':
    case 'ERR_SSL_UNKNOWN_PROTOCOL':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'it does not speak TLS';
    case 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE':
      return `it showed no certificate, and clientAuth is ${clientAuth}`;
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION':
      return 'it offers no version of TLS that is accepted here';
    case 'ERR_SSL_NO_SHARED_CIPHER':
      return 'it offers no cipher suite that is accepted here';
    case 'ERR_TLS_HANDSHAKE_TIMEOUT':
      return 'its handshake took too long';
    case 'ECONNRESET':
      return 'it closed the connection before the handshake was over; it may not accept the certificate of this server';
    default: {
      const [, detail = error.message] = /:SSL routines:[^:]*:([^:]+)/.exec(error.message) ?? [];
      return `the handshake failed (${detail.trim()})`;
    }
  }
}

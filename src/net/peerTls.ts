/**
 * TLS between members: who is called with it, who may call without, and whether a certificate belongs to the server that
 * its holder says to be. The authority of the trust store vouches for members; a name in the certificate says which.
 */
import { connect as plainConnect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, TLSSocket, type SecureContextOptions } from 'node:tls';
import type { PeerMember } from './peerAddresses.js';
import { TlsAcceptor, type TlsAcceptHandler } from './tlsAcceptor.js';

export interface PeerTlsOptions {
  /** Key, certificates, versions and ciphers, for both sides. */
  readonly context: SecureContextOptions;
  /** Whether who calls must show a certificate. Who is called always does. */
  readonly clientAuth: 'none' | 'want' | 'need';
  /** Whether a called server's certificate must name the host that was called. */
  readonly verifyServerHost: boolean;
  /** Whether a calling server's certificate must name one of its hosts. */
  readonly verifyClientHost: boolean;
  readonly detectionTimeoutMs: number;
  /** Call the others with TLS. */
  readonly calls: boolean;
  /** Let others call without. */
  readonly plainAccepted: boolean;
}

/** Handshakes at a time on one port, most of them of strangers: members are few. */
const PENDING_MAX = 100;
const HANDSHAKE_TIMEOUT_MS = 2000;

export class PeerTls {
  readonly #options: PeerTlsOptions;
  readonly #acceptors: TlsAcceptor[] = [];
  #context: SecureContextOptions;

  constructor(options: PeerTlsOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /** Takes connections of one port, and hands them on when they are encrypted, or known not to be. */
  acceptor(accept: (socket: Socket) => void, refused: TlsAcceptHandler['refused']): TlsAcceptor {
    const { clientAuth, detectionTimeoutMs, plainAccepted } = this.#options;
    const acceptor = new TlsAcceptor(
      {
        context: this.#context,
        clientAuth,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        detectionTimeoutMs,
        pendingMax: PENDING_MAX,
      },
      { secured: accept, plain: plainAccepted ? accept : undefined, refused },
    );
    this.#acceptors.push(acceptor);
    return acceptor;
  }

  /**
   * Calls a server.
   * @param host as its server line has it
   * @param address of that host
   */
  connect(host: string, address: string, port: number): Socket {
    const { calls, verifyServerHost } = this.#options;
    if (!calls) return plainConnect({ host: address, port });
    return connect({
      ...this.#context,
      host: address,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (_, certificate) =>
        verifyServerHost ? checkServerIdentity(host, certificate) : undefined,
    });
  }

  /** Why a connection that a member says to have made cannot be its own; undefined if nothing speaks against it. */
  wrongCertificate(socket: Socket, address: string, { id, addresses }: PeerMember): string | undefined {
    if (!this.#options.verifyClientHost || !(socket instanceof TLSSocket)) return undefined;
    if (socket.getPeerX509Certificate() === undefined) return undefined;
    const certificate = socket.getPeerCertificate();
    const hosts = [...addresses.map(({ host }) => host), address];
    if (hosts.some((host) => checkServerIdentity(host, certificate) === undefined)) return undefined;
    const names = certificate.subjectaltname ?? String(certificate.subject.CN);
    return `it says to be server ${id} (${hosts.join(', ')}), and its certificate is for ${names}`;
  }

  reload(context: SecureContextOptions): void {
    this.#context = context;
    for (const acceptor of this.#acceptors) acceptor.reload(context);
  }

  stop(): void {
    for (const acceptor of this.#acceptors) acceptor.stop();
  }
}

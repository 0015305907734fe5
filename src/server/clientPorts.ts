/**
 * Why this file exists: clients come in by a plain port, by one with TLS, or by one that takes both. What comes out is the
 * same: a socket to serve, and the name in the client's certificate if it has shown one.
 */
import { reverse } from 'node:dns/promises';
import type { AddressInfo, Socket } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { ServerConfig } from '../config/index.js';
import { Listener, TlsAcceptor, type ListenOptions } from '../net/index.js';
import { subjectName } from './distinguishedName.js';
import { KeyStores } from './keyStores.js';

export interface ClientPortsHandler {
  /** @param subject of the client's certificate; undefined without one */
  accept(socket: Socket, subject: string | undefined): void;
  /** A connection was refused before it could be accepted. @param why a clause for the log */
  refused(address: string, why: string): void;
}

/** Handshakes of TLS that are not over. After an outage all clients come at once. */
const PENDING_MAX = 10_000;

const SECURE_SETTINGS = { port: 'secureClientPort', address: 'secureClientPortAddress' };

export class ClientPorts {
  readonly #config: ServerConfig;
  readonly #handler: ClientPortsHandler;
  readonly #stores: KeyStores | undefined;
  readonly #acceptors: TlsAcceptor[] = [];
  #plain: Listener | undefined;
  /** Takes what comes in by the plain port. */
  #acceptPlain: (socket: Socket) => void = () => undefined;
  #secure: Listener | undefined;

  /** @throws ConfigError when a key store cannot be used */
  constructor(config: ServerConfig, log: Logger, handler: ClientPortsHandler) {
    this.#config = config;
    this.#handler = handler;
    if (config.clientTls !== undefined) this.#stores = new KeyStores(config.clientTls, log, 'clients');
  }

  /** Where plain clients connect; undefined if they cannot. */
  get plain(): AddressInfo | undefined {
    return this.#plain?.address;
  }

  /** Where clients connect with TLS; undefined without a port of its own. */
  get secure(): AddressInfo | undefined {
    return this.#secure?.address;
  }

  /** Handshakes of TLS that are not over. */
  get handshakes(): number {
    return this.#acceptors.reduce((sum, { pending }) => sum + pending, 0);
  }

  /** @throws ListenError when a port cannot be opened */
  async open(): Promise<void> {
    const { clientPort, clientPortAddress, secureClient, clientPortUnification } = this.#config;
    const plain = (socket: Socket): void => this.#handler.accept(socket, undefined);
    if (clientPort !== undefined) {
      const acceptor = clientPortUnification ? this.#acceptor(plain) : undefined;
      this.#acceptPlain = acceptor === undefined ? plain : (socket) => acceptor.take(socket);
      this.#plain = await this.#listen({ port: clientPort, host: clientPortAddress }, this.#acceptPlain);
    }
    if (secureClient !== undefined) {
      const acceptor = this.#acceptor(undefined);
      const { port, address: host } = secureClient;
      this.#secure = await this.#listen({ port, host, settings: SECURE_SETTINGS }, (socket) =>
        acceptor.take(socket),
      );
    }
    this.#stores?.watch(({ context }) => {
      for (const acceptor of this.#acceptors) acceptor.reload(context);
    });
  }

  /**
   * Moves the plain port, as a reconfig says. Connections that came in by the former one live on.
   * @param host undefined: every address
   * @throws ListenError when the new one cannot be opened; then the former one stays
   */
  async movePlain(port: number, host: string | undefined): Promise<void> {
    const former = this.#plain;
    this.#plain = await this.#listen({ port, host }, this.#acceptPlain);
    former?.close();
  }

  /** Accepts no more, and ends handshakes. */
  close(): void {
    this.#plain?.close();
    this.#secure?.close();
    this.#stores?.close();
    for (const acceptor of this.#acceptors) acceptor.stop();
  }

  #listen(
    options: Pick<ListenOptions, 'port' | 'host' | 'settings'>,
    accept: (socket: Socket) => void,
  ): Promise<Listener> {
    const { clientPortListenBacklog: backlog, clientTcpKeepAlive: keepAlive } = this.#config;
    return Listener.open({ ...options, backlog, keepAlive }, accept);
  }

  #acceptor(plain: ((socket: Socket) => void) | undefined): TlsAcceptor {
    if (this.#stores === undefined) throw new Error('unreachable: a port with TLS has key stores');
    const { config, material } = this.#stores;
    const acceptor = new TlsAcceptor(
      {
        context: material.context,
        clientAuth: config.clientAuth,
        handshakeTimeoutMs: this.#config.sessionlessTimeoutMs,
        detectionTimeoutMs: config.detectionTimeoutMs,
        pendingMax: PENDING_MAX,
      },
      {
        secured: (socket) => void this.#secured(socket),
        plain,
        refused: (address, why) => this.#handler.refused(address, why),
      },
    );
    this.#acceptors.push(acceptor);
    return acceptor;
  }

  async #secured(socket: TLSSocket): Promise<void> {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) {
      this.#handler.accept(socket, undefined);
      return;
    }
    const address = socket.remoteAddress ?? '';
    let subject: string | undefined;
    let why: string | undefined;
    try {
      subject = subjectName(certificate.raw);
      if (this.#stores?.config.verifyClientHost === true) why = await this.#wrongHost(socket, address);
    } catch (error) {
      why = `its certificate cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (why === undefined) {
      this.#handler.accept(socket, subject);
      return;
    }
    socket.on('error', () => undefined);
    socket.destroy();
    this.#handler.refused(address, why);
  }

  /** Undefined if the certificate names the address that the client calls from, or a host name of that address. */
  async #wrongHost(socket: TLSSocket, address: string): Promise<string | undefined> {
    const certificate = socket.getPeerCertificate();
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    const hosts = [plain];
    if (this.#stores?.config.reverseLookup === true) hosts.push(...(await reverse(plain).catch(() => [])));
    if (hosts.some((host) => checkServerIdentity(host, certificate) === undefined)) return undefined;
    return `its certificate is for none of ${hosts.join(', ')} (ssl.clientHostnameVerification)`;
  }
}

/**
 * All links with the other servers of the ensemble: listens on this server's election and quorum ports, keeps election
 * links with everybody, and opens quorum links when the core asks. What comes in leaves through one function, in order;
 * never from within a call of one of the methods here, so that the host's turn is not disturbed.
 */
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { LinkId, NetworkInput, Notification, PeerMessage, ServerId } from '../zab/index.js';
import type { PeerChannel } from './electionCodec.js';
import { ElectionLinks } from './electionLinks.js';
import { ListenError, Listener } from './listener.js';
import { isWildcard, Resolver, type PeerMember } from './peerAddresses.js';
import { Handshakes } from './peerHandshake.js';
import { LimitedLog, type PeerLog } from './peerLog.js';
import type { PeerSecret } from './peerSecret.js';
import { PeerTls, type PeerTlsOptions } from './peerTls.js';
import { QuorumLinks, type QuorumLinkStatus } from './quorumLinks.js';

export interface PeerLinksOptions {
  /** `myid` of this server: 0 .. 2^31-1. */
  readonly self: ServerId;
  /** All members in effect, this server among them; asked whenever it matters, so it may change. */
  readonly members: () => readonly PeerMember[];
  /** Undefined until this server has joined an ensemble. */
  readonly ensembleId: () => string | undefined;
  /** Of this software, for the logs of others. */
  readonly version: string;
  /** Listen on every address instead of those of the own server line (`quorumListenOnAllIPs`). */
  readonly listenOnAllIps: boolean;
  /**
   * Whether a server that calls must do so from an address of its server line. To be switched off where addresses are
   * translated on the way. Default true.
   */
  readonly addressCheck?: boolean;
  /** How often binding is tried, a second apart; 0: for ever (`electionPortBindRetry`). Default 3. */
  readonly bindRetries?: number;
  /** Per address. Default 500. */
  readonly connectTimeoutMs?: number;
  /** A peer that is silent for so long is gone (`peerTimeout`, zab.md 1.11). Default 1500. */
  readonly peerTimeoutMs?: number;
  /** TLS. Default none: all connections are plain. */
  readonly tls?: PeerTlsOptions | undefined;
  /** What members have to prove. Default nothing. */
  readonly secret?: PeerSecret | undefined;
  readonly log: PeerLog;
}

/** For metrics. */
export interface PeerLinksStatus {
  /** Servers with which there is an election link. */
  readonly electionUp: readonly ServerId[];
  readonly quorum: readonly QuorumLinkStatus[];
  readonly dialsFailed: number;
  /** Connections closed because of their hello, or because there was none. */
  readonly hellosRefused: number;
  /** Accepted connections whose hello is awaited. */
  readonly halfOpen: number;
  /** Notifications that were too many in their second. */
  readonly notificationsDropped: number;
}

const BIND_RETRIES = 3;
const BIND_RETRY_MS = 1000;
const CONNECT_TIMEOUT_MS = 500;
const PEER_TIMEOUT_MS = 1500;

export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #handshakes: Handshakes;
  readonly #election: ElectionLinks;
  readonly #quorum: QuorumLinks;
  readonly #tls: PeerTls | undefined;
  readonly #log: LimitedLog;
  #tlsRefused = 0;
  #listeners: Listener[] = [];
  #stopped = false;
  #wake: () => void = () => undefined;

  /** @param sink takes what comes in; it must not throw unless the process is to end */
  constructor(options: PeerLinksOptions, sink: (input: NetworkInput) => void) {
    const { self, members, ensembleId, version } = options;
    if (!Number.isInteger(self) || self < 0 || self >= 2 ** 31) {
      throw new RangeError(
        `The id of a server in an ensemble is a number from 0 to 2^31-1; myid says ${self}.`,
      );
    }
    this.#options = options;
    const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const peerTimeoutMs = options.peerTimeoutMs ?? PEER_TIMEOUT_MS;
    const log = (this.#log = new LimitedLog(options.log));
    this.#tls = options.tls === undefined ? undefined : new PeerTls(options.tls);
    const handshakes = (this.#handshakes = new Handshakes({
      self,
      members,
      ensembleId,
      version,
      addressCheck: options.addressCheck ?? true,
      connectTimeoutMs,
      answerTimeoutMs: peerTimeoutMs,
      resolver: new Resolver(connectTimeoutMs),
      tls: this.#tls,
      secret: options.secret,
      log,
    }));
    const emit = (input: NetworkInput): void => {
      if (!this.#stopped) sink(input);
    };
    this.#election = new ElectionLinks({ self, members, peerTimeoutMs, handshakes, log, sink: emit });
    this.#quorum = new QuorumLinks({ members, handshakes, log, sink: emit });
  }

  /**
   * Opens the ports of this server's own line and begins to dial.
   * @throws ListenError when a port cannot be opened, after `bindRetries`; everything is stopped then
   */
  async start(): Promise<void> {
    try {
      for (const { channel, host, port } of this.#ports()) {
        const listener = await this.#bind(channel, host, port);
        if (listener === undefined) return;
        this.#listeners.push(listener);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#election.start();
  }

  /** Sends a vote; of several to one server only the latest is kept until it can be sent. Dials if there is no link. */
  notify(to: ServerId, notification: Notification): void {
    this.#election.notify(to, notification);
  }

  /** Puts a message behind those of this turn. It is encoded now: its bytes may be given away. Leaves with `flush`. */
  send(link: LinkId, message: PeerMessage): void {
    this.#quorum.send(link, message);
  }

  /** Ends the turn: what was sent leaves in one write per link. */
  flush(): void {
    this.#quorum.flush();
  }

  /** Connects to the quorum port of a server, once; answered by `linkUp` or `dialFailed`. */
  dial(peer: ServerId): void {
    this.#quorum.dial(peer);
  }

  /** Closes a quorum link behind what was sent; answered by `linkDown`. */
  close(link: LinkId): void {
    this.#quorum.close(link);
  }

  /** Key, certificates and trust for connections to come; those that exist live on. */
  reloadTls(context: SecureContextOptions): void {
    this.#tls?.reload(context);
  }

  get status(): PeerLinksStatus {
    return {
      electionUp: this.#election.up,
      quorum: this.#quorum.status(),
      dialsFailed: this.#election.dialsFailed + this.#quorum.dialsFailed,
      hellosRefused: this.#handshakes.refused + this.#tlsRefused,
      halfOpen: this.#handshakes.halfOpen,
      notificationsDropped: this.#election.dropped,
    };
  }

  /** Closes everything at once; from now on nothing comes out. Resolves when all connections are closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    this.#election.stop();
    this.#quorum.stop();
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
    this.#tls?.stop();
    await this.#handshakes.stop();
  }

  /** Where to listen, each place once. */
  #ports(): readonly { channel: PeerChannel; host: string | undefined; port: number }[] {
    const { self, members, listenOnAllIps } = this.#options;
    const own = members().find(({ id }) => id === self);
    if (own === undefined) throw new ListenError(`There is no server.${self} line to say where to listen.`);
    const places = new Map<string, { channel: PeerChannel; host: string | undefined; port: number }>();
    for (const { host: name, quorumPort, electionPort } of own.addresses) {
      const host = listenOnAllIps || isWildcard(name) ? undefined : name;
      for (const [channel, port] of [
        ['election', electionPort],
        ['quorum', quorumPort],
      ] as const) {
        places.set(`${channel} ${host ?? ''} ${port}`, { channel, host, port });
      }
    }
    return [...places.values()];
  }

  /** @returns undefined when stopped meanwhile */
  async #bind(channel: PeerChannel, host: string | undefined, port: number): Promise<Listener | undefined> {
    const tries = this.#options.bindRetries ?? BIND_RETRIES;
    const line = `server.${this.#options.self}`;
    const settings = { port: `the ${channel} port in ${line}`, address: `the address in ${line}` };
    const options = { port, host, backlog: -1, keepAlive: true, settings };
    const take = (socket: Socket): void => this.#accept(channel, socket);
    const acceptor = this.#tls?.acceptor(take, (address, why) => this.#refusedTls(channel, address, why));
    for (let tried = 1; ; tried++) {
      try {
        const listener = await Listener.open(
          options,
          acceptor === undefined ? take : (socket) => acceptor.take(socket),
        );
        if (!this.#stopped) return listener;
        listener.close();
        return undefined;
      } catch (error) {
        if (!(error instanceof ListenError) || (tries !== 0 && tried >= tries)) throw error;
        this.#options.log.warn(`${error.message} It is tried again.`);
        await this.#pause(BIND_RETRY_MS);
        if (this.#isStopped()) return undefined;
      }
    }
  }

  #refusedTls(channel: PeerChannel, address: string, why: string): void {
    if (this.#stopped) return;
    this.#tlsRefused++;
    this.#log.warn(address, `Refused a connection from ${address} to the ${channel} port: ${why}.`);
  }

  #accept(channel: PeerChannel, socket: Socket): void {
    if (channel === 'election') {
      this.#handshakes.accept(
        socket,
        channel,
        (from) => this.#election.isKnock(from),
        (peer, hello) => this.#election.accepted(peer, hello),
      );
    } else {
      this.#handshakes.accept(
        socket,
        channel,
        () => false,
        (peer, hello) => this.#quorum.accepted(peer, hello.from),
      );
    }
  }

  /** Until `ms` have passed, or `stop`. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}

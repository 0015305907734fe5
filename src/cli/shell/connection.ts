/**
 * Why this file exists: the shell's session. A person at a prompt wants to hear after one look at each server that none is
 * there, while the client would go on trying; and what happens to the session and its watches is to be told.
 */
import {
  KeeperError,
  open,
  parseConnectString,
  type ClientOptions,
  type WatchListener,
  type ZooKeeper,
} from '../../client/index.js';
import type { WatchListeners } from './command.js';
import { ShellError } from './errors.js';
import type { RemovedKind, ShellEvent } from './printer.js';

/** How the shell connects. */
export interface ConnectionOptions {
  /** `host:port[,host:port...][/chroot]` */
  readonly servers: string;
  readonly timeoutMs: number;
  readonly readOnly: boolean;
  /** Wait for the session before anything else, for `timeoutMs`, however many attempts fail meanwhile. */
  readonly wait: boolean;
  /** More options of the client. */
  readonly client?: Partial<Omit<ClientOptions, 'servers' | 'sessionTimeoutMs' | 'readOnly'>>;
}

/** Pauses between attempts stay short: somebody is waiting. */
const RETRY_DELAY_MS_MAX = 1000;

/** At most one session at a time. */
export class ShellConnection {
  readonly watches: WatchListeners;
  readonly #options: ConnectionOptions;
  readonly #onEvent: (event: ShellEvent) => void;
  #zk: ZooKeeper | undefined;
  #servers: string;
  /** Ends the listening to the present client. */
  #off: () => void = () => undefined;

  constructor(options: ConnectionOptions, onEvent: (event: ShellEvent) => void) {
    this.#options = options;
    this.#servers = options.servers;
    this.#onEvent = onEvent;
    const listener =
      (watch: RemovedKind): WatchListener =>
      (event) => {
        if (event.type === 'gap') onEvent({ kind: 'gap', path: event.path });
        else if (event.type === 'watchRemoved' && event.reason === 'removed')
          onEvent({ kind: 'watchRemoved', watch, path: event.path });
      };
    this.watches = { data: listener('Data'), child: listener('Child'), persistent: listener('Persistent') };
  }

  /** The connect string in use. */
  get servers(): string {
    return this.#servers;
  }

  /** The client while it is connected. */
  get current(): ZooKeeper | undefined {
    const state = this.#zk?.state;
    return state === 'connected' || state === 'readOnly' ? this.#zk : undefined;
  }

  /** As Apache's prompt shows it. */
  get stateName(): string {
    const state = this.#zk?.state ?? 'closed';
    switch (state) {
      case 'connected':
        return 'CONNECTED';
      case 'readOnly':
        return 'CONNECTEDREADONLY';
      case 'connecting':
      case 'disconnected':
        return 'CONNECTING';
      case 'authFailed':
        return 'AUTH_FAILED';
      case 'expired':
      case 'closed':
        return 'CLOSED';
    }
  }

  /**
   * Starts a session, and waits for it if the options say so.
   * @throws KeeperError for a connect string that cannot be read, or when waiting was in vain
   */
  async connect(servers = this.#servers): Promise<void> {
    parseConnectString(servers);
    await this.close();
    this.#servers = servers;
    const { timeoutMs, readOnly, wait, client } = this.#options;
    const zk = open({
      servers,
      sessionTimeoutMs: timeoutMs,
      connectTimeoutMs: timeoutMs,
      retryDelayMsMax: RETRY_DELAY_MS_MAX,
      readOnly,
      ...client,
    });
    this.#zk = zk;
    const offState = zk.on('state', (event) => this.#onEvent({ kind: 'state', event }));
    const offWatch = zk.on('watchEvent', (event) => this.#onEvent({ kind: 'node', event }));
    this.#off = () => {
      offState();
      offWatch();
    };
    if (wait) await zk.connected({ timeoutMs });
  }

  /**
   * The client, connected.
   * @param options with `offline` it may be without a connection
   * @throws ShellError NOTCONNECTED when there is no session, KeeperError CONNECTIONLOSS when each server was tried in vain
   */
  async ready({ offline = false } = {}): Promise<ZooKeeper> {
    const zk = this.#zk;
    if (zk === undefined || ['closed', 'expired', 'authFailed'].includes(zk.state)) {
      throw new ShellError('NOTCONNECTED', 'Not connected; type connect for a new session');
    }
    if (!offline && this.current === undefined) await this.#oneRound(zk);
    return zk;
  }

  async #oneRound(zk: ZooKeeper): Promise<void> {
    const count = parseConnectString(this.#servers).servers.length;
    let left = count;
    const round = new AbortController();
    const off = zk.on('attemptFailed', ({ error }) => {
      left--;
      if (left > 0) return;
      const reason =
        count === 1 ? error.message : `none of the ${count} servers takes us, the last was ${error.message}`;
      const loss = new KeeperError('CONNECTIONLOSS', undefined, reason);
      round.abort(loss);
    });
    try {
      await zk.connected({ timeoutMs: this.#options.timeoutMs, signal: round.signal });
    } finally {
      off();
    }
  }

  /** Ends the session. */
  async close(): Promise<void> {
    await this.#zk?.close();
    this.#off();
  }

  /**
   * Leaves the session without a word, at the end of the shell.
   * @param keep leave it to the server, which ends it after its timeout
   */
  async leave(keep: boolean): Promise<void> {
    this.#off();
    await this.#zk?.close({ keepSession: keep });
  }
}

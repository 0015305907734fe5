/** The client as its users see it: one method for each operation of the protocol. */
import type { ACL, ClientInfo, Stat } from '../codec/index.js';
import { KeeperError, OpCode, WatcherType, Xid, type SessionId, type Zxid } from '../types/index.js';
import { untilConnected } from './connected.js';
import { asError } from './errors.js';
import type { ClientEvents, ClientState, StateEvent } from './events.js';
import {
  bytesOf,
  createRecord,
  multiOperation,
  multiReadOperation,
  type CreateOptions,
  type DataInput,
  type MultiOp,
  type MultiReadOp,
  type MultiReadResult,
  type MultiResult,
  type MultiResults,
} from './multi.js';
import { OneShotWatch } from './oneShot.js';
import {
  operations,
  type AclResult,
  type ChildrenResult,
  type CreateResult,
  type DataResult,
} from './operations.js';
import { readOptions, type ClientOptions } from './options.js';
import { Request, type Operation } from './request.js';
import { Session } from './session.js';
import { endBySignal, EventBuffer, STREAM_BUFFER_MAX, type EventStream } from './stream.js';
import { addWatch, openWatch } from './persistent.js';
import type {
  OpOptions,
  ReadOptions,
  ReconfigOptions,
  RemoveWatchesOptions,
  StreamOptions,
  VersionOptions,
  WatchOptions,
} from './opOptions.js';
import {
  OneShotRegistration,
  type GapEvent,
  type NodeEvent,
  type WatchKind,
  type WatchListener,
} from './watches.js';

/** Where the ensemble's configuration is, whatever the chroot. */
const CONFIG_PATH = '/zookeeper/config';

/**
 * A client and its session. Every operation returns a promise that rejects with a KeeperError; any number may be
 * under way, and they are carried out in the order of the calls. Paths are within the chroot, in arguments, results
 * and errors. An operation without a connection waits for one, as long as the session may last.
 */
export class ZooKeeper implements AsyncDisposable {
  readonly #session: Session;

  /**
   * Starts connecting; see `open` and `connect`.
   * @throws KeeperError BADARGUMENTS for options that make no sense
   */
  constructor(options: ClientOptions) {
    this.#session = new Session(readOptions(options));
  }

  /** Where the client stands. */
  get state(): ClientState {
    return this.#session.state;
  }

  /** The session, 0 before there is one. With `password` it can be resumed by another client. */
  get sessionId(): SessionId {
    return this.#session.sessionId;
  }

  /** The session's password, 16 bytes, a copy. */
  get password(): Buffer {
    return Buffer.from(this.#session.password);
  }

  /** The session timeout in ms as negotiated with the present server. */
  get sessionTimeoutMs(): number {
    return this.#session.timeoutMs;
  }

  /** The newest state this client has seen. No server that is behind it will be used. */
  get lastZxidSeen(): Zxid {
    return this.#session.lastZxidSeen;
  }

  /** The server that the client is connected to, as `host:port`. */
  get server(): string | undefined {
    return this.#session.server;
  }

  /** Requests without an answer yet. */
  get outstanding(): number {
    return this.#session.outstanding;
  }

  /** The prefix of all paths as the servers see them, empty without a chroot. */
  get chroot(): string {
    return this.#session.chroot.prefix;
  }

  /**
   * Listens to state changes (`state`), to every watch event (`watchEvent`) or to attempts to connect that fail
   * (`attemptFailed`).
   * @returns a function that ends it
   */
  on<K extends keyof ClientEvents>(name: K, listener: (event: ClientEvents[K]) => void): () => void {
    return this.#session.events.on(name, listener);
  }

  /** State changes from now on, as a stream that ends behind the final one. */
  states(options?: StreamOptions): EventStream<StateEvent> {
    const off = this.on('state', (event) => {
      buffer.push(event);
      if (event.type === 'expired' || event.type === 'authFailed' || event.type === 'closed') buffer.end();
    });
    const buffer = new EventBuffer<StateEvent>(options?.bufferMax ?? STREAM_BUFFER_MAX, off);
    endBySignal(buffer, options?.signal);
    return buffer;
  }

  /**
   * Settles when there is a session.
   * @throws CONNECTIONLOSS when there is none after `timeoutMs` (default: no limit), SESSIONEXPIRED or AUTHFAILED when
   * the client has ended
   */
  connected(options?: OpOptions & { readonly timeoutMs?: number }): Promise<void> {
    return untilConnected(this.#session, options?.timeoutMs, options?.signal);
  }

  /**
   * Creates a znode.
   * @param data default null
   * @returns its path, with the sequence number if one was asked for
   * @throws NODEEXISTS, NONODE (no parent), NOAUTH, NOCHILDRENFOREPHEMERALS, INVALIDACL, BADARGUMENTS, QUOTAEXCEEDED,
   * UNIMPLEMENTED (the server has no TTLs)
   */
  create(path: string, data?: DataInput, options?: CreateOptions & OpOptions): Promise<string> {
    return this.#attempt(() => {
      const { type, record } = createRecord(path, data, options, this.#session.chroot);
      if (type === OpCode.create2)
        return this.#session.call(operations.create, record, path, options?.signal);
      return this.createWithStat(path, data, options).then((result) => result.path);
    });
  }

  /** As `create`, and gives the Stat of the new znode too. */
  createWithStat(path: string, data?: DataInput, options?: CreateOptions & OpOptions): Promise<CreateResult> {
    return this.#attempt(() => {
      const { type, record, ttl } = createRecord(path, data, options, this.#session.chroot);
      if (ttl !== undefined) {
        return this.#session.call(operations.createTTL, { ...record, ttl }, path, options?.signal);
      }
      const operation = type === OpCode.createContainer ? operations.createContainer : operations.create2;
      return this.#session.call(operation, record, path, options?.signal);
    });
  }

  /**
   * Deletes a znode.
   * @throws NONODE, BADVERSION, NOTEMPTY, NOAUTH
   */
  delete(path: string, options?: VersionOptions): Promise<void> {
    return this.#call(
      operations.delete,
      path,
      (at) => ({ path: at, version: options?.version ?? -1 }),
      options,
    );
  }

  /**
   * The Stat of a znode, null when there is none. A watch is left in both cases.
   * @throws NOAUTH
   */
  exists(path: string, options?: ReadOptions): Promise<Stat | null> {
    return this.#read(operations.exists, 'data', path, options);
  }

  /**
   * A znode's data and Stat. A watch fires when the data changes or the znode is deleted.
   * @throws NONODE, NOAUTH
   */
  getData(path: string, options?: ReadOptions): Promise<DataResult> {
    return this.#read(operations.getData, 'data', path, options);
  }

  /**
   * Replaces a znode's data.
   * @returns the Stat after that
   * @throws NONODE, BADVERSION, NOAUTH, QUOTAEXCEEDED
   */
  setData(path: string, data: DataInput, options?: VersionOptions): Promise<Stat> {
    const version = options?.version ?? -1;
    return this.#call(
      operations.setData,
      path,
      (at) => ({ path: at, data: bytesOf(data), version }),
      options,
    );
  }

  /**
   * The names of a znode's children, in no order, and its Stat. A watch fires when a child comes or goes or the znode
   * itself is deleted.
   * @throws NONODE, NOAUTH
   */
  getChildren(path: string, options?: ReadOptions): Promise<ChildrenResult> {
    return this.#read(operations.getChildren, 'child', path, options);
  }

  /**
   * A znode's access list.
   * @throws NONODE, NOAUTH
   */
  getAcl(path: string, options?: OpOptions): Promise<AclResult> {
    return this.#call(operations.getAcl, path, (at) => ({ path: at }), options);
  }

  /**
   * Replaces a znode's access list.
   * @param options `version` is held against the Stat's `aversion`
   * @throws NONODE, BADVERSION, NOAUTH, INVALIDACL
   */
  setAcl(path: string, acl: readonly ACL[], options?: VersionOptions): Promise<Stat> {
    return this.#call(
      operations.setAcl,
      path,
      (at) => ({ path: at, acl, version: options?.version ?? -1 }),
      options,
    );
  }

  /** Waits until the client's server has caught up with the leader: reads after it see all earlier writes of others. */
  sync(path = '/', options?: OpOptions): Promise<void> {
    return this.#call(operations.sync, path, (at) => ({ path: at }), options);
  }

  /**
   * Carries out all operations or none.
   * @returns one result for each, typed by its operation
   * @throws MultiError, which has the outcome of each operation
   */
  multi<const T extends readonly MultiOp[]>(ops: T, options?: OpOptions): Promise<MultiResults<T>>;
  multi(ops: readonly MultiOp[], options?: OpOptions): Promise<MultiResult[]> {
    return this.#session.call(
      multiOperation(ops),
      { ops, chroot: this.#session.chroot },
      undefined,
      options?.signal,
    );
  }

  /** Several reads in one request; each may fail by itself. They need not show the same moment. */
  multiRead(ops: readonly MultiReadOp[], options?: OpOptions): Promise<MultiReadResult[]> {
    return this.#session.call(
      multiReadOperation(ops),
      { ops, chroot: this.#session.chroot },
      undefined,
      options?.signal,
    );
  }

  /**
   * Succeeds if the znode exists and has the version. Unlike a read it goes through the leader; it is a multi of one.
   * @throws MultiError with code NONODE, BADVERSION or NOAUTH
   */
  async check(path: string, options?: VersionOptions): Promise<void> {
    await this.multi([{ type: 'check', path, version: options?.version ?? -1 }], options);
  }

  /**
   * Watches a znode, or a subtree, until the loop over the events is left:
   *
   *     for await (const event of zk.watch('/config', { recursive: true })) ...
   *
   * The watch takes effect in the order of the calls: changes asked for behind it are seen. It survives broken
   * connections; a `gap` event then tells that changes may have been missed. When the client is closed the loop ends,
   * when the session expires it throws SESSIONEXPIRED.
   * @throws KeeperError BADARGUMENTS, at once, for a relative path under a chroot
   */
  watch(path: string, options: WatchOptions = {}): EventStream<NodeEvent | GapEvent> {
    return openWatch(this.#session, path, options);
  }

  /**
   * Leaves a persistent watch whose events go to a function; `removeWatches` takes it away. Most callers want `watch`.
   * @param mode `persistentRecursive` for the whole subtree
   */
  async addWatch(
    path: string,
    mode: 'persistent' | 'persistentRecursive',
    listener: WatchListener,
    options?: OpOptions,
  ): Promise<void> {
    await addWatch(this.#session, path, mode === 'persistentRecursive', listener, options);
  }

  /** Asks the server whether it has a watch of this kind for this client. */
  async checkWatches(path: string, kind: WatchKind, options?: OpOptions): Promise<boolean> {
    const type = WatcherType[kind];
    try {
      await this.#call(operations.checkWatches, path, (at) => ({ path: at, type }), options);
      return true;
    } catch (error) {
      if (error instanceof KeeperError && error.code === 'NOWATCHER') return false;
      throw error;
    }
  }

  /**
   * Removes all watches of a kind on a path. Their listeners get a `watchRemoved` event, streams end.
   * @throws NOWATCHER when the server has none
   */
  async removeWatches(path: string, kind: WatchKind, options?: RemoveWatchesOptions): Promise<void> {
    const type = WatcherType[kind];
    const serverPath = this.#session.chroot.toServer(path);
    const alone = options?.local === true && !this.#session.isOpen && !this.#session.hasEnded;
    if (!alone) await this.#call(operations.removeWatches, path, (at) => ({ path: at, type }), options);
    this.#session.watches.removed(kind, serverPath);
  }

  /** Paths of this session's ephemerals that start with `prefix`. */
  getEphemerals(prefix = '/', options?: OpOptions): Promise<string[]> {
    // Here "/" under a chroot means all below it, so the prefix is not turned into the chroot's own path.
    const prefixPath = this.#session.chroot.prefix + prefix;
    return this.#session.call(operations.getEphemerals, { prefixPath }, prefix, options?.signal);
  }

  /**
   * How many znodes there are below a path.
   * @throws NONODE, NOAUTH
   */
  getAllChildrenNumber(path: string, options?: OpOptions): Promise<number> {
    return this.#call(operations.getAllChildrenNumber, path, (at) => ({ path: at }), options);
  }

  /** The identities that the server knows this connection by. */
  whoAmI(options?: OpOptions): Promise<readonly ClientInfo[]> {
    return this.#session.call(operations.whoAmI, undefined, undefined, options?.signal);
  }

  /**
   * Adds an identity, here and on all later connections.
   * @param auth what the scheme wants, `user:password` for `digest`
   * @throws AUTHFAILED, and with it the client is at its end
   */
  addAuth(scheme: string, auth: string | Uint8Array): Promise<void> {
    return this.#session.addAuth({ scheme, auth });
  }

  /** The ensemble's configuration, from `/zookeeper/config` whatever the chroot. */
  getConfig(options?: ReadOptions): Promise<DataResult> {
    return this.#readAt(operations.getData, 'data', CONFIG_PATH, CONFIG_PATH, options);
  }

  /**
   * Changes the members of the ensemble.
   * @returns the new configuration
   * @throws RECONFIGDISABLED, RECONFIGINPROGRESS, NEWCONFIGNOQUORUM, BADVERSION, BADARGUMENTS, NOAUTH, UNIMPLEMENTED
   */
  reconfig(options: ReconfigOptions): Promise<DataResult> {
    const record = {
      joiningServers: options.joining?.join(',') ?? null,
      leavingServers: options.leaving?.join(',') ?? null,
      newMembers: options.members?.join(',') ?? null,
      curConfigId: options.fromVersion ?? -1n,
    };
    return this.#session.call(operations.reconfig, record, undefined, options.signal);
  }

  /** A round trip to the server that touches nothing but the session's timeout; gives its duration in ms. */
  async ping(options?: OpOptions): Promise<number> {
    const startMs = performance.now();
    const request = new Request(operations.ping, undefined, undefined);
    if (options?.signal !== undefined) request.abortBy(options.signal);
    this.#session.submit(request, Xid.ping);
    await request.promise;
    return performance.now() - startMs;
  }

  /**
   * Ends the session behind all operations called so far, and the client with it. Never rejects; when no server answers
   * within `closeTimeoutMs` the session is left to expire. May be called again.
   * @param options with `keepSession` the session is left as it is, to be resumed by another client
   */
  close(options?: { readonly keepSession?: boolean }): Promise<void> {
    return this.#session.close(options?.keepSession ?? false);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call<A, T>(
    operation: Operation<A, T>,
    path: string,
    args: (serverPath: string) => A,
    options: OpOptions | undefined,
  ): Promise<T> {
    return this.#attempt(() =>
      this.#session.call(operation, args(this.#session.chroot.toServer(path)), path, options?.signal),
    );
  }

  #read<T>(
    operation: Operation<{ path: string; watch: boolean }, T>,
    kind: 'data' | 'child',
    path: string,
    options: ReadOptions | undefined,
  ): Promise<T> {
    return this.#attempt(() =>
      this.#readAt(operation, kind, path, this.#session.chroot.toServer(path), options),
    );
  }

  #readAt<T>(
    operation: Operation<{ path: string; watch: boolean }, T>,
    kind: 'data' | 'child',
    path: string,
    serverPath: string,
    options: ReadOptions | undefined,
  ): Promise<T> {
    const watch = options?.watch;
    const request = new Request(operation, { path: serverPath, watch: watch !== undefined }, path);
    if (watch !== undefined) {
      request.watch = new OneShotRegistration(this.#session.watches, kind, serverPath, listenerOf(watch));
    }
    if (options?.signal !== undefined) request.abortBy(options.signal);
    this.#session.submit(request);
    return request.promise;
  }

  /** What is wrong with the arguments becomes a rejection, like any other error. */
  #attempt<T>(call: () => Promise<T>): Promise<T> {
    try {
      return call();
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }
}

/** For `watch: true`: the event is seen by `watchEvent` listeners only, but the watch is remembered all the same. */
function toNobody(): void {
  // nothing to do
}

function listenerOf(watch: true | WatchListener | OneShotWatch): WatchListener {
  if (watch === true) return toNobody;
  return watch instanceof OneShotWatch ? watch.listener : watch;
}

/** The part of node-zookeeper-client that the tests use; the package has no types of its own. */
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events';

  /** 64-bit fields are the eight bytes of the wire. */
  export interface Stat {
    readonly czxid: Buffer;
    readonly mzxid: Buffer;
    readonly pzxid: Buffer;
    readonly ctime: Buffer;
    readonly mtime: Buffer;
    readonly version: number;
    readonly cversion: number;
    readonly aversion: number;
    readonly ephemeralOwner: Buffer;
    readonly dataLength: number;
    readonly numChildren: number;
  }

  export class Id {
    constructor(scheme: string, id: string);
    readonly scheme: string;
    readonly id: string;
  }

  export class ACL {
    constructor(permission: number, id: Id);
    readonly permission: number;
    readonly id: Id;
    static readonly OPEN_ACL_UNSAFE: ACL[];
    static readonly CREATOR_ALL_ACL: ACL[];
    static readonly READ_ACL_UNSAFE: ACL[];
  }

  export interface WatchedEvent {
    readonly type: number;
    readonly name: string;
    readonly path: string;
  }

  export interface State {
    readonly name: string;
    readonly code: number;
  }

  export interface Exception extends Error {
    readonly code: number;
    readonly name: string;
  }

  export interface OpResult {
    readonly type: number;
    readonly err?: number;
    readonly path?: string;
    readonly stat?: Stat;
  }

  export interface Transaction {
    create(path: string, data: Buffer, mode?: number): this;
    /** A version of 0 is sent as -1 (any). */
    check(path: string, version: number): this;
    setData(path: string, data: Buffer, version?: number): this;
    remove(path: string, version?: number): this;
    commit(callback: (error: Failure, results: OpResult[]) => void): void;
  }

  type Failure = Exception | null | undefined;
  type Watcher = (event: WatchedEvent) => void;

  export interface Client extends EventEmitter {
    connect(): void;
    close(): void;
    getState(): State;
    getSessionId(): Buffer;
    getSessionPassword(): Buffer;
    getSessionTimeout(): number;
    addAuthInfo(scheme: string, auth: Buffer): void;
    create(
      path: string,
      data: Buffer,
      acl: ACL[],
      mode: number,
      callback: (error: Failure, path: string) => void,
    ): void;
    remove(path: string, version: number, callback: (error: Failure) => void): void;
    setData(
      path: string,
      data: Buffer,
      version: number,
      callback: (error: Failure, stat: Stat) => void,
    ): void;
    getData(
      path: string,
      watcher: Watcher | undefined,
      callback: (error: Failure, data: Buffer | undefined, stat: Stat) => void,
    ): void;
    setACL(path: string, acl: ACL[], version: number, callback: (error: Failure, stat: Stat) => void): void;
    getACL(path: string, callback: (error: Failure, acl: ACL[], stat: Stat) => void): void;
    exists(
      path: string,
      watcher: Watcher | undefined,
      callback: (error: Failure, stat: Stat | null) => void,
    ): void;
    getChildren(
      path: string,
      watcher: Watcher | undefined,
      callback: (error: Failure, children: string[], stat: Stat) => void,
    ): void;
    transaction(): Transaction;
  }

  export interface ClientOptions {
    readonly sessionTimeout?: number;
    readonly spinDelay?: number;
    readonly retries?: number;
    readonly sessionId?: Buffer;
    readonly sessionPassword?: Buffer;
  }

  interface Package {
    createClient(connectString: string, options?: ClientOptions): Client;
    readonly ACL: typeof ACL;
    readonly Id: typeof Id;
    readonly Permission: Readonly<Record<'READ' | 'WRITE' | 'CREATE' | 'DELETE' | 'ADMIN' | 'ALL', number>>;
    readonly CreateMode: Readonly<
      Record<'PERSISTENT' | 'PERSISTENT_SEQUENTIAL' | 'EPHEMERAL' | 'EPHEMERAL_SEQUENTIAL', number>
    >;
    readonly Event: Readonly<
      Record<'NODE_CREATED' | 'NODE_DELETED' | 'NODE_DATA_CHANGED' | 'NODE_CHILDREN_CHANGED', number>
    >;
  }

  const zookeeper: Package;
  export default zookeeper;
}

/**
 * node-zookeeper-client with promises and a scope: the client under test in node.interop.ts, and for the other
 * tests an independent pair of eyes that looks at the tree while a foreign program does something to it.
 */
import zookeeper, {
  type ACL,
  type Client,
  type ClientOptions,
  type Exception,
  type OpResult,
  type Stat,
  type Transaction,
  type WatchedEvent,
} from 'node-zookeeper-client';
import { onceWithin } from './process.js';

export const { ACL: Acl, Id, Permission, CreateMode, Event } = zookeeper;

const CONNECT_LIMIT_MS = 20_000;
const REPLY_LIMIT_MS = 15_000;

type Watcher = (event: WatchedEvent) => void;
type Done<T> = (error: Exception | null | undefined, value: T) => void;

export class NodeClient implements AsyncDisposable {
  readonly raw: Client;

  private constructor(raw: Client) {
    this.raw = raw;
  }

  static async connect(connectString: string, options: ClientOptions = {}): Promise<NodeClient> {
    const raw = zookeeper.createClient(connectString, { sessionTimeout: 10_000, spinDelay: 50, ...options });
    const connected = onceWithin(raw, 'connected', CONNECT_LIMIT_MS);
    raw.connect();
    await connected;
    return new NodeClient(raw);
  }

  create(
    path: string,
    data = '',
    mode = CreateMode.PERSISTENT,
    acl: ACL[] = Acl.OPEN_ACL_UNSAFE,
  ): Promise<string> {
    return reply(`create ${path}`, (done) => this.raw.create(path, Buffer.from(data), acl, mode, done));
  }

  remove(path: string, version = -1): Promise<void> {
    return reply(`delete ${path}`, (done) =>
      this.raw.remove(path, version, (error) => done(error, undefined)),
    );
  }

  setData(path: string, data: string, version = -1): Promise<Stat> {
    return reply(`setData ${path}`, (done) => this.raw.setData(path, Buffer.from(data), version, done));
  }

  getData(path: string, watcher?: Watcher): Promise<{ data: string; stat: Stat }> {
    return reply(`getData ${path}`, (done) =>
      this.raw.getData(path, watcher, (error, data, stat) =>
        done(error, { data: data?.toString() ?? '', stat }),
      ),
    );
  }

  /** The Stat, or null when there is no such znode. */
  exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return reply(`exists ${path}`, (done) => this.raw.exists(path, watcher, done));
  }

  getChildren(path: string, watcher?: Watcher): Promise<string[]> {
    return reply(`getChildren ${path}`, (done) => this.raw.getChildren(path, watcher, done));
  }

  getAcl(path: string): Promise<ACL[]> {
    return reply(`getACL ${path}`, (done) => this.raw.getACL(path, done));
  }

  setAcl(path: string, acl: ACL[], version = -1): Promise<Stat> {
    return reply(`setACL ${path}`, (done) => this.raw.setACL(path, acl, version, done));
  }

  /** Sends a multi; a refused one resolves too, with the first error and all results. */
  multi(
    build: (transaction: Transaction) => void,
  ): Promise<{ error: Exception | undefined; results: OpResult[] }> {
    const transaction = this.raw.transaction();
    build(transaction);
    return reply('multi', (done) =>
      transaction.commit((error, results) => done(null, { error: error ?? undefined, results })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.raw.getState().name !== 'SYNC_CONNECTED') {
      this.raw.close();
      return;
    }
    const closed = onceWithin(this.raw, 'disconnected', REPLY_LIMIT_MS);
    this.raw.close();
    await closed;
  }
}

/** The code of a KeeperException, for tables of expected failures; 'OK' when nothing failed. */
export async function codeOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'OK';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

/** One reply as a promise, with a limit: a reply that never comes must name the request it belongs to. */
function reply<T>(what: string, send: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no reply to ${what} within ${REPLY_LIMIT_MS} ms`)),
      REPLY_LIMIT_MS,
    );
    send((error, value) => {
      clearTimeout(timer);
      if (error === null || error === undefined) resolve(value);
      else reject(error);
    });
  });
}

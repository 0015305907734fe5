/** Starts servers: from a configuration, and embedded in somebody's program or test. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pino, type Logger } from 'pino';
import { dataPlaceOf, readIfPresent, resolveConfig, type ServerConfig } from '../config/index.js';
import { StorageError, openMemoryStorage, openStorage, type Storage } from '../storage/index.js';
import { openAdmin, openMetrics, type OpenPort } from '../admin/index.js';
import { answer, fourLetterWord, isWhitelisted } from '../ops/index.js';
import { Server, type FatalError, type Status, type Words } from '../server/index.js';

/** A server that serves clients. */
export interface RunningServer extends AsyncDisposable {
  /** The client port, also where 0 was asked for; 0 if there is none. */
  readonly port: number;
  /** The port for clients with TLS; 0 if there is none. */
  readonly securePort: number;
  /** The address listened on, as bound. */
  readonly address: string;
  /** `host:port` for a client on this machine. */
  readonly connectString: string;
  readonly status: Status;
  /** Of the admin server; undefined when there is none. */
  readonly adminPort: number | undefined;
  /** Of the Prometheus provider; undefined when there is none. */
  readonly metricsPort: number | undefined;
  /** Settles when the server cannot go on (a failed disk); never for `close`. */
  readonly failed: Promise<FatalError>;
  /** Stops serving and brings everything to disk. Usually well under a second. */
  close(): Promise<void>;
}

/**
 * Starts a server with its data on disk and resolves when clients are served.
 * @throws StorageError when the data cannot be used, ListenError when the port cannot
 */
export async function runServer(config: ServerConfig, log: Logger): Promise<RunningServer> {
  const { dataDir, dataLogDir, serverId } = dataPlaceOf(config);
  refuseApacheData(dataDir);
  refuseApacheData(dataLogDir);
  const storage = await openStorage({
    dataDir,
    dataLogDir,
    serverId,
    logRetentionRecords: config.logRetentionRecords,
    logRetentionBytes: config.logRetentionBytes,
    acceptDataLoss: config.acceptDataLoss,
    autocreate: config.dataDirAutocreate,
    forceSync: true,
    inEnsemble: config.ensemble !== undefined,
    onProgress: (message, detail) => log.warn(detail, message),
  });
  return serve(config, storage, log);
}

const words: Words = { find: fourLetterWord, isAllowed: isWhitelisted, answer };

async function serve(config: ServerConfig, storage: Storage, log: Logger): Promise<RunningServer> {
  const server = await openServer(config, storage, log);
  const ports: OpenPort[] = [];
  const close = async (): Promise<void> => {
    for (const port of ports) port.close();
    await server.close();
  };
  let admin: OpenPort | undefined;
  let metrics: OpenPort | undefined;
  try {
    const { monitoring } = config;
    if (monitoring.metrics !== undefined)
      ports.push((metrics = await openMetrics(monitoring.metrics, server.status, log)));
    if (monitoring.admin !== undefined) admin = await openAdmin(monitoring.admin, server.status, log);
    if (admin !== undefined) ports.push(admin);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  return {
    // A reconfig may move it.
    get port() {
      return server.port;
    },
    securePort: server.securePort,
    address: server.address,
    get connectString() {
      return `127.0.0.1:${server.port}`;
    },
    status: server.status,
    adminPort: admin?.address.port,
    metricsPort: metrics?.address.port,
    failed: server.failed,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openServer(config: ServerConfig, storage: Storage, log: Logger): Promise<Server> {
  let server: Server | undefined;
  try {
    server = new Server(config, storage, log, words);
    await server.start();
    return server;
  } catch (error) {
    // Whatever closing finds wrong is a consequence: the first error is the one to report.
    await (server ?? storage).close().catch(() => undefined);
    throw error;
  }
}

/** An empty tree beside somebody's old data would look like data loss; taking them over is an operator's decision. */
function refuseApacheData(directory: string): void {
  if (!existsSync(directory) || existsSync(join(directory, 'log.db'))) return;
  const found = readdirSync(directory).find((name) => /^(snapshot|log)\.[0-9a-f]+(\.|$)/.test(name));
  if (found === undefined) return;
  throw new StorageError(
    'config',
    `${directory} holds the data of an Apache ZooKeeper server (${found}). ` +
      'Name another dataDir and take the data over with "zabkeeper import" (docs/migration.md), or move these files away to start with an empty tree.',
  );
}

/** How an embedded server differs from the default. */
export interface StartOptions {
  /** @default 0: any free port */
  readonly port?: number;
  /** Address to listen on. @default 127.0.0.1 */
  readonly host?: string;
  /** Keep the data here. @default none: everything stays in memory and is gone with the server */
  readonly dataDir?: string;
  /** Keys of zoo.cfg, e.g. `{ tickTime: '100', enforceQuota: 'true' }`. There is no admin server unless they say so. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Which of the `server.N` lines among the properties is this server: what the file `myid` says elsewhere. */
  readonly serverId?: number;
  /** @default none: the server is silent */
  readonly log?: Logger;
}

/**
 * Starts a server inside this process, for tests and tools: `await using zk = await startServer({ port: 0 })`. A member of
 * an ensemble is returned before there is a leader.
 * @throws ConfigError, StorageError or ListenError, as the command would report them
 */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const { serverId } = options;
  const resolved = resolveConfig({
    keys: {
      tickTime: '2000',
      clientPort: '2181',
      clientPortAddress: options.host ?? '127.0.0.1',
      // All of a test's clients come from one address.
      maxClientCnxns: '0',
      // A library that opens a well-known port would surprise.
      'admin.enableServer': 'false',
      ...options.properties,
      dataDir: options.dataDir ?? '/nonexistent',
    },
    cwd: process.cwd(),
    readText: (path) => {
      if (basename(path) !== 'myid') return readIfPresent(path);
      return serverId === undefined ? undefined : String(serverId);
    },
  });
  const config: ServerConfig = { ...resolved.config, clientPort: options.port ?? 0 };
  const log = options.log ?? pino({ level: 'silent' });
  if (options.dataDir !== undefined) return runServer(config, log);
  // Members hand their records and znodes to each other.
  return serve(config, openMemoryStorage({ keep: config.ensemble !== undefined }), log);
}

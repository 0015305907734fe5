/**
 * The servers the cases run on: each setting that shows on the wire needs one of its own, started once for all
 * cases that want it, in both flavours side by side.
 *
 * `ZK_DIFF_OURS=apache` puts a second Apache where ours stands: no case may differ then, which proves that the
 * transcripts do not depend on the run. With `ZK_DIFF_OURS_CLASSPATH` that second one can be another release of
 * Apache's: then exactly the differences of kind `older` must show.
 */
import * as path from 'node:path';
import { fourLetterWord } from '../interop/network.js';
import { Program, until } from '../interop/process.js';
import { startServer, TestServer, type ServerOptions } from '../interop/server.js';
import { tools } from '../interop/tools.js';
import { auth, type Request } from './requests.js';

type Properties = NonNullable<ServerOptions['properties']>;

interface ServerKind {
  readonly config?: NonNullable<ServerOptions['config']>;
  readonly properties?: Properties;
  readonly jaas?: string;
  /** What a connection must send before the server does anything else for it. */
  readonly hello?: readonly Request[];
}

/** The user that the superDigest below belongs to: `super:admin`. */
export const SUPER = 'super:admin';
const SUPER_DIGEST = 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=';

const START_LIMIT_MS = 30_000;

const NEVER_MS = 2_000_000_000;

/** Reaping would consume zxids between two requests of a case; disks would only make the run slower. */
const COMMON: Properties = {
  'zookeeper.extendedTypesEnabled': true,
  'zookeeper.DigestAuthenticationProvider.superDigest': SUPER_DIGEST,
  'zookeeper.forceSync': 'no',
  'znode.container.checkIntervalMs': NEVER_MS,
};

const JAAS = `Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_super="adminsecret"
  user_bob="bobsecret";
};
`;

export const SERVERS: Readonly<Record<string, ServerKind>> = {
  /** Everything on that a case can ask for. */
  main: {},
  /** Time passes quickly here: sessions of 400 ms, reaping twelve times a second. */
  fast: {
    config: { tickTime: 200 },
    properties: {
      'znode.container.checkIntervalMs': 80,
      'znode.container.maxNeverUsedIntervalMs': 0,
    },
  },
  quota: { properties: { 'zookeeper.enforceQuota': true } },
  sasl: {
    jaas: JAAS,
    properties: {
      'zookeeper.authProvider.1': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
    },
  },
  /** Nothing but authentication before a digest identity. */
  enforced: {
    properties: { 'zookeeper.enforce.auth.enabled': true, 'zookeeper.enforce.auth.schemes': 'digest' },
    hello: [auth('digest', 'admin:admin')],
  },
  /** Extended types off, a whitelist, small limits. */
  narrow: {
    config: {
      '4lw.commands.whitelist': 'srvr, isro',
      maxClientCnxns: 4,
      minSessionTimeout: 5000,
      maxSessionTimeout: 7000,
      reconfigEnabled: true,
    },
    properties: {
      'zookeeper.extendedTypesEnabled': false,
      'jute.maxbuffer': 4096,
      'zookeeper.nio.sessionlessCnxnTimeout': 1000,
      'zookeeper.enableEagerACLCheck': true,
    },
  },
  /** No access checks. */
  open: { properties: { 'zookeeper.skipACL': 'yes' } },
};

export const OURS_IS_APACHE = process.env['ZK_DIFF_OURS'] === 'apache';
const OURS_CLASS_PATH = process.env['ZK_DIFF_OURS_CLASSPATH'];

/** True when the second Apache is the same release as the first. */
export const SAME_RELEASE = OURS_IS_APACHE && OURS_CLASS_PATH === undefined;

/** What the cases need of a server. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  describe(): string;
}

export class Pair implements AsyncDisposable {
  readonly apache: Server;
  readonly ours: Server;
  readonly hello: readonly Request[];

  private constructor(apache: Server, ours: Server, hello: readonly Request[]) {
    this.apache = apache;
    this.ours = ours;
    this.hello = hello;
  }

  static async start(name: string): Promise<Pair> {
    const kind = SERVERS[name];
    if (kind === undefined) throw new Error(`no server ${name}`);
    const options: ServerOptions = {
      config: { tickTime: 2000, '4lw.commands.whitelist': '*', ...kind.config },
      properties: { ...COMMON, ...kind.properties },
      ...(kind.jaas === undefined ? {} : { jaas: kind.jaas }),
    };
    const [apache, ours] = await Promise.allSettled([
      startServer({ ...options, flavour: 'apache' }),
      startOurs(options),
    ]);
    if (apache.status === 'fulfilled' && ours.status === 'fulfilled') {
      return new Pair(apache.value, ours.value, kind.hello ?? []);
    }
    for (const started of [apache, ours]) {
      if (started.status === 'fulfilled') await started.value[Symbol.asyncDispose]();
    }
    throw new Error(`server ${name}: ${[apache, ours].map(reason).join('')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.apache[Symbol.asyncDispose](), this.ours[Symbol.asyncDispose]()]);
  }
}

function startOurs(options: ServerOptions): Promise<Server> {
  if (!OURS_IS_APACHE) return startServer({ ...options, flavour: 'zabkeeper' });
  if (OURS_CLASS_PATH === undefined) return startServer({ ...options, flavour: 'apache' });
  return startOtherRelease(OURS_CLASS_PATH, options);
}

/** Apache's server out of other jars than those of the package. */
async function startOtherRelease(classPath: string, options: ServerOptions): Promise<Server> {
  const files = await TestServer.prepare({ ...options, flavour: 'apache' });
  const properties = { ...options.properties };
  if (options.jaas !== undefined) {
    properties['java.security.auth.login.config'] = path.join(files.directory, 'jaas.conf');
  }
  const flags = Object.entries(properties).map(([key, value]) => `-D${key}=${String(value)}`);
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const program = Program.start(tools.java, [...flags, '-cp', classPath, main, files.configFile]);
  const dispose = async (): Promise<void> => {
    await program[Symbol.asyncDispose]();
    await files[Symbol.asyncDispose]();
  };
  try {
    await until('an answer to srvr', START_LIMIT_MS, async () => {
      if (program.exit !== undefined) throw new Error(`ended before it served: ${program.describe()}`);
      return (await fourLetterWord(files.port, 'srvr', 1000).catch(() => '')).includes('Mode: ');
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { port: files.port, describe: () => program.describe(), [Symbol.asyncDispose]: dispose };
}

function reason(result: PromiseSettledResult<Server>): string {
  return result.status === 'rejected' ? `${String(result.reason)}\n` : '';
}

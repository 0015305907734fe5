/** What is measured: one server or an ensemble, ours or Apache's, as processes of their own. */
import type { Target } from '../../src/bench/index.js';
import { Ensemble } from '../ensemble/ensemble.js';
import { startServer, type Flavour, type TestServer } from '../interop/server.js';

/** As Apache's zkEnv.sh starts it. */
const APACHE_JVM = ['-Xmx1000m'];
const CONFIG = { maxClientCnxns: 0 };

export interface SubjectOptions {
  readonly flavour: Flavour;
  readonly servers: number;
}

export interface Subject extends AsyncDisposable {
  readonly flavour: Flavour;
  readonly targets: readonly Target[];
  /** Of the servers as they run now. */
  readonly pids: readonly number[];
  /** Its servers. */
  readonly servers: readonly TestServer[];
}

/** Starts servers and waits until they serve. */
export async function startSubject({ flavour, servers }: SubjectOptions): Promise<Subject> {
  if (servers > 1) {
    const ensemble = await Ensemble.start({
      flavour,
      servers,
      proxied: false,
      config: CONFIG,
      jvm: APACHE_JVM,
    });
    return subject(
      flavour,
      ensemble.members.map(({ server }) => server),
      ensemble,
    );
  }
  const server = await startServer({ flavour, config: CONFIG, jvm: APACHE_JVM });
  return subject(flavour, [server], server);
}

function subject(flavour: Flavour, servers: readonly TestServer[], owner: AsyncDisposable): Subject {
  return {
    flavour,
    servers,
    targets: servers.map(({ host, port }) => ({ host, port })),
    get pids() {
      return servers.flatMap(({ pid }) => pid ?? []);
    },
    [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
  };
}

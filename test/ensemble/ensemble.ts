/**
 * Several server processes that form an ensemble on this machine, ours or Apache's, with a network between them that can
 * fail, and everything a supervisor does to them.
 *
 *     await using ensemble = await Ensemble.start({ servers: 3 });
 *     const leader = await ensemble.leader();
 *     await leader.kill();
 *     ensemble.network.isolate(2, 'silent');
 *
 * `ZK_ENSEMBLE_SERVER=apache` selects the flavour for tests which do not name one.
 */
import { rm } from 'node:fs/promises';
import * as path from 'node:path';
import { freePort, freePortRange, LOOPBACK } from '../interop/network.js';
import { until } from '../interop/process.js';
import { TestServer, type Flavour, type ServerOptions } from '../interop/server.js';
import { apacheCallback, Network, type ServerId } from './network.js';

export interface EnsembleOptions {
  /** @default flavourFromEnvironment() */
  readonly flavour?: Flavour;
  /** Voters. @default 3 */
  readonly servers?: number;
  /** @default 0 */
  readonly observers?: number;
  /** Further lines of every zoo.cfg. */
  readonly config?: ServerOptions['config'];
  readonly properties?: ServerOptions['properties'];
  readonly jvm?: ServerOptions['jvm'];
  /** Put the proxies of `network` between the servers. @default true */
  readonly proxied?: boolean;
  /** An existing directory for a server, which stays. @default a temporary one, deleted in the end */
  readonly directory?: (id: ServerId) => string | undefined;
  /** Additional environment of a server's process. */
  readonly env?: (id: ServerId) => ServerOptions['env'];
}

/** What `srvr` says; `none` is a server that does not serve, or does not answer. */
export type Mode = 'leader' | 'follower' | 'observer' | 'read-only' | 'none';

const START_LIMIT_MS = 40_000;
const ANSWER_MS_MAX = 1000;

export function flavourFromEnvironment(): Flavour {
  const name = process.env['ZK_ENSEMBLE_SERVER'] ?? 'zabkeeper';
  if (name !== 'zabkeeper' && name !== 'apache') {
    throw new Error(`ZK_ENSEMBLE_SERVER=${name}: expected zabkeeper or apache`);
  }
  return name;
}

interface Ports {
  readonly id: ServerId;
  readonly observer: boolean;
  readonly client: number;
  readonly quorum: number;
  readonly election: number;
}

/** One server of an ensemble. */
export class Member {
  readonly id: ServerId;
  readonly observer: boolean;
  readonly server: TestServer;

  constructor(id: ServerId, observer: boolean, server: TestServer) {
    this.id = id;
    this.observer = observer;
    this.server = server;
  }

  get connectString(): string {
    return this.server.connectString;
  }

  /** Where clients find it. */
  get address(): { id: ServerId; host: string; port: number } {
    return { id: this.id, host: this.server.host, port: this.server.port };
  }

  /** kill -9, and wait until the process is gone. */
  kill(): Promise<void> {
    return this.server.kill();
  }

  /** SIGTERM, and wait until the process is gone. */
  async stop(): Promise<void> {
    await this.server.stop();
  }

  /** Starts the process; it answers, but may not serve yet. */
  start(): Promise<void> {
    return this.server.start();
  }

  freeze(): void {
    this.server.signal('SIGSTOP');
  }

  thaw(): void {
    this.server.signal('SIGCONT');
  }

  /** The disk of the server is replaced by an empty one; its myid is all it has. The server must not run. */
  async wipe(): Promise<void> {
    if (this.server.running) throw new Error(`server ${this.id} runs: its data cannot be wiped`);
    await rm(path.join(this.server.dataDir, 'version-2'), { recursive: true });
  }

  async mode(): Promise<Mode> {
    if (!this.server.running) return 'none';
    try {
      const answer = await this.server.fourLetterWord('srvr', ANSWER_MS_MAX);
      const mode = /^Mode: (leader|follower|observer|read-only)$/m.exec(answer)?.[1];
      return (mode as Mode | undefined) ?? 'none';
    } catch {
      return 'none';
    }
  }

  /** Waits until it serves with a quorum behind it. */
  async serving(limitMs = START_LIMIT_MS): Promise<void> {
    await until(
      `server ${this.id} serves (${this.server.describe()})`,
      limitMs,
      async () => !['none', 'read-only'].includes(await this.mode()),
    );
  }
}

export class Ensemble implements AsyncDisposable {
  readonly flavour: Flavour;
  readonly members: readonly Member[];
  readonly network: Network;

  private constructor(flavour: Flavour, members: readonly Member[], network: Network) {
    this.flavour = flavour;
    this.members = members;
    this.network = network;
  }

  /** Starts all servers and waits until all of them serve. */
  static async start(options: EnsembleOptions = {}): Promise<Ensemble> {
    const ensemble = await Ensemble.prepare(options);
    try {
      await Promise.all(ensemble.members.map((member) => member.start()));
      await ensemble.serving();
      return ensemble;
    } catch (error) {
      await ensemble[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Everything but the processes. */
  static async prepare(options: EnsembleOptions = {}): Promise<Ensemble> {
    const flavour = options.flavour ?? flavourFromEnvironment();
    const { servers = 3, observers = 0, proxied = true } = options;
    const ports: Ports[] = [];
    for (let id = 1; id <= servers + observers; id++) {
      const quorum = await freePortRange(2);
      ports.push({ id, observer: id > servers, client: await freePort(), quorum, election: quorum + 1 });
    }
    const network = new Network();
    const views = proxied ? await proxiedViews(network, ports, flavour) : undefined;
    const members: Member[] = [];
    for (const own of ports) {
      const lines = ports.map((other) => {
        const { quorum, election } = views?.get(`${own.id}>${other.id}`) ?? other;
        const role = other.observer ? 'observer' : 'participant';
        return [`server.${other.id}`, `${LOOPBACK}:${quorum}:${election}:${role}`] as const;
      });
      const config: Record<string, string | number | boolean> = {
        tickTime: 2000,
        initLimit: 10,
        syncLimit: 5,
        maxClientCnxns: 0,
        '4lw.commands.whitelist': '*',
        ...(own.observer ? { peerType: 'observer' } : {}),
        ...options.config,
      };
      for (const [key, value] of lines) config[key] = value;
      const server = await TestServer.prepare({
        flavour,
        clientPort: own.client,
        myid: own.id,
        config,
        ready: 'answering',
        startLimitMs: START_LIMIT_MS,
        ...(options.properties === undefined ? {} : { properties: options.properties }),
        ...(options.jvm === undefined ? {} : { jvm: options.jvm }),
        ...given('directory', options.directory?.(own.id)),
        ...given('env', options.env?.(own.id)),
      });
      members.push(new Member(own.id, own.observer, server));
    }
    return new Ensemble(flavour, members, network);
  }

  get connectString(): string {
    return this.members.map(({ connectString }) => connectString).join(',');
  }

  member(id: ServerId): Member {
    const found = this.members.find((member) => member.id === id);
    if (found === undefined) throw new Error(`there is no server ${id}`);
    return found;
  }

  others(than: Member): Member[] {
    return this.members.filter((member) => member !== than);
  }

  /** Waits until all servers, or those given, serve. */
  async serving(members: readonly Member[] = this.members, limitMs = START_LIMIT_MS): Promise<void> {
    await Promise.all(members.map((member) => member.serving(limitMs)));
  }

  /** Waits for a server, of those given, that leads. */
  async leader(among: readonly Member[] = this.members, limitMs = START_LIMIT_MS): Promise<Member> {
    return until('somebody leads', limitMs, async () => {
      for (const member of among) if ((await member.mode()) === 'leader') return member;
      return undefined;
    });
  }

  /** A server, of those given, that follows. */
  async follower(among: readonly Member[] = this.members): Promise<Member> {
    return until('somebody follows', START_LIMIT_MS, async () => {
      for (const member of among) if ((await member.mode()) === 'follower') return member;
      return undefined;
    });
  }

  /** Output of all servers, for a failure message. */
  describe(): string {
    return this.members.map(({ id, server }) => `--- server ${id}: ${server.describe()}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) member.thaw();
    // The data goes with the servers: there is nothing to close with care.
    await Promise.all(this.members.map(({ server }) => server.kill()));
    await Promise.all(this.members.map(({ server }) => server[Symbol.asyncDispose]()));
    await this.network[Symbol.asyncDispose]();
  }
}

/** The property if it has a value: exact optional properties take no undefined. */
function given<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

/** Where each server finds each other one: its own ports as they are, everybody else's behind a proxy. */
async function proxiedViews(
  network: Network,
  ports: readonly Ports[],
  flavour: Flavour,
): Promise<Map<string, { quorum: number; election: number }>> {
  const views = new Map<string, { quorum: number; election: number }>();
  for (const { id: from } of ports) {
    for (const { id: to, quorum } of ports) {
      if (from === to) continue;
      views.set(`${from}>${to}`, { quorum: await network.link(from, to, quorum), election: 0 });
    }
  }
  for (const { id: from } of ports) {
    for (const { id: to, election } of ports) {
      const view = views.get(`${from}>${to}`);
      if (view === undefined) continue;
      // The proxy by which `to` calls `from` back may be opened later: its port is looked up when it is needed.
      const callback =
        flavour === 'apache'
          ? (bytes: Buffer): Buffer | undefined =>
              apacheCallback(views.get(`${to}>${from}`)?.election ?? 0)(bytes)
          : undefined;
      view.election = await network.link(from, to, election, callback);
    }
  }
  return views;
}

/**
 * Why this file exists: a local ensemble is a directory with a directory per server, each with a zoo.cfg like any other.
 * Made once, it is started again as it is, so that its data and whatever was changed in its files stay.
 *
 *   DIR/server.1/zoo.cfg
 *   DIR/server.1/data/myid
 */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import {
  ConfigError,
  formatServerLine,
  loadConfig,
  type Member,
  type MemberRole,
} from '../../config/index.js';

const HOST = '127.0.0.1';
/** Ports of a server: clients, quorum, election. */
const PORTS_PER_SERVER = 3;
export const SERVERS_MAX = 50;

/** What was asked for; what is undefined is decided by what is there, or by default. */
export interface EnsembleWish {
  readonly directory: string;
  readonly servers: number | undefined;
  readonly observers: number | undefined;
  /** Of the first server; the others follow upwards. */
  readonly clientPort: number | undefined;
}

/** One server of a local ensemble. */
export interface LocalServer {
  readonly id: number;
  readonly role: MemberRole;
  readonly configFile: string;
  readonly dataDir: string;
  /** `host:port`. */
  readonly client: string;
  readonly clientPort: number;
}

/** The ensemble of a directory: what is there, or made as wished. */
export async function prepareEnsemble(
  wish: EnsembleWish,
): Promise<{ servers: LocalServer[]; isNew: boolean }> {
  if (hasServers(wish.directory)) return { servers: readEnsemble(wish), isNew: false };
  await makeEnsemble(wish);
  return { servers: readEnsemble(wish), isNew: true };
}

function hasServers(directory: string): boolean {
  if (!existsSync(directory)) return false;
  const names = readdirSync(directory);
  if (names.some((name) => /^server\.\d+$/.test(name))) return true;
  if (names.length === 0) return false;
  throw new ConfigError(
    'DATA_DIR',
    `The directory ${directory} holds something else than an ensemble; name another one with --dir.`,
  );
}

/** What an earlier start made, checked as the servers will check it. */
function readEnsemble(wish: EnsembleWish): LocalServer[] {
  const { directory } = wish;
  const servers = readdirSync(directory)
    .map((name) => /^server\.(\d+)$/.exec(name)?.[1])
    .filter((id) => id !== undefined)
    .map((id) => readServer(directory, Number(id)))
    .sort((left, right) => left.id - right.id);
  const observers = servers.filter(({ role }) => role === 'observer').length;
  const participants = servers.length - observers;
  const conflict = (option: string, wished: number | undefined, found: number, what: string): void => {
    if (wished === undefined || wished === found) return;
    throw new ConfigError(
      'CONFLICT',
      `${option} ${wished} is not what the ensemble in ${directory} has: ${what}. ` +
        `Leave ${option} out to start it as it is, or name another directory with --dir for a new one.`,
    );
  };
  conflict('--servers', wish.servers, participants, plural(participants, 'server'));
  conflict('--observers', wish.observers, observers, plural(observers, 'observer'));
  const first = servers[0]?.clientPort ?? 0;
  conflict('--client-port', wish.clientPort, first, `its first server has the client port ${first}`);
  return servers;
}

function readServer(directory: string, id: number): LocalServer {
  const configFile = join(directory, `server.${id}`, 'zoo.cfg');
  const { config } = loadConfig({ file: configFile, cwd: dirname(configFile) });
  const self = config.membership.members.find((member) => member.id === id);
  if (config.serverId !== id || self === undefined) {
    throw new ConfigError(
      'MEMBERSHIP',
      `${configFile} belongs to server ${id}, but the file ${join(config.dataDir, 'myid')} says ` +
        `${config.serverId ?? 'nothing'}, and there ${self === undefined ? 'is no' : 'is a'} line server.${id}.`,
    );
  }
  const { dataDir, clientPort = 0, clientPortAddress: host = HOST } = config;
  const client = `${host.includes(':') ? `[${host}]` : host}:${clientPort}`;
  return { id, role: self.role, configFile, dataDir, client, clientPort };
}

/** Made beside its place and moved there whole: an ensemble of which a part is missing is not left behind. */
async function makeEnsemble(wish: EnsembleWish): Promise<void> {
  const { directory, servers = 3, observers = 0 } = wish;
  const count = servers + observers;
  if (observers > 0 && servers < 2) {
    throw new ConfigError('CONFLICT', 'With --observers there must be at least --servers 2.');
  }
  if (wish.clientPort !== undefined && wish.clientPort + count - 1 > 65_535) {
    throw new ConfigError('VALUE', `--client-port ${wish.clientPort} leaves no ports for ${count} servers.`);
  }
  const ports = await freePorts(count * PORTS_PER_SERVER, wish.clientPort, count);
  const portsOf = (index: number): readonly [number, number, number] => {
    const at = index * PORTS_PER_SERVER;
    const [client = 0, quorum = 0, election = 0] = ports.slice(at, at + PORTS_PER_SERVER);
    return [wish.clientPort === undefined ? client : wish.clientPort + index, quorum, election];
  };
  const members = Array.from({ length: count }, (_, index): Member => {
    const [, quorumPort, electionPort] = portsOf(index);
    return {
      id: index + 1,
      addresses: [{ host: HOST, quorumPort, electionPort }],
      role: index < servers ? 'participant' : 'observer',
      client: undefined,
      secureClient: undefined,
    };
  });
  const draft = `${directory}.new-${process.pid}`;
  for (const { id } of members) {
    const dataDir = join(draft, `server.${id}`, 'data');
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(dataDir, 'myid'), `${id}\n`);
    const [clientPort] = portsOf(id - 1);
    const text = configText(members, id, join(directory, `server.${id}`, 'data'), clientPort);
    writeFileSync(join(draft, `server.${id}`, 'zoo.cfg'), text);
  }
  renameSync(draft, directory);
}

function configText(members: readonly Member[], id: number, dataDir: string, clientPort: number): string {
  const lines = [
    `# Server ${id} of a local ensemble, made by zabkeeper ensemble start. What you change here stays.`,
    `dataDir=${dataDir}`,
    `clientPort=${clientPort}`,
    `clientPortAddress=${HOST}`,
    // They are on one machine: each takes a free one, which its log names.
    'admin.serverPort=0',
    // All clients of a local ensemble come from one address.
    'maxClientCnxns=0',
    'tickTime=2000',
    ...(members.length === 1 ? [] : ['initLimit=10', 'syncLimit=5']),
    ...members.map(formatServerLine),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Ports nobody listens on, below those that the system hands out for outgoing connections: a client that keeps
 * trying to reach a stopped server on one of those ends up connected to itself.
 */
async function freePorts(count: number, avoid = -1, avoidCount = 0): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < 100 * count && found.size < count; attempt++) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (port >= avoid && port < avoid + avoidCount) continue;
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new ConfigError('CONFLICT', `There are no ${count} free ports.`);
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

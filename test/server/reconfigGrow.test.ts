/**
 * Why this file exists: an ensemble is begun with one server and grown, or shrunk again, while clients write; nothing that
 * was acknowledged may be lost on the way, and the writing goes on.
 */
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, startServer, type RunningServer, type ZooKeeper } from '../../src/index.js';
import { exchange, freePorts, until } from './ensemble.js';

/** A write that takes longer than this is an outage, not a change of members. */
const GAP_MS_MAX = 5000;

class Growing implements AsyncDisposable {
  readonly servers = new Map<number, RunningServer>();
  readonly #ports: readonly number[];
  readonly #directory: string;

  /** @param ports three for each server that there may be */
  constructor(ports: readonly number[], directory: string) {
    this.#ports = ports;
    this.#directory = directory;
  }

  clientPort(id: number): number {
    return this.#ports[3 * id - 1] ?? 0;
  }

  line(id: number, role: 'participant' | 'observer'): string {
    const [quorum, election] = this.#ports.slice(3 * id - 3);
    return `127.0.0.1:${String(quorum)}:${String(election)}:${role};127.0.0.1:${this.clientPort(id)}`;
  }

  /** @param known members whose lines its file has */
  async start(id: number, known: readonly number[]): Promise<void> {
    const lines = known.map((other): [string, string] => [
      `server.${other}`,
      this.line(other, 'participant'),
    ]);
    const properties = {
      ...{ tickTime: '500', initLimit: '10', syncLimit: '5', '4lw.commands.whitelist': '*' },
      ...{ reconfigEnabled: 'true', skipACL: 'yes', standaloneEnabled: 'false' },
      clientPort: String(this.clientPort(id)),
      ...Object.fromEntries(lines),
      ...(known.includes(id) ? {} : { [`server.${id}`]: this.line(id, 'observer') }),
    };
    const dataDir = join(this.#directory, String(id));
    const server = await startServer({ serverId: id, port: this.clientPort(id), properties, dataDir });
    this.servers.set(id, server);
  }

  async mode(id: number): Promise<string | undefined> {
    return /^Mode: (.*)$/m.exec(await exchange(this.clientPort(id), 'srvr'))?.[1];
  }

  async leader(): Promise<number> {
    for (const id of this.servers.keys()) if ((await this.mode(id)) === 'leader') return id;
    return 0;
  }

  async stop(id: number): Promise<void> {
    const server = this.servers.get(id);
    this.servers.delete(id);
    await server?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.close()));
  }
}

/** Creates one znode after the other until it is told to stop. */
class Writing implements AsyncDisposable {
  readonly written: string[] = [];
  longestMs = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(client: ZooKeeper) {
    this.#done = this.#run(client);
  }

  async #run(client: ZooKeeper): Promise<void> {
    let last = performance.now();
    for (let i = 0; !this.#stopped; i++) {
      const path = `/written/${i}`;
      try {
        await client.create(path, '');
        this.written.push(path);
        this.longestMs = Math.max(this.longestMs, performance.now() - last);
        last = performance.now();
      } catch {
        // Its outcome is unknown, or its session moves: the next one has another name.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

describe('an ensemble that grows from one server to five and shrinks back while clients write', function () {
  this.timeout(120_000);
  let directory: string;

  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'reconfig-grow-'))));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('loses no write that was acknowledged, and never stops for long', async () => {
    await using servers = new Growing(await freePorts(15), directory);
    await servers.start(1, [1]);
    await until('one leads', async () => (await servers.mode(1)) === 'leader');
    const all = [1, 2, 3, 4, 5].map((id) => `127.0.0.1:${servers.clientPort(id)}`).join(',');
    await using admin = await connect({ servers: all });
    await using client = await connect({ servers: all });
    await client.create('/written', '');
    await using writing = new Writing(client);
    /** The connection may be to a server that goes: then the answer is lost, and the change is done or asked for again. */
    const change = (options: Parameters<ZooKeeper['reconfig']>[0], done: RegExp): Promise<void> =>
      until(JSON.stringify(options), async () => {
        await admin.reconfig(options).catch(() => undefined);
        const config = await admin.getConfig().catch(() => undefined);
        return done.test(config?.data?.toString() ?? '');
      });

    for (const id of [2, 3, 4, 5]) {
      await servers.start(
        id,
        [1, 2, 3, 4].filter((other) => other < id),
      );
      const joining = (role: 'observer' | 'participant'): string => `server.${id}=${servers.line(id, role)}`;
      await change({ joining: [joining('observer')] }, new RegExp(`server.${id}=.*observer`));
      await until(`${id} observes`, async () => (await servers.mode(id)) === 'observer');
      await change({ joining: [joining('participant')] }, new RegExp(`server.${id}=.*participant`));
      // Whoever becomes a voter joins anew; where half of the voters did, an election may end in its favour.
      const votes = ['follower', 'leader'];
      await until(`${id} votes`, async () => votes.includes((await servers.mode(id)) ?? ''));
    }
    for (let members = [1, 2, 3, 4, 5]; members.length > 1;) {
      await until('there is a leader', async () => (await servers.leader()) !== 0);
      const leader = await servers.leader();
      await change({ leaving: [leader] }, new RegExp(`^(?![^]*server.${leader}=)[^]*version`));
      await until(`another leads than ${leader}`, async () => ![0, leader].includes(await servers.leader()));
      await servers.stop(leader);
      members = members.filter((id) => id !== leader);
    }

    const before = writing.written.length;
    await until('writing goes on', () => writing.written.length > before);
    await writing.stop();
    await client.sync('/');
    const children = new Set((await client.getChildren('/written')).children);
    const lost = writing.written.filter((path) => !children.has(path.slice('/written/'.length)));
    expect(lost).to.deep.equal([]);
    expect(writing.longestMs).to.be.below(GAP_MS_MAX);
  });
});

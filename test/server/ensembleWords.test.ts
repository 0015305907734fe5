/**
 * Why this file exists: monitors, load balancers and clients learn from four-letter words and from /zookeeper/config
 * what an ensemble is and who leads it. So three servers are asked here, alone, together and with their quorum gone.
 */
import { expect } from 'chai';
import { connect as connectSocket, createServer, type Server } from 'node:net';
import { connect, startServer, type RunningServer } from '../../src/index.js';

const WAIT_MS_MAX = 15_000;
const IDS = [1, 2, 3] as const;

/** An ensemble of this process, with its data in memory. */
class Ensemble implements AsyncDisposable {
  readonly servers = new Map<number, RunningServer>();
  readonly membership: Readonly<Record<string, string>>;
  readonly #properties: Readonly<Record<string, string>>;

  constructor(ports: readonly number[], properties: Readonly<Record<string, string>> = {}) {
    this.membership = Object.fromEntries(
      IDS.map((id, at) => [
        `server.${id}`,
        `127.0.0.1:${String(ports[2 * at])}:${String(ports[2 * at + 1])}:participant`,
      ]),
    );
    this.#properties = properties;
  }

  async start(id: number): Promise<void> {
    const properties = {
      tickTime: '500',
      initLimit: '10',
      syncLimit: '5',
      '4lw.commands.whitelist': '*',
      ...this.membership,
      ...this.#properties,
    };
    this.servers.set(id, await startServer({ serverId: id, properties }));
  }

  async stop(id: number): Promise<void> {
    const server = this.servers.get(id);
    this.servers.delete(id);
    await server?.close();
  }

  ask(id: number, word: string): Promise<string> {
    return exchange(this.port(id), word);
  }

  port(id: number): number {
    return this.servers.get(id)?.port ?? 0;
  }

  async mode(id: number): Promise<string | undefined> {
    return /^Mode: (.*)$/m.exec(await this.ask(id, 'srvr'))?.[1];
  }

  /** Until all that run have one of these modes. @returns who leads and who follows */
  async settled(...modes: readonly (string | undefined)[]): Promise<{ leader: number; followers: number[] }> {
    const until = performance.now() + WAIT_MS_MAX;
    for (;;) {
      const found = new Map<number, string | undefined>();
      for (const id of this.servers.keys()) found.set(id, await this.mode(id));
      const followers = [...found].filter(([, mode]) => mode === 'follower').map(([id]) => id);
      const leaders = [...found].filter(([, mode]) => mode === 'leader').map(([id]) => id);
      const isDone = [...found.values()].every((mode) => modes.includes(mode)) && leaders.length < 2;
      if (isDone && modes.every((mode) => [...found.values()].includes(mode)))
        return { leader: leaders[0] ?? 0, followers };
      if (performance.now() > until) throw new Error(`modes are ${JSON.stringify([...found])}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.close()));
  }
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const listening: Server[] = [];
  const ports: number[] = [];
  for (let left = count; left > 0; left--) {
    const server = createServer();
    listening.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  await Promise.all(listening.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function exchange(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connectSocket({ port, host: '127.0.0.1' }, () => socket.write(word));
    socket.setEncoding('utf8').setTimeout(5000, () => socket.destroy(new Error(`no answer to ${word}`)));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

function numbersOf(mntr: string): Map<string, string> {
  return new Map(
    mntr
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t') as [string, string]),
  );
}

describe('the words of an ensemble', function () {
  this.timeout(60_000);
  const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';
  let ensemble: Ensemble;
  let leader: number;
  let followers: number[];

  before(async () => {
    ensemble = new Ensemble(await freePorts(6));
    await ensemble.start(1);
  });

  after(async () => {
    await ensemble[Symbol.asyncDispose]();
  });

  it('say without a quorum that the server does not serve', async () => {
    for (const word of ['srvr', 'stat', 'mntr', 'conf', 'cons', 'dump', 'wchs'])
      expect(await ensemble.ask(1, word), word).to.equal(NOT_SERVING);
    expect(await ensemble.ask(1, 'ruok')).to.equal('imok');
    expect(await ensemble.ask(1, 'isro')).to.equal('null');
  });

  it('name one leader once there is a quorum', async () => {
    await Promise.all([ensemble.start(2), ensemble.start(3)]);
    ({ leader, followers } = await ensemble.settled('leader', 'follower'));
    expect(followers).to.have.lengthOf(2);
    for (const id of IDS) expect(await ensemble.ask(id, 'isro')).to.equal('rw');
  });

  it('count learners and proposals on the leader', async () => {
    await using client = await connect({ servers: `127.0.0.1:${ensemble.port(followers[0] ?? 0)}` });
    await client.create('/words', Buffer.alloc(1000));
    const counted = numbersOf(await ensemble.ask(leader, 'mntr'));
    expect(counted.get('zk_server_state')).to.equal('leader');
    expect(counted.get('zk_peer_state')).to.equal('leading - broadcast');
    expect(counted.get('zk_quorum_size')).to.equal('3');
    expect(counted.get('zk_learners')).to.equal('2');
    expect(counted.get('zk_synced_followers')).to.equal('2');
    expect(counted.get('zk_synced_observers')).to.equal('0');
    expect(Number(counted.get('zk_max_proposal_size'))).to.be.within(1000, 1200);
    expect(Number(counted.get('zk_proposal_count'))).to.be.at.least(2);
    expect(counted.get('zk_commit_count')).to.equal(counted.get('zk_proposal_count'));
    expect(counted.get('zk_peer_alarms')).to.equal('0');
    const follower = numbersOf(await ensemble.ask(followers[0] ?? 0, 'mntr'));
    expect(follower.get('zk_server_state')).to.equal('follower');
    expect(follower.get('zk_peer_state')).to.equal('following - broadcast');
    expect(follower.get('zk_proposal_count')).to.equal('0');
    expect(follower.has('zk_learners')).to.equal(false);
  });

  it('have the sizes of proposals on the leader, until srst', async () => {
    expect(await ensemble.ask(leader, 'srvr')).to.match(
      /\nProposal sizes last\/min\/max: \d+\/\d+\/1\d\d\d\n$/,
    );
    expect(await ensemble.ask(leader, 'srst')).to.equal('Server stats reset.\n');
    expect(await ensemble.ask(leader, 'srvr')).to.match(/\nProposal sizes last\/min\/max: -1\/-1\/-1\n$/);
    for (const id of followers) expect(await ensemble.ask(id, 'srvr')).not.to.contain('Proposal');
  });

  it('list sessions by their timeout on a follower and by their end on the leader', async () => {
    const [follower = 0] = followers;
    await using client = await connect({
      servers: `127.0.0.1:${ensemble.port(follower)}`,
      sessionTimeoutMs: 5000,
    });
    await client.create('/words/mine', '', { ephemeral: true });
    const dump = await ensemble.ask(follower, 'dump');
    const session = /^Global Sessions\(1\):\n(0x[0-9a-f]+)\t5000ms\nephemeral nodes dump:\n/m.exec(dump)?.[1];
    expect(dump).to.contain(`Sessions with Ephemerals (1):\n${String(session)}:\n\t/words/mine\n`);
    expect(dump).to.match(new RegExp(`\n\tip: /127\\.0\\.0\\.1:\\d+ sessionId: ${String(session)}\n`));
    expect(await ensemble.ask(leader, 'dump')).to.match(
      new RegExp(`Session Sets \\(1\\)/\\(1\\):\n1 expire at .*:\n\t${String(session)}\n`),
    );
  });

  it('and /zookeeper/config have the members, everywhere the same', async () => {
    const lines = Object.entries(ensemble.membership).map(([key, value]) => `${key}=${value}`);
    const text = [...lines, 'version=0'].join('\n');
    for (const id of IDS) {
      await using client = await connect({ servers: `127.0.0.1:${ensemble.port(id)}` });
      const { data, stat } = await client.getData('/zookeeper/config');
      expect(String(data)).to.equal(text);
      expect(stat.version).to.equal(-1);
      const conf = await ensemble.ask(id, 'conf');
      const [, quorumPort, electionPort] = String(ensemble.membership[`server.${id}`]).split(':');
      expect(conf).to.satisfy((found: string) =>
        found.endsWith(
          `\nserverId=${id}\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=${String(electionPort)}` +
            `\nquorumPort=${String(quorumPort)}\npeerType=0\nmembership: \n${text}`,
        ),
      );
    }
  });

  it('follow a change of leader', async () => {
    await ensemble.stop(leader);
    ({ leader, followers } = await ensemble.settled('leader', 'follower'));
    const counted = numbersOf(await ensemble.ask(leader, 'mntr'));
    expect(counted.get('zk_synced_followers')).to.equal('1');
    expect(counted.get('zk_quorum_size')).to.equal('3');
    expect(Number(counted.get('zk_looking_count'))).to.be.at.least(2);
    expect(Number(counted.get('zk_cnt_election_time'))).to.be.at.least(2);
    expect(Number(counted.get('zk_leader_uptime'))).to.be.lessThan(Number(counted.get('zk_uptime')));
  });

  it('say that the last one does not serve', async () => {
    await ensemble.stop(leader);
    await ensemble.settled(undefined);
    const [last = 0] = followers;
    expect(await ensemble.ask(last, 'srvr')).to.equal(NOT_SERVING);
    expect(await ensemble.ask(last, 'isro')).to.equal('null');
  });
});

describe('the words of a member in read-only mode', function () {
  this.timeout(30_000);

  it('say so', async () => {
    await using ensemble = new Ensemble(await freePorts(6), { 'readonlymode.enabled': 'true' });
    await ensemble.start(1);
    await ensemble.settled('read-only');
    expect(await ensemble.ask(1, 'isro')).to.equal('ro');
    expect(await ensemble.ask(1, 'srvr')).to.match(
      /^Zookeeper version: .*\nREAD-ONLY mode; serving only read-only clients\n(?:.+\n)*Mode: read-only\nNode count: \d+\n$/,
    );
    const counted = numbersOf(await ensemble.ask(1, 'mntr'));
    expect(counted.get('zk_server_state')).to.equal('read-only');
    expect(counted.has('zk_peer_state')).to.equal(false);
    expect(await ensemble.ask(1, 'conf')).to.match(/\npeerType=0\n$/);
    await using client = await connect({ servers: `127.0.0.1:${ensemble.port(1)}`, readOnly: true });
    const { data } = await client.getData('/zookeeper/config');
    expect(String(data)).to.contain('server.1=');
  });
});

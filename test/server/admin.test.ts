/** Why this file exists: what operators, load balancers and Prometheus ask over HTTP, of servers that run. */
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { connect, startServer, type RunningServer } from '../../src/index.js';
import { adminCommands } from '../../src/admin/index.js';
import { readPrometheus, sampleOf } from '../helpers/prometheus.js';
import { Ensemble, IDS, freePorts } from './ensemble.js';

const TOKEN = 'a-token-of-some-length';
const ADMIN = { 'admin.enableServer': 'true', 'admin.serverPort': '0' };

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

async function get(port: number | undefined, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
    ...init,
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) as Record<string, unknown> };
}

function recordingLog(): { readonly log: Logger; readonly messages: string[] } {
  const messages: string[] = [];
  const take = (line: string): void => void messages.push((JSON.parse(line) as { msg: string }).msg);
  return { log: pino({}, { write: take }), messages };
}

describe('the admin server', () => {
  let directory: string;
  let server: RunningServer;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'admin-'));
    await writeFile(join(directory, 'token'), `${TOKEN}\n`);
    server = await startServer({
      properties: { ...ADMIN, 'zabkeeper.adminTokenFile': join(directory, 'token') },
    });
  });
  after(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  it('is not there in an embedded server that nobody asked for one', async () => {
    await using other = await startServer();
    expect(other.adminPort).to.equal(undefined);
    expect(other.metricsPort).to.equal(undefined);
  });

  it('lists its commands', async () => {
    const { status, text } = await get(server.adminPort, '/commands');
    expect(status).to.equal(200);
    expect([...text.matchAll(/<a href="\/commands\/(\w+)">\1<\/a>/g)].map(([, name]) => name)).to.deep.equal(
      adminCommands.map(({ name }) => name),
    );
  });

  it('answers each command by its name and its aliases, naming itself', async () => {
    for (const { name, aliases, changes } of adminCommands) {
      for (const each of [name, ...aliases]) {
        const { status, json } = await get(server.adminPort, `/commands/${each}`);
        expect(status, each).to.equal(changes ? 401 : 200);
        expect(json(), each).to.include({ command: name });
        if (!changes && name !== 'leader') expect(json(), each).to.include({ error: null });
      }
    }
  });

  it('says as Apache does what it does not know', async () => {
    const { status, json } = await get(server.adminPort, '/commands/nosuch');
    expect(status).to.equal(200);
    expect(json()).to.deep.equal({ command: 'nosuch', error: 'Unknown command: nosuch' });
    expect((await get(server.adminPort, '/elsewhere')).status).to.equal(404);
    expect((await get(server.adminPort, '/commands/ruok', { method: 'POST' })).status).to.equal(404);
  });

  it('changes something for the token alone', async () => {
    await using client = await connect({ servers: server.connectString });
    await client.exists('/');
    const received = async (): Promise<unknown> => {
      const { json } = await get(server.adminPort, '/commands/connections');
      return (json()['connections'] as { packets_received: number }[])[0]?.packets_received;
    };
    for (const authorization of [undefined, 'Bearer another-token-of-length', `Basic ${TOKEN}`]) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const { status, json } = await get(server.adminPort, '/commands/crst', { headers });
      expect(status).to.equal(401);
      expect(json()['error']).to.match(/^(Auth info is missing for the command|Not authenticated)$/);
    }
    expect(await received()).to.equal(2);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await get(server.adminPort, '/commands/crst', { headers })).json()['error']).to.equal(null);
    expect(await received()).to.equal(0);
  });

  it('changes nothing when there is no token', async () => {
    await using other = await startServer({ properties: ADMIN });
    const { status, json } = await get(other.adminPort, '/commands/srst', {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(status).to.equal(403);
    expect(json()['error']).to.equal('Commands that change something need zabkeeper.adminTokenFile');
  });

  it('takes a mask for stmk and explains a wrong one', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const mask = async (query: string): Promise<Record<string, unknown>> =>
      (await get(server.adminPort, `/commands/stmk${query}`, { headers })).json();
    expect((await mask('?traceMask=5'))['tracemask']).to.equal(5);
    expect((await get(server.adminPort, '/commands/gtmk')).json()['tracemask']).to.equal(5);
    expect((await mask(''))['error']).to.equal('setTraceMask requires long traceMask argument');
    expect((await mask('?traceMask=x'))['error']).to.equal(
      'setTraceMask requires long traceMask argument, got x',
    );
  });

  it('gives session ids as the whole numbers that they are', async () => {
    await using client = await connect({ servers: server.connectString });
    await client.create('/held', '', { ephemeral: true });
    const { text } = await get(server.adminPort, '/commands/dump');
    expect(text).to.contain(`"${String(client.sessionId)}" : [ "/held" ]`);
  });

  it('is below another path if it is told so', async () => {
    await using other = await startServer({ properties: { ...ADMIN, 'admin.commandURL': '/zk/ops/' } });
    expect((await get(other.adminPort, '/zk/ops/ruok')).json()['error']).to.equal(null);
    expect((await get(other.adminPort, '/commands/ruok')).status).to.equal(404);
  });

  it('listens on this machine alone unless it is told otherwise', async () => {
    const { log, messages } = recordingLog();
    await using other = await startServer({ properties: ADMIN, log });
    expect(messages.join('\n')).to.contain(
      `The admin server is at http://127.0.0.1:${String(other.adminPort)}/commands.`,
    );
    expect(messages.join('\n')).not.to.contain('Every machine that reaches this one can read');
  });

  it('is done without when its port is taken, which the log says', async () => {
    await using holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const taken = (holder.address() as { port: number }).port;
    const { log, messages } = recordingLog();
    await using other = await startServer({
      properties: { 'admin.enableServer': 'true', 'admin.serverPort': String(taken) },
      log,
    });
    expect(other.adminPort).to.equal(undefined);
    expect(messages.filter((message) => message.startsWith('There is no admin server.'))).to.deep.equal([
      `There is no admin server. Cannot listen on 127.0.0.1, port ${taken}: another program uses it. ` +
        'Stop that program or change admin.serverPort, or set admin.enableServer=false.',
    ]);
    await using client = await connect({ servers: other.connectString });
    expect(await client.exists('/')).not.to.equal(undefined);
  });

  it('ends with its server, whoever is connected', async () => {
    const other = await startServer({ properties: ADMIN });
    const { adminPort } = other;
    expect((await get(adminPort, '/healthz')).text).to.equal('ok\n');
    await other.close();
    let refused = false;
    await get(adminPort, '/healthz').catch(() => (refused = true));
    expect(refused).to.equal(true);
  });
});

describe('the Prometheus provider', () => {
  const PROVIDER = {
    'metricsProvider.className': 'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
    'metricsProvider.httpHost': '127.0.0.1',
    'metricsProvider.httpPort': '0',
  };

  it('has what the server did, stage by stage', async () => {
    await using server = await startServer({ properties: { ...PROVIDER, 'zabkeeper.metricsTop': '5' } });
    await using client = await connect({ servers: server.connectString });
    await client.create('/a', 'x');
    for (let i = 0; i < 20; i++) await client.setData('/a', Buffer.from(String(i)));
    await client.getData('/a');
    const { status, text } = await get(server.metricsPort, '/metrics');
    expect(status).to.equal(200);
    const found = readPrometheus(text);
    // The session, the create and the writes.
    for (const stage of ['prepare', 'fsync', 'quorum', 'apply', 'reply'])
      expect(sampleOf(found, 'write_stage_time_ms_count', { stage }), stage).to.equal(22);
    expect(sampleOf(found, 'write_stage_time_ms_count', { stage: 'queue' })).to.equal(21);
    expect(sampleOf(found, 'updatelatency_count')).to.equal(22);
    expect(sampleOf(found, 'updatelatency', { quantile: '0.99' })).to.be.greaterThan(0);
    expect(sampleOf(found, 'znode_count')).to.equal(server.status.nodeCount);
    expect(sampleOf(found, 'process_resident_memory_bytes')).to.be.greaterThan(0);
    expect((await get(server.metricsPort, '/commands/ruok')).status).to.equal(404);
  });

  it('leaves the process out if it is told so', async () => {
    await using server = await startServer({
      properties: { ...PROVIDER, 'metricsProvider.exportJvmInfo': 'false' },
    });
    const found = readPrometheus((await get(server.metricsPort, '/metrics')).text);
    expect(found.has('process_resident_memory_bytes')).to.equal(false);
  });

  it('is wanted by who configured it: without its port the server does not start', async () => {
    await using holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const taken = String((holder.address() as { port: number }).port);
    let message = '';
    await startServer({ properties: { ...PROVIDER, 'metricsProvider.httpPort': taken } }).then(
      (server) => server.close(),
      (error: unknown) => (message = String(error)),
    );
    expect(message).to.contain(
      'another program uses it. Stop that program or change metricsProvider.httpPort.',
    );
  });
});

describe('a slow request', () => {
  it('is logged with its stages, and counted', async () => {
    const { log, messages } = recordingLog();
    const directory = await mkdtemp(join(tmpdir(), 'slow-'));
    try {
      const properties = { ...ADMIN, 'zabkeeper.slowRequestMs': '1' };
      await using server = await startServer({ properties, dataDir: directory, log });
      await using client = await connect({ servers: server.connectString });
      const large = Buffer.alloc(900_000);
      await Promise.all(Array.from({ length: 20 }, (_, at) => client.create(`/large${at}`, large)));
      const told = messages.filter((message) =>
        / of session 0x\w+ \(127\.0\.0\.1\) took \d+ ms: /.test(message),
      );
      expect(told).not.to.have.lengthOf(0);
      expect(messages.join('\n')).to.match(/ took \d+ ms: .*\d+ ms until it was on this disk/);
      const found = readPrometheus((await get(server.adminPort, '/metrics')).text);
      expect(sampleOf(found, 'slow_requests')).to.be.at.least(told.length);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('the probes of an ensemble', () => {
  it('are not ready without a quorum, and ready again with one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'probes-'));
    try {
      await losesItsQuorum(new Ensemble(await freePorts(6), ADMIN, directory));
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  async function losesItsQuorum(servers: Ensemble): Promise<void> {
    await using ensemble = servers;
    const probe = (id: number, path: string): Promise<Answer> =>
      get(ensemble.servers.get(id)?.adminPort, path);
    const allReady = async (): Promise<boolean> =>
      (await Promise.all([...ensemble.servers.keys()].map((id) => probe(id, '/readyz')))).every(
        ({ status }) => status === 200,
      );

    await ensemble.start(1);
    const alone = await probe(1, '/readyz');
    expect([alone.status, alone.text]).to.deep.equal([503, 'not ready: there is no leader\n']);
    expect((await probe(1, '/livez')).status).to.equal(200);
    expect((await probe(1, '/healthz')).status).to.equal(200);
    expect((await probe(1, '/commands/ruok')).json()['error']).to.contain('not currently serving requests');
    expect(sampleOf(readPrometheus((await probe(1, '/metrics')).text), 'serving')).to.equal(0);

    await ensemble.start(2);
    await ensemble.start(3);
    await ensemble.until(allReady);
    const { leader, followers } = await ensemble.settled('leader', 'follower');
    expect((await probe(leader, '/commands/leader')).json()).to.include({
      is_leader: true,
      leader_id: leader,
    });
    expect((await probe(followers[0] ?? 0, '/commands/zabstate')).json()).to.include({
      is_leader: false,
      voting: true,
      zabstate: 'broadcast',
    });
    const view = (await probe(leader, '/commands/voting_view')).json()['current_config'];
    expect(view).to.have.all.keys(IDS.map(String));

    const [left = 0, ...gone] = followers;
    for (const id of [leader, ...gone]) await ensemble.stop(id);
    await ensemble.until(async () => (await probe(left, '/readyz')).status === 503);
    expect((await probe(left, '/livez')).status).to.equal(200);

    await ensemble.start(leader);
    await ensemble.until(allReady);
  }

  it('send nobody to a server that reads alone', async () => {
    await using ensemble = new Ensemble(await freePorts(6), { ...ADMIN, 'readonlymode.enabled': 'true' });
    await ensemble.start(1);
    const probe = (): Promise<Answer> => get(ensemble.servers.get(1)?.adminPort, '/readyz');
    await ensemble.until(async () => (await probe()).text.includes('reads alone'));
    expect((await probe()).status).to.equal(503);
  });
});

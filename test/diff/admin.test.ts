/**
 * Apache's admin server and ours, asked the same: status, names and types of all fields must be the same, but for the
 * differences that the section "The admin server" of docs/differences.md names. Values are another matter: they are
 * those of the four-letter words, which are compared where they belong.
 */
import { assert } from 'chai';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { connect } from '../../src/index.js';
import { freePort, LOOPBACK } from '../interop/network.js';
import { until } from '../interop/process.js';
import { startServer, type Flavour, type ServerOptions, type TestServer } from '../interop/server.js';
import { PROJECT_ROOT } from '../interop/tools.js';

const START_LIMIT_MS = 60_000;
const TOKEN = 'a-token-of-some-length';

/** A server with its admin port. */
interface Asked {
  readonly server: TestServer;
  readonly port: number;
}

interface Row {
  readonly query: string;
  /** Lines of Apache's that ours has not, and the reverse. */
  readonly difference?: {
    readonly id: string;
    readonly apache?: readonly string[];
    readonly ours?: readonly string[];
  };
}

const ALONE: readonly Row[] = [
  ...[
    'configuration',
    'conf',
    'config',
    'connection_stat_reset',
    'crst',
    'connections',
    'cons',
    'dirs',
    'dump',
  ],
  ...[
    'environment',
    'env',
    'envi',
    'get_trace_mask',
    'gtmk',
    'set_trace_mask?traceMask=306',
    'stmk?traceMask=306',
  ],
  ...['stmk', 'stmk?traceMask=x', 'hash', 'initial_configuration', 'icfg', 'is_read_only', 'isro'],
  ...[
    'last_snapshot',
    'lsnp',
    'leader',
    'lead',
    'observers',
    'obsr',
    'observer_connection_stat_reset',
    'orst',
    'ruok',
  ],
  ...[
    'stat_reset',
    'srst',
    'voting_view',
    'watches',
    'wchc',
    'watches_by_path',
    'wchp',
    'watch_summary',
    'wchs',
  ],
  ...['zabstate', 'nosuch', 'RUOK', 'ruok/'],
]
  .map((query): Row => ({ query }))
  .concat(['server_stats', 'srvr', 'stats', 'stat'].map((query) => ({ query, difference: noTlsCounters() })));

const MEMBER: readonly Row[] = [
  { query: 'leader' },
  { query: 'voting_view' },
  { query: 'observers' },
  { query: 'srvr', difference: noTlsCounters() },
  {
    query: 'zabstate',
    difference: {
      id: 'admin-reachability',
      apache: ['quorum_address', 'election_address'].flatMap((address) =>
        [
          'all_reachable_addresses[] : string',
          'all_reachable_addresses_or_all[] : string',
          'reachable_address : string',
          'reachable_or_one : string',
          'wildcard_addresses[] : string',
        ].map((line) => `${address}.${line}`),
      ),
    },
  },
];

/** Differences with a test of their own. */
const APART = ['admin-monitor', 'admin-properties', 'admin-token', 'admin-method', 'admin-snapshots'];

function noTlsCounters(): NonNullable<Row['difference']> {
  return {
    id: 'admin-mtls',
    apache: [
      'server_stats.non_mtlslocal_conn_count : number',
      'server_stats.non_mtlsremote_conn_count : number',
    ],
  };
}

async function start(flavour: Flavour, options: ServerOptions): Promise<Asked> {
  const port = await freePort();
  const config = { 'admin.enableServer': true, 'admin.serverPort': port, 'admin.serverAddress': LOOPBACK };
  const server = await startServer({
    ...options,
    flavour,
    config: { '4lw.commands.whitelist': '*', ...config, ...options.config },
    properties: { 'zookeeper.forceSync': 'no' },
  });
  // Apache's comes up behind the client port.
  await until('the admin server', START_LIMIT_MS, () =>
    fetch(`http://${LOOPBACK}:${port}/commands/ruok`).then(
      (response) => response.ok,
      () => false,
    ),
  );
  return { server, port };
}

function ask({ port }: Asked, query: string, init: RequestInit = {}): Promise<Response> {
  const url = `http://${LOOPBACK}:${port}/commands/${query}`;
  return fetch(url, {
    headers: { authorization: `Bearer ${TOKEN}` },
    signal: AbortSignal.timeout(10_000),
    ...init,
  });
}

/** Each field on a line, with its type; entries of a list or a table by number look all alike. */
function fieldsOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [`${at}[]`] : value.flatMap((item: unknown) => fieldsOf(item, `${at}[]`));
  }
  if (value === null || typeof value !== 'object')
    return [`${at} : ${value === null ? 'null' : typeof value}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${at}{}`];
  return entries.flatMap(([key, item]) => {
    const name = /^\d+$/.test(key) ? '#' : key.startsWith('/') ? '/...' : key;
    return fieldsOf(item, at === '' ? name : `${at}.${name}`);
  });
}

async function transcript(asked: Asked, query: string): Promise<string[]> {
  const response = await ask(asked, query);
  const type = (response.headers.get('content-type') ?? '').replace(/;.*$/, '');
  const body = JSON.parse(await response.text()) as Record<string, unknown>;
  const said = ['command', 'error'].map((key) => `${key} = ${String(body[key])}`);
  return [`${response.status} ${type}`, ...said, ...new Set(fieldsOf(body).sort())];
}

function rowsOf(
  title: string,
  options: (flavour: Flavour) => Promise<ServerOptions>,
  rows: readonly Row[],
): void {
  describe(title, () => {
    let apache: Asked | undefined;
    let ours: Asked | undefined;
    let clients: (() => Promise<void>)[] = [];

    before('start both', async function () {
      this.timeout(2 * START_LIMIT_MS);
      const files = { token: TOKEN };
      const [first, second] = await Promise.all([options('apache'), options('zabkeeper')]);
      apache = await start('apache', first);
      const file = { 'zabkeeper.adminTokenFile': './token' };
      ours = await start('zabkeeper', { ...second, files, config: { ...second.config, ...file } });
      clients = await Promise.all([apache, ours].map(({ server }) => watching(server)));
    });
    after('stop both', async () => {
      for (const close of clients) await close();
      await apache?.server[Symbol.asyncDispose]();
      await ours?.server[Symbol.asyncDispose]();
    });

    for (const { query, difference } of rows) {
      it(`${query}${difference === undefined ? '' : ` (${difference.id})`}`, async () => {
        if (apache === undefined || ours === undefined) throw new Error('not started');
        const [fromApache, fromOurs] = [await transcript(apache, query), await transcript(ours, query)];
        const dropped = difference?.apache ?? [];
        assert.includeMembers(fromApache, [...dropped]);
        const expected = [
          ...fromApache.filter((line) => !dropped.includes(line)),
          ...(difference?.ours ?? []),
        ];
        assert.deepEqual(fromOurs.toSorted(), expected.toSorted());
      });
    }
  });
}

/** A client with a watch and an ephemeral, so that no list is empty. */
async function watching(server: TestServer): Promise<() => Promise<void>> {
  const client = await connect({ servers: server.connectString });
  await client.create('/ephemeral', '', { ephemeral: true });
  await client.addWatch('/', 'persistent', () => undefined);
  return () => client.close();
}

rowsOf('what the admin servers of both tell, alone', () => Promise.resolve({}), ALONE);
rowsOf(
  'what they tell as members of an ensemble',
  async () => ({
    myid: 1,
    config: {
      initLimit: 5,
      syncLimit: 5,
      standaloneEnabled: false,
      'server.1': `${LOOPBACK}:${await freePort()}:${await freePort()}:participant`,
    },
  }),
  MEMBER,
);

describe('differences of the admin servers', () => {
  let apache: Asked;
  let ours: Asked;
  before('start both', async function () {
    this.timeout(2 * START_LIMIT_MS);
    apache = await start('apache', {});
    ours = await start('zabkeeper', {});
  });
  after('stop both', async () => {
    await apache.server[Symbol.asyncDispose]();
    await ours.server[Symbol.asyncDispose]();
  });

  it('monitor has what is measured here, of the same type where Apache measures it (admin-monitor)', async () => {
    const [theirs = [], own = []] = await Promise.all([apache, ours].map((each) => transcript(each, 'mntr')));
    const types = new Map(theirs.map((line) => [line.split(' : ')[0], line]));
    const shared = own.filter((line) => line.includes(' : ') && types.has(line.split(' : ')[0]));
    assert.deepEqual(
      shared,
      shared.map((line) => types.get(line.split(' : ')[0])),
    );
    assert.isAtLeast(shared.length, 35);
    assert.include(own, 'avg_fsync_write_stage_time_ms : number');
    assert.notInclude(theirs, 'avg_fsync_write_stage_time_ms : number');
  });

  it('system_properties has those of Java that exist here (admin-properties)', async () => {
    const [theirs = [], own = []] = await Promise.all([apache, ours].map((each) => transcript(each, 'sysp')));
    assert.includeMembers(
      theirs,
      own.filter((line) => !line.startsWith('java.compiler')),
    );
    assert.include(own, 'java.version : string');
  });

  it('who has no token resets nothing in ours, and Apache asks nobody (admin-token)', async () => {
    for (const query of ['srst', 'crst', 'stmk?traceMask=1']) {
      const status = await Promise.all([apache, ours].map(async (each) => (await ask(each, query)).status));
      assert.deepEqual(status, [200, 403], query);
    }
  });

  it('another method than GET is 405 in Apache, and nothing in ours (admin-method)', async () => {
    const status = await Promise.all(
      [apache, ours].map(async (each) => (await ask(each, 'ruok', { method: 'POST' })).status),
    );
    assert.deepEqual(status, [405, 404]);
  });

  it('the last snapshot is none in ours (admin-snapshots)', async () => {
    const bodies = await Promise.all(
      [apache, ours].map(async (each) => (await ask(each, 'lsnp')).json() as unknown),
    );
    const [theirs, own] = bodies as { zxid: string; timestamp: number }[];
    assert.isAbove(theirs?.timestamp ?? 0, 1_700_000_000);
    assert.deepInclude(own, { zxid: 'ffffffffffffffff', timestamp: -1 });
  });

  it('are those that docs/differences.md names', () => {
    const page = readFileSync(path.join(PROJECT_ROOT, 'docs', 'differences.md'), 'utf8');
    const section = /^### The admin server\n(.*?)(?=^##|(?![^]))/ms.exec(page)?.[1] ?? '';
    const named = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id = '']) => id);
    const used = [...ALONE, ...MEMBER].flatMap(({ difference }) =>
      difference === undefined ? [] : [difference.id],
    );
    assert.deepEqual([...named].sort(), [...new Set([...used, ...APART])].sort());
  });
});

/** Why this file exists: whatever a server's state is, the programs that read four-letter words must understand it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { answer, fourLetterWords } from '../../../src/ops/index.js';
import type { ConnectionStatus, Status } from '../../../src/server/index.js';
import { OpCode, sessionIdOf, zxidOf } from '../../../src/types/index.js';
import { exampleConfig, exampleStatus } from './exampleStatus.js';
import {
  aiozkVersion,
  datadogVersion,
  goCons,
  goSrvr,
  kazooServerVersion,
  oldGoCons,
  telegrafMntr,
} from './readers.js';

const RUNS = 200;

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const milliseconds = fc.double({ min: 0, max: 1e9, noNaN: true });
const latency = fc.record({ min: milliseconds, avg: milliseconds, max: milliseconds });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const sessionId = int64.map(sessionIdOf);
const path = fc
  .array(fc.stringMatching(/^[a-z0-9é ._-]{1,12}$/), { minLength: 1, maxLength: 4 })
  .map((names) => `/${names.join('/')}`);
const time = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });

const connection: fc.Arbitrary<ConnectionStatus> = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1, max: 65535 }),
  sessionId: fc.oneof(fc.constant(sessionIdOf(0n)), sessionId),
  sessionTimeoutMs: fc.nat(),
  queued: count,
  received: count,
  sent: count,
  reading: fc.boolean(),
  lastOp: fc.option(fc.oneof(fc.constantFrom(...Object.values(OpCode)), fc.integer()), { nil: undefined }),
  establishedAt: time,
  lastCxid: fc.option(fc.integer(), { nil: undefined }),
  lastZxid: int64.map(zxidOf),
  lastResponseAt: milliseconds,
  lastLatency: milliseconds,
  latency,
});

const state: fc.Arbitrary<Status> = fc
  .record({
    version: fc.oneof(fc.constantFrom('0.1.0', '12.3.4-beta.1+5'), fc.string()),
    builtAt: time,
    revision: fc.option(fc.stringMatching(/^[0-9a-f]{40}$/), { nil: undefined }),
    readOnly: fc.boolean(),
    lastZxid: int64.map(zxidOf),
    numbers: fc.array(count, { minLength: 16, maxLength: 16 }),
    uptimeMs: milliseconds,
    latency,
    sizes: fc.record({ dataDir: count, dataLogDir: count }),
    fsync: fc.record({ count, sum: milliseconds, min: milliseconds, max: milliseconds }),
    connections: fc.array(connection, { maxLength: 5 }),
    buckets: fc.array(fc.record({ expiresAt: time, ids: fc.array(sessionId, { maxLength: 4 }) }), {
      maxLength: 4,
    }),
    owned: fc.array(fc.tuple(sessionId, fc.array(path)), { maxLength: 4 }),
    digests: fc.array(
      fc.record({ zxid: int64.map(zxidOf), digest: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
    ),
  })
  .map(({ numbers, connections, buckets, owned, digests, sizes, ...plain }) => {
    const n = (index: number): number => numbers[index] ?? 0;
    const bySession = new Map(owned);
    const byPath = new Map(owned.flatMap(([id, paths]) => paths.map((each) => [each, [id]] as const)));
    return exampleStatus({
      ...plain,
      clientPort: n(0) % 65536,
      nodeCount: n(1),
      ephemeralsCount: n(2),
      approximateDataSize: n(3),
      packetsReceived: n(4),
      packetsSent: n(5),
      outstanding: n(6),
      sessionsCount: n(7),
      lastResponseSize: n(8) - 1,
      minResponseSize: n(9) - 1,
      maxResponseSize: n(10) - 1,
      authFailures: n(11),
      connectionsRejected: n(12),
      requestsMalformed: n(13),
      bytesReceived: n(14),
      connectionsCount: connections.length,
      connections: () => connections,
      sessionBuckets: () => buckets,
      ephemerals: () => new Map(owned.map(([id, paths]) => [id, new Set(paths)])),
      watches: { total: n(15), dataTotal: n(15), byPath: () => byPath, bySession: () => bySession },
      digests: () => digests,
      sizes: () => Promise.resolve(sizes),
    });
  });

/** What every word has to be for any state: all words, so that a new one cannot be forgotten. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  conf: /^(?:[A-Za-z]+=[^\n]*\n){12}$/,
  cons: /^(?: \/\S+:\d+\[[01]\]\(queued=\d+,recved=\d+,sent=\d+(?:,[a-z]+=\w+)*\)\n)*\n$/,
  crst: /^Connection stats reset\.\n$/,
  dirs: /^datadir_size: \d+\nlogdir_size: \d+\n$/,
  dump: /^SessionTracker dump:\nSession Sets \(\d+\)\/\(\d+\):\n[^]*ephemeral nodes dump:\nSessions with Ephemerals \(\d+\):\n[^]*Connections dump:\nConnections Sets \(\d+\)\/\(\d+\):\n/,
  envi: /^Environment:\n(?:[a-z.]+=[^\n]+\n){18}$/,
  gtmk: /^-?\d+$/,
  hash: /^(?:[0-9a-f]+: -?\d+\n)*$/,
  isro: /^r[ow]$/,
  mntr: /^(?:zk_\w+\t[^\t\n]+\n)+$/,
  ruok: /^imok$/,
  srst: /^Server stats reset\.\n$/,
  srvr: /^Zookeeper version: [^]*\nNode count: \d+\n$/,
  stat: /^Zookeeper version: [^]*\nClients:\n(?: \/\S+:\d+\[[01]\]\([^()]*\)\n)*\nLatency [^]*\nNode count: \d+\n$/,
  stmk: /^-?\d+$/,
  wchc: /^(?:0x[0-9a-f]+\n(?:\t\/[^\n]*\n)*)*\n$/,
  wchp: /^(?:\/[^\n]*\n(?:\t0x[0-9a-f]+\n)*)*\n$/,
  wchs: /^\d+ connections watching \d+ paths\nTotal watches:\d+\n$/,
};

const JAVA_DATE =
  /^(\d+) expire at (?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}:$/;

describe('for any state of the server', () => {
  const ask = async (name: string, status: Status): Promise<string> => {
    const word = fourLetterWords.find((each) => each.name === name);
    if (word === undefined) throw new Error(`${name} is missing`);
    return answer(word, status, Buffer.alloc(word.argumentBytes));
  };
  const always = (check: (status: Status) => Promise<void>): Promise<void> =>
    fc.assert(fc.asyncProperty(state, check), { numRuns: RUNS });

  for (const { name } of fourLetterWords) {
    it(`${name} has its shape`, async () => {
      const shape = SHAPES[name];
      expect(shape, 'a shape to test').not.to.equal(undefined);
      await always(async (status) => {
        expect(await ask(name, status)).to.match(shape ?? /^$/);
      });
    });
  }

  it('the Go client reads srvr, with the values that were meant', () =>
    always(async (anyStatus) => {
      // The line of a read-only server is too much for it, ZooKeeper's as well.
      const status: Status = { ...anyStatus, readOnly: false };
      const read = goSrvr(await ask('srvr', status));
      const { latency: meant } = status;
      expect(read).to.deep.include({
        received: status.packetsReceived,
        sent: status.packetsSent,
        connections: status.connectionsCount,
        outstanding: status.outstanding,
        zxid: BigInt.asUintN(64, status.lastZxid),
        mode: 'standalone',
        nodeCount: status.nodeCount,
      });
      const [min, avg, max] = read?.latency ?? [];
      expect([min, max]).to.deep.equal([Math.round(meant.min), Math.round(meant.max)]);
      expect(avg).to.be.closeTo(meant.avg, 1e-4);
    }));

  it('the Go client reads every line of cons about a session over IPv4', () =>
    always(async (status) => {
      const text = await ask('cons', status);
      const v4 = status.connections().filter(({ address }) => !address.includes(':'));
      expect(oldGoCons(text)).to.have.lengthOf(v4.length);
      const sessions = v4.filter((each) => each.sessionId !== 0n);
      expect(goCons(text).map(([address, , , , id]) => [address, id])).to.deep.equal(
        sessions.map(({ address, port, sessionId: id }) => [
          `${address}:${port}`,
          `0x${BigInt.asUintN(64, id).toString(16)}`,
        ]),
      );
    }));

  it('kazoo, aiozk and Datadog find the version of ZooKeeper', () =>
    always(async (status) => {
      expect(kazooServerVersion(await ask('envi', status))).to.deep.equal([3, 9, 5]);
      expect(aiozkVersion(await ask('srvr', status))).to.deep.equal([3, 9, 5]);
      expect(datadogVersion(await ask('stat', status))).to.equal('3.9.5');
    }));

  it('Telegraf reads every line of mntr, and numbers are numbers', () =>
    always(async (status) => {
      const entries = telegrafMntr(await ask('mntr', status));
      expect(entries?.get('znode_count')).to.equal(String(status.nodeCount));
      for (const [key, value] of entries ?? []) {
        if (key !== 'version' && key !== 'server_state') expect(value, key).to.match(/^-?\d+(?:\.\d+)?$/);
      }
    }));

  it('the sets of dump have as many entries as they say', () =>
    always(async (status) => {
      const text = await ask('dump', status);
      const [sessions = '', connections = ''] = text.split(/ephemeral nodes dump:[^]*Connections dump:\n/);
      for (const part of [sessions, connections]) {
        const [, buckets, entries] = /Sets \((\d+)\)\/\((\d+)\):/.exec(part) ?? [];
        const lines = part.split('\n');
        const heads = lines.flatMap((line) => JAVA_DATE.exec(line)?.[1] ?? []);
        expect(heads).to.have.lengthOf(Number(buckets));
        expect(heads.reduce((sum, size) => sum + Number(size), 0)).to.equal(Number(entries));
        expect(lines.filter((line) => line.startsWith('\t'))).to.have.lengthOf(Number(entries));
      }
    }));

  it('no word depends on the whitelist holding more than itself', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...fourLetterWords), async ({ name }) => {
        const config = exampleConfig({ '4lw.commands.whitelist': name });
        expect(await ask(name, exampleStatus({ config }))).not.to.contain('whitelist');
      }),
    ));
});

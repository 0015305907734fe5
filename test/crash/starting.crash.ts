/**
 * `kill -9` while the server starts, again and again: while it looks at its files, replays its log, begins an epoch.
 * However often it dies there, the start that succeeds has everything.
 * CRASH_STARTS sets how often (default 20), CRASH_SEED the moments.
 */
import { expect } from 'chai';
import { connect, type Stat } from '../../src/client/index.js';
import { Random } from '../helpers/random.js';
import { sleep } from '../interop/process.js';
import { startServer } from '../interop/server.js';

const STARTS = Number(process.env['CRASH_STARTS'] ?? 20);
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const ZNODES = 20_000;
/** A start takes some tenths of a second, of which the runtime takes most. */
const DIE_MS_MIN = 60;
const DIE_MS_MAX = 700;

describe(`kill -9 during ${STARTS} starts (CRASH_SEED=${SEED})`, function () {
  this.timeout(60_000 + STARTS * 2000);

  it('loses nothing, and zxids and session ids go on', async () => {
    const random = new Random(SEED);
    await using server = await startServer({ flavour: 'zabkeeper', config: { tickTime: 500 } });
    const stats: Stat[] = [];
    const before = await connect({ servers: server.connectString, sessionTimeoutMs: 10_000 });
    for (let from = 0; from < ZNODES; from += 1000) {
      const paths = Array.from({ length: 1000 }, (_, i) => `/n${from + i}`);
      const created = await Promise.all(paths.map((path) => before.createWithStat(path, path)));
      stats.push(...created.map(({ stat }) => stat));
    }
    const { lastZxidSeen, sessionId } = before;
    await before.create('/living', null, { ephemeral: true });
    // The tree is written behind the log by up to a second, so this leaves a log to replay.
    await server.kill();

    for (let i = 0; i < STARTS; i++) {
      const starting = server.start().catch(() => undefined);
      await sleep(DIE_MS_MIN + random.next() * (DIE_MS_MAX - DIE_MS_MIN));
      await server.kill();
      await starting;
    }

    await server.start();
    await using zk = await connect({ servers: server.connectString });
    expect(zk.sessionId).not.to.equal(sessionId);
    for (let from = 0; from < ZNODES; from += 1000) {
      const paths = Array.from({ length: 1000 }, (_, i) => `/n${from + i}`);
      const found = await Promise.all(paths.map((path) => zk.getData(path)));
      for (const [i, { data, stat }] of found.entries()) {
        expect(stat, paths[i]).to.deep.equal(stats[from + i]);
        expect(data?.toString()).to.equal(paths[i]);
      }
    }
    expect(zk.lastZxidSeen > lastZxidSeen, 'zxids rise').to.equal(true);
    await before.connected({ timeoutMs: 10_000 });
    expect((await before.exists('/living'))?.ephemeralOwner).to.equal(sessionId);
    await before.close();
  });
});

/**
 * `kill -9` under write load, again and again on the same data: everything acknowledged survives, in order, with equal
 * stats; nothing is there by half; the dead lose their ephemerals and the living keep them.
 * CRASH_ROUNDS sets how often (default 50), CRASH_SEED the moments.
 */
import { expect } from 'chai';
import { connect, type ZooKeeper } from '../../src/client/index.js';
import { Random } from '../helpers/random.js';
import { sleep, until } from '../interop/process.js';
import { startServer, type TestServer } from '../interop/server.js';
import { Writer } from './writer.js';

const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 50);
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 3;
const LOAD_MS_MIN = 150;
const LOAD_MS_MAX = 500;

describe(`kill -9 under write load, ${ROUNDS} rounds (CRASH_SEED=${SEED})`, function () {
  this.timeout(30_000 + ROUNDS * 8_000);
  let server: TestServer;
  let living: ZooKeeper;
  let earlier: Writer[] = [];
  let acknowledged = 0;
  let lastZxid = 0n;
  const random = new Random(SEED);

  before(async () => {
    server = await startServer({ flavour: 'zabkeeper', config: { tickTime: 200, maxClientCnxns: 0 } });
    living = await connect({ servers: server.connectString, sessionTimeoutMs: 4000 });
    await living.create('/living', null, { ephemeral: true });
  });
  after(async () => {
    await living.close();
    await server[Symbol.asyncDispose]();
  });

  for (let round = 1; round <= ROUNDS; round++) {
    it(`round ${round}: loses nothing that was acknowledged`, async () => {
      const writers = await Promise.all(
        Array.from({ length: WRITERS }, (_, i) => Writer.start(server.connectString, `/r${round}-${i}`)),
      );
      await sleep(LOAD_MS_MIN + random.next() * (LOAD_MS_MAX - LOAD_MS_MIN));
      await server.kill();
      await Promise.all(writers.map((writer) => writer.abandon()));
      // Now and then the server dies again while it starts.
      if (round % 7 === 0) await dieWhileStarting();
      await server.start();

      await using zk = await connect({ servers: server.connectString, sessionTimeoutMs: 4000 });
      for (const writer of writers) {
        await writer.verify(zk);
        acknowledged += writer.acknowledged;
        expect(writer.lastZxid > lastZxid, 'zxids rise over restarts').to.equal(true);
      }
      for (const writer of writers) if (writer.lastZxid > lastZxid) lastZxid = writer.lastZxid;
      expect(
        writers.every((writer) => writer.acknowledged > 0),
        'every writer got somewhere',
      ).to.equal(true);

      await living.connected();
      const kept = await living.exists('/living');
      expect(kept?.ephemeralOwner, 'the living keep what they own').to.equal(living.sessionId);
      for (const writer of earlier) await expectEphemeralsGone(zk, writer);
      earlier = writers;
    });
  }

  it('took acknowledgements to lose', () => {
    expect(acknowledged).to.be.greaterThan(ROUNDS * WRITERS * 5);
    console.log(`      ${acknowledged} acknowledged writes survived ${ROUNDS} crashes`);
  });

  async function dieWhileStarting(): Promise<void> {
    const starting = server.start().catch(() => undefined);
    await sleep(100 + random.next() * 400);
    await server.kill();
    await starting;
  }

  async function expectEphemeralsGone(zk: ZooKeeper, writer: Writer): Promise<void> {
    await until(
      `the end of the ephemerals of 0x${writer.sessionId.toString(16)}`,
      10_000,
      async () => (await writer.remainingEphemerals(zk)).length === 0,
    );
  }
});

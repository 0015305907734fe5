/**
 * A disk that is really full: a small tmpfs under a server process. Needs root for the mount; without it the test is
 * pending and says so, and storage's own tests provoke the same error by other means.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect } from '../../src/client/index.js';
import { until } from '../interop/process.js';
import { startServer } from '../interop/server.js';
import { Writer } from './writer.js';

const SMALL = '24m';
const LARGE = '256m';
const DATA = Buffer.alloc(20_000, 'x');
const WRITES_MAX = 3000;
/** Less than a twentieth of the large file system, and enough for what the test still writes. */
const FREE_BYTES = 8 * 1024 * 1024;

describe('a full disk', function () {
  this.timeout(90_000);
  let directory = '';
  let mounted = false;

  before(function () {
    directory = mkdtempSync(join(tmpdir(), 'zabkeeper-full-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL}`, 'tmpfs', directory], { stdio: 'pipe' });
      mounted = true;
    } catch (error) {
      console.log(`      no file system can be mounted here: ${String(error)}`);
      this.skip();
    }
  });
  after(() => {
    if (mounted) execFileSync('umount', [directory]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('stops the service, loses nothing acknowledged, and is over without an operator once there is room', async () => {
    await using server = await startServer({
      flavour: 'zabkeeper',
      directory,
      config: { tickTime: 500, 'zabkeeper.diskMinFreeBytes': 0, 'zabkeeper.diskWarnFreeBytes': 0 },
    });
    const written = await writeUntilRefused(server.connectString);
    expect(written).to.be.within(10, WRITES_MAX - 1);

    await until('the log to say so', 5000, () => /no space left[^\n]*Free some space/.test(server.output));
    expect(await server.fourLetterWord('ruok')).to.equal('imok');
    expect(await server.fourLetterWord('srvr')).to.match(/not currently serving requests/);

    execFileSync('mount', ['-o', `remount,size=${LARGE}`, directory]);
    await until('it serves again', 10_000, async () => /Mode:/.test(await server.fourLetterWord('srvr')));
    expect(server.output.match(/No client is served/g), 'said once').to.have.lengthOf(1);

    await server.restart('kill');
    await using zk = await connect({ servers: server.connectString });
    for (let i = 0; i < written; i++) {
      const { data } = await zk.getData(`/n${i}`);
      expect(data?.equals(DATA), `/n${i}`).to.equal(true);
    }
    await zk.create('/after', 'room');
  });

  it('refuses growth before the disk is full, and still lets clients delete', async () => {
    await using server = await startServer({
      flavour: 'zabkeeper',
      directory,
      // A twentieth of the file system is the most that this can be.
      config: { tickTime: 500, 'zabkeeper.diskMinFreeBytes': 1_000_000_000 },
    });
    await using zk = await connect({ servers: server.connectString });
    const { bavail, bsize } = statfsSync(directory);
    const theirs = String(bavail * bsize - FREE_BYTES);
    execFileSync('fallocate', ['-l', theirs, join(directory, 'somebody-elses')]);
    await until('growth to be refused', 10_000, async () => {
      try {
        await zk.create('/growth-', null, { sequential: true });
        return false;
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'SYSTEMERROR';
      }
    });
    await zk.delete('/after');
    rmSync(join(directory, 'somebody-elses'));
    await until('growth to be accepted', 10_000, () =>
      zk.create('/growth-', null, { sequential: true }).catch(() => undefined),
    );
  });

  it('comes in the middle of pipelined writes of several clients, more than once, and takes nothing away', async () => {
    await using server = await startServer({ flavour: 'zabkeeper', directory, config: { tickTime: 500 } });
    await using living = await connect({ servers: server.connectString, sessionTimeoutMs: 10_000 });
    await living.create('/living', null, { ephemeral: true });
    for (let round = 0; round < 2; round++) {
      const writers = await Promise.all(
        [0, 1, 2].map((i) => Writer.start(server.connectString, `/round${round}-${i}`)),
      );
      const filler = await fillAll(join(directory, 'somebody-elses'));
      await until('clients to be let go', 15_000, () => /No client is served/.test(server.output));
      // It may be serving again by now: the transaction that failed gives back the space that it had taken.
      // Even a server that is told to stop meanwhile, or that dies, must not lose anything.
      if (round === 1) await server.kill();
      await Promise.all(writers.map((writer) => writer.abandon()));
      rmSync(filler);
      if (!server.running) await server.start();
      await until('it serves again', 10_000, async () => /Mode:/.test(await server.fourLetterWord('srvr')));
      await using zk = await connect({ servers: server.connectString });
      for (const writer of writers) {
        expect(writer.acknowledged).to.be.greaterThan(0);
        await writer.verify(zk);
      }
    }
    await living.connected();
    expect((await living.exists('/living'))?.ephemeralOwner).to.equal(living.sessionId);
  });

  it('is named by a server that is started on it, which serves when there is room', async () => {
    const server = await startServer({ flavour: 'zabkeeper', directory });
    await server.stop();
    const filler = await fillAll(join(directory, 'somebody-elses'));
    // Whether a start needs more than there is depends on what SQLite finds to tidy up.
    const started = server.start().then(
      () => true,
      () => false,
    );
    const named = until('it to serve, or to say why not', 20_000, () =>
      /no space left[^\n]*Free some space/.test(server.output),
    ).then(() => false);
    const serves = await Promise.race([started, named]);
    if (!serves) expect(server.output).to.match(/no space left[^\n]*Free some space/);
    rmSync(filler);
    await Promise.allSettled([started, named]);
    await server.stop();
    await server.start();
    await using zk = await connect({ servers: server.connectString });
    await zk.create('/at-last', 'room');
    await server.stop();
  });
});

/** Takes every byte that is left. @returns the file that has them */
async function fillAll(file: string): Promise<string> {
  const handle = await open(file, 'w');
  try {
    const chunk = Buffer.alloc(64 * 1024);
    for (;;) await handle.write(chunk);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    await handle.close();
  }
  return file;
}

/** @returns how many writes were acknowledged before one was not */
async function writeUntilRefused(servers: string): Promise<number> {
  const zk = await connect({ servers });
  try {
    for (let i = 0; i < WRITES_MAX; i++) {
      try {
        await zk.create(`/n${i}`, DATA);
      } catch {
        return i;
      }
    }
    return WRITES_MAX;
  } finally {
    await zk.close({ keepSession: true });
  }
}

/**
 * Why this file exists: a session outlives connections and servers, and ends when its time is over or its client says
 * so. Locks are ephemerals: one that goes too early or stays too long is two leaders or none.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startServer, type RunningServer } from '../../src/index.js';
import { readStat, readWatcherEvent, type WatcherEvent } from '../../src/codec/index.js';
import { CreateMode, ErrorCode, EventType, Xid } from '../../src/types/index.js';
import * as frames from './frames.js';
import { Wire, type Reply } from './wire.js';

const TICK_MS = 100;
const TIMEOUT_MS = 2 * TICK_MS;
const LONG_MS = 20 * TICK_MS;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function eventOf(reply: Reply): WatcherEvent {
  expect(reply.xid).to.equal(Xid.watchEvent);
  return readWatcherEvent(reply.body);
}

function start(more: Readonly<Record<string, string>> = {}, dataDir?: string): Promise<RunningServer> {
  const properties = { tickTime: String(TICK_MS), ...more };
  return startServer({ properties, ...(dataDir === undefined ? {} : { dataDir }) });
}

describe('sessions', () => {
  let server: RunningServer;
  let other: Wire;
  before(async () => {
    server = await start({ maxSessionTimeout: '60000' });
  });
  after(() => server.close());
  beforeEach(async () => {
    other = await Wire.connect(server.port, { timeOut: 60_000 });
  });
  afterEach(() => other[Symbol.asyncDispose]());

  async function exists(path: string): Promise<boolean> {
    return (await other.call(frames.exists(1, path))).err === 0;
  }

  describe('taken up again on another connection', () => {
    it('keeps its ephemerals and closes the old connection without a byte', async () => {
      await using old = await Wire.connect(server.port);
      await old.call(frames.ephemeral(1, '/kept'));
      await using fresh = await Wire.resume(server.port, old);
      expect(fresh.session).to.deep.equal(old.session);
      expect((await old.end()).byteLength).to.equal(0);
      const stat = readStat((await fresh.call(frames.exists(2, '/kept'))).body);
      expect(stat.ephemeralOwner).to.equal(old.session.sessionId);
      await fresh.call(frames.closeSession(3));
      expect(await exists('/kept')).to.equal(false);
    });

    it('has no watches any more', async () => {
      await using old = await Wire.connect(server.port);
      await old.call(frames.exists(1, '/watched', true));
      await using fresh = await Wire.resume(server.port, old);
      await other.call(frames.create(1, '/watched'));
      expect((await fresh.call(frames.exists(2, '/watched'))).xid).to.equal(2);
      await other.call(frames.del(2, '/watched'));
    });

    it('stays where it is when the password is wrong', async () => {
      await using old = await Wire.connect(server.port);
      await old.call(frames.ephemeral(1, '/mine'));
      await using thief = await Wire.resume(server.port, old, { passwd: Buffer.alloc(16, 9) });
      expect(thief.session.timeOut).to.equal(0);
      expect((await old.call(frames.exists(2, '/mine'))).err).to.equal(0);
      await old.call(frames.closeSession(3));
    });

    it('has the timeout that was negotiated last', async () => {
      await using old = await Wire.connect(server.port, { timeOut: 60_000 });
      await old.call(frames.ephemeral(1, '/short'));
      await using fresh = await Wire.resume(server.port, old, { timeOut: TIMEOUT_MS });
      expect(fresh.session.timeOut).to.equal(TIMEOUT_MS);
      fresh.destroy();
      await pause(TIMEOUT_MS + 4 * TICK_MS);
      expect(await exists('/short')).to.equal(false);
    });

    it('again and again is one session', async () => {
      const { sessionsCount } = server.status;
      let wire = await Wire.connect(server.port);
      for (let i = 0; i < 50; i++) {
        const next = await Wire.resume(server.port, wire);
        await wire.end();
        wire = next;
      }
      expect(server.status.sessionsCount).to.equal(sessionsCount + 1);
      await wire.call(frames.closeSession(1));
      expect(server.status.sessionsCount).to.equal(sessionsCount);
    });

    it('answers nothing on the old connection, though its writes are done', async () => {
      await using old = await Wire.connect(server.port);
      old.send(frames.create(1, '/last-word'));
      await using fresh = await Wire.resume(server.port, old);
      await old.end();
      expect((await fresh.call(frames.closeSession(2))).err).to.equal(0);
      await other.call(frames.del(1, '/last-word'));
    });
  });

  describe('whose client is silent', () => {
    it('expire: ephemerals go, watchers hear it, the connection is closed, and it is over', async () => {
      await using wire = await Wire.connect(server.port, { timeOut: TIMEOUT_MS });
      await wire.call(frames.ephemeral(1, '/silent'));
      await other.call(frames.exists(1, '/silent', true));
      const silentSince = Date.now();
      expect(eventOf(await other.reply())).to.include({ type: EventType.nodeDeleted, path: '/silent' });
      // Between the timeout and a tick more, give or take what the machine takes.
      expect(Date.now() - silentSince, 'ms').to.be.within(TIMEOUT_MS - 50, TIMEOUT_MS + 10 * TICK_MS);
      expect((await wire.end()).byteLength).to.equal(0);
      await using late = await Wire.resume(server.port, wire);
      expect(late.session.timeOut).to.equal(0);
    });

    it('do not expire while it pings', async () => {
      await using wire = await Wire.connect(server.port, { timeOut: TIMEOUT_MS });
      await wire.call(frames.ephemeral(1, '/pinged'));
      for (let i = 0; i < 10; i++) {
        await pause(TIMEOUT_MS / 2);
        await wire.call(frames.ping());
      }
      expect(await exists('/pinged')).to.equal(true);
      await wire.call(frames.closeSession(2));
    });

    it('do not expire because their connection is gone, until their time is over', async () => {
      await using wire = await Wire.connect(server.port, { timeOut: LONG_MS });
      await wire.call(frames.ephemeral(1, '/dropped'));
      wire.destroy();
      await pause(LONG_MS / 2);
      expect(await exists('/dropped')).to.equal(true);
      await using again = await Wire.resume(server.port, wire);
      expect(again.session.sessionId).to.equal(wire.session.sessionId);
      await again.call(frames.closeSession(2));
    });
  });

  describe('closed by their client', () => {
    it('take their ephemerals along in one zxid, which the reply and all events carry', async () => {
      await using wire = await Wire.connect(server.port);
      for (const name of ['a', 'b', 'c']) {
        await wire.call(frames.ephemeral(1, `/closing-${name}`));
        await other.call(frames.exists(1, `/closing-${name}`, true));
      }
      const closed = await wire.call(frames.closeSession(2));
      expect(closed).to.include({ xid: 2, err: 0 });
      for (let i = 0; i < 3; i++) {
        const event = await other.reply();
        expect(event.zxid).to.equal(closed.zxid);
        expect(eventOf(event).type).to.equal(EventType.nodeDeleted);
      }
      expect((await wire.end()).byteLength).to.equal(0);
    });

    it('answer nothing that was sent behind the close', async () => {
      await using wire = await Wire.connect(server.port);
      wire.send(
        frames.create(1, '/before'),
        frames.closeSession(2),
        frames.create(3, '/behind'),
        frames.getData(4, '/'),
        frames.ping(),
        frames.closeSession(5),
      );
      expect((await wire.replies(2)).map(({ xid }) => xid)).to.deep.equal([1, 2]);
      expect((await wire.end()).byteLength).to.equal(0);
      expect(await exists('/before')).to.equal(true);
      expect(await exists('/behind')).to.equal(false);
    });

    it('and a client that has not even read its ConnectResponse', async () => {
      const { sessionsCount } = server.status;
      await using wire = await Wire.open(server.port);
      wire.send(frames.connectRequest(), frames.ephemeral(1, '/hasty'), frames.closeSession(2));
      await wire.frame();
      expect((await wire.replies(2)).map(({ err }) => err)).to.deep.equal([0, 0]);
      await wire.end();
      expect(server.status.sessionsCount).to.equal(sessionsCount);
      expect(await exists('/hasty')).to.equal(false);
    });
  });
});

describe('a server that is stopped and started again', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'zabkeeper-sessions-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('keeps sessions, passwords, ephemerals, sequence numbers and stats, and its zxids go on', async () => {
    const first = await start({}, dataDir);
    await using living = await Wire.connect(first.port, { timeOut: LONG_MS });
    await using dead = await Wire.connect(first.port, { timeOut: LONG_MS });
    await living.call(frames.ephemeral(1, '/living'));
    await dead.call(frames.ephemeral(1, '/dead'));
    await living.call(frames.create(2, '/queue'));
    await living.call(frames.create(3, '/queue/q-', { flags: CreateMode.persistentSequential }));
    const { zxid } = await living.call(frames.setData(4, '/queue', 'data'));
    const before = readStat((await living.call(frames.exists(5, '/queue'))).body);
    await first.close();
    expect((await living.end()).byteLength, 'no word to clients').to.equal(0);

    await using second = await start({}, dataDir);
    await using again = await Wire.resume(second.port, living, { lastZxidSeen: zxid, timeOut: LONG_MS });
    expect(again.session.sessionId).to.equal(living.session.sessionId);
    expect(again.session.passwd).to.deep.equal(living.session.passwd);
    const after = await again.call(frames.exists(1, '/queue'));
    expect(readStat(after.body)).to.deep.equal(before);
    expect(after.zxid > zxid, 'a new epoch').to.equal(true);
    const next = await again.call(frames.create(2, '/queue/q-', { flags: CreateMode.persistentSequential }));
    expect(next.body.ustring()).to.equal('/queue/q-0000000001');
    expect(next.zxid > after.zxid).to.equal(true);
    expect((await again.call(frames.exists(3, '/living'))).err).to.equal(0);
    expect((await again.call(frames.exists(4, '/dead'))).err, 'it has its full timeout again').to.equal(0);
    const deadline = Date.now() + LONG_MS + 20 * TICK_MS;
    while ((await again.call(frames.exists(5, '/dead'))).err === 0) {
      expect(Date.now(), 'the dead one is still there').to.be.lessThan(deadline);
      await pause(TICK_MS / 2);
    }
    expect((await again.call(frames.exists(6, '/living'))).err).to.equal(0);
  });

  it('does not give an id of an earlier run again', async () => {
    const ids = new Set<bigint>();
    for (let run = 0; run < 4; run++) {
      await using server = await start({}, dataDir);
      for (let i = 0; i < 5; i++) {
        await using wire = await Wire.connect(server.port);
        ids.add(wire.session.sessionId);
      }
    }
    expect(ids.size).to.equal(20);
  });

  it('does not bring back a session that was closed before', async () => {
    const first = await start({}, dataDir);
    await using wire = await Wire.connect(first.port, { timeOut: LONG_MS });
    await wire.call(frames.ephemeral(1, '/gone'));
    await wire.call(frames.closeSession(2));
    await first.close();
    await using second = await start({}, dataDir);
    await using again = await Wire.resume(second.port, wire);
    expect(again.session.timeOut).to.equal(0);
    await using other = await Wire.connect(second.port);
    expect((await other.call(frames.exists(1, '/gone'))).err).to.equal(ErrorCode.NONODE);
  });
});

/**
 * Why this file exists: what the server does of its own accord or holds clients to: quotas, TTLs, containers. These
 * depend on time and on settings, which unit tests replace and a running server has.
 */
import { expect } from 'chai';
import { startServer } from '../../src/index.js';
import { readStat, readWatcherEvent } from '../../src/codec/index.js';
import { ErrorCode, EventType, OpCode } from '../../src/types/index.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

const SWEEP_MS = 30;
const sweeping = {
  'znode.container.checkIntervalMs': String(SWEEP_MS),
  'znode.container.maxPerMinute': '10000000',
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function exists(wire: Wire, path: string): Promise<boolean> {
  return (await wire.call(frames.exists(1, path))).err === 0;
}

async function setQuota(wire: Wire, path: string, limits: string): Promise<void> {
  await wire.call(frames.create(1, path));
  await wire.call(frames.create(1, `/zookeeper/quota${path}`));
  await wire.call(frames.create(1, `/zookeeper/quota${path}/zookeeper_limits`, { data: limits }));
  await wire.call(frames.create(1, `/zookeeper/quota${path}/zookeeper_stats`));
}

async function usage(wire: Wire, path: string): Promise<string> {
  const { body } = await wire.call(frames.getData(1, `/zookeeper/quota${path}/zookeeper_stats`));
  return body.buffer().toString();
}

describe('quotas', () => {
  const hard = 'count=-1,bytes=-1=;byteHardLimit=100;countHardLimit=3';

  it('enforceQuota=true refuses what goes beyond a hard limit with -125, and counts only what was done', async () => {
    await using server = await startServer({ properties: { enforceQuota: 'true' } });
    await using wire = await Wire.connect(server.port);
    await setQuota(wire, '/q', hard);
    expect((await wire.call(frames.create(2, '/q/a', { data: 'x'.repeat(60) }))).err).to.equal(0);
    expect((await wire.call(frames.create(3, '/q/b', { data: 'x'.repeat(60) }))).err).to.equal(
      ErrorCode.QUOTAEXCEEDED,
    );
    expect((await wire.call(frames.create(4, '/q/b'))).err).to.equal(0);
    expect((await wire.call(frames.create(5, '/q/c'))).err).to.equal(ErrorCode.QUOTAEXCEEDED);
    expect((await wire.call(frames.setData(6, '/q/b', 'x'.repeat(41)))).err).to.equal(
      ErrorCode.QUOTAEXCEEDED,
    );
    expect((await wire.call(frames.setData(7, '/q/b', 'x'.repeat(40)))).err).to.equal(0);
    expect(await usage(wire, '/q')).to.equal('count=3,bytes=100');
    await wire.call(frames.del(8, '/q/a'));
    expect(await usage(wire, '/q')).to.equal('count=2,bytes=40');
    expect((await wire.call(frames.create(9, '/q/c'))).err).to.equal(0);
  });

  it('without it hard limits are as soft as the others', async () => {
    await using server = await startServer();
    await using wire = await Wire.connect(server.port);
    await setQuota(wire, '/q', hard);
    for (let i = 0; i < 5; i++) expect((await wire.call(frames.create(i, `/q/n${i}`))).err).to.equal(0);
    expect(await usage(wire, '/q')).to.equal('count=6,bytes=0');
  });

  it('a soft limit refuses nothing, and usage makes no version and no event', async () => {
    await using server = await startServer({ properties: { enforceQuota: 'true' } });
    await using wire = await Wire.connect(server.port);
    await setQuota(wire, '/q', 'count=1,bytes=1');
    const stats = '/zookeeper/quota/q/zookeeper_stats';
    await wire.call(frames.getData(2, stats, true));
    expect((await wire.call(frames.create(3, '/q/a', { data: 'xxxx' }))).err).to.equal(0);
    const { xid, body } = await wire.call(frames.exists(4, stats));
    expect(xid, 'no event in between').to.equal(4);
    expect(readStat(body).version).to.equal(0);
  });
});

describe('znodes that go by themselves', () => {
  it('a container goes when its last child is gone, and says so to its watchers', async () => {
    await using server = await startServer({ properties: sweeping });
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.createContainer(1, '/container'));
    await pause(3 * SWEEP_MS);
    expect(await exists(wire, '/container'), 'one that never had a child').to.equal(true);
    await wire.call(frames.create(2, '/container/child'));
    await pause(3 * SWEEP_MS);
    expect(await exists(wire, '/container'), 'one with a child').to.equal(true);
    await wire.call(frames.exists(3, '/container', true));
    await wire.call(frames.del(4, '/container/child'));
    expect(readWatcherEvent((await wire.reply()).body)).to.include({
      type: EventType.nodeDeleted,
      path: '/container',
    });
  });

  it('a container that never had a child goes too when it is told to', async () => {
    const properties = { ...sweeping, 'znode.container.maxNeverUsedIntervalMs': '50' };
    await using server = await startServer({ properties });
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.createContainer(1, '/container'));
    await pause(50 + 10 * SWEEP_MS);
    expect(await exists(wire, '/container')).to.equal(false);
  });

  it('a TTL znode goes when nobody has written to it for so long, and not while it has children', async () => {
    await using server = await startServer({ properties: sweeping });
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.createTtl(1, '/ttl', 200n));
    await wire.call(frames.createTtl(2, '/parent', 100n));
    await wire.call(frames.create(3, '/parent/child'));
    for (let i = 0; i < 5; i++) {
      await pause(100);
      expect((await wire.call(frames.setData(4, '/ttl', 'still here'))).err).to.equal(0);
    }
    await pause(200 + 10 * SWEEP_MS);
    expect(await exists(wire, '/ttl')).to.equal(false);
    expect(await exists(wire, '/parent')).to.equal(true);
    await wire.call(frames.del(5, '/parent/child'));
    await pause(10 * SWEEP_MS);
    expect(await exists(wire, '/parent')).to.equal(false);
  });

  it('one that is used again at the last moment stays', async () => {
    await using server = await startServer({ properties: sweeping });
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.createContainer(1, '/busy'));
    for (let i = 0; i < 100; i++) {
      wire.send(frames.create(2, '/busy/a'), frames.del(3, '/busy/a'), frames.create(4, '/busy/b'));
      const [created, , again] = await wire.replies(3);
      // The sweep may come between any two of them, and is then the only reason for a failure.
      if (created?.err === 0 && again?.err === 0) expect(await exists(wire, '/busy')).to.equal(true);
      await wire.call(frames.createContainer(5, '/busy'));
      await wire.call(frames.del(6, '/busy/b'));
    }
  });

  it('extendedTypesEnabled=false knows no TTLs: -6, and the connection goes on', async () => {
    await using server = await startServer({ properties: { extendedTypesEnabled: 'false' } });
    await using wire = await Wire.connect(server.port);
    expect((await wire.call(frames.createTtl(1, '/ttl', 1000n))).err).to.equal(ErrorCode.UNIMPLEMENTED);
    expect((await wire.call(frames.request(2, OpCode.whoAmI))).err).to.equal(0);
  });
});

/** What a client does when its connection breaks, and what it finds again afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { OneShotWatch, type StateEvent, type WatchEvent } from '../../../src/client/index.js';
import * as codec from '../../../src/codec/index.js';
import { OpCode, Xid } from '../../../src/types/index.js';
import { clientOf, rejectionWith, until } from './helpers.js';
import { MockServer, pathOf } from './mockServer.js';

describe('a broken connection', () => {
  it('is replaced by one to the next server, with the same session and the zxid last seen', async () => {
    await using first = await MockServer.start();
    await using second = await MockServer.start();
    await using zk = await clientOf([first, second]);
    await zk.getData('/a');
    const states: StateEvent[] = [];
    zk.on('state', (event) => states.push(event));
    first.connection.drop();
    await until(() => zk.server === second.address);
    expect(second.connection.connectRequest).to.include({
      sessionId: zk.sessionId,
      lastZxidSeen: first.zxid,
    });
    expect(second.connection.connectRequest?.passwd).to.deep.equal(Buffer.alloc(16, 7));
    expect(states.map(({ type }) => type)).to.deep.equal(['disconnected', 'connected']);
    expect(states[1]).to.include({ resumed: true, server: second.address });
  });

  it('rejects what was sent, keeps what was not, and sends it in order', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request) => request.type === OpCode.setData;
    const sent = zk.setData('/sent', '');
    await until(() => server.connection.requests.length === 1);
    server.connection.drop();
    const error = await rejectionWith('CONNECTIONLOSS', sent);
    expect(error.path).to.equal('/sent');
    server.onRequest = () => false;
    const paths = ['/a', '/b', '/c', '/d'];
    await Promise.all(paths.map((path) => zk.getData(path)));
    expect(server.connections).to.have.length(2);
    expect(server.connection.requests.map(pathOf)).to.deep.equal(paths);
  });

  it('of a request that waits too long ends in CONNECTIONLOSS, and the client goes on trying', async () => {
    await using server = await MockServer.start();
    server.sessionTimeoutMs = 200;
    await using zk = await clientOf(server, { attemptTimeoutMs: 50 });
    server.onConnect = () => undefined;
    server.connection.drop();
    await until(() => zk.state === 'disconnected');
    const startMs = performance.now();
    const waiting = zk.getData('/a');
    await sleep(100);
    const later = zk.getData('/b');
    await rejectionWith('CONNECTIONLOSS', waiting);
    expect(performance.now() - startMs).to.be.within(180, 2000);
    await rejectionWith('CONNECTIONLOSS', later);
    expect(performance.now() - startMs).to.be.at.least(280);
    server.onConnect = (request, connection) => server.accept(request, connection);
    expect((await zk.getData('/c')).data?.toString()).to.equal('/c');
  });

  it('brings back identities first, then watches, then the requests that waited', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server, { auth: [{ scheme: 'digest', auth: 'a:1' }], chroot: '/app' });
    await zk.addAuth('digest', 'b:2');
    const events: WatchEvent[] = [];
    const listener = (event: WatchEvent): void => void events.push(event);
    await zk.getData('/data', { watch: listener });
    await zk.getChildren('/children', { watch: listener });
    server.onRequest = (request, connection) => {
      if (request.type === OpCode.exists) connection.replyError(request, -101);
      return request.type === OpCode.exists;
    };
    await zk.exists('/missing', { watch: true });
    server.onRequest = () => false;
    await zk.exists('/present', { watch: true });
    const persistent = zk.watch('/p');
    const recursive = zk.watch('/', { recursive: true });
    await recursive.ready;
    server.connection.drop();
    await until(() => zk.state === 'disconnected');
    const [, , gap] = await Promise.all([zk.getData('/a'), zk.getData('/b'), recursive.next()]);
    expect(server.connection.requests.map(({ xid, type }) => [xid, type])).to.deep.equal([
      [Xid.auth, OpCode.auth],
      [Xid.auth, OpCode.auth],
      [Xid.setWatches, OpCode.setWatches2],
      [1, OpCode.getData],
      [2, OpCode.getData],
    ]);
    const auths = server.connection.decoded(OpCode.auth, codec.readAuthPacket);
    expect(auths.map(({ auth }) => auth?.toString())).to.deep.equal(['a:1', 'b:2']);
    const [sent] = server.connection.decoded(OpCode.setWatches2, codec.readSetWatches2);
    expect(sent).to.deep.equal({
      relativeZxid: server.zxid,
      dataWatches: ['/app/data', '/app/present'],
      existWatches: ['/app/missing'],
      childWatches: ['/app/children'],
      persistentWatches: ['/app/p'],
      persistentRecursiveWatches: ['/app'],
    });
    expect(gap.value).to.deep.equal({ type: 'gap', path: '/' });
    expect((await persistent.next()).value).to.deep.equal({ type: 'gap', path: '/p' });
    server.connection.event(3, '/app/data', 77n);
    await zk.getData('/c');
    expect(events).to.deep.equal([{ type: 'nodeDataChanged', path: '/data', zxid: 77n }]);
  });

  it('brings back many watches in several requests, none of them too large', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server, { retryDelayMsMin: 1 });
    const paths = Array.from({ length: 3000 }, (_, i) => `/${'x'.repeat(100)}${i}`);
    await Promise.all(paths.map((path) => zk.getData(path, { watch: true })));
    server.connection.drop();
    await until(() => server.connections.length === 2 && zk.state === 'connected');
    await zk.getData('/a');
    const sent = server.connection.decoded(OpCode.setWatches, codec.readSetWatches);
    expect(sent.length).to.equal(3);
    expect(sent.flatMap(({ dataWatches }) => dataWatches)).to.deep.equal(paths);
    for (const request of server.connection.requests) expect(request.body.length).to.be.lessThan(132_000);
  });

  it('does not bring back watches that have fired or were removed', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const fired = new OneShotWatch();
    await zk.getData('/fired', { watch: fired });
    await zk.getData('/removed', { watch: true });
    const stream = zk.watch('/left');
    await stream.ready;
    server.connection.event(2, '/fired');
    expect(await fired.event).to.include({ type: 'nodeDeleted', path: '/fired' });
    await zk.removeWatches('/removed', 'data');
    await stream.return();
    server.connection.drop();
    await until(() => server.connections.length === 2);
    await zk.getData('/a');
    expect(server.connection.types).to.deep.equal([OpCode.getData]);
  });

  it('tells of each attempt that fails', async () => {
    await using silent = await MockServer.start();
    await using good = await MockServer.start();
    await using zk = await clientOf([good, silent], { attemptTimeoutMs: 50 });
    const failed: string[] = [];
    zk.on('attemptFailed', ({ server, error }) => failed.push(`${server} ${error.message}`));
    silent.onConnect = () => undefined;
    good.connection.drop();
    await until(() => good.connections.length === 2 && zk.state === 'connected');
    expect(failed).to.deep.equal([`${silent.address} ${silent.address}: no answer in 50 ms`]);
  });

  it('forgets watches without a server when it is told to', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const events: WatchEvent[] = [];
    await zk.getData('/removed', { watch: (event) => events.push(event) });
    server.onConnect = () => undefined;
    server.connection.drop();
    await until(() => zk.state === 'disconnected');
    await zk.removeWatches('/removed', 'data', { local: true });
    expect(events).to.deep.equal([{ type: 'watchRemoved', path: '/removed', reason: 'removed' }]);
    server.onConnect = (request, connection) => server.accept(request, connection);
    server.connection.drop();
    await until(() => zk.state === 'connected');
    await zk.getData('/a');
    expect(server.connection.types).to.deep.equal([OpCode.getData]);
  });

  it('passes over servers that hang up or do not answer', async () => {
    await using silent = await MockServer.start();
    await using rude = await MockServer.start();
    await using good = await MockServer.start();
    silent.onConnect = () => undefined;
    rude.onConnect = (_request, connection) => connection.drop();
    await using zk = await clientOf([silent, rude, good], { attemptTimeoutMs: 50 });
    expect(zk.server).to.equal(good.address);
  });

  it('waits longer from round to round', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server, { retryDelayMsMin: 40, retryDelayMsMax: 80, random: () => 1 });
    const attempts: number[] = [];
    server.onConnect = (_request, connection) => {
      attempts.push(performance.now());
      connection.drop();
    };
    await sleep(1050); // a connection that lasted: its end is no failed attempt
    server.connection.drop();
    await until(() => attempts.length === 5);
    const pauses = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
    const expected = [40, 80, 80, 80];
    pauses.forEach((pause, i) => expect(pause).to.be.within((expected[i] ?? 0) - 5, 2000));
    await zk.close();
  });

  it('never waits so long that the session could be lost by it', async () => {
    await using server = await MockServer.start();
    server.sessionTimeoutMs = 400;
    const patient = { retryDelayMsMin: 40, retryDelayMsMax: 5000, random: () => 1 };
    await using zk = await clientOf(server, patient);
    const attempts: number[] = [];
    server.onConnect = (_request, connection) => {
      attempts.push(performance.now());
      connection.drop();
    };
    server.connection.drop();
    // Unbounded the pauses would be 40, 80, 160, 320 and 640 ms.
    await until(() => attempts.length === 6);
    const pauses = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
    expect(Math.max(...pauses)).to.be.lessThan(250);
    await zk.close();
  });

  it('tries all servers in a row, and waits only before it begins with the first again', async () => {
    await using one = await MockServer.start();
    await using two = await MockServer.start();
    await using three = await MockServer.start();
    const all = [one, two, three];
    await using zk = await clientOf(all, { retryDelayMsMin: 200, retryDelayMsMax: 200, random: () => 1 });
    await sleep(1050);
    const attempts: number[] = [];
    for (const server of all) {
      server.onConnect = (_request, connection) => {
        attempts.push(performance.now());
        connection.drop();
      };
    }
    one.connection.drop();
    await until(() => attempts.length === 6);
    const waited = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0) > 150);
    expect(waited).to.deep.equal([false, false, true, false, false]);
    await zk.close();
  });
});

/** Aborted operations: the caller is free at once, the connection does not notice. */
import { expect } from 'chai';
import { connect } from '../../../src/client/index.js';
import { OpCode } from '../../../src/types/index.js';
import { clientOf, optionsFor, rejection, rejectionWith, until } from './helpers.js';
import { MockServer, type MockRequest } from './mockServer.js';

describe('an aborted operation', () => {
  it('rejects at once with the reason; its late reply is swallowed and the order holds', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const held: MockRequest[] = [];
    server.onRequest = (request) => request.type === OpCode.exists && held.push(request) > 0;
    const controller = new AbortController();
    const aborted = zk.exists('/a', { signal: controller.signal });
    const other = zk.exists('/b');
    await until(() => held.length === 2);
    const reason = new Error('no longer needed');
    controller.abort(reason);
    expect(await rejection(aborted)).to.equal(reason);
    server.onRequest = () => false;
    for (const request of held) server.connection.replyError(request, -101);
    expect(await other).to.equal(null);
    expect((await zk.getData('/c')).data?.toString()).to.equal('/c');
    expect(server.connections).to.have.length(1);
  });

  it('is not sent when it is aborted beforehand, or while it waits for a connection', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    await rejection(zk.getData('/never', { signal: AbortSignal.abort() }));
    server.onConnect = () => undefined;
    server.connection.drop();
    await until(() => zk.state === 'disconnected');
    const controller = new AbortController();
    const waiting = zk.getData('/never', { signal: controller.signal });
    const other = zk.getData('/b');
    controller.abort();
    await rejection(waiting);
    server.onConnect = (request, connection) => server.accept(request, connection);
    for (const { connectRequest } of server.connections) expect(connectRequest).not.to.equal(null);
    server.connection.drop();
    expect((await other).data?.toString()).to.equal('/b');
    expect(server.connection.requests.filter(({ type }) => type === OpCode.getData)).to.have.length(1);
  });

  it('leaves nothing behind on the signal once it is done', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const controller = new AbortController();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => {
      warnings.push(warning);
    };
    process.on('warning', onWarning);
    await Promise.all(Array.from({ length: 100 }, () => zk.getData('/a', { signal: controller.signal })));
    controller.abort();
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('can be the connecting itself', async () => {
    await using server = await MockServer.start();
    server.onConnect = () => undefined;
    const controller = new AbortController();
    const connecting = connect(optionsFor(server, { signal: controller.signal }));
    await until(() => server.connections.length === 1);
    controller.abort();
    expect(await rejection(connecting)).to.include({ name: 'AbortError' });
    await rejectionWith('BADARGUMENTS', (async () => connect({ servers: [] }))());
  });

  it('ends a stream without an error', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const controller = new AbortController();
    const stream = zk.watch('/a', { signal: controller.signal });
    await stream.ready;
    controller.abort();
    for await (const event of stream) expect.fail(`an event of type ${event.type}`);
    await until(() => server.connection.types.includes(OpCode.removeWatches));
  });
});

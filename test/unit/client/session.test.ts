/** The life of a session: pings, silence, expiry, resumption, closing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { connect, KeeperError, open, type WatchEvent } from '../../../src/client/index.js';
import { Reader, readSaslPacket, writeSaslPacket } from '../../../src/codec/index.js';
import { digestResponse, parseDirectives } from '../../../src/client/sasl.js';
import { OpCode } from '../../../src/types/index.js';
import { clientOf, optionsFor, rejection, rejectionWith, until } from './helpers.js';
import { MockServer } from './mockServer.js';

describe('a session', () => {
  it('is kept alive by pings after a third of the timeout, and only when idle', async () => {
    await using server = await MockServer.start();
    server.sessionTimeoutMs = 900;
    await using zk = await clientOf(server);
    await sleep(1000);
    expect(server.connection.pings).to.be.within(2, 4);
    const before = server.connection.pings;
    for (let i = 0; i < 25; i++) {
      await zk.getData('/a');
      await sleep(20);
    }
    expect(server.connection.pings - before).to.be.at.most(1);
    expect(server.connections).to.have.length(1);
  });

  it('moves to the next server after two thirds of the timeout without a byte', async () => {
    await using dead = await MockServer.start();
    await using alive = await MockServer.start();
    dead.sessionTimeoutMs = 300;
    await using zk = await clientOf([dead, alive]);
    const startMs = performance.now();
    dead.onRequest = () => true;
    const lost = await rejectionWith('CONNECTIONLOSS', zk.getData('/a'));
    expect(lost.message).to.match(/nothing was heard for \d+ ms/);
    expect(performance.now() - startMs).to.be.within(180, 2000);
    expect((await zk.getData('/a')).data?.toString()).to.equal('/a');
    expect(zk.server).to.equal(alive.address);
  });

  it('that has expired takes everything with it', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const states: string[] = [];
    zk.on('state', ({ type }) => states.push(type));
    const events: WatchEvent[] = [];
    await zk.getData('/a', { watch: (event) => events.push(event) });
    const stream = zk.watch('/a');
    await stream.ready;
    server.onConnect = (_request, connection) => server.expire(connection);
    server.connection.drop();
    await until(() => zk.state === 'disconnected');
    await rejectionWith('SESSIONEXPIRED', zk.getData('/waiting'));
    await rejectionWith('SESSIONEXPIRED', zk.getData('/later'));
    await rejectionWith('SESSIONEXPIRED', stream.next());
    await rejectionWith('SESSIONEXPIRED', zk.addAuth('digest', 'a:b'));
    expect(events).to.deep.equal([{ type: 'watchRemoved', path: '/a', reason: 'expired' }]);
    expect(states).to.deep.equal(['disconnected', 'expired']);
    expect(zk.state).to.equal('expired');
    await zk.close();
    expect(server.connections).to.have.length(2);
  });

  it('is resumed by its id and password', async () => {
    await using server = await MockServer.start();
    const first = await clientOf(server);
    await first.getData('/a');
    const { sessionId, password, lastZxidSeen } = first;
    await first.close({ keepSession: true });
    expect(server.connection.types).to.deep.equal([OpCode.getData]);
    await using second = await clientOf(server, { session: { sessionId, password, lastZxidSeen } });
    expect(server.connection.connectRequest).to.include({ sessionId, lastZxidSeen: server.zxid });
    expect(second.sessionId).to.equal(sessionId);
  });

  it('that cannot be resumed makes connect reject', async () => {
    await using server = await MockServer.start();
    server.onConnect = (_request, connection) => server.expire(connection);
    const { sessionId, password } = await (async () => {
      await using other = await MockServer.start();
      await using zk = await clientOf(other);
      return { sessionId: zk.sessionId, password: zk.password };
    })();
    await rejectionWith('SESSIONEXPIRED', connect(optionsFor(server, { session: { sessionId, password } })));
  });

  it('that no server gives makes connect reject in time, with the last reason', async () => {
    const server = await MockServer.start();
    const options = optionsFor(server, { connectTimeoutMs: 150 });
    await server[Symbol.asyncDispose]();
    const startMs = performance.now();
    const error = await rejectionWith('CONNECTIONLOSS', connect(options));
    expect(performance.now() - startMs).to.be.within(140, 3000);
    expect(error.message).to.contain('ECONNREFUSED');
  });

  it('need not be there for requests of a client that was only opened', async () => {
    await using server = await MockServer.start();
    await using zk = open(optionsFor(server));
    expect(zk.state).to.equal('connecting');
    expect(zk.sessionId).to.equal(0n);
    const created = zk.create('/a');
    const read = zk.getData('/a');
    expect(await created).to.equal('/a');
    expect((await read).data?.toString()).to.equal('/a');
    await zk.connected();
    expect(server.connection.types).to.deep.equal([OpCode.create, OpCode.getData]);
  });

  it('ends behind all requests made before close', async () => {
    await using server = await MockServer.start();
    const zk = await clientOf(server);
    const read = zk.getData('/a');
    const closed = zk.close();
    await rejectionWith('SESSIONEXPIRED', zk.getData('/late'));
    expect((await read).data?.toString()).to.equal('/a');
    await closed;
    expect(zk.state).to.equal('closed');
    expect(server.connection.types).to.deep.equal([OpCode.getData, OpCode.closeSession]);
    await zk.close();
  });

  it('is closed in bounded time when the server does not answer', async () => {
    await using server = await MockServer.start();
    const zk = await clientOf(server, { closeTimeoutMs: 60 });
    server.onRequest = () => true;
    const pending = zk.getData('/a');
    const startMs = performance.now();
    const [error] = await Promise.all([rejection(pending), zk.close()]);
    expect(performance.now() - startMs).to.be.within(50, 2000);
    expect(error).to.be.instanceOf(KeeperError);
  });

  it('is closed at once when all servers are gone', async () => {
    const server = await MockServer.start();
    const zk = await clientOf(server, { closeTimeoutMs: 60_000 });
    await server[Symbol.asyncDispose]();
    await until(() => zk.state === 'disconnected');
    await zk.close();
    expect(zk.state).to.equal('closed');
  });

  it('ends streams and one-shot watches quietly when it is closed', async () => {
    await using server = await MockServer.start();
    const zk = await clientOf(server);
    const events: WatchEvent[] = [];
    await zk.getData('/a', { watch: (event) => events.push(event) });
    const stream = zk.watch('/a');
    const states = zk.states();
    await stream.ready;
    await zk.close();
    for await (const event of stream) expect.fail(`an event of type ${event.type}`);
    expect(events).to.deep.equal([{ type: 'watchRemoved', path: '/a', reason: 'closed' }]);
    const types: string[] = [];
    for await (const { type } of states) types.push(type);
    expect(types).to.deep.equal(['closed']);
  });
});

describe('identities', () => {
  const CHALLENGE = 'realm="zk-sasl-md5",nonce="n",charset=utf-8,algorithm=md5-sess';

  /** Answers a SASL login as a server does that knows this password. */
  function saslServer(server: MockServer, password: string): void {
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.sasl) return false;
      const sent = parseDirectives(readSaslPacket(Reader.over(request.body)).token?.toString() ?? '');
      const username = sent.get('username');
      if (username === undefined) {
        connection.reply(request, (w) => writeSaslPacket(w, { token: Buffer.from(CHALLENGE) }), 0n);
        return true;
      }
      const expected = digestResponse({ username, password }, CHALLENGE, sent.get('cnonce') ?? '');
      if (parseDirectives(expected.token).get('response') === sent.get('response')) {
        const token = Buffer.from(`rspauth=${expected.rspauth}`);
        connection.reply(request, (w) => writeSaslPacket(w, { token }), 0n);
      } else {
        connection.replyError(request, -115);
        connection.socket.end();
      }
      return true;
    };
  }

  it('by SASL come before all others, on each connection', async () => {
    await using server = await MockServer.start();
    saslServer(server, 'secret');
    const sasl = { username: 'user', password: 'secret' };
    await using zk = await clientOf(server, { sasl, auth: [{ scheme: 'digest', auth: 'a:b' }] });
    await zk.getData('/a');
    const types = [OpCode.sasl, OpCode.sasl, OpCode.auth, OpCode.getData];
    expect(server.connection.types).to.deep.equal(types);
    server.connection.drop();
    await until(() => zk.state === 'disconnected');
    await zk.getData('/a');
    expect(server.connections).to.have.length(2);
    expect(server.connection.types).to.deep.equal(types);
  });

  it('by SASL that are refused make connect reject', async () => {
    await using server = await MockServer.start();
    saslServer(server, 'secret');
    const sasl = { username: 'user', password: 'wrong' };
    await rejectionWith('AUTHFAILED', connect(optionsFor(server, { sasl })));
    expect(server.connections).to.have.length(1);
  });

  it('go out before requests, and addAuth waits for the answer', async () => {
    await using server = await MockServer.start();
    await using zk = open(optionsFor(server, { auth: [{ scheme: 'digest', auth: 'a:b' }] }));
    await Promise.all([zk.getData('/a'), zk.addAuth('digest', Buffer.from('c:d'))]);
    expect(server.connection.types).to.deep.equal([OpCode.auth, OpCode.auth, OpCode.getData]);
  });

  it('that are refused end the client', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.auth) return false;
      connection.replyError(request, -115);
      connection.socket.end();
      return true;
    };
    await rejectionWith('AUTHFAILED', zk.addAuth('nonsense', ''));
    expect(zk.state).to.equal('authFailed');
    await rejectionWith('AUTHFAILED', zk.getData('/a'));
  });

  it('that meet a broken connection are tried again on the next', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.auth) return false;
      server.onRequest = () => false;
      connection.drop();
      return true;
    };
    await zk.addAuth('digest', 'a:b');
    expect(server.connections).to.have.length(2);
  });
});

describe('a read-only server', () => {
  it('is passed over unless it is asked for', async () => {
    await using zkReadOnly = await MockServer.start();
    zkReadOnly.onConnect = (request, connection) => {
      if (request.readOnly === true) zkReadOnly.accept(request, connection, true);
      else connection.drop();
    };
    await rejectionWith('CONNECTIONLOSS', connect(optionsFor(zkReadOnly, { connectTimeoutMs: 100 })));
    await using zk = await clientOf(zkReadOnly, { readOnly: true });
    expect(zk.state).to.equal('readOnly');
  });

  it('is left for one that accepts writes, where the session starts anew', async () => {
    await using reading = await MockServer.start();
    await using writing = await MockServer.start();
    reading.onConnect = (request, connection) => reading.accept(request, connection, true);
    await using zk = await clientOf([reading, writing], { readOnly: true, retryDelayMsMax: 30 });
    const temporary = zk.sessionId;
    writing.nextSessionId = 0x77n;
    await until(() => zk.state === 'connected');
    expect(zk.server).to.equal(writing.address);
    expect(writing.connection.connectRequest?.sessionId).to.equal(0n);
    expect(zk.sessionId).not.to.equal(temporary);
  });
});

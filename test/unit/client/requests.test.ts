/** Requests and replies on one connection: what is written, how replies find their requests, what breaks it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { MultiError } from '../../../src/client/index.js';
import * as codec from '../../../src/codec/index.js';
import { ErrorCode, OpCode, OPEN_ACL } from '../../../src/types/index.js';
import { clientOf, rejection, rejectionWith, until } from './helpers.js';
import { frameOf, MockServer, pathOf, STAT, type MockRequest } from './mockServer.js';

describe('requests of the client', () => {
  it('takes the session from the handshake', async () => {
    await using server = await MockServer.start();
    server.sessionTimeoutMs = 6000;
    await using zk = await clientOf(server, { sessionTimeoutMs: 9000 });
    expect(zk.state).to.equal('connected');
    expect(zk.sessionId).to.equal(0x1234500000001n);
    expect(zk.password).to.deep.equal(Buffer.alloc(16, 7));
    expect(zk.sessionTimeoutMs).to.equal(6000);
    expect(zk.server).to.equal(server.address);
    expect(server.connection.connectRequest).to.deep.equal({
      protocolVersion: 0,
      lastZxidSeen: 0n,
      timeOut: 9000,
      sessionId: 0n,
      passwd: Buffer.alloc(16),
      readOnly: false,
    });
  });

  it('sends all requests of a turn in one write, with rising xids', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    let chunks = 0;
    server.connection.socket.on('data', () => chunks++);
    const paths = Array.from({ length: 100 }, (_, i) => `/p${i}`);
    const results = await Promise.all(paths.map((path) => zk.getData(path)));
    expect(chunks).to.equal(1);
    expect(results.map(({ data }) => data?.toString())).to.deep.equal(paths);
    expect(server.connection.requests.map(({ xid }) => xid)).to.deep.equal(paths.map((_, i) => i + 1));
    expect(zk.outstanding).to.equal(0);
  });

  it('grows its buffer for a turn that asks for very much', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const data = Buffer.alloc(3000, 1);
    await Promise.all(Array.from({ length: 500 }, (_, i) => zk.setData(`/p${i}`, data)));
    await Promise.all(Array.from({ length: 500 }, (_, i) => zk.setData(`/q${i}`, data)));
    expect(server.connection.requests).to.have.length(1000);
  });

  it('reads replies that arrive byte by byte, and several in one chunk', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    const held: MockRequest[] = [];
    server.onRequest = (request) => request.type === OpCode.getData && held.push(request) > 0;
    const all = Promise.all(['/a', '/b', '/c'].map((path) => zk.getData(path)));
    await until(() => held.length === 3);
    const replies = Buffer.concat(
      held.map((request) =>
        frameOf((w) => {
          codec.writeReplyHeader(w, { xid: request.xid, zxid: 9n, err: 0 });
          codec.writeGetDataResponse(w, { data: Buffer.from(pathOf(request)), stat: STAT });
        }),
      ),
    );
    const { socket } = server.connection;
    for (const byte of replies.subarray(0, 130)) {
      socket.write(Buffer.of(byte));
      await sleep(0);
    }
    socket.write(replies.subarray(130));
    expect((await all).map(({ data }) => data?.toString())).to.deep.equal(['/a', '/b', '/c']);
  });

  it('gives data that stays as it is when more arrives, and keeps null apart from empty', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.getData) return false;
      const path = pathOf(request);
      const data = path === '/null' ? null : Buffer.from(path === '/empty' ? '' : path.repeat(100));
      connection.reply(request, (w) => codec.writeGetDataResponse(w, { data, stat: STAT }));
      return true;
    };
    const first = (await zk.getData('/first')).data;
    await Promise.all(Array.from({ length: 50 }, () => zk.getData('/other')));
    expect(first?.toString()).to.equal('/first'.repeat(100));
    expect((await zk.getData('/null')).data).to.equal(null);
    expect((await zk.getData('/empty')).data).to.deep.equal(Buffer.alloc(0));
  });

  it('breaks the connection on a reply to another request than the oldest', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.getData) return false;
      connection.reply({ ...request, xid: request.xid + 1 });
      return true;
    };
    const error = await rejectionWith('CONNECTIONLOSS', zk.getData('/a'));
    expect(error.message).to.match(/reply to request 2 arrived, expected was 1/);
    expect(error.path).to.equal('/a');
    server.onRequest = () => false;
    expect((await zk.getData('/b')).data?.toString()).to.equal('/b');
    expect(server.connections).to.have.length(2);
  });

  const intruders: [claim: string, bytes: Buffer][] = [
    [
      'a reply that nobody asked for',
      frameOf((w) => codec.writeReplyHeader(w, { xid: 5, zxid: 1n, err: 0 })),
    ],
    [
      'a special reply that nobody asked for',
      frameOf((w) => codec.writeReplyHeader(w, { xid: -4, zxid: 1n, err: 0 })),
    ],
    ['a frame longer than the limit', Buffer.from([0x7f, 0, 0, 0])],
    ['a frame of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a frame too short for a header', frameOf((w) => w.int(1))],
    ['a malformed event', frameOf((w) => codec.writeReplyHeader(w, { xid: -1, zxid: 1n, err: 0 }))],
  ];
  for (const [claim, bytes] of intruders) {
    it(`breaks the connection on ${claim}, and makes another`, async () => {
      await using server = await MockServer.start();
      await using zk = await clientOf(server);
      const states: string[] = [];
      zk.on('state', ({ type }) => states.push(type));
      server.connection.socket.write(bytes);
      await until(() => states.length === 2);
      expect(states).to.deep.equal(['disconnected', 'connected']);
      expect(server.connection.connectRequest?.sessionId).to.equal(zk.sessionId);
    });
  }

  it('rejects only the request whose reply cannot be read', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request, connection) => {
      if (request.type === OpCode.getData) connection.reply(request, (w) => w.int(1000));
      return request.type === OpCode.getData;
    };
    const broken = zk.getData('/a');
    const fine = zk.exists('/b');
    await rejectionWith('MARSHALLINGERROR', broken);
    expect(await fine).to.deep.equal(STAT);
    expect(server.connections).to.have.length(1);
  });

  it('turns codes into errors with the path of the caller', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server, { chroot: '/app' });
    let code: number = ErrorCode.NONODE;
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.delete) return false;
      connection.replyError(request, code);
      return true;
    };
    expect((await rejectionWith('NONODE', zk.delete('/a'))).path).to.equal('/a');
    code = -117;
    expect((await rejectionWith('APIERROR', zk.delete('/a'))).message).to.contain('-117');
    code = -9;
    expect((await rejectionWith('SYSTEMERROR', zk.delete('/a'))).message).to.contain('-9');
  });

  it('does not send what no server would accept, and counts on', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server, { requestBytesMax: 1000, chroot: '/app' });
    const large = zk.setData('/a', Buffer.alloc(1000));
    const relative = zk.getData('le');
    const confused = zk.create('/a', '', { ephemeral: true, ttlMs: 5 });
    const container = zk.create('/a', '', { container: true, sequential: true });
    const forever = zk.create('/a', '', { ttlMs: 2 ** 40 });
    const inMulti = zk.multi([{ type: 'delete', path: 'le' }]);
    const fine = zk.getData('/b');
    for (const refused of [large, relative, confused, container, forever, inMulti]) {
      await rejectionWith('BADARGUMENTS', refused);
    }
    await fine;
    expect(server.connection.requests.map(({ xid }) => xid)).to.deep.equal([1]);
  });

  it('adopts the zxid of replies, not of events nor of failed lookups without one', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    await zk.getData('/a');
    expect(zk.lastZxidSeen).to.equal(server.zxid);
    server.connection.event(3, '/a', server.zxid + 100n);
    server.zxid -= 1n;
    await zk.getData('/a');
    expect(zk.lastZxidSeen).to.equal(server.zxid + 1n);
  });

  it('puts the chroot in front of paths and takes it off results', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server, { servers: `${server.address}/app/x` });
    expect(zk.chroot).to.equal('/app/x');
    expect(await zk.create('/a')).to.equal('/a');
    expect((await zk.createWithStat('/b')).path).to.equal('/b');
    await zk.getData('/');
    await zk.getConfig();
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.getEphemerals) return false;
      connection.reply(request, (w) =>
        codec.writeGetEphemeralsResponse(w, { ephemerals: ['/app/x/e', '/app/x/f/g'] }),
      );
      return true;
    };
    expect(await zk.getEphemerals()).to.deep.equal(['/e', '/f/g']);
    expect(server.connection.requests.map(pathOf)).to.deep.equal([
      '/app/x/a',
      '/app/x/b',
      '/app/x',
      '/zookeeper/config',
      '/app/x/',
    ]);
  });

  const creates: [options: Parameters<typeof creating>[0], type: number, flags: number][] = [
    [{}, OpCode.create, 0],
    [{ ephemeral: true }, OpCode.create, 1],
    [{ sequential: true }, OpCode.create, 2],
    [{ ephemeral: true, sequential: true }, OpCode.create, 3],
    [{ container: true }, OpCode.createContainer, 4],
    [{ ttlMs: 1000 }, OpCode.createTTL, 5],
    [{ ttlMs: 1000, sequential: true }, OpCode.createTTL, 6],
  ];
  async function creating(options: {
    ephemeral?: true;
    sequential?: true;
    container?: true;
    ttlMs?: number;
  }): Promise<{
    type: number | undefined;
    record: codec.CreateRequest | undefined;
  }> {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    await zk.create('/a', 'text', options);
    const [request] = server.connection.requests;
    return {
      type: request?.type,
      record: request && codec.readCreateRequest(codec.Reader.over(request.body)),
    };
  }
  for (const [options, type, flags] of creates) {
    it(`creates ${JSON.stringify(options)} by op ${type} with flags ${flags}`, async () => {
      const sent = await creating(options);
      expect(sent.type).to.equal(type);
      expect(sent.record).to.deep.equal({ path: '/a', data: Buffer.from('text'), acl: OPEN_ACL, flags });
    });
  }

  it('creates with op create2 when the Stat is wanted', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    expect(await zk.createWithStat('/a', null)).to.deep.equal({ path: '/a', stat: STAT });
    expect(server.connection.types).to.deep.equal([OpCode.create2]);
  });

  it('reports each operation of a multi that failed', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    server.onRequest = (request, connection) => {
      if (request.type !== OpCode.multi) return false;
      connection.reply(request, (w) => {
        for (const err of [0, ErrorCode.BADVERSION, ErrorCode.RUNTIMEINCONSISTENCY]) {
          codec.writeMultiHeader(w, { type: -1, done: false, err });
          codec.writeErrorResponse(w, { err });
        }
        codec.writeMultiHeader(w, { type: -1, done: true, err: -1 });
      });
      return true;
    };
    const error = await rejection(
      zk.multi([
        { type: 'create', path: '/a' },
        { type: 'check', path: '/b', version: 3 },
        { type: 'delete', path: '/c' },
      ]),
    );
    if (!(error instanceof MultiError)) throw error;
    expect(error.code).to.equal('BADVERSION');
    expect(error.path).to.equal('/b');
    expect(error.index).to.equal(1);
    expect(error.results).to.deep.equal([
      { code: 'OK', path: '/a' },
      { code: 'BADVERSION', path: '/b' },
      { code: 'RUNTIMEINCONSISTENCY', path: '/c' },
    ]);
  });

  it('measures a round trip by ping', async () => {
    await using server = await MockServer.start();
    await using zk = await clientOf(server);
    expect(await zk.ping()).to.be.within(0, 5000);
    expect(server.connection.pings).to.equal(1);
  });
});

/** How a session ends: by its client, or because nobody heard of the client (protocol.md section 9). */
import { expect } from 'chai';
import { Host, TICK_MS } from '../helpers/host.js';
import type { Client } from '../helpers/client.js';
import {
  addWatch,
  closeSession,
  create,
  del,
  exists,
  getChildren,
  getData,
  multi,
  ping,
  setData,
} from '../helpers/requests.js';

const ephemeral = { mode: 'ephemeral' } as const;

describe('closeSession', () => {
  it('is answered, then the connection is closed', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(closeSession);
    expect(client.take()).to.deep.equal([]);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'close session closed']);
    expect(host.engine.sessions.size).to.equal(0);
    expect(client.replyTo(1)?.zxid).to.equal(host.engine.lastZxid);
  });

  it('answers what came before it, and nothing that is pipelined behind it', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(getData('/a'));
    client.send(closeSession);
    client.send(create('/b'));
    client.send(getData('/a', true));
    client.send(ping);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK', 'reply 3 OK', 'close session closed']);
    expect(host.engine.tree.get('/b')).to.equal(undefined);
    expect(host.engine.watches.data.size).to.equal(0);
  });

  it('takes all ephemerals along in one zxid, outstanding ones included, and tells who watches', () => {
    const host = Host.serving();
    const [owner, watcher] = [host.connect(), host.connect()];
    owner.given(create('/p'), create('/p/a', ephemeral));
    watcher.given(getData('/p/a', true), getChildren('/p', true));
    owner.send(create('/p/b', ephemeral));
    owner.send(closeSession);
    host.persist();
    expect(watcher.take()).to.deep.equal(['event nodeChildrenChanged /p', 'event nodeDeleted /p/a']);
    expect([...host.engine.tree.childrenOf('/p')]).to.deep.equal([]);
    expect(host.engine.tree.get('/p')?.pzxid).to.equal(host.engine.lastZxid);
    expect(host.disk.at(-1)?.mark.zxid).to.equal(host.engine.lastZxid);
  });

  it('tells its own client of the deletions before the reply', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/a', ephemeral), getData('/a', true));
    client.send(closeSession);
    host.persist();
    expect(client.take()).to.deep.equal(['event nodeDeleted /a', 'reply 3 OK', 'close session closed']);
  });

  it('twice is one end', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(closeSession);
    client.send(closeSession);
    expect(host.inFlight).to.have.length(1);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'close session closed']);
  });

  it('of a client that is gone by then ends the session all the same', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/e', ephemeral));
    client.send(closeSession);
    client.disconnect();
    host.persist();
    expect(host.engine.sessions.size).to.equal(0);
    expect(host.engine.tree.get('/e')).to.equal(undefined);
  });
});

describe('expiry', () => {
  /** How long after its last sign of life a session is over. */
  function lifetime(host: Host, client: Client): number {
    const start = host.now;
    while (client.closed === undefined && host.now < start + 100_000) {
      host.wait(100, 100);
      host.persist();
    }
    return host.now - start;
  }

  for (const timeOut of [4000, 5000, 10_000, 39_999]) {
    it(`of a session of ${timeOut} ms comes between its timeout and a tick later`, () => {
      for (const offset of [0, 700, 1900]) {
        const host = Host.serving();
        host.wait(offset);
        const client = host.connect({ timeOut });
        const lived = lifetime(host, client);
        expect(client.take()).to.deep.equal(['close session expired']);
        expect(lived).to.be.within(timeOut, timeOut + TICK_MS + 100);
      }
    });
  }

  it('does not come while the client is heard of, whatever it asks', () => {
    const host = Host.serving();
    const client = host.connect({ timeOut: 4000 });
    for (const request of [ping, getData('/nowhere'), setData('/nowhere'), exists('/'), ping, ping]) {
      host.wait(3900);
      client.call(request);
    }
    expect(client.closed).to.equal(undefined);
  });

  it('deletes the ephemerals, tells who watches, and the operator', () => {
    const host = Host.serving();
    const [owner, watcher] = [host.connect({ timeOut: 4000 }), host.connect({ timeOut: 40_000 })];
    owner.given(create('/e', ephemeral));
    watcher.given(exists('/e', true));
    owner.disconnect();
    host.wait(6500);
    host.persist();
    expect(watcher.take()).to.deep.equal(['event nodeDeleted /e']);
    expect(host.notes.filter(({ kind }) => kind === 'sessionExpired')).to.deep.equal([
      { kind: 'sessionExpired', sessionId: owner.session },
    ]);
  });

  it('is decided once: writes that come later are refused, and the connection is closed', () => {
    const host = Host.serving();
    const client = host.connect({ timeOut: 4000 });
    host.wait(6500);
    expect(host.inFlight).to.have.length(1);
    client.send(create('/late', ephemeral));
    client.send(multi(create('/late', ephemeral)));
    host.wait(10_000);
    host.persist();
    expect(client.take()).to.deep.equal(['close session expired']);
    expect(host.engine.tree.get('/late')).to.equal(undefined);
    expect(
      host.disk.filter(({ header }) => header.clientId === client.session).map(({ txn }) => txn.type),
    ).to.deep.equal([-10, -11, -1, -1]);
  });

  it('of several sessions comes for each', () => {
    const host = Host.serving();
    const clients = [4000, 4000, 30_000].map((timeOut) => host.connect({ timeOut }));
    host.wait(7000);
    host.persist();
    expect(clients.map(({ closed }) => closed)).to.deep.equal([
      'session expired',
      'session expired',
      undefined,
    ]);
  });

  it('does not come from a pause of the server: nobody could be heard', () => {
    const host = Host.serving();
    const client = host.connect({ timeOut: 4000 });
    host.wait(2000);
    host.now += 3_600_000;
    host.wait(500);
    host.persist();
    expect(client.closed).to.equal(undefined);
    expect(client.call(ping).err).to.equal(0);
    host.wait(6500);
    host.persist();
    expect(client.closed).to.equal('session expired');
  });

  it('is not counted from before the first tick', () => {
    const host = new Host();
    host.now = 1_000_000;
    host.lead();
    const client = host.connect({ timeOut: 4000 });
    host.wait(3000);
    host.persist();
    expect(client.closed).to.equal(undefined);
  });

  it('starts again with the full timeout when a new term begins', () => {
    const host = Host.serving();
    const client = host.connect({ timeOut: 4000 });
    host.wait(3900);
    host.failLog();
    host.wait(60_000);
    host.lead();
    const again = host.connect({ session: client.session, timeOut: 4000 });
    host.wait(3900);
    expect(again.call(ping).err).to.equal(0);
  });

  it('does not happen while nobody leads', () => {
    const host = Host.serving();
    host.connect({ timeOut: 4000 });
    host.failLog();
    host.wait(60_000);
    expect(host.inFlight).to.deep.equal([]);
    expect(host.engine.sessions.size).to.equal(1);
  });
});

describe('ephemeral', () => {
  it('whose owner is closing can still be deleted by others, and the end does not fail', () => {
    const host = Host.serving();
    const [owner, other] = [host.connect(), host.connect()];
    owner.given(create('/e', ephemeral));
    other.send(del('/e'));
    owner.send(closeSession);
    other.send(del('/e'));
    host.persist();
    expect(other.take()).to.deep.equal(['reply 1 OK', 'reply 2 NONODE']);
    expect(owner.closed).to.equal('session closed');
  });
});

describe('a connection that is gone', () => {
  it('takes its watches along, not its session', () => {
    const host = Host.serving();
    const client = host.connect().given(getData('/', true), getChildren('/', true), addWatch('/', 1));
    expect(host.engine.watches.data.size + host.engine.watches.child.size).to.equal(2);
    client.disconnect();
    expect(host.engine.watches.data.size + host.engine.watches.child.size).to.equal(0);
    expect(host.engine.sessions.isOpen(client.session)).to.equal(true);
    client.disconnect();
  });
});

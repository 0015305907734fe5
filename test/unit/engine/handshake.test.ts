/** ConnectRequests: who gets a session, who keeps one, and who is sent away how (protocol.md section 1.2). */
import { expect } from 'chai';
import { sessionIdOf } from '../../../src/types/index.js';
import { Host } from '../helpers/host.js';
import { closeSession, create, getData, setData } from '../helpers/requests.js';

const TIMEOUTS: [asked: number, given: number][] = [
  [10_000, 10_000],
  [3999, 4000],
  [4000, 4000],
  [0, 4000],
  [-1, 4000],
  [-(2 ** 31), 4000],
  [40_000, 40_000],
  [40_001, 40_000],
  [2 ** 31 - 1, 40_000],
];

describe('new session', () => {
  it('is answered once it is on disk, and consumes a zxid', () => {
    const host = Host.serving();
    const before = host.engine.lastZxid;
    const client = host.connecting();
    expect(client.take()).to.deep.equal([]);
    expect(host.engine.sessions.size).to.equal(0);
    host.persist();
    expect(client.take()).to.deep.equal(['connected']);
    expect(host.engine.sessions.isOpen(client.session)).to.equal(true);
    expect(host.engine.sessionOf(client.id)).to.equal(client.session);
    expect(host.engine.lastZxid).to.equal(before + 1n);
  });

  for (const [asked, given] of TIMEOUTS) {
    it(`that asks for ${asked} ms gets ${given}`, () => {
      const host = Host.serving();
      const client = host.connect({ timeOut: asked });
      expect(client.timeOut).to.equal(given);
      expect(host.sessions).to.deep.equal([{ id: client.session, timeoutMs: given }]);
    });
  }

  it('has an id of server, clock and count', () => {
    const host = new Host({ serverId: 5 });
    host.now = 123;
    host.lead();
    const [one, two] = [host.connect(), host.connect()];
    expect(one.session).to.equal((5n << 56n) | ((host.time & 0xff_ffff_ffffn) << 16n));
    expect(two.session).to.equal(one.session + 1n);
  });

  it('of a server with a number above 127 has a negative id', () => {
    const host = Host.serving({ serverId: 254 });
    expect(host.connect().session < 0n).to.equal(true);
    expect(BigInt.asUintN(64, host.connect().session) >> 56n).to.equal(254n);
  });

  it('has an id that no session of an earlier term had', () => {
    const host = Host.serving();
    const before = host.connect().session;
    host.failLog();
    host.now += 1;
    host.lead();
    expect(host.connect().session > before).to.equal(true);
  });

  it('whose client is gone before it is on disk stays, and expires', () => {
    const host = Host.serving();
    host.connecting().disconnect();
    host.persist();
    expect(host.engine.sessions.size).to.equal(1);
    host.wait(30_000);
    host.persist();
    expect(host.engine.sessions.size).to.equal(0);
  });
});

describe('connection that comes while there is no leader', () => {
  it('waits, and is answered by the next one', () => {
    const host = new Host();
    host.holdEpochs();
    host.lead();
    const client = host.connecting();
    expect(client.take()).to.deep.equal([]);
    host.saveEpochs();
    host.persist();
    expect(client.session).not.to.equal(0n);
  });

  it('is forgotten when its client goes', () => {
    const host = new Host();
    host.holdEpochs();
    host.lead();
    host.connecting().disconnect();
    host.saveEpochs();
    host.persist();
    expect(host.engine.sessions.size).to.equal(0);
  });
});

describe('connection that is sent away without a byte', () => {
  it('comes while nobody serves', () => {
    const host = new Host();
    expect(host.connecting().take()).to.deep.equal(['close not serving']);
  });

  it('has waited for a leader as long as an election may take', () => {
    const host = new Host();
    host.holdEpochs();
    host.lead();
    const client = host.connecting();
    host.wait(1500, 100);
    expect(client.take()).to.deep.equal([]);
    host.wait(200, 100);
    expect(client.take()).to.deep.equal(['close not serving']);
  });

  it('has seen a later zxid than this server', () => {
    const host = Host.serving();
    const { session } = host.connect();
    const ahead = host.engine.lastZxid + 1n;
    expect(host.connecting({ lastZxidSeen: ahead }).take()).to.deep.equal([
      'close client has seen a later zxid',
    ]);
    expect(host.connecting({ lastZxidSeen: ahead, session }).take()).to.deep.equal([
      'close client has seen a later zxid',
    ]);
    expect(host.connect({ lastZxidSeen: host.engine.lastZxid, session }).session).to.equal(session);
  });

  it('leaves the earlier connection of its session alone', () => {
    const host = Host.serving();
    const former = host.connect();
    host.connecting({ session: former.session, lastZxidSeen: host.engine.lastZxid + 1n });
    expect(former.call(getData('/')).err).to.equal(0);
  });
});

describe('returning to a session', () => {
  it('gets it back at once, without a zxid', () => {
    const host = Host.serving();
    const client = host.connect();
    client.disconnect();
    const before = host.engine.lastZxid;
    const again = host.connecting({ session: client.session });
    expect(again.take()).to.deep.equal(['connected']);
    expect(again.session).to.equal(client.session);
    expect(host.engine.lastZxid).to.equal(before);
  });

  it('closes the earlier connection first', () => {
    const host = Host.serving();
    const former = host.connect();
    const again = host.connecting({ session: former.session });
    expect(former.take()).to.deep.equal(['close session moved to another connection']);
    expect(again.take()).to.deep.equal(['connected']);
  });

  it('leaves the writes of the earlier connection in progress, and answers them to nobody', () => {
    const host = Host.serving();
    const former = host.connect();
    former.send(create('/e', { mode: 'ephemeral' }));
    const again = host.connecting({ session: former.session });
    host.persist();
    expect(again.call(setData('/e')).err).to.equal(0);
    expect(host.engine.tree.get('/e')?.stat().ephemeralOwner).to.equal(former.session);
  });

  it('takes over the ephemerals', () => {
    const host = Host.serving();
    const former = host.connect().given(create('/e', { mode: 'ephemeral' }));
    const again = host.connect({ session: former.session });
    again.send(closeSession);
    host.persist();
    expect(host.engine.tree.get('/e')).to.equal(undefined);
  });

  it('with another timeout has that one from then on', () => {
    const host = Host.serving();
    const former = host.connect({ timeOut: 30_000 });
    former.disconnect();
    const again = host.connect({ session: former.session, timeOut: 4000 });
    expect(again.timeOut).to.equal(4000);
    host.wait(7000);
    host.persist();
    expect(again.closed).to.equal('session expired');
  });
});

describe('session that is not valid', () => {
  it('for a wrong password, which does not disturb the earlier connection', () => {
    const host = Host.serving();
    const former = host.connect();
    const thief = host.connecting({ session: former.session, passwordValid: false });
    expect(thief.take()).to.deep.equal(['invalid session']);
    expect(thief.session).to.equal(0n);
    expect(former.call(getData('/')).err).to.equal(0);
    expect(host.engine.sessionOf(thief.id)).to.equal(0n);
  });

  it('for an id that was never given', () => {
    const host = Host.serving();
    expect(host.connecting({ session: sessionIdOf(77n) }).take()).to.deep.equal(['invalid session']);
    expect(host.inFlight).to.deep.equal([]);
  });

  it('for one that was closed', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(closeSession);
    host.persist();
    expect(host.connecting({ session: client.session }).take()).to.deep.equal(['invalid session']);
  });

  it('for one whose end is on its way to the disk', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(closeSession);
    expect(host.connecting({ session: client.session }).take()).to.deep.equal(['invalid session']);
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'close session closed']);
  });

  it('for one that expired', () => {
    const host = Host.serving();
    const client = host.connect({ timeOut: 4000 });
    client.disconnect();
    host.wait(6500);
    expect(host.connecting({ session: client.session }).take()).to.deep.equal(['invalid session']);
  });

  it('leaves its requests without an answer', () => {
    const host = Host.serving();
    const client = host.connecting({ session: sessionIdOf(77n) });
    client.send(create('/a'));
    client.send(getData('/'));
    host.persist();
    expect(host.engine.tree.get('/a')).to.equal(undefined);
    expect(client.take()).to.deep.equal(['invalid session']);
  });
});

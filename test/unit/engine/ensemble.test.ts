/** Sessions and requests across servers: who answers, who waits, and what is left of it when the leader goes. */
import { expect } from 'chai';
import { NO_SESSION, OpCode, zxidOf } from '../../../src/types/index.js';
import type { ToLeader } from '../../../src/zab/index.js';
import { Ensemble, bodyOf } from '../helpers/ensemble.js';
import { closeSession, create, del, exists, getData, ping, sync, setData } from '../helpers/requests.js';

const ephemeral = { mode: 'ephemeral' } as const;
const createBody = (path: string): Buffer => bodyOf(create(path));

describe('an ensemble of engines', () => {
  it('begins with the last server as its leader', () => {
    const ensemble = new Ensemble();
    expect([1, 2, 3].map((id) => ensemble.engine(id).service)).to.deep.equal([
      'following',
      'following',
      'leading',
    ]);
  });
});

describe('a write through a follower', () => {
  it('is answered there, with the zxid of its record, when that is applied there', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1).send(create('/a'));
    expect(client.take()).to.deep.equal(['reply 1 OK']);
    expect(client.lastZxid).to.equal(ensemble.members.get(1)!.tail.zxid);
    expect(ensemble.engine(2).tree.get('/a')).not.to.equal(undefined);
  });

  it('is answered as the leader decided, also when it fails', () => {
    const client = new Ensemble().connect(1).send(create('/a')).send(create('/a')).send(del('/none'));
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 NODEEXISTS', 'reply 3 NONODE']);
  });

  it('holds up the reads behind it, on its connection alone', () => {
    const ensemble = new Ensemble();
    const [writer, reader] = [ensemble.connect(1), ensemble.connect(1)];
    writer.post(create('/a'));
    writer.post(exists('/a'));
    reader.post(exists('/a'));
    expect([writer.take(), reader.take()]).to.deep.equal([[], ['reply 1 NONODE']]);
    ensemble.settle();
    expect(writer.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK']);
  });

  it('is not answered before the own disk has it', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1);
    ensemble.holdDisk(1);
    client.send(create('/a'));
    expect([client.take(), ensemble.engine(2).tree.get('/a') === undefined]).to.deep.equal([[], false]);
    ensemble.releaseDisk(1);
    expect(client.take()).to.deep.equal(['reply 1 OK']);
  });

  it('is applied once, and answered to nobody else', () => {
    const ensemble = new Ensemble();
    const [one, two] = [ensemble.connect(1), ensemble.connect(2)];
    one.post(create('/a'));
    two.post(create('/b'));
    ensemble.settle();
    expect([one.take(), two.take()]).to.deep.equal([['reply 1 OK'], ['reply 1 OK']]);
  });
});

describe('a sync through a follower', () => {
  it('shows what was written before it elsewhere, though the own disk was slow', () => {
    const ensemble = new Ensemble();
    const [writer, reader] = [ensemble.connect(2), ensemble.connect(1)];
    ensemble.holdDisk(1);
    writer.send(create('/a'));
    reader.post(sync());
    reader.post(exists('/a'));
    ensemble.settle();
    expect([writer.take(), reader.take()]).to.deep.equal([['reply 1 OK'], []]);
    ensemble.releaseDisk(1);
    expect(reader.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK']);
  });

  it('is answered in its turn', () => {
    const client = new Ensemble().connect(1);
    client.post(create('/a'));
    client.post(sync());
    client.send(getData('/a'));
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK', 'reply 3 OK']);
  });
});

describe('a session that comes back', () => {
  it('is had through another server, and through the leader', () => {
    const ensemble = new Ensemble();
    const { session } = ensemble.connect(1);
    for (const server of [2, 3, 1]) expect(ensemble.connect(server, { session }).session).to.equal(session);
  });

  it('is not had when it is over, when it never was, or with a wrong password', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1).send(closeSession);
    const { session } = ensemble.connect(1);
    expect(ensemble.connecting(2, { session: client.session }).take()).to.deep.equal(['invalid session']);
    expect(ensemble.connecting(2, { session: 99n as never }).take()).to.deep.equal(['invalid session']);
    expect(ensemble.connecting(2, { session, passwordValid: false }).take()).to.deep.equal([
      'invalid session',
    ]);
  });

  it('has moved: what comes through the server before is not done', () => {
    const ensemble = new Ensemble();
    const before = ensemble.connect(1);
    ensemble.connect(2, { session: before.session });
    before.send(create('/late'));
    expect(before.take()).to.deep.equal(['close session moved to another server']);
    expect(ensemble.engine(3).tree.get('/late')).to.equal(undefined);
  });

  it('moves within a server: the connection before is closed', () => {
    const ensemble = new Ensemble();
    const before = ensemble.connect(1);
    ensemble.connect(1, { session: before.session });
    expect(before.take()).to.deep.equal(['close session moved to another connection']);
  });

  it('is sent elsewhere by a server that is behind what its client has seen', () => {
    const ensemble = new Ensemble();
    const { session } = ensemble.connect(1);
    const lastZxidSeen = zxidOf((9n << 32n) + 1n);
    expect(ensemble.connecting(2, { session, lastZxidSeen }).take()).to.deep.equal([
      'close client has seen a later zxid',
    ]);
    expect(ensemble.engine(3).sessions.has(session)).to.equal(true);
  });
});

describe('a session', () => {
  it('of a follower lives as long as its client is heard of there', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1, { timeOut: 1000 });
    for (let i = 0; i < 10; i++) {
      client.send(ping);
      ensemble.wait(600);
    }
    expect(ensemble.engine(3).sessions.has(client.session)).to.equal(true);
  });

  it('of a follower ends with its ephemerals when nobody hears of its client', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1, { timeOut: 1000 }).send(create('/e', ephemeral));
    client.take();
    ensemble.wait(2500);
    expect(client.take()).to.deep.equal(['close session expired']);
    for (const id of [1, 2, 3]) expect(ensemble.engine(id).tree.get('/e')).to.equal(undefined);
  });

  it('does not end while a learner has not told whom it heard of', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1, { timeOut: 1000 });
    ensemble.wait(600);
    ensemble.members.get(1)!.isCutOff = true;
    // It is over since 1500 at the latest; until 1950 at the earliest the learner may still tell.
    ensemble.wait(1300);
    expect(ensemble.engine(3).sessions.has(client.session)).to.equal(true);
    ensemble.wait(500);
    expect(ensemble.engine(3).sessions.has(client.session)).to.equal(false);
  });

  it('gets its full time again from a new leader', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1, { timeOut: 2000 });
    ensemble.wait(1500).cutOff(3).wait(1500);
    expect(ensemble.leader).to.equal(2);
    expect(ensemble.engine(2).sessions.has(client.session)).to.equal(true);
    ensemble.wait(2500);
    expect(ensemble.engine(2).sessions.has(client.session)).to.equal(false);
  });
});

describe('when the leader goes', () => {
  it('its clients and those of its learners are let go: what came of their requests nobody knows', () => {
    const ensemble = new Ensemble();
    const [busy, idle] = [ensemble.connect(1), ensemble.connect(1)];
    busy.post(create('/a'));
    ensemble.cutOff(3);
    for (const client of [busy, idle]) expect(client.take()).to.deep.equal(['close leadership lost']);
  });

  it('a client that connects meanwhile gets its session from the next one', () => {
    const ensemble = new Ensemble().cutOff(3);
    const client = ensemble.connecting(1);
    ensemble.wait(500);
    expect([client.take(), ensemble.leader]).to.deep.equal([['connected'], 2]);
  });

  it('and none comes, clients that connect are sent away after the time that a peer may be silent', () => {
    const ensemble = new Ensemble();
    ensemble.cutOff(3).cutOff(2);
    const client = ensemble.connecting(1);
    ensemble.wait(1400);
    expect(client.take()).to.deep.equal([]);
    ensemble.wait(200);
    expect(client.take()).to.deep.equal(['close not serving']);
  });

  it('what it alone had is gone when it comes back', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(3);
    for (const id of [1, 2]) ensemble.members.get(id)!.isCutOff = true;
    client.send(create('/alone'));
    ensemble.wait(1300);
    expect(client.take()).to.deep.equal(['close leadership lost']);
    ensemble.cutOff(3);
    for (const id of [1, 2]) ensemble.members.get(id)!.isCutOff = false;
    ensemble.wait(1500);
    ensemble.connect(ensemble.leader!).send(create('/b'));
    ensemble.rejoin(3).wait(1000);
    expect(ensemble.engine(3).service).to.equal('following');
    expect(ensemble.engine(3).tree.get('/alone')).to.equal(undefined);
    expect(ensemble.engine(3).tree.get('/b')).not.to.equal(undefined);
  });
});

describe('a local session', () => {
  const local = { localSessions: true };

  it('is known to its server alone, and costs no record', () => {
    const ensemble = new Ensemble(3, local);
    const { session } = ensemble.connect(1);
    expect(ensemble.engine(1).localSessions.has(session)).to.equal(true);
    expect(ensemble.members.get(3)!.log.length).to.equal(0);
    expect(ensemble.connecting(2, { session }).take()).to.deep.equal(['invalid session']);
    expect(ensemble.connect(1, { session }).session).to.equal(session);
  });

  it('writes as any other', () => {
    expect(new Ensemble(3, local).connect(1).send(create('/a')).take()).to.deep.equal(['reply 1 OK']);
    expect(new Ensemble(3, local).connect(3).send(create('/a')).take()).to.deep.equal(['reply 1 OK']);
  });

  it('owns no ephemerals', () => {
    const client = new Ensemble(3, local).connect(1).send(create('/e', ephemeral));
    expect(client.take()).to.deep.equal(['reply 1 EPHEMERALONLOCALSESSION']);
  });

  it('becomes one of the ensemble for its first ephemeral, if that is allowed', () => {
    const ensemble = new Ensemble(3, { ...local, localSessionsUpgrading: true });
    for (const server of [1, 3]) {
      const client = ensemble.connect(server).send(create(`/e${server}`, ephemeral));
      expect(client.take()).to.deep.equal(['reply 1 OK']);
      expect(ensemble.engine(2).sessions.has(client.session)).to.equal(true);
      expect(ensemble.connect(2, { session: client.session }).session).to.equal(client.session);
    }
  });

  it("ends at its client's wish, and when nobody hears of it", () => {
    const ensemble = new Ensemble(3, local);
    const [one, two] = [ensemble.connect(1), ensemble.connect(1, { timeOut: 1000 })];
    expect(one.send(closeSession).take()).to.deep.equal(['reply 1 OK', 'close session closed']);
    ensemble.wait(2000);
    expect(two.take()).to.deep.equal(['close session expired']);
    expect(ensemble.engine(1).localSessions.size).to.equal(0);
  });
});

describe('read-only mode', () => {
  const alone = (): Ensemble => {
    const ensemble = new Ensemble(3, { readOnlyMode: true });
    ensemble.connect(1).send(create('/a'));
    return ensemble.cutOff(1);
  };

  it('begins after two seconds without a leader', () => {
    const ensemble = alone().wait(1950);
    expect(ensemble.engine(1).service).to.equal('none');
    expect(ensemble.wait(100).engine(1).service).to.equal('readOnly');
  });

  it('serves reads to those who take that, and refuses writes and syncs', () => {
    const ensemble = alone().wait(2100);
    expect(ensemble.connecting(1).take()).to.deep.equal(['close not serving']);
    const client = ensemble.connecting(1, { readOnly: true });
    client.send(getData('/a')).send(create('/b')).send(sync());
    expect(client.take()).to.deep.equal([
      'connected, read only',
      'reply 1 OK',
      'reply 2 NOTREADONLY',
      'reply 3 NOTREADONLY',
    ]);
  });

  it('gives nobody back a session of the ensemble', () => {
    const ensemble = new Ensemble(3, { readOnlyMode: true });
    const { session } = ensemble.connect(1);
    ensemble.cutOff(1).wait(2100);
    expect(ensemble.connecting(1, { session, readOnly: true }).take()).to.deep.equal(['close not serving']);
  });

  it('ends before the server follows', () => {
    const ensemble = alone().wait(2100);
    const client = ensemble.connecting(1, { readOnly: true });
    client.take();
    ensemble.rejoin(1).wait(1000);
    expect(client.take()).to.deep.equal(['close read-only mode ended']);
    expect(ensemble.engine(1).service).to.equal('following');
    expect(ensemble.engine(1).localSessions.size).to.equal(0);
  });

  it('ends before anything new is shown: whoever watches hears of it elsewhere', () => {
    const ensemble = alone().wait(2100);
    const client = ensemble.connecting(1, { readOnly: true });
    client.send(getData('/a', true)).take();
    ensemble.connect(2).send(setData('/a', 'new'));
    ensemble.rejoin(1).wait(1000);
    expect(client.take()).to.deep.equal(['close read-only mode ended']);
  });

  it('is not entered without a state: what it would show was never there', () => {
    const ensemble = new Ensemble(3, { readOnlyMode: true }, [], [1, 2, 3]);
    expect(ensemble.wait(5000).engine(1).service).to.equal('none');
  });

  it('is not entered unless it is switched on', () => {
    expect(new Ensemble().cutOff(1).wait(5000).engine(1).service).to.equal('none');
  });
});

describe('what a learner forges (zab.md 8)', () => {
  const request = (op: number, body: Buffer, session = NO_SESSION): ToLeader => ({
    kind: 'request',
    request: 1,
    session,
    cxid: 1,
    op,
    body,
    identities: [],
  });
  const rows: [what: string, op: number, body: Buffer][] = [
    ['a write whose body breaks off         ', OpCode.create, Buffer.from([0, 0, 0, 9, 47])],
    ['a write with a length beyond its body ', OpCode.setData, Buffer.from([127, 255, 255, 255])],
    ['a session without a timeout           ', OpCode.createSession, Buffer.alloc(0)],
    ['an op code that means nothing         ', 4711, Buffer.alloc(8)],
    ['a read                                ', OpCode.getData, Buffer.from([0, 0, 0, 1, 47, 0])],
    ['a txn that only servers make          ', OpCode.error, Buffer.alloc(4)],
  ];
  for (const [what, op, body] of rows) {
    it(`${what.trim()} changes nothing, and the leader leads on`, () => {
      const ensemble = new Ensemble();
      const client = ensemble.connect(2);
      const digest = ensemble.engine(3).tree.digest;
      ensemble.forge(1, request(op, body, client.session));
      expect(ensemble.leader).to.equal(3);
      expect(ensemble.engine(3).tree.digest).to.equal(digest);
      expect(client.send(create('/a')).take()).to.deep.equal(['reply 1 OK']);
    });
  }

  it('a write for a session that speaks through another server is not done', () => {
    const ensemble = new Ensemble();
    const { session } = ensemble.connect(2);
    ensemble.forge(1, request(OpCode.create, createBody('/forged'), session));
    expect(ensemble.engine(3).tree.get('/forged')).to.equal(undefined);
    expect(ensemble.engine(3).sessions.has(session)).to.equal(true);
  });

  it('a write for a session that nobody has is not done', () => {
    const ensemble = new Ensemble().forge(1, request(OpCode.create, createBody('/forged'), 99n as never));
    expect(ensemble.engine(3).tree.get('/forged')).to.equal(undefined);
  });
});

describe('a leader that serves no clients', () => {
  it('sends them to the others', () => {
    const ensemble = new Ensemble(3, { leaderServes: false });
    expect(ensemble.connecting(3).take()).to.deep.equal(['close not serving']);
    expect(ensemble.connect(1).send(create('/a')).take()).to.deep.equal(['reply 1 OK']);
  });
});

describe('an observer', () => {
  it('serves its clients, and hears of all that is committed', () => {
    const ensemble = new Ensemble(3, {}, [4]);
    ensemble.connect(1).send(create('/a'));
    const client = ensemble.connect(4).send(getData('/a')).send(create('/b'));
    expect(client.take()).to.deep.equal(['reply 1 OK', 'reply 2 OK']);
    expect(ensemble.engine(4).service).to.equal('observing');
  });

  it('does not keep a leader in office', () => {
    const ensemble = new Ensemble(3, {}, [4]).cutOff(1).cutOff(2).wait(100);
    expect([ensemble.leader, ensemble.engine(4).service]).to.deep.equal([undefined, 'none']);
  });
});

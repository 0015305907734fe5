/** Bugs of Apache's sessions across servers, with three engines: whom the table holds, and what ends with whom. */
import { expect } from 'chai';
import { Ensemble } from '../../helpers/ensemble.js';
import { closeSession, create, setData } from '../../helpers/requests.js';

const ephemeral = { mode: 'ephemeral' } as const;

describe('a session that its leader did not open itself', () => {
  it('ZK-1367: has a deadline with the next leader, and takes its ephemerals along', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1, { timeOut: 1000 }).send(create('/e', ephemeral));
    ensemble.cutOff(3).wait(500);
    expect(ensemble.leader).to.equal(2);
    expect(ensemble.engine(2).sessions.has(client.session)).to.equal(true);
    ensemble.wait(2500);
    for (const id of [1, 2]) {
      expect(ensemble.engine(id).sessions.has(client.session)).to.equal(false);
      expect(ensemble.engine(id).tree.get('/e')).to.equal(undefined);
    }
  });

  it('ZK-1367: has one, too, with a leader that learned of it from the log of another', () => {
    const ensemble = new Ensemble().cutOff(2);
    const client = ensemble.connect(1, { timeOut: 1000 }).send(create('/e', ephemeral));
    ensemble.disconnect(client);
    // Server 2 hears of the session when it comes back; the next leader is whoever has that log.
    ensemble.rejoin(2).wait(300).cutOff(3).wait(500);
    expect(ensemble.leader).to.equal(2);
    ensemble.wait(2500);
    expect(ensemble.engine(2).tree.get('/e')).to.equal(undefined);
  });
});

describe('a session that is proposed and not committed', () => {
  it('ZK-2926: is in no table', () => {
    const ensemble = new Ensemble();
    for (const id of [1, 2]) ensemble.holdDisk(id);
    const client = ensemble.connecting(3);
    expect(client.take()).to.deep.equal([]);
    for (const id of [1, 2, 3]) expect(ensemble.engine(id).sessions.size).to.equal(0);
    for (const id of [1, 2]) ensemble.releaseDisk(id);
    expect(client.take()).to.deep.equal(['connected']);
    for (const id of [1, 2, 3]) expect(ensemble.engine(id).sessions.size).to.equal(1);
  });

  it('ZK-2926: never was, when the next leader does not have it', () => {
    const ensemble = new Ensemble();
    for (const id of [1, 2]) ensemble.members.get(id)!.isCutOff = true;
    ensemble.connecting(3);
    ensemble.cutOff(3);
    for (const id of [1, 2]) ensemble.members.get(id)!.isCutOff = false;
    ensemble.wait(1500).rejoin(3).wait(1500);
    for (const id of [1, 2, 3]) expect(ensemble.engine(id).sessions.size).to.equal(0);
  });
});

describe('an ephemeral', () => {
  it('ZK-4541, ZK-2355: of a session that ends while a server is away is gone there when it is back', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(3).send(create('/e', ephemeral));
    ensemble.cutOff(1);
    client.send(closeSession);
    expect(ensemble.engine(1).tree.get('/e')).not.to.equal(undefined);
    ensemble.rejoin(1).wait(500);
    expect(ensemble.engine(1).service).to.equal('following');
    for (const id of [1, 2, 3]) expect(ensemble.engine(id).tree.get('/e')).to.equal(undefined);
  });

  it('ZK-4541: is not made once the end of its session is proposed', () => {
    const ensemble = new Ensemble();
    const client = ensemble.connect(1, { timeOut: 1000 }).send(create('/kept'));
    ensemble.wait(500);
    for (const id of [1, 2]) ensemble.holdDisk(id);
    // Nobody has heard of the client for its timeout: its end is on the way to the disks.
    ensemble.wait(1600);
    client.send(create('/e', ephemeral));
    client.send(setData('/kept'));
    for (const id of [1, 2]) ensemble.releaseDisk(id);
    ensemble.wait(500);
    for (const id of [1, 2, 3]) {
      const { tree, sessions } = ensemble.engine(id);
      expect([tree.get('/e'), tree.get('/kept')?.stat().version]).to.deep.equal([undefined, 0]);
      expect(sessions.has(client.session)).to.equal(false);
    }
  });
});

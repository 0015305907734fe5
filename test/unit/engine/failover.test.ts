/** Terms of leadership: what survives the failure of the log, restarts, and the end of an epoch's zxids. */
import { expect } from 'chai';
import { Reader, readTreeFlush } from '../../../src/codec/index.js';
import { OpCode, counterOf, epochOf, makeZxid } from '../../../src/types/index.js';
import { LOG_START } from '../../../src/engine/index.js';
import { Host } from '../helpers/host.js';
import { dump } from '../helpers/treeDump.js';
import { AssertionError } from '../../../src/util/index.js';
import {
  closeSession,
  create,
  del,
  exists,
  getData,
  multi,
  setAcl,
  setData,
  sync,
  everyone,
} from '../helpers/requests.js';

const ephemeral = { mode: 'ephemeral' } as const;

describe('when the log fails', () => {
  it('all clients are let go, also those whose session is not there yet', () => {
    const host = Host.serving();
    const [one, two] = [host.connect(), host.connect()];
    const connecting = host.connecting();
    host.failLog();
    for (const client of [one, two, connecting])
      expect(client.take()).to.deep.equal(['close leadership lost']);
    expect(host.engine.serving).to.equal(false);
    expect(host.connecting().take()).to.deep.equal(['close not serving']);
  });

  it('nothing that was in flight is answered, then or later', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(getData('/a'));
    client.send(sync());
    host.failLog();
    host.lead();
    host.connect().given(create('/b'));
    expect(client.take()).to.deep.equal(['close leadership lost']);
  });

  it('watches are gone with their connections', () => {
    const host = Host.serving();
    host.connect().given(getData('/', true));
    host.failLog();
    expect(host.engine.watches.data.size).to.equal(0);
  });

  it('what was not on disk was never proposed: neither znodes nor versions nor ephemerals remain of it', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/a'), create('/e', ephemeral));
    client.send(setData('/a'));
    client.send(create('/lost', ephemeral));
    client.send(del('/e'));
    client.send(multi(create('/x'), create('/x/y')));
    host.failLog();
    host.lead();
    const again = host.connect({ session: client.session });
    expect(again.call(setData('/a', 'x', 0)).err).to.equal(0);
    expect(again.call(create('/lost')).err).to.equal(0);
    expect(again.call(del('/e')).err).to.equal(0);
    expect(again.call(exists('/x')).err).to.equal(-101);
    again.send(closeSession);
    host.persist();
    expect(host.engine.tree.get('/lost')).not.to.equal(undefined);
  });

  it('what was on disk is applied by the next term, though nobody was told', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/kept'));
    client.send(create('/lost'));
    host.failLog(1);
    expect(host.engine.tree.get('/kept')).to.equal(undefined);
    host.lead();
    const again = host.connect({ session: client.session });
    expect(again.call(exists('/kept')).err).to.equal(0);
    expect(again.call(exists('/lost')).err).to.equal(-101);
  });

  it('what was answered stays', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/a', { data: 'x' }));
    host.failLog();
    host.lead();
    const again = host.connect({ session: client.session });
    expect(again.call(getData('/a')).err).to.equal(0);
  });

  it('a session whose end was not on disk is open again', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/e', ephemeral));
    client.send(closeSession);
    host.failLog();
    host.lead();
    const again = host.connect({ session: client.session });
    expect(again.call(create('/more', ephemeral)).err).to.equal(0);
    expect(host.engine.tree.get('/e')).not.to.equal(undefined);
  });

  it('a session whose end was on disk is over', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/e', ephemeral));
    client.send(closeSession);
    host.failLog(1);
    host.lead();
    expect(host.connecting({ session: client.session }).take()).to.deep.equal(['invalid session']);
    expect(host.engine.tree.get('/e')).to.equal(undefined);
  });

  it('a session whose beginning was not on disk never was', () => {
    const host = Host.serving();
    host.connecting();
    host.failLog();
    host.lead();
    expect(host.engine.sessions.size).to.equal(0);
  });

  it('a sync that waited for what is lost does not hold up those of the next term', () => {
    const host = Host.serving();
    const client = host.connect();
    for (let i = 0; i < 10; i++) client.send(create(`/${i}`));
    client.send(sync());
    host.failLog();
    host.lead();
    const again = host.connect({ session: client.session });
    again.send(sync());
    expect(again.take()).to.deep.equal(['reply 1 OK']);
  });

  it('a word of the disk that comes late changes nothing', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    const [late] = host.inFlight;
    host.failLog();
    host.step({ kind: 'persisted', mark: late!.mark });
    expect(host.engine.tree.get('/a')).to.equal(undefined);
  });
});

describe('a term', () => {
  it('begins with an epoch above every one that was accepted', () => {
    const host = new Host({}, [], { acceptedEpoch: 7, currentEpoch: 3 });
    host.lead();
    expect(host.epochs).to.deep.equal({ acceptedEpoch: 8, currentEpoch: 8 });
    expect(host.engine.lastZxid).to.equal(makeZxid(8, 0));
    expect(host.notes).to.deep.equal([{ kind: 'serving', role: 'leading', epoch: 8 }]);
  });

  it('has zxids above all earlier ones, and an index without a gap', () => {
    const host = Host.serving();
    host.connect().given(create('/a'));
    host.failLog();
    host.lead();
    host.connect().given(create('/b'));
    const zxids = host.disk.map(({ mark }) => mark.zxid);
    expect(zxids).to.deep.equal([makeZxid(1, 1), makeZxid(1, 2), makeZxid(2, 1), makeZxid(2, 2)]);
    expect(host.disk.map(({ mark }) => mark.index)).to.deep.equal([1, 2, 3, 4]);
  });

  it('begins where the log ends, and not while another one lasts', () => {
    const host = Host.serving();
    expect(() => host.lead()).to.throw(AssertionError, 'another one lasts');
    const ahead = new Host();
    const tail = { index: 7, zxid: makeZxid(1, 7), chain: 0n };
    const start = {
      kind: 'start',
      epochs: ahead.epochs,
      logStart: LOG_START,
      tail,
      suspect: false,
      trustBlank: false,
      secret: Buffer.alloc(32),
      now: 0,
      time: 0n,
    } as const;
    expect(() => ahead.step(start)).to.throw(AssertionError, 'the log at 7');
  });

  it('does not serve on the word for an epoch that nobody asked for', () => {
    const host = new Host();
    host.holdEpochs();
    host.lead();
    host.step({ kind: 'epochsDurable', token: 99, epochs: { acceptedEpoch: 9, currentEpoch: 9 } });
    expect(host.engine.serving).to.equal(false);
    host.saveEpochs();
    expect(host.engine.serving).to.equal(true);
  });

  it('does not serve on the word for the epoch of the term before', () => {
    const host = new Host();
    host.holdEpochs();
    host.lead();
    host.failLog();
    host.step({ kind: 'epochsDurable', token: 2, epochs: { acceptedEpoch: 1, currentEpoch: 1 } });
    expect(host.engine.serving).to.equal(false);
  });
});

describe('restart', () => {
  it('from the log gives the same tree, sessions and zxid', () => {
    const host = Host.serving();
    const [one, two] = [host.connect({ timeOut: 5000 }), host.connect()];
    one.given(
      create('/a', { data: 'x' }),
      create('/a/e', ephemeral),
      setData('/a', null),
      setAcl('/a', everyone('cdrwa')),
    );
    two.given(multi(create('/b'), create('/b/c')), create('/s', { mode: 'persistentSequential' }));
    two.send(multi(create('/d'), del('/nowhere')));
    two.send(closeSession);
    host.persist();
    const again = host.restarted();
    expect(dump(again.engine.tree)).to.deep.equal(dump(host.engine.tree));
    expect(again.sessions).to.deep.equal(host.sessions);
    expect(again.engine.lastZxid).to.equal(host.engine.lastZxid);
    expect(again.engine.applied).to.deep.equal(host.engine.applied);
  });

  it('lets clients return to their sessions, with their ephemerals', () => {
    const host = Host.serving();
    const client = host.connect().given(create('/e', ephemeral));
    const again = host.restarted();
    again.lead();
    const returned = again.connect({ session: client.session, lastZxidSeen: host.engine.lastZxid });
    expect(returned.session).to.equal(client.session);
    returned.send(closeSession);
    again.persist();
    expect(again.engine.tree.get('/e')).to.equal(undefined);
  });

  it('from tree.db and the log behind it gives the same too', () => {
    const host = Host.serving();
    const client = host.connect({ timeOut: 5000 });
    client.given(create('/a', { data: 'x' }), create('/a/e', ephemeral), create('/gone'));
    const flushes = [host.engine.takeFlush()];
    client.given(del('/gone'), setData('/a', 'y'), setAcl('/a', everyone('cdrwa')));
    const ended = host.connect();
    ended.send(closeSession);
    host.persist();
    flushes.push(host.engine.takeFlush());
    client.given(create('/b'), create('/a/s', { mode: 'persistentSequential' }));
    host.connect();
    const again = host.restartedFrom(flushes);
    expect(dump(again.engine.tree)).to.deep.equal(dump(host.engine.tree));
    expect(again.sessions).to.deep.equal(host.sessions);
    expect(again.engine.lastZxid).to.equal(host.engine.lastZxid);
    again.lead();
    const returned = again.connect({ session: client.session });
    expect(returned.call(setData('/a', 'z', 1)).err).to.equal(0);
  });

  it('from tree.db alone stands where its last flush says, with nothing to flush', () => {
    const host = Host.serving();
    host.connect().given(create('/a'));
    const again = host.restartedFrom([host.engine.takeFlush()]);
    expect(again.engine.applied).to.deep.equal(host.engine.applied);
    expect(again.engine.lastZxid).to.equal(host.engine.lastZxid);
    expect(again.engine.unflushed).to.equal(0);
  });

  it('refuses a log with a hole', () => {
    const host = Host.serving();
    host.connect().given(create('/a'), create('/b'));
    const [first, , third] = host.disk;
    expect(() => new Host({}, [first!, third!])).to.throw('does not follow');
  });

  it('goes on numbering sequential znodes', () => {
    const host = Host.serving();
    host.connect().given(create('/s', { mode: 'persistentSequential' }), del('/s0000000000'));
    const again = host.restarted();
    again.lead();
    again.connect().given(create('/s', { mode: 'persistentSequential' }));
    expect(again.engine.tree.get('/s0000000001')).not.to.equal(undefined);
  });
});

describe('when an epoch runs out of zxids', () => {
  /** Starts so close to the end that this many zxids are left before a new epoch is due. */
  function nearTheEnd(left: number): Host {
    const host = new Host({ counterStart: 0xffff0000 - left });
    host.holdEpochs();
    host.lead();
    host.saveEpochs();
    host.holdEpochs();
    return host;
  }

  it('a new one is asked for once, and the old one goes on until it is on disk', () => {
    const host = nearTheEnd(1);
    const client = host.connect();
    expect(host.epochs.acceptedEpoch).to.equal(1);
    client.given(create('/a'), create('/b'));
    expect(epochOf(host.engine.lastZxid)).to.equal(1);
    expect(counterOf(host.engine.lastZxid)).to.equal(0xffff0001);
    host.saveEpochs();
    expect(host.epochs).to.deep.equal({ acceptedEpoch: 2, currentEpoch: 2 });
    client.given(create('/c'));
    expect(epochOf(host.engine.lastZxid)).to.equal(2);
    expect(client.closed).to.equal(undefined);
  });

  it('writes in flight across the change are answered in order, and zxids only rise', () => {
    const host = nearTheEnd(2);
    const client = host.connect();
    for (let i = 0; i < 4; i++) client.send(create(`/old${i}`));
    host.saveEpochs();
    for (let i = 0; i < 2; i++) client.send(create(`/new${i}`));
    client.send(exists('/new1'));
    host.persist();
    expect(client.take().every((line) => line.endsWith('OK'))).to.equal(true);
    const zxids = host.disk.map(({ mark }) => mark.zxid);
    expect(zxids).to.deep.equal([...zxids].sort((a, b) => (a < b ? -1 : 1)));
    expect(epochOf(zxids.at(-1)!)).to.equal(2);
    expect(dump(host.restarted().engine.tree)).to.deep.equal(dump(host.engine.tree));
  });

  it('sessions go on: it is no new term', () => {
    const host = nearTheEnd(1);
    const client = host.connect({ timeOut: 4000 }).given(getData('/', true));
    client.given(create('/a'));
    host.wait(3000);
    host.saveEpochs();
    expect(host.notes.filter(({ kind }) => kind === 'serving')).to.have.length(1);
    expect(host.engine.watches.data.size).to.equal(1);
    host.wait(5000);
    host.persist();
    expect(client.closed).to.equal('session expired');
  });
});

describe('flush for tree.db', () => {
  it('is due when something changed, and only then', () => {
    const host = Host.serving();
    host.engine.takeFlush();
    const client = host.connect();
    expect(host.engine.unflushed).to.equal(1);
    expect(host.engine.takeFlush()).not.to.equal(undefined);
    client.call(del('/nowhere'));
    client.call(getData('/'));
    expect(host.engine.unflushed).to.equal(0);
    expect(host.engine.takeFlush()).to.equal(undefined);
  });

  it('holds znodes and sessions', () => {
    const host = Host.serving();
    const client = host.connect();
    host.engine.takeFlush();
    client.given(setData('/'));
    const other = host.connect();
    expect(host.engine.unflushed).to.equal(2);
    const flush = readTreeFlush(Reader.over(host.engine.takeFlush() ?? Buffer.alloc(0)));
    expect(flush.znodes.map(({ path }) => path)).to.deep.equal(['/']);
    expect(flush.sessions).to.deep.equal([{ sessionId: other.session, timeOut: 10_000 }]);
    expect(flush).to.include({ index: 3n, zxid: host.engine.lastZxid, chain: host.engine.applied.chain });
  });

  it('names the last applied record, not what is in flight', () => {
    const host = Host.serving();
    const client = host.connect();
    client.send(create('/a'));
    client.send(create('/b'));
    host.persist(1);
    const { index } = host.engine.applied;
    expect(index).to.equal(2);
    expect(host.engine.takeFlush()?.readBigInt64BE(0)).to.equal(2n);
    expect(host.engine.unflushed).to.equal(0);
    expect(host.inFlight.map(({ txn }) => txn.type)).to.deep.equal([OpCode.create]);
  });
});

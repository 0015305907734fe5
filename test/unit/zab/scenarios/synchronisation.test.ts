/** Bugs of Apache's synchronisation, as conversations with one server: what reaches its disk, and what it says of it. */
import { expect } from 'chai';
import type { LogMark, ToLearner } from '../../../../src/zab/index.js';
import { connects, electedLeader, establishedLeader, promises } from '../../helpers/leader.js';
import type { PeerHost, PeerOptions } from '../../helpers/peer.js';
import { log, say, type Rec } from '../../helpers/peerLines.js';
import { END, LINK, LOG, MORE, NEXT, T, firstVote, joinsAgain, promised, restarted } from './stage.js';

const indexOfTail = (records: readonly Rec[]): LogMark => records.at(-1)!.mark;

/** Three ways to the same history, up to NEWLEADER. */
const WAYS: readonly (readonly [name: string, options: PeerOptions, messages: readonly ToLearner[]])[] = [
  ['DIFF', {}, [say.diff(END), say.records(MORE)]],
  ['TRUNC', { log: log('1:1 1:2 1:3 1:4 1:5 1:6') }, [say.trunc(END), say.records(MORE)]],
  [
    'SNAP',
    { log: log('1:1 1:2x'), applied: 1 },
    [say.snap(LOG[1]!.mark), say.chunk(), say.records(LOG.slice(2)), say.records(MORE)],
  ],
];

/** A follower that has been sent everything but NEWLEADER. */
function sent(options: PeerOptions, messages: readonly ToLearner[]): PeerHost {
  const host = promised(options);
  for (const message of messages) host.hears(LINK, message).disk();
  host.take();
  return host;
}

describe('records and epoch of a synchronisation', () => {
  for (const [way, options, messages] of WAYS) {
    it(`ZK-4643, ZK-4785: by ${way} are one write, so no crash leaves the epoch without the records`, () => {
      const host = sent(options, messages);
      const before = indexOfTail(host.log);
      host.hears(LINK, say.newLeader(3, T));
      expect(host.pending).to.deep.equal(['synchronise']);
      // The crash comes before it ...
      const early = restarted(host, { applied: 1 });
      expect([early.tail, early.epochs]).to.deep.equal([before, { acceptedEpoch: 3, currentEpoch: 1 }]);
      expect(firstVote(early)).to.include('epoch 1 ');
      // ... or behind it.
      const late = restarted(host.disk(), { applied: 2 });
      expect([late.tail, late.epochs]).to.deep.equal([T, { acceptedEpoch: 3, currentEpoch: 3 }]);
      expect(firstVote(late)).to.include('epoch 3 ');
    });

    it(`ZK-3911, ZK-4646, ZK-3023: by ${way} are on disk before NEWLEADER is acknowledged`, () => {
      const host = sent(options, messages).hears(LINK, say.newLeader(3, T));
      expect(
        host
          .wait(1000)
          .said()
          .filter((line) => line.includes('ack')),
      ).to.deep.equal([]);
      expect(host.disk(1).said()).to.deep.equal(['10 < ackNewLeader 3']);
      expect(host.tail).to.deep.equal(T);
    });

    it(`ZK-1549, ZK-5094: by ${way} are applied when the leader says that they are committed`, () => {
      const host = sent(options, messages).hears(LINK, say.newLeader(3, T)).disk();
      expect(host.said().filter((line) => line.startsWith('apply'))).to.deep.equal([]);
      host.hears(LINK, say.upToDate(6));
      expect(host.appliedIndex).to.equal(6);
    });

    it(`ZK-3642: by ${way} come to nothing when the leader dies before NEWLEADER`, () => {
      const host = sent(options, messages);
      const before = [...host.log];
      host.linkDown(LINK).disk();
      expect([host.log, host.epochs.currentEpoch]).to.deep.equal([before, 1]);
      expect(firstVote(host)).to.include('epoch 1 ');
    });
  }

  it('ZK-3642: a snapshot that is staged and not switched to is thrown away', () => {
    const host = promised().hears(LINK, say.snap(T), say.chunk()).disk();
    host.take();
    expect(host.linkDown(LINK).said()).to.include('disk unstage');
  });
});

describe('an ack', () => {
  it('ZK-4685: of a proposal behind NEWLEADER follows that of NEWLEADER, however fast the disk is', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T));
    host.hears(LINK, say.records(NEXT)).take();
    expect(host.disk().said()).to.deep.equal(['10 < ackNewLeader 3', '10 < ack 9']);
  });

  it('ZK-4685: of a proposal that comes before that of NEWLEADER costs the learner its link, not the leader its office', () => {
    const host = promises(establishedLeader(), 2).propose();
    host.take();
    const lines = host.hears(12, say.ack(2, 5)).said();
    expect(lines).to.include.members(['close 12', 'note alarm']);
    expect(host.peer.role).to.equal('leading');
  });

  it('ZK-2355: after a synchronisation that broke off tells of the log as it is, not as it was to be', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE)).linkDown(LINK).disk();
    joinsAgain(host, 3);
    host.hears(LINK + 1, say.leaderInfo(4)).disk();
    expect(host.said()).to.include('11 < ackEpoch 1 at 4=1:4');
  });
});

describe('NEWLEADER', () => {
  it('ZK-3104: leaves behind the snapshot and all records up to its end', () => {
    const host = electedLeader({ purged: 3, applied: 3 });
    host.snapshotChunks = 2;
    promises(host, 1, { tail: LOG[0]!.mark });
    const lines = host.said().filter((line) => line.startsWith('11 <'));
    expect(lines.slice(1)).to.deep.equal([
      '11 < snap 3=1:3',
      '11 < chunk',
      '11 < last chunk',
      '11 < records 4..4',
      '11 < newLeader 2 at 4=1:4',
    ]);
  });

  it('ZK-3104: that comes before its records is not acknowledged', () => {
    const host = promised().hears(LINK, say.diff(END), say.newLeader(3, T)).disk();
    const lines = host.said();
    expect(lines).to.include.members(['close 10', 'note alarm']);
    expect(lines.filter((line) => line.includes('ackNewLeader'))).to.deep.equal([]);
    expect(host.epochs.currentEpoch).to.equal(1);
  });
});

describe('a log that is longer than its leader knows', () => {
  it('ZK-1154, ZK-962: is cut to what both have, before anything is added', () => {
    const host = promised({ log: log('1:1 1:2 1:3 1:4 1:5 1:6') });
    host.hears(LINK, say.trunc(END), say.records(MORE), say.newLeader(3, T)).disk();
    expect(host.log).to.deep.equal([...LOG, ...MORE]);
    expect(host.said()).to.include('disk synchronise cut 4=1:4 5..6 epochs 3/3');
  });

  it('ZK-1154: is cut by a leader whose log went on in a later epoch', () => {
    const host = electedLeader({ log: [...LOG, ...MORE], epochs: [2, 2] });
    promises(host, 1, { accepted: 2, tail: indexOfTail(log('1:1 1:2 1:3 1:4 1:5')) });
    expect(host.said().filter((line) => line.startsWith('11 <'))).to.deep.equal([
      '11 < leaderInfo 3',
      '11 < trunc 4=1:4',
      '11 < records 5..6',
      '11 < newLeader 3 at 6=2:2',
    ]);
  });

  it('ZK-3701: is not cut when the disk is full: nothing is acknowledged, and the server takes no part', () => {
    const long = log('1:1 1:2 1:3 1:4 1:5 1:6');
    const host = promised({ log: long }).hears(LINK, say.trunc(END), say.newLeader(3, END));
    host.take();
    const lines = host.logFails().disk().said();
    expect(lines).to.deep.equal(['stop for good', 'close 10']);
    expect([host.peer.role, host.log]).to.deep.equal(['stopped', long]);
    // Later it votes with what the disk has.
    expect(restarted(host, { applied: 2 }).tail.index).to.equal(6);
  });
});

describe('what is proposed while a learner joins', () => {
  it('ZK-962: reaches it behind NEWLEADER, without a gap', () => {
    const host = promises(establishedLeader(), 2, { tail: LOG[1]!.mark });
    host.propose().propose(2);
    expect(host.said().filter((line) => line.startsWith('12 <'))).to.deep.equal([
      '12 < leaderInfo 2',
      '12 < diff 2=1:2',
      '12 < records 3..4',
      '12 < newLeader 2 at 4=1:4',
      '12 < records 5..5',
      '12 < records 6..7',
    ]);
  });

  it('ZK-962: is there, too, for one that has only said hello', () => {
    const host = connects(establishedLeader(), 2).propose();
    host.hears(12, say.ackEpoch(1, END)).disk();
    expect(host.said().filter((line) => line.startsWith('12 <'))).to.deep.equal([
      '12 < leaderInfo 2',
      '12 < diff 4=1:4',
      '12 < records 5..5',
      '12 < newLeader 2 at 5=2:1',
    ]);
  });
});

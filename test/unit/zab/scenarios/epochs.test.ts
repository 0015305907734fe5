/** Bugs of Apache's epochs, as conversations with one server: what is promised, by whom, and what a start makes of it. */
import { expect } from 'chai';
import { connects, electedLeader, establishedLeader, joins, linkOf, promises } from '../../helpers/leader.js';
import { PeerHost, vote } from '../../helpers/peer.js';
import { log, say } from '../../helpers/peerLines.js';
import { END, LINK, LOG, firstVote, following, promised, restarted } from './stage.js';

describe('a server that starts', () => {
  it('ZK-335: votes with the epoch whose history it has, not with one that it only promised', () => {
    const host = new PeerHost({ log: LOG, epochs: [5, 1] }).start();
    expect(firstVote(host)).to.include('epoch 1 ');
  });

  it('ZK-335: tells a leader of the same one', () => {
    const host = following({ epochs: [2, 1] })
      .hears(LINK, say.leaderInfo(3))
      .disk();
    expect(host.said()).to.include('10 < ackEpoch 1 at 4=1:4');
  });

  it('ZK-1653: looks for a leader although its log is ahead of its epoch', () => {
    // What a crash between two parts of a large synchronisation leaves.
    const host = new PeerHost({ log: log('1:1 2:1'), epochs: [2, 1] }).start();
    expect(host.peer.role).to.equal('looking');
    expect(firstVote(host)).to.include('looking 1 epoch 1 ');
  });

  it('ZK-1653: has that log after a crash amid a large synchronisation, and goes on from it', () => {
    const big = log('1:1 1:2 2:1', undefined, 9 * 1024 * 1024);
    const host = promised({ log: [], applied: 0 });
    host.hears(LINK, say.diff({ index: 0, zxid: 0n as never, chain: 0n }));
    for (const record of big) host.hears(LINK, say.records([record]));
    const next = restarted(host.disk(), { applied: 0 });
    expect([next.tail.index, next.epochs]).to.deep.equal([2, { acceptedEpoch: 3, currentEpoch: 1 }]);
    expect(next.peer.role).to.equal('looking');
  });

  it('ZK-2307, ZK-4269: finds both epochs of one write, of which neither is ahead of its promise', () => {
    const host = promises(electedLeader(), 1);
    const writes = host.said().filter((line) => line.startsWith('disk epochs'));
    expect(writes).to.deep.equal(['disk epochs 2/1', 'disk epochs 2/2']);
  });

  it('ZK-2325: with nothing is no witness that there was nothing: neither its vote nor its promise counts', () => {
    const voter = new PeerHost({ id: 2, log: LOG, epochs: [1, 1] }).start();
    voter.electionLink(1, true).electionLink(3, false);
    voter.notified(1, vote(2, { zxid: END.zxid, peerEpoch: 1, blank: true })).wait(1000);
    expect(voter.peer.role).to.equal('looking');
    const leader = promises(electedLeader(), 1, {
      tail: { index: 0, zxid: 0n as never, chain: 0n },
      current: 0,
      accepted: 0,
      info: { blank: true },
    });
    expect(leader.said().filter((line) => line.includes('newLeader'))).to.deep.equal([]);
  });

  it('ZK-2325: with nothing says so to its leader, and votes as one that has nothing', () => {
    expect(following({ log: [], applied: 0, epochs: [0, 0] }).said()).to.include('10 < followerInfo 0 blank');
    const host = new PeerHost({ id: 1 }).start().electionLink(2, true).electionLink(3, false);
    // Its own vote for a server with data does not make a quorum of the two.
    host.notified(2, vote(2, { zxid: END.zxid, peerEpoch: 1 })).wait(1000);
    expect(host.peer.role).to.equal('looking');
  });

  it('ZK-2325: with nothing is brought everything by a leader that others made', () => {
    const host = promises(establishedLeader(), 2, {
      tail: { index: 0, zxid: 0n as never, chain: 0n },
      current: 0,
      accepted: 0,
      info: { blank: true },
    });
    expect(host.said()).to.include.members([
      '12 < diff 0=0:0',
      '12 < records 1..4',
      '12 < newLeader 2 at 4=1:4',
    ]);
  });
});

describe('an epoch', () => {
  it('ZK-1291: is on the disk of the leader before anybody hears of it', () => {
    const host = electedLeader().linked(linkOf(1), 1).hears(linkOf(1), say.followerInfo(1));
    expect(host.said()).to.deep.equal(['disk epochs 2/1']);
    expect(host.disk().said()).to.deep.equal(['11 < leaderInfo 2']);
  });

  it('ZK-1291: that somebody heard of is not chosen again by a leader that restarts', () => {
    const first = connects(electedLeader(), 1);
    expect(first.said()).to.include('11 < leaderInfo 2');
    const { acceptedEpoch, currentEpoch } = first.epochs;
    const again = connects(electedLeader({ epochs: [acceptedEpoch, currentEpoch] }), 1);
    expect(again.said()).to.include('11 < leaderInfo 3');
  });

  it('ZK-2959: is above what voters promised, whatever an observer did', () => {
    const host = electedLeader({ observers: [4] });
    connects(host, 4, { accepted: 9, info: { observer: true } });
    expect(host.said()).to.deep.equal([]);
    connects(host, 1);
    expect(host.said()).to.include('11 < leaderInfo 2');
  });

  it('ZK-2959: is not entered on the word of an observer', () => {
    const host = connects(electedLeader({ observers: [4] }), 1);
    connects(host, 4, { info: { observer: true } });
    host.hears(14, say.ackEpoch(1, END)).disk().take();
    expect([host.epochs.currentEpoch, host.peer.role]).to.deep.equal([1, 'leading']);
  });

  it('ZK-582: below the own promise is taken from nobody', () => {
    const host = following({ epochs: [4, 1] });
    host.take();
    expect(host.hears(LINK, say.leaderInfo(3)).said()).to.include.members(['close 10', 'stop']);
    expect([host.pending, host.epochs.acceptedEpoch]).to.deep.equal([[], 4]);
  });

  it('ZK-582: below the promise of a follower is not asked for', () => {
    const host = connects(establishedLeader({}, [1]), 2, { accepted: 7 });
    expect(host.said().filter((line) => line.startsWith('12 <'))).to.deep.equal([]);
  });

  it('ZK-1277: ends before its zxids do, in order: what was proposed stays, and all elect', () => {
    const host = establishedLeader({ settings: { counterStart: 0xffff0000 } });
    host.propose().disk();
    expect(host.said()).to.include.members(['11 < records 5..5', '11 < handOver']);
    expect([host.peer.role, host.tail.index]).to.deep.equal(['looking', 5]);
  });

  it('ZK-1277: that follows begins its zxids anew, and is above the one before', () => {
    const first = establishedLeader({ settings: { counterStart: 0xffff0000 } })
      .propose()
      .disk();
    const { acceptedEpoch, currentEpoch } = first.epochs;
    const host = electedLeader({ log: first.log, epochs: [acceptedEpoch, currentEpoch] });
    joins(host, 1, { accepted: 2, current: 2, tail: first.tail });
    host.propose();
    expect(host.peer.history.tail.zxid).to.equal((3n << 32n) + 1n);
    expect(host.peer.history.tail.index).to.equal(6);
  });
});

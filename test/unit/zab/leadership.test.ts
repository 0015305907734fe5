/** How long a leader leads: its lease, syncs, and the ways in which it goes (zab.md 1.7, 1.8, V7). */
import { expect } from 'chai';
import { LOG, connects, electedLeader, establishedLeader, joins } from '../helpers/leader.js';
import { PeerHost, vote, type PeerOptions } from '../helpers/peer.js';
import { say } from '../helpers/peerLines.js';

const FIVE: PeerOptions = { voters: [1, 2, 3, 4, 5] };

/** Time goes by in which these answer each ping. */
function answering(host: PeerHost, ms: number, links: readonly number[]): PeerHost {
  for (let end = host.now + ms; host.now < end;) {
    host.wait(10);
    for (const line of host.take()) {
      const [, link = '', beat = ''] = /^(\d+) < ping (\d+)/.exec(line) ?? [];
      if (links.includes(Number(link))) host.hears(Number(link), say.pong(Number(beat)));
    }
  }
  return host;
}

describe('a lease', () => {
  it('lasts as long as a quorum answers pings', () => {
    expect(answering(establishedLeader(), 10_000, [11]).peer.role).to.equal('leading');
  });

  it('is over 1.2 s behind the last ping that a quorum answered', () => {
    const host = answering(establishedLeader(FIVE, [1, 2, 4]), 600, [11, 12, 14]);
    answering(host, 1100, [11]);
    expect(host.peer.role).to.equal('leading');
    answering(host, 260, [11]);
    expect(host.peer.role).to.equal('looking');
  });

  it('is not renewed by acks, nor by anything else than pongs', () => {
    const host = establishedLeader();
    for (let i = 0; i < 13; i++)
      host
        .propose()
        .disk()
        .hears(11, say.ack(2, 5 + i))
        .wait(100);
    expect(host.peer.role).to.equal('looking');
  });

  it('is not renewed by observers', () => {
    const host = establishedLeader({ observers: [4] });
    joins(host, 4, { info: { observer: true } });
    expect(answering(host, 1300, [14]).peer.role).to.equal('looking');
  });

  it('is not renewed by a follower that only now has come: it has answered no ping', () => {
    const host = answering(establishedLeader(), 600, [11]);
    joins(host, 2);
    expect(answering(host, 1250, []).peer.role).to.equal('looking');
  });

  it('ends at once when those that are linked are no quorum', () => {
    const host = establishedLeader(FIVE, [1, 2, 4]).linkDown(14);
    expect(host.peer.role).to.equal('leading');
    host.linkDown(11);
    expect(host.peer.role).to.equal('looking');
    expect(host.said()).to.include.members(['close 12', 'stop']);
  });

  it('of a server that stood still is looked at before anything that came meanwhile', () => {
    const host = establishedLeader();
    host.now += 3000;
    host.peer.tick(host.now);
    host.hears(11, say.pong(1), say.sync(1));
    expect(host.peer.role).to.equal('looking');
    expect(host.forwardedTo).to.deep.equal([]);
  });

  it('a server that leads alone in its ensemble needs none', () => {
    const host = electedLeader({ voters: [3] })
      .disk()
      .wait(5000);
    expect(host.peer.role).to.equal('leading');
  });
});

describe('a learner is dropped', () => {
  it('after 1.5 s of silence', () => {
    const host = establishedLeader(FIVE, [1, 2, 4]);
    answering(host, 1490, [11, 12]);
    expect(host.peer.learners.length).to.equal(3);
    answering(host, 30, [11, 12]);
    expect(host.peer.learners.length).to.equal(2);
  });

  it('when it answers pings but acknowledges nothing for five seconds', () => {
    const host = establishedLeader(FIVE, [1, 2, 4]).propose().disk();
    host.hears(11, say.ack(2, 5)).hears(12, say.ack(2, 5));
    answering(host, 4900, [11, 12, 14]);
    expect(host.peer.learners.length).to.equal(3);
    expect(answering(host, 300, [11, 12, 14]).peer.learners.length).to.equal(2);
  });
});

describe('a sync', () => {
  it('is confirmed by a quorum that answers a ping sent after it', () => {
    const host = establishedLeader();
    host.take();
    expect(host.sync(7).said()).to.deep.equal(['11 < ping 2 commit 4']);
    expect(host.hears(11, say.pong(1)).said()).to.deep.equal([]);
    expect(host.hears(11, say.pong(2)).said()).to.deep.equal(['confirmed 7 at 4']);
  });

  it('is confirmed by the commit of a later record, too', () => {
    const host = establishedLeader().sync(7).propose().disk();
    host.take();
    expect(host.hears(11, say.ack(2, 5)).said()).to.include('confirmed 7 at 4');
  });

  it('is not confirmed by the commit of a record that was proposed before it', () => {
    const host = establishedLeader().propose().sync(7).disk();
    host.take();
    expect(host.hears(11, say.ack(2, 5)).said()).not.to.include('confirmed 7 at 5');
    expect(host.hears(11, say.pong(2)).said()).to.include('confirmed 7 at 5');
  });

  it('waits for what was proposed before it', () => {
    const host = establishedLeader().propose(2).sync(7);
    expect(host.hears(11, say.pong(2)).said()).to.include('confirmed 7 at 6');
  });

  it('shares its ping with all others of its turn', () => {
    const host = establishedLeader();
    host.take();
    host.peer.sync(1);
    host.peer.sync(2);
    expect(host.sync(3).said()).to.deep.equal(['11 < ping 2 commit 4']);
    expect(host.hears(11, say.pong(2)).said().length).to.equal(3);
  });

  it('is not confirmed by observers', () => {
    const host = establishedLeader({ observers: [4] });
    joins(host, 4, { info: { observer: true } });
    host.sync(7).take();
    expect(host.hears(14, say.pong(2)).said()).to.deep.equal([]);
  });

  it('is not confirmed by a follower that only now has come: it has answered no ping', () => {
    const host = establishedLeader().hears(11, say.pong(1)).sync(7);
    joins(host, 2);
    expect(host.wait(300).said()).not.to.include('confirmed 7 at 4');
    expect(host.hears(12, say.pong(3)).said()).to.include('confirmed 7 at 4');
  });

  it('is forgotten with the leadership', () => {
    const host = establishedLeader().sync(7).linkDown(11).disk();
    expect([host.peer.pendingSyncs, host.said().includes('confirmed 7 at 4')]).to.deep.equal([0, false]);
  });
});

describe('clients that learners heard of', () => {
  it('are known up to the oldest ping that some learner has answered', () => {
    const host = answering(establishedLeader(FIVE, [1, 2]), 1000, [11, 12]);
    expect(host.peer.reportLagMs).to.be.below(200);
    answering(host, 500, [11]);
    expect(host.peer.reportLagMs).to.be.within(500, 700);
  });

  it('are not known while a learner that has just come has told of none', () => {
    const host = answering(establishedLeader(), 1000, [11]);
    joins(host, 2);
    expect(host.peer.reportLagMs).to.equal(Infinity);
    expect(answering(host, 300, [11, 12]).peer.reportLagMs).to.be.below(200);
  });

  it('of a learner that was lost need not be waited for', () => {
    const host = answering(establishedLeader(FIVE, [1, 2, 4]), 500, [11, 12]);
    host.linkDown(14);
    expect(host.peer.reportLagMs).to.be.below(200);
  });
});

describe('a leader goes', () => {
  it('when the zxids of its epoch come to their end: all elect at once', () => {
    const host = establishedLeader({ settings: { counterStart: 0xfffeffff } }).propose();
    expect(host.peer.role).to.equal('leading');
    host.propose().disk();
    const lines = host.said();
    expect(host.peer.role).to.equal('looking');
    expect(lines).to.include.members(['11 < records 6..6', '11 < handOver', 'close 11', 'stop']);
    expect(host.peer.history.tail.index).to.equal(6);
  });

  it('on SIGTERM when what is proposed is committed, and hands over', () => {
    const host = establishedLeader().propose().disk();
    host.take();
    expect(host.terminate().said()).to.deep.equal([]);
    expect(host.hears(11, say.ack(2, 5)).wait(10).said()).to.include.members([
      'apply 5',
      '11 < commit 5',
      '11 < handOver',
      'close 11',
      'stop for good',
    ]);
    expect(host.peer.hasStopped).to.equal(true);
  });

  it('on SIGTERM after 300 ms at the latest', () => {
    const host = establishedLeader().propose().disk().terminate().wait(290);
    expect(host.peer.hasStopped).to.equal(false);
    expect(host.wait(20).peer.hasStopped).to.equal(true);
  });

  it('on SIGTERM takes nothing new of learners', () => {
    const host = establishedLeader().propose().disk().terminate().hears(11, say.sync(1));
    expect(host.forwardedTo).to.deep.equal([]);
  });

  it('when its log fails, and nobody learns more from it', () => {
    const host = establishedLeader().propose();
    host.take();
    expect(host.logFails().said()).to.include.members(['close 11', 'stop for good']);
    expect([host.peer.role, host.peer.hasStopped]).to.deep.equal(['stopped', false]);
  });

  it('and all that it proposed in its last turn is in its log', () => {
    const host = establishedLeader();
    host.peer.propose(5, (w) => w.raw(Buffer.from('last')), undefined);
    host.linkDown(11).disk();
    expect(host.tail.index).to.equal(5);
    expect(host.peer.role).to.equal('looking');
  });
});

describe('a follower that promised a higher epoch', () => {
  it('is let go by a leader that is not established: the next round finds an epoch for both', () => {
    const host = connects(electedLeader(FIVE), 1);
    connects(host, 2);
    expect(connects(host, 4, { accepted: 5 }).said()).to.include('close 14');
    expect(host.peer.role).to.equal('leading');
  });

  it('makes an established leader begin an epoch above it', () => {
    const host = establishedLeader();
    connects(host, 2, { accepted: 5 });
    const lines = host.said();
    expect(lines).to.include.members(['disk epochs 5/2', '11 < handOver', 'close 12']);
    expect([host.peer.role, host.peer.epochs.acceptedEpoch]).to.deep.equal(['looking', 5]);
  });

  it('does so at most once in ten seconds', () => {
    const host = establishedLeader();
    connects(host, 2, { accepted: 5 }).disk().again();
    joins(host, 1, { link: 21, accepted: 2, current: 2 });
    expect(host.said()).to.include('serve leading 6');
    connects(host, 2, { link: 22, accepted: 9 });
    expect(host.peer.role).to.equal('leading');
    answering(host, 10_100, [21]);
    connects(host, 2, { link: 32, accepted: 9 });
    expect(host.peer.role).to.equal('looking');
  });

  it('does so for no observer', () => {
    const host = establishedLeader({ observers: [4] });
    connects(host, 4, { accepted: 5, info: { observer: true } });
    expect([host.said().includes('close 14'), host.peer.role]).to.deep.equal([true, 'leading']);
  });
});

describe('learners that come early', () => {
  it('while the election lasts are kept until this server leads', () => {
    const host = electedLeader().wait(2010);
    host.disk().take();
    expect(host.peer.role).to.equal('looking');
    host.linked(21, 1).hears(21, say.followerInfo(1));
    expect(host.said()).to.deep.equal([]);
    host.again();
    expect(host.disk().said()).to.include('21 < leaderInfo 2');
  });

  it('are let go when it follows another one', () => {
    const host = new PeerHost({ log: LOG, epochs: [1, 1] })
      .start()
      .linked(21, 2)
      .hears(21, say.followerInfo(1));
    host.take();
    for (const [from, state] of [
      [3, 'leading'],
      [2, 'following'],
    ] as const)
      host.electionLink(from, true).notified(from, vote(3, { state, peerEpoch: 1, round: 7 }));
    expect(host.said()).to.deep.equal(['close 21', 'dial 3']);
  });
});

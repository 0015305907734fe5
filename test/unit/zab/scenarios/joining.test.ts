/** Bugs of Apache's elections, as conversations with one server that looks for a leader, or has one. */
import { expect } from 'chai';
import { END as LEADER_END, establishedLeader } from '../../helpers/leader.js';
import { PeerHost, vote } from '../../helpers/peer.js';
import { say, zxid } from '../../helpers/peerLines.js';
import { LOG, serving } from './stage.js';

/** It looks for a leader; both others can be reached. */
function looking(): PeerHost {
  const host = new PeerHost({ log: LOG, epochs: [1, 1] }).start().electionLink(2, true).electionLink(3, true);
  host.take();
  return host;
}

describe('an ensemble that has a leader', () => {
  it('ZK-1732: is joined although its members were elected with different zxids', () => {
    const host = looking();
    host.notified(2, vote(3, { state: 'following', zxid: zxid('1:2'), peerEpoch: 4, round: 3 }));
    expect(host.take()).not.to.include('dial 3');
    host.notified(3, vote(3, { state: 'leading', zxid: zxid('1:9'), peerEpoch: 4, round: 3 }));
    expect(host.take()).to.include('dial 3');
  });

  it('ZK-1805, ZK-1818: is joined although its members were elected in different rounds', () => {
    const host = looking();
    host.notified(3, vote(3, { state: 'leading', peerEpoch: 4, round: 8 }));
    host.notified(2, vote(3, { state: 'following', peerEpoch: 4, round: 5 }));
    expect(host.take()).to.include('dial 3');
  });

  it('ZK-1732: tells those who look the epoch that was established, not the one it was elected with', () => {
    const follower = serving();
    follower.take();
    follower.notified(2, vote(2, { round: 20 }));
    expect(follower.take()).to.deep.equal(['vote to 2: following 3 epoch 3 round 7']);
    const leader = establishedLeader();
    leader.take();
    leader.notified(2, vote(2, { round: 20 }));
    expect(leader.take().filter((line) => line.startsWith('vote to 2: leading 3 epoch 2'))).to.have.length(1);
  });

  it('ZK-1818: is not joined on the word of followers alone', () => {
    const host = new PeerHost({ log: LOG, epochs: [1, 1], voters: [1, 2, 3, 4, 5] }).start();
    for (const from of [2, 3, 4]) {
      host.electionLink(from, true);
      host.notified(from, vote(5, { state: 'following', peerEpoch: 4, round: 8 }));
    }
    expect([host.peer.role, host.take().includes('dial 5')]).to.deep.equal(['looking', false]);
  });
});

describe('a connection', () => {
  it('ZK-2164: of a learner that comes anew replaces the one before, which looks alive', () => {
    const host = establishedLeader({}, [1, 2]);
    host.take();
    expect(host.linked(22, 2).said()).to.deep.equal(['close 12']);
    host.hears(22, say.followerInfo(2)).hears(22, say.ackEpoch(2, LEADER_END)).disk();
    expect(host.said()).to.include.members(['22 < leaderInfo 2', '22 < newLeader 2 at 4=1:4']);
  });

  it('ZK-4787: of a server that is no member brings no vote that counts', () => {
    const host = new PeerHost({ log: LOG, epochs: [1, 1] }).start();
    host.take();
    host.notified(77, vote(1, { zxid: LEADER_END.zxid, peerEpoch: 1 })).wait(90);
    expect([host.peer.role, host.take()]).to.deep.equal(['looking', []]);
  });
});

describe('a sync', () => {
  it('ZK-1675, ZK-3600: is not answered by a leader that a quorum has left without a word', () => {
    const host = establishedLeader().sync(7).wait(1300);
    expect(host.take().filter((line) => line.startsWith('confirmed'))).to.deep.equal([]);
    expect(host.peer.role).to.equal('looking');
  });

  it('ZK-1675, ZK-3600: is answered when a quorum has answered a ping that left behind it', () => {
    const host = establishedLeader().wait(200);
    const beatOf = (): number => Number(/ping (\d+)/.exec(host.take().join('\n'))?.[1]);
    const before = beatOf();
    host.sync(7);
    const after = beatOf();
    expect(after).to.equal(before + 1);
    expect(host.hears(11, say.pong(before)).take()).to.deep.equal([]);
    expect(host.hears(11, say.pong(after)).take()).to.deep.equal(['confirmed 7 at 4']);
  });
});

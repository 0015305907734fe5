/** Bugs of Apache's servers that leave a role, as conversations with one: what is under way, and what it votes with. */
import { expect } from 'chai';
import { establishedLeader, joins, linkOf } from '../../helpers/leader.js';
import { vote } from '../../helpers/peer.js';
import { log, rec, say } from '../../helpers/peerLines.js';
import {
  END,
  LINK,
  LOG,
  MORE,
  NEXT,
  T,
  firstVote,
  joinsAgain,
  promised,
  restarted,
  serving,
} from './stage.js';

describe('a server that leaves its role', () => {
  it('ZK-2845: votes with the end of its log, what was never committed included', () => {
    const host = establishedLeader().propose(2).disk();
    expect(host.appliedIndex).to.equal(4);
    host.linkDown(11).disk();
    expect(host.peer.role).to.equal('looking');
    host.electionLink(1, true).take();
    const voted = host
      .wait(200)
      .take()
      .find((line) => line.startsWith('vote'));
    expect(voted).to.include('looking 3 epoch 2 ');
    expect(host.peer.history.durable.index).to.equal(6);
  });

  it('ZK-2845: is cut by a leader that went on without that, and does not apply it', () => {
    const host = serving().hears(LINK, say.records(NEXT)).disk().linkDown(LINK).disk();
    joinsAgain(host, 4)
      .hears(LINK + 1, say.leaderInfo(5))
      .disk();
    const later = log('5:1', T);
    host.hears(LINK + 1, say.trunc(T), say.newLeader(5, T), say.records(later)).disk();
    host.hears(LINK + 1, say.upToDate(7));
    expect(host.log).to.deep.equal([...LOG, ...MORE, ...later]);
    expect(host.take().filter((line) => line.startsWith('apply'))).to.deep.equal(['apply 7']);
  });

  for (const [what, leave] of [
    [
      'ZK-4712: a follower',
      (): ReturnType<typeof serving> => serving().hears(LINK, say.records(NEXT)).linkDown(LINK),
    ],
    ['ZK-4541: a leader', (): ReturnType<typeof serving> => establishedLeader().propose(3).linkDown(11)],
  ] as const)
    it(`${what} votes when all that it gave to the disk is there, and not before`, () => {
      const host = leave();
      expect(host.pending).to.deep.equal(['append', 'fence']);
      host.take();
      expect(
        host
          .wait(1000)
          .take()
          .filter((line) => line.startsWith('vote')),
      ).to.deep.equal([]);
      host.disk();
      expect(host.pending).to.deep.equal([]);
      expect(firstVote(host)).to.match(/^vote to \d: looking/);
      expect(host.tail.index).to.equal(host.peer.history.tail.index);
    });

  it('ZK-4712: as follower begins the next synchronisation on a disk that is done with the last one', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).linkDown(LINK);
    expect(host.pending).to.deep.equal(['synchronise', 'fence']);
    host.disk();
    joinsAgain(host, 4)
      .hears(LINK + 1, say.leaderInfo(5))
      .disk();
    expect(host.said()).to.include('11 < ackEpoch 3 at 6=2:2');
  });

  it('ZK-2778: and synchronises with the next leader still answers those who look for one', () => {
    const host = promised().hears(LINK, say.snap(T), say.chunk(false));
    host.take();
    host.notified(2, vote(2, { round: 3 }));
    expect(host.take().filter((line) => line.startsWith('vote to 2'))).to.have.length(1);
    expect(host.peer.role).to.equal('following');
  });
});

describe('a commit', () => {
  it('ZK-4537, ZK-4882: of what is not on the own disk yet is applied when it is', () => {
    const host = serving().hears(LINK, say.records(NEXT), say.commit(9));
    expect(host.said()).to.deep.equal(['disk append 7..9']);
    expect(host.disk().said()).to.deep.equal(['apply 9', '10 < ack 9']);
  });

  it('ZK-4882: of what the disk refused is never applied: after a restart the server asks for it again', () => {
    const host = serving().hears(LINK, say.records(NEXT), say.commit(9)).logFails();
    expect([host.appliedIndex, host.tail]).to.deep.equal([6, T]);
    const next = joinsAgain(restarted(host, { applied: 6 }), 3)
      .hears(LINK + 1, say.leaderInfo(4))
      .disk();
    expect(next.said()).to.include('11 < ackEpoch 3 at 6=2:2');
    next.hears(LINK + 1, say.diff(T), say.records(NEXT), say.newLeader(4, NEXT[2]!.mark)).disk();
    expect(next.hears(LINK + 1, say.upToDate(9)).said()).to.include('apply 9');
  });
});

describe('a former follower that leads', () => {
  it('ZK-4925, ZK-3526: hands on what it was synchronised with and what followed, without a hole', () => {
    const host = serving().hears(LINK, say.records(NEXT), say.commit(9)).disk();
    host.linkDown(LINK).disk().again();
    joins(host, 2, { accepted: 3, current: 1, tail: END });
    const sent = host.said().filter((line) => line.startsWith(`${linkOf(2)} <`));
    expect(sent).to.deep.equal([
      '12 < leaderInfo 4',
      '12 < diff 4=1:4',
      '12 < records 5..6',
      '12 < records 7..9',
      '12 < newLeader 4 at 9=3:3',
      '12 < upToDate 9',
      '12 < ping 1 commit 9',
    ]);
  });
});

describe('a log that differs', () => {
  it('ZK-4352, ZK-5010: is found with the first record that does not follow, which is neither logged nor acknowledged', () => {
    const forked = rec('3:1', { ...T, chain: T.chain + 1n });
    const host = serving()
      .hears(LINK, say.records([forked]))
      .disk();
    const lines = host.said();
    expect(lines).to.include.members(['close 10', 'note alarm']);
    expect(lines.filter((line) => /ack|append/.test(line))).to.deep.equal([]);
    expect(host.tail).to.deep.equal(T);
  });

  it('ZK-4352, ZK-5010: is found when a leader takes up its learner, and replaced', () => {
    const other = log('1:1 1:2 1:3 1:4x');
    const host = joins(establishedLeader(), 2, { tail: other[3]!.mark });
    expect(host.said()).to.include.members(['12 < snap 2=1:2', 'note alarm']);
  });
});

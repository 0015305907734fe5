/** What a follower says, and when: never ahead of its disk (zab.md 1.4 to 1.6, 7.1). */
import { expect } from 'chai';
import { LOG_START } from '../../../src/zab/index.js';
import { PeerHost, type PeerOptions } from '../helpers/peer.js';
import { log, say, type Rec } from '../helpers/peerLines.js';

const LINK = 10;
/** Four records that everyone has. */
const LOG = log('1:1 1:2 1:3 1:4');
const markAt = (index: number, records: readonly Rec[] = LOG): Rec['mark'] => records[index - 1]!.mark;
const END = markAt(4);
/** What the leader of epoch 3 has behind them, and proposes later. */
const MORE = log('2:1 2:2', END);
const NEXT = log('3:1 3:2 3:3', MORE[1]!.mark);
const T = MORE[1]!.mark;

/** A follower of server 3, whose link is up. */
function following(options: PeerOptions = {}): PeerHost {
  const host = new PeerHost({ log: LOG, applied: 2, epochs: [1, 1], ...options }).joining(3);
  host.connected(LINK, 3);
  return host;
}

/** It has promised epoch 3. */
function promised(options: PeerOptions = {}): PeerHost {
  const host = following(options).hears(LINK, say.leaderInfo(3)).disk();
  host.take();
  return host;
}

/** It follows, and serves; its log ends with T, and all of it is applied. */
function serving(options: PeerOptions = {}): PeerHost {
  const host = promised(options).hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).disk();
  host.hears(LINK, say.upToDate(6));
  expect(host.take()).to.include('serve following 3');
  return host;
}

describe('discovery', () => {
  it('a follower says which epoch it promised, and promises a higher one on disk before it says so', () => {
    const host = new PeerHost({ log: LOG, epochs: [2, 1] }).joining(3);
    expect(host.connected(LINK, 3).said()).to.deep.equal(['10 < followerInfo 2']);
    expect(host.hears(LINK, say.leaderInfo(3)).said()).to.deep.equal(['disk epochs 3/1']);
    expect(host.disk().said()).to.deep.equal(['10 < ackEpoch 1 at 4=1:4']);
  });

  it('an epoch that was promised before is acknowledged without being counted', () => {
    const host = following({ epochs: [3, 1] });
    host.take();
    expect(host.hears(LINK, say.leaderInfo(3)).said()).to.deep.equal([
      '10 < ackEpoch 1 at 4=1:4, does not count',
    ]);
  });

  it('a lower epoch is refused', () => {
    const host = following({ epochs: [4, 1] });
    host.take();
    expect(host.hears(LINK, say.leaderInfo(3)).said()).to.include.members(['close 10', 'stop']);
    expect(host.peer.role).to.equal('looking');
    expect(host.epochs).to.deep.equal({ acceptedEpoch: 4, currentEpoch: 1 });
  });

  it('a follower says that it has nothing, or may have lost something', () => {
    const blank = new PeerHost().joining(3).connected(LINK, 3);
    expect(blank.said()).to.deep.equal(['10 < followerInfo 0 blank']);
    const suspect = new PeerHost({ log: LOG, epochs: [1, 1], suspect: true }).joining(3).connected(LINK, 3);
    expect(suspect.said()).to.deep.equal(['10 < followerInfo 1 suspect']);
  });

  it('an observer says so', () => {
    const host = new PeerHost({ id: 4, observers: [4] }).joining(3).connected(LINK, 3);
    expect(host.said()).to.deep.equal(['10 < followerInfo 0 observer blank']);
  });

  it('a promise is kept through an election: what came meanwhile is not asked for again', () => {
    const host = promised();
    host.linkDown(LINK).disk();
    expect([host.peer.role, host.peer.epochs]).to.deep.equal([
      'looking',
      { acceptedEpoch: 3, currentEpoch: 1 },
    ]);
  });

  it('a promise that reaches the disk after its leader is gone is not said to anybody', () => {
    const host = following().hears(LINK, say.leaderInfo(3));
    host.linkDown(LINK);
    host.take();
    expect(host.disk().said()).to.deep.equal([]);
    expect(host.peer.epochs.acceptedEpoch).to.equal(3);
  });

  describe('of a leader that is not ready', () => {
    it('is tried again after 20, 40, 80 ms and so on', () => {
      const host = new PeerHost({ log: LOG, epochs: [1, 1] }).joining(3);
      const times: number[] = [];
      let since = host.now;
      while (times.length < 5) {
        host.dialFailed(3);
        while (!host.take().includes('dial 3')) host.wait(10);
        times.push(host.now - since);
        since = host.now;
      }
      expect(times).to.deep.equal([20, 40, 80, 160, 320]);
    });

    it('is tried again when it closes the link without a word', () => {
      const host = following();
      host.linkDown(LINK);
      host.take();
      expect(host.wait(20).said()).to.deep.equal(['dial 3']);
      expect(host.connected(11, 3).said()).to.deep.equal(['11 < followerInfo 1']);
    });

    it('is given up when its election link is down too', () => {
      const host = new PeerHost({ log: LOG, epochs: [1, 1] }).joining(3);
      host.electionLink(3, false).dialFailed(3);
      expect(host.peer.role).to.equal('looking');
    });

    it('is given up after two seconds', () => {
      const host = following();
      expect(host.wait(2000).peer.role).to.equal('following');
      expect(host.wait(10).peer.role).to.equal('looking');
      expect(host.said()).to.include('close 10');
    });

    it('has only one link, though the failure of an earlier dial is told late', () => {
      const host = new PeerHost({ log: LOG, epochs: [1, 1] }).joining(3);
      host.dialFailed(3).connected(LINK, 3);
      host.take();
      expect(host.wait(100).said()).to.deep.equal([]);
      host.hears(LINK, say.leaderInfo(3)).disk();
      expect(host.said()).to.deep.equal(['disk epochs 3/1', '10 < ackEpoch 1 at 4=1:4']);
    });

    it('is not talked to over a second link', () => {
      expect(following().connected(11, 3).said()).to.include('close 11');
    });
  });
});

describe('synchronisation', () => {
  it('DIFF: log and epoch reach the disk in one step, and then are acknowledged', () => {
    const host = promised();
    host.hears(LINK, say.diff(END), say.records(MORE));
    expect(host.said()).to.deep.equal([]);
    expect(host.hears(LINK, say.newLeader(3, T)).said()).to.deep.equal(['disk synchronise 5..6 epochs 3/3']);
    expect(host.disk().said()).to.deep.equal(['10 < ackNewLeader 3']);
    expect(host.hears(LINK, say.upToDate(6)).said()).to.deep.equal(['apply 6', 'serve following 3']);
  });

  it('DIFF of nothing: the epoch alone', () => {
    const host = promised().hears(LINK, say.diff(END), say.newLeader(3, END));
    expect(host.said()).to.deep.equal(['disk synchronise epochs 3/3']);
  });

  it('TRUNC: what the leader does not have goes in the same step', () => {
    const host = promised({ log: log('1:1 1:2 1:3 1:4 1:5 1:6') });
    host.hears(LINK, say.trunc(END), say.records(MORE), say.newLeader(3, T));
    expect(host.said()).to.deep.equal(['disk synchronise cut 4=1:4 5..6 epochs 3/3']);
    expect(host.disk().said()).to.deep.equal(['10 < ackNewLeader 3']);
    expect(host.log).to.deep.equal([...LOG, ...MORE]);
  });

  it('SNAP: chunks are staged beside the log, then replace it together with records and epoch', () => {
    const host = promised({ log: log('1:1 1:2x'), applied: 1 });
    host.hears(LINK, say.snap(END), say.chunk(false));
    expect(host.said()).to.deep.equal(['disk stage first']);
    expect(host.disk().said()).to.deep.equal(['10 < chunkStaged']);
    host.hears(LINK, say.chunk());
    expect(host.disk().said()).to.deep.equal(['disk stage last', '10 < chunkStaged']);
    expect(host.replacements).to.equal(0);
    host.hears(LINK, say.records(MORE), say.newLeader(3, T));
    expect(host.said()).to.deep.equal(['disk synchronise install 4=1:4 5..6 epochs 3/3']);
    expect(host.replacements, 'the state machine hears of it before the disk has done it').to.equal(1);
    expect(host.disk().said()).to.deep.equal(['10 < ackNewLeader 3']);
  });

  it('SNAP: nothing is installed before its last chunk is staged', () => {
    const host = promised().hears(LINK, say.snap(T), say.chunk(), say.newLeader(3, T), say.records(NEXT));
    expect(host.said()).to.deep.equal(['disk stage first last']);
    expect(host.disk().said()).to.deep.equal([
      'disk synchronise install 6=2:2 epochs 3/3',
      'disk append 7..9',
      '10 < chunkStaged',
      '10 < ackNewLeader 3',
      '10 < ack 9',
    ]);
  });

  it('SNAP that turns out damaged is thrown away, and the old log stays', () => {
    const host = promised().hears(LINK, say.snap(T), say.chunk());
    host.damaged = true;
    host.disk();
    expect(host.said()).to.include.members(['close 10', 'disk unstage', 'note alarm']);
    expect(host.log).to.deep.equal(LOG);
  });

  it('another chain is not believed: only a snapshot will do', () => {
    const other = log('1:1 1:2 1:3x 1:4');
    const host = promised().hears(LINK, say.diff(markAt(4, other)));
    expect(host.said()).to.deep.equal(['10 < wantSnapshot', 'note alarm']);
    host.hears(LINK, say.records(MORE), say.newLeader(3, T));
    expect(host.said()).to.deep.equal([]);
    host.hears(LINK, say.snap(T), say.chunk(), say.newLeader(3, T)).disk();
    expect(host.said()).to.include('10 < ackNewLeader 3');
  });

  it('a lost tree is not replaced by records', () => {
    const host = promised({ needsSnapshot: true }).hears(LINK, say.diff(END));
    expect(host.said()).to.deep.equal(['10 < wantSnapshot']);
  });

  it('many records go to disk in parts, the epoch with the last one', () => {
    const host = promised({ log: [], applied: 0 });
    const big = log('1:1 1:2 1:3', undefined, 9 * 1024 * 1024);
    host.hears(LINK, say.diff(LOG_START), ...big.map((record) => say.records([record])));
    expect(host.said()).to.deep.equal(['disk synchronise 1..1 2..2']);
    host.hears(LINK, say.newLeader(3, big[2]!.mark));
    expect(host.disk().said()).to.deep.equal(['disk synchronise 3..3 epochs 3/3', '10 < ackNewLeader 3']);
  });

  it('nothing is applied before UPTODATE, however much is said to be committed', () => {
    const host = promised({ applied: 0 });
    host.hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).disk();
    expect(host.said().filter((line) => line.startsWith('apply'))).to.deep.equal([]);
    expect(host.hears(LINK, say.upToDate(6)).said()).to.include('apply 6');
  });

  it('proposals behind NEWLEADER are logged at once and acknowledged after it', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T));
    host.hears(LINK, say.records(NEXT.slice(0, 2)));
    expect(host.said()).to.deep.equal(['disk synchronise 5..6 epochs 3/3', 'disk append 7..8']);
    expect(host.disk(1).said()).to.deep.equal(['10 < ackNewLeader 3']);
    expect(host.disk(1).said()).to.deep.equal(['10 < ack 8']);
    expect(host.appliedIndex).to.equal(2);
  });

  it('UPTODATE applies what is committed, or what is on disk if that is less', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).disk();
    host.hears(LINK, say.records(NEXT), say.upToDate(8));
    expect(host.appliedIndex).to.equal(6);
    host.disk();
    expect(host.appliedIndex).to.equal(8);
  });

  it('a suspect server is a good one again once the epoch is on its disk', () => {
    const host = promised({ suspect: true }).hears(LINK, say.diff(END), say.newLeader(3, END)).disk();
    host.hears(LINK, say.upToDate(4)).linkDown(LINK);
    expect(host.disk().peer.role).to.equal('looking');
    expect(host.take().filter((line) => line.startsWith('vote'))[0]).to.match(/looking 1 epoch 3/);
  });

  it('it is so, too, when it had that epoch before its disk failed', () => {
    const host = new PeerHost({ log: LOG, applied: 2, epochs: [3, 3], suspect: true }).joining(3);
    host.connected(LINK, 3).hears(LINK, say.leaderInfo(3), say.diff(END), say.newLeader(3, END)).disk();
    host.hears(LINK, say.upToDate(4)).linkDown(LINK);
    expect(host.disk().peer.role).to.equal('looking');
    expect(
      host
        .take()
        .filter((line) => line.startsWith('vote'))
        .at(-1),
    ).to.match(/looking 1 epoch 3/);
  });

  it('a link that breaks before the end leaves everything as it was, but for the promise', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE)).linkDown(LINK).disk();
    expect(host.log).to.deep.equal(LOG);
    expect(host.epochs).to.deep.equal({ acceptedEpoch: 3, currentEpoch: 1 });
  });

  it('a link that breaks while the disk writes: the epoch counts, though nobody heard of it', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T));
    host.linkDown(LINK).disk();
    expect(host.said().filter((line) => line.startsWith('10 <'))).to.deep.equal([]);
    expect(host.peer.epochs).to.deep.equal({ acceptedEpoch: 3, currentEpoch: 3 });
    expect(host.peer.role).to.equal('looking');
  });
});

describe('broadcast', () => {
  it('a proposal is acknowledged when it is on disk, and applied when it is committed as well', () => {
    const host = serving();
    expect(host.hears(LINK, say.records(NEXT.slice(0, 1))).said()).to.deep.equal(['disk append 7..7']);
    expect(host.disk().said()).to.deep.equal(['10 < ack 7']);
    expect(host.hears(LINK, say.commit(7)).said()).to.deep.equal(['apply 7']);
  });

  it('a commit that is ahead of the own disk waits for it', () => {
    const host = serving().hears(LINK, say.records(NEXT), say.commit(9));
    expect(host.said()).to.deep.equal(['disk append 7..9']);
    expect(host.disk().said()).to.deep.equal(['apply 9', '10 < ack 9']);
  });

  it('one ack stands for all that reached the disk', () => {
    const host = serving();
    for (const record of NEXT) host.hears(LINK, say.records([record]));
    host.said();
    host.disk(3);
    expect(host.said()).to.include('10 < ack 9');
  });

  it('a commit that was said before changes nothing', () => {
    expect(serving().hears(LINK, say.commit(6), say.commit(5)).said()).to.deep.equal([]);
  });

  it('a ping is answered with its number and the clients heard of, and commits on the way', () => {
    const host = serving().hears(LINK, say.records(NEXT)).disk();
    host.take();
    expect(host.hears(LINK, say.ping(4, 8)).said()).to.deep.equal(['apply 8', '10 < pong 4']);
  });

  it('ends when the leader hands over', () => {
    const host = serving().hears(LINK, say.handOver);
    expect(host.peer.role).to.equal('looking');
    expect(host.said()).to.include.members(['close 10', 'stop']);
  });

  it('ends when the link does', () => {
    expect(serving().linkDown(LINK).peer.role).to.equal('looking');
  });

  it('ends after 1.5 s without a word of the leader, any word', () => {
    const host = serving().wait(1400).hears(LINK, say.commit(6)).wait(1500);
    expect(host.peer.role).to.equal('following');
    expect(host.wait(10).peer.role).to.equal('looking');
  });

  it('synchronisation may stand still for five seconds', () => {
    const host = promised().wait(4900).hears(LINK, say.diff(END)).wait(5000);
    expect(host.peer.role).to.equal('following');
    expect(host.wait(10).peer.role).to.equal('looking');
  });

  it('a follower that looks again votes with all that is on its way to the disk', () => {
    const host = serving().hears(LINK, say.records(NEXT));
    host.take();
    host.linkDown(LINK);
    expect(host.take().filter((line) => line.startsWith('vote'))).to.deep.equal([]);
    host.disk();
    const [first] = host.take().filter((line) => line.startsWith('vote'));
    expect(first).to.match(/looking 1 epoch 3/);
    expect(host.peer.history.durable.index).to.equal(9);
  });

  it('what comes over a link that was given up is not heard', () => {
    const host = serving().linkDown(LINK).disk();
    host.take();
    expect(host.hears(LINK, say.records(NEXT), say.commit(7), say.ping(1, 7)).said()).to.deep.equal([]);
  });

  it('after SIGTERM it leaves at once', () => {
    const host = serving().terminate();
    expect([host.peer.hasStopped, host.peer.role]).to.deep.equal([true, 'stopped']);
    expect(host.said()).to.include.members(['close 10', 'stop for good']);
  });

  it('it takes no part while its log cannot be written', () => {
    const host = serving().hears(LINK, say.records(NEXT)).logFails();
    expect(host.peer.role).to.equal('stopped');
    expect(host.said()).to.include.members(['close 10', 'stop for good']);
  });
});

describe('an observer', () => {
  it('says no word of a vote, takes what is committed, and observes', () => {
    const host = new PeerHost({ id: 4, observers: [4], log: LOG, epochs: [1, 1] }).joining(3);
    host.connected(LINK, 3).hears(LINK, say.leaderInfo(3)).disk();
    host.hears(LINK, say.diff(END), say.newLeader(3, END)).disk().hears(LINK, say.upToDate(4));
    expect(host.said()).to.include('serve observing 3');
    expect(host.peer.role).to.equal('observing');
  });
});

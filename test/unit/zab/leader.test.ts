/** What a leader says, and what it waits for: discovery, synchronisation and broadcast (zab.md 1.4 to 1.6). */
import { expect } from 'chai';
import { Configuration, LOG_START, type LogMark, type ServerId } from '../../../src/zab/index.js';
import {
  END,
  LOG,
  connects,
  electedLeader,
  establishedLeader,
  joins,
  linkOf,
  promisedLeader,
  promises,
} from '../helpers/leader.js';
import type { PeerHost, PeerOptions } from '../helpers/peer.js';
import { log, say } from '../helpers/peerLines.js';

const FIVE: PeerOptions = { voters: [1, 2, 3, 4, 5] };

/** Those of the lines that go to this learner. */
const to = (peer: ServerId, lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith(`${linkOf(peer)} < `)).map((line) => line.slice(5));

describe('a leader in discovery', () => {
  it('chooses an epoch above all that a quorum promised, and promises it itself before it asks for it', () => {
    const host = electedLeader();
    expect(host.linked(11, 1).said()).to.deep.equal([]);
    expect(host.hears(11, say.followerInfo(6)).said()).to.deep.equal(['disk epochs 7/1']);
    expect(host.disk().said()).to.deep.equal(['11 < leaderInfo 7']);
  });

  const epochs: [what: string, own: [number, number], promised: number[], chosen: number][] = [
    ['above its own        ', [9, 1], [1, 1], 10],
    ["above a follower's  ", [1, 1], [4, 2], 5],
    ['above that of its log', [0, 0], [0, 0], 2],
  ];
  for (const [what, own, promised, chosen] of epochs) {
    it(`chooses an epoch ${what.trim()}`, () => {
      const host = electedLeader({ ...FIVE, epochs: own });
      host.linked(11, 1).hears(11, say.followerInfo(promised[0]!));
      host.linked(12, 2).hears(12, say.followerInfo(promised[1]!));
      expect(host.said()).to.include(`disk epochs ${chosen}/${own[1]}`);
    });
  }

  it('does not wait for observers, nor hear what they promised', () => {
    const host = electedLeader({ observers: [4] });
    connects(host, 4, { accepted: 50, info: { observer: true } });
    expect(host.said()).to.deep.equal([]);
    connects(host, 1);
    expect(host.said()).to.include.members(['disk epochs 2/1', '11 < leaderInfo 2']);
  });

  it('asks those that come later for the same epoch', () => {
    const host = electedLeader(FIVE);
    connects(host, 1);
    connects(host, 2);
    host.take();
    expect(to(4, connects(host, 4).said())).to.deep.equal(['leaderInfo 2']);
  });

  it('enters the epoch when a quorum has promised it', () => {
    const host = connects(electedLeader(FIVE), 1);
    connects(host, 2);
    host.take();
    expect(host.hears(11, say.ackEpoch(1, END)).said()).to.deep.equal([]);
    expect(host.hears(12, say.ackEpoch(1, END)).said()).to.deep.equal(['disk epochs 2/2']);
  });

  it('does not count a promise that was given before', () => {
    const host = connects(electedLeader(), 1);
    host.take();
    expect(host.hears(11, say.ackEpoch(1, END, false)).said()).to.deep.equal([]);
    connects(host, 2);
    host.take();
    expect(host.hears(12, say.ackEpoch(1, END)).said()).to.deep.equal(['disk epochs 2/2']);
  });

  const ahead: [what: string, current: number, tail: LogMark, givesUp: boolean][] = [
    ['has a longer log    ', 1, log('1:1 1:2 1:3 1:4 1:5')[4]!.mark, true],
    ['has a shorter log   ', 1, LOG[2]!.mark, false],
    ['has an older epoch  ', 0, log('1:1 1:2 1:3 1:4 1:5')[4]!.mark, false],
  ];
  for (const [what, current, tail, givesUp] of ahead) {
    it(`${givesUp ? 'gives up for' : 'leads'} a follower that ${what.trim()}`, () => {
      const host = promises(electedLeader(), 1, { tail, current });
      expect(host.peer.role).to.equal(givesUp ? 'looking' : 'leading');
    });
  }

  it('gives up for a follower with a higher epoch', () => {
    const host = promises(electedLeader({ epochs: [2, 1] }), 1, { accepted: 2, current: 2 });
    expect(host.peer.role).to.equal('looking');
  });

  it('counts no blank follower, and no suspect one', () => {
    for (const info of [{ blank: true }, { suspect: true }]) {
      const host = connects(electedLeader(FIVE), 1);
      connects(host, 2, { info, accepted: 0 });
      connects(host, 4);
      host.hears(11, say.ackEpoch(1, END)).hears(12, say.ackEpoch(0, LOG_START));
      expect(host.said()).not.to.include('disk epochs 2/2');
      expect(host.hears(14, say.ackEpoch(1, END)).said()).to.include('disk epochs 2/2');
    }
  });

  it('counts blank followers when it is blank itself: that is how an ensemble begins', () => {
    const host = electedLeader({ log: [], applied: 0, epochs: [0, 0] });
    joins(host, 1, { accepted: 0, current: 0, tail: LOG_START, info: { blank: true } });
    expect(host.said()).to.include.members(['disk epochs 1/1', 'serve leading 1']);
  });

  it('gives up after two seconds without a quorum', () => {
    const host = electedLeader().wait(2000);
    expect(host.peer.role).to.equal('leading');
    expect(host.wait(10).peer.role).to.equal('looking');
  });

  it('gives up when too many look for another one in a newer round', () => {
    const host = electedLeader();
    const newer = {
      state: 'looking' as const,
      round: 9,
      zxid: END.zxid,
      peerEpoch: 1,
      configVersion: END.zxid,
    };
    const vote = (leader: ServerId): Parameters<PeerHost['notified']>[1] => ({
      ...newer,
      leader,
      blank: false,
      leaderBlank: false,
    });
    host.notified(1, vote(1));
    expect(host.peer.role).to.equal('leading');
    host.notified(2, vote(2));
    expect(host.peer.role).to.equal('looking');
  });
});

describe('which way a learner is synchronised', () => {
  const long = log('1:1 1:2 1:3 1:4 1:5x 1:6x');
  const rows: [what: string, tail: LogMark, options: PeerOptions, says: string[]][] = [
    ['the same log: DIFF of nothing           ', END, {}, ['diff 4=1:4', 'newLeader 2 at 4=1:4']],
    [
      'a shorter log: DIFF                     ',
      LOG[1]!.mark,
      {},
      ['diff 2=1:2', 'records 3..4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'no log: DIFF from the start             ',
      LOG_START,
      {},
      ['diff 0=0:0', 'records 1..4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'a longer log: TRUNC                     ',
      long[5]!.mark,
      { epochs: [1, 1] },
      ['trunc 4=1:4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'records that are not in memory: from disk',
      LOG[0]!.mark,
      { applied: 4 },
      ['diff 1=1:1', 'records 2..4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'records that were purged: SNAP          ',
      LOG[0]!.mark,
      { purged: 3, applied: 3 },
      ['snap 3=1:3', 'last chunk', 'records 4..4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'too many records: SNAP                  ',
      LOG[0]!.mark,
      { applied: 3, settings: { snapThresholdBytes: 10 } },
      ['snap 3=1:3', 'last chunk', 'records 4..4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'many, but the snapshot is older: DIFF   ',
      LOG[2]!.mark,
      { applied: 2, settings: { snapThresholdBytes: 10 } },
      ['diff 3=1:3', 'records 4..4', 'newLeader 2 at 4=1:4'],
    ],
    [
      'another record under its zxid: SNAP     ',
      log('1:1 1:2x')[1]!.mark,
      {},
      ['snap 2=1:2', 'last chunk', 'records 3..4', 'newLeader 2 at 4=1:4'],
    ],
  ];
  for (const [what, tail, options, says] of rows) {
    it(what.trim(), () => {
      // A longer log comes from an older epoch, or the leader would give up for it.
      const current = tail.index > 4 ? 0 : 1;
      const host = promises(electedLeader(options), 1, { tail, current });
      expect(to(1, host.said())).to.deep.equal(['leaderInfo 2', ...says]);
      host.hears(11, say.ackNewLeader(2));
      expect(host.peer.role).to.equal('leading');
      expect(host.openSnapshots).to.equal(0);
    });
  }

  it('it wants a snapshot: it gets one', () => {
    const host = promises(electedLeader(), 1);
    host.take();
    host.hears(11, say.wantSnapshot).disk();
    expect(to(1, host.said())).to.deep.equal([
      'snap 2=1:2',
      'last chunk',
      'records 3..4',
      'newLeader 2 at 4=1:4',
    ]);
    expect(host.openSnapshots).to.equal(0);
  });

  it('no snapshot can be had now: it is asked for again a little later', () => {
    const host = electedLeader({ purged: 3, applied: 3 });
    host.snapshotBase = undefined;
    promises(host, 1, { tail: LOG[0]!.mark });
    expect(to(1, host.said())).to.deep.equal(['leaderInfo 2']);
    host.snapshotBase = LOG[2]!.mark;
    expect(to(1, host.wait(260).disk().said())[0]).to.equal('snap 3=1:3');
  });

  it('a snapshot is sent as fast as it is staged, four chunks ahead', () => {
    const host = electedLeader({ purged: 3, applied: 3 });
    host.snapshotChunks = 10;
    promises(host, 1, { tail: LOG[0]!.mark });
    expect(to(1, host.said())).to.deep.equal([
      'leaderInfo 2',
      'snap 3=1:3',
      ...Array.from({ length: 4 }, () => 'chunk'),
    ]);
    expect(to(1, host.hears(11, say.chunkStaged).disk().said())).to.deep.equal(['chunk']);
  });

  it('nobody learns from a leader that is not established but those whose promise counts', () => {
    const host = connects(electedLeader({ observers: [4] }), 4, { info: { observer: true } });
    connects(host, 1);
    host.hears(14, say.ackEpoch(1, END)).hears(11, say.ackEpoch(1, END)).disk();
    expect(to(4, host.said())).to.deep.equal(['leaderInfo 2']);
    host.hears(11, say.ackNewLeader(2));
    expect(to(4, host.disk().said())).to.deep.equal(['diff 4=1:4', 'newLeader 2 at 4=1:4']);
  });

  it('a suspect follower waits for an established leader, too', () => {
    const host = promisedLeader(FIVE, [1, 2]);
    promises(host, 4, { info: { suspect: true } });
    expect(to(4, host.said())).to.deep.equal(['leaderInfo 2']);
    host.hears(11, say.ackNewLeader(2)).hears(12, say.ackNewLeader(2));
    expect(to(4, host.disk().said())).to.deep.equal(['diff 4=1:4', 'newLeader 2 at 4=1:4']);
  });
});

describe('a leader', () => {
  it('is established when a quorum has its history on disk', () => {
    const host = promisedLeader(FIVE, [1, 2]);
    host.take();
    expect(host.hears(11, say.ackNewLeader(2)).said()).to.deep.equal([]);
    expect(host.hears(12, say.ackNewLeader(2)).said()).to.deep.equal([
      'apply 4',
      'serve leading 2',
      '11 < upToDate 4',
      '12 < upToDate 4',
      '11 < ping 1 commit 4',
      '12 < ping 1 commit 4',
    ]);
  });

  it('commits what a quorum of disks has, its own among them', () => {
    const host = establishedLeader();
    expect(host.propose().said()).to.deep.equal(['disk append 5..5', '11 < records 5..5']);
    expect(host.hears(11, say.ack(2, 5)).said()).to.deep.equal([]);
    expect(host.disk().said()).to.deep.equal(['apply 5', '11 < commit 5']);
  });

  it('commits without its own disk when others are enough, and applies when its own has it', () => {
    const host = establishedLeader(FIVE, [1, 2, 4]);
    host.propose();
    host.take();
    for (const peer of [1, 2, 4]) host.hears(linkOf(peer), say.ack(2, 5));
    expect(host.said()).to.deep.equal([1, 2, 4].map((peer) => `${linkOf(peer)} < commit 5`));
    expect(host.disk().said()).to.deep.equal(['apply 5']);
  });

  it('does not commit what one disk of five less than a quorum has', () => {
    const host = establishedLeader(FIVE, [1, 2]).propose().disk();
    host.take();
    expect(host.hears(11, say.ack(2, 5)).said()).to.deep.equal([]);
    expect(host.hears(12, say.ack(2, 5)).said()).to.include('apply 5');
  });

  it('sends all that one turn proposes at once, and commits by the slowest of a quorum', () => {
    const host = establishedLeader(FIVE, [1, 2]);
    expect(host.propose(3).disk().said()).to.include('11 < records 5..7');
    host.hears(11, say.ack(2, 7)).hears(12, say.ack(2, 6));
    expect(host.said()).to.deep.equal(['apply 6', '11 < commit 6', '12 < commit 6']);
  });

  it('proposes nothing of an earlier epoch anew, and ends a commit only with its own', () => {
    const host = establishedLeader();
    expect(host.peer.nextZxid).to.equal((2n << 32n) + 1n);
    expect(host.propose().disk().said()).to.include('11 < records 5..5');
  });

  it('tells observers only of what is committed, and never counts them', () => {
    const host = establishedLeader({ observers: [4, 5] });
    for (const peer of [4, 5]) joins(host, peer, { info: { observer: true } });
    host.take();
    host.propose().disk();
    expect(to(4, host.said())).to.deep.equal([]);
    for (const peer of [4, 5]) host.hears(linkOf(peer), say.pong(1));
    expect(host.said()).to.deep.equal([]);
    host.hears(11, say.ack(2, 5));
    expect(to(4, host.said())).to.deep.equal(['records 5..5', 'commit 5']);
  });

  it('drops an observer that acknowledges what it was not sent yet', () => {
    const host = establishedLeader({ observers: [4] });
    joins(host, 4, { info: { observer: true } });
    host.propose().disk();
    expect(host.hears(14, say.ack(2, 5)).said()).to.include.members(['close 14', 'note alarm']);
  });

  it('counts a participant that may have lost records once it has them again, and not before', () => {
    const host = establishedLeader(FIVE, [1, 2]);
    promises(host, 4, { info: { suspect: true } });
    host.propose().disk().hears(11, say.ack(2, 5));
    expect(host.appliedIndex).to.equal(4);
    expect(host.hears(14, say.ackNewLeader(2)).appliedIndex).to.equal(4);
    expect(host.hears(14, say.ack(2, 5)).appliedIndex).to.equal(5);
  });

  it('brings a late joiner everything without a gap, while proposals flow', () => {
    const host = establishedLeader();
    host.propose(2).disk();
    host.hears(11, say.ack(2, 6)).take();
    connects(host, 2);
    host.propose().disk();
    host.hears(12, say.ackEpoch(1, LOG[2]!.mark)).propose().disk();
    expect(to(2, host.said())).to.deep.equal([
      'leaderInfo 2',
      'diff 3=1:3',
      'records 4..4',
      'records 5..6',
      'records 7..7',
      'newLeader 2 at 7=2:3',
      'records 8..8',
    ]);
  });

  it('tells a late joiner what is committed now, and not what was when it came', () => {
    const host = establishedLeader();
    promises(host, 2);
    host.propose(2).disk();
    host.hears(11, say.ack(2, 6)).take();
    expect(to(2, host.hears(12, say.ackNewLeader(2)).said())).to.deep.equal(['upToDate 6']);
  });

  it('takes an ack of NEWLEADER for all up to T, and no more', () => {
    const host = establishedLeader(FIVE, [1, 2]);
    promises(host, 4);
    host.propose().disk();
    host.hears(11, say.ack(2, 5)).hears(14, say.ackNewLeader(2));
    expect(host.appliedIndex).to.equal(4);
    expect(host.hears(14, say.ack(2, 5)).appliedIndex).to.equal(5);
  });

  it('sends no more than a window ahead of what is acknowledged', () => {
    const host = establishedLeader({ settings: { windowBytes: 100 } });
    for (let i = 0; i < 10; i++) host.propose();
    const sent = to(1, host.said()).filter((line) => line.startsWith('records'));
    expect(sent.length).to.be.within(1, 5);
    host.hears(11, say.ack(2, 4 + sent.length));
    expect(to(1, host.said())[0]).to.equal(`records ${5 + sent.length}..${5 + sent.length}`);
  });

  it('pings every 150 ms, and says on the way what is committed', () => {
    const host = establishedLeader().hears(11, say.pong(1));
    host.take();
    expect(to(1, host.wait(140).said())).to.deep.equal([]);
    expect(to(1, host.wait(20).said())).to.deep.equal(['ping 2 commit 4']);
  });
});

describe('quorums of groups', () => {
  it('need more than half of the groups, not of the servers', () => {
    const members = [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, role: 'participant' as const }));
    const configuration = new Configuration(members, [[1, 2, 3, 4, 5], [6], [7]]);
    const host = electedLeader({ id: 7, configuration });
    for (const peer of [1, 2, 3, 6]) connects(host, peer);
    for (const peer of [1, 2, 3, 6]) host.hears(linkOf(peer), say.ackEpoch(1, END));
    host.disk();
    for (const peer of [1, 2]) host.hears(linkOf(peer), say.ackNewLeader(2));
    expect(host.said()).not.to.include('serve leading 2');
    host.hears(linkOf(6), say.ackNewLeader(2));
    expect(host.said()).to.include('serve leading 2');
  });
});

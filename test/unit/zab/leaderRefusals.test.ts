/**
 * What a leader does not take from a learner (zab.md 8): it closes that link, tells the operator, counts nothing, and
 * goes on with the others. It never throws.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { makeZxid } from '../../../src/types/index.js';
import type { LogMark, ToLeader } from '../../../src/zab/index.js';
import {
  END,
  LOG,
  connects,
  electedLeader,
  establishedLeader,
  joins,
  promisedLeader,
  promises,
} from '../helpers/leader.js';
import type { PeerHost } from '../helpers/peer.js';
import { type PeerOptions } from '../helpers/peer.js';
import { log, say } from '../helpers/peerLines.js';

const FIVE: PeerOptions = { voters: [1, 2, 3, 4, 5] };
const NO_LOG: LogMark = { index: 0, zxid: makeZxid(0, 0), chain: 0n };

/** A leader that lacks nobody, and what server 4 has said to it. */
const PHASES = {
  new: () => establishedLeader(FIVE, [1, 2]).linked(14, 4),
  /** The epoch is not chosen yet. */
  waiting: () => connects(electedLeader(FIVE), 4),
  asked: () => connects(establishedLeader(FIVE, [1, 2]), 4, { accepted: 1 }),
  forwarding: () => promises(establishedLeader(FIVE, [1, 2]), 4),
  synced: () => joins(establishedLeader(FIVE, [1, 2]), 4),
} satisfies Record<string, () => PeerHost>;

type PhaseName = keyof typeof PHASES;

const REFUSED: [what: string, phase: PhaseName, message: ToLeader][] = [
  ['ACKEPOCH before FOLLOWERINFO            ', 'new', say.ackEpoch(1, END)],
  ['ACK before FOLLOWERINFO                 ', 'new', say.ack(2, 4)],
  ['the ack of NEWLEADER before FOLLOWERINFO', 'new', say.ackNewLeader(2)],
  ['a pong before FOLLOWERINFO              ', 'new', say.pong(1)],
  ['a request before FOLLOWERINFO           ', 'new', say.sync(1)],
  ['the want of a snapshot before an epoch  ', 'new', say.wantSnapshot],
  ['the staging of a chunk never sent       ', 'new', say.chunkStaged],
  ['FOLLOWERINFO twice                      ', 'waiting', say.followerInfo(1)],
  ['ACKEPOCH before LEADERINFO              ', 'waiting', say.ackEpoch(1, END)],
  ['FOLLOWERINFO behind LEADERINFO          ', 'asked', say.followerInfo(1)],
  ['ACKEPOCH with a later epoch than this   ', 'asked', say.ackEpoch(3, END)],
  ['ACKEPOCH with more than it had promised ', 'asked', say.ackEpoch(2, END)],
  ['ACKEPOCH with a zxid of a later epoch   ', 'asked', say.ackEpoch(1, { ...END, zxid: makeZxid(3, 1) })],
  ['ACKEPOCH with a zxid beyond its promise ', 'asked', say.ackEpoch(1, { ...END, zxid: makeZxid(2, 1) })],
  ['ACK before the ack of NEWLEADER         ', 'forwarding', say.ack(2, 4)],
  ['a pong before the ack of NEWLEADER      ', 'forwarding', say.pong(1)],
  ['a request before UPTODATE               ', 'forwarding', say.sync(1)],
  ['ACKEPOCH twice                          ', 'forwarding', say.ackEpoch(1, END)],
  ['the ack of another NEWLEADER            ', 'forwarding', say.ackNewLeader(1)],
  ['the ack of NEWLEADER before it was sent ', 'asked', say.ackNewLeader(2)],
  ['the ack of NEWLEADER twice              ', 'synced', say.ackNewLeader(2)],
  ['FOLLOWERINFO of one that follows        ', 'synced', say.followerInfo(1)],
  ['ACK above what was sent                 ', 'synced', say.ack(2, 5)],
  ['ACK of an earlier epoch                 ', 'synced', say.ack(1, 4)],
  ['ACK of a later epoch                    ', 'synced', say.ack(3, 4)],
  ['a pong to a ping that was never sent    ', 'synced', say.pong(99)],
  ['the want of a snapshot by one that has all', 'synced', say.wantSnapshot],
  ['the staging of a chunk by one that has all', 'synced', say.chunkStaged],
];

describe('a leader refuses', () => {
  for (const [what, phase, message] of REFUSED) {
    it(what.trim(), () => {
      const host = PHASES[phase]();
      host.take();
      host.hears(14, message);
      const lines = host.said();
      expect(lines).to.include.members(['close 14', 'note alarm']);
      expect(lines.filter((line) => /^14 <|^disk|^apply/.test(line))).to.deep.equal([]);
      expect(host.peer.role).to.equal('leading');
      expect(host.peer.learners.map(({ peer }) => peer)).not.to.include(4);
    });
  }

  it('a promise that is absurdly far ahead, which it does not go above', () => {
    const host = electedLeader()
      .linked(11, 1)
      .hears(11, say.followerInfo(2 ** 20 + 2));
    expect(host.said()).to.deep.equal(['close 11', 'note alarm']);
    connects(host, 2);
    expect(host.said()).to.include('12 < leaderInfo 2');
  });

  it('impossible epochs also while it waits for promises, and does not give up for them', () => {
    for (const [current, tail] of [
      [4, END],
      [1, { ...END, zxid: makeZxid(5, 1) }],
      [3, END],
    ] as const) {
      const host = connects(connects(electedLeader({ ...FIVE, epochs: [4, 1] }), 1, { accepted: 2 }), 2);
      host.take();
      expect(host.hears(11, say.ackEpoch(current, tail)).said(), String(current)).to.include.members([
        'close 11',
        'note alarm',
      ]);
      expect(host.peer.role).to.equal('leading');
    }
  });

  it('not the history of another candidate that had chosen the same epoch: it gives up for that, without an alarm', () => {
    const host = connects(connects(electedLeader(FIVE), 1), 2);
    // Meanwhile somebody else led the epoch 2 that this one waits for.
    connects(host, 4, { accepted: 2 });
    expect(host.said()).to.include('14 < leaderInfo 2');
    const lines = host.hears(14, say.ackEpoch(2, log('2:1', END)[0]!.mark, false)).said();
    expect(lines).not.to.include('note alarm');
    expect([lines.includes('stop'), host.peer.role]).to.deep.equal([true, 'looking']);
  });

  it('the acks of a link that a newer one of the same server replaced', () => {
    const host = establishedLeader(FIVE, [1, 2]).propose().disk();
    host.hears(11, say.ack(2, 5)).take();
    expect(host.linked(21, 2).said()).to.include('close 12');
    expect(host.hears(12, say.ack(2, 5), say.pong(1)).appliedIndex).to.equal(4);
  });

  it('the acks that a server gave over an earlier link: it has to give them again', () => {
    const host = establishedLeader(FIVE, [1, 2]);
    joins(host, 4);
    host.propose();
    host.hears(14, say.ack(2, 5)).linked(24, 4).disk().hears(11, say.ack(2, 5));
    expect(host.appliedIndex).to.equal(4);
    host.hears(24, say.followerInfo(2)).hears(24, say.ackEpoch(2, host.tail)).disk();
    expect(host.hears(24, say.ackNewLeader(2)).appliedIndex).to.equal(5);
  });

  it('votes of an election that reach it over a link for records', () => {
    const host = establishedLeader();
    expect(host.hears(11, say.leaderInfo(9), say.commit(99), say.upToDate(9)).said()).to.deep.equal([]);
    expect(host.peer.role).to.equal('leading');
  });

  it('what comes over a link that nobody knows', () => {
    expect(establishedLeader().hears(99, say.followerInfo(1), say.ack(2, 4)).said()).to.deep.equal([]);
  });
});

describe('whatever learners say in whatever order', () => {
  const mark = fc.constantFrom(NO_LOG, ...[...LOG, ...log('2:1 2:2', END)].map((record) => record.mark));
  const epoch = fc.nat(3);
  const message: fc.Arbitrary<ToLeader> = fc.oneof(
    epoch.map((accepted) => say.followerInfo(accepted)),
    fc.tuple(epoch, mark, fc.boolean()).map(([current, tail, counts]) => say.ackEpoch(current, tail, counts)),
    fc.constantFrom(say.wantSnapshot, say.chunkStaged),
    epoch.map(say.ackNewLeader),
    fc.tuple(epoch, fc.nat(9)).map(([of, index]) => say.ack(of, index)),
    fc.nat(3).map((beat) => say.pong(beat)),
    fc.nat(3).map(say.sync),
  );
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('say' as const), fc.constantFrom(11, 12, 14), message) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('disk' as const), fc.constant(0), message) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('link' as const), fc.constantFrom(11, 12, 14), message) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('propose' as const), fc.constant(0), message) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('wait' as const), fc.nat(500), message) },
  );
  const starts = [
    () => electedLeader(FIVE),
    () => promisedLeader(FIVE, [1, 2]),
    () => establishedLeader(FIVE, [1, 2]),
    () => establishedLeader({ ...FIVE, purged: 2 }, [1, 2, 4]),
  ];

  it('a leader does not throw, and commits nothing that its log does not hold', () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.array(act, { maxLength: 25 }), (start, acts) => {
        const host = start();
        for (const [what, number, told] of acts) {
          if (what === 'say') host.hears(number, told);
          else if (what === 'disk') host.disk();
          else if (what === 'link') host.linked(number, number - 10);
          else if (what === 'wait') host.wait(number);
          else if (host.take().includes('serve leading 2') && host.peer.role === 'leading') host.propose();
          expect(host.appliedIndex).to.be.at.most(host.tail.index);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

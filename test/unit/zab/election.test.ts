/** Election: who is voted for, whose votes count, and when it is over (zab.md 1.3). */
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeNotification, encodeNotification } from '../../../src/net/index.js';
import { makeZxid } from '../../../src/types/index.js';
import { Election, isBetter, type Candidate } from '../../../src/zab/election.js';
import { Configuration, type Notification, type ServerId } from '../../../src/zab/index.js';
import { ensembleOf, vote } from '../helpers/peer.js';
import { zxid } from '../helpers/peerLines.js';

const WAIT_MS = 50;

interface Looks {
  readonly id?: ServerId;
  readonly configurations?: readonly Configuration[];
  /** Last zxid of the own log, and its epoch. */
  readonly at?: string;
  readonly epoch?: number;
  readonly blank?: boolean;
  readonly mayVote?: boolean;
}

/** A server that looks for a leader. */
class Looking {
  readonly election: Election;
  elected: ServerId | undefined;
  now = 0;
  readonly notifications: Notification[] = [];
  #sent: string[] = [];

  constructor({ id = 1, configurations = [ensembleOf()], at = '1:5', epoch = 1, ...rest }: Looks = {}) {
    const { blank = false, mayVote = true } = rest;
    this.election = new Election({
      id,
      configurations,
      finalizeWaitMs: WAIT_MS,
      notify: (to, n) => {
        this.notifications.push(n);
        this.#sent.push(`${to}: ${n.state} ${n.leader} round ${n.round}`);
      },
      elected: (candidate) => (this.elected = candidate.leader),
    });
    this.election.start(0, { leader: id, zxid: zxid(at), peerEpoch: epoch, blank }, mayVote);
  }

  hears(from: ServerId, n: Notification): this {
    this.election.receive(from, n);
    return this;
  }

  /** Election links come up, or go down. */
  up(...peers: readonly ServerId[]): this {
    for (const peer of peers) this.election.linkChanged(peer, true);
    return this;
  }

  down(...peers: readonly ServerId[]): this {
    for (const peer of peers) this.election.linkChanged(peer, false);
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    this.election.tick(this.now);
    return this;
  }

  /** Whom it voted for last. */
  get wants(): ServerId | undefined {
    return this.notifications.at(-1)?.leader;
  }

  /** What was sent since the last call. */
  sent(): string[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }
}

/** A vote for a candidate with the log of `Looking`. */
function alike(leader: ServerId, of: Partial<Notification> = {}): Notification {
  return vote(leader, { zxid: zxid('1:5'), peerEpoch: 1, ...of });
}

const leads = (leader: ServerId, of: Partial<Notification> = {}): Notification =>
  alike(leader, { state: 'leading', round: 4, ...of });
const follows = (leader: ServerId, of: Partial<Notification> = {}): Notification =>
  alike(leader, { state: 'following', round: 4, ...of });

describe('the order of votes', () => {
  const of = (epoch: number, at: string, leader: ServerId): Candidate => ({
    peerEpoch: epoch,
    zxid: zxid(at),
    leader,
    blank: false,
  });
  const rows: [what: string, better: Candidate, worse: Candidate][] = [
    ['a higher epoch beats a longer log', of(3, '1:1', 1), of(2, '2:900', 9)],
    ['a longer log beats a higher id ', of(2, '2:8', 1), of(2, '2:7', 9)],
    ['of equal logs the higher id wins', of(2, '2:7', 3), of(2, '2:7', 2)],
    ['the epoch of a zxid comes first ', of(2, '2:1', 1), of(2, '1:900', 2)],
    ['anybody is better than nobody   ', of(0, '0:0', 0), of(0, '0:0', -1)],
  ];
  for (const [what, better, worse] of rows) {
    it(what.trim(), () => {
      expect([isBetter(better, worse), isBetter(worse, better)]).to.deep.equal([true, false]);
    });
  }

  it('is total: of two different candidates exactly one is better', () => {
    const candidate = fc
      .tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(3))
      .map(([epoch, high, low, leader]) => ({ peerEpoch: epoch, zxid: makeZxid(high, low), leader }));
    fc.assert(
      fc.property(candidate, candidate, candidate, (a, b, c) => {
        const same = a.peerEpoch === b.peerEpoch && a.zxid === b.zxid && a.leader === b.leader;
        expect(Number(isBetter(a, b)) + Number(isBetter(b, a))).to.equal(same ? 0 : 1);
        if (isBetter(a, b) && isBetter(b, c)) expect(isBetter(a, c)).to.equal(true);
      }),
    );
  });
});

describe('a server that begins to look', () => {
  it('votes for itself and tells all voters', () => {
    const server = new Looking({ id: 2 });
    expect(server.sent()).to.deep.equal(['1: looking 2 round 1', '3: looking 2 round 1']);
    expect(server.elected).to.equal(undefined);
  });

  it('tells no observer', () => {
    const server = new Looking({ configurations: [ensembleOf([1, 2, 3], [4])] });
    expect(server.sent().map((line) => line[0])).to.deep.equal(['2', '3']);
  });

  it('takes up a better vote and says so, and keeps to itself that it heard a worse one', () => {
    const server = new Looking({ id: 2 });
    server.sent();
    server.hears(3, alike(3));
    expect(server.sent()).to.deep.equal(['1: looking 3 round 1', '3: looking 3 round 1']);
    server.hears(1, alike(1));
    expect([server.wants, server.sent()]).to.deep.equal([3, []]);
  });

  it('alone in its ensemble, leads at once', () => {
    expect(new Looking({ configurations: [ensembleOf([1])] }).elected).to.equal(1);
  });

  it('sends again what it votes, to whoever connects', () => {
    const server = new Looking();
    server.sent();
    server.up(3);
    expect(server.sent()).to.deep.equal(['3: looking 1 round 1']);
  });

  it('sends again after 100 ms, then half as often each time, down to every two seconds', () => {
    const server = new Looking();
    const times: number[] = [];
    server.sent();
    while (times.length < 9) if (server.wait(1).sent().length > 0) times.push(server.now);
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
    const expected = [100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000];
    for (const [i, gap] of gaps.entries()) {
      expect(gap, `gap ${i}`).to.be.within(0.8 * expected[i]! - 1, 1.2 * expected[i]! + 1);
    }
  });

  it('begins again with 100 ms when its vote changes', () => {
    const configurations = [ensembleOf([1, 2, 3, 4, 5])];
    const server = new Looking({ configurations }).wait(130).wait(300).wait(500).hears(3, alike(3));
    server.sent();
    expect(server.wait(121).sent()).not.to.deep.equal([]);
  });
});

describe('an election', () => {
  it('is over at once when every reachable voter agrees', () => {
    expect(new Looking({ id: 3 }).up(1, 2).hears(1, alike(3)).hears(2, alike(3)).elected).to.equal(3);
    expect(new Looking({ id: 3 }).up(2).down(1).hears(2, alike(3)).elected).to.equal(3);
  });

  it('with a quorum waits a moment for those that may know better', () => {
    const server = new Looking({ id: 3 }).up(1, 2).hears(2, alike(3));
    expect(server.wait(WAIT_MS - 1).elected).to.equal(undefined);
    expect(server.wait(1).elected).to.equal(3);
  });

  it('is open again when a better vote comes in that moment', () => {
    const server = new Looking({ id: 2 })
      .up(1, 3)
      .hears(1, alike(2))
      .wait(WAIT_MS - 1);
    server.hears(3, alike(3));
    expect(server.wait(WAIT_MS - 1).elected).to.equal(undefined);
    expect(server.wants).to.equal(3);
    server.hears(1, alike(3));
    expect(server.elected).to.equal(3);
  });

  it('goes on when a worse vote comes in that moment, which is counted should it become a better one', () => {
    const five = [ensembleOf([1, 2, 3, 4, 5])];
    const server = new Looking({ id: 3, configurations: five }).up(1, 2, 4, 5);
    server.hears(1, alike(3)).hears(2, alike(3)).wait(20).hears(4, alike(1));
    expect(server.wait(WAIT_MS - 20).elected).to.equal(3);
  });

  it('of no quorum never ends', () => {
    expect(new Looking({ id: 3 }).down(1, 2).wait(10_000).elected).to.equal(undefined);
  });

  it('does not count a voter that changed its mind', () => {
    const five = [ensembleOf([1, 2, 3, 4, 5])];
    const server = new Looking({ id: 3, configurations: five }).hears(1, alike(3)).hears(2, alike(3));
    server.hears(2, alike(1)).wait(10 * WAIT_MS);
    expect(server.elected).to.equal(undefined);
  });

  it('elects nobody whose link is down', () => {
    const server = new Looking({ id: 1 }).up(2, 3).hears(3, alike(3)).down(3);
    expect(server.wants).to.equal(1);
    server.hears(2, alike(1, { round: 2 }));
    expect(server.elected).to.equal(1);
  });

  it('begins a new round when the candidate is gone, so that votes for it do not come back', () => {
    const server = new Looking({ id: 1 }).up(2, 3).hears(3, alike(3));
    server.sent();
    server.down(3);
    expect(server.sent()[0]).to.equal('2: looking 1 round 2');
    server.hears(2, alike(3));
    expect([server.wants, server.elected]).to.deep.equal([1, undefined]);
  });
});

describe('a round', () => {
  it('that is over is answered with the own vote, and not counted', () => {
    const server = new Looking({ id: 3 }).hears(2, alike(3, { round: 5 }));
    server.sent();
    server.hears(1, alike(3, { round: 4 })).wait(2 * WAIT_MS - 1);
    expect(server.sent()).to.include('1: looking 3 round 5');
    expect(new Looking({ id: 3 }).hears(2, alike(2, { round: 0 })).wait(60).elected).to.equal(undefined);
  });

  it('that is newer is taken up, and what was counted in the old one is forgotten', () => {
    const five = [ensembleOf([1, 2, 3, 4, 5])];
    const server = new Looking({ id: 3, configurations: five }).hears(1, alike(3));
    server.hears(2, alike(3, { round: 2 })).wait(10 * WAIT_MS);
    expect([server.elected, server.election.round]).to.deep.equal([undefined, 2]);
    expect(server.hears(1, alike(3, { round: 2 })).wait(WAIT_MS).elected).to.equal(3);
  });

  it('that is newer brings back the own vote when that is the better one', () => {
    const server = new Looking({ id: 2 }).hears(3, alike(3)).hears(1, alike(1, { round: 2 }));
    expect([server.wants, server.election.round]).to.deep.equal([2, 2]);
  });

  it('grows with each election', () => {
    const server = new Looking();
    const own = { leader: 1, zxid: zxid('1:5'), peerEpoch: 1, blank: false };
    server.election.start(0, own, true);
    expect(server.election.round).to.equal(2);
  });
});

describe('absurdly far ahead (zab.md 8)', () => {
  const far = 2 ** 20 + 3;
  it('is a round that nobody takes up', () => {
    const server = new Looking({ id: 2 }).hears(1, alike(1, { round: far }));
    expect(server.election.round).to.equal(1);
    expect(server.hears(1, alike(1, { round: 2 ** 20 })).election.round).to.equal(2 ** 20);
  });

  it('is an epoch that nobody votes for', () => {
    const server = new Looking({ id: 2 }).hears(1, alike(1, { peerEpoch: far }));
    expect(server.wants).to.equal(2);
    expect(server.hears(1, alike(1, { peerEpoch: 2 ** 20 })).wants).to.equal(1);
  });

  it('is a leader that nobody joins', () => {
    const of = { peerEpoch: far };
    expect(new Looking().hears(2, follows(3, of)).hears(3, leads(3, of)).wait(1000).elected).to.equal(
      undefined,
    );
  });
});

describe('an ensemble that has a leader', () => {
  it('is joined when a quorum names leader and epoch, the leader among them', () => {
    const server = new Looking({ id: 1 }).up(2, 3).hears(2, follows(3));
    expect(server.elected).to.equal(undefined);
    expect(server.hears(3, leads(3)).elected).to.equal(3);
  });

  it('is joined whatever zxid and round its members were elected with', () => {
    const server = new Looking({ id: 1 }).hears(2, follows(3, { zxid: zxid('1:1'), round: 9 }));
    expect(server.hears(3, leads(3, { zxid: zxid('1:4'), round: 2 })).elected).to.equal(3);
  });

  it('is joined by a server whose own log is longer: discovery decides about that', () => {
    expect(new Looking({ at: '1:900' }).hears(2, follows(3)).hears(3, leads(3)).elected).to.equal(3);
  });

  it('is joined by the server whose own vote made the quorum', () => {
    const five = [ensembleOf([1, 2, 3, 4, 5])];
    const same = { zxid: zxid('1:5'), peerEpoch: 1, round: 1 };
    const server = new Looking({ id: 4, configurations: five }).up(2, 5).down(1, 3);
    server.hears(2, vote(5, same)).hears(2, vote(5, { ...same, state: 'following' }));
    expect(server.wait(1000).elected).to.equal(undefined);
    expect(server.hears(5, vote(5, { ...same, state: 'leading' })).elected).to.equal(5);
  });

  it('is not joined without the word of the leader itself', () => {
    const five = [ensembleOf([1, 2, 3, 4, 5])];
    const server = new Looking({ configurations: five });
    for (const from of [2, 3, 4]) server.hears(from, follows(5));
    expect(server.wait(1000).elected).to.equal(undefined);
    expect(server.hears(5, follows(5)).elected).to.equal(undefined);
    expect(server.hears(5, leads(5)).elected).to.equal(5);
  });

  it('is not joined when its members name different epochs', () => {
    const server = new Looking().hears(2, follows(3, { peerEpoch: 1 })).hears(3, leads(3, { peerEpoch: 2 }));
    expect(server.wait(1000).elected).to.equal(undefined);
  });

  it('is not joined when its leader was lost since it spoke', () => {
    const server = new Looking().up(3).hears(3, leads(3)).down(3).hears(2, follows(3));
    expect(server.wait(1000).elected).to.equal(undefined);
  });

  it('does not make its members look again: they answer with what they have', () => {
    const server = new Looking({ id: 1 }).up(2, 3).hears(2, follows(3)).hears(3, leads(3));
    server.election.settle('following');
    server.election.established(7);
    server.sent();
    const heard: string[] = [];
    server.election.receive(2, alike(2, { round: 99, zxid: zxid('9:9'), peerEpoch: 9 }));
    heard.push(...server.sent());
    expect(heard).to.deep.equal(['2: following 3 round 4']);
    expect(server.notifications.at(-1)?.peerEpoch).to.equal(7);
  });

  it('is told nothing by those who have one too', () => {
    const server = new Looking({ id: 1 }).hears(2, follows(3)).hears(3, leads(3));
    server.election.settle('following');
    server.sent();
    server.hears(2, follows(3));
    expect(server.sent()).to.deep.equal([]);
  });

  it('makes a former leader lead again only in the round in which they voted for it', () => {
    const old = new Looking({ id: 3 }).hears(1, follows(3, { round: 9 })).hears(2, follows(3, { round: 9 }));
    expect(old.wait(1000).elected).to.equal(undefined);
    const now = new Looking({ id: 3 }).hears(2, follows(3, { round: 1 }));
    expect(now.elected).to.equal(3);
  });
});

describe('not counted', () => {
  const hierarchy = new Configuration(
    [1, 2, 3, 4].map((id) => ({ id, role: 'participant' as const })),
    [],
    new Map([[4, 0]]),
  );

  it('is an observer, though it is answered', () => {
    const server = new Looking({ id: 3, configurations: [ensembleOf([1, 2, 3], [4, 5])] });
    server.sent();
    server.hears(4, alike(3)).hears(5, alike(3)).wait(90);
    expect(server.elected).to.equal(undefined);
    expect(server.sent()).to.deep.equal(['4: looking 3 round 1', '5: looking 3 round 1']);
  });

  it('is a server with weight 0, nor is it voted for', () => {
    const server = new Looking({ id: 3, configurations: [hierarchy] });
    server.hears(4, alike(4, { zxid: zxid('9:9') })).wait(1000);
    expect([server.wants, server.elected]).to.deep.equal([3, undefined]);
  });

  it('is a vote for an observer, or for somebody unknown', () => {
    const server = new Looking({ id: 1, configurations: [ensembleOf([1, 2, 3], [4])] });
    server.hears(2, alike(4)).hears(3, alike(4)).hears(2, alike(77)).hears(3, alike(77)).wait(1000);
    expect([server.wants, server.elected]).to.deep.equal([1, undefined]);
  });

  it('is a vote from somebody unknown, who is not even answered', () => {
    const server = new Looking({ id: 3 });
    server.sent();
    server.hears(77, alike(3)).hears(78, alike(3)).wait(60);
    expect([server.sent(), server.elected]).to.deep.equal([[], undefined]);
  });

  it('is the vote of a blank server for one that has data', () => {
    const server = new Looking({ id: 3 });
    server
      .hears(1, alike(3, { blank: true }))
      .hears(2, alike(3, { blank: true }))
      .wait(1000);
    expect(server.elected).to.equal(undefined);
  });

  it('is the own vote of a blank server for one that has data', () => {
    const server = new Looking({ id: 1, at: '0:0', epoch: 0, blank: true });
    server.hears(3, alike(3)).wait(1000);
    expect([server.wants, server.elected]).to.deep.equal([3, undefined]);
    expect(server.hears(2, alike(3)).wait(WAIT_MS).elected).to.equal(3);
  });

  it('is nobody when all are blank: that is how an ensemble begins', () => {
    const blank = { zxid: zxid('0:0'), peerEpoch: 0, blank: true, leaderBlank: true };
    const server = new Looking({ id: 3, at: '0:0', epoch: 0, blank: true });
    expect(server.hears(1, vote(3, blank)).wait(WAIT_MS).elected).to.equal(3);
  });
});

describe('while a configuration is pending', () => {
  // Server 4 votes only once it is committed.
  const configurations = [ensembleOf([1, 2, 3]), ensembleOf([1, 3, 4, 5, 6])];

  it('a server leads with a quorum of both, and follows with a quorum of one', () => {
    const leads = new Looking({ id: 3, configurations });
    expect(leads.hears(1, alike(3)).wait(WAIT_MS).elected).to.equal(undefined);
    expect(leads.hears(4, alike(3)).wait(WAIT_MS).elected).to.equal(3);
    const follows = new Looking({ id: 1, configurations });
    expect(follows.hears(3, alike(3)).wait(WAIT_MS).elected).to.equal(3);
  });
});

describe('a server that may not vote', () => {
  const observer = (id = 4): Looking =>
    new Looking({ id, configurations: [ensembleOf([1, 2, 3], [4])], mayVote: false });

  it('asks the voters, for nobody and in no round', () => {
    expect(observer().sent()).to.deep.equal([1, 2, 3].map((to) => `${to}: looking -1 round 0`));
  });

  it('is understood: its vote for nobody can be read at the other end', () => {
    const server = observer();
    for (const n of server.notifications) expect(decodeNotification(encodeNotification(n))).to.deep.equal(n);
  });

  it('joins whom a quorum of voters wants, with nothing added of its own', () => {
    const server = observer().hears(2, alike(3));
    expect(server.wait(1000).elected).to.equal(undefined);
    expect(server.hears(3, alike(3)).wait(WAIT_MS).elected).to.equal(3);
  });

  it('joins an ensemble that has a leader', () => {
    expect(observer().hears(2, follows(3)).hears(3, leads(3)).elected).to.equal(3);
  });

  it('though it is a participant, never elects itself (its log may have lost records)', () => {
    const server = new Looking({ id: 3, at: '9:9', epoch: 9, mayVote: false });
    server.hears(1, alike(3, { zxid: zxid('9:9'), peerEpoch: 9 }));
    expect(server.wait(1000).elected).to.equal(undefined);
    // Nor do those who wanted it before it lost what it had.
    server.hears(2, alike(3, { zxid: zxid('9:9'), peerEpoch: 9 }));
    expect(server.wait(1000).elected).to.equal(undefined);
  });

  it('does not answer its like for ever: two of them are quiet between their timers', () => {
    const configurations = [ensembleOf([1, 2, 3], [4, 5])];
    const pair = [4, 5].map((id) => new Looking({ id, configurations, mayVote: false }));
    for (const server of pair) server.sent();
    const nobody = vote(-1, { round: 0 });
    for (let i = 0; i < 3; i++) {
      pair[0]!.hears(5, nobody);
      pair[1]!.hears(4, nobody);
    }
    expect(pair.flatMap((server) => server.sent())).to.deep.equal([]);
  });
});

describe('two configurations at once', () => {
  const both = [ensembleOf([1, 2, 3]), ensembleOf([3, 4, 5])];

  it('need a quorum in each', () => {
    const server = new Looking({ id: 3, configurations: both }).hears(1, alike(3)).hears(2, alike(3));
    expect(server.wait(1000).elected).to.equal(undefined);
    expect(server.hears(4, alike(3)).wait(WAIT_MS).elected).to.equal(3);
  });

  it('are told of a vote together', () => {
    const server = new Looking({ id: 3, configurations: both });
    expect(server.sent().map((line) => line[0])).to.deep.equal(['1', '2', '4', '5']);
  });
});

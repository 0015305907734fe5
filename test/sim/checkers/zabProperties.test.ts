/** Z, E and DUR: each checker is shown what it must not let pass, and, where that is easily confused, what it must. */
import { expect } from 'chai';
import { OpCode, makeZxid } from '../../../src/types/index.js';
import { LOG_START } from '../../../src/zab/index.js';
import { markOf } from '../records.js';
import {
  AckMeansDisk,
  CommitOnQuorum,
  CommittedSurvives,
  Contiguity,
  Monotony,
  NoAlarm,
  NoTruncationOfCommitted,
} from './durability.js';
import { Electable, EpochMonotony, LeaderCompleteness, OneLeaderPerEpoch, PromiseKept } from './election.js';
import { FakeWorld, NOTHING, link, op, reply } from './fakes.js';
import {
  Agreement,
  GlobalPrimaryOrder,
  Integrity,
  LocalPrimaryOrder,
  PrimaryIntegrity,
  TotalOrder,
  Uniqueness,
} from './zab.js';

describe('checkers of ZAB', () => {
  const established = { kind: 'established', epoch: 1, tail: LOG_START } as const;

  it('Z1: a record that nobody broadcast, and one applied out of turn', () => {
    const world = new FakeWorld();
    const [a, b, c] = [world.record(NOTHING), world.record(NOTHING), world.record(NOTHING)];
    const checker = new Integrity(world);
    expect(() => world.agree(checker, a)).to.throw('Z1');
    checker.applied(world.servers[0], markOf(b));
    expect(() => checker.applied(world.servers[0], markOf(b))).to.throw('Z1');
    checker.applied(world.servers[0], markOf(c));
  });

  it('Z2: two servers apply different records at one index', () => {
    const world = new FakeWorld();
    const record = world.record(NOTHING);
    const checker = new TotalOrder(world);
    world.agree(checker, record);
    checker.applied(world.servers[0], markOf(record));
    expect(() => checker.applied(world.servers[1], { ...markOf(record), chain: 1n })).to.throw('Z2');
  });

  it('Z3: a record is applied behind a hole', () => {
    const world = new FakeWorld();
    world.record(NOTHING);
    const second = world.record(NOTHING);
    expect(() => new Agreement(world).applied(world.servers[0], markOf(second))).to.throw('Z3');
  });

  it('Z4: an epoch misses a record', () => {
    const world = new FakeWorld();
    const checker = new LocalPrimaryOrder(world);
    world.agree(checker, world.record(NOTHING));
    const third = world.record(NOTHING, { zxid: makeZxid(1, 3) });
    expect(() => world.agree(checker, third)).to.throw('Z4');
  });

  it('Z5: a lower epoch comes after a higher one', () => {
    const world = new FakeWorld();
    const checker = new GlobalPrimaryOrder(world);
    world.agree(checker, world.record(NOTHING, { zxid: makeZxid(2, 1) }));
    const older = world.record(NOTHING, { zxid: makeZxid(1, 1) });
    expect(() => world.agree(checker, older)).to.throw('Z5');
  });

  it('Z6: a leader broadcasts without what was agreed, or an old epoch goes on', () => {
    const world = new FakeWorld();
    const record = world.record(NOTHING);
    const checker = new PrimaryIntegrity(world);
    world.agree(checker, record);
    const mark = { index: 2, zxid: makeZxid(2, 1), chain: 5n };
    const begun = { kind: 'broadcast', epoch: 2, mark } as const;
    expect(() => checker.broadcast(world.servers[0], begun)).to.throw('Z6');
    const late = new PrimaryIntegrity(world);
    world.servers[1].write(record);
    late.broadcast(world.servers[1], begun);
    expect(() => world.agree(late, world.record(NOTHING))).to.throw('Z6');
  });

  it('Z7: a zxid with two contents', () => {
    const world = new FakeWorld();
    const checker = new Uniqueness(world);
    const mark = markOf(world.record(NOTHING));
    checker.broadcast(world.servers[0], { kind: 'broadcast', epoch: 1, mark });
    const other = { ...mark, chain: 1n };
    expect(() => checker.broadcast(world.servers[1], { kind: 'broadcast', epoch: 1, mark: other })).to.throw(
      'Z7',
    );
  });

  it('E1: two servers lead one epoch', () => {
    const world = new FakeWorld();
    const checker = new OneLeaderPerEpoch(world);
    checker.established(world.servers[0], established);
    checker.established(world.servers[0], established);
    const message = { kind: 'newLeader', epoch: 1, tail: LOG_START, secret: Buffer.alloc(0) } as const;
    expect(() => checker.sending(world.servers[1], 1, message)).to.throw('E1');
  });

  it('E2: an epoch falls', () => {
    const world = new FakeWorld();
    const checker = new EpochMonotony(world);
    const [server] = world.servers;
    checker.booted(server.promise(2, 1));
    expect(() => checker.booted(server.promise(1, 1))).to.throw('E2');
    expect(() => new EpochMonotony(world).booted(server.promise(1, 2))).to.throw('E2');
  });

  it('E3: a leader without an agreed record', () => {
    const world = new FakeWorld();
    const checker = new LeaderCompleteness(world);
    const record = world.record(NOTHING);
    world.agree(checker, record);
    checker.established(world.servers[0].write(record), established);
    expect(() => checker.established(world.servers[1], established)).to.throw('E3');
    // Whoever is slow to hear that it leads need not have what a later epoch brought.
    world.agree(checker, world.record(NOTHING, { zxid: makeZxid(2, 1) }));
    checker.established(world.servers[0], established);
    expect(() => checker.established(world.servers[0], { ...established, epoch: 3 })).to.throw('E3');
  });

  it('E4: a leader that is suspect, blank, or no voter', () => {
    const world = new FakeWorld();
    const checker = new Electable(world);
    world.servers[0].disk.suspect = true;
    expect(() => checker.established(world.servers[0], established)).to.throw('E4');
    world.agree(checker, world.record(NOTHING));
    expect(() => checker.established(world.servers[1], established)).to.throw('E4');
    world.weights.set(3, 0);
    expect(() => checker.established(world.servers[2], established)).to.throw('E4');
  });

  it('E5: an ack below the promise', () => {
    const world = new FakeWorld();
    const server = world.servers[0].promise(3, 1);
    const checker = new PromiseKept(world);
    expect(() => checker.sending(server, 1, { kind: 'ack', epoch: 2, index: 1 })).to.throw('E5');
  });

  it('DUR1: promises that the disk does not keep', () => {
    const world = new FakeWorld();
    const server = world.servers[0].promise(1, 1);
    const checker = new AckMeansDisk(world);
    checker.received(server, 1, { kind: 'leaderInfo', epoch: 2 });
    const tail = LOG_START;
    for (const message of [
      { kind: 'ack', epoch: 1, index: 1 },
      { kind: 'ackNewLeader', epoch: 2 },
      { kind: 'ackEpoch', currentEpoch: 1, tail, counts: true },
      { kind: 'leaderInfo', epoch: 2 },
    ] as const)
      expect(() => checker.sending(server, 1, message), message.kind).to.throw('DUR1');
    checker.sending(server.promise(2, 1), 1, { kind: 'ackEpoch', currentEpoch: 1, tail, counts: true });
  });

  it('DUR2: a commit that a minority has', () => {
    const world = new FakeWorld();
    const checker = new CommitOnQuorum(world);
    const record = world.record(NOTHING);
    world.agree(checker, record);
    world.servers[0].write(record);
    expect(() => checker.committed(world.servers[0], 1)).to.throw('DUR2');
    world.servers[1].write(record);
    new CommitOnQuorum(world).committed(world.servers[0], 1);
  });

  it('DUR3: an epoch begins before what was answered', () => {
    const world = new FakeWorld();
    const checker = new CommittedSurvives(world);
    const record = world.record(NOTHING);
    world.agree(checker, record);
    const request = { type: OpCode.closeSession } as const;
    checker.replied(op(link(), 1, request), reply(1, record.zxid));
    expect(() => checker.established(world.servers[0], established)).to.throw('DUR3');
  });

  it('DUR4: a committed record is cut off', () => {
    const world = new FakeWorld();
    const checker = new NoTruncationOfCommitted(world);
    const [kept, loose] = [world.record(NOTHING), world.record(NOTHING)];
    world.agree(checker, kept);
    checker.truncated(world.servers[0], markOf(kept), [loose]);
    expect(() => checker.truncated(world.servers[0], LOG_START, [kept, loose])).to.throw('DUR4');
    expect(() => checker.installed(world.servers[0], markOf(loose), LOG_START)).to.throw('DUR4');
  });

  it('DUR5: more is applied than is on disk, or committed, or than before', () => {
    const world = new FakeWorld();
    const [server] = world.servers;
    const record = world.record(NOTHING);
    const checker = new Monotony(world);
    expect(() => checker.applied(server, markOf(record))).to.throw('DUR5');
    server.write(record);
    expect(() => checker.applied(server, markOf(record))).to.throw('DUR5');
    checker.committed(server, 1);
    checker.applied(server, markOf(record));
    expect(() => checker.applied(server, markOf(record))).to.throw('DUR5');
    expect(() => checker.committed(server, 0)).to.throw('DUR5');
  });

  it('DUR6: a hole, and a chain that breaks', () => {
    const world = new FakeWorld();
    const checker = new Contiguity(world);
    const [first, second] = [world.record(NOTHING), world.record(NOTHING)];
    expect(() => checker.recordsDurable(world.servers[0].write(second), [second])).to.throw('DUR6');
    const broken = { ...second, chain: second.chain + 1n };
    expect(() => checker.recordsDurable(world.servers[1].write(first, broken), [broken])).to.throw('DUR6');
    checker.recordsDurable(world.servers[2].write(first, second), [first, second]);
  });

  it('alarm: what servers find wrong with each other', () => {
    const world = new FakeWorld();
    const checker = new NoAlarm(world);
    expect(() => checker.alarmed(world.servers[0], 'the logs differ')).to.throw('alarm');
    checker.alarmed(world.servers[0], 'the snapshot cannot be stored: there is no space for it');
  });
});

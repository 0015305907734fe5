/** SM, S and C: each checker is shown an answer, an event or a record that must not be. */
import { expect } from 'chai';
import { AddWatchMode, EventType, OpCode, makeZxid } from '../../../src/types/index.js';
import { LOG_START } from '../../../src/zab/index.js';
import { addWatch, create, getData, multi, setData, sync } from '../../unit/helpers/requests.js';
import { markOf } from '../records.js';
import {
  ExactReads,
  ExactlyOnce,
  FreshAfterSync,
  LinearizableWrites,
  MonotonicSession,
  Multi,
  SequenceSuffixes,
  SessionFifo,
} from './client.js';
import {
  FakeWorld,
  NOTHING,
  OPENING,
  closing,
  connected,
  creation,
  event,
  link,
  op,
  reply,
} from './fakes.js';
import { EqualState, ExpiredOnce, Moved, NoOrphan, NoRevival, NotEarly, Replay } from './state.js';
import { WatchBeforeRead } from './watches.js';

describe('checkers of state, sessions and clients', () => {
  for (const [Each, property] of [
    [EqualState, 'SM1'],
    [Replay, 'SM2'],
  ] as const)
    it(`${property}: the state differs after a record`, () => {
      const world = new FakeWorld();
      const checker = new Each(world);
      const record = world.record(NOTHING);
      world.agree(checker, record);
      const [server, other] = world.servers;
      checker.applied(server, markOf(record));
      const second = property === 'SM2' ? server : other;
      checker.applied(second, markOf(record));
      second.stateDigest = 1n;
      expect(() => checker.applied(second, markOf(record))).to.throw(property);
    });

  for (const [Each, property] of [
    [EqualState, 'SM1'],
    [Replay, 'SM2'],
  ] as const)
    it(`${property}: the state that a server reads from its disk differs`, () => {
      const world = new FakeWorld();
      const checker = new Each(world);
      const record = world.record(NOTHING);
      world.agree(checker, record);
      const [server] = world.servers;
      checker.restored(server, LOG_START);
      new EqualState(world).applied(server, markOf(record));
      checker.applied(server, markOf(record));
      checker.restored(server, markOf(record));
      server.stateDigest = 1n;
      expect(() => checker.restored(server, markOf(record))).to.throw(property);
    });

  it('S1: an ephemeral of a session that is over, and one that outlives its session', () => {
    const world = new FakeWorld();
    const checker = new NoOrphan(world);
    world.agree(checker, world.record(OPENING), world.record(creation('/e', true)));
    expect(() => world.agree(checker, world.record(closing()))).to.throw('S1');
    const second = new FakeWorld();
    expect(() => second.agree(new NoOrphan(second), second.record(creation('/e', true)))).to.throw('S1');
  });

  it('S2: a session that ends twice', () => {
    const world = new FakeWorld();
    const checker = new ExpiredOnce(world);
    world.agree(checker, world.record(OPENING), world.record(closing()), world.record(NOTHING));
    expect(() => world.agree(checker, world.record(closing()))).to.throw('S2');
  });

  it('S3: a session that expires while its client is heard', () => {
    const world = new FakeWorld();
    const checker = new NotEarly(world);
    const [leader] = world.servers;
    checker.established(leader);
    world.agree(checker, world.record(OPENING));
    world.time = 800;
    checker.heard(leader, 1, 1n);
    world.time = 1200;
    const record = world.record(closing());
    checker.broadcast(leader, { kind: 'broadcast', epoch: 1, mark: markOf(record) });
    expect(() => world.agree(checker, record)).to.throw('S3');
  });

  it('S4: a session that is served after its end', () => {
    const world = new FakeWorld();
    const checker = new NoRevival(world);
    world.agree(checker, world.record(OPENING), world.record(closing()));
    expect(() => checker.connected(link(), connected(makeZxid(1, 2)))).to.throw('S4');
    const read = op(link(), 5, getData('/'));
    expect(() => checker.replied(read, reply(5, makeZxid(1, 3)))).to.throw('S4');
    const [leader] = world.servers;
    checker.received(leader, 1, { kind: 'revalidate', request: 1, session: 1n as never, timeoutMs: 1 });
    checker.applied(leader, { index: 2, zxid: makeZxid(1, 2), chain: 0n });
    expect(() => checker.sending(leader, 1, { kind: 'revalidated', request: 1, valid: true })).to.throw('S4');
  });

  it('S5: a write on a connection that the client has left', () => {
    const world = new FakeWorld();
    const checker = new Moved(world);
    checker.connected(link(2), connected(makeZxid(1, 0)));
    const old = { ...link(), superseded: true };
    expect(() => checker.replied(op(old, 3, setData('/a')), reply(3, makeZxid(1, 1)))).to.throw('S5');
  });

  it('C1: a write with an outcome that its place in the order does not have, or out of real time', () => {
    const world = new FakeWorld();
    const checker = new LinearizableWrites(world);
    world.agree(checker, world.record(creation('/a'), { cxid: 1 }));
    const write = op(link(), 1, create('/b/c'));
    expect(() => checker.replied(write, reply(1, makeZxid(1, 1)))).to.throw('C1');
    const late = op(link(), 1, create('/a'), makeZxid(1, 1));
    expect(() => checker.replied(late, reply(1, makeZxid(1, 1)))).to.throw('C1');
    checker.replied(op(link(), 1, create('/a')), reply(1, makeZxid(1, 1), 0, { kind: 'path', path: '/a' }));
  });

  it('C2: a session that is shown an older state', () => {
    const world = new FakeWorld();
    const checker = new MonotonicSession(world);
    checker.replied(op(link(), 1, getData('/')), reply(1, makeZxid(1, 5)));
    expect(() => checker.replied(op(link(), 2, getData('/')), reply(2, makeZxid(1, 4)))).to.throw('C2');
    const returning = link(2, 1n, makeZxid(1, 5));
    expect(() => checker.connected(returning, connected(makeZxid(1, 4)))).to.throw('C2');
  });

  it('C3: a sync that misses a write', () => {
    const world = new FakeWorld();
    const checker = new FreshAfterSync(world);
    const late = op(link(), 1, sync(), makeZxid(1, 9));
    expect(() => checker.replied(late, reply(1, makeZxid(1, 8)))).to.throw('C3');
  });

  it('C4: a change that is shown before it is told, told twice, or told for no watch', () => {
    const world = new FakeWorld();
    const checker = new WatchBeforeRead(world);
    const on = link();
    checker.replied(
      op(on, 1, { type: OpCode.exists, record: { path: '/a', watch: true } }),
      reply(1, 1n, -101),
    );
    world.agree(checker, world.record(creation('/a')));
    const zxid = makeZxid(1, 1);
    const made = event(EventType.nodeCreated, '/a', zxid);
    expect(() => checker.replied(op(on, 2, getData('/')), reply(2, zxid))).to.throw('C4');
    checker.watchEvent(on, made);
    checker.replied(op(on, 2, getData('/')), reply(2, zxid));
    expect(() => checker.watchEvent(on, made)).to.throw('C4');
  });

  it('C4: a recursive watch that skips a change', () => {
    const world = new FakeWorld();
    const checker = new WatchBeforeRead(world);
    const on = link();
    checker.replied(op(on, 1, addWatch('/', AddWatchMode.persistentRecursive)), reply(1, 1n));
    world.agree(checker, world.record(creation('/a')), world.record(creation('/b')));
    const second = event(EventType.nodeCreated, '/b', makeZxid(1, 2));
    expect(() => checker.watchEvent(on, second)).to.throw('C4');
    checker.watchEvent(on, event(EventType.nodeCreated, '/a', makeZxid(1, 1)));
    checker.watchEvent(on, second);
  });

  it('C5: a suffix that comes again', () => {
    const world = new FakeWorld();
    const checker = new SequenceSuffixes(world);
    for (const xid of [1, 2])
      world.history.add(op(link(), xid, create('/s', { mode: 'persistentSequential' })));
    world.agree(checker, world.record(creation('/s0000000000'), { cxid: 1 }));
    world.agree(checker, world.record({ type: OpCode.delete, record: { path: '/s0000000000' } }));
    expect(() => world.agree(checker, world.record(creation('/s0000000000'), { cxid: 2 }))).to.throw('C5');
  });

  it('C6: a multi whose results are not those of its operations', () => {
    const world = new FakeWorld();
    const checker = new Multi(world);
    world.agree(checker, world.record({ type: OpCode.multi, txns: [creation('/a')] }, { cxid: 1 }));
    const write = op(link(), 1, multi(create('/a')));
    const results = [{ type: OpCode.create, path: '/a', stat: undefined, err: -110 }];
    expect(() => checker.replied(write, reply(1, makeZxid(1, 1), 0, { kind: 'multi', results }))).to.throw(
      'C6',
    );
  });

  it('C7: answers out of order, and a write that overtakes one that was dropped', () => {
    const world = new FakeWorld();
    const checker = new SessionFifo(world);
    const on = link();
    const first = op(on, 1, create('/a'));
    const second = op(on, 2, create('/b'), 0n, first);
    checker.invoked(first);
    checker.invoked(second);
    expect(() => checker.replied(second, reply(2, 1n))).to.throw('C7');
    world.history.add(first);
    world.history.add(second);
    expect(() => world.agree(checker, world.record(creation('/b'), { cxid: 2 }))).to.throw('C7');
  });

  it('C8: a read that shows what was never there', () => {
    const world = new FakeWorld();
    const checker = new ExactReads(world);
    world.agree(checker, world.record(creation('/a')));
    const zxid = makeZxid(1, 1);
    const stat = world.model.statAt('/a', zxid);
    if (stat === undefined) throw new Error('The stage is not set.');
    const read = op(link(), 1, getData('/a'));
    const shows = (data: string): void =>
      checker.replied(read, reply(1, zxid, 0, { kind: 'data', data, stat }));
    shows('x');
    expect(() => shows('y')).to.throw('C8');
    expect(() => checker.replied(read, reply(1, zxid, -101))).to.throw('C8');
  });

  it('C9: two records for one request, and an answer with the record of another', () => {
    const world = new FakeWorld();
    const checker = new ExactlyOnce(world);
    world.agree(checker, world.record(creation('/a'), { cxid: 1 }));
    expect(() => world.agree(checker, world.record(NOTHING, { cxid: 1 }))).to.throw('C9');
    const other = op(link(), 2, create('/b'));
    expect(() => checker.replied(other, reply(2, makeZxid(1, 1)))).to.throw('C9');
  });
});

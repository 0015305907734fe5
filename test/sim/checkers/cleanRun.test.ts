/**
 * Every property of zab.md section 2 has a checker. Each is told a run in which nothing is wrong, and then one thing that
 * is: it lets pass the one and sees the other.
 */
import { expect } from 'chai';
import { EventType, OpCode, makeZxid, type Txn, type Zxid } from '../../../src/types/index.js';
import { LOG_START, type LogMark } from '../../../src/zab/index.js';
import { create, getData, multi, sync } from '../../unit/helpers/requests.js';
import type { Link } from '../history.js';
import { markOf, type SimRecord } from '../records.js';
import { Violation, type Checker } from './checker.js';
import { FakeWorld, NOTHING, closing, connected, creation, event, link, op, reply } from './fakes.js';
import { allCheckers } from './index.js';
import { GONE, SESSION, Stage, UP, play } from './stage.js';

/** What is told to one checker behind a run in which nothing is wrong. */
type Twist = (stage: Stage, checker: Checker, on: Link) => unknown;

/** Agrees on one more record, which only this checker is told. */
function agree(
  { world, last }: Stage,
  checker: Checker,
  txn: Txn,
  who: { readonly session?: bigint; readonly cxid?: number; readonly zxid?: Zxid } = {},
): SimRecord {
  const record = world.record(txn, { session: SESSION, zxid: (last.zxid + 1n) as Zxid, ...who });
  world.agree(checker, record);
  return record;
}

function established(epoch: number, tail: LogMark): Parameters<Checker['established']>[1] {
  return { kind: 'established', epoch, tail };
}

function broadcast(epoch: number, mark: LogMark): Parameters<Checker['broadcast']>[1] {
  return { kind: 'broadcast', epoch, mark };
}

const TWISTS: readonly (readonly [property: string, what: string, Twist])[] = [
  ['Z1', 'a record that nobody proposed is committed', (stage, checker) => agree(stage, checker, NOTHING)],
  [
    'Z2',
    'a server applies another record than the others',
    ({ world, last }, checker) => checker.applied(world.servers[2], { ...markOf(last), chain: 1n }),
  ],
  [
    'Z3',
    'a server applies what nobody committed',
    ({ world, last }, checker) =>
      checker.applied(world.servers[0], { ...markOf(last), index: last.index + 1 }),
  ],
  [
    'Z4',
    'an epoch goes on with a zxid left out',
    (stage, checker) => agree(stage, checker, NOTHING, { zxid: makeZxid(2, 3) }),
  ],
  [
    'Z5',
    'a record of a lower epoch is committed behind one of a higher',
    (stage, checker) => agree(stage, checker, NOTHING, { zxid: makeZxid(1, 90) }),
  ],
  [
    'Z6',
    'a leader without a committed record proposes',
    ({ world, last }, checker) =>
      checker.broadcast(world.servers[2], broadcast(3, { ...markOf(last), zxid: makeZxid(3, 1) })),
  ],
  [
    'Z7',
    'a zxid is proposed with another content',
    ({ world, last }, checker) =>
      checker.broadcast(world.servers[0], broadcast(2, { ...markOf(last), chain: 1n })),
  ],
  [
    'E1',
    'a second server leads the epoch',
    ({ world, last }, checker) => checker.established(world.servers[0], established(2, markOf(last))),
  ],
  [
    'E2',
    'a restart takes epochs back',
    ({ world }, checker) => checker.booted(world.servers[0].promise(1, 1)),
  ],
  [
    'E3',
    'a server leads without a committed record',
    ({ world }, checker) => checker.established(world.servers[2], established(3, world.servers[2].disk.tail)),
  ],
  [
    'E4',
    'a suspect server leads',
    ({ world, last }, checker) => {
      world.servers[0].disk.suspect = true;
      checker.established(world.servers[0], established(3, markOf(last)));
    },
  ],
  [
    'E5',
    'a server acknowledges in an epoch below its promise',
    ({ world }, checker) => checker.sending(world.servers[0], UP, { kind: 'ack', epoch: 1, index: 1 }),
  ],
  [
    'DUR1',
    'an ack runs ahead of the disk',
    ({ world, last }, checker) =>
      checker.sending(world.servers[2], UP, { kind: 'ack', epoch: 1, index: last.index }),
  ],
  [
    'DUR2',
    'a record is committed that one disk has',
    (stage, checker) => {
      const [, leader] = stage.world.servers;
      const record = agree(stage, checker, NOTHING);
      checker.committed(leader.write(record), record.index);
    },
  ],
  [
    'DUR3',
    'an epoch begins before what was answered',
    ({ world }, checker) => checker.established(world.servers[2], established(3, world.servers[2].disk.tail)),
  ],
  [
    'DUR4',
    'a committed record is cut off',
    ({ world, last }, checker) => checker.truncated(world.servers[2], LOG_START, [last]),
  ],
  [
    'DUR4',
    'a snapshot is there, and the records behind it that the disk had are not',
    ({ world, last }, checker) => {
      const [server] = world.servers;
      const base = server.log.slice(0, -2);
      checker.installed(server.install(base), markOf(base.at(-1) ?? last), markOf(last));
      checker.crashed(server);
    },
  ],
  [
    'DUR5',
    'a server applies what its own disk does not have',
    ({ world, last }, checker) => checker.applied(world.servers[2], markOf(last)),
  ],
  [
    'DUR5',
    'a log ends earlier than before, and nobody cut it',
    ({ world }, checker) => checker.recordsDurable(world.servers[0], world.servers[0].log.slice(0, 2)),
  ],
  [
    'DUR6',
    'a record is written behind a hole',
    ({ world }, checker) => {
      const record = world.record(NOTHING);
      checker.recordsDurable(world.servers[2].write(record), [record]);
    },
  ],
  [
    'SM1',
    'a server comes to another state',
    ({ world, last }, checker) => {
      world.servers[2].stateDigest = 1n;
      checker.applied(world.servers[2], markOf(last));
    },
  ],
  [
    'SM2',
    'a server reads another state from its disk than it had',
    ({ world, last }, checker) => {
      world.servers[0].stateDigest = 1n;
      checker.restored(world.servers[0], markOf(last));
    },
  ],
  [
    'S1',
    'an ephemeral is made for a session that is over',
    (stage, checker) => agree(stage, checker, creation('/x', true), { session: GONE }),
  ],
  ['S2', 'a session ends once more', (stage, checker) => agree(stage, checker, closing(), { session: GONE })],
  [
    'S3',
    'a session expires whose client is heard',
    (stage, checker, on) => {
      const { world, last } = stage;
      const [, leader] = world.servers;
      checker.heard(leader, on.id, SESSION);
      world.time += 100;
      const record = world.record(closing(), { session: SESSION, zxid: (last.zxid + 1n) as Zxid });
      checker.broadcast(leader, broadcast(2, markOf(record)));
      world.agree(checker, record);
    },
  ],
  [
    'S4',
    'a server takes a session that it saw end',
    ({ last }, checker) => checker.connected(link(4, GONE), connected(last.zxid)),
  ],
  [
    'S5',
    'a write succeeds on the connection that its client has left',
    (_stage, checker) =>
      checker.replied(op({ ...link(), superseded: true }, 90, create('/x')), reply(90, makeZxid(1, 90))),
  ],
  [
    'C1',
    'a write is answered before one that had returned',
    ({ last }, checker, on) => checker.replied(op(on, 90, create('/x'), last.zxid), reply(90, last.zxid)),
  ],
  [
    'C2',
    'a session is shown an older state',
    (_stage, checker, on) => checker.replied(op(on, 90, getData('/')), reply(90, makeZxid(1, 1))),
  ],
  [
    'C3',
    'a sync misses a write that had returned',
    ({ last }, checker, on) => checker.replied(op(on, 90, sync('/'), last.zxid), reply(90, makeZxid(1, 90))),
  ],
  [
    'C4',
    'a client is told of what it does not watch',
    ({ last }, checker, on) => checker.watchEvent(on, event(EventType.nodeCreated, '/b', last.zxid)),
  ],
  [
    'C5',
    'the suffix of a sequential znode comes again',
    (stage, checker, on) => {
      stage.world.history.add(op(on, 90, create('/s', { mode: 'persistentSequential' })));
      agree(stage, checker, creation('/s0000000000'), { cxid: 90 });
    },
  ],
  [
    'C6',
    'a multi is said to have done what it cannot have done',
    (stage, checker, on) => {
      const { zxid } = agree(stage, checker, { type: OpCode.multi, txns: [NOTHING] }, { cxid: 90 });
      const results = [{ type: OpCode.create, path: '/m', stat: undefined, err: 0 }];
      checker.replied(op(on, 90, multi(create('/m'))), reply(90, zxid, 0, { kind: 'multi', results }));
    },
  ],
  [
    'C7',
    'a request is answered before an earlier one',
    (stage, checker, on) => {
      stage.call(on, getData('/'));
      const { xid } = stage.call(on, getData('/'));
      checker.replied(op(on, xid, getData('/')), reply(xid, stage.last.zxid));
    },
  ],
  [
    'C8',
    'a read shows what was never there',
    ({ last, world }, checker, on) => {
      const stat = world.model.statAt('/a', last.zxid);
      if (stat === undefined) throw new Error('The stage is not set.');
      checker.replied(op(on, 90, getData('/a')), reply(90, last.zxid, 0, { kind: 'data', data: 'z', stat }));
    },
  ],
  [
    'C9',
    'a write is answered with the record of another',
    ({ last }, checker, on) => checker.replied(op(on, 90, create('/x')), reply(90, last.zxid)),
  ],
  [
    'liveness',
    'a server goes on following when its leader has closed the link',
    ({ world }, checker) => checker.linkLost(world.servers[0], UP),
  ],
  [
    'alarm',
    'a server finds something wrong with another',
    ({ world }, checker) => checker.alarmed(world.servers[0], 'the logs differ'),
  ],
];

/** Ids of zab.md section 2. */
const PROPERTIES = [
  ...['Z1', 'Z2', 'Z3', 'Z4', 'Z5', 'Z6', 'Z7', 'E1', 'E2', 'E3', 'E4', 'E5'],
  ...['DUR1', 'DUR2', 'DUR3', 'DUR4', 'DUR5', 'DUR6', 'SM1', 'SM2'],
  ...['S1', 'S2', 'S3', 'S4', 'S5', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8', 'C9'],
];

describe('checkers of a run', () => {
  it('exist for every property of the specification, and each is shown something here', () => {
    const expected = [...PROPERTIES, 'alarm', 'liveness'].sort();
    const existing = allCheckers(new Stage(() => []).world).map(({ property }) => property);
    expect([...new Set(existing)].sort()).to.deep.equal(expected);
    expect([...new Set(TWISTS.map(([property]) => property))].sort()).to.deep.equal(expected);
  });

  it('let pass together a run in which nothing is wrong', () => {
    play(new Stage(allCheckers));
  });

  for (const [property, what, twist] of TWISTS)
    it(`of ${property} let it pass alone, and one sees that ${what}`, () => {
      const ofProperty = (world: FakeWorld): readonly Checker[] =>
        allCheckers(world).filter((each) => each.property === property);
      const sees = ofProperty(new FakeWorld()).map((_, at) => {
        const stage = new Stage((world) => ofProperty(world).slice(at, at + 1));
        const on = play(stage);
        let seen: unknown;
        stage.tell((checker) => {
          try {
            twist(stage, checker, on);
          } catch (error) {
            seen = error;
          }
        });
        return seen;
      });
      const [seen] = sees.filter((error) => error !== undefined);
      expect(seen).to.be.instanceOf(Violation).with.property('message').that.contains(`${property}:`);
    });
});

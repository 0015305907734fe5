/**
 * A run in which nothing is wrong, told to checkers event by event, in the order in which the world tells it: two epochs,
 * a client that writes, reads, watches and moves, a session that expires, a server that restarts, one that is cut and one
 * that takes a snapshot.
 */
import type { Stat } from '../../../src/codec/index.js';
import {
  EventType,
  OpCode,
  epochOf,
  makeZxid,
  sessionIdOf,
  zxidOf,
  type Request,
  type Txn,
} from '../../../src/types/index.js';
import { LOG_START, type LogMark } from '../../../src/zab/index.js';
import { create, exists, getData, multi, setData, sync } from '../../unit/helpers/requests.js';
import type { Link, Op } from '../history.js';
import { markOf, type SimRecord } from '../records.js';
import type { Checker, Reply } from './checker.js';
import {
  FakeWorld,
  OPENING,
  closing,
  connected,
  creation,
  event,
  link,
  op,
  reply,
  type FakeServer,
} from './fakes.js';

/** Ends of the links between a follower and its leader, as the follower and the leader know them. */
export const UP = 1;
export const DOWN = 2;

/** Of the client that is there all the time. */
export const SESSION = 1n;
/** Of one that falls silent: it expires. */
export const GONE = 2n;

export class Stage {
  readonly world = new FakeWorld();
  readonly #checkers: readonly Checker[];
  #xid = 0;
  #returned = 0n;
  #lastWrite: Op | undefined;

  /** @param make the checkers that are told */
  constructor(make: (world: FakeWorld) => readonly Checker[]) {
    this.#checkers = make(this.world);
  }

  /** Tells everybody. */
  tell(act: (checker: Checker) => void): void {
    for (const checker of this.#checkers) act(checker);
  }

  get last(): SimRecord {
    const record = this.world.servers[1].log.at(-1);
    if (record === undefined) throw new Error('Nothing was written.');
    return record;
  }

  // --- servers -----------------------------------------------------------------------------------------------------

  boot(...servers: readonly FakeServer[]): void {
    for (const server of servers) this.tell((checker) => checker.booted(server));
  }

  promise(server: FakeServer, acceptedEpoch: number, currentEpoch: number): void {
    const before = server.disk.epochs;
    server.promise(acceptedEpoch, currentEpoch);
    this.tell((checker) => checker.epochsDurable(server, before, server.disk.epochs));
  }

  /** Discovery and synchronisation of two servers whose logs are equal. */
  lead(leader: FakeServer, follower: FakeServer, epoch: number): void {
    const { currentEpoch } = leader.disk.epochs;
    this.tell((checker) => checker.role(leader, 'leading'));
    this.tell((checker) => checker.role(follower, 'following'));
    this.promise(leader, epoch, currentEpoch);
    const info = { kind: 'leaderInfo', epoch } as const;
    this.tell((checker) => checker.sending(leader, DOWN, info));
    this.tell((checker) => checker.received(follower, UP, info));
    this.promise(follower, epoch, currentEpoch);
    const { tail } = follower.disk;
    this.tell((checker) =>
      checker.sending(follower, UP, { kind: 'ackEpoch', currentEpoch, tail, counts: true }),
    );
    this.promise(leader, epoch, epoch);
    const secret = Buffer.alloc(0);
    this.tell((checker) => checker.sending(leader, DOWN, { kind: 'newLeader', epoch, tail, secret }));
    this.promise(follower, epoch, epoch);
    this.tell((checker) => checker.sending(follower, UP, { kind: 'ackNewLeader', epoch }));
    this.tell((checker) => checker.established(leader, { kind: 'established', epoch, tail }));
    this.tell((checker) => checker.committed(leader, tail.index));
  }

  /** The next record of a leader, which is in the epoch that its disk says. */
  next(leader: FakeServer, txn: Txn, session: bigint, cxid = 0): SimRecord {
    const { currentEpoch } = leader.disk.epochs;
    const { zxid: last } = leader.disk.tail;
    const zxid = epochOf(last) === currentEpoch ? zxidOf(last + 1n) : makeZxid(currentEpoch, 1);
    return this.world.record(txn, { session, cxid, zxid });
  }

  write(server: FakeServer, ...records: readonly SimRecord[]): void {
    server.write(...records);
    this.tell((checker) => checker.recordsDurable(server, records));
  }

  apply(server: FakeServer, mark: LogMark): void {
    this.tell((checker) => checker.applied(server, mark));
  }

  /** A record from its proposal to what the two servers of the quorum make of it. */
  commit(leader: FakeServer, follower: FakeServer, record: SimRecord): void {
    const epoch = epochOf(record.zxid);
    const mark = markOf(record);
    this.tell((checker) => checker.broadcast(leader, { kind: 'broadcast', epoch, mark }));
    this.write(leader, record);
    this.write(follower, record);
    const { index } = record;
    this.tell((checker) => checker.sending(follower, UP, { kind: 'ack', epoch, index }));
    const { canon, model } = this.world;
    const entry = canon.append(record);
    model.apply(entry);
    this.tell((checker) => checker.agreed(entry, leader));
    this.tell((checker) => checker.committed(leader, index));
    for (const server of [leader, follower]) this.apply(server, mark);
  }

  // --- clients -----------------------------------------------------------------------------------------------------

  call(on: Link, request: Request, isWriting = false): Op {
    const made = op(on, ++this.#xid, request, this.#returned, isWriting ? this.#lastWrite : undefined);
    if (isWriting) {
      this.world.history.add(made);
      this.#lastWrite = made;
    }
    this.tell((checker) => checker.invoked(made));
    return made;
  }

  answer(to: Op, zxid: bigint, body?: Reply['body'], err = 0): void {
    this.tell((checker) => checker.replied(to, reply(to.xid, zxid, err, body)));
  }

  /**
   * A write and all that becomes of it. @returns its record
   * @param bodyOf what the client is answered @param before happens between the commit and the answer
   */
  change(
    on: Link,
    [leader, follower]: readonly [FakeServer, FakeServer],
    request: Request,
    txn: Txn,
    bodyOf: (record: SimRecord) => Reply['body'] = () => undefined,
    before: (record: SimRecord) => void = () => undefined,
  ): SimRecord {
    const made = this.call(on, request, true);
    this.tell((checker) => checker.heard(leader, on.id, on.session));
    const record = this.next(leader, txn, on.session, made.xid);
    this.commit(leader, follower, record);
    before(record);
    this.answer(made, record.zxid, bodyOf(record), txn.type === OpCode.error ? txn.record.err : 0);
    this.#returned = record.zxid;
    return record;
  }
}

/** Tells the whole of it. @returns the connection that the client has in the end, through the second server */
export function play(stage: Stage): Link {
  const { world } = stage;
  const [a, b, c] = world.servers;
  const quorum = [a, b] as const;
  stage.boot(a, b, c);
  stage.lead(a, b, 1);
  const first = link(1, SESSION);
  for (const on of [first, link(2, GONE)]) {
    const opened = stage.next(a, OPENING, on.session);
    stage.commit(a, b, opened);
    stage.tell((checker) => checker.connected(on, connected(opened.zxid)));
  }
  work(stage, first, quorum);
  // The other client was not heard of for longer than its session lasts.
  world.time = 3000;
  stage.commit(a, b, stage.next(a, closing(), GONE));
  restart(stage, b);
  const second = move(stage, first, a);
  replace(stage, c);
  // The follower loses its leader, and both look for another one.
  for (const server of [a, b]) stage.tell((checker) => checker.role(server, 'looking'));
  stage.tell((checker) => checker.linkLost(b, UP));
  stage.lead(b, a, 2);
  stage.change(second, [b, a], create('/b', { data: 'x' }), creation('/b'), () => PATH('/b'));
  return second;
}

const PATH = (path: string): Reply['body'] => ({ kind: 'path', path });

/** What a client does on one connection. */
function work(stage: Stage, on: Link, quorum: readonly [FakeServer, FakeServer]): void {
  const { model } = stage.world;
  stage.answer(stage.call(on, exists('/a', true)), stage.last.zxid, undefined, -101);
  stage.change(
    on,
    quorum,
    create('/a', { data: 'x' }),
    creation('/a'),
    () => PATH('/a'),
    ({ zxid }) => stage.tell((checker) => checker.watchEvent(on, event(EventType.nodeCreated, '/a', zxid))),
  );
  const sequential = create('/s', { mode: 'persistentSequential', data: 'x' });
  stage.change(on, quorum, sequential, creation('/s0000000001'), () => PATH('/s0000000001'));
  const ephemeral = create('/e', { mode: 'ephemeral', data: 'x' });
  stage.change(on, quorum, ephemeral, creation('/e', true), () => PATH('/e'));
  const results = [{ type: OpCode.create, path: '/m', stat: undefined, err: 0 }];
  const both: Txn = { type: OpCode.multi, txns: [creation('/m')] };
  stage.change(on, quorum, multi(create('/m', { data: 'x' })), both, () => ({ kind: 'multi', results }));
  stage.change(on, quorum, create('/a'), { type: OpCode.error, record: { err: -110 } });
  const changed: Txn = { type: OpCode.setData, record: { path: '/a', data: Buffer.from('y'), version: 1 } };
  const statAt = (zxid: bigint): Stat => {
    const stat = model.statAt('/a', zxid);
    if (stat === undefined) throw new Error('The stage is not set.');
    return stat;
  };
  stage.change(on, quorum, setData('/a', 'y'), changed, ({ zxid }) => ({ kind: 'stat', stat: statAt(zxid) }));
  const { zxid } = stage.last;
  stage.answer(stage.call(on, sync('/')), zxid, PATH('/'));
  stage.answer(stage.call(on, getData('/a')), zxid, { kind: 'data', data: 'y', stat: statAt(zxid) });
}

/** A server dies, reads an older state from its disk and applies again what follows. */
function restart(stage: Stage, server: FakeServer): void {
  stage.tell((checker) => checker.crashed(server));
  stage.boot(server);
  const [, second, ...rest] = server.log;
  if (second === undefined) throw new Error('The stage is not set.');
  stage.tell((checker) => checker.restored(server, markOf(second)));
  for (const record of rest) stage.apply(server, markOf(record));
}

/** The client comes back through another server, which asks the leader. */
function move(stage: Stage, first: Link, leader: FakeServer): Link {
  const second: Link = { ...link(3, SESSION, stage.last.zxid), server: 2 };
  first.left = true;
  const asks = { kind: 'revalidate', request: 1, session: sessionIdOf(SESSION), timeoutMs: 1000 } as const;
  stage.tell((checker) => checker.received(leader, DOWN, asks));
  stage.tell((checker) => checker.sending(leader, DOWN, { kind: 'revalidated', request: 1, valid: true }));
  stage.tell((checker) => checker.connected(second, connected(stage.last.zxid)));
  first.superseded = true;
  stage.tell((checker) => checker.disconnected(first));
  return second;
}

/** A server that was away is cut, and takes a snapshot with what follows it. */
function replace(stage: Stage, server: FakeServer): void {
  const { log } = stage.world.servers[1];
  const loose = looseRecord();
  stage.write(server, loose);
  server.cut(LOG_START);
  stage.tell((checker) => checker.truncated(server, LOG_START, [loose]));
  const base = log.at(-2);
  if (base === undefined) throw new Error('The stage is not set.');
  const before = server.disk.tail;
  server.install(log.slice(0, -1));
  stage.tell((checker) => checker.installed(server, markOf(base), before));
  stage.write(server, stage.last);
  stage.promise(server, 1, 1);
  stage.tell((checker) => checker.restored(server, markOf(base)));
  stage.apply(server, markOf(stage.last));
}

/** Somebody proposed it, and nobody committed it. */
function looseRecord(): SimRecord {
  return new FakeWorld().record({ type: OpCode.error, record: { err: -7 } }, { time: 99n });
}

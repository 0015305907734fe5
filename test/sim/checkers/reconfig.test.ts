/** Configurations: each checker is shown what it must not let pass, and, where that is easily confused, what it must. */
import { expect } from 'chai';
import { CONFIG } from '../../../src/tree/index.js';
import { ErrorCode, OpCode, makeZxid, type Txn } from '../../../src/types/index.js';
import { LOG_START } from '../../../src/zab/index.js';
import { reconfig, type Reconfiguration } from '../../unit/helpers/requests.js';
import { lineOf } from '../electorate.js';
import type { Op } from '../history.js';
import { markOf, type SimRecord } from '../records.js';
import { FakeWorld, NOTHING, link, op, reply } from './fakes.js';
import { ConfigurationOfState, ReconfigAsAsked } from './reconfig.js';

/** The first record of a world. */
const FIRST = makeZxid(1, 1);
const REFUSED: Txn = { type: OpCode.error, record: { err: ErrorCode.RECONFIGINPROGRESS } };

function participants(...ids: number[]): string[] {
  return ids.map((id) => lineOf(id, 'participant'));
}

/** What a reconfig to these participants leaves in the log. */
function bringing(version: bigint, ...ids: number[]): Txn {
  const text = [...participants(...ids), `version=${version.toString(16)}`].join('\n');
  return { type: OpCode.reconfig, record: { path: CONFIG, data: Buffer.from(text), version: 1 } };
}

describe('checkers of configurations', () => {
  describe('SM1: a server goes by the configuration of its state', () => {
    const world = new FakeWorld();
    const checker = new ConfigurationOfState(world);
    const records = [NOTHING, bringing(makeZxid(1, 2), 1, 2), NOTHING].map((txn) => world.record(txn));
    world.agree(checker, ...records);
    const [before = LOG_START, brings = LOG_START, after = LOG_START] = records.map(markOf);
    const [server] = world.servers;

    it('and draws the conclusion behind the record that brings it', () => {
      server.configVersion = 0n;
      for (const mark of [before, brings]) checker.applied(server, mark);
      server.configVersion = brings.zxid;
      for (const mark of [brings, after]) checker.applied(server, mark);
      checker.restored(server, after);
    });

    it('not by one that is over', () => {
      server.configVersion = 0n;
      expect(() => checker.applied(server, after)).to.throw('SM1');
      expect(() => checker.restored(server, brings)).to.throw('SM1');
    });

    it('not by one that is still to come', () => {
      server.configVersion = brings.zxid;
      expect(() => checker.applied(server, before)).to.throw('SM1');
      expect(() => checker.restored(server, before)).to.throw('SM1');
    });
  });

  describe('C1: a reconfig', () => {
    /** What comes of a request in a world of servers 1 to 3. */
    const outcome = (asked: Reconfiguration, txn: Txn): (() => void) => {
      const world = new FakeWorld();
      world.history.add(ask(asked));
      const record = world.record(txn, { cxid: 1 });
      return () => world.agree(new ReconfigAsAsked(world), record);
    };
    const ask = (what: Reconfiguration): Op => op(link(), 1, reconfig(what));

    it('adds who is to join, and takes away who is to leave', () => {
      outcome({ joining: participants(4), leaving: [1] }, bringing(FIRST, 2, 3, 4))();
      expect(outcome({ joining: participants(4), leaving: [1] }, bringing(FIRST, 1, 2, 3, 4))).to.throw('C1');
      expect(outcome({ leaving: [1] }, bringing(FIRST, 2, 3, 4))).to.throw('C1');
    });

    it('brings the members that it names', () => {
      outcome({ members: participants(2, 3) }, bringing(FIRST, 2, 3))();
      expect(outcome({ members: participants(2, 3) }, bringing(FIRST, 1, 2, 3))).to.throw('C1');
    });

    it('has the zxid of its record for a version', () => {
      expect(outcome({ leaving: [1] }, bringing(FIRST + 1n, 2, 3))).to.throw('C1');
    });

    it('starts from the version that it names, if it names one', () => {
      outcome({ leaving: [1], from: 0n }, bringing(FIRST, 2, 3))();
      expect(outcome({ leaving: [1], from: 7n }, bringing(FIRST, 2, 3))).to.throw('C1');
    });

    it('is not refused for a version that is the right one', () => {
      const world = new FakeWorld();
      const checker = new ReconfigAsAsked(world);
      world.agree(checker, world.record(NOTHING));
      const refusal = reply(1, FIRST, ErrorCode.BADVERSION);
      checker.replied(ask({ leaving: [1], from: 7n }), refusal);
      expect(() => checker.replied(ask({ leaving: [1], from: 0n }), refusal)).to.throw('C1');
      expect(() => checker.replied(ask({ leaving: [1] }), refusal)).to.throw('C1');
    });

    it('is not refused for another one under way, when there is none', () => {
      const world = new FakeWorld();
      const checker = new ReconfigAsAsked(world);
      const [leader] = world.servers;
      const agree = (txn: Txn): SimRecord => {
        const record = world.record(txn);
        checker.broadcast(leader, { kind: 'broadcast', epoch: 1, mark: markOf(record) });
        world.agree(checker, record);
        return record;
      };
      const first = agree(bringing(FIRST, 1, 2));
      agree(REFUSED);
      checker.applied(leader, markOf(first));
      expect(() => agree(REFUSED)).to.throw('C1');
    });
  });
});

/**
 * The core with one thing wrong at a time (zab.md section 5): what the simulator must find, or it cannot see. Edits are
 * made in compiled files, below dist/, so that nothing of this is in the product.
 */

/** A replacement; `find` must occur exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  /** As in zab.md section 5. */
  readonly id: string;
  readonly what: string;
  readonly edits: readonly Edit[];
  /** Properties one of which must fail; that another one does shows nothing. */
  readonly caughtBy: readonly string[];
  /** Why there are others among them than zab.md names. */
  readonly because?: string;
  /** Within so many seeds. */
  readonly seeds: number;
}

const LEADER = 'src/zab/leader.js';
const LEADER_EPOCH = 'src/zab/leaderEpoch.js';
const LEARNER = 'src/zab/learner.js';
const HANDLER = 'src/zab/learnerHandler.js';
const PEER = 'src/zab/quorumPeer.js';

export const MUTANTS: readonly Mutant[] = [
  {
    id: 'M01',
    what: 'currentEpoch is saved before the records of synchronisation',
    edits: [
      {
        file: LEARNER,
        find: 'this.#context.savingEpochs(token, saved);',
        replace: `{
          this.#context.savingEpochs(token, saved);
          disk(this.#context, { kind: 'epochs', token: this.#context.newToken(), epochs: saved });
        }`,
      },
    ],
    caughtBy: ['E3', 'DUR3', 'DUR4'],
    because: 'who leads without what was committed cuts it from the logs of others before it is established',
    seeds: 5000,
  },
  {
    id: 'M02',
    what: "ACK(e',0) before the records of synchronisation are on disk",
    edits: [
      {
        file: LEARNER,
        find: 'this.#context.savingEpochs(token, saved);',
        replace: `{
          this.#context.savingEpochs(token, saved);
          this.#say({ kind: 'ackNewLeader', epoch: this.#epoch });
        }`,
      },
    ],
    caughtBy: ['DUR1'],
    seeds: 100,
  },
  {
    id: 'M03',
    what: 'ACK of a proposal before it is on disk',
    edits: [
      {
        file: LEARNER,
        find: 'this.#context.history.append(batch);',
        replace: `this.#context.history.append(batch);
            this.#say({ kind: 'ack', epoch: this.#epoch, index: last.index });`,
      },
    ],
    caughtBy: ['DUR1'],
    seeds: 100,
  },
  {
    id: 'M04',
    what: 'votes are compared by zxid before epoch',
    edits: [
      {
        file: 'src/zab/election.js',
        find: `if (left.peerEpoch !== right.peerEpoch)
        return left.peerEpoch > right.peerEpoch;`,
        replace: 'if (left.zxid !== right.zxid) return left.zxid > right.zxid;',
      },
    ],
    caughtBy: ['E3', 'liveness'],
    seeds: 5000,
  },
  {
    id: 'M05',
    what: 'vote and ACKEPOCH carry acceptedEpoch',
    edits: [
      {
        file: PEER,
        find: 'peerEpoch: this.#context.epochs.currentEpoch,',
        replace: 'peerEpoch: this.#context.epochs.acceptedEpoch,',
      },
      {
        file: LEARNER,
        find: "kind: 'ackEpoch', currentEpoch: epochs.currentEpoch",
        replace: "kind: 'ackEpoch', currentEpoch: epochs.acceptedEpoch",
      },
    ],
    caughtBy: ['E3', 'liveness', 'DUR1'],
    because: 'ACKEPOCH names an epoch that is not on disk',
    seeds: 100,
  },
  {
    id: 'M06',
    what: 'half of the voters are a quorum, rounded down',
    edits: [
      {
        file: 'src/zab/configuration.js',
        find: '2 * this.voters.filter(has).length > this.voters.length',
        replace: 'this.voters.filter(has).length >= Math.floor(this.voters.length / 2)',
      },
    ],
    caughtBy: ['E1', 'DUR2'],
    seeds: 200,
  },
  {
    id: 'M07',
    what: 'ACKEPOCH before acceptedEpoch is on disk',
    edits: [
      {
        file: LEARNER,
        find: "this.#phase = 'promising';",
        replace: "this.#phase = 'promising'; this.#ackEpoch(true);",
      },
    ],
    caughtBy: ['E1', 'E2', 'DUR1'],
    because: 'the promise itself is seen to run ahead of the disk, long before two servers lead',
    seeds: 100,
  },
  {
    id: 'M08',
    what: 'LEADERINFO before acceptedEpoch is on disk',
    edits: [
      {
        file: LEADER_EPOCH,
        find: "this.#phase = 'choosing';",
        replace: `this.#phase = 'choosing';
        for (const handler of this.#learners.list) if (handler.phase === 'known') this.#leaderInfo(handler);`,
      },
    ],
    caughtBy: ['E1', 'DUR1'],
    because: 'the message itself is seen to run ahead of the disk, long before two servers lead',
    seeds: 100,
  },
  {
    id: 'M10',
    what: 'a leader ignores a follower with a more recent history',
    edits: [
      {
        file: LEADER_EPOCH,
        find: 'if (handler.votes && isAhead)',
        replace: 'if (handler.votes && isAhead && this.#epoch < 0)',
      },
    ],
    caughtBy: ['E3', 'DUR4'],
    seeds: 6000,
  },
  {
    id: 'M12',
    what: 'records behind TRUNC stay on disk',
    edits: [{ file: LEARNER, find: 'truncate: this.#truncate,', replace: 'truncate: undefined,' }],
    caughtBy: ['DUR6', 'Z2'],
    seeds: 500,
  },
  {
    id: 'M14',
    what: 'proposals go only to learners that acknowledged NEWLEADER, and no cursor remembers the others',
    edits: [
      {
        file: HANDLER,
        find: "this.phase = 'synced';",
        replace: "this.phase = 'synced'; this.#cursor = this.#leader.targetFor(this.observer).index;",
      },
      {
        file: HANDLER,
        find: 'if (this.#cursor >= goal || this.#read !== undefined)',
        replace:
          "if (this.#cursor >= goal || this.#read !== undefined || (this.#newLeaderSent && this.phase !== 'synced'))",
      },
    ],
    caughtBy: ['DUR6', 'alarm'],
    because:
      'a learner looks whether a record follows before it writes it: the hole is an alarm and never comes to a disk',
    seeds: 300,
  },
  {
    id: 'M17',
    what: 'a learner applies what it was synchronised with before UPTODATE',
    edits: [
      {
        file: LEARNER,
        find: 'this.#acked = this.#newLeader.tail.index;',
        replace:
          'this.#acked = this.#newLeader.tail.index; this.#context.state.commit(this.#newLeader.tail.index);',
      },
    ],
    caughtBy: ['DUR4', 'SM1', 'DUR5'],
    because: 'what is applied was committed by nobody, before it differs from what somebody else applies',
    seeds: 3000,
  },
  {
    id: 'M18',
    what: 'a snapshot is written into the tree, not staged',
    // Staging is the business of the disk, so this breaks the simulated one.
    edits: [
      {
        file: 'test/sim/disk.js',
        find: 'this.#staged.rows.add(rowsOf(op.bytes));',
        replace: 'this.#staged.rows.add(rowsOf(op.bytes)); this.tree.rows.add(rowsOf(op.bytes));',
      },
    ],
    caughtBy: ['SM1', 'SM2'],
    seeds: 3000,
  },
  {
    id: 'M19',
    what: 'what an earlier role gave to the disk may land after the next one began',
    // The memory of the log is cut to what is known to be on disk: it would notice otherwise that the disk goes beyond
    // it, and end the process.
    edits: [
      {
        file: PEER,
        find: "this.#output.disk.push({ kind: 'fence', token: this.#fence });",
        replace: 'this.history.truncate(this.history.durable); this.#fenced(this.history.durable);',
      },
      {
        file: 'src/zab/history.js',
        find: 'if (mark.index > this.#durable.index)',
        replace: 'if (mark.index > this.#durable.index && mark.index <= this.#tail.index)',
      },
    ],
    caughtBy: ['DUR6', 'Z2'],
    seeds: 3000,
  },
  {
    id: 'M20',
    what: 'the vote is taken from the tail in memory, without a drain',
    edits: [
      {
        file: PEER,
        find: "this.#output.disk.push({ kind: 'fence', token: this.#fence });",
        replace: 'this.#fenced(this.history.tail);',
      },
    ],
    caughtBy: ['DUR3', 'E3', 'DUR1', 'E2'],
    because:
      'the tail in ACKEPOCH is not on disk (DUR1), and a promise that is on its way there is forgotten and undercut (E2)',
    seeds: 5000,
  },
  {
    id: 'M21',
    what: 'a learner applies what is committed although its own disk is behind',
    edits: [
      {
        file: LEARNER,
        find: 'state.commit(Math.min(this.#commit, history.durable.index));',
        replace: 'state.commit(this.#commit);',
      },
    ],
    caughtBy: ['DUR5'],
    seeds: 200,
  },
  {
    id: 'M23',
    what: 'a record is committed that some server has, whatever the quorum has',
    edits: [
      {
        file: LEADER,
        find: 'return quorumValue(this.#context, matches);',
        replace: 'return Math.max(...matches.values());',
      },
    ],
    caughtBy: ['DUR2', 'Z4'],
    seeds: 100,
  },
  {
    id: 'M25',
    what: 'acks of an earlier incarnation are sent and counted',
    // Between roles lies a fence, so no answer of the disk is ever late. What a late one would do is acknowledge, to the
    // next leader and before it cuts this log to its own, what the role before had written.
    edits: [
      {
        file: LEARNER,
        find: 'tail: history.durable, counts });',
        replace: 'tail: history.durable, counts }); this.persisted();',
      },
      {
        file: LEARNER,
        find: "if (this.#phase !== 'saved' && this.#phase !== 'serving')\n            return;\n        const { index }",
        replace: 'const { index }',
      },
      {
        file: HANDLER,
        find: "if (this.phase !== 'synced' || index > this.#cursor)",
        replace: 'if (index < 0)',
      },
    ],
    caughtBy: ['DUR2'],
    seeds: 2000,
  },
  {
    id: 'M28',
    what: 'the leader ends sessions by itself, not by a record',
    edits: [
      {
        file: 'src/engine/proposer.js',
        find: 'this.propose(session, 0, { type: OpCode.closeSession }, time, ITSELF);',
        replace: 'this.#state.sessions.end(session);',
      },
    ],
    caughtBy: ['SM1', 'S2'],
    seeds: 200,
  },
  {
    id: 'M33',
    what: 'a sync is answered without asking a quorum',
    edits: [
      {
        file: LEADER,
        find: 'if (this.#isAlone)\n            return this.#context.state.confirmed(token, index);',
        replace: 'return this.#context.state.confirmed(token, index);',
      },
    ],
    caughtBy: ['C3'],
    seeds: 4000,
  },
  {
    id: 'M36',
    what: 'a client is taken that has seen a later zxid',
    edits: [
      {
        file: 'src/engine/handshake.js',
        find: `if (input.lastZxidSeen > this.#own.state.lastZxid)
            return this.#own.clients.close(id, 'client has seen a later zxid');
        const timeOut`,
        replace: 'const timeOut',
      },
    ],
    caughtBy: ['C2'],
    seeds: 1000,
  },
  {
    id: 'M37',
    what: 'a reply leaves before the events of its record',
    edits: [
      {
        file: 'src/engine/applier.js',
        find: `for (const change of changes)
            this.#own.clients.trigger(change, mark.zxid);
        const session`,
        replace: 'const session',
      },
      {
        file: 'src/engine/applier.js',
        find: `if (txn.type === OpCode.closeSession) {
            const owner`,
        replace: `for (const change of changes)
            this.#own.clients.trigger(change, mark.zxid);
        if (txn.type === OpCode.closeSession) {
            const owner`,
      },
    ],
    caughtBy: ['C4'],
    seeds: 200,
  },
];

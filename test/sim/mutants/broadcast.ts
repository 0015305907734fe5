/** Mutants: what is proposed, acknowledged and committed, and by which configuration (zab.md 1.6, 1.9). */
import type { Mutant } from './mutant.js';

const LEADER = 'src/zab/leader.js';
const LEARNER = 'src/zab/learner.js';
const HANDLER = 'src/zab/learnerHandler.js';
const CONFIGURATION = 'src/zab/configuration.js';
const NUMBERING = 'src/zab/broadcast.js';

export const BROADCAST: readonly Mutant[] = [
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
    id: 'M06',
    what: 'half of the voters are a quorum, rounded down',
    edits: [
      {
        file: CONFIGURATION,
        find: '2 * this.voters.filter(has).length > this.voters.length',
        replace: 'this.voters.filter(has).length >= Math.floor(this.voters.length / 2)',
      },
    ],
    caughtBy: ['E1', 'DUR2'],
    seeds: 200,
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
    id: 'M24',
    what: 'records of older epochs are committed by counting disks, before these are in the epoch',
    // Records and epoch are one write of a learner: here they are two, one after the other, and the first one is
    // acknowledged. It takes four leaders of three servers, each of which dies at its moment: there are more such plagues.
    given: [
      { file: 'test/sim/options.js', find: 'plague: 0.15,', replace: 'plague: 1,' },
      {
        file: 'test/sim/options.js',
        find: 'const on = random.chance(share);',
        replace: "const on = random.chance(share) || kind === 'plague';",
      },
      { file: 'test/sim/options.js', find: 'random.pick([1, 3, 3, 3, 3, 3, 3, 5, 5])', replace: '3' },
      {
        file: 'test/sim/plots.js',
        find: 'const doomed = random.chance(0.5) ? server : undefined;',
        replace: 'const doomed = random.chance(0.05) ? server : undefined;',
      },
    ],
    edits: [
      {
        file: LEARNER,
        find: 'this.#write(true);',
        replace: `this.halfway = undefined;
        this.#write(this.#mode === 'snap');`,
      },
      {
        file: LEARNER,
        find: 'this.#token = token;',
        replace: 'this.#token = token; else this.halfway = token;',
      },
      {
        file: LEARNER,
        find: `if (token !== this.#token || this.#newLeader === undefined)
            return;`,
        replace: `if (this.#newLeader === undefined) return;
        if (token === this.halfway) {
            this.halfway = undefined;
            this.#say({ kind: 'ack', epoch: this.#epoch, index: this.#newLeader.tail.index });
            return this.#write(true);
        }
        if (token !== this.#token) return;`,
      },
      {
        file: HANDLER,
        find: "if (this.phase !== 'synced' || index > this.#cursor)",
        replace: "if ((this.phase !== 'synced' && this.phase !== 'forwarding') || index > this.#cursor)",
      },
      { file: LEADER, find: 'if (handler.synced && handler.votes)', replace: 'if (handler.votes)' },
      {
        file: LEADER,
        find: `if (!this.established)
            return;
        const { history, state }`,
        replace: `if (this.#phase === 'synchronisation' && this.#tail.index > 0 && this.#quorumMatch() >= this.#tail.index)
            trace(this.#context, { kind: 'commit', index: this.#tail.index });
        if (!this.established)
            return;
        const { history, state }`,
      },
    ],
    caughtBy: ['DUR3', 'E3', 'DUR4'],
    because: 'who leads without what was committed cuts it from the logs of others before it is established',
    seeds: 8000,
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
    id: 'M27',
    what: 'a new leader and its learners apply what the epoch began with when the first write of the epoch is committed',
    edits: [
      {
        file: LEADER,
        find: `election.established(this.epoch);
        state.commit(this.#tail.index);`,
        replace: 'election.established(this.epoch);',
      },
      {
        file: LEADER,
        find: 'state.commit(Math.min(this.#committed.index, history.durable.index));',
        replace:
          'if (this.#committed.index > this.#tail.index) state.commit(Math.min(this.#committed.index, history.durable.index));',
      },
      {
        file: LEADER,
        find: "kind: 'upToDate', commit: this.#committed.index",
        replace:
          "kind: 'upToDate', commit: this.#committed.index > this.#tail.index ? this.#committed.index : 0",
      },
      {
        file: LEADER,
        find: "handler.say({ kind: 'ping', beat, commit });",
        replace: "handler.say({ kind: 'ping', beat, commit: commit > this.#tail.index ? commit : 0 });",
      },
    ],
    caughtBy: ['liveness', 'C3', 'C8'],
    because: 'a read carries the first zxid of the epoch, and shows less than what lies before it',
    seeds: 1000,
  },
  {
    id: 'M41',
    what: 'a configuration that is not committed yet counts alone',
    edits: [{ file: 'src/zab/configurations.js', find: '.slice(-2)', replace: '.slice(-1)' }],
    caughtBy: ['E1', 'DUR2'],
    seeds: 5000,
  },
  {
    id: 'M42',
    what: 'a configuration counts from its commit on, not from its place in the log',
    edits: [
      {
        file: 'src/zab/configurations.js',
        find: 'const own = known >= 0 ? logged : [this.#active, ...logged].slice(-2);',
        replace: 'const own = [this.#active];',
      },
    ],
    caughtBy: ['E1', 'DUR2'],
    seeds: 5000,
  },
  {
    id: 'M43',
    what: 'TRUNC leaves a configuration in force that is not in the log any more',
    // Such a record has to be on one disk alone: there are more of them, and servers die more often with one on its way.
    given: [
      { file: 'test/sim/faults.js', find: 'reconfig: 0.06,', replace: 'reconfig: 0.4,' },
      {
        file: 'test/sim/options.js',
        find: 'const reconfig = more.chance(0.3)',
        replace: 'const reconfig = more.chance(1)',
      },
    ],
    edits: [
      {
        file: 'src/zab/configurations.js',
        find: `truncated(index) {
        this.#logged = this.#logged.filter((entry) => entry.index <= index);`,
        replace: 'truncated(index) {',
      },
    ],
    caughtBy: ['E4', 'DUR2', 'C1'],
    because:
      'a configuration too many can only ask for more than a quorum; but it is under way for ever, and a leader refuses ' +
      'every other one for that',
    seeds: 5000,
  },
  {
    id: 'M44',
    what: 'the counter of an epoch begins anew within the epoch',
    edits: [
      {
        file: NUMBERING,
        find: 'this.#counter === undefined ? this.#counterStart',
        replace: 'this.#counter === undefined || this.#counter >= COUNTER_NEARLY_MAX ? this.#counterStart',
      },
      {
        file: NUMBERING,
        find: 'return (this.#counter ?? 0) >= COUNTER_NEARLY_MAX;',
        replace: 'return false;',
      },
    ],
    caughtBy: ['Z7'],
    seeds: 2000,
  },
  {
    id: 'M52',
    what: 'a learner notices by the clock only that its leader closed the link',
    edits: [{ file: LEARNER, find: "this.#context.leave('the leader closed the link');", replace: '' }],
    caughtBy: ['liveness'],
    seeds: 200,
  },
];
